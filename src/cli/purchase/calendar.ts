/**
 * Dates as whole days since 1970-01-01, in the proleptic Gregorian calendar and with no time zone: a date is read
 * as it is written. Only formats with the year first are read, since 03/04/1997 is a day in March to some and in
 * April to others.
 */

/** A value that was read, or why it could not be. */
export type Parsed = number | { readonly problem: string };

const MILLISECONDS_A_DAY = 86_400_000;
const FORMATS = 'YYYYMMDD, YYYY-MM-DD and YYYY/MM/DD, each with or without a time behind it';
const DATE = /^(\d{4})(?:(\d{2})(\d{2})|([-/])(\d{1,2})\4(\d{1,2}))(?:(?:T|t| +)(.*))?$/;
const TIME = /^([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d([.,]\d+)?)?( ?[AP]M)?( ?(Z|UTC|GMT|[+-]\d{2}(:?\d{2})?))?$/i;

/** The day of a date; a time of day behind it is checked and left out, as is its zone. */
export function parseDay(text: string): Parsed {
  const match = DATE.exec(text);
  if (match === null || (match[7] !== undefined && !TIME.test(match[7]))) {
    return { problem: `the date '${text}' is in none of the formats that are read (${FORMATS})` };
  }
  const year = Number(match[1]);
  const month = Number(match[2] ?? match[5]);
  const dayOfMonth = Number(match[3] ?? match[6]);
  const day = Date.UTC(year, month - 1, dayOfMonth) / MILLISECONDS_A_DAY;
  const date = new Date(day * MILLISECONDS_A_DAY);
  const exists =
    date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === dayOfMonth;
  return exists ? day : { problem: `the date '${text}' does not exist` };
}

/** A day as YYYY-MM-DD. */
export function formatDay(day: number): string {
  return new Date(day * MILLISECONDS_A_DAY).toISOString().slice(0, 10);
}
