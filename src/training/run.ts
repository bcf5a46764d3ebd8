/** One batch, forward or forward and backward, and the sums that a pass over the data adds up. */
import type { Parameter } from '../core/parameter.js';
import type { Samples } from '../data/samples.js';
import { loadSamples, loadTargets } from './batches.js';
import type { PlannedLoss } from './losses.js';
import type { Metric } from './metrics/metric.js';
import type { Dataset, Targets } from './targets.js';
import type { Pass, Scrutiny, Trainable } from './trainable.js';
import { applyGradients, notFinite, totalPenalty } from './update.js';

/** The values by name that are reported of a batch, an epoch or an evaluation: `loss`, then the metrics. */
export type Logs = Record<string, number>;

/** What is reported of an output that has a loss. */
export interface OutputReport {
  /** What stands before its names: nothing where it is the only output, else `price_`. */
  readonly prefix: string;
  /** How much its loss weighs in the loss of the model. */
  readonly weight: number;
  readonly metrics: readonly Metric[];
}

/** Adds up the losses and the metrics of all batches: a numerator and a denominator each, divided at the end. */
export class Totals {
  /** Of each output. */
  readonly sums: { loss: number; count: number }[];
  penalty = 0;
  count = 0;
  private readonly factors: Float64Array;
  constructor(readonly reports: readonly OutputReport[]) {
    this.sums = reports.map(() => ({ loss: 0, count: 0 }));
    this.factors = new Float64Array(reports.length);
  }

  /** Begins anew, for the rows of `dataset`, or for any number of rows. */
  reset(dataset?: Dataset): void {
    this.penalty = 0;
    this.count = 0;
    this.reports.forEach(({ metrics }, i) => {
      this.sums[i] = { loss: 0, count: 0 };
      const expected = dataset ? dataset.rows * (dataset.outputs[i] as Targets).steps : 0;
      for (const metric of metrics) metric.reset(expected);
    });
  }

  /** Takes a batch that went forward: the losses of its outputs, and the penalties. */
  add({ losses }: Pass, penalty: number): void {
    for (let i = 0; i < losses.length; i++) {
      const { targets, weights, output, result } = losses[i] as PlannedLoss;
      const { sum, count } = result;
      const { value, mask, steps, features } = output;
      const sums = this.sums[i] as { loss: number; count: number };
      sums.loss += sum;
      sums.count += count;
      this.penalty += count * penalty;
      this.count += count;
      for (const metric of (this.reports[i] as OutputReport).metrics) {
        metric.update(value.array, targets.array, weights.array, mask.array, steps * output.batch, features);
      }
    }
  }

  /** The names under which values are reported. */
  get names(): string[] {
    const losses = this.reports.filter(({ prefix }) => prefix !== '').map(({ prefix }) => `${prefix}loss`);
    const metrics = this.reports.flatMap((report) => report.metrics.map(({ name }) => report.prefix + name));
    return ['loss', ...losses, ...metrics];
  }

  /** What the gradient of each loss of a batch that went forward is multiplied by; good until the next call. */
  factorsOf({ losses }: Pass): Float64Array {
    for (let i = 0; i < losses.length; i++) {
      const { count } = (losses[i] as PlannedLoss).result;
      this.factors[i] = count === 0 ? 0 : (this.reports[i] as OutputReport).weight / count;
    }
    return this.factors;
  }

  /** The mean loss so far: those of the outputs by their weights, and what the weights cost. */
  get loss(): number {
    let mean = this.penalty / this.count;
    this.sums.forEach(({ loss, count }, i) => {
      if (count > 0) mean += ((this.reports[i] as OutputReport).weight * loss) / count;
    });
    return mean;
  }

  /** Loss and metrics, each name behind `prefix`; the losses of the outputs too where there are several. */
  logs(prefix = ''): Logs {
    const logs: Logs = { [`${prefix}loss`]: this.loss };
    this.reports.forEach((report, i) => {
      const { loss, count } = this.sums[i] as { loss: number; count: number };
      if (report.prefix !== '') logs[`${prefix}${report.prefix}loss`] = loss / count;
    });
    for (const { prefix: output, metrics } of this.reports) {
      for (const metric of metrics) logs[`${prefix}${output}${metric.name}`] = metric.result();
    }
    return logs;
  }
}

/**
 * Trains on the rows `order[start]` to `order[start + count - 1]`.
 *
 * @param steps  how many steps of each input are computed; what lies behind them is padding
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
  steps: readonly number[] = dataset.steps,
): void {
  const pass = model.pass(count, steps, true);
  loadBatch(pass, dataset, order, start);
  pass.forward(true);
  forwardLosses(pass);
  const counted = countOf(pass);
  const penalty = penaltyOf(model.parameters, pass, counted);
  checkLoss(pass, penalty, where, model.scrutiny);
  for (const statistic of pass.statistics) {
    const mistake = statistic.mistake();
    if (mistake !== undefined) throw notFinite(mistake, where);
  }
  totals.add(pass, penalty);
  if (counted === 0) return;
  pass.backward(totals.factorsOf(pass), counted);
  const originOf = model.scrutiny?.gradientOriginOf;
  applyGradients(model.parameters, model.optimizer, counted, where, pass, originOf);
  for (const statistic of pass.statistics) statistic.update();
}

function checkLoss(pass: Pass, penalty: number, where: () => string, scrutiny: Scrutiny | undefined): void {
  if (!Number.isFinite(penalty)) {
    throw notFinite(`the loss is ${penalty}`, () => `${where()}, for its penalties are`);
  }
  for (const { result } of pass.losses) {
    if (!Number.isFinite(result.sum)) {
      throw notFinite(`the loss is ${result.sum}`, () => where() + (scrutiny?.originOf(pass) ?? ''));
    }
  }
}

/** The loss of a pass that went forward: those of its outputs by their weights, and the penalties. */
export function lossOf(pass: Pass, weights: readonly number[], parameters: readonly Parameter[]): number {
  forwardLosses(pass);
  let mean = penaltyOf(parameters, pass, countOf(pass));
  pass.losses.forEach(({ result: { sum, count } }, i) => {
    if (count > 0) mean += ((weights[i] as number) * sum) / count;
  });
  return mean;
}

function forwardLosses({ losses }: Pass): void {
  for (const loss of losses) loss.forward();
}

/** How many rows or steps of a batch count, over all outputs. */
function countOf({ losses }: Pass): number {
  let sum = 0;
  for (const { result } of losses) sum += result.count;
  return sum;
}

/** What the weights cost, and what outputs of layers cost for each row or step that counts. */
function penaltyOf(parameters: readonly Parameter[], { penalties }: Pass, counted: number): number {
  let activity = 0;
  if (counted > 0) for (const penalty of penalties) activity += penalty.sum();
  return totalPenalty(parameters) + (counted === 0 ? 0 : activity / counted);
}

/** Runs all rows forward, dropout off, and adds up loss and metrics. */
export function evaluateDataset(
  model: Trainable,
  dataset: Dataset,
  batchSize: number,
  totals: Totals,
  signal?: AbortSignal,
): void {
  totals.reset(dataset);
  forEachBatch(model, dataset.inputs, batchSize, signal, (pass, order, start) => {
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
  loadBatch(pass, dataset, order, start);
  pass.forward(false);
  forwardLosses(pass);
  totals.add(pass, penaltyOf(model.parameters, pass, countOf(pass)));
}

/** Calls `run` with a pass for each batch of rows in their natural order, until the signal is aborted. */
export function forEachBatch(
  model: Trainable,
  inputs: readonly Samples[],
  batchSize: number,
  signal: AbortSignal | undefined,
  run: (pass: Pass, order: Int32Array, start: number, count: number) => void,
): void {
  const { rows } = inputs[0] as Samples;
  const order = rowOrder(rows);
  model.scrutiny?.checkRows(model, rows, batchSize);
  for (let start = 0; start < rows; start += batchSize) {
    signal?.throwIfAborted();
    const count = Math.min(batchSize, rows - start);
    run(model.pass(count, stepsOf(inputs), false), order, start, count);
  }
}

/** How many steps each input has. */
export function stepsOf(inputs: readonly Samples[]): number[] {
  return inputs.map(({ steps }) => steps);
}

function loadBatch(pass: Pass, { inputs, outputs }: Dataset, order: Int32Array, start: number): void {
  loadSamples(pass, inputs, order, start);
  loadTargets(pass, outputs);
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
