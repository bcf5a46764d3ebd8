/** What runs beside training: hooks at certain moments, and what they see of it. */
import { ConfigError, type NumericError } from '../core/errors.js';
import { describe } from '../core/options.js';
import type { Tensor } from '../core/tensor.js';
import type { Logs } from './run.js';

/** What a callback may read and change of the model that is trained. */
export interface TrainedModel {
  /** Set it to true to end `fit` after the batch at hand. */
  stopTraining: boolean;
  /** The learning rate of the next update; it can be set where the optimizer has a number and no schedule. */
  learningRate: number;
  /** Copies of all weights by name. */
  getWeights(): Readonly<Record<string, Tensor>>;
  /** Takes weights as `getWeights` returns them. */
  setWeights(weights: Readonly<Record<string, Tensor>>): void;
}

/** What a callback sees of the `fit` that it is part of. */
export interface Training {
  readonly model: TrainedModel;
  /** The number of the epoch before which training ends. */
  readonly epochs: number;
  /** How many batches an epoch has; undefined where they come one by one and only the end tells. */
  readonly batches: number | undefined;
  /** The names of the values in the logs of an epoch, those of validation at the end. */
  readonly values: readonly string[];
}

/**
 * Functions called at certain moments of `fit`. One that returns a promise is waited for; one that throws ends `fit`
 * with its error, and the model is as the last batch has left it. Epochs and batches are counted from 0.
 */
export interface Callback {
  onTrainBegin?(training: Training): void | Promise<void>;
  /** `logs` are those of the last epoch. */
  onTrainEnd?(logs: Logs, training: Training): void | Promise<void>;
  onEpochBegin?(epoch: number, training: Training): void | Promise<void>;
  /** `logs` holds the epoch's loss and metrics, and if it was validated the same names behind `val_`. */
  onEpochEnd?(epoch: number, logs: Logs, training: Training): void | Promise<void>;
  onBatchBegin?(batch: number, training: Training): void | Promise<void>;
  /** `logs` holds the mean loss of the epoch so far, and its metrics. */
  onBatchEnd?(batch: number, logs: Logs, training: Training): void | Promise<void>;
  /** Before the validation of an epoch. */
  onTestBegin?(training: Training): void | Promise<void>;
  /** After the validation of an epoch; `logs` holds its values, without `val_`. */
  onTestEnd?(logs: Logs, training: Training): void | Promise<void>;
  /**
   * Called when a loss, gradient or update is not finite; the weights are those before the batch. Where one returns
   * true, `fit` ends as if it had been stopped; else it ends with the error.
   */
  onNumericError?(error: NumericError, training: Training): boolean | Promise<boolean>;
  /** What a checkpoint should keep of the callback: plain data, in which arrays of floats may be. */
  state?(): unknown;
  /** Gets what `state` gave, when `fit` goes on from a checkpoint, after `onTrainBegin`. */
  restore?(state: unknown): void | Promise<void>;
}

const hookNames = [
  'onTrainBegin',
  'onTrainEnd',
  'onEpochBegin',
  'onEpochEnd',
  'onBatchBegin',
  'onBatchEnd',
  'onTestBegin',
  'onTestEnd',
  'onNumericError',
] as const satisfies readonly (keyof Callback)[];

/** @throws ConfigError for what is no object, or has no hook at all */
export function checkCallback(callback: Callback, where: string): void {
  const isObject = typeof callback === 'object' && callback !== null;
  if (isObject && hookNames.some((name) => typeof callback[name] === 'function')) return;
  throw new ConfigError(
    `${where} is ${describe(callback)}, which has none of the hooks ${hookNames.join(', ')}`,
  );
}
