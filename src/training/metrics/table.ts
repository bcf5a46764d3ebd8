/** Targets and predictions from anywhere, made into the flat arrays that metrics take. */
import { DataError, ShapeError } from '../../core/errors.js';
import { describe } from '../../core/options.js';
import { formatShape, isTensor, type Tensor } from '../../core/tensor.js';
import { isArrayLike, type NumberRow, rankOf } from '../../data/samples.js';

/**
 * A number a row, a row of numbers, or a row of steps of numbers, of unequal lengths too. Of a Tensor with `lengths` the
 * padding is left out.
 */
export type Predictions = Tensor | NumberRow | readonly NumberRow[] | readonly (readonly NumberRow[])[];

/** A weight a row, or a step. 0 leaves the row or step out. */
export type PredictionWeights = Tensor | NumberRow | readonly NumberRow[];

/** What metrics see: steps, where there are some, one below the other as rows. */
export interface Table {
  readonly rows: number;
  readonly y: Float64Array;
  readonly columns: number;
  readonly targets: Float64Array;
  readonly targetColumns: number;
  readonly weights: Float64Array;
  readonly mask: Uint8Array;
}

/**
 * @param labels  whether predictions of one column may be classes
 * @throws ShapeError where they do not fit together, DataError for what is no number
 */
export function toTable(
  what: string,
  yTrue: Predictions,
  yPred: Predictions,
  sampleWeight: PredictionWeights | undefined,
  labels = false,
): Table {
  const rank = rankOfGiven(`${what}: yPred`, yPred, [1, 2, 3]);
  const lengths = isTensor(yPred) ? yPred.lengths : undefined;
  const predicted = readRows(`${what}: yPred`, yPred, rank, lengths);
  const targetRank = rankOfGiven(`${what}: yTrue`, yTrue, rank === 1 ? [1, 2] : [rank - 1, rank]);
  const isColumnless = targetRank < Math.max(2, rank);
  const truth = readRows(`${what}: yTrue`, yTrue, targetRank, lengths, isColumnless);
  const rows = predicted.counts.reduce((sum, count) => sum + count, 0);
  checkRows(what, 'yTrue', truth.counts, predicted.counts);
  if (rows === 0) throw new DataError(`${what} needs at least one row`);
  const { columns } = predicted;
  if (truth.columns !== columns && truth.columns !== 1) {
    throw new ShapeError(`${what}: yTrue has ${truth.columns} columns but yPred has ${columns}`);
  }
  const weights = toWeights(what, sampleWeight, predicted.counts, rows, rank === 3, lengths);
  const table = {
    rows,
    y: Float64Array.from(predicted.values),
    columns,
    targets: Float64Array.from(truth.values),
    targetColumns: truth.columns,
    weights,
    mask: new Uint8Array(rows).fill(1),
  };
  if (truth.columns !== columns) checkClasses(what, 'yTrue', table.targets, columns);
  return labels && columns === 1 ? fromLabels(what, table) : table;
}

interface Rows {
  values: number[];
  readonly columns: number;
  /** How many steps each row has; 1 where there are none. */
  readonly counts: number[];
}

function rankOfGiven(what: string, given: unknown, ranks: readonly number[]): number {
  const rank = isTensor(given) ? given.shape.length : rankOf(given);
  if (ranks.includes(rank)) return rank;
  const found = isTensor(given)
    ? `a Tensor ${formatShape(given.shape)}`
    : isArrayLike(given)
      ? `an array of rank ${rank}`
      : describe(given);
  throw new ShapeError(`${what} has rank ${ranks.join(' or ')} but is ${found}`);
}

/** `isColumnless` where the innermost axis holds steps or rows, not columns. */
function readRows(
  what: string,
  given: unknown,
  rank: number,
  lengths: readonly number[] | undefined,
  isColumnless = rank === 1,
): Rows {
  const nested = isTensor(given) ? nest(given.data, given.shape) : given;
  const values: number[] = [];
  const counts: number[] = [];
  const axes = rank + (isColumnless ? 1 : 0);
  const own = isTensor(given) ? (given.lengths ?? lengths) : lengths;
  let columns: number | undefined;
  const take = (cell: unknown, where: string) => {
    const numbers = isColumnless ? [cell] : cell;
    if (!isArrayLike(numbers)) throw new ShapeError(`${what} is ${describe(numbers)} at ${where}`);
    columns ??= numbers.length;
    if (numbers.length !== columns || columns === 0) {
      throw new ShapeError(`${what} has ${numbers.length} columns at ${where} but ${columns} before`);
    }
    for (let k = 0; k < numbers.length; k++) {
      const value = typeof numbers[k] === 'boolean' ? Number(numbers[k]) : numbers[k];
      if (typeof value !== 'number')
        throw new DataError(`${what} is ${describe(value)} at ${where}, not a number`);
      values.push(value);
    }
  };
  for (let row = 0; row < (nested as ArrayLike<unknown>).length; row++) {
    const inner = (nested as ArrayLike<unknown>)[row];
    if (axes < 3) {
      take(inner, `row ${row}`);
      counts.push(1);
      continue;
    }
    if (!isArrayLike(inner)) throw new ShapeError(`${what} is ${describe(inner)} at row ${row}`);
    const steps = Math.min(inner.length, own?.[row] ?? inner.length);
    for (let t = 0; t < steps; t++) take(inner[t], `row ${row}, step ${t}`);
    counts.push(steps);
  }
  return { values, columns: columns ?? 1, counts };
}

function nest(data: ArrayLike<number>, [rows = 0, ...inner]: readonly number[]): unknown {
  const size = inner.reduce((product, axis) => product * axis, 1);
  const flat = Array.prototype.slice;
  return Array.from({ length: rows }, (_, row) =>
    inner.length === 0 ? data[row] : nest(flat.call(data, row * size, (row + 1) * size), inner),
  );
}

function checkRows(what: string, name: string, counts: readonly number[], expected: readonly number[]): void {
  if (counts.length !== expected.length) {
    throw new ShapeError(`${what}: ${name} has ${counts.length} rows but yPred has ${expected.length}`);
  }
  const row = counts.findIndex((count, i) => count !== expected[i]);
  if (row === -1) return;
  throw new ShapeError(
    `${what}: ${name} has ${counts[row]} steps in row ${row} but yPred has ${expected[row]}`,
  );
}

function toWeights(
  what: string,
  given: PredictionWeights | undefined,
  counts: readonly number[],
  rows: number,
  hasSteps: boolean,
  lengths: readonly number[] | undefined,
): Float64Array {
  if (given === undefined) return new Float64Array(rows).fill(1);
  const name = `${what}: sampleWeight`;
  const rank = rankOfGiven(name, given, hasSteps ? [1, 2] : [1]);
  const read = readRows(name, given, rank, rank === 1 ? undefined : lengths, true);
  if (rank === 1) {
    checkRows(
      what,
      'sampleWeight',
      read.counts,
      counts.map(() => 1),
    );
    read.values = counts.flatMap((count, row) => new Array<number>(count).fill(read.values[row] as number));
  } else checkRows(what, 'sampleWeight', read.counts, counts);
  const bad = read.values.findIndex((weight) => !(weight >= 0 && Number.isFinite(weight)));
  if (bad !== -1) throw new DataError(`${name} must be at least 0 everywhere but is ${read.values[bad]}`);
  if (!read.values.some((weight) => weight > 0)) throw new DataError(`${name} is 0 everywhere`);
  return Float64Array.from(read.values);
}

function checkClasses(what: string, name: string, classes: Float64Array, count: number): void {
  for (const value of classes) {
    if (Number.isInteger(value) && value >= 0 && value < count) continue;
    throw new DataError(`${what}: ${name} holds ${value}, which is not a class from 0 to ${count - 1}`);
  }
}

/** Predictions that are classes, beyond 0 and 1, as a column a class with a 1 in it. */
function fromLabels(what: string, table: Table): Table {
  const { y, targets, rows } = table;
  let largest = 1;
  for (const value of targets) if (value > largest) largest = value;
  const isBinary = largest === 1 && y.every((value) => !(value > 1 && Number.isInteger(value)));
  if (isBinary) return table;
  for (const value of y) if (value > largest) largest = value;
  const columns = Math.floor(largest) + 1;
  checkClasses(what, 'yTrue', targets, columns);
  checkClasses(what, 'yPred', y, columns);
  const scores = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) scores[row * columns + (y[row] as number)] = 1;
  return { ...table, y: scores, columns };
}
