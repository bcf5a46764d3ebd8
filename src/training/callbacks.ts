/** What runs beside training: hooks, and the record of what came out. */
import { ConfigError } from '../core/errors.js';
import { describe } from '../core/options.js';
import type { Logs } from './run.js';

/** Functions called at certain moments of `fit`. One that returns a promise is waited for. */
export interface Callback {
  onTrainBegin?(): void | Promise<void>;
  /** `logs` are those of the last epoch. */
  onTrainEnd?(logs: Logs): void | Promise<void>;
  onEpochBegin?(epoch: number): void | Promise<void>;
  /** `logs` holds the epoch's loss and metrics, and with a validation set the same names behind `val_`. */
  onEpochEnd?(epoch: number, logs: Logs): void | Promise<void>;
  onBatchBegin?(batch: number): void | Promise<void>;
  /** `logs` holds the mean loss of the epoch so far. */
  onBatchEnd?(batch: number, logs: Logs): void | Promise<void>;
}

const hookNames = [
  'onTrainBegin',
  'onTrainEnd',
  'onEpochBegin',
  'onEpochEnd',
  'onBatchBegin',
  'onBatchEnd',
] as const satisfies readonly (keyof Callback)[];

/** @throws ConfigError for what is no object, or has no hook at all */
export function checkCallback(callback: Callback, index: number): void {
  const isObject = typeof callback === 'object' && callback !== null;
  if (isObject && hookNames.some((name) => typeof callback[name] === 'function')) return;
  throw new ConfigError(
    `fit: callbacks[${index}] is ${describe(callback)}, which has none of the hooks ${hookNames.join(', ')}`,
  );
}

/** What `fit` returns. */
export interface History {
  /** The numbers of the epochs, from 0. */
  readonly epoch: number[];
  /** The value of every epoch by name: `loss`, the metrics, and with a validation set `val_loss` and so on. */
  readonly history: Record<string, number[]>;
}

export function recordEpoch({ epoch: epochs, history }: History, epoch: number, logs: Logs): void {
  epochs.push(epoch);
  for (const [name, value] of Object.entries(logs)) {
    history[name] ??= [];
    history[name].push(value);
  }
}
