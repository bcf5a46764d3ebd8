/**
 * The layers of a model and how they hang together, as Keras and TensorFlow.js describe it: a list for a chain, and for
 * a graph the uses of each layer, its inbound nodes, which name what they read by layer, use and output. Keras 3 hides
 * the same three in objects.
 */
import { FormatError, LonghandError } from '../../core/errors.js';
import { describe } from '../../core/options.js';
import { type FloatArray, sizeOf } from '../../core/tensor.js';
import { type Input, input } from '../../layers/input.js';
import type { Layer, LayerConfig, SampleShape, SymbolicTensor } from '../../layers/layer.js';
import { layerFromConfig } from '../../layers/registry.js';
import { describeGraph, Functional } from '../../model/functional.js';
import { chain, type Graph, layersOf, nameLayers } from '../../model/graph.js';
import type { Model } from '../../model/model.js';
import { describeWeights } from '../../model/network.js';
import { Sequential } from '../../model/sequential.js';
import type { Dialect } from './dialect.js';
import { readLayer } from './layers.js';
import { isObject } from './options.js';

const MOST_LAYERS = 1000;

type Record_ = Readonly<Record<string, unknown>>;

/** A layer's use, and which of its outputs. */
interface Reference {
  readonly layer: string;
  readonly node: number;
  readonly output: number;
}

/** A model that is described, without memory for its weights. */
interface Plan {
  readonly graph: Graph;
  readonly shapes: readonly SampleShape[];
  /** The model; its weights wait for their values. */
  create(): Model<FloatArray>;
}

/**
 * The model; its weights wait for what the file holds.
 *
 * @param numbers  how many numbers the file holds
 * @throws FormatError for what is no model that can be had here, or for one of more numbers
 */
export function readTopology(topology: unknown, dialect: Dialect, numbers: number): Model<FloatArray> {
  try {
    return createModel(topology, dialect, numbers);
  } catch (error) {
    if (error instanceof FormatError || !(error instanceof LonghandError)) throw error;
    throw new FormatError(`the file does not describe a sound model: ${error.message}`);
  }
}

function createModel(topology: unknown, dialect: Dialect, numbers: number): Model<FloatArray> {
  const { graph, shapes } = planTopology(topology, dialect);
  nameLayers(layersOf(graph));
  const wanted = describeWeights(graph, shapes).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  if (!(wanted <= numbers))
    throw new FormatError(
      `the file describes a model of ${wanted} numbers and holds no more than ${numbers}`,
    );
  // The layers of the first plan are spent.
  return planTopology(topology, dialect).create();
}

function planTopology(topology: unknown, dialect: Dialect): Plan {
  if (!isObject(topology) || typeof topology.class_name !== 'string')
    throw new FormatError(`the file describes no model but ${describe(topology)}`);
  const { class_name: className, config } = topology;
  // Keras before 2.3 has the list itself.
  const settings = Array.isArray(config) ? { layers: config } : config;
  if (!isObject(settings) || !Array.isArray(settings.layers))
    throw new FormatError('the file describes a model without layers');
  if (settings.layers.length > MOST_LAYERS)
    throw new FormatError(
      `the file has ${settings.layers.length} layers, and no more than ${MOST_LAYERS} are read`,
    );
  if (className === 'Sequential') return readChain(settings.layers, settings, dialect);
  if (className === 'Functional' || className === 'Model') return readGraph(settings, dialect);
  throw new FormatError(
    `the file describes a ${describe(className)}, where Sequential or Functional is read`,
  );
}

/** The shape of a row, of the shape of a batch: token ids that embeddings read are sequences of one feature. */
function sampleShape(where: string, batch: unknown, areIds: boolean): SampleShape {
  if (!Array.isArray(batch) || batch.length < 2)
    throw new FormatError(`${where} says no shape but ${describe(batch)}`);
  const shape = [...batch.slice(1), ...(areIds ? [1] : [])];
  const isRight =
    shape.length <= 2 &&
    shape.every((axis) => axis === null || Number.isSafeInteger(axis)) &&
    shape.at(-1) !== null;
  if (isRight) return shape;
  throw new FormatError(
    `${where} has the shape ${JSON.stringify(batch).slice(0, 100)}, where [null, features] or [null, steps, features] is read`,
  );
}

const shapeOf = (config: unknown): unknown =>
  isObject(config) ? (config.batch_shape ?? config.batch_input_shape) : undefined;

const isEmbedding = (given: unknown) => isObject(given) && given.class_name === 'Embedding';

function readChain(given: readonly unknown[], settings: Record_, dialect: Dialect): Plan {
  const [first, second] = given as [unknown, unknown];
  const isInput = isObject(first) && first.class_name === 'InputLayer';
  const rest = isInput ? given.slice(1) : given;
  const built =
    isObject(first) && isObject(first.build_config)
      ? first.build_config.input_shape
      : settings.build_input_shape;
  const shape = sampleShape(
    "the model's input",
    shapeOf(isObject(first) ? first.config : undefined) ?? built,
    isEmbedding(isInput ? second : first),
  );
  const layers = rest.map((one) => layerFromConfig(readLayer(one, dialect)));
  const all = [input({ shape }), ...layers];
  const create = () => new Sequential<FloatArray>(all, {}, false).build(shape) as Model<FloatArray>;
  return { graph: chain(all), shapes: [shape], create };
}

interface Use {
  readonly layer: string;
  readonly reads: readonly Reference[];
}

function readGraph(settings: Record_, dialect: Dialect): Plan {
  const given = (settings.layers as readonly unknown[]).map((one) => {
    if (isObject(one) && isObject(one.config)) return one;
    throw new FormatError(`the file holds a layer that is ${describe(one)}`);
  });
  const uses = new Map<string, readonly Use[]>();
  for (const one of given) {
    const name = nameOf(one);
    if (uses.has(name)) throw new FormatError(`the file has two layers named ${describe(name)}`);
    const nodes = Array.isArray(one.inbound_nodes) ? one.inbound_nodes : [];
    uses.set(
      name,
      nodes.map((node) => ({ layer: name, reads: readNode(node) })),
    );
  }
  const inputs = new Map<string, Input>();
  const layers = new Map<string, Layer>();
  for (const one of given) {
    const name = nameOf(one);
    if (one.class_name === 'InputLayer') inputs.set(name, readInput(one, given, uses));
    else layers.set(name, layerFromConfig(withCalls(readLayer(one, dialect), one)));
  }
  const find = applyAll(uses, inputs, layers);
  const ends = (what: string) => references(settings[what]);
  const symbols = ends('input_layers').map(({ layer }) => {
    const symbol = inputs.get(layer);
    if (symbol) return symbol;
    throw new FormatError(`the file names ${describe(layer)} among its inputs, which is none`);
  });
  const outputs = ends('output_layers').map(find);
  if (symbols.length === 0 || outputs.length === 0)
    throw new FormatError('the file names no inputs or no outputs');
  const one = <T>(all: readonly T[]) => (all.length === 1 ? (all[0] as T) : all);
  const description = describeGraph({ inputs: one(symbols), outputs: one(outputs) });
  const create = () => new Functional<FloatArray>(description, {}, false) as unknown as Model<FloatArray>;
  return { graph: description.graph, shapes: symbols.map(({ shape }) => shape), create };
}

function nameOf(layer: Record_): string {
  const name = layer.name ?? (layer.config as Record_).name;
  if (typeof name === 'string') return name;
  throw new FormatError('the file holds a layer without a name');
}

function readInput(
  given: Record_,
  all: readonly Record_[],
  uses: ReadonlyMap<string, readonly Use[]>,
): Input {
  const name = nameOf(given);
  const readers = all.filter((one) =>
    (uses.get(nameOf(one)) ?? []).some(({ reads }) => reads.some(({ layer }) => layer === name)),
  );
  const areIds = readers.length > 0 && readers.every(isEmbedding);
  return input({
    shape: sampleShape(`the input ${describe(name)}`, shapeOf(given.config), areIds),
    name: name.replaceAll('/', '_'),
  });
}

/** What is said where the layer is used, and is an option here. */
function withCalls(config: LayerConfig, given: Record_): LayerConfig {
  const isCausal = JSON.stringify(given.inbound_nodes ?? '').includes('"use_causal_mask":true');
  return isCausal ? { ...config, causal: true } : config;
}

/** Uses every layer as often as the file says, each use once what it reads is there. */
function applyAll(
  uses: ReadonlyMap<string, readonly Use[]>,
  inputs: ReadonlyMap<string, Input>,
  layers: ReadonlyMap<string, Layer>,
): (reference: Reference) => SymbolicTensor {
  const given = new Map<string, readonly SymbolicTensor[]>();
  const key = (layer: string, node: number) => `${node} ${layer}`;
  for (const [name, symbol] of inputs) given.set(key(name, 0), [symbol]);
  const find = ({ layer, node, output }: Reference): SymbolicTensor => {
    const found = given.get(key(layer, node))?.[output];
    if (found) return found;
    throw new FormatError(
      `the file reads output ${output} of use ${node} of ${describe(layer)}, which there is not`,
    );
  };
  let waiting = [...uses.values()].flatMap((all) => all.map((use, node) => ({ ...use, node })));
  waiting = waiting.filter(({ layer }) => !inputs.has(layer));
  while (waiting.length > 0) {
    const isReady = ({ reads }: Use) => reads.every(({ layer, node }) => given.has(key(layer, node)));
    const ready = waiting.filter(isReady);
    if (ready.length === 0)
      throw new FormatError(
        `the file's layer ${describe(waiting[0]?.layer)} reads what comes after it, or is not there`,
      );
    for (const { layer, node, reads } of ready) {
      if (reads.length === 0) throw new FormatError(`the file's layer ${describe(layer)} reads nothing`);
      const applied = (layers.get(layer) as Layer).on(...reads.map(find));
      given.set(key(layer, node), [...applied]);
    }
    waiting = waiting.filter((use) => !ready.includes(use));
  }
  return find;
}

/** What a use reads: data first, then the state to begin with. */
function readNode(node: unknown): Reference[] {
  if (Array.isArray(node)) {
    const all = typeof node[0] === 'string' ? [node] : node;
    const states = all.flatMap((one) =>
      Array.isArray(one) && isObject(one[3]) ? references(one[3].initial_state) : [],
    );
    return [...all.flatMap((one) => references(Array.isArray(one) ? one.slice(0, 3) : one)), ...states];
  }
  if (!isObject(node)) throw new FormatError(`the file's layers are used as ${describe(node)}`);
  const kwargs = isObject(node.kwargs) ? node.kwargs : {};
  return [...references(node.args), ...references(kwargs.initial_state)];
}

/** All that a list names, at any depth: `['lstm', 0, 1]`, or an object with that as its history. */
function references(value: unknown, depth = 0): Reference[] {
  if (depth > 8) throw new FormatError('the file nests what its layers read too deep');
  if (isObject(value)) {
    const history = isObject(value.config) ? value.config.keras_history : undefined;
    return history === undefined
      ? Object.values(value).flatMap((one) => references(one, depth + 1))
      : references(history, depth + 1);
  }
  if (!Array.isArray(value)) return [];
  const [layer, node, output = 0] = value;
  if (typeof layer === 'string' && Number.isSafeInteger(node) && Number.isSafeInteger(output))
    return [{ layer, node, output }];
  return value.flatMap((one) => references(one, depth + 1));
}
