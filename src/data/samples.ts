/**
 * What a user gives as x, made into one flat array: rows of steps of features, padded behind to the longest row,
 * with a mask where rows are of unequal length. Rows of token ids are sequences of one feature.
 */
import { DataError, ShapeError } from '../core/errors.js';
import { describe } from '../core/options.js';
import { checkedTensor, type FloatArray, formatShape, isTensor, type Tensor } from '../core/tensor.js';
import { isWindows, type Windows } from './window-view.js';

/** One row of numbers, of any array type. */
export type NumberRow = ArrayLike<number>;

/**
 * Rows of features, `[batch, features]`, of steps of features, `[batch, steps, features]`, or, where the first layer is
 * an embedding, of token ids, `[batch, steps]`; or windows over one series, which are read batch by batch.
 */
export type SampleInput = Tensor | Windows | readonly NumberRow[] | readonly (readonly NumberRow[])[];

/** What to do with NaN: refuse it, or mask the step it is in. */
export type Missing = 'error' | 'mask';

export interface Samples {
  /** [rows, steps, features], or the steps that rows share; what stands in a masked step is never read. */
  readonly data: FloatArray;
  /** At which step of `data` and `mask` each row begins, ascending, where they overlap; missing where each has its own. */
  readonly starts?: Int32Array | undefined;
  readonly rows: number;
  /** 1 where there is no time axis. */
  readonly steps: number;
  readonly features: number;
  /** Whether there is a time axis. */
  readonly sequence: boolean;
  /** [rows, steps], as `data` is: 1 where a step is real; missing where all are. */
  readonly mask: Uint8Array | undefined;
  /** How many steps each row has, where they were given or differ. */
  readonly lengths: readonly number[] | undefined;
}

interface Reading {
  /** Who reads, and what it takes, for messages: `lstm_1`, `[batch, steps, 3]`. */
  readonly reader: string;
  readonly expected: string;
  /** The numbers of axes it takes. */
  readonly ranks: readonly number[];
  /** How token ids are read, where it takes them. */
  readonly ids?: IdReading | undefined;
  readonly precision: 'float32' | 'float64';
  readonly missing: Missing;
  /** What is said of a mistake beside what it is; nothing by default. */
  readonly hints?: SampleHints | undefined;
}

/** How token ids are read: see ids.ts. */
export interface IdReading {
  /** Writes the id of a step to `to[at]`; `where` and `reader` are for messages. */
  copy(id: unknown, to: FloatArray, at: number, where: () => string, reader: string): void;
  /** @throws DataError for what is no id in real steps */
  check(samples: Samples, reader: string): void;
}

/** What mends a mistake, to stand behind the sentence that says what it is: see sample-hints.ts. */
export interface SampleHints {
  /** Data of so many axes for a reader that takes others. */
  ofRank(rank: number, ranks: readonly number[]): string;
  /** A value that is not finite. */
  ofValue(value: number, sequence: boolean): string;
}

/**
 * @throws ShapeError for a rank that does not fit or rows that do not match
 * @throws DataError for an empty set, a row without steps, or NaN (with its index)
 */
export function toSamples(x: SampleInput, reading: Reading): Samples {
  const read = isWindows(x) ? fromWindows : isTensor(x) ? fromTensor : fromRows;
  const samples = checkValues(read(x as never, reading), reading);
  reading.ids?.check(samples, reading.reader);
  return samples;
}

/** Whether rows of numbers, `[batch, steps]`, are sequences of ids. */
function areIds(rank: number, { ids, ranks }: Reading): boolean {
  return rank === 2 && ids !== undefined && ranks.includes(3);
}

/** Where the steps of a row begin. */
export function firstStep({ starts, steps }: Samples, row: number): number {
  return starts === undefined ? row * steps : (starts[row] as number);
}

/** The steps of the series from the first that a row has to the last. */
function fromWindows({ series, starts, shape: [rows, steps] }: Windows, reading: Reading): Samples {
  const whole = fromTensor({ data: series.data, shape: [1, ...series.shape] }, reading);
  return sliceSamples({ ...whole, rows, steps, starts }, 0, rows);
}

function fromTensor(x: Tensor, reading: Reading): Samples {
  const { data, shape: given, lengths } = checkTensor(x);
  const shape = areIds(given.length, reading) ? [...given, 1] : given;
  const rank = shape.length;
  if (!reading.ranks.includes(rank)) throw wrongRank(formatShape(shape), rank, reading);
  const [rows, steps, features] = rank === 3 ? shape : [shape[0], 1, shape[1]];
  if (rows === 0 || steps === 0 || features === 0) {
    throw new DataError(`${reading.reader} got a tensor of shape ${formatShape(shape)}, which holds no data`);
  }
  if (lengths && rank !== 3) {
    throw new ShapeError(
      `${reading.reader} got a tensor of shape ${formatShape(shape)} with lengths, but it has no steps: leave them out`,
    );
  }
  return {
    data: inPrecision(data, reading.precision),
    rows: rows as number,
    steps: steps as number,
    features: features as number,
    sequence: rank === 3,
    mask: lengths && maskOfLengths(lengths, steps as number),
    lengths,
  };
}

/**
 * The tensor, if its shape and lengths fit its values: it need not have been made by `tensor`.
 *
 * @throws ShapeError when they do not
 */
export function checkTensor({ data, shape, lengths }: Tensor): Tensor {
  return checkedTensor(data, shape, lengths);
}

/** Doubles are rounded for a model in single precision, so that what is checked is what will be computed with. */
function inPrecision(data: FloatArray, precision: 'float32' | 'float64'): FloatArray {
  return precision === 'float32' && data instanceof Float64Array ? Float32Array.from(data) : data;
}

function fromRows(x: unknown, reading: Reading): Samples {
  if (!isArrayLike(x)) {
    throw new ShapeError(`${reading.reader} expects ${reading.expected} but got ${describe(x)}`);
  }
  if (x.length === 0)
    throw new DataError(`${reading.reader} got no rows: there is nothing to learn or predict from`);
  const isEmpty = (row: unknown) => isArrayLike(row) && row.length === 0;
  if (Array.from(x).every(isEmpty)) {
    throw new DataError(`${reading.reader} got ${x.length} rows but not a single number in them`);
  }
  const rank = rankOf(x);
  if (areIds(rank, reading)) return fromSequences(x as readonly NumberRow[], reading, reading.ids);
  if (!reading.ranks.includes(rank)) throw wrongRank(formatShape(shapeOfFirst(x)), rank, reading);
  return rank === 3
    ? fromSequences(x as readonly (readonly NumberRow[])[], reading)
    : fromVectors(x as readonly NumberRow[], reading);
}

function fromVectors(x: readonly NumberRow[], { reader, precision }: Reading): Samples {
  const rows = x.length;
  const features = (Array.from(x).find((row) => row.length > 0) as NumberRow).length;
  const data = newArray(precision, rows * features);
  for (let row = 0; row < rows; row++) {
    copyFeatures(x[row], features, data, row * features, () => `row ${row}`, reader);
  }
  return { data, rows, steps: 1, features, sequence: false, mask: undefined, lengths: undefined };
}

/** Rows of steps, each an array of features or, of ids, a number. */
function fromSequences(
  x: readonly (readonly NumberRow[] | NumberRow)[],
  { reader, precision }: Reading,
  ids?: IdReading,
): Samples {
  const rows = x.length;
  const lengths = Array.from(x, (row, i) => {
    if (isArrayLike(row)) return row.length;
    throw new ShapeError(
      `${reader} expects a sequence of steps in every row but row ${i} is ${describe(row)}`,
    );
  });
  const steps = lengths.reduce((longest, length) => Math.max(longest, length), 0);
  const firstFull = lengths.findIndex((length) => length > 0);
  const firstStep = x[firstFull]?.[0];
  const features = ids ? 1 : isArrayLike(firstStep) ? firstStep.length : 0;
  if (features === 0) throw new DataError(`${reader} got no features in row ${firstFull}, step 0`);
  const data = newArray(precision, rows * steps * features);
  for (let row = 0; row < rows; row++) {
    for (let t = 0; t < (lengths[row] as number); t++) {
      const start = (row * steps + t) * features;
      const where = () => `row ${row}, step ${t}`;
      const step = x[row]?.[t];
      if (ids) ids.copy(step, data, start, where, reader);
      else copyFeatures(step, features, data, start, where, reader);
    }
  }
  const isRagged = lengths.some((length) => length !== steps);
  return {
    data,
    rows,
    steps,
    features,
    sequence: true,
    mask: isRagged ? maskOfLengths(lengths, steps) : undefined,
    lengths: isRagged ? lengths : undefined,
  };
}

function copyFeatures(
  from: unknown,
  features: number,
  to: FloatArray,
  start: number,
  where: () => string,
  reader: string,
): void {
  if (!isArrayLike(from) || from.length !== features) {
    const found = isArrayLike(from) ? `${from.length}` : `${describe(from)}, not an array,`;
    const expected = features === 1 ? '1 feature' : `${features} features`;
    throw new ShapeError(`${reader} expects ${expected} everywhere but got ${found} at ${where()}`);
  }
  for (let k = 0; k < features; k++) {
    const value = from[k];
    if (typeof value !== 'number') {
      throw new DataError(`${reader} expects numbers but got ${describe(value)} at ${where()}, feature ${k}`);
    }
    to[start + k] = value;
  }
}

/** Looks for NaN and infinities in real steps; with `missing: 'mask'` a step with NaN in it becomes a masked one. */
function checkValues(samples: Samples, reading: Reading): Samples {
  const { data, features, sequence } = samples;
  let mask = samples.mask;
  for (let step = 0; step < data.length / features; step++) {
    const bad = indexOfNonFinite(data, step * features, features);
    if (bad === -1 || mask?.[step] === 0 || rowOfStep(samples, step) === -1) continue;
    if (
      reading.missing === 'mask' &&
      sequence &&
      data.subarray(step * features, (step + 1) * features).some(Number.isNaN)
    ) {
      if (mask === samples.mask) mask = mask?.slice() ?? new Uint8Array(data.length / features).fill(1);
      (mask as Uint8Array)[step] = 0;
    } else {
      const value = data[step * features + bad] as number;
      throw new DataError(
        `${reading.reader} got ${value} in ${placeOfStep(samples, step)}, feature ${bad}${reading.hints?.ofValue(value, sequence) ?? ''}`,
      );
    }
  }
  const checked = { ...samples, mask };
  checkRealSteps(
    checked,
    (row) =>
      new DataError(`row ${row} is wholly masked: it has no step to learn or predict from; leave it out`),
  );
  return checked;
}

/** @throws what `whollyMasked` makes of the first row that has no real step */
export function checkRealSteps(samples: Samples, whollyMasked: (row: number) => Error): void {
  const { mask, rows, steps } = samples;
  if (mask === undefined) return;
  for (let row = 0; row < rows; row++) {
    const first = firstStep(samples, row);
    // A search that the engine does itself: rows that overlap are looked at again and again.
    const real = mask.indexOf(1, first);
    if (real === -1 || real >= first + steps) throw whollyMasked(row);
  }
}

/** The first row that a step is in; -1 where windows pass over it. */
export function rowOfStep({ rows, steps, starts }: Samples, step: number): number {
  if (starts === undefined) return Math.floor(step / steps);
  let [low, high] = [0, rows];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle] as number) + steps > step) high = middle;
    else low = middle + 1;
  }
  return (starts[low] as number) <= step ? low : -1;
}

/** Where a step is, for messages. */
export function placeOfStep(samples: Samples, step: number): string {
  const row = rowOfStep(samples, step);
  return samples.sequence ? `row ${row}, step ${step - firstStep(samples, row)}` : `row ${row}`;
}

function indexOfNonFinite(data: FloatArray, start: number, count: number): number {
  for (let k = 0; k < count; k++) if (!Number.isFinite(data[start + k])) return k;
  return -1;
}

function maskOfLengths(lengths: readonly number[], steps: number): Uint8Array {
  const mask = new Uint8Array(lengths.length * steps);
  lengths.forEach((length, row) => void mask.fill(1, row * steps, row * steps + length));
  return mask;
}

/** Rows `from` to `to` of the samples, as a view. */
export function sliceSamples(samples: Samples, from: number, to: number): Samples {
  const { data, steps, features, mask, lengths, starts } = samples;
  const first = firstStep(samples, from);
  const end = to > from ? firstStep(samples, to - 1) + steps : first;
  return {
    ...samples,
    data: data.subarray(first * features, end * features),
    starts: starts?.subarray(from, to).map((start) => start - first),
    rows: to - from,
    mask: mask?.subarray(first, end),
    lengths: lengths?.slice(from, to),
  };
}

export function newArray(precision: 'float32' | 'float64', length: number): FloatArray {
  return precision === 'float32' ? new Float32Array(length) : new Float64Array(length);
}

export function isArrayLike(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

/** How many axes nested arrays have, judged by the first element that is not an empty array. */
export function rankOf(value: unknown): number {
  if (!isArrayLike(value)) return 0;
  for (let i = 0; i < value.length; i++) {
    const inner = value[i];
    if (!isArrayLike(inner) || inner.length > 0) return 1 + rankOf(inner);
  }
  return value.length === 0 ? 1 : 2;
}

/** The sizes of nested arrays, judged by the first element of each. */
export function shapeOfFirst(value: unknown): number[] {
  return isArrayLike(value) ? [value.length, ...shapeOfFirst(value[0])] : [];
}

function wrongRank(found: string, rank: number, { reader, expected, ranks, hints }: Reading): ShapeError {
  return new ShapeError(`${reader} expects ${expected} but got ${found}${hints?.ofRank(rank, ranks) ?? ''}`);
}
