/**
 * The forecasts that cost nothing, which every other one has to beat (Hyndman and Athanasopoulos, "Forecasting: Principles
 * and Practice", 3rd edition, section 5.2). With y_T the last of T values, h steps ahead:
 *
 *     persistence   y_T
 *     seasonal      the value of the last season at the same place, y_(T + h - m ceil(h / m)) with a period of m steps
 *     mean          the mean of all values
 *     drift         y_T + h (y_T - y_1) / (T - 1), the line through the first value and the last
 *
 * Gaps are passed over: the last value is the last known one, of a season the last known one at its place.
 */
import { DataError, ShapeError } from '../core/errors.js';
import { checkInteger, checkOptions } from '../core/options.js';
import { type Doubles, type Numbers, readNumbers } from './scalers/numbers.js';

export type NaiveMethod = 'persistence' | 'seasonal' | 'mean' | 'drift';

export interface NaiveForecastOptions {
  /** After how many steps the series repeats; 1, which is no season, by default. */
  period?: number;
}

/** What each method forecasts, in the form of the series. */
export type NaiveForecasts<N extends Numbers> = Readonly<Record<NaiveMethod, Doubles<N>>>;

/**
 * Four forecasts of the steps after a series. Without a season, `seasonal` is persistence.
 *
 * @param series  `[steps]` or `[steps, features]`, each feature by itself; NaN is a gap
 * @param steps  how many steps to forecast
 * @throws DataError for a feature without a single value, or at a place of the season
 *
 * @example const { persistence, seasonal } = naiveForecasts(months, 24, { period: 12 });
 */
export function naiveForecasts<N extends Numbers>(
  series: N,
  steps: number,
  options: NaiveForecastOptions = {},
): NaiveForecasts<N> {
  checkOptions('naiveForecasts', options, ['period'], { lag: 'write period', season: 'write period' });
  checkInteger('naiveForecasts: steps', steps);
  const period = checkInteger('naiveForecasts: period', options.period ?? 1);
  const { data, rows, features, rank, rebuild } = readNumbers(series, 'naiveForecasts');
  if (rank === 3) throw new ShapeError('naiveForecasts takes one series, [steps] or [steps, features]');
  const by = (method: NaiveMethod) => rebuild(naiveForecast(method, data, rows, features, steps, period));
  return {
    persistence: by('persistence'),
    seasonal: by('seasonal'),
    mean: by('mean'),
    drift: by('drift'),
  };
}

/**
 * [steps, features]: the forecasts of the steps behind the first `rows` of a series [rows or more, features].
 *
 * @throws DataError where nothing is known
 */
export function naiveForecast(
  method: NaiveMethod,
  data: Float64Array,
  rows: number,
  features: number,
  steps: number,
  period: number,
): Float64Array {
  const forecasts = new Float64Array(steps * features);
  for (let k = 0; k < features; k++) {
    const at = (row: number) => data[row * features + k] as number;
    /** The last row with a value, `stride` rows apart, from `row` down; -1 where there is none. */
    const lastKnown = (row: number, stride: number) => {
      let known = row;
      while (known >= 0 && Number.isNaN(at(known))) known -= stride;
      return known;
    };
    const last = lastKnown(rows - 1, 1);
    if (last < 0) throw new DataError(`feature ${k} has no value that a naive forecast could go on from`);
    const { first, mean } = beginning(at, last);
    const slope = last === first ? 0 : (at(last) - at(first)) / (last - first);
    for (let h = 1; h <= steps; h++) {
      const row = rows - 1 + h;
      let value = at(last);
      if (method === 'mean') value = mean;
      else if (method === 'drift') value += slope * (row - last);
      else if (method === 'seasonal') {
        const same = lastKnown(row - period * Math.ceil(h / period), period);
        if (same < 0) {
          throw new DataError(
            `feature ${k} has no value ${period} steps, or several times as many, before step ${row}: ` +
              'a longer series, or a shorter period',
          );
        }
        value = at(same);
      }
      forecasts[(h - 1) * features + k] = value;
    }
  }
  return forecasts;
}

/** The first row with a value, and the mean of all values up to the last. */
function beginning(at: (row: number) => number, last: number): { first: number; mean: number } {
  let first = last;
  let sum = 0;
  let count = 0;
  for (let row = last; row >= 0; row--) {
    const value = at(row);
    if (Number.isNaN(value)) continue;
    first = row;
    sum += value;
    count++;
  }
  return { first, mean: sum / count };
}
