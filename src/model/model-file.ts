/**
 * A model as the bytes of one safetensors file. The tensors are the weights under their names and, where the model
 * is compiled, what its optimizer keeps beside each, `optimizer/m/lstm_1/kernel`. The metadata holds, as JSON, the
 * architecture and all that training needs to go on with the same bits: compile options, the number of updates
 * made, and the states of the random generators.
 *
 * The reader trusts nothing. All of the metadata is checked, and the tensors against it, before any memory is taken
 * for the model; and nothing is written that the reader would refuse.
 */
import { sameBackend } from '../backend/backend.js';
import type { Precision } from '../backend/memory.js';
import { ConfigError, DataError, FormatError, LonghandError, NumericError } from '../core/errors.js';
import { checkInteger, describe } from '../core/options.js';
import type { RandomState } from '../core/random.js';
import type { Region } from '../core/region.js';
import { readSafetensors, type StoredTensor, writeSafetensors } from '../core/safetensors.js';
import { type FloatArray, formatShape, type Shape } from '../core/tensor.js';
import { checkSampleShape } from '../layers/input.js';
import type { Layer, LayerConfig, SampleShape } from '../layers/layer.js';
import { layerFromConfig } from '../layers/registry.js';
import { type LossName, toLoss } from '../training/losses.js';
import { toMetric } from '../training/metrics.js';
import type { Optimizer } from '../training/optimizers/optimizer.js';
import { toOptimizer } from '../training/optimizers.js';
import { rateConfig } from '../training/schedules/schedule.js';
import { type Compiled, type MetricConfig, metricConfig, toCompiled, toList } from './compiled.js';
import { chain, layersOf, nameLayers } from './graph.js';
import { describeWeights, type Network } from './network.js';
import { Sequential } from './sequential.js';

/** The version of the layout of the metadata. */
const FORMAT = '1';

/** Limits that no model comes near, so that a hostile file cannot keep its reader busy for long. */
const LONGEST_METADATA = 2 ** 21;
const LONGEST_TEXT = 1000;
const LONGEST_LIST = 10_000;
const DEEPEST_NESTING = 20;
const MOST_LAYERS = 1000;

interface StoredModel {
  readonly type: 'sequential';
  readonly layers: readonly LayerConfig[];
  readonly inputShape: SampleShape;
  readonly seed: number;
  readonly precision: Precision;
  /** The kernels that the model ran on. */
  readonly backend: string;
  readonly random: { readonly shuffling: RandomState; readonly dropout: RandomState };
}

interface StoredTraining {
  readonly optimizer: ReturnType<Optimizer['config']>;
  readonly loss: { readonly name: LossName };
  readonly metrics: readonly MetricConfig[];
  readonly iterations: number;
  /** Batches whose gradients wait for the next update; missing where none do. */
  readonly waiting?: { readonly batches: number; readonly count: number };
}

/** What the metadata says, found to be true to itself. */
interface Description {
  readonly stored: StoredModel;
  readonly training:
    | (Pick<StoredTraining, 'iterations' | 'waiting'> & { readonly compiled: Compiled })
    | undefined;
  /** The tensors that go with it. */
  readonly shapes: ReadonlyMap<string, Shape>;
}

/**
 * The bytes of a file that holds the model: architecture, weights, compile options and the optimizer's state.
 *
 * @throws ConfigError when the model is not built yet, or has a part that no file can hold
 * @throws NumericError when a weight, or what the optimizer keeps beside it, is not finite
 */
export function serializeModel(model: Sequential<FloatArray>): Uint8Array<ArrayBuffer> {
  if (!(model instanceof Sequential)) {
    throw new ConfigError(`a model is saved, sequential([...]), but got ${describe(model)}`);
  }
  const { network, compiled } = model.internals;
  if (!network)
    throw new ConfigError('the model has no weights yet: build it, or let it see data, and then save it');
  const stored: StoredModel = {
    type: 'sequential',
    layers: model.layers.map((layer) => layer.config()),
    inputShape: network.inputShape,
    seed: model.seed,
    precision: model.precision,
    backend: model.backend,
    random: { shuffling: network.shuffling.state(), dropout: network.dropout.state() },
  };
  const metadata: Record<string, string> = {
    'longhand.format': FORMAT,
    'longhand.model': JSON.stringify(stored),
  };
  if (compiled) {
    const { learningRate, iterations, waiting } = network.optimizer;
    const training: StoredTraining = {
      optimizer: { ...compiled.optimizer.config(), learningRate: rateConfig(learningRate) },
      loss: compiled.loss.config(),
      metrics: compiled.metricSpecs.map(metricConfig),
      iterations,
      ...(waiting.batches > 0 ? { waiting } : {}),
    };
    metadata['longhand.training'] = JSON.stringify(training);
  }
  try {
    readDescription(metadata);
  } catch (error) {
    throw error instanceof LonghandError
      ? new ConfigError(`the model could not be read from a file again: ${error.message}`)
      : error;
  }
  const tensors = new Map<string, StoredTensor>();
  for (const { name, region, shape } of storedRegions(network, compiled !== undefined)) {
    const bad = indexOfNonFinite(region.array);
    if (bad !== -1) {
      throw new NumericError(
        `'${name}' holds ${region.array[bad]} at index ${bad}, so the model is not saved: go back to one that was, ` +
          'or train with a smaller learning rate',
      );
    }
    tensors.set(name, store(region.array, shape));
  }
  return writeSafetensors(tensors, metadata);
}

/**
 * The model that a file of `serializeModel` holds. It runs on the kernels that it was saved with, where this engine
 * has them, and then predicts the same bits as the one that was saved, and training goes on with the same bits as if
 * it had never stopped.
 *
 * @throws FormatError when the bytes are cut short or are not what they say; nothing has been loaded then
 */
export function deserializeModel(bytes: Uint8Array): Sequential<FloatArray> {
  if (!(bytes instanceof Uint8Array)) {
    const hint = (bytes as unknown) instanceof ArrayBuffer ? ': write new Uint8Array(buffer)' : '';
    throw new DataError(`a model is read from a Uint8Array but got ${describe(bytes)}${hint}`);
  }
  const { tensors, metadata } = readSafetensors(bytes);
  try {
    const description = readDescription(metadata);
    checkTensors(tensors, description);
    return load(tensors, description);
  } catch (error) {
    if (error instanceof FormatError || !(error instanceof LonghandError)) throw error;
    throw new FormatError(`the file does not hold a sound model: ${error.message}`);
  }
}

function load(
  tensors: ReadonlyMap<string, StoredTensor>,
  { stored, training }: Description,
): Sequential<FloatArray> {
  const { layers, inputShape, seed, precision, random } = stored;
  const backend = sameBackend(stored.backend, precision);
  const model = new Sequential<FloatArray>(readLayers(layers), { seed, precision, backend }, false);
  if (training) {
    const { optimizer, loss, metricSpecs } = training.compiled;
    model.compile({ optimizer, loss, metrics: metricSpecs });
  }
  model.build(inputShape);
  const network = model.internals.network as Network;
  for (const { name, region } of storedRegions(network, training !== undefined)) {
    region.array.set((tensors.get(name) as StoredTensor).data);
  }
  if (training) {
    network.optimizer.iterations = training.iterations;
    network.optimizer.waiting = training.waiting ?? { batches: 0, count: 0 };
  }
  network.shuffling.restore(random.shuffling);
  network.dropout.restore(random.dropout);
  return model;
}

/** Reads the metadata and makes sure that a model can be made of it; takes no memory for one. */
function readDescription(metadata: Readonly<Record<string, string>>): Description {
  const format = metadata['longhand.format'];
  if (format === undefined) throw new FormatError('the file holds tensors but no model of this library');
  if (format !== FORMAT) {
    throw new FormatError(
      `the file has format ${describe(format)}, which this version does not know: it reads ${FORMAT}`,
    );
  }
  const stored = parse<StoredModel>(metadata, 'longhand.model');
  checkModel(stored);
  const training = 'longhand.training' in metadata ? readTraining(metadata) : undefined;
  const layers = readLayers(stored.layers);
  nameLayers(layersOf(chain(layers)));
  const shapes = new Map<string, Shape>();
  for (const { name, shape } of describeWeights(chain(layers), stored.inputShape)) {
    shapes.set(name, shape);
    for (const state of training?.compiled.optimizer.stateNames ?? [])
      shapes.set(stateName(state, name), shape);
  }
  return { stored, training, shapes };
}

function checkModel({ type, layers, inputShape, seed, precision, random }: StoredModel): void {
  if (type !== 'sequential' || !Array.isArray(layers)) {
    throw new FormatError(
      `the file holds a model of type ${describe(type)}, which this version does not know`,
    );
  }
  if (layers.length > MOST_LAYERS) {
    throw new FormatError(
      `the file holds a model of ${layers.length} layers and no more than ${MOST_LAYERS} are read`,
    );
  }
  checkSampleShape('the input shape', inputShape);
  checkInteger('the seed', seed, { min: 0 });
  if (precision !== 'float32' && precision !== 'float64') {
    throw new FormatError(`the file holds a model of precision ${describe(precision)}`);
  }
  checkRandom(random?.shuffling, 'shuffling');
  checkRandom(random?.dropout, 'dropout');
}

function checkRandom(state: unknown, what: string): void {
  const isState = Array.isArray(state) && state.length === 4 && state.every((word) => word === (word | 0));
  if (!isState) throw new FormatError(`the file lacks the state of the random numbers for ${what}`);
}

function readTraining(metadata: Readonly<Record<string, string>>): Description['training'] {
  const { optimizer, loss, metrics, iterations, waiting } = parse<StoredTraining>(
    metadata,
    'longhand.training',
  );
  const compiled = toCompiled({
    optimizer: understand('optimizer', optimizer, toOptimizer),
    loss: understand('loss', loss, toLoss),
    metrics: toList(metrics).map((config, i) => understand(`metric ${i}`, config, toMetric)),
  });
  checkInteger('the number of updates', iterations, { min: 0 });
  if (waiting === undefined) return { compiled, iterations };
  const { gradientAccumulationSteps: steps } = compiled.optimizer.settings;
  const { batches, count } = waiting ?? {};
  return {
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

/** Compares the tensors with those that the metadata asks for. */
function checkTensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  { stored: { precision }, shapes }: Description,
): void {
  const dtype = precision === 'float32' ? 'F32' : 'F64';
  for (const [name, shape] of shapes) {
    const tensor = tensors.get(name);
    if (!tensor)
      throw new FormatError(`the file lacks the tensor '${name}' ${formatShape(shape)} of its model`);
    if (tensor.shape.length !== shape.length || tensor.shape.some((axis, i) => axis !== shape[i])) {
      throw new FormatError(
        `the tensor '${name}' of the file is ${describeShape(tensor.shape)} where its model needs ${formatShape(shape)}`,
      );
    }
    if (tensor.dtype !== dtype) {
      throw new FormatError(
        `the tensor '${name}' of the file is ${tensor.dtype} where its model is ${dtype}`,
      );
    }
    const bad = indexOfNonFinite(tensor.data);
    if (bad !== -1)
      throw new FormatError(`the tensor '${name}' of the file holds ${tensor.data[bad]} at index ${bad}`);
  }
  for (const name of tensors.keys()) {
    if (!shapes.has(name)) {
      throw new FormatError(`the file holds a tensor ${describe(name)} that does not belong to its model`);
    }
  }
}

function indexOfNonFinite(values: FloatArray): number {
  for (let k = 0; k < values.length; k++) if (!Number.isFinite(values[k])) return k;
  return -1;
}

/** All that a file holds of a network, under the names of the file. */
function storedRegions(
  network: Network,
  isCompiled: boolean,
): { name: string; region: Region; shape: Shape }[] {
  const { parameters } = network;
  const weights = parameters.map(({ name, value, shape }) => ({ name, region: value, shape }));
  if (!isCompiled) return weights;
  const { optimizer, regions } = network.optimizer;
  const states = parameters.flatMap(({ name, shape }, p) =>
    optimizer.stateNames.map((state, s) => ({
      name: stateName(state, name),
      region: regions[p]?.[s] as Region,
      shape,
    })),
  );
  return [...weights, ...states];
}

function stateName(state: string, weight: string): string {
  return `optimizer/${state}/${weight}`;
}

function store(array: FloatArray, shape: Shape): StoredTensor {
  return array instanceof Float32Array
    ? { dtype: 'F32', shape, data: array }
    : { dtype: 'F64', shape, data: array };
}

/** The shape, or its beginning where a file gives a tensor thousands of axes. */
function describeShape(shape: Shape): string {
  return shape.length > 8 ? `of ${shape.length} axes` : formatShape(shape);
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
  checkModest(value, key, 0);
  return value as T;
}

/** Refuses what no model's description has, and what would keep those that read it busy for long. */
function checkModest(value: unknown, key: string, depth: number): void {
  const isLongText = typeof value === 'string' && value.length > LONGEST_TEXT;
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  if (isLongText || entries.length > LONGEST_LIST || depth > DEEPEST_NESTING) {
    throw new FormatError(`the file's metadata '${key}' holds more than any model has`);
  }
  for (const [name, inner] of entries) {
    checkModest(name, key, depth + 1);
    checkModest(inner, key, depth + 1);
  }
}
