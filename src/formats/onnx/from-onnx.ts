/** A model from the bytes of an ONNX file. */
import { DataError, FormatError, LonghandError } from '../../core/errors.js';
import { describe } from '../../core/options.js';
import type { FloatArray, Tensor } from '../../core/tensor.js';
import { type Input, input } from '../../layers/input.js';
import type { Layer, SampleShape, SymbolicTensor } from '../../layers/layer.js';
import { describeGraph, Functional } from '../../model/functional.js';
import type { Model } from '../../model/model.js';
import type { Sequential } from '../../model/sequential.js';
import { isKnownFunction } from './functions.js';
import { readerOf, readSizes } from './import-nodes.js';
import { type Axis, type Flow, type FoundWeight, type Reading, refuse, type Value } from './import-values.js';
import { DOMAIN, type OnnxGraph, type OnnxNode, readModel, type ValueInfo } from './messages.js';
import { BOOL, FLOAT, INT32, INT64 } from './tensors.js';

/** How far back the input of a recurrent operator is looked for. */
const MOST_HOPS = 100;
/** What the weights of all layers may take, as a multiple of the file: several may have the same. */
const MOST_GROWTH = 64;

/**
 * The model of an ONNX file, built, with its weights, in single precision: of one that `toOnnx` wrote, and of graphs
 * that others write with recurrent layers, dense ones, embeddings, normalization, activations and what moves axes around
 * them. Inputs and outputs have their names in the file, where there are several; a model of one takes the data itself.
 * Data is `[batch, steps, features]` here, whichever axis comes first in the file. Inputs for lengths or masks are none
 * of the model's: the library masks by itself.
 *
 * @typeParam M  what the file holds, a model of one input and one output by default: a file cannot tell the compiler
 * @throws FormatError when the bytes are no such file, or hold what no layer here does: it names the node
 *
 * @example const model = fromOnnx(await readFile('model.onnx'));
 */
export function fromOnnx<M extends Model<FloatArray> = Sequential>(bytes: Uint8Array): M {
  if (!(bytes instanceof Uint8Array))
    throw new DataError(`fromOnnx reads a Uint8Array but got ${describe(bytes)}`);
  try {
    return readGraph(bytes) as Model<FloatArray> as M;
  } catch (error) {
    if (error instanceof FormatError || !(error instanceof LonghandError)) throw error;
    throw new FormatError(`the ONNX file does not describe a sound model: ${error.message}`);
  }
}

function readGraph(bytes: Uint8Array): Model {
  const { opset, graph, functions } = readModel(bytes);
  const known = new Set<string>();
  for (const one of functions) if (isKnownFunction(one)) known.add(one.name);
  const reading = createReading(graph, opset, bytes.length);
  const inputs = readInputs(reading, graph);
  // Constants read nothing, and are looked for by what comes before them.
  const isConstant = ({ domain, operator }: OnnxNode) => domain === '' && operator === 'Constant';
  for (const node of [...graph.nodes.filter(isConstant), ...graph.nodes.filter((one) => !isConstant(one))]) {
    if (reading.done.has(node)) continue;
    const size = readSizes(reading, node);
    if (size) {
      reading.set(node.outputs[0] ?? '', size);
      continue;
    }
    const read = node.domain === DOMAIN && !known.has(node.operator) ? undefined : readerOf(node);
    if (read === undefined) throw refuse(node, 'is an operator that no layer here stands for');
    read(reading, node);
  }
  const outputs: Record<string, SymbolicTensor> = Object.create(null);
  for (const { name } of graph.outputs) outputs[name] = outputSymbol(reading, name);
  const built = assemble(inputs, outputs);
  setWeights(built, reading);
  return built;
}

function assemble(
  inputs: Readonly<Record<string, Input>>,
  outputs: Readonly<Record<string, SymbolicTensor>>,
): Model {
  const only = <T>(record: Readonly<Record<string, T>>): T | Readonly<Record<string, T>> => {
    const all = Object.values(record);
    return all.length === 1 ? (all[0] as T) : record;
  };
  const description = describeGraph({ inputs: only(inputs), outputs: only(outputs) });
  return new Functional(description, {}, false) as unknown as Model;
}

function createReading(graph: OnnxGraph, opset: number, size: number): Reading {
  const values = new Map<string, Value>();
  const takers = new Map<string, (OnnxNode | undefined)[]>();
  const take = (name: string, by: OnnxNode | undefined) => {
    const found = takers.get(name);
    if (found) found.push(by);
    else takers.set(name, [by]);
  };
  for (const node of graph.nodes) for (const name of new Set(node.inputs)) take(name, node);
  for (const { name } of graph.outputs) take(name, undefined);
  for (const tensor of graph.initializers) values.set(tensor.name, { kind: 'constant', tensor });
  const taken = new Set<string>();
  const weights: FoundWeight[] = [];
  let given = 0;
  return {
    opset,
    done: new Set(),
    weights,
    give: (layer, localName, tensor) => {
      given += 4 * tensor.data.length;
      if (given > MOST_GROWTH * size)
        throw new FormatError(
          `the ONNX file of ${size} bytes describes layers of more than ${MOST_GROWTH} times that`,
        );
      weights.push({ layer, localName, tensor });
    },
    shared: new Map(),
    masking: new Map(),
    consumers: (name) => takers.get(name) ?? [],
    find: (name) => values.get(name),
    value: (name) => {
      const found = values.get(name);
      if (found) return found;
      throw new FormatError(`the ONNX file reads ${describe(name)} before anything gives it`);
    },
    set: (name, value) => {
      if (name !== '' && values.has(name))
        throw new FormatError(`the ONNX file gives ${describe(name)} twice`);
      values.set(name, value);
    },
    layerName: ({ name }) => {
      if (name === '' || taken.has(name) || !/^[A-Za-z][\w.-]*$/.test(name)) return {};
      taken.add(name);
      return { name };
    },
  };
}

/** What the file's inputs are to the model: data, or what says which steps of it are real. */
function readInputs(reading: Reading, graph: OnnxGraph): Record<string, Input> {
  const constants = new Set(graph.initializers.map(({ name }) => name));
  const inputs: Record<string, Input> = Object.create(null);
  const masked = lengthsBySequence(graph);
  for (const info of graph.inputs) {
    const { name, type, shape = [] } = info;
    if (constants.has(name)) continue;
    if (type === BOOL && shape.length === 2) reading.set(name, { kind: 'mask', atoms: [name] });
    else if ((type === INT32 || type === INT64) && shape.length === 1)
      reading.set(name, { kind: 'lengths', atoms: [name] });
    else {
      const { axes, sample } = describeInput(reading, info);
      const symbol = input({ shape: sample });
      inputs[name] = symbol;
      const lengths = masked.get(name);
      reading.set(name, {
        kind: 'flow',
        symbol,
        shape: sample,
        axes,
        mask: lengths ? [lengths] : [],
        isInput: true,
      });
    }
  }
  return inputs;
}

function describeInput(
  reading: Reading,
  { name, type, shape = [] }: ValueInfo,
): { axes: readonly Axis[]; sample: SampleShape } {
  const size = (axis: number | string | undefined) => (typeof axis === 'number' && axis > 0 ? axis : null);
  if (type === INT32 || type === INT64) {
    if (shape.length !== 2)
      throw new FormatError(
        `the ONNX file's input ${describe(name)} is whole numbers of ${shape.length} axes, where ids have [batch, steps]`,
      );
    const isRow = reading.consumers(name).some((node) => node?.operator === 'Squeeze');
    return isRow
      ? { axes: ['batch', 'features'], sample: [1] }
      : { axes: ['batch', 'steps'], sample: [size(shape[1]), 1] };
  }
  if (type !== FLOAT)
    throw new FormatError(
      `the ONNX file's input ${describe(name)} has numbers of type ${type}, and float32 is read`,
    );
  const features = size(shape.at(-1));
  if (features === null || shape.length < 2 || shape.length > 3) {
    throw new FormatError(
      `the ONNX file's input ${describe(name)} is [${shape.join(', ')}], where [batch, features] or [batch, steps, features] is read, features a number`,
    );
  }
  if (shape.length === 2) return { axes: ['batch', 'features'], sample: [features] };
  const isTimeMajor = reading
    .consumers(name)
    .some(
      (node) =>
        node && ['LSTM', 'GRU', 'RNN'].includes(node.operator) && node.attributes.get('layout')?.value !== 1,
    );
  return isTimeMajor
    ? { axes: ['steps', 'batch', 'features'], sample: [size(shape[0]), features] }
    : { axes: ['batch', 'steps', 'features'], sample: [size(shape[1]), features] };
}

/** The inputs whose lengths a recurrent operator is given by another input itself, as others write it. */
function lengthsBySequence({ nodes, inputs, initializers }: OnnxGraph): Map<string, string> {
  const givers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const names = new Set(inputs.map(({ name }) => name));
  for (const { name } of initializers) names.delete(name);
  const sourceOf = (name: string): string | undefined => {
    let at = name;
    for (let hops = 0; hops < MOST_HOPS; hops++) {
      if (names.has(at)) return at;
      const node = givers.get(at);
      if (node === undefined || node.domain === DOMAIN) return undefined;
      at = node.inputs[0] ?? '';
    }
    return undefined;
  };
  const found = new Map<string, string>();
  // Where the graph selects real steps itself, it says by that what is masked.
  if (nodes.some(({ domain, operator }) => domain === DOMAIN && operator === 'LengthsToMask')) return found;
  for (const { operator, inputs: read } of nodes) {
    if (!['LSTM', 'GRU', 'RNN'].includes(operator) || (read[4] ?? '') === '') continue;
    const [x, lengths] = [sourceOf(read[0] as string), sourceOf(read[4] as string)];
    if (x !== undefined && lengths !== undefined) found.set(x, lengths);
  }
  return found;
}

function outputSymbol(reading: Reading, name: string): SymbolicTensor {
  const value = reading.value(name);
  if (value.kind !== 'flow')
    throw new FormatError(`the ONNX file's output ${describe(name)} is a ${value.kind} and no data`);
  const { isReversed, isCompact, other, symbol, axes } = value as Flow;
  if (isReversed || isCompact || other || axes.includes('directions')) {
    throw new FormatError(
      `the ONNX file's output ${describe(name)} is ${isReversed ? 'of a reverse direction in the order of time' : 'of two directions that are not merged'}, which no layer gives`,
    );
  }
  return symbol;
}

/** Gives every weight its value; those that the file does not hold are what a layer without them has. */
function setWeights(built: Model, { weights }: Reading): void {
  const all: Record<string, Tensor> = Object.create(null);
  for (const { layer, localName, tensor } of weights) all[`${(layer as Layer).name}/${localName}`] = tensor;
  (built as Model<FloatArray> as Model).setWeights(all as Record<string, Tensor<Float32Array>>);
}
