/** Numbers as they are or scaled, and what stands where one is missing. */
import { ConfigError, DataError, FormatError } from '../../core/errors.js';
import { checkOptions, describe, unknownName } from '../../core/options.js';
import { isScaler } from '../scalers/chain.js';
import type { Scaler } from '../scalers/scaler.js';
import type { Json, Transform, TransformJSON } from '../transform.js';
import { type ColumnEncoder, checkRows } from './column-encoder.js';

export interface NumericOptions {
  /** What the numbers go through; without one they stay as they are. */
  readonly scaler?: Scaler;
  /**
   * What becomes of a number that is missing, NaN: an error, by default, or a 0 behind the scaler with a second feature that is 1
   * where it is missing and 0 elsewhere.
   */
  readonly missing?: 'error' | 'indicate';
}

export type Numeric = ColumnEncoder<ArrayLike<number | boolean | null>>;

const KIND = 'numeric';

/**
 * A column of numbers as a feature; true and false are 1 and 0.
 *
 * @returns a transform of n values into `[n, 1]`, or with `missing: 'indicate'` into `[n, 2]`
 * @throws ConfigError for options that are not known
 *
 * @example
 * const ages = numeric({ scaler: standardScaler(), missing: 'indicate' }).fit([20, 40, NaN]);
 * ages.transform([30, NaN]); // [[0, 0], [0, 1]]
 */
export function numeric(options: NumericOptions = {}): Numeric {
  checkOptions(KIND, options, ['scaler', 'missing']);
  const { scaler, missing = 'error' } = options;
  if (missing !== 'error' && missing !== 'indicate') {
    throw unknownName(`${KIND}: missing`, String(missing), ['error', 'indicate']);
  }
  if (scaler !== undefined && !(isScaler(scaler) && scaler.lags.length === 0)) {
    throw new ConfigError(
      `${KIND}: scaler must be one that leaves every row where it is, such as standardScaler(), but is ${describe(scaler)}`,
    );
  }
  const width = missing === 'indicate' ? 2 : 1;
  return {
    kind: KIND,
    get isFitted() {
      return scaler?.isFitted ?? true;
    },
    featureNames: (column) => (width === 2 ? [column, `${column} missing`] : [column]),
    fit(values) {
      scaler?.fit(numbersIn(values));
      return this;
    },
    transform: (values) => {
      const numbers = numbersIn(values);
      const scaled = scaler?.transform(numbers) ?? numbers;
      const data = new Float64Array(width * numbers.length);
      for (const [row, value] of scaled.entries()) {
        if (!Number.isNaN(value)) data[width * row] = value;
        else if (width === 2) data[2 * row + 1] = 1;
        else {
          throw new DataError(
            `${KIND}: the number in row ${row} is missing; leave out the row, or take numeric({ missing: 'indicate' }), with a feature that says so`,
          );
        }
      }
      return { data, shape: [numbers.length, width] };
    },
    inverse: (ready) => {
      const { data } = ready;
      const scaled = Float64Array.from({ length: checkRows(KIND, ready, width) }, (_, row) =>
        width === 2 && data[2 * row + 1] === 1 ? Number.NaN : (data[width * row] as number),
      );
      return scaler?.inverse(scaled) ?? scaled;
    },
    toJSON: () => ({
      kind: KIND,
      options: { missing, ...(scaler && { scaler: scaler.toJSON() as unknown as Json }) },
    }),
  };
}

/**
 * @param restore  makes its scaler again
 * @throws FormatError for what no numeric wrote
 */
export function restoreNumeric(
  { options }: TransformJSON,
  restore: (json: unknown) => Transform<unknown, unknown>,
): Numeric {
  if (options.scaler === undefined) return numeric(options as NumericOptions);
  if ((options.scaler as Partial<TransformJSON> | null)?.kind === KIND) {
    throw new FormatError(`the file's ${KIND} has a scaler of kind ${KIND}`);
  }
  const scaler = restore(options.scaler);
  return numeric({ ...options, scaler } as unknown as NumericOptions);
}

function numbersIn(values: ArrayLike<number | boolean | null>): Float64Array {
  return Float64Array.from(values, (value, row) => {
    if (value === null) return Number.NaN;
    if (typeof value === 'boolean') return value ? 1 : 0;
    if (typeof value === 'number' && Math.abs(value) !== Number.POSITIVE_INFINITY) return value;
    throw new DataError(`${KIND} takes finite numbers but row ${row} is ${describe(value)}`);
  });
}
