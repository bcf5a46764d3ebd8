/** A column of a table as a series, and what is chosen from it: its season, and what takes trend and season away. */
import { DataError } from '../../core/errors.js';
import { chain, difference, type Scaler, standardScaler, type Table } from '../../index.js';

/** Milliseconds of a step, and how many of them make a season: hours of a day, days of a week, months, quarters. */
const SEASONS: readonly (readonly [about: string, from: number, to: number, period: number])[] = [
  ['hours', 3.5e6, 3.7e6, 24],
  ['days', 8.6e7, 8.7e7, 7],
  ['weeks', 6.0e8, 6.1e8, 52],
  ['months', 2.4e9, 2.7e9, 12],
  ['quarters', 7.7e9, 8.0e9, 4],
];

/**
 * The values of a column in the order of time.
 *
 * @param time  the column that says when; without it, rows are in order
 * @throws DataError for a column of something else, or times that do not rise
 */
export function readSeries(table: Table, target: string, time: string | undefined): Float64Array {
  const { type } = table.column(target);
  if (type !== 'number') throw new DataError(`${target} holds ${type}s, and a series is made of numbers`);
  if (time !== undefined) {
    const times = table.numbers(time);
    const late = times.findIndex((at, row) => row > 0 && !(at > (times[row - 1] as number)));
    if (late > 0) {
      throw new DataError(
        `row ${late + 1} is not later than the one before it, by ${time}: sort the rows by it`,
      );
    }
  }
  return table.numbers(target);
}

/** The only column of dates, where there is one. */
export function timeColumn(table: Table): string | undefined {
  const dates = table.names.filter((name) => table.column(name).type === 'date');
  return dates.length === 1 ? dates[0] : undefined;
}

/** After how many steps a series repeats, by the distance of its times; 1 where they do not say. */
export function periodOf(
  table: Table,
  time: string | undefined,
): { readonly period: number; readonly unit: string } {
  if (time === undefined) return { period: 1, unit: 'steps' };
  const times = table.numbers(time);
  const distances = times
    .slice(1)
    .map((at, i) => at - (times[i] as number))
    .sort();
  const middle = distances[Math.floor(distances.length / 2)] ?? 0;
  const found = SEASONS.find(([, from, to]) => middle >= from && middle <= to);
  return found ? { period: found[3], unit: found[0] } : { period: 1, unit: 'steps' };
}

/** What takes away trend and season, by which naive forecast comes nearer in the part that is learned from. */
export function chooseScaler(
  series: Float64Array,
  period: number,
  horizon: number,
): { readonly scaler: Scaler; readonly about: string } {
  const ahead = Array.from({ length: horizon }, (_, i) => i + 1);
  const changeOver = (lagOf: (steps: number) => number) =>
    ahead.reduce((sum, steps) => sum + meanChange(series, lagOf(steps)), 0) / horizon;
  const step = changeOver((steps) => steps);
  const season =
    period > 1 ? changeOver((steps) => period * Math.ceil(steps / period)) : Number.POSITIVE_INFINITY;
  const known = series.filter((value) => !Number.isNaN(value));
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  const spread = known.reduce((sum, value) => sum + Math.abs(value - mean), 0) / known.length;
  if (season < step) {
    const lag = { lag: period };
    return {
      scaler: chain([difference(lag), standardScaler()]),
      about: `the change from ${period} steps before`,
    };
  }
  if (step < 0.5 * spread) {
    return { scaler: chain([difference(), standardScaler()]), about: 'the change from the step before' };
  }
  return { scaler: standardScaler(), about: 'the value, standardized' };
}

/** How far values are from those so many steps before, on average. */
function meanChange(series: Float64Array, lag: number): number {
  let [sum, count] = [0, 0];
  for (let t = lag; t < series.length; t++) {
    const change = Math.abs((series[t] as number) - (series[t - lag] as number));
    if (Number.isNaN(change)) continue;
    sum += change;
    count++;
  }
  return count === 0 ? Number.POSITIVE_INFINITY : sum / count;
}
