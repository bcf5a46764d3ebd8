/**
 * A model as the bytes of one safetensors file. The tensors are the weights under their names and, where the model
 * is compiled, what its optimizer keeps beside each, `optimizer/m/lstm_1/kernel`. The metadata holds, as JSON, the
 * architecture and all that training needs to go on with the same bits: compile options, the number of updates
 * made, and the states of the random generators.
 */
import type { Precision } from '../backend/memory.js';
import { ConfigError, FormatError, LonghandError } from '../core/errors.js';
import { describe } from '../core/options.js';
import type { Random, RandomState } from '../core/random.js';
import type { Region } from '../core/region.js';
import { readSafetensors, type StoredTensor, writeSafetensors } from '../core/safetensors.js';
import { type FloatArray, formatShape, type Shape } from '../core/tensor.js';
import type { LayerConfig, SampleShape } from '../layers/layer.js';
import { layerFromConfig } from '../layers/registry.js';
import type { LossName } from '../training/losses.js';
import type { MetricName } from '../training/metrics.js';
import type { OptimizerName } from '../training/optimizers.js';
import { chain, nameLayers } from './graph.js';
import { describeWeights, type Network } from './network.js';
import { Sequential } from './sequential.js';

/** The version of the layout of the metadata. */
const FORMAT = '1';

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
  readonly optimizer: { readonly name: OptimizerName };
  readonly loss: { readonly name: LossName };
  readonly metrics: readonly MetricName[];
  readonly iterations: number;
}

/**
 * The bytes of a file that holds the model: architecture, weights, compile options and the optimizer's state.
 *
 * @throws ConfigError when the model is not built yet
 */
export function serializeModel(model: Sequential<FloatArray>): Uint8Array<ArrayBuffer> {
  const { network, compiled } = model.internals;
  if (!network)
    throw new ConfigError('the model has no weights yet: build it, or let it see data, and then save it');
  const tensors = new Map<string, StoredTensor>();
  for (const { name, shape, value } of network.parameters) tensors.set(name, store(value.array, shape));
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
    const { optimizer, loss, metricNames } = compiled;
    const training: StoredTraining = {
      optimizer: optimizer.config(),
      loss: loss.config(),
      metrics: metricNames,
      iterations: network.optimizer.iterations,
    };
    metadata['longhand.training'] = JSON.stringify(training);
    for (const { name, region, shape } of optimizerRegions(network))
      tensors.set(name, store(region.array, shape));
  }
  return writeSafetensors(tensors, metadata);
}

/**
 * The model that a file of `serializeModel` holds. It predicts the same bits as the one that was saved, and
 * training goes on with the same bits as if it had never stopped.
 *
 * @throws FormatError when the bytes are cut short or are not what they say; nothing has been loaded then
 */
export function deserializeModel(bytes: Uint8Array): Sequential<FloatArray> {
  const { tensors, metadata } = readSafetensors(bytes);
  const format = metadata['longhand.format'];
  if (format === undefined) throw new FormatError('the file holds tensors but no model of this library');
  if (format !== FORMAT) {
    throw new FormatError(
      `the file has format ${describe(format)}, which this version does not know: it reads ${FORMAT}`,
    );
  }
  const stored = parse<StoredModel>(metadata, 'longhand.model');
  const training =
    'longhand.training' in metadata ? parse<StoredTraining>(metadata, 'longhand.training') : undefined;
  try {
    return load(tensors, stored, training);
  } catch (error) {
    if (error instanceof FormatError) throw error;
    if (error instanceof LonghandError || error instanceof TypeError) {
      throw new FormatError(`the file does not hold a sound model: ${error.message}`);
    }
    throw error;
  }
}

function load(
  tensors: ReadonlyMap<string, StoredTensor>,
  stored: StoredModel,
  training: StoredTraining | undefined,
): Sequential<FloatArray> {
  const { layers: configs, inputShape, seed, precision } = stored;
  if (stored.type !== 'sequential' || !Array.isArray(configs)) {
    throw new FormatError(
      `the file holds a model of type ${describe(stored.type)}, which this version does not know`,
    );
  }
  checkWeightsAgree(tensors, stored, training);
  const model = new Sequential<FloatArray>(configs.map(layerFromConfig), { seed, precision }, false);
  if (training) {
    const { optimizer, loss, metrics } = training;
    model.compile({ optimizer: optimizer as never, loss: loss as never, metrics });
  }
  model.build(inputShape);
  const network = model.internals.network as Network;
  for (const { name, value, shape } of network.parameters) restore(tensors, name, value, shape);
  if (training) {
    for (const { name, region, shape } of optimizerRegions(network)) restore(tensors, name, region, shape);
    if (!Number.isSafeInteger(training.iterations) || training.iterations < 0) {
      throw new FormatError(`the file counts ${describe(training.iterations)} updates`);
    }
    network.optimizer.iterations = training.iterations;
  }
  restoreRandom(network.shuffling, stored.random?.shuffling, 'shuffling');
  restoreRandom(network.dropout, stored.random?.dropout, 'dropout');
  return model;
}

/**
 * Compares names and shapes with those that the architecture asks for, before any memory is taken for it: a file
 * that claims a giant model but does not hold it is found here.
 */
function checkWeightsAgree(
  tensors: ReadonlyMap<string, StoredTensor>,
  { layers: configs, inputShape }: StoredModel,
  training: StoredTraining | undefined,
): void {
  const layers = configs.map(layerFromConfig);
  nameLayers(layers);
  const weights = describeWeights(chain(layers), inputShape);
  const shapes = new Map(weights.map(({ name, shape }) => [name, shape]));
  for (const [name, shape] of shapes) checkShape(tensors, name, shape);
  for (const name of tensors.keys()) {
    const weight = name.startsWith('optimizer/') ? name.split('/').slice(2).join('/') : name;
    if (!shapes.has(weight) || (weight !== name && !training)) {
      throw new FormatError(`the file holds a tensor '${name}' that does not belong to its model`);
    }
  }
}

function checkShape(tensors: ReadonlyMap<string, StoredTensor>, name: string, shape: Shape): StoredTensor {
  const tensor = tensors.get(name);
  if (!tensor)
    throw new FormatError(`the file lacks the tensor '${name}' ${formatShape(shape)} of its model`);
  if (tensor.shape.length !== shape.length || tensor.shape.some((axis, i) => axis !== shape[i])) {
    throw new FormatError(
      `the tensor '${name}' of the file is ${formatShape(tensor.shape)} where its model needs ${formatShape(shape)}`,
    );
  }
  return tensor;
}

function restore(
  tensors: ReadonlyMap<string, StoredTensor>,
  name: string,
  region: Region,
  shape: Shape,
): void {
  const { data } = checkShape(tensors, name, shape);
  if (data.constructor !== region.array.constructor) {
    throw new FormatError(`the tensor '${name}' of the file is not of its model's precision`);
  }
  const bad = data.findIndex((value: number) => !Number.isFinite(value));
  if (bad !== -1)
    throw new FormatError(`the tensor '${name}' of the file holds ${data[bad]} at index ${bad}`);
  region.array.set(data);
}

function restoreRandom(random: Random, state: unknown, what: string): void {
  const isState = Array.isArray(state) && state.length === 4 && state.every((word) => Number.isInteger(word));
  if (!isState) throw new FormatError(`the file lacks the state of the random numbers for ${what}`);
  random.restore(state as unknown as RandomState);
}

function store(array: FloatArray, shape: Shape): StoredTensor {
  return array instanceof Float32Array
    ? { dtype: 'F32', shape, data: array }
    : { dtype: 'F64', shape, data: array };
}

/** What the optimizer keeps, under the names of the file. */
function optimizerRegions({
  optimizer,
  parameters,
}: Network): { name: string; region: Region; shape: Shape }[] {
  const { stateNames } = optimizer.optimizer;
  return parameters.flatMap(({ name, shape }, p) =>
    stateNames.map((state, s) => ({
      name: `optimizer/${state}/${name}`,
      region: optimizer.regions[p]?.[s] as Region,
      shape,
    })),
  );
}

function parse<T>(metadata: Readonly<Record<string, string>>, key: string): T {
  let value: unknown;
  try {
    value = JSON.parse(metadata[key] ?? '');
  } catch {
    throw new FormatError(`the file's metadata '${key}' is not JSON`);
  }
  if (typeof value === 'object' && value !== null) return value as T;
  throw new FormatError(`the file's metadata '${key}' is not an object but ${describe(value)}`);
}
