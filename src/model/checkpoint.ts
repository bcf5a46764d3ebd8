/**
 * Checkpoints: a model's file with the state of the `fit` that runs beside it, in the metadata and in tensors whose names
 * begin with `longhand.fit.`. So every checkpoint is a model that can be loaded by itself.
 */
import { ConfigError, FormatError } from '../core/errors.js';
import { checkInteger, checkNumber, checkOptions, describe } from '../core/options.js';
import { isRandomState } from '../core/random.js';
import type { Region } from '../core/region.js';
import { isFloatTensor, readSafetensors, type StoredTensor, writeSafetensors } from '../core/safetensors.js';
import type { FloatArray } from '../core/tensor.js';
import type { TrainedModel } from '../training/callbacks.js';
import type { Checkpoint, FitState } from '../training/checkpoint.js';
import type { EpochRecord } from '../training/epoch-history.js';
import { type Carried, carriedBy, carryOn } from './carried.js';
import type { Model } from './model.js';
import { deserializeModel, serializeModel } from './model-file.js';
import type { Network } from './network.js';
import { pack, unpack } from './packing.js';

/** How often `fit` writes a checkpoint; at least one of the two. */
export interface CheckpointFrequency {
  /** After how many batches, counted over all epochs. */
  everySteps?: number;
  /** After how many seconds, at the end of the batch at hand. */
  everySeconds?: number;
}

/** Where the bytes go, and where they come from. */
export interface CheckpointOptions extends CheckpointFrequency {
  /** Keeps the bytes; those before may be forgotten once these are safe. It is waited for. */
  save(bytes: Uint8Array<ArrayBuffer>): void | Promise<void>;
  /** The bytes kept last; nothing where none are. */
  load(): Uint8Array | undefined | Promise<Uint8Array | undefined>;
}

const STATE = 'longhand.fit';

/**
 * A checkpoint in a place of your own, such as a page's database. For a file there is `fileCheckpoint` in
 * `longhand/node`. It holds weights, optimizer, learning rate, random generators, the order and the sums of the epoch
 * at hand, the history, and the state of each callback: `fit` with `resume` goes on with the same bits as a run that
 * was never stopped. It is written also when `fit` ends, and when its signal is aborted.
 *
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example
 * let kept: Uint8Array | undefined;
 * const store = checkpoint({ everySteps: 100, save: (bytes) => void (kept = bytes), load: () => kept });
 * await model.fit(x, y, { epochs: 20, checkpoint: store, resume: true });
 */
export function checkpoint(options: CheckpointOptions): Checkpoint {
  checkOptions('checkpoint', options, ['save', 'load', 'everySteps', 'everySeconds']);
  const { save, load, everySteps, everySeconds } = options;
  for (const [name, value] of Object.entries({ save, load })) {
    if (typeof value !== 'function') {
      throw new ConfigError(`checkpoint: ${name} is a function but is ${describe(value)}`);
    }
  }
  checkFrequency('checkpoint', options);
  return {
    everySteps,
    everySeconds,
    write: async (model, state) => save(write(model as Trained, state)),
    read: async (model) => {
      const bytes = await load();
      return bytes === undefined ? undefined : read(model as Trained, bytes);
    },
  };
}

/** @throws ConfigError unless it is said how often */
export function checkFrequency(where: string, { everySteps, everySeconds }: CheckpointFrequency): void {
  if (everySteps === undefined && everySeconds === undefined) {
    throw new ConfigError(`${where} needs everySteps, everySeconds or both: { everySeconds: 60 }`);
  }
  if (everySteps !== undefined) checkInteger(`${where}: everySteps`, everySteps);
  if (everySeconds !== undefined) checkNumber(`${where}: everySeconds`, everySeconds, { above: 0 });
}

type Trained = TrainedModel & Model<FloatArray>;

function write(model: Trained, { records, ...state }: FitState): Uint8Array<ArrayBuffer> {
  const { tensors, metadata } = readSafetensors(serializeModel(model));
  const { json, arrays } = pack('the state of a callback', {
    ...state,
    records: toColumns(records),
    carried: carriedBy(model.layers),
  });
  arrays.forEach((data, i) => void tensors.set(`${STATE}.${i}`, toStored(data)));
  return writeSafetensors(tensors, { ...metadata, [STATE]: json });
}

function read(model: Trained, bytes: Uint8Array): FitState {
  const { tensors, metadata } = readSafetensors(bytes);
  const json = metadata[STATE];
  if (json === undefined) throw new FormatError('the file holds no checkpoint of a fit');
  checkSameModel(metadata, readSafetensors(serializeModel(model)).metadata);
  const arrays: FloatArray[] = [];
  for (let tensor = tensors.get(`${STATE}.0`); tensor; tensor = tensors.get(`${STATE}.${arrays.length}`)) {
    if (!isFloatTensor(tensor)) throw new FormatError(`the checkpoint holds numbers of ${tensor.dtype}`);
    arrays.push(tensor.data);
  }
  const { carried, ...state } = toState(unpack({ json, arrays }));
  takeOver(model.internals.network as Network, deserializeModel(bytes).internals.network as Network);
  carryOn(model.layers, carried);
  return state;
}

function toStored(data: FloatArray): StoredTensor {
  const shape = [data.length];
  return data instanceof Float32Array ? { dtype: 'F32', shape, data } : { dtype: 'F64', shape, data };
}

/** Makes a model what another of the same kind is: weights, optimizer, random generators. */
function takeOver(network: Network, from: Network): void {
  const { optimizer } = network;
  const copy = (to: readonly Region[], of: readonly Region[]) =>
    to.forEach(({ array }, i) => void array.set((of[i] as Region).array));
  const weights = (of: Network) => of.weights.map(({ value }) => value);
  copy(weights(network), weights(from));
  copy(optimizer.regions.flat(), from.optimizer.regions.flat());
  optimizer.iterations = from.optimizer.iterations;
  optimizer.waiting = from.optimizer.waiting;
  optimizer.learningRate = from.optimizer.learningRate;
  network.shuffling.restore(from.shuffling.state());
  network.dropout.restore(from.dropout.state());
}

/** What may differ between the model that was written and the one that goes on. */
const FREE = ['seed', 'random', 'backend', 'iterations', 'waiting'];

/** @throws ConfigError when a checkpoint was written by a model that was not made alike */
function checkSameModel(
  saved: Readonly<Record<string, string>>,
  own: Readonly<Record<string, string>>,
): void {
  const [theirs, ours] = [saved, own].map(partsOf) as [Record<string, unknown>, Record<string, unknown>];
  for (const [name, value] of Object.entries(ours)) {
    if (JSON.stringify(value) === JSON.stringify(theirs[name])) continue;
    throw new ConfigError(
      `fit: the checkpoint is of a model with another ${name}, so it cannot go on: make and compile the model as it ` +
        'was, or begin anew without resume',
    );
  }
}

/** The description of a model, part by part, without what may differ. */
function partsOf(metadata: Readonly<Record<string, string>>): Record<string, unknown> {
  const [model, training] = ['longhand.model', 'longhand.training'].map((key) =>
    JSON.parse(metadata[key] ?? '{}'),
  ) as [Record<string, unknown>, Record<string, unknown>];
  const parts = Object.entries({ ...model, ...training }).filter(([name]) => !FREE.includes(name));
  return Object.fromEntries(
    parts.map(([name, part]) => [name, name === 'optimizer' ? withoutRate(part) : part]),
  );
}

/** A learning rate that is a number may have been changed on the way. */
function withoutRate(optimizer: unknown): unknown {
  const { learningRate, ...rest } = optimizer as { learningRate?: unknown };
  return typeof learningRate === 'number' ? rest : optimizer;
}

/** The history as one array of numbers a value, NaN and a 0 in `present` where an epoch has it not. */
function toColumns(records: readonly EpochRecord[]) {
  const names = [...new Set(records.flatMap(({ logs }) => Object.keys(logs)))];
  const column = (of: (record: EpochRecord) => number) => Float64Array.from(records, of);
  return {
    epochs: column(({ epoch }) => epoch),
    columns: names.map((name) => ({
      name,
      present: column(({ logs }) => (name in logs ? 1 : 0)),
      values: column(({ logs }) => logs[name] ?? Number.NaN),
    })),
  };
}

function toRecords({ epochs, columns }: ReturnType<typeof toColumns>): EpochRecord[] {
  return Array.from(epochs, (epoch, i) => {
    const there = columns.filter(({ present }) => present[i] === 1);
    return { epoch, logs: Object.fromEntries(there.map(({ name, values }) => [name, values[i] as number])) };
  });
}

/** @throws FormatError when it is not the state of a fit */
function toState(value: unknown): FitState & { readonly carried: readonly Carried[] } {
  const state = value as ReturnType<typeof toState> & { records: ReturnType<typeof toColumns> };
  try {
    checkInteger('epoch', state.epoch, { min: 0 });
    checkInteger('batch', state.batch, { min: 0 });
    checkInteger('before', state.before, { min: 0 });
    if (isRandomState(state.order) && Array.isArray(state.callbacks) && state.totals && state.plan) {
      return { ...state, records: toRecords(state.records) };
    }
  } catch {}
  throw new FormatError('the checkpoint does not hold a sound state of a fit');
}
