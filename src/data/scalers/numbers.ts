/**
 * Numbers as users have them, read into doubles and handed back in the same form: a series of one feature, steps of
 * features, sequences of those, or a Tensor. What is no number, NaN, is a gap.
 */
import { DataError, ShapeError } from '../../core/errors.js';
import { describe } from '../../core/options.js';
import { isTensor, type Tensor } from '../../core/tensor.js';
import { checkTensor, isArrayLike, type NumberRow, rankOf } from '../samples.js';

/**
 * A series of one feature, `[steps]`; of several, `[steps, features]` (a table's rows are the same); or sequences of
 * steps, `[batch, steps, features]`, of unequal lengths too. Or a Tensor of one of these shapes.
 */
export type Numbers = Tensor | NumberRow | readonly NumberRow[] | readonly (readonly NumberRow[])[];

/** Doubles in the form in which the numbers were given. */
export type Doubles<N extends Numbers> = N extends Tensor
  ? Tensor<Float64Array>
  : N extends NumberRow
    ? Float64Array
    : N extends readonly NumberRow[]
      ? Float64Array[]
      : Float64Array[][];

/** Numbers as a table: one row for each step, whichever sequence it is of. */
export interface NumberTable<N extends Numbers = Numbers> {
  /** [rows, features], a copy. */
  readonly data: Float64Array;
  readonly rows: number;
  readonly features: number;
  /** How many axes they were given with: 1, 2 or 3. */
  readonly rank: number;
  /** Other doubles in the form of these; a series, of rank 1 or 2, may have another number of steps. */
  rebuild(data: Float64Array): Doubles<N>;
}

/**
 * Reads numbers. Padding behind the lengths of a Tensor becomes a gap, whatever it holds.
 *
 * @param reader  who reads, for messages
 * @throws ShapeError for steps of unequal numbers of features, or another number of axes than 1 to 3
 * @throws DataError for what is no number, or infinite
 */
export function readNumbers<N extends Numbers>(values: N, reader: string): NumberTable<N> {
  const table = isTensor(values) ? fromTensor(values, reader) : fromArrays(values, reader);
  const { data, features, rank } = table;
  const at = data.findIndex((value) => value === Number.POSITIVE_INFINITY || value === -Infinity);
  if (at !== -1) {
    const row = Math.floor(at / features);
    const place = rank === 1 ? `step ${row}` : `row ${row}, feature ${at % features}`;
    throw new DataError(`${reader} got ${data[at]} at ${place}: numbers are finite, and a gap is NaN`);
  }
  return table as NumberTable<N>;
}

function fromTensor(given: Tensor, reader: string): NumberTable {
  const { data: values, shape, lengths } = checkTensor(given);
  const rank = shape.length;
  if (rank < 1 || rank > 3) throw wrongRank(`a tensor of ${rank} axes`, reader);
  const features = rank === 1 ? 1 : (shape[rank - 1] as number);
  const data = Float64Array.from(values);
  const steps = shape[1] as number;
  lengths?.forEach((length, row) => {
    data.fill(Number.NaN, (row * steps + length) * features, (row + 1) * steps * features);
  });
  const rebuild = (made: Float64Array): Tensor<Float64Array> =>
    rank < 3
      ? { data: made, shape: [made.length / features, ...shape.slice(1)] }
      : { data: made, shape, lengths };
  return { data, rows: features === 0 ? 0 : data.length / features, features, rank, rebuild };
}

function fromArrays(values: unknown, reader: string): NumberTable {
  const rank = rankOf(values);
  if (!isArrayLike(values) || rank > 3) throw wrongRank(describe(values), reader);
  if (rank === 1) {
    const data = new Float64Array(values.length);
    for (let step = 0; step < data.length; step++)
      data[step] = checkedNumber(values[step], reader, `step ${step}`);
    return { data, rows: data.length, features: 1, rank, rebuild: (made) => made };
  }
  return rank === 2
    ? fromSteps(values as ArrayLike<unknown>, reader)
    : fromSequences(Array.from(values), reader);
}

function fromSteps(steps: ArrayLike<unknown>, reader: string): NumberTable {
  const rows = steps.length;
  const features = (steps[0] as ArrayLike<unknown>)?.length ?? 0;
  const data = new Float64Array(rows * features);
  for (let row = 0; row < rows; row++) {
    const step = steps[row];
    if (!isArrayLike(step) || step.length !== features) {
      const found = isArrayLike(step) ? `${step.length}` : describe(step);
      throw new ShapeError(
        `${reader} expects ${features} features everywhere but got ${found} at row ${row}`,
      );
    }
    for (let k = 0; k < features; k++)
      data[row * features + k] = checkedNumber(step[k], reader, `row ${row}, feature ${k}`);
  }
  return { data, rows, features, rank: 2, rebuild: (made) => stepsOf(made, features) };
}

function fromSequences(sequences: readonly unknown[], reader: string): NumberTable {
  const lengths = sequences.map((sequence, i) => {
    if (isArrayLike(sequence)) return sequence.length;
    throw new ShapeError(`${reader} expects a sequence of steps in row ${i} but got ${describe(sequence)}`);
  });
  const { data, rows, features } = fromSteps(
    sequences.flatMap((sequence) => Array.from(sequence as ArrayLike<unknown>)),
    reader,
  );
  const rebuild = (made: Float64Array): Float64Array[][] => {
    let start = 0;
    return lengths.map((length) => {
      const end = start + length * features;
      const steps = stepsOf(made.subarray(start, end), features);
      start = end;
      return steps;
    });
  };
  return { data, rows, features, rank: 3, rebuild };
}

/** Each step as a view. */
function stepsOf(data: Float64Array, features: number): Float64Array[] {
  return Array.from({ length: data.length / features }, (_, row) =>
    data.subarray(row * features, (row + 1) * features),
  );
}

function checkedNumber(value: unknown, reader: string, place: string): number {
  if (typeof value === 'number') return value;
  throw new DataError(`${reader} expects numbers but got ${describe(value)} at ${place}: a gap is NaN`);
}

function wrongRank(found: string, reader: string): ShapeError {
  return new ShapeError(
    `${reader} takes a series [steps] or [steps, features], or sequences [batch, steps, features], but got ${found}`,
  );
}
