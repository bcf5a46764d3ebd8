/** The training loop. */
import { DataError } from '../core/errors.js';
import { type Callback, type History, recordEpoch } from './callbacks.js';
import type { Metric } from './metrics/metric.js';
import { createProgress, type Verbosity } from './progress.js';
import { evaluateBatch, type Logs, restoreOrder, rowOrder, Totals, trainBatch } from './run.js';
import type { Dataset } from './targets.js';
import type { Trainable } from './trainable.js';
import { takeAverages } from './update.js';
import { createYield, type Yield } from './yielding.js';

export interface LoopOptions {
  readonly epochs: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly verbose: Verbosity;
  readonly callbacks: readonly Callback[];
  readonly metrics: readonly Metric[];
  readonly validationMetrics: readonly Metric[];
}

/**
 * Trains for a number of epochs, giving way to the event loop every few milliseconds.
 *
 * @throws NumericError when the loss is no longer finite; the weights are those of the last good update
 */
export async function runFit(
  model: Trainable,
  dataset: Dataset,
  validation: Dataset | undefined,
  options: LoopOptions,
): Promise<History> {
  const { epochs, batchSize, shuffle, callbacks } = options;
  const { rows } = dataset.samples;
  if (rows === 0) throw new DataError('there is no row left to train on: the validation split took them all');
  const history: History = { epoch: [], history: {} };
  const totals = new Totals(options.metrics);
  const validationTotals = new Totals(options.validationMetrics);
  const order = rowOrder(rows);
  const validationOrder = rowOrder(validation?.samples.rows ?? 0);
  const batches = Math.ceil(rows / batchSize);
  const progress = createProgress(options.verbose, epochs, batches);
  const giveWay = createYield();
  const { notice } = model.backend;
  if (options.verbose !== 0 && notice !== undefined) console.log(notice);
  let logs: Logs = {};

  model.stopTraining = false;
  try {
    for (const callback of callbacks) await callback.onTrainBegin?.();
    for (let epoch = 0; epoch < epochs && !model.stopTraining; epoch++) {
      for (const callback of callbacks) await callback.onEpochBegin?.(epoch);
      if (model.stopTraining) break;
      if (shuffle) {
        restoreOrder(order); // an epoch's order hangs on the generator alone, so that a second fit goes on
        model.shuffling.shuffle(order);
      }
      totals.reset(rows * dataset.steps);
      for (let batch = 0; batch < batches && !model.stopTraining; batch++) {
        for (const callback of callbacks) await callback.onBatchBegin?.(batch);
        const start = batch * batchSize;
        const count = Math.min(batchSize, rows - start);
        const where = () => `in epoch ${epoch + 1}, batch ${batch + 1}`; // counted from 1, as progress is
        trainBatch(model, dataset, order, start, count, totals, where);
        for (const callback of callbacks) await callback.onBatchEnd?.(batch, { loss: totals.loss });
        progress.batch(epoch, batch, totals);
        if (giveWay.isDue()) await giveWay.now();
      }
      logs = totals.logs();
      if (validation) {
        await validate(model, validation, validationOrder, batchSize, validationTotals, giveWay);
        Object.assign(logs, validationTotals.logs('val_'));
      }
      recordEpoch(history, epoch, logs);
      progress.epoch(epoch, logs);
      for (const callback of callbacks) await callback.onEpochEnd?.(epoch, logs);
      if (giveWay.isDue()) await giveWay.now();
    }
  } finally {
    progress.end();
  }
  takeAverages(model.parameters, model.optimizer);
  for (const callback of callbacks) await callback.onTrainEnd?.(logs);
  return history;
}

/** Adds up loss and metrics of the validation set, giving way to the event loop between batches. */
async function validate(
  model: Trainable,
  dataset: Dataset,
  order: Int32Array,
  batchSize: number,
  totals: Totals,
  giveWay: Yield,
): Promise<void> {
  const { rows, steps } = dataset.samples;
  totals.reset(rows * dataset.steps);
  for (let start = 0; start < rows; start += batchSize) {
    const pass = model.pass(Math.min(batchSize, rows - start), steps, false);
    evaluateBatch(model, pass, dataset, order, start, totals);
    if (giveWay.isDue()) await giveWay.now();
  }
}
