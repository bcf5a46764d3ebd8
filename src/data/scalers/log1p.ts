/**
 * log(1 + x), for values from 0 up that grow by factors: counts, sales. Taken back by e^y - 1. Both are exact near 0,
 * where log(1 + x) computed as it stands is not.
 */
import { DataError } from '../../core/errors.js';
import { expm1, log1p as log1pOf } from '../../core/math.js';
import { readNumbers } from './numbers.js';
import { checkInverseOptions, type Scaler } from './scaler.js';

const KIND = 'log1p';

/**
 * The logarithm of 1 + x. There is nothing to learn.
 *
 * Its `fit` and `transform` throw a DataError for a value of -1 or less, which has no logarithm.
 *
 * @example const logs = log1p().transform([0, 9, 99]);
 */
export function log1p(): Scaler {
  return {
    kind: KIND,
    lags: [],
    isFitted: true,
    fit(values) {
      checkAbove(readNumbers(values, KIND));
      return this;
    },
    transform: (values) => {
      const table = readNumbers(values, KIND);
      checkAbove(table);
      return table.rebuild(table.data.map(log1pOf));
    },
    inverse: (values, options = {}) => {
      checkInverseOptions(KIND, options);
      const { data, rebuild } = readNumbers(values, KIND);
      return rebuild(data.map(expm1));
    },
    toJSON: () => ({ kind: KIND, options: {} }),
  };
}

function checkAbove({ data, features }: { data: Float64Array; features: number }): void {
  const at = data.findIndex((value) => value <= -1);
  if (at === -1) return;
  throw new DataError(
    `${KIND} takes values above -1 but got ${data[at]} in feature ${at % features} of row ${Math.floor(at / features)}: ` +
      'move them up first, or leave the logarithm out',
  );
}
