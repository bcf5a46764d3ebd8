/** The model of layers that are used on symbols: several inputs, several outputs, branches, layers that are shared. */
import { ConfigError } from '../core/errors.js';
import { describe } from '../core/options.js';
import type { FloatArray } from '../core/tensor.js';
import { Input } from '../layers/input.js';
import type { LayerCall, SampleShape, SymbolicTensor } from '../layers/layer.js';
import { type ModelJSON, toModelJSON } from './architecture.js';
import { type Graph, type GraphNode, inferShapes, layersOf, nameLayers } from './graph.js';
import { Model } from './model.js';
import type { ModelOptions } from './options.js';
import { createPorts, type Ports, type SymbolicPorts } from './ports.js';

/** What the inputs of a model are given as: one, several in order, or several by name. */
export type InputPorts = Input | readonly Input[] | Readonly<Record<string, Input>>;

/** The symbols between which a model lies. */
export interface ModelDefinition<I extends InputPorts = InputPorts, O extends SymbolicPorts = SymbolicPorts> {
  readonly inputs: I;
  readonly outputs: O;
}

/** A graph, and how its ends are named. Its first nodes are the inputs, in order. */
export interface Description {
  readonly graph: Graph;
  readonly inputPorts: Ports;
  readonly outputPorts: Ports;
}

/** A graph of layers. Made by `model`. */
export class Functional<
  A extends FloatArray = Float32Array,
  I extends InputPorts = InputPorts,
  O extends SymbolicPorts = SymbolicPorts,
> extends Model<A, I, O> {
  protected readonly graph: Graph;
  protected readonly inputPorts: Ports;
  protected readonly outputPorts: Ports;

  /** @internal use `model` */
  constructor({ graph, inputPorts, outputPorts }: Description, options: ModelOptions, initialize = true) {
    super('model', options, initialize);
    this.graph = graph;
    this.inputPorts = inputPorts;
    this.outputPorts = outputPorts;
    nameLayers(layersOf(graph));
    inferShapes(graph, this.knownShapes());
    this.settle();
  }

  /** The architecture, without weights and training, for `JSON.stringify`; `modelFromJSON` takes it. */
  toJSON(): ModelJSON {
    return toModelJSON(this as unknown as Model<FloatArray>);
  }

  protected readers(): readonly Input[] {
    return this.graph.nodes.slice(0, this.graph.inputCount).map(({ layer }) => layer as Input);
  }

  protected knownShapes(): readonly SampleShape[] {
    return this.readers().map(({ shape }) => shape);
  }
}

/** Takes what was given as inputs or outputs apart. */
function takeApart(
  what: string,
  given: SymbolicPorts,
): { form: Ports['form']; entries: [string, SymbolicTensor][] } {
  if (typeof given !== 'object' || given === null) {
    throw new ConfigError(
      `model takes { inputs, outputs }, symbols each, but its ${what} are ${describe(given)}`,
    );
  }
  const isOne = 'call' in given;
  const entries: [string, SymbolicTensor][] = isOne ? [['', given as SymbolicTensor]] : Object.entries(given);
  if (entries.length === 0) throw new ConfigError(`model needs at least one of its ${what}`);
  const wrong = entries.find(([, one]) => typeof one !== 'object' || one === null || !('call' in one));
  if (wrong) {
    throw new ConfigError(
      `model: ${what}${isOne ? '' : `.${wrong[0]}`} is ${describe(wrong[1])}: ` +
        `it should be ${what === 'inputs' ? 'an input(...)' : "what a layer's on(...) gave"}`,
    );
  }
  return { form: isOne ? 'one' : Array.isArray(given) ? 'array' : 'object', entries };
}

/** Finds the graph that lies between the symbols. */
export function describeGraph({ inputs, outputs }: ModelDefinition): Description {
  const given = takeApart('inputs', inputs);
  const wanted = takeApart('outputs', outputs);
  const sources = given.entries.map(([name, symbol]) => {
    if (!(symbol instanceof Input)) {
      throw new ConfigError(
        `model: an input of it is what ${symbol.call.layer.type}.on(...) gave: it should be an input(...)`,
      );
    }
    if (given.form === 'object' && symbol.name === '') symbol.name = name;
    return symbol;
  });
  if (new Set(sources).size < sources.length) {
    throw new ConfigError('model: the same input stands twice among its inputs');
  }
  const inputCount = sources.length;
  const nodes: GraphNode[] = sources.map((layer, i) => ({ layer, inputs: [i] }));
  const values = new Map<LayerCall, number>(sources.map(({ call }, i) => [call, inputCount + i]));
  let next = 2 * inputCount;
  const used = new Set<LayerCall>();
  const visit = (call: LayerCall): void => {
    used.add(call);
    if (values.has(call)) return;
    if (call.layer instanceof Input) {
      const { name, shape } = call.layer;
      throw new ConfigError(
        `model: its outputs depend on the input ${name || JSON.stringify(shape)}, which is not among its inputs`,
      );
    }
    for (const input of call.inputs) visit(input.call);
    nodes.push({ layer: call.layer, inputs: call.inputs.map(numberOf) });
    values.set(call, next);
    next += call.layer.outputCount;
  };
  const numberOf = ({ call, index }: SymbolicTensor) => (values.get(call) as number) + index;
  for (const [name, { call }] of wanted.entries) {
    if (call.layer instanceof Input) {
      throw new ConfigError(
        `model: ${name === '' ? 'its output' : `its output ${name}`} is an input itself: there is nothing to compute`,
      );
    }
    visit(call);
  }
  const idle = sources.find(({ call }) => !used.has(call));
  if (idle) {
    throw new ConfigError(
      `model: no output depends on the input ${idle.name || `inputs[${sources.indexOf(idle)}]`}: leave it out`,
    );
  }
  const graph = { inputCount, nodes, outputs: wanted.entries.map(([, symbol]) => numberOf(symbol)) };
  nameLayers(layersOf(graph));
  const nameOf = ([key, { call }]: [string, SymbolicTensor], form: Ports['form']) =>
    form === 'object' ? key : call.layer.name;
  return {
    graph,
    inputPorts: createPorts({
      form: given.form,
      names: given.entries.map((entry) => nameOf(entry, given.form)),
    }),
    outputPorts: createPorts({
      form: wanted.form,
      names: numbered(wanted.entries.map((entry) => nameOf(entry, wanted.form))),
    }),
  };
}

/** The names, those that come again with a number behind them. */
function numbered(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let free = name;
    for (let number = 2; taken.has(free); number++) free = `${name}_${number}`;
    taken.add(free);
    return free;
  });
}

/**
 * A model of any shape without circles: layers used on inputs and on what other layers gave. All data has the form
 * in which inputs and outputs are named here: an object of them takes an object of x by the same names, an array
 * takes an array in that order, a single one takes the data itself.
 *
 * @param definition  the inputs, each an `input(...)`, and the outputs, each what some layer's `on(...)` gave
 * @throws ConfigError when an output depends on another input than these, or an input is of no use
 * @throws ShapeError when the layers do not fit together
 *
 * @example
 * const purchases = input({ shape: [null, 4] });
 * const customer = input({ shape: [2] });
 * const both = concatenate().on(lstm(32).on(purchases), customer);
 * const churn = model({ inputs: { purchases, customer }, outputs: dense(1, { activation: 'sigmoid' }).on(both) });
 * churn.compile({ loss: 'binaryCrossentropy' });
 * await churn.fit({ purchases: sequences, customer: ages }, left);
 */
export function model<const I extends InputPorts, const O extends SymbolicPorts>(
  definition: ModelDefinition<I, O>,
  options: ModelOptions<'float64'> & { precision: 'float64' },
): Functional<Float64Array, I, O>;
export function model<const I extends InputPorts, const O extends SymbolicPorts>(
  definition: ModelDefinition<I, O>,
  options?: ModelOptions<'float32'>,
): Functional<Float32Array, I, O>;
export function model<const I extends InputPorts, const O extends SymbolicPorts>(
  definition: ModelDefinition<I, O>,
  options: ModelOptions = {},
): Functional<FloatArray, I, O> {
  if (typeof definition !== 'object' || definition === null) {
    throw new ConfigError(`model takes { inputs, outputs } but got ${describe(definition)}`);
  }
  return new Functional<FloatArray, I, O>(describeGraph(definition), options);
}
