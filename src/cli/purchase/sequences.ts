/**
 * A customer's history as a sequence of weeks, with three features a week:
 *
 *   log(1 + purchases),   log(1 + amount / unit) / 3,   1 in the week of the first purchase and 0 elsewhere.
 *
 * Weeks before the first purchase are masked. The recipe and its unit of a dollar are those that do best on CDNOW;
 * a log in a currency of a quite other size is brought to that of dollars by a power of 1000, see `amountUnit`.
 */
import { log1p } from '../../core/math.js';
import { firstDay, firstPurchaseFrom, purchasesBetween } from './history.js';
import type { PurchaseLog } from './purchase-log.js';
import type { Windows } from './windows.js';

export const FEATURES = 3;

/** Row r is the customer `customers[r]` of the log; arrays are [rows, weeks] and [rows, weeks, FEATURES]. */
export interface Sequences {
  readonly customers: Int32Array;
  readonly rows: number;
  readonly weeks: number;
  readonly x: Float32Array;
  /** 1 from the week of the first purchase on, 0 before it. */
  readonly mask: Uint8Array;
  /** A row's own label: 1 if the customer buys in the horizon after the last week. */
  readonly labels: Uint8Array;
}

/** Sequences with a label at every week that has one. */
export interface LabeledSequences extends Sequences {
  /** [rows, weeks]: 1 if the customer buys in the horizon after that week, 0 if not. */
  readonly targets: Float32Array;
  /** [rows, weeks]: 1 where the target counts, 0 before the first label week and before the first purchase. */
  readonly weights: Float32Array;
}

/** The histories of `customers` up to the week that ends before `origin`, and who buys in the horizon after it. */
export function sequencesBefore(
  log: PurchaseLog,
  windows: Windows,
  customers: Int32Array,
  origin: number,
  unit: number,
): Sequences {
  const rows = customers.length;
  const weeks = (origin - windows.start) / 7;
  const x = new Float32Array(rows * weeks * FEATURES);
  const mask = new Uint8Array(rows * weeks);
  const labels = new Uint8Array(rows);
  const counts = new Float64Array(weeks);
  const amounts = new Float64Array(weeks);
  for (let row = 0; row < rows; row++) {
    const customer = customers[row] as number;
    sumWeeks(log, customer, windows.start, counts, amounts);
    const firstWeek = weekOf(windows, firstDay(log, customer));
    for (let week = firstWeek; week < weeks; week++) {
      const at = row * weeks + week;
      mask[at] = 1;
      x[at * FEATURES] = log1p(counts[week] as number);
      x[at * FEATURES + 1] = log1p((amounts[week] as number) / unit) / 3;
      x[at * FEATURES + 2] = week === firstWeek ? 1 : 0;
    }
    labels[row] = buysAfter(log, customer, origin, windows.horizon);
  }
  return { customers, rows, weeks, x, mask, labels };
}

/** The training sequences, which end at the training origin, with their labels at every week. */
export function labeledSequences(
  log: PurchaseLog,
  windows: Windows,
  customers: Int32Array,
  unit: number,
): LabeledSequences {
  const sequences = sequencesBefore(log, windows, customers, windows.trainOrigin, unit);
  const { rows, weeks } = sequences;
  const targets = new Float32Array(rows * weeks);
  const weights = new Float32Array(rows * weeks);
  for (let row = 0; row < rows; row++) {
    const customer = customers[row] as number;
    const firstWeek = Math.max(windows.firstLabelWeek, weekOf(windows, firstDay(log, customer)));
    for (let week = firstWeek; week < weeks; week++) {
      const weekEnd = windows.start + 7 * (week + 1);
      targets[row * weeks + week] = buysAfter(log, customer, weekEnd, windows.horizon);
      weights[row * weeks + week] = 1;
    }
  }
  return { ...sequences, targets, weights };
}

/**
 * 1 while the median amount lies between 1 and 1000; else the power of 1000 that brings it there. It is taken from
 * the purchases of the given customers before the given day.
 */
export function amountUnit(log: PurchaseLog, customers: Int32Array, before: number): number {
  const known: number[] = [];
  for (const customer of customers) {
    const end = firstPurchaseFrom(log, customer, before);
    for (let i = log.offsets[customer] as number; i < end; i++) {
      if ((log.amounts[i] as number) > 0) known.push(log.amounts[i] as number);
    }
  }
  const median = Float64Array.from(known).sort()[Math.floor(known.length / 2)] ?? 1;
  let unit = 1;
  while (median >= 1000 * unit) unit *= 1000;
  while (median < unit) unit /= 1000;
  return unit;
}

function weekOf(windows: Windows, day: number): number {
  return Math.floor((day - windows.start) / 7);
}

/** Purchases and amounts of each week, for as many weeks as the arrays have. */
function sumWeeks(
  log: PurchaseLog,
  customer: number,
  start: number,
  counts: Float64Array,
  amounts: Float64Array,
): void {
  counts.fill(0);
  amounts.fill(0);
  const end = firstPurchaseFrom(log, customer, start + 7 * counts.length);
  for (let i = log.offsets[customer] as number; i < end; i++) {
    const week = Math.floor(((log.days[i] as number) - start) / 7);
    counts[week] = (counts[week] as number) + 1;
    amounts[week] = (amounts[week] as number) + (log.amounts[i] as number);
  }
}

function buysAfter(log: PurchaseLog, customer: number, day: number, horizon: number): 0 | 1 {
  return purchasesBetween(log, customer, day, day + 7 * horizon) > 0 ? 1 : 0;
}
