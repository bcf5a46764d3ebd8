/**
 * How good predicted probabilities are, in double precision:
 *
 *   AUC       the chance that a buyer scores above another, exact by rank;
 *   log-loss  -mean of log p for those who buy and log(1 - p) for those who do not;
 *   calibration  mean prediction and share of buyers in ten bins of equal count, in order of prediction;
 *   lift      the share of buyers in the tenth with the highest predictions, over the share in all.
 *
 * Rows with equal predictions are equal to all of these: tied ranks are averaged, and where a bin ends among tied
 * rows it gets their mean label, so that no figure depends on the order of the rows.
 */
import { DataError } from '../../core/errors.js';
import { logLoss } from '../../training/metrics/probability.js';
import { auc } from '../../training/metrics/ranked.js';

export interface CalibrationBin {
  readonly count: number;
  readonly meanPredicted: number;
  /** The share of rows in the bin that buy. */
  readonly share: number;
}

export interface Scores {
  /** NaN when all rows have one label. */
  readonly auc: number;
  readonly logLoss: number;
  /** NaN when nobody buys. */
  readonly lift: number;
  readonly calibration: readonly CalibrationBin[];
}

const BINS = 10;

/** All scores of `probabilities` against `labels` of 0 and 1. */
export function score(labels: ArrayLike<number>, probabilities: ArrayLike<number>): Scores {
  checkProbabilities(probabilities);
  return {
    auc: auc(labels, probabilities),
    logLoss: logLoss(labels, probabilities),
    lift: firstDecileLift(labels, probabilities),
    calibration: calibrate(labels, probabilities),
  };
}

export function firstDecileLift(labels: ArrayLike<number>, probabilities: ArrayLike<number>): number {
  const expected = sortedLabels(labels, probabilities);
  const all = sum(expected, 0, expected.length);
  const top = Math.ceil(expected.length / BINS);
  return sum(expected, expected.length - top, expected.length) / top / (all / expected.length);
}

/** Ten bins, or as many as there are rows when these are fewer. */
export function calibrate(labels: ArrayLike<number>, probabilities: ArrayLike<number>): CalibrationBin[] {
  const expected = sortedLabels(labels, probabilities);
  const predicted = Float64Array.from(probabilities).sort();
  const rows = expected.length;
  const bins = Math.min(BINS, rows);
  return Array.from({ length: bins }, (_, bin) => {
    const start = Math.floor((bin * rows) / bins);
    const end = Math.floor(((bin + 1) * rows) / bins);
    const count = end - start;
    return {
      count,
      meanPredicted: sum(predicted, start, end) / count,
      share: sum(expected, start, end) / count,
    };
  });
}

/** Rows `start` to `end - 1` in ascending order of prediction, which have the same prediction. */
interface TiedGroup {
  readonly start: number;
  readonly end: number;
  readonly buyers: number;
}

function tiedGroups(labels: ArrayLike<number>, probabilities: ArrayLike<number>): TiedGroup[] {
  const probability = (row: number) => probabilities[row] as number;
  const order = new Int32Array(labels.length).map((_, row) => row);
  order.sort((a, b) => probability(a) - probability(b));
  const groups: TiedGroup[] = [];
  for (let start = 0; start < order.length; ) {
    let end = start;
    let buyers = 0;
    while (end < order.length && probability(order[end] as number) === probability(order[start] as number)) {
      buyers += labels[order[end] as number] as number;
      end++;
    }
    groups.push({ start, end, buyers });
    start = end;
  }
  return groups;
}

function checkProbabilities(probabilities: ArrayLike<number>): void {
  for (let row = 0; row < probabilities.length; row++) {
    const p = probabilities[row] as number;
    if (!(p >= 0 && p <= 1))
      throw new DataError(`probabilities lie between 0 and 1, but that of row ${row} is ${p}`);
  }
}

/** The labels in ascending order of prediction, the rows of a tied group each with the mean label of the group. */
function sortedLabels(labels: ArrayLike<number>, probabilities: ArrayLike<number>): Float64Array {
  const expected = new Float64Array(labels.length);
  for (const { start, end, buyers } of tiedGroups(labels, probabilities)) {
    expected.fill(buyers / (end - start), start, end);
  }
  return expected;
}

function sum(values: Float64Array, start: number, end: number): number {
  let total = 0;
  for (let i = start; i < end; i++) total += values[i] as number;
  return total;
}
