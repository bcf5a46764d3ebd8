/**
 * A model as the bytes of one safetensors file. The tensors are the weights under their names and, where the model
 * is compiled, what its optimizer keeps beside each, `optimizer/m/lstm_1/kernel`. The rest is in the metadata: see
 * model-metadata.ts, and preparation.ts for what its data goes through. Weights may be rounded to fewer bits: see
 * small-weights.ts.
 *
 * The reader trusts nothing. All of the metadata is checked, and the tensors against it, before any memory is taken
 * for the model; and nothing is written that the reader would refuse.
 */
import { sameBackend } from '../backend/backend.js';
import { DTYPES } from '../core/dtypes.js';
import { ConfigError, DataError, FormatError, LonghandError, NumericError } from '../core/errors.js';
import { checkBoolean, checkOptions, describe } from '../core/options.js';
import type { Region } from '../core/region.js';
import { readSafetensors, type StoredTensor, writeSafetensors } from '../core/safetensors.js';
import { type FloatArray, formatShape, type Shape } from '../core/tensor.js';
import type { Functional } from './functional.js';
import { Model } from './model.js';
import {
  createModel,
  type Description,
  describeModel,
  readArchitecture,
  readDescription,
  stateName,
} from './model-metadata.js';
import type { Network } from './network.js';
import { PREPARATION, type Preparation, writePreparation } from './preparation.js';
import type { Sequential } from './sequential.js';
import {
  checkSmallOptions,
  checkWeightFormat,
  loadSmall,
  scalesName,
  storeSmall,
  type WeightFormat,
} from './small-weights.js';

export interface SaveOptions {
  /** Whether the compile options and the optimizer's state are in the file; true by default, unless weights are rounded. */
  includeOptimizer?: boolean;
  /**
   * What the weights are rounded to: `'float16'` and `'bfloat16'` take half of the bytes, `'int8'` about a quarter (see
   * `quantizationReport` for what it costs). The file is loaded as a model in single precision, ready to predict; it does
   * not hold the optimizer. `'float32'`, or what the model computes in, by default.
   */
  weights?: WeightFormat;
  /** What the model's data goes through, to be read by `readPreparation`: transforms, columns, labels; nothing by default. */
  preparation?: Preparation;
}

/**
 * The bytes of a file that holds the model: architecture, weights, compile options and the optimizer's state.
 *
 * @throws ConfigError when the model is not built yet, or has a part that no file can hold
 * @throws NumericError when a weight, or what the optimizer keeps beside it, is not finite, or cannot be rounded to
 *   `weights`
 */
export function serializeModel(model: Model<FloatArray>, options: SaveOptions = {}): Uint8Array<ArrayBuffer> {
  if (!(model instanceof Model)) {
    throw new ConfigError(`a model is saved, sequential([...]), but got ${describe(model)}`);
  }
  checkOptions('serializeModel', options, ['includeOptimizer', 'weights', 'preparation']);
  const format = checkWeightFormat('serializeModel: weights', options.weights ?? 'float32');
  checkSmallOptions(format, options.includeOptimizer);
  const includeOptimizer = checkBoolean('includeOptimizer', options.includeOptimizer ?? format === 'float32');
  const { network } = model.internals;
  const compiled = includeOptimizer ? model.internals.compiled : undefined;
  if (!network)
    throw new ConfigError('the model has no weights yet: build it, or let it see data, and then save it');
  const metadata = describeModel(model, network, includeOptimizer);
  try {
    readDescription(metadata);
  } catch (error) {
    throw error instanceof LonghandError
      ? new ConfigError(`the model could not be read from a file again: ${error.message}`)
      : error;
  }
  if (options.preparation !== undefined) metadata[PREPARATION] = writePreparation(options.preparation);
  const tensors = new Map<string, StoredTensor>();
  for (const { name, region, shape } of storedRegions(network, compiled !== undefined)) {
    const bad = indexOfNonFinite(region.array);
    if (bad !== -1) {
      throw new NumericError(
        `'${name}' holds ${region.array[bad]} at index ${bad}, so the model is not saved: go back to one that was, ` +
          'or train with a smaller learning rate',
      );
    }
    const stored =
      format === 'float32'
        ? [[name, store(region.array, shape)] as const]
        : storeSmall(name, region.array, shape, format);
    for (const [storedName, tensor] of stored) tensors.set(storedName, tensor);
  }
  // Numbers of more bits first, so that each lies where it may be read at once.
  const aligned = [...tensors].sort(([, a], [, b]) => DTYPES[b.dtype].bits - DTYPES[a.dtype].bits);
  return writeSafetensors(new Map(aligned), metadata);
}

/**
 * The model that a file of `serializeModel` holds. It runs on the kernels that it was saved with, where this engine
 * has them, and then predicts the same bits as the one that was saved, and training goes on with the same bits as if
 * it had never stopped.
 *
 * @typeParam M  what the file holds, a sequential model by default: a file cannot tell the compiler
 * @throws FormatError when the bytes are cut short or are not what they say; nothing has been loaded then
 *
 * @example
 * const again = deserializeModel(bytes);
 * const churn = deserializeModel<typeof model>(bytes); // the same inputs and outputs as another one
 */
export function deserializeModel<M extends Model<FloatArray> = Sequential<FloatArray>>(bytes: Uint8Array): M {
  if (!(bytes instanceof Uint8Array)) {
    const hint = (bytes as unknown) instanceof ArrayBuffer ? ': write new Uint8Array(buffer)' : '';
    throw new DataError(`a model is read from a Uint8Array but got ${describe(bytes)}${hint}`);
  }
  const { tensors, metadata } = readSafetensors(bytes);
  // What a checkpoint holds beside the model: no weight is named like that.
  for (const name of tensors.keys()) if (name.startsWith('longhand.fit.')) tensors.delete(name);
  try {
    const description = readDescription(metadata);
    return load(readTensors(tensors, description), description) as Model<FloatArray> as M;
  } catch (error) {
    if (error instanceof FormatError || !(error instanceof LonghandError)) throw error;
    throw new FormatError(`the file does not hold a sound model: ${error.message}`);
  }
}

function load(
  tensors: ReadonlyMap<string, FloatArray>,
  { stored, training }: Description,
): Sequential<FloatArray> | Functional<FloatArray> {
  const { seed, precision, random } = stored;
  const options = { seed, precision, backend: sameBackend(stored.backend, precision) };
  const model = createModel(readArchitecture(stored), options, false);
  if (training) (model as Model<FloatArray>).compile(training.options);
  const network = model.internals.network as Network;
  for (const { name, region } of storedRegions(network, training !== undefined)) {
    region.array.set(tensors.get(name) as FloatArray);
  }
  if (training) {
    network.optimizer.iterations = training.iterations;
    network.optimizer.waiting = training.waiting ?? { batches: 0, count: 0 };
  }
  network.shuffling.restore(random.shuffling);
  network.dropout.restore(random.dropout);
  return model;
}

/** The numbers of the tensors that the metadata asks for, all of them found true. */
function readTensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  { stored: { precision }, training, shapes }: Description,
): Map<string, FloatArray> {
  const dtype = precision === 'float32' ? 'F32' : 'F64';
  const found = new Map<string, FloatArray>();
  const known = new Set<string>();
  for (const [name, shape] of shapes) {
    const tensor = tensors.get(name);
    if (!tensor)
      throw new FormatError(`the file lacks the tensor '${name}' ${formatShape(shape)} of its model`);
    if (tensor.shape.length !== shape.length || tensor.shape.some((axis, i) => axis !== shape[i])) {
      throw new FormatError(
        `the tensor '${name}' of the file is ${describeShape(tensor.shape)} where its model needs ${formatShape(shape)}`,
      );
    }
    // Weights are rounded in files without an optimizer alone.
    const data =
      tensor.dtype === dtype ? tensor.data : training ? undefined : loadSmall(name, tensor, tensors);
    if (!data) {
      throw new FormatError(
        `the tensor '${name}' of the file is ${tensor.dtype} where its model is ${dtype}`,
      );
    }
    const bad = indexOfNonFinite(data as FloatArray);
    if (bad !== -1)
      throw new FormatError(`the tensor '${name}' of the file holds ${data[bad]} at index ${bad}`);
    found.set(name, data as FloatArray);
    known.add(name);
    if (tensor.dtype === 'I8') known.add(scalesName(name));
  }
  for (const name of tensors.keys()) {
    if (!known.has(name)) {
      throw new FormatError(`the file holds a tensor ${describe(name)} that does not belong to its model`);
    }
  }
  return found;
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
  const weights = network.weights.map(({ name, value, shape }) => ({ name, region: value, shape }));
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

function store(array: FloatArray, shape: Shape): StoredTensor {
  return array instanceof Float32Array
    ? { dtype: 'F32', shape, data: array }
    : { dtype: 'F64', shape, data: array };
}

/** The shape, or its beginning where a file gives a tensor thousands of axes. */
function describeShape(shape: Shape): string {
  return shape.length > 8 ? `of ${shape.length} axes` : formatShape(shape);
}
