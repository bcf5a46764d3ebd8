/**
 * Which rows are learned from and which are tested on: by time, so that nothing later than the test is learned from; by
 * group, so that nobody is on both sides; or at random with the share of every class kept. Each returns the rows'
 * numbers, in ascending order, for `table.pick` or `pickRows`.
 */
import { ConfigError, DataError, ShapeError } from '../core/errors.js';
import { checkInteger, checkNumber, checkOptions, describe } from '../core/options.js';
import { Random } from '../core/random.js';
import { isTensor, type Tensor } from '../core/tensor.js';

/** The numbers of the rows on either side. */
export interface RowSplit {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

export interface RandomSplitOptions {
  /** The share of the rows to be tested on, of groups in a split by groups, of each class in a stratified one; .2 by default. */
  readonly testShare?: number;
  /** The same seed makes the same split; 0 by default. */
  readonly seed?: number;
}

export interface TimeSplitOptions {
  /** The first time of the test, in the units of the times, or as a Date for milliseconds. One of `cut` and `testShare`. */
  readonly cut?: number | Date;
  /** About what share of the rows, the latest, is to be tested on; rows of one time stay together. */
  readonly testShare?: number;
  /** A span before the cut of which no row is learned from, such as the horizon that labels look ahead; 0 by default. */
  readonly gap?: number;
}

const TEST_SHARE = 0.2;
/** The generator's stream, unlike those of other users of the same seed. */
const STREAM = 212;

/**
 * Learns from what is before a time, and tests on what is from it on.
 *
 * @param times  the time of each row, such as `table.numbers('date')`
 * @throws DataError for a time that is missing, or a side without rows
 * @throws ConfigError for options that make no sense
 *
 * @example
 * const { train, test } = splitByTime(log.numbers('date'), { cut: new Date('2024-06-01') });
 * fitOn(log.pick(train));
 */
export function splitByTime(times: ArrayLike<number>, options: TimeSplitOptions): RowSplit {
  checkOptions('splitByTime', options, ['cut', 'testShare', 'gap']);
  const values = Float64Array.from(times);
  const missing = values.findIndex((time) => !Number.isFinite(time));
  if (missing >= 0) throw new DataError(`splitByTime: the time of row ${missing} is ${values[missing]}`);
  const gap = checkNumber('splitByTime: gap', options.gap ?? 0, { min: 0 });
  const cut = cutOf(values, options);
  const rows = Int32Array.from(values, (_, row) => row);
  const split = {
    train: rows.filter((row) => (values[row] as number) < cut - gap),
    test: rows.filter((row) => (values[row] as number) >= cut),
  };
  return checkSides('splitByTime', split, `with a cut at ${cut}${gap > 0 ? ` and a gap of ${gap}` : ''}`);
}

function cutOf(times: Float64Array, { cut, testShare }: TimeSplitOptions): number {
  if (cut !== undefined && testShare === undefined) return checkNumber('splitByTime: cut', Number(cut));
  if (cut !== undefined || testShare === undefined) {
    throw new ConfigError('splitByTime takes one of cut, the first time of the test, and testShare');
  }
  const share = checkNumber('splitByTime: testShare', testShare, { above: 0, below: 1 });
  const ordered = times.slice().sort();
  return ordered[Math.min(ordered.length - 1, Math.round((1 - share) * ordered.length))] ?? 0;
}

/**
 * Puts all rows of a group, of a customer or a patient, on one side, drawn at random.
 *
 * @param groups  the group of each row, such as `table.strings('customer')`
 * @throws DataError for a group that is missing, or a side without rows
 * @throws ConfigError for options that make no sense
 *
 * @example
 * const { train, test } = splitByGroup(log.strings('customer'), { testShare: 0.2, seed: 1 });
 */
export function splitByGroup(
  groups: ArrayLike<number | string | null>,
  options: RandomSplitOptions = {},
): RowSplit {
  const { share, random } = randomSplit('splitByGroup', options);
  const members = rowsByValue('splitByGroup: the group', groups);
  const order = [...members.keys()];
  const drawn = Int32Array.from(order, (_, group) => group);
  random.shuffle(drawn);
  const tested = new Set(drawn.subarray(0, Math.round(share * drawn.length)));
  return checkSides(
    'splitByGroup',
    sidesOf([...members.values()], (rows, group) => (tested.has(group) ? rows.length : 0)),
    `of ${order.length} groups with testShare ${share}`,
  );
}

/**
 * Draws rows at random so that either side has the same shares of all classes, as exactly as whole rows allow.
 *
 * @param labels  the class of each row
 * @throws DataError for a label that is missing, or a side without rows
 * @throws ConfigError for options that make no sense
 *
 * @example
 * const { train, test } = stratifiedSplit(table.strings('species'), { testShare: 0.25, seed: 1 });
 */
export function stratifiedSplit(
  labels: ArrayLike<number | string | boolean | null>,
  options: RandomSplitOptions = {},
): RowSplit {
  const { share, random } = randomSplit('stratifiedSplit', options);
  const members = [...rowsByValue('stratifiedSplit: the label', labels).values()];
  for (const rows of members) random.shuffle(rows);
  // What rounding takes from one class it gives to the next, so that the whole has its share too.
  let owed = 0;
  const split = sidesOf(members, (rows) => {
    owed += share * rows.length;
    const count = Math.min(rows.length, Math.max(0, Math.round(owed)));
    owed -= count;
    return count;
  });
  return checkSides('stratifiedSplit', split, `of ${labels.length} rows with testShare ${share}`);
}

/**
 * Some rows of what has rows: an array, or a Tensor along its first axis.
 *
 * @throws DataError for a row that is not there
 *
 * @example
 * const { train, test } = stratifiedSplit(labels);
 * await model.fit(pickRows(x, train), pickRows(labels, train));
 */
export function pickRows(data: Tensor, rows: ArrayLike<number>): Tensor;
export function pickRows<Item>(data: readonly Item[], rows: ArrayLike<number>): Item[];
export function pickRows(data: Tensor | readonly unknown[], rows: ArrayLike<number>): Tensor | unknown[] {
  const length = isTensor(data) ? (data.shape[0] ?? 0) : data.length;
  const picked = Array.from(rows, (row) => {
    if (Number.isInteger(row) && row >= 0 && row < length) return row;
    throw new DataError(`pickRows: there are ${length} rows and no row ${describe(row)}`);
  });
  if (!isTensor(data)) return picked.map((row) => data[row]);
  if (data.shape.length === 0)
    throw new ShapeError('pickRows takes a tensor with an axis of rows but got []');
  const size = length === 0 ? 0 : data.data.length / length;
  const values =
    data.data instanceof Float64Array
      ? new Float64Array(picked.length * size)
      : new Float32Array(picked.length * size);
  for (const [place, row] of picked.entries()) {
    values.set(data.data.subarray(row * size, (row + 1) * size), place * size);
  }
  const shape = [picked.length, ...data.shape.slice(1)];
  const { lengths } = data;
  if (lengths === undefined) return { data: values, shape };
  return { data: values, shape, lengths: picked.map((row) => lengths[row] as number) };
}

function randomSplit(where: string, options: RandomSplitOptions): { share: number; random: Random } {
  checkOptions(where, options, ['testShare', 'seed']);
  const { testShare = TEST_SHARE, seed = 0 } = options;
  return {
    share: checkNumber(`${where}: testShare`, testShare, { above: 0, below: 1 }),
    random: new Random(checkInteger(`${where}: seed`, seed, { min: 0 }), STREAM),
  };
}

/** The rows of each value, in the order in which the values appear. */
function rowsByValue(
  what: string,
  values: ArrayLike<number | string | boolean | null>,
): Map<number | string | boolean, Int32Array> {
  const rows = new Map<number | string | boolean, number[]>();
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (value === null || value === undefined || Number.isNaN(value)) {
      throw new DataError(`${what} of row ${row} is missing`);
    }
    const known = rows.get(value);
    if (known === undefined) rows.set(value, [row]);
    else known.push(row);
  }
  return new Map(Array.from(rows, ([value, members]) => [value, Int32Array.from(members)]));
}

/** The first so many rows of each group for the test, and the rest to learn from. */
function sidesOf(
  groups: readonly Int32Array[],
  tested: (rows: Int32Array, group: number) => number,
): RowSplit {
  const train: number[] = [];
  const test: number[] = [];
  for (const [group, rows] of groups.entries()) {
    const count = tested(rows, group);
    for (const [place, row] of rows.entries()) (place < count ? test : train).push(row);
  }
  return { train: Int32Array.from(train).sort(), test: Int32Array.from(test).sort() };
}

function checkSides(where: string, split: RowSplit, how: string): RowSplit {
  const empty =
    split.train.length === 0 ? 'to learn from' : split.test.length === 0 ? 'to test on' : undefined;
  if (empty === undefined) return split;
  throw new DataError(`${where}: ${how} there is nothing ${empty}`);
}
