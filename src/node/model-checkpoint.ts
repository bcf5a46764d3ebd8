/** Models in files while training runs: every epoch, or the best ones. */
import { rm } from 'node:fs/promises';
import { ConfigError } from '../core/errors.js';
import { checkBoolean, checkInteger, checkNumber, checkOptions, describe } from '../core/options.js';
import type { FloatArray } from '../core/tensor.js';
import type { Model } from '../model/model.js';
import { serializeModel } from '../model/model-file.js';
import { type PipelineParts, serializePipeline } from '../model/pipeline.js';
import type { Transforms } from '../model/pipeline-parts.js';
import type { SymbolicPorts } from '../model/ports.js';
import { createMonitor, type MonitorOptions } from '../training/callbacks/monitor.js';
import { createVoice } from '../training/callbacks/voice.js';
import type { Callback, TrainedModel } from '../training/callbacks.js';
import type { Logs } from '../training/run.js';
import { checkPath, writeFileWhole } from './files.js';

export interface ModelCheckpointOptions extends MonitorOptions {
  /** Whether the model is saved only when the value that is watched is the best so far; false by default. */
  saveBestOnly?: boolean;
  /** `'epoch'`, the default, or after how many batches. */
  saveFreq?: 'epoch' | number;
  /** A value that has to be surpassed before anything is saved; none by default. */
  initialValueThreshold?: number;
  /** The pipeline that the model is part of: its files are then such as `loadPipeline` reads. None by default. */
  pipeline?: PipelineParts<Transforms, Transforms, AnyModel>;
  /** How many of the files that it wrote stay, the last ones; all by default. */
  keep?: number;
  /** 1 says in a line what is saved; 0, the default, says nothing. */
  verbose?: 0 | 1;
}

type AnyModel = Model<FloatArray, SymbolicPorts, SymbolicPorts>;

interface State {
  readonly best: number | undefined;
  readonly written: readonly string[];
  readonly batches: number;
}

const optionNames = [
  'monitor',
  'mode',
  'saveBestOnly',
  'saveFreq',
  'initialValueThreshold',
  'pipeline',
  'keep',
  'verbose',
];

const hints = {
  saveWeightsOnly: 'leave it out, a file holds architecture, weights and optimizer',
  filepath: 'give the path first: modelCheckpoint(path, { ... })',
};

/**
 * Saves the model after every epoch, or whenever it is the best so far: files that `loadModel` reads. In the path
 * `{epoch}` stands for the number of the epoch, from 1, `{epoch:02d}` for that with two digits at least, `{batch}` for
 * that of the batch, and `{val_loss:.4f}` for a value with four decimals. Names and meanings are Keras's; `keep` is not
 * there.
 *
 * @throws ConfigError for an option that is unknown or out of range; from `fit`, when the path names a value that it does
 *   not report, and the system's error when a file cannot be written
 *
 * @example modelCheckpoint('model-{epoch:03d}.safetensors', { keep: 3 })
 * @example modelCheckpoint('best.safetensors', { monitor: 'val_auc', saveBestOnly: true })
 * @example await pipe.fit(x, y, { callbacks: [modelCheckpoint('best.safetensors', { pipeline: pipe })] })
 */
export function modelCheckpoint(path: string, options: ModelCheckpointOptions = {}): Callback {
  checkPath('modelCheckpoint', path);
  checkOptions('modelCheckpoint', options, optionNames, hints);
  const { saveBestOnly = false, saveFreq = 'epoch', initialValueThreshold, keep } = options;
  checkBoolean('modelCheckpoint: saveBestOnly', saveBestOnly);
  if (saveFreq !== 'epoch') checkInteger('modelCheckpoint: saveFreq', saveFreq);
  if (initialValueThreshold !== undefined) {
    checkNumber('modelCheckpoint: initialValueThreshold', initialValueThreshold);
  }
  const placeholders = placeholdersOf(path);
  checkKeep(keep, placeholders);
  if (saveBestOnly && saveFreq !== 'epoch') {
    throw new ConfigError("modelCheckpoint: saveBestOnly goes with saveFreq 'epoch', when values are known");
  }
  const monitor = createMonitor('modelCheckpoint', options, 0);
  const say = createVoice('modelCheckpoint', options.verbose ?? 0);
  const begin: State = { best: initialValueThreshold, written: [], batches: 0 };
  let state = begin;
  let epochAtHand = 0;

  const save = async (model: TrainedModel, values: Logs): Promise<void> => {
    const file = fill(path, values);
    const { pipeline } = options;
    await writeFileWhole(
      file,
      pipeline ? serializePipeline(pipeline) : serializeModel(model as TrainedModel & AnyModel),
    );
    const written = [...state.written.filter((name) => name !== file), file];
    const old = keep === undefined ? [] : written.slice(0, -keep);
    for (const name of old) await rm(name, { force: true });
    state = { ...state, written: written.slice(old.length) };
    say(`epoch ${epochAtHand + 1}: the model is saved in ${file}`);
  };

  return {
    onTrainBegin: (training) => {
      if (saveBestOnly) monitor.check(training);
      if (options.pipeline !== undefined && options.pipeline?.model !== (training.model as unknown)) {
        throw new ConfigError('modelCheckpoint: pipeline is another than the one that is trained');
      }
      const known = ['epoch', ...(saveFreq === 'epoch' ? training.values : ['batch', 'loss'])];
      const strange = placeholders.find((name) => !known.includes(name));
      if (strange !== undefined) {
        throw new ConfigError(
          `modelCheckpoint: the path names {${strange}} and there is ${known.join(', ')}`,
        );
      }
      state = begin;
    },
    onEpochBegin: (epoch) => {
      epochAtHand = epoch;
    },
    onBatchEnd: async (batch, logs, { model }) => {
      if (saveFreq === 'epoch') return;
      state = { ...state, batches: state.batches + 1 };
      if (state.batches % saveFreq === 0)
        await save(model, { ...logs, epoch: epochAtHand + 1, batch: batch + 1 });
    },
    onEpochEnd: async (epoch, logs, { model }) => {
      epochAtHand = epoch;
      if (saveFreq !== 'epoch') return;
      const value = monitor.read(logs);
      if (saveBestOnly) {
        if (value === undefined || !monitor.isBetter(value, state.best)) return;
        state = { ...state, best: value };
      }
      await save(model, { ...logs, epoch: epoch + 1 });
    },
    state: () => state,
    restore: (saved) => {
      state = saved as State;
    },
  };
}

function checkKeep(keep: number | undefined, placeholders: readonly string[]): void {
  if (keep === undefined) return;
  checkInteger('modelCheckpoint: keep', keep);
  if (placeholders.length > 0) return;
  throw new ConfigError(
    "modelCheckpoint: keep needs a path that changes, such as 'model-{epoch}.safetensors'",
  );
}

const PLACEHOLDER = /\{(\w+)(?::(?:0?(\d+)d|\.(\d+)f))?\}/g;

function placeholdersOf(path: string): string[] {
  const rest = path.replace(PLACEHOLDER, '');
  if (/[{}]/.test(rest)) {
    throw new ConfigError(
      `modelCheckpoint: the path ${describe(path)} has a brace too many: write {epoch}, {epoch:02d} or {val_loss:.4f}`,
    );
  }
  return [...path.matchAll(PLACEHOLDER)].map(([, name]) => name as string);
}

function fill(path: string, values: Readonly<Logs>): string {
  return path.replace(PLACEHOLDER, (_, name: string, digits?: string, decimals?: string) => {
    const value = values[name];
    if (value === undefined) return 'none'; // of validation, in an epoch without one
    if (decimals !== undefined) return value.toFixed(Number(decimals));
    return digits === undefined ? String(value) : String(value).padStart(Number(digits), '0');
  });
}
