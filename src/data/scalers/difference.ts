/**
 * Differences over a lag: d_t = x_t - x_(t - lag). A lag of 1 takes a trend away, one of a season's length, 12 for
 * months, the season. Taken back from the values before: x_t = x_(t - lag) + d_t (Box and Jenkins, "Time Series Analysis",
 * 1970).
 */
import { DataError, FormatError, ShapeError } from '../../core/errors.js';
import { checkInteger, checkOptions } from '../../core/options.js';
import { type Json, learnedBy, type TransformJSON } from '../transform.js';
import { type Numbers, type NumberTable, readNumbers } from './numbers.js';
import { checkFeatures, checkInverseOptions, numbersOf, type Scaler } from './scaler.js';

const KIND = 'difference';

export interface DifferenceOptions {
  /** How many steps lie between the two values; 1 by default. */
  lag?: number;
}

/** The end of what `fit` saw. */
interface Learned {
  readonly features: number;
  /** [lag, features], the last values; a gap is NaN. */
  readonly last: Float64Array;
}

/**
 * The change of a series over `lag` steps. The first `lag` steps have nothing before them, so that `transform` gives as
 * many fewer. `inverse` goes on from the last values that `fit` saw, as a forecast does, or from those in `after`. A gap
 * leaves gaps wherever it takes part.
 *
 * Its `fit` and `transform` throw a ShapeError for anything but a series, and a DataError for one not longer than the lag.
 *
 * @throws ConfigError for a lag that is no whole number above 0
 *
 * @example
 * const changes = difference({ lag: 12 }).fit(train);
 * const passengers = changes.inverse(forecast); // the steps after train
 */
export function difference(options: DifferenceOptions = {}): Scaler {
  return makeDifference(options);
}

/** @throws FormatError, ConfigError for what no scaler wrote */
export function restoreDifference({ options, learned }: TransformJSON): Scaler {
  if (learned === undefined) return makeDifference(options);
  const features = learned.features;
  const last = learned.last as readonly Json[];
  const { lag = 1 } = options as DifferenceOptions;
  const isWhole = Number.isSafeInteger(features) && (features as number) > 0;
  if (!isWhole || !Array.isArray(last) || last.length !== lag * (features as number)) {
    throw new FormatError(`the file's ${KIND} needs the last ${lag} values of each feature`);
  }
  // JSON has no NaN: a gap is null there.
  numbersOf(
    last.map((value) => value ?? 0),
    `last of ${KIND}`,
  );
  const values = Float64Array.from(last, (value) => (value === null ? Number.NaN : (value as number)));
  return makeDifference(options, { features: features as number, last: values });
}

function makeDifference(options: DifferenceOptions, fitted?: Learned): Scaler {
  checkOptions(KIND, options, ['lag'], {
    period: 'write lag',
    seasonal: "write { lag: 12 } for a year's months",
  });
  const lag = checkInteger(`${KIND}: lag`, options.lag ?? 1);
  let learned = fitted;
  return {
    kind: KIND,
    lags: [lag],
    get isFitted() {
      return learned !== undefined;
    },
    fit(values) {
      const table = readSeries(values, lag + 1, `a lag of ${lag} takes`);
      const { data, features } = table;
      learned = { features, last: data.slice(data.length - lag * features) };
      return this;
    },
    transform: (values) => {
      const { features } = learnedBy(KIND, learned);
      const table = readSeries(values, lag + 1, `a lag of ${lag} takes`);
      checkFeatures(KIND, table, features);
      const { data, rebuild } = table;
      const before = lag * features;
      return rebuild(data.slice(before).map((value, i) => value - (data[i] as number)));
    },
    inverse: (values, inverseOptions = {}) => {
      checkInverseOptions(KIND, inverseOptions);
      const { features, last } = learnedBy(KIND, learned);
      const table = readSeries(values, 0, '');
      checkFeatures(KIND, table, features);
      const before = lag * features;
      const whole = new Float64Array(before + table.data.length);
      whole.set(inverseOptions.after === undefined ? last : lastOf(inverseOptions.after, lag, features));
      table.data.forEach((change, i) => {
        whole[before + i] = (whole[i] as number) + change;
      });
      return table.rebuild(whole.slice(before));
    },
    toJSON: () => ({
      kind: KIND,
      options: { lag },
      ...(learned && {
        learned: {
          features: learned.features,
          last: Array.from(learned.last, (value) => (Number.isNaN(value) ? null : value)),
        },
      }),
    }),
  };
}

/** [lag, features]: the last values. */
function lastOf(after: Numbers, lag: number, features: number): Float64Array {
  const table = readSeries(after, lag, `taking a lag of ${lag} back needs, in after,`);
  checkFeatures(KIND, table, features);
  return table.data.slice(table.data.length - lag * features);
}

function readSeries<N extends Numbers>(values: N, least: number, what: string): NumberTable<N> {
  const table = readNumbers(values, KIND);
  if (table.rank === 3) {
    throw new ShapeError(
      `${KIND} takes one series, [steps] or [steps, features], but got several: take each one's differences`,
    );
  }
  if (table.rows >= least) return table;
  const steps = table.rows === 1 ? '1 step' : `${table.rows} steps`;
  throw new DataError(`${KIND}: ${what} ${least} steps or more but got ${steps}`);
}
