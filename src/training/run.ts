/** One batch, forward or forward and backward, and the sums that a pass over the data adds up. */
import type { Samples } from '../data/samples.js';
import { loadSamples, loadTargets } from './batches.js';
import type { PlannedLoss } from './losses.js';
import type { Metric } from './metrics/metric.js';
import type { Dataset } from './targets.js';
import type { Pass, Trainable } from './trainable.js';
import { applyGradients, notFinite, totalPenalty } from './update.js';

/** The values by name that are reported of a batch, an epoch or an evaluation: `loss`, then the metrics. */
export type Logs = Record<string, number>;

/** The sums of a pass over the data that is not over yet. */
export interface TotalsState {
  readonly sum: number;
  readonly count: number;
  readonly metrics: readonly Float64Array[];
}

/** Adds up the loss and the metrics of all batches: one numerator and one denominator, divided at the end. */
export class Totals {
  private sum = 0;
  private count = 0;
  constructor(private readonly metrics: readonly Metric[]) {}

  /** Begins anew, for up to `rows` rows or steps. */
  reset(rows: number): void {
    this.sum = 0;
    this.count = 0;
    for (const metric of this.metrics) metric.reset(rows);
  }

  /** Takes a batch that went forward: the sum of its losses, how many counted, and what the weights cost. */
  add(pass: Pass, loss: PlannedLoss, lossSum: number, count: number, penalty: number): void {
    this.sum += lossSum + count * penalty;
    this.count += count;
    const { value, mask, steps, batch, features } = pass.output;
    for (const metric of this.metrics) {
      metric.update(value.array, loss.targets.array, loss.weights.array, mask.array, steps * batch, features);
    }
  }

  /** All that has been added up, for a checkpoint. */
  state(): TotalsState {
    return { sum: this.sum, count: this.count, metrics: this.metrics.map((metric) => metric.state()) };
  }

  /** Goes on from what `state` gave, after a `reset`. */
  restore({ sum, count, metrics }: TotalsState): void {
    this.sum = sum;
    this.count = count;
    this.metrics.forEach((metric, i) => void metric.restore(metrics[i] as Float64Array));
  }

  /** The names under which values are reported. */
  get names(): string[] {
    return ['loss', ...this.metrics.map(({ name }) => name)];
  }

  /** The mean loss so far. */
  get loss(): number {
    return this.sum / this.count;
  }

  /** Loss and metrics, each name behind `prefix`. */
  logs(prefix = ''): Logs {
    const logs: Logs = { [`${prefix}loss`]: this.loss };
    for (const metric of this.metrics) logs[`${prefix}${metric.name}`] = metric.result();
    return logs;
  }
}

/**
 * Trains on the rows `order[start]` to `order[start + count - 1]`.
 *
 * @throws NumericError when the loss or a gradient is not finite; the weights are as they were before the batch
 */
export function trainBatch(
  model: Trainable,
  dataset: Dataset,
  order: Int32Array,
  start: number,
  count: number,
  totals: Totals,
  where: () => string,
): void {
  const pass = model.pass(count, dataset.samples.steps, true);
  const loss = loadBatch(pass, dataset, order, start);
  pass.forward(true);
  const lossSum = loss.forward();
  const counted = loss.count();
  const penalty = totalPenalty(model.parameters);
  if (!Number.isFinite(lossSum) || !Number.isFinite(penalty)) {
    throw notFinite(`the loss is ${lossSum + penalty}`, where);
  }
  totals.add(pass, loss, lossSum, counted, penalty);
  if (counted === 0) return;
  pass.backward(1 / counted);
  applyGradients(model.parameters, model.optimizer, counted, where);
}

/** Runs all rows forward, dropout off, and adds up loss and metrics. */
export function evaluateDataset(
  model: Trainable,
  dataset: Dataset,
  batchSize: number,
  totals: Totals,
  signal?: AbortSignal,
): void {
  totals.reset(dataset.samples.rows * dataset.steps);
  forEachBatch(model, dataset.samples, batchSize, signal, (pass, order, start) => {
    evaluateBatch(model, pass, dataset, order, start, totals);
  });
}

/** Runs the rows from `order[start]` on forward, dropout off, as many as the pass is for. */
export function evaluateBatch(
  model: Trainable,
  pass: Pass,
  dataset: Dataset,
  order: Int32Array,
  start: number,
  totals: Totals,
): void {
  const loss = loadBatch(pass, dataset, order, start);
  pass.forward(false);
  totals.add(pass, loss, loss.forward(), loss.count(), totalPenalty(model.parameters));
}

/** Calls `run` with a pass for each batch of rows in their natural order, until the signal is aborted. */
export function forEachBatch(
  model: Trainable,
  samples: Samples,
  batchSize: number,
  signal: AbortSignal | undefined,
  run: (pass: Pass, order: Int32Array, start: number, count: number) => void,
): void {
  const order = rowOrder(samples.rows);
  for (let start = 0; start < samples.rows; start += batchSize) {
    signal?.throwIfAborted();
    const count = Math.min(batchSize, samples.rows - start);
    run(model.pass(count, samples.steps, false), order, start, count);
  }
}

function loadBatch(pass: Pass, dataset: Dataset, order: Int32Array, start: number): PlannedLoss {
  const loss = pass.loss as PlannedLoss;
  loadSamples(pass, dataset.samples, order, start);
  loadTargets(loss, pass.output, dataset, pass.rowNames);
  return loss;
}

/** 0, 1, 2 ...: the order in which rows are taken when nothing shuffles them. */
export function rowOrder(rows: number): Int32Array {
  const order = new Int32Array(rows);
  restoreOrder(order);
  return order;
}

/** Writes 0, 1, 2 ... again. */
export function restoreOrder(order: Int32Array): void {
  for (let row = 0; row < order.length; row++) order[row] = row;
}
