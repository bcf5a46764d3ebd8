/** A model as the bytes of an ONNX file. */
import { ConfigError } from '../../core/errors.js';
import { checkInteger, checkOptions, describe, unknownName } from '../../core/options.js';
import type { FloatArray, Tensor } from '../../core/tensor.js';
import type { LayerConfig } from '../../layers/layer.js';
import { Model } from '../../model/model.js';
import type { Weights } from '../../model/weights.js';
import { writerOf } from './export-layers.js';
import type { Mask, Scope, Value } from './export-scope.js';
import { collectFunctions } from './functions.js';
import { encodeModel, type ValueInfo } from './messages.js';
import { NodeWriter } from './node-writer.js';
import { BOOL, FLOAT, INT32, INT64 } from './tensors.js';

const maskings = ['none', 'lengths', 'anywhere'] as const;

export interface OnnxOptions {
  /** The version of ONNX's operators, 17 (the default) to 21. */
  opset?: number;
  /**
   * Which masked steps the graph is told of, for each input with steps. `'none'` (the default): all are real, but for
   * those that a masking layer or an embedding's `maskZero` finds. `'lengths'`: a further input `NAME_lengths`, int32
   * [batch], says how many steps of each row are real, the rest being padding behind them. `'anywhere'`: a further input
   * `NAME_mask`, bool [batch, steps], says of each step whether it is real.
   */
  masks?: (typeof maskings)[number];
}

/**
 * The bytes of an ONNX file with the model's graph and weights, in single precision. Inputs are `[batch, steps,
 * features]`, or `[batch, features]`, floats, under the names of the model's inputs (`input` where it has one without a
 * name); token ids that only embeddings read are int64 `[batch, steps]`. Batch and varying steps are free axes. It
 * predicts as the model does; dropout and the like do nothing.
 *
 * @throws ConfigError for a model that is not built, or that holds what ONNX cannot say: it names the layer
 *
 * @example await writeFile('model.onnx', toOnnx(model, { masks: 'lengths' }));
 */
export function toOnnx(model: Model<FloatArray>, options: OnnxOptions = {}): Uint8Array<ArrayBuffer> {
  if (!(model instanceof Model))
    throw new ConfigError(`toOnnx takes a model, sequential([...]), but got ${describe(model)}`);
  checkOptions('toOnnx', options, ['opset', 'masks']);
  const opset = checkInteger('toOnnx: opset', options.opset ?? 17, { min: 17, max: 21 });
  const { masks = 'none' } = options;
  if (!maskings.includes(masks)) throw unknownName('toOnnx: masks', String(masks), maskings);
  const { graph, inputPorts, outputPorts, network } = model.internals;
  if (!network)
    throw new ConfigError('toOnnx needs a model that is built: call model.build([steps, features]) first');
  const w = new NodeWriter(false);
  const weights = model.getWeights();
  const inputs: ValueInfo[] = [];
  // Each input has a number of steps of its own.
  const stepsOf = ({ name }: Value) => (network.inputShapes.length > 1 ? `${name}_steps` : 'steps');
  const values: Value[] = network.inputShapes.map((shape, i) => {
    const name = w.free(inputPorts.names[i] || 'input');
    const readers = graph.nodes.filter((node) => node.inputs.includes(i));
    const input = { name, shape, isIds: readsIds(readers, graph, i) };
    inputs.push(infoOf(input, stepsOf(input)));
    return withMask(w, input, masks, inputs, stepsOf(input));
  });
  const uses = new Map<string, number>();
  for (const { layer, inputs: read } of graph.nodes) {
    const config = (layer as unknown as { config(): LayerConfig }).config();
    const use = (uses.get(config.name) ?? 0) + 1;
    uses.set(config.name, use);
    const scope = createScope(w, opset, config, use === 1 ? config.name : `${config.name}:${use}`, weights);
    values.push(
      ...writerOf(scope)(
        scope,
        read.map((value) => values[value] as Value),
      ),
    );
  }
  const outputs = graph.outputs.map((value, i): ValueInfo => {
    const { name, shape } = values[value] as Value;
    const output = w.node('Identity', [name], {}, { outputs: [outputPorts.names[i] || 'output'] });
    return infoOf({ name: output, shape }, '');
  });
  return encodeModel({
    opset,
    graph: { name: 'longhand', nodes: w.nodes, initializers: w.initializers, inputs, outputs },
    functions: collectFunctions(w.called),
  });
}

interface Reading {
  readonly layer: { readonly type: string };
  readonly inputs: readonly number[];
}

/** Whether embeddings are all that reads the value, an input in between or not. */
function readsIds(
  readers: readonly Reading[],
  graph: { nodes: readonly Reading[]; inputCount: number; outputs: readonly number[] },
  value: number,
): boolean {
  if (graph.outputs.includes(value) || readers.length === 0) return false;
  return readers.every(({ layer }, i) => {
    if (layer.type === 'embedding') return true;
    if (layer.type !== 'input') return false;
    const passed = graph.inputCount + graph.nodes.indexOf(readers[i] as Reading);
    return readsIds(
      graph.nodes.filter(({ inputs }) => inputs.includes(passed)),
      graph,
      passed,
    );
  });
}

/** An input as the file names it; its batch, and its steps where they vary, have names. */
function infoOf({ name, shape, isIds }: Value, varying: string): ValueInfo {
  const axes = shape.map((axis) => axis ?? varying);
  return {
    name,
    type: isIds ? INT64 : FLOAT,
    shape: ['batch', ...(isIds && axes.length > 1 ? axes.slice(0, -1) : axes)],
  };
}

/** The input with what is told of its masked steps, and zeros there. */
function withMask(
  w: NodeWriter,
  given: Value,
  masks: OnnxOptions['masks'],
  inputs: ValueInfo[],
  varying: string,
): Value {
  const input = given.isIds && given.shape.length === 1 ? rowsOfIds(w, given) : given;
  if (masks === 'none' || input.shape.length === 1) return input;
  const { name, shape, isIds } = input;
  const steps = shape[0] ?? varying;
  let mask: Mask;
  if (masks === 'lengths') {
    const lengths = w.free(`${name}_lengths`);
    inputs.push({ name: lengths, type: INT32, shape: ['batch'] });
    mask = { name: w.call('LengthsToMask', [name, lengths])[0] as string, lengths };
  } else {
    mask = { name: w.free(`${name}_mask`) };
    inputs.push({ name: mask.name, type: BOOL, shape: ['batch', steps] });
  }
  return { ...input, name: w.call(isIds ? 'SelectIds' : 'Select', [name, mask.name])[0] as string, mask };
}

/** Rows of one id, [batch, 1], as [batch]. */
function rowsOfIds(w: NodeWriter, input: Value): Value {
  return { ...input, name: w.node('Squeeze', [input.name, w.ints([1])]) };
}

function createScope(
  w: NodeWriter,
  opset: number,
  config: LayerConfig,
  name: string,
  weights: Weights,
): Scope {
  const make = (own: LayerConfig, prefix: string, called: string): Scope => {
    const weight = (localName: string): Tensor | undefined =>
      Object.hasOwn(weights, `${prefix}/${localName}`) ? weights[`${prefix}/${localName}`] : undefined;
    return {
      w,
      opset,
      config: own,
      name: called,
      weights,
      weight,
      input: (localName) => {
        const { data, shape } = weight(localName) as Tensor;
        return w.floats(`${prefix}/${localName}`, Float32Array.from(data), shape);
      },
      inner: (inner) => {
        const path = `${prefix}/${inner.name || inner.type}`;
        return make({ ...inner, name: path }, path, called);
      },
    };
  };
  return make(config, config.name, name);
}
