/**
 * What a network has to beat: the base rate, recency alone, frequency alone, and logistic regression on recency,
 * frequency and monetary value (RFM; Fader, Hardie and Lee, "RFM and CLV", Journal of Marketing Research 42, 2005).
 *
 * Each is fitted at the training origin on all training customers, those held out for validation included, since
 * nothing is chosen by it here; the test customers are then described in the same way at the cut.
 */
import { log1p } from '../../core/math.js';
import { historyBefore, purchasesBetween } from './history.js';
import { fitLogistic, type Matrix, predictLogistic } from './logistic-regression.js';
import type { PurchaseLog } from './purchase-log.js';
import type { Split } from './split.js';

export interface Prediction {
  readonly name: string;
  /** For each test customer, in the order of `split.test.customers`. */
  readonly probabilities: Float64Array;
}

/** What is known of a customer before a day, as features. */
type Describe = (log: PurchaseLog, customer: number, origin: number, unit: number) => number[];

const recency: Describe = (log, customer, origin) => [
  log1p((origin - historyBefore(log, customer, origin).last) / 7),
];

const frequency: Describe = (log, customer, origin) => [
  log1p(historyBefore(log, customer, origin).purchases),
];

/**
 * Logarithms of eight figures: weeks since the last and since the first purchase, purchases, money spent, money a
 * purchase, and purchases in the last 4, 8 and 13 weeks.
 */
const recencyFrequencyMonetary: Describe = (log, customer, origin, unit) => {
  const { purchases, first, last, total } = historyBefore(log, customer, origin);
  const recent = (weeks: number) => purchasesBetween(log, customer, origin - 7 * weeks, origin);
  const weeksSince = (day: number) => (origin - day) / 7;
  const figures = [weeksSince(last), weeksSince(first), purchases, total / unit, total / unit / purchases];
  return [...figures, recent(4), recent(8), recent(13)].map(log1p);
};

/** The four baselines' probabilities for the test customers. */
export function predictBaselines(log: PurchaseLog, split: Split): Prediction[] {
  return [
    { name: 'base rate', probabilities: new Float64Array(split.test.rows).fill(baseRate(split)) },
    { name: 'recency alone', probabilities: regress(log, split, recency) },
    { name: 'frequency alone', probabilities: regress(log, split, frequency) },
    { name: 'logistic regression on RFM', probabilities: regress(log, split, recencyFrequencyMonetary) },
  ];
}

function trainingLabels({ train, validation }: Split): Uint8Array {
  return Uint8Array.from([...train.labels, ...validation.labels]);
}

function baseRate(split: Split): number {
  const labels = trainingLabels(split);
  return labels.reduce((sum, label) => sum + label, 0) / labels.length;
}

function regress(log: PurchaseLog, split: Split, describe: Describe): Float64Array {
  const { windows, unit, train, validation, test } = split;
  const learned = Int32Array.from([...train.customers, ...validation.customers]);
  const features = (customers: Int32Array, origin: number) =>
    stack(Array.from(customers, (customer) => describe(log, customer, origin, unit)));
  const model = fitLogistic(features(learned, windows.trainOrigin), trainingLabels(split));
  return predictLogistic(model, features(test.customers, windows.cut));
}

function stack(rows: readonly (readonly number[])[]): Matrix {
  return { data: Float64Array.from(rows.flat()), rows: rows.length, columns: rows[0]?.length ?? 0 };
}
