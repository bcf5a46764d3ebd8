/**
 * Where in its cycles a step is, as covariates that are known for all time: the sine and the cosine of the part of each cycle
 * that has passed, so that its end lies beside its beginning, as it does not for the number of a day or a month.
 */
import { sineAndCosine } from '../core/circle.js';
import { ConfigError, DataError } from '../core/errors.js';
import { checkInteger, checkNumber, checkOptions, describe, unknownName } from '../core/options.js';
import { MILLISECONDS_A_DAY, parseInstant } from './calendar.js';
import { isArrayLike } from './samples.js';

export interface SeasonalFeaturesOptions {
  /** After how many steps each cycle repeats; it need not be a whole number. */
  periods: readonly number[];
  /** The number of the first step; 0 by default, and that behind a series for steps to come. */
  from?: number;
}

/**
 * The place in cycles of so many steps.
 *
 * @param steps  for how many steps
 * @returns `[steps, 2 * periods]`: sine and cosine of each
 * @throws ConfigError for a period that is no number above 0
 *
 * @example
 * const covariates = seasonalFeatures(months.length, { periods: [12] });
 * const toCome = seasonalFeatures(24, { periods: [12], from: months.length });
 */
export function seasonalFeatures(steps: number, options: SeasonalFeaturesOptions): Float64Array[] {
  checkOptions('seasonalFeatures', options, ['periods', 'from'], { period: 'write periods: [12]' });
  checkInteger('seasonalFeatures: steps', steps, { min: 0 });
  const from = checkInteger('seasonalFeatures: from', options.from ?? 0, { min: 0 });
  const { periods } = options;
  if (!Array.isArray(periods) || periods.length === 0) {
    throw new ConfigError(
      `seasonalFeatures: periods are numbers of steps such as [12] but is ${describe(periods)}`,
    );
  }
  periods.forEach((period, i) => void checkNumber(`seasonalFeatures: periods[${i}]`, period, { above: 0 }));
  return Array.from({ length: steps }, (_, t) =>
    Float64Array.from(periods.flatMap((period) => sineAndCosine(((from + t) % period) / period))),
  );
}

export type CalendarCycle = 'year' | 'month' | 'week' | 'day';

const cycles: readonly CalendarCycle[] = ['year', 'month', 'week', 'day'];

/**
 * The place of dates in the year, the month, the week and the day, in UTC, each as long as it is: a leap year has a day more.
 *
 * @param dates  Dates, milliseconds since 1970, or texts such as `1981-01-31` and `1981-01-31T12:00Z`
 * @param of  the cycles; the year by default
 * @returns `[dates, 2 * cycles]`: sine and cosine of each
 * @throws DataError for what is no date; ConfigError for a cycle that is not known
 *
 * @example const covariates = calendarFeatures(days, ['year', 'week']);
 */
export function calendarFeatures(
  dates: ArrayLike<Date | number | string>,
  of: readonly CalendarCycle[] = ['year'],
): Float64Array[] {
  if (!isArrayLike(dates))
    throw new DataError(`calendarFeatures takes dates, in an array, but got ${describe(dates)}`);
  if (!Array.isArray(of) || of.length === 0) {
    throw new ConfigError(`calendarFeatures: cycles are such as ['year', 'week'] but is ${describe(of)}`);
  }
  for (const cycle of of)
    if (!cycles.includes(cycle)) throw unknownName('calendarFeatures: cycle', String(cycle), cycles);
  return Array.from(dates, (date, i) => {
    const time = timeOf(date, i);
    return Float64Array.from(of.flatMap((cycle) => sineAndCosine(passed(time, cycle))));
  });
}

function timeOf(date: unknown, index: number): number {
  const time = typeof date === 'string' ? parseInstant(date) : date instanceof Date ? date.getTime() : date;
  if (typeof time === 'number' && Math.abs(time) <= 8.64e15) return time;
  const problem = (time as { problem?: string } | null)?.problem ?? `${describe(date)} is no date`;
  throw new DataError(`calendarFeatures: at place ${index} ${problem}`);
}

/** The part of a cycle that has passed, from 0 to below 1. */
function passed(time: number, cycle: CalendarCycle): number {
  const days = time / MILLISECONDS_A_DAY;
  if (cycle === 'day') return days - Math.floor(days);
  // The first of January 1970 was a Thursday; weeks begin with Monday.
  if (cycle === 'week') return (days + 3) / 7 - Math.floor((days + 3) / 7);
  const date = new Date(time);
  const year = date.getUTCFullYear();
  const month = date.getUTCMonth();
  const [begin, end] =
    cycle === 'year'
      ? [startOf(year, 0), startOf(year + 1, 0)]
      : [startOf(year, month), startOf(year, month + 1)];
  return (time - begin) / (end - begin);
}

/** Date.UTC takes the years 0 to 99 for those of the last century. */
function startOf(year: number, month: number): number {
  return new Date(0).setUTCFullYear(year, month, 1);
}
