/**
 * Dates as numbers: whole days since 1970-01-01, or milliseconds since then, in the proleptic Gregorian calendar. A day is read
 * as it is written, whatever its zone; of an instant the zone counts, and one that names none is in UTC. Only formats
 * with the year first are read, since 03/04/1997 is a day in March to some and in April to others.
 */

/** A value that was read, or why it could not be. */
export type Parsed = number | { readonly problem: string };

export const MILLISECONDS_A_DAY = 86_400_000;
const MILLISECONDS_A_MINUTE = 60_000;
const DAYS_IN_MONTH = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/** From the first of March of the year 0. */
const DAYS_TO_1970 = 719_468;
/** A year before it is a year of a century, with its century left out. */
const FIRST_YEAR = 100;
const FORMATS = 'YYYYMMDD, YYYY-MM-DD and YYYY/MM/DD, each with or without a time behind it';
const DATE = /^(\d{4})(?:(\d{2})(\d{2})|([-/])(\d{1,2})\4(\d{1,2}))(?:(?:T|t| +)(.*))?$/;
const TIME =
  /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:[.,](\d+))?)?(?: ?([AP])M)?(?: ?(Z|UTC|GMT|[+-][01]\d(?::?[0-5]\d)?))?$/i;

/** The day of a date; a time of day behind it is checked and left out, as is its zone. */
export function parseDay(text: string): Parsed {
  const match = DATE.exec(text);
  return match === null || (match[7] !== undefined && !TIME.test(match[7])) ? noDate(text) : dayOf(match);
}

/**
 * Milliseconds since 1970-01-01T00:00Z; fractions of one are kept. Without a time of day it is the beginning of the
 * day, and without a zone the time is in UTC.
 */
export function parseInstant(text: string): Parsed {
  const match = DATE.exec(text);
  if (match === null) return noDate(text);
  const day = dayOf(match);
  if (typeof day !== 'number' || match[7] === undefined) {
    return typeof day === 'number' ? day * MILLISECONDS_A_DAY : day;
  }
  const time = TIME.exec(match[7]);
  if (time === null) return noDate(text);
  const [, hours, minutes, seconds = '0', fraction = '', half, zone] = time;
  if (half !== undefined && (Number(hours) < 1 || Number(hours) > 12)) return noDate(text);
  const hour =
    half === undefined ? Number(hours) : (Number(hours) % 12) + (half.toUpperCase() === 'P' ? 12 : 0);
  const minute = 60 * hour + Number(minutes) - minutesOf(zone);
  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, '0')) + Number(`0.${fraction.slice(3)}0`);
  return day * MILLISECONDS_A_DAY + minute * MILLISECONDS_A_MINUTE + 1000 * Number(seconds) + milliseconds;
}

/** A day as YYYY-MM-DD. */
export function formatDay(day: number): string {
  return new Date(day * MILLISECONDS_A_DAY).toISOString().slice(0, 10);
}

function noDate(text: string): Parsed {
  return { problem: `the date '${text}' is in none of the formats that are read (${FORMATS})` };
}

/**
 * The number of a day, by counting the days of years that begin in March, so that a leap day is a year's last (Hinnant,
 * "chrono-Compatible Low-Level Date Algorithms", 2013). A log of events asks for millions of them.
 */
function dayOf(match: RegExpExecArray): Parsed {
  const year = Number(match[1]);
  const month = Number(match[2] ?? match[5]);
  const dayOfMonth = Number(match[3] ?? match[6]);
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const longest = month === 2 && isLeap ? 29 : (DAYS_IN_MONTH[month] ?? 0);
  if (year < FIRST_YEAR || dayOfMonth < 1 || dayOfMonth > longest) {
    return { problem: `the date '${match[0]}' does not exist` };
  }
  const from = month > 2 ? year : year - 1;
  const leapDays = Math.floor(from / 4) - Math.floor(from / 100) + Math.floor(from / 400);
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + dayOfMonth - 1;
  return 365 * from + leapDays + dayOfYear - DAYS_TO_1970;
}

/** How many minutes a zone is ahead of UTC. */
function minutesOf(zone: string | undefined): number {
  if (zone === undefined || !/^[+-]/.test(zone)) return 0;
  const digits = zone.slice(1).replace(':', '');
  const minutes = 60 * Number(digits.slice(0, 2)) + Number(digits.slice(2));
  return zone.startsWith('-') ? -minutes : minutes;
}
