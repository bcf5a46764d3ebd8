/**
 * What a file says of a model beside its tensors, as JSON in the metadata: the architecture and all that training
 * needs to go on with the same bits: compile options, the number of updates made, and the states of the random
 * generators. The reader trusts nothing: all is checked before any memory is taken for the model.
 */
import type { Precision } from '../backend/memory.js';
import { FormatError, LonghandError } from '../core/errors.js';
import { checkInteger, describe } from '../core/options.js';
import { isRandomState, type RandomState } from '../core/random.js';
import type { FloatArray, Shape } from '../core/tensor.js';
import { checkSampleShape, Input } from '../layers/input.js';
import type { Layer, LayerConfig, SampleShape } from '../layers/layer.js';
import { layerFromConfig } from '../layers/registry.js';
import { type Loss, toLoss } from '../training/losses.js';
import { type MetricInput, toMetric } from '../training/metrics.js';
import type { Optimizer } from '../training/optimizers/optimizer.js';
import { toOptimizer } from '../training/optimizers.js';
import { rateConfig } from '../training/schedules/schedule.js';
import {
  type Architecture,
  type ChainArchitecture,
  describeArchitecture,
  FORMAT,
  type GraphArchitecture,
  type ModelJSON,
} from './architecture.js';
import { lossConfig, type MetricConfig, metricConfig, toCompiled } from './compile-options.js';
import type { Compiled, CompiledOutput } from './compiled.js';
import { Functional } from './functional.js';
import { chain, type Graph, type GraphNode, layersOf, nameLayers } from './graph.js';
import type { Model } from './model.js';
import { describeWeights, type Network } from './network.js';
import type { CompileOptions, ModelOptions } from './options.js';
import { checkPorts, ONE_PORT, type Ports, type SymbolicPorts } from './ports.js';
import { Sequential } from './sequential.js';

/** Limits that no model comes near, so that a hostile file cannot keep its reader busy for long. */
const LONGEST_METADATA = 2 ** 21;
const LONGEST_TEXT = 1000;
const LONGEST_LIST = 10_000;
const DEEPEST_NESTING = 20;
const MOST_LAYERS = 1000;

/** What files hold of a model beside its weights. Only a model that is built is written. */
type StoredModel = (GraphArchitecture | (ChainArchitecture & { readonly inputShape: SampleShape })) & {
  readonly seed: number;
  readonly precision: Precision;
  /** The kernels that the model ran on. */
  readonly backend: string;
  readonly random: { readonly shuffling: RandomState; readonly dropout: RandomState };
};

/** Losses, weights and metrics are in the form of the model's outputs, null for those without a loss. */
interface StoredTraining {
  readonly optimizer: ReturnType<Optimizer['config']>;
  readonly loss: unknown;
  /** Missing where all are 1. */
  readonly lossWeights?: unknown;
  readonly metrics: unknown;
  readonly iterations: number;
  /** Batches whose gradients wait for the next update; missing where none do. */
  readonly waiting?: { readonly batches: number; readonly count: number };
}

/** A graph of new layers, and the shapes that it is built for: none for a chain that is not built. */
export interface ReadArchitecture {
  readonly layers: readonly Layer[];
  readonly graph: Graph;
  readonly inputShapes: readonly SampleShape[];
  readonly inputPorts: Ports;
  readonly outputPorts: Ports;
}

/** What the metadata says, found to be true to itself. */
export interface Description {
  readonly stored: StoredModel;
  readonly training:
    | (Pick<StoredTraining, 'iterations' | 'waiting'> & {
        readonly options: CompileOptions<SymbolicPorts>;
        readonly compiled: Compiled;
      })
    | undefined;
  /** The tensors that go with it. */
  readonly shapes: ReadonlyMap<string, Shape>;
}

/** The metadata of a file that holds the model. */
export function describeModel(
  model: Model<FloatArray>,
  network: Network,
  includeOptimizer: boolean,
): Record<string, string> {
  const { outputPorts, compiled } = model.internals;
  const { seed, precision, backend } = model;
  const random = { shuffling: network.shuffling.state(), dropout: network.dropout.state() };
  const stored = { ...describeArchitecture(model), seed, precision, backend, random };
  const metadata: Record<string, string> = {
    'longhand.format': FORMAT,
    'longhand.model': JSON.stringify(stored),
  };
  if (compiled && includeOptimizer) {
    metadata['longhand.training'] = JSON.stringify(describeTraining(compiled, outputPorts, network));
  }
  return metadata;
}

function describeTraining({ optimizer, outputs }: Compiled, ports: Ports, network: Network): StoredTraining {
  const { learningRate, iterations, waiting } = network.optimizer;
  const each = (what: (output: CompiledOutput) => unknown) =>
    ports.write(
      ports.names.map((_, i) => {
        const compiled = outputs.find(({ output }) => output === i);
        return compiled ? what(compiled) : null;
      }),
    );
  return {
    optimizer: { ...optimizer.config(), learningRate: rateConfig(learningRate) },
    loss: each(({ loss }) => lossConfig(loss)),
    ...(outputs.some(({ weight }) => weight !== 1) ? { lossWeights: each(({ weight }) => weight) } : {}),
    metrics: each(({ metricSpecs }) => metricSpecs.map(metricConfig)),
    iterations,
    ...(waiting.batches > 0 ? { waiting } : {}),
  };
}

/** Reads the metadata and makes sure that a model can be made of it; takes no memory for one. */
export function readDescription(metadata: Readonly<Record<string, string>>): Description {
  const format = metadata['longhand.format'];
  if (format === undefined) throw new FormatError('the file holds tensors but no model of this library');
  if (format !== FORMAT) {
    throw new FormatError(
      `the file has format ${describe(format)}, which this version does not know: it reads ${FORMAT}`,
    );
  }
  const stored = parse<StoredModel>(metadata, 'longhand.model');
  checkModel(stored);
  checkRandom(stored.random?.shuffling, 'shuffling');
  checkRandom(stored.random?.dropout, 'dropout');
  if (stored.type === 'sequential') checkSampleShape('the input shape', stored.inputShape);
  const { graph, inputShapes, outputPorts } = readArchitecture(stored);
  const training = 'longhand.training' in metadata ? readTraining(metadata, outputPorts) : undefined;
  nameLayers(layersOf(graph));
  const shapes = new Map<string, Shape>();
  for (const { name, shape, isStatistic } of describeWeights(graph, inputShapes)) {
    shapes.set(name, shape);
    if (isStatistic) continue;
    for (const state of training?.compiled.optimizer.stateNames ?? [])
      shapes.set(stateName(state, name), shape);
  }
  return { stored, training, shapes };
}

/** The name in a file of what an optimizer keeps beside a weight. */
export function stateName(state: string, weight: string): string {
  return `optimizer/${state}/${weight}`;
}

/** @throws FormatError when no graph can be made of what is stored */
export function readArchitecture(stored: Architecture): ReadArchitecture {
  const layers = readLayers(stored.layers);
  if (stored.type === 'sequential') {
    const { inputShape } = stored;
    const inputShapes = inputShape === null ? [] : [checkSampleShape('the input shape', inputShape)];
    return { layers, graph: chain(layers), inputShapes, inputPorts: ONE_PORT, outputPorts: ONE_PORT };
  }
  const inputPorts = checkPorts('the inputs of the file', stored.inputs);
  const outputPorts = checkPorts('the outputs of the file', stored.outputs);
  const graph = readGraph(stored, layers);
  const inputShapes = graph.nodes.slice(0, graph.inputCount).map(({ layer }) => (layer as Input).shape);
  return { layers, graph, inputShapes, inputPorts, outputPorts };
}

/** The first nodes are the inputs; every other one reads what comes before it. */
function readGraph({ nodes: stored, inputs, outputs }: GraphArchitecture, layers: readonly Layer[]): Graph {
  if (!Array.isArray(stored) || stored.length > MOST_LAYERS) {
    throw new FormatError(`the file holds no list of up to ${MOST_LAYERS} uses of layers`);
  }
  const inputCount = inputs.names.length;
  let next = inputCount;
  const checkValues = (what: string, values: unknown, below: number): readonly number[] => {
    if (!Array.isArray(values) || values.length === 0)
      throw new FormatError(`${what} of the file reads nothing`);
    for (const value of values) checkInteger(`what ${what} of the file reads`, value, { min: 0, below });
    return values;
  };
  const nodes = stored.map((node, i): GraphNode => {
    const layer =
      layers[checkInteger(`the layer of use ${i}`, node?.layer, { min: 0, below: layers.length })];
    const read = checkValues(`use ${i}`, node.inputs, next);
    const isInput = layer instanceof Input;
    if (isInput !== i < inputCount || (isInput && (read.length > 1 || read[0] !== i))) {
      throw new FormatError(`the file's use ${i} is ${isInput ? 'an input' : 'no input'} where none can be`);
    }
    next += (layer as Layer).outputCount;
    return { layer: layer as Layer, inputs: read };
  });
  if (nodes.length <= inputCount) throw new FormatError('the file holds a model of nothing but inputs');
  const values = checkValues('the list of outputs', outputs.values, next);
  if (values.length !== outputs.names.length) {
    throw new FormatError(
      `the file names ${outputs.names.length} outputs of a model that has ${values.length}`,
    );
  }
  return { inputCount, nodes, outputs: values };
}

/** @throws FormatError, ConfigError for what no model can be made of */
export function checkModel({ type, layers, seed, precision }: Omit<ModelJSON, 'format'>): void {
  if ((type !== 'sequential' && type !== 'functional') || !Array.isArray(layers)) {
    throw new FormatError(
      `the file holds a model of type ${describe(type)}, which this version does not know`,
    );
  }
  if (layers.length > MOST_LAYERS) {
    throw new FormatError(
      `the file holds a model of ${layers.length} layers and no more than ${MOST_LAYERS} are read`,
    );
  }
  checkInteger('the seed', seed, { min: 0 });
  if (precision !== 'float32' && precision !== 'float64') {
    throw new FormatError(`the file holds a model of precision ${describe(precision)}`);
  }
}

function checkRandom(state: unknown, what: string): void {
  if (!isRandomState(state))
    throw new FormatError(`the file lacks the state of the random numbers for ${what}`);
}

function readTraining(metadata: Readonly<Record<string, string>>, ports: Ports): Description['training'] {
  const { optimizer, loss, lossWeights, metrics, iterations, waiting } = parse<StoredTraining>(
    metadata,
    'longhand.training',
  );
  const each = (what: string, stored: unknown, read: (value: unknown) => unknown) =>
    ports.write(ports.read(what, stored).map((value) => (value === null ? undefined : read(value))));
  const options: CompileOptions<SymbolicPorts> = {
    optimizer: understand('optimizer', optimizer, toOptimizer),
    loss: each('loss', loss, (one) => understand('loss', one as { name: string }, toLoss)) as Loss,
    ...(lossWeights === undefined
      ? {}
      : { lossWeights: each('lossWeights', lossWeights, (one) => one) as number }),
    metrics: each('metrics', metrics, readMetrics) as readonly MetricInput[],
  };
  const compiled = toCompiled(options, ports);
  checkInteger('the number of updates', iterations, { min: 0 });
  if (waiting === undefined) return { options, compiled, iterations };
  const steps = compiled.optimizer.settings?.gradientAccumulationSteps ?? 1;
  const { batches, count } = waiting ?? {};
  return {
    options,
    compiled,
    iterations,
    waiting: {
      batches: checkInteger('the number of batches that wait for an update', batches, {
        min: 1,
        below: steps,
      }),
      count: checkInteger('the number of rows that wait for an update', count),
    },
  };
}

function readMetrics(stored: unknown) {
  if (!Array.isArray(stored)) {
    throw new FormatError(`the file's metrics are no array but ${describe(stored)}`);
  }
  return stored.map((config: MetricConfig, i) => understand(`metric ${i}`, config, toMetric));
}

/** The layers of a file. One that stands in it twice is used twice and shares its weights. */
function readLayers(configs: readonly LayerConfig[]): Layer[] {
  const known = new Map<string, Layer>();
  return configs.map((config, i) => {
    const text = JSON.stringify(config);
    const layer = known.get(text) ?? understand(`layer ${i}`, config, layerFromConfig);
    known.set(text, layer);
    return layer;
  });
}

/**
 * What stored options stand for. Asked for its options it has to name those again: an object of a file that poses
 * as a live optimizer, loss, schedule, initializer or regularizer cannot, since it has no methods.
 */
function understand<S, T extends { config(): unknown }>(what: string, stored: S, make: (stored: S) => T): T {
  try {
    const made = make(stored);
    if (agrees(stored, made.config())) return made;
  } catch (error) {
    if (error instanceof LonghandError) throw error;
  }
  throw new FormatError(`the file's ${what} has options that this version does not understand`);
}

/** Whether all that is stored is there again. Options may be more: those that came with a later version. */
function agrees(stored: unknown, understood: unknown): boolean {
  if (typeof stored !== 'object' || stored === null) return stored === understood;
  if (typeof understood !== 'object' || understood === null) return false;
  return (
    Array.isArray(stored) === Array.isArray(understood) &&
    Object.entries(stored).every(([key, value]) =>
      agrees(value, Object.hasOwn(understood, key) ? understood[key as never] : undefined),
    )
  );
}

function parse<T>(metadata: Readonly<Record<string, string>>, key: string): T {
  const text = metadata[key] ?? '';
  if (text.length > LONGEST_METADATA) {
    throw new FormatError(
      `the file's metadata '${key}' has ${text.length} characters, more than any model has`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new FormatError(`the file's metadata '${key}' is not JSON`);
  }
  if (typeof value !== 'object' || value === null) {
    throw new FormatError(`the file's metadata '${key}' is not an object but ${describe(value)}`);
  }
  checkModest(value, `the file's metadata '${key}'`, 0);
  return value as T;
}

/** Refuses what no model's description has, and what would keep those that read it busy for long. */
export function checkModest(value: unknown, where: string, depth: number): void {
  const isLongText = typeof value === 'string' && value.length > LONGEST_TEXT;
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  if (isLongText || entries.length > LONGEST_LIST || depth > DEEPEST_NESTING) {
    throw new FormatError(`${where} holds more than any model has`);
  }
  for (const [name, inner] of entries) {
    checkModest(name, where, depth + 1);
    checkModest(inner, where, depth + 1);
  }
}

/** The model of an architecture; without `initialize` its weights wait for what a file holds. */
export function createModel(
  architecture: ReadArchitecture,
  options: ModelOptions,
  initialize = true,
): Sequential<FloatArray> | Functional<FloatArray> {
  const { layers, inputPorts, inputShapes } = architecture;
  if (inputPorts !== ONE_PORT) return new Functional<FloatArray>(architecture, options, initialize);
  const model = new Sequential<FloatArray>(layers, options, initialize);
  const [shape] = inputShapes;
  return shape ? model.build(shape) : model;
}
