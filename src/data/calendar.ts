/**
 * Dates as numbers: whole days since 1970-01-01, or milliseconds since then, in the proleptic Gregorian calendar. A day is read
 * as it is written, whatever its zone; of an instant the zone counts, and one that names none is in UTC. Only formats
 * with the year first are read, since 03/04/1997 is a day in March to some and in April to others.
 */

/** A value that was read, or why it could not be. */
export type Parsed = number | { readonly problem: string };

export const MILLISECONDS_A_DAY = 86_400_000;
const MILLISECONDS_A_MINUTE = 60_000;
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

function dayOf(match: RegExpExecArray): Parsed {
  const year = Number(match[1]);
  const month = Number(match[2] ?? match[5]);
  const dayOfMonth = Number(match[3] ?? match[6]);
  const day = Date.UTC(year, month - 1, dayOfMonth) / MILLISECONDS_A_DAY;
  const date = new Date(day * MILLISECONDS_A_DAY);
  const exists =
    date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === dayOfMonth;
  return exists ? day : { problem: `the date '${match[0]}' does not exist` };
}

/** How many minutes a zone is ahead of UTC. */
function minutesOf(zone: string | undefined): number {
  if (zone === undefined || !/^[+-]/.test(zone)) return 0;
  const digits = zone.slice(1).replace(':', '');
  const minutes = 60 * Number(digits.slice(0, 2)) + Number(digits.slice(2));
  return zone.startsWith('-') ? -minutes : minutes;
}
