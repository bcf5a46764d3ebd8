/**
 * A customer's history as a sequence of weeks, with three features a week:
 *
 *   log(1 + purchases),   log(1 + amount / unit) / 3,   1 in the week of the first purchase and 0 elsewhere.
 *
 * Weeks before the first purchase are masked. `groupEvents` makes them, with the labels; here they are moved so that all
 * customers share a calendar. The recipe and its unit of a dollar are those that do best on CDNOW;
 * a log in a currency of a quite other size is brought to that of dollars by a power of 1000, see `amountUnit`.
 */
import { log1p } from '../../core/math.js';
import { MILLISECONDS_A_DAY } from '../../data/calendar.js';
import { type EventLog, eventGrouper } from '../../data/event-log.js';
import type { EventSequences } from '../../data/event-sequences.js';
import { firstPurchaseFrom } from './history.js';
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
  const weeks = (origin - windows.start) / 7;
  if (customers.length === 0) return alignToEnd(undefined, customers, weeks);
  const known = groupByWeek(log, customers, origin, windows.horizon, unit).test();
  return alignToEnd(known, customers, weeks);
}

/** The training sequences, which end at the training origin, with their labels at every week. */
export function labeledSequences(
  log: PurchaseLog,
  windows: Windows,
  customers: Int32Array,
  unit: number,
): LabeledSequences {
  const { cut, horizon, trainWeeks, firstLabelWeek } = windows;
  const known = customers.length === 0 ? undefined : groupByWeek(log, customers, cut, horizon, unit).train();
  const sequences = alignToEnd(known, customers, trainWeeks);
  const { targets, weights } = sequences;
  for (let row = 0; row < customers.length; row++) {
    const end = row * trainWeeks + firstLabelWeek;
    targets.fill(0, row * trainWeeks, end);
    weights.fill(0, row * trainWeeks, end);
  }
  return sequences;
}

/** The purchases of `customers` by weeks that are counted from day `cut` on; their ids are the customers' numbers. */
function groupByWeek(
  log: PurchaseLog,
  customers: Int32Array,
  cut: number,
  horizon: number,
  unit: number,
): EventLog {
  const grouper = eventGrouper<{ customer: number; time: number; amount: number }>({
    entity: 'customer',
    time: 'time',
    period: 'week',
    cut: cut * MILLISECONDS_A_DAY,
    horizon,
    features: {
      purchases: { take: 'count', map: 'log1p' },
      amount: { take: 'sum', column: 'amount', map: (amount) => log1p(amount / unit) / 3 },
      isFirst: { take: 'isFirst' },
    },
    label: { ask: 'occurs' },
    end: (cut + 7 * horizon) * MILLISECONDS_A_DAY,
    name: log.name,
  });
  for (const customer of customers) {
    for (let i = log.offsets[customer] as number; i < (log.offsets[customer + 1] as number); i++) {
      const time = (log.days[i] as number) * MILLISECONDS_A_DAY;
      grouper.add({ customer, time, amount: log.amounts[i] as number });
    }
  }
  return grouper.finish();
}

/** Sequences that begin with the first purchase, moved to the end of so many weeks of the calendar. */
function alignToEnd(
  known: EventSequences | undefined,
  customers: Int32Array,
  weeks: number,
): LabeledSequences {
  const rows = customers.length;
  const x = new Float32Array(rows * weeks * FEATURES);
  const mask = new Uint8Array(rows * weeks);
  const labels = new Uint8Array(rows);
  const targets = new Float32Array(rows * weeks);
  const weights = new Float32Array(rows * weeks);
  const longest = known?.x.shape[1] ?? 0;
  known?.lengths.forEach((length, row) => {
    const from = row * longest;
    const to = (row + 1) * weeks - length;
    x.set(known.x.data.subarray(from * FEATURES, (from + length) * FEATURES), to * FEATURES);
    targets.set(known.y.data.subarray(from, from + length), to);
    weights.set(known.weights.data.subarray(from, from + length), to);
    mask.fill(1, to, to + length);
    labels[row] = known.labels[row] as number;
  });
  return { customers, rows, weeks, x, mask, labels, targets, weights };
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
