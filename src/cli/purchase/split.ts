/**
 * Who is learned from and who is tested on. Test customers are never trained on: a fifth of those who are known at
 * the cut, by seed, or the customers that are named. Of the others who are known when the training window ends, a
 * tenth, by seed, is held out for validation. Nothing here looks at a purchase after the cut but for the labels of
 * the test.
 */
import { DataError } from '../../core/errors.js';
import { Random } from '../../core/random.js';
import { formatDay } from '../../data/calendar.js';
import { firstDay } from './history.js';
import type { PurchaseLog } from './purchase-log.js';
import {
  amountUnit,
  type LabeledSequences,
  labeledSequences,
  type Sequences,
  sequencesBefore,
} from './sequences.js';
import { planWindows, type Windows } from './windows.js';

export interface SplitOptions {
  /** Weeks in which a customer is to buy. */
  readonly horizon: number;
  /** The cut, in days since the log's first date; by default as late as the log allows. */
  readonly cut?: number | undefined;
  readonly seed: number;
  /** The ids to test on; by default a fifth of all customers. */
  readonly testCustomers?: readonly string[] | undefined;
  /** The share of the customers to learn from that is held out for validation; a tenth by default. */
  readonly validationShare?: number;
}

export interface Split {
  readonly windows: Windows;
  /** The unit in which the features count amounts. */
  readonly unit: number;
  readonly train: LabeledSequences;
  readonly validation: LabeledSequences;
  readonly test: Sequences;
}

const TEST_SHARE = 1 / 5;
const VALIDATION_SHARE = 1 / 10;
/** Below these a score says nothing, and a fit learns nothing. */
const FEWEST_TRAINED_ON = 50;
const FEWEST_TESTED_ON = 10;
/** The generator's stream, unlike those of other users of the same seed. */
const STREAM = 102;

/** Lays the windows, divides the customers, and makes their sequences. */
export function splitLog(log: PurchaseLog, options: SplitOptions): Split {
  const windows = planWindows(log, options.horizon, options.cut);
  const random = new Random(options.seed, STREAM);
  const known = customersKnownAt(log, windows.cut);
  const test =
    options.testCustomers === undefined
      ? take(known, TEST_SHARE, random)
      : namedCustomers(log, known, options.testCustomers);
  const learned = customersKnownAt(log, windows.trainOrigin).filter(notIn(test));
  checkNumbers(log, windows, learned.length, test.length);
  const validation = take(learned, options.validationShare ?? VALIDATION_SHARE, random);
  const unit = amountUnit(log, learned, windows.trainOrigin);
  const split = {
    windows,
    unit,
    train: labeledSequences(log, windows, learned.filter(notIn(validation)), unit),
    validation: labeledSequences(log, windows, validation, unit),
    test: sequencesBefore(log, windows, test, windows.cut, unit),
  };
  checkLabels(log, split);
  return split;
}

/** The histories of all customers who are known at the cut, up to it. */
export function sequencesAtCut(log: PurchaseLog, { windows, unit }: Split): Sequences {
  return sequencesBefore(log, windows, customersKnownAt(log, windows.cut), windows.cut, unit);
}

/** The histories of all customers up to the end of the log, to ask what comes after it. */
export function sequencesAtEnd(log: PurchaseLog, { windows, unit }: Split): Sequences {
  const start = log.length - 7 * Math.ceil(log.length / 7);
  const everyone = customersKnownAt(log, log.length);
  return sequencesBefore(log, { ...windows, start }, everyone, log.length, unit);
}

/** All customers with a purchase before `day`. */
export function customersKnownAt(log: PurchaseLog, day: number): Int32Array {
  return new Int32Array(log.customers.length)
    .map((_, customer) => customer)
    .filter((customer) => firstDay(log, customer) < day);
}

/** A share of the customers, drawn at random, in their order. */
function take(customers: Int32Array, share: number, random: Random): Int32Array {
  const drawn = customers.slice();
  random.shuffle(drawn);
  return drawn.subarray(0, Math.round(share * drawn.length)).sort();
}

function notIn(customers: Int32Array): (customer: number) => boolean {
  const members = new Set(customers);
  return (customer) => !members.has(customer);
}

function namedCustomers(log: PurchaseLog, known: Int32Array, ids: readonly string[]): Int32Array {
  const places = new Map(log.customers.map((id, customer) => [id, customer]));
  const named = new Set<number>();
  for (const id of ids) {
    const customer = places.get(id);
    if (customer === undefined) {
      throw new DataError(`the test customer '${id}' is not in ${log.name}; name customers of the log`);
    }
    named.add(customer);
  }
  return known.filter((customer) => named.has(customer));
}

function checkNumbers(log: PurchaseLog, windows: Windows, learned: number, tested: number): void {
  const dateOf = (day: number) => formatDay(log.firstDate + day);
  if (learned < FEWEST_TRAINED_ON) {
    throw new DataError(
      `${log.name} has ${learned} customers to learn from who bought before ${dateOf(windows.trainOrigin)}, but a fit needs at least ${FEWEST_TRAINED_ON}; give a longer log, a later --cut or a shorter --horizon`,
    );
  }
  if (tested < FEWEST_TESTED_ON) {
    throw new DataError(
      `${log.name} has ${tested} customers to test on who bought before the cut of ${dateOf(windows.cut)}, but a test needs at least ${FEWEST_TESTED_ON}; give a larger log or a later --cut`,
    );
  }
}

/** With nobody, or everybody, coming back there is nothing to learn. */
function checkLabels(log: PurchaseLog, { windows, train, validation }: Split): void {
  const buyers = count(train.labels) + count(validation.labels);
  const all = train.rows + validation.rows;
  if (buyers > 0 && buyers < all) return;
  const dateOf = (day: number) => formatDay(log.firstDate + day);
  throw new DataError(
    `${buyers === 0 ? 'none' : 'all'} of the ${all} customers to learn from buy from ${dateOf(windows.trainOrigin)} to ${dateOf(windows.cut - 1)}, so that there is nothing to tell them apart by; give another --horizon or --cut`,
  );
}

function count(labels: Uint8Array): number {
  return labels.reduce((sum, label) => sum + label, 0);
}
