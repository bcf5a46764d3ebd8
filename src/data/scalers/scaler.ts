/** What scalers have in common: transforms of numbers, feature by feature, that keep the form of what they are given. */
import { DataError, FormatError, ShapeError } from '../../core/errors.js';
import { checkOptions, describe } from '../../core/options.js';
import type { Json, Transform } from '../transform.js';
import type { Doubles, Numbers, NumberTable } from './numbers.js';

export interface InverseOptions {
  /**
   * The values before those that are taken back, as they were before `transform`: what differences are added to. By
   * default the values go on where those that `fit` saw end. Scalers without differences do not look at them.
   */
  after?: Numbers;
}

/**
 * Makes numbers fit for a network and takes its answers back. Fitted feature by feature, on the training part alone. A
 * gap, NaN, is ignored by `fit` and stays a gap; infinite values are errors. It computes in double precision, so that
 * `inverse` of `transform` is the same up to rounding.
 */
export interface Scaler extends Transform<Numbers, Numbers> {
  /**
   * Over how many steps it takes differences: `[12, 1]` for one of 12 and then one of 1; empty where it takes none. It
   * makes their sum fewer steps of a series, for the first ones have nothing before them.
   */
  readonly lags: readonly number[];
  /**
   * @throws ConfigError before `fit`; ShapeError for other features than it was fitted on; DataError for what it cannot take
   */
  transform<N extends Numbers>(values: N): Doubles<N>;
  /** @throws as `transform` does; and DataError where there are fewer values before than differences need */
  inverse<N extends Numbers>(values: N, options?: InverseOptions): Doubles<N>;
}

/** @throws ShapeError when the table has other features than a scaler was fitted on */
export function checkFeatures(kind: string, { features, rows }: NumberTable, fitted: number): void {
  if (features === fitted || rows === 0) return;
  throw new ShapeError(`${kind} was fitted on ${featuresOf(fitted)} but got ${featuresOf(features)}`);
}

function featuresOf(count: number): string {
  return count === 1 ? '1 feature' : `${count} features`;
}

/** @throws ConfigError for what are no options of `inverse` */
export function checkInverseOptions(kind: string, options: InverseOptions): void {
  checkOptions(`${kind}: inverse`, options, ['after']);
}

/**
 * The values of each feature that are no gaps.
 *
 * @throws DataError where there are none
 */
export function knownValues(kind: string, { data, rows, features }: NumberTable): Float64Array[] {
  if (rows === 0) throw new DataError(`${kind} got no values to learn from`);
  return Array.from({ length: features }, (_, k) => {
    const known = data.filter((value, i) => i % features === k && !Number.isNaN(value));
    if (known.length > 0) return known;
    throw new DataError(`${kind}: feature ${k} has nothing but gaps to learn from`);
  });
}

/**
 * The finite numbers that a file gives.
 *
 * @param what  what they are, for messages: `center of standardScaler`
 * @throws FormatError for anything else
 */
export function numbersOf(json: Json | undefined, what: string): number[] {
  if (Array.isArray(json) && json.length > 0 && json.every((value) => Number.isFinite(value)))
    return [...(json as readonly number[])];
  throw new FormatError(`the file's ${what} must be an array of numbers but is ${describe(json)}`);
}
