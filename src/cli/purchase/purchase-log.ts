/**
 * A purchase log: who bought on which days, and for how much. A purchase here is a customer-day, as in the
 * literature on buying behavior (Fader and Hardie's notes on CDNOW): what a customer buys on one day is one
 * purchase, and its amounts are summed.
 *
 * An amount of zero is a purchase. A negative amount is a return and not an act of buying: the row makes no
 * purchase and is left out, and the log counts such rows so that a report can name them.
 */
import { DataError } from '../../core/errors.js';
import { formatDay, type Parsed, parseDay } from '../../data/calendar.js';
import type { DelimitedRow } from '../../data/csv.js';
import { type ColumnNames, type ColumnPlaces, findColumns } from './columns.js';
import { readTable } from './table.js';

export interface PurchaseLog {
  /** The file's name, for messages. */
  readonly name: string;
  /** What the columns were called. */
  readonly columns: ColumnNames;
  /** The customers' ids, in ascending order of their characters. */
  readonly customers: readonly string[];
  /** Customer c's purchases are those from `offsets[c]` to `offsets[c + 1] - 1`, in order of time. */
  readonly offsets: Int32Array;
  /** The day of each purchase, counted from the log's first date. */
  readonly days: Int32Array;
  readonly amounts: Float64Array;
  /** The log's first date, in days since 1970-01-01: day 0. */
  readonly firstDate: number;
  /** The days that the log covers: day 0 to day `length - 1`. */
  readonly length: number;
  /** The rows that hold purchases, before those of one day were put together. */
  readonly records: number;
  /** The rows with a negative amount, which were left out. */
  readonly returns: number;
}

/** Raw purchases as they come in, before they are sorted and grouped. */
export interface RawPurchases {
  /** A number for each id, in order of appearance. */
  readonly ids: Map<string, number>;
  readonly customers: number[];
  readonly dates: number[];
  readonly amounts: number[];
}

const FIFTY_YEARS = 50 * 366;
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
/** One or two digits after a comma can only be decimals; three could be thousands, and are refused. */
const DECIMAL_COMMA = /^[+-]?\d+,\d{1,2}$/;

export function newPurchases(): RawPurchases {
  return { ids: new Map(), customers: [], dates: [], amounts: [] };
}

export function addPurchase(raw: RawPurchases, id: string, date: number, amount: number): void {
  let customer = raw.ids.get(id);
  if (customer === undefined) {
    customer = raw.ids.size;
    raw.ids.set(id, customer);
  }
  raw.customers.push(customer);
  raw.dates.push(date);
  raw.amounts.push(amount);
}

/** Reads a log from the text of a file; `given` names its columns where their names are not among the usual. */
export function readPurchaseLog(text: string, name: string, given?: ColumnNames): PurchaseLog {
  const table = readTable(text, name);
  const places = findColumns(table.header, name, given);
  const raw = newPurchases();
  let returns = 0;
  for (const row of table.rows) {
    if (row.fields.length !== table.header.length) {
      throw rowError(name, row, `${row.fields.length} fields under a header of ${table.header.length}`);
    }
    const amount = readOrThrow(name, row, parseAmount(field(row, places.amount)));
    const date = readOrThrow(name, row, parseDay(field(row, places.date)));
    checkEra(name, row, date, raw);
    if (amount < 0) returns++;
    else addPurchase(raw, readId(name, row, places), date, amount);
  }
  return groupPurchases(raw, { name, columns: places.names, returns });
}

/** Sorts raw purchases by customer and day and sums what falls on one day. */
export function groupPurchases(
  raw: RawPurchases,
  about: { readonly name: string; readonly columns: ColumnNames; readonly returns: number },
): PurchaseLog {
  const records = raw.dates.length;
  if (records === 0) {
    throw new DataError(`${about.name} has a header but no purchase below it; add a row for each purchase`);
  }
  const customers = [...raw.ids.keys()].sort((a, b) => (a < b ? -1 : 1));
  const ranks = new Int32Array(customers.length);
  for (const [rank, id] of customers.entries()) ranks[raw.ids.get(id) as number] = rank;
  const rankOf = (record: number) => ranks[raw.customers[record] as number] as number;
  const dateOf = (record: number) => raw.dates[record] as number;
  const order = new Int32Array(records).map((_, record) => record);
  order.sort((a, b) => rankOf(a) - rankOf(b) || dateOf(a) - dateOf(b) || a - b);

  const firstDate = raw.dates.reduce((first, date) => Math.min(first, date));
  const offsets = new Int32Array(customers.length + 1);
  const days = new Int32Array(records);
  const amounts = new Float64Array(records);
  let count = 0;
  let previous = -1;
  for (const record of order) {
    const sameDay =
      previous >= 0 && rankOf(record) === rankOf(previous) && dateOf(record) === dateOf(previous);
    if (!sameDay) days[count++] = dateOf(record) - firstDate;
    amounts[count - 1] = (amounts[count - 1] as number) + (raw.amounts[record] as number);
    offsets[rankOf(record) + 1] = count;
    previous = record;
  }
  const length = raw.dates.reduce((last, date) => Math.max(last, date)) - firstDate + 1;
  return {
    ...about,
    customers,
    offsets,
    days: days.slice(0, count),
    amounts: amounts.slice(0, count),
    firstDate,
    length,
    records,
  };
}

/**
 * Two logs of different customers as one, with one calendar: it begins with the first date of either and ends with
 * the last. The customers of `other` stand behind those of `log`.
 */
export function joinLogs(log: PurchaseLog, other: PurchaseLog): PurchaseLog {
  const known = new Set(log.customers);
  const shared = other.customers.filter((id) => known.has(id));
  if (shared.length > 0) {
    throw new DataError(
      `${other.name} and ${log.name} have customers in common (${shared.length}, such as '${shared[0]}'); a test is on customers never trained on, so take them out of one of the two`,
    );
  }
  const firstDate = Math.min(log.firstDate, other.firstDate);
  const days = new Int32Array(log.days.length + other.days.length);
  days.set(log.days.map((day) => day + log.firstDate - firstDate));
  days.set(
    other.days.map((day) => day + other.firstDate - firstDate),
    log.days.length,
  );
  const amounts = new Float64Array(days.length);
  amounts.set(log.amounts);
  amounts.set(other.amounts, log.days.length);
  const offsets = new Int32Array(log.offsets.length + other.customers.length);
  offsets.set(log.offsets);
  offsets.set(
    other.offsets.map((offset) => offset + log.days.length),
    log.customers.length,
  );
  return {
    name: `${log.name} and ${other.name}`,
    columns: log.columns,
    customers: [...log.customers, ...other.customers],
    offsets,
    days,
    amounts,
    firstDate,
    length: Math.max(log.firstDate + log.length, other.firstDate + other.length) - firstDate,
    records: log.records + other.records,
    returns: log.returns + other.returns,
  };
}

function field(row: DelimitedRow, place: number): string {
  return (row.fields[place] as string).trim();
}

function readId(name: string, row: DelimitedRow, places: ColumnPlaces): string {
  const id = field(row, places.customer);
  if (id !== '') return id;
  throw rowError(name, row, `no ${places.names.customer}, so that nobody knows who bought`);
}

function parseAmount(text: string): Parsed {
  const plain = DECIMAL_COMMA.test(text) ? text.replace(',', '.') : text;
  const amount = NUMBER.test(plain) ? Number(plain) : Number.NaN;
  if (Number.isFinite(amount)) return amount;
  return {
    problem: `the amount '${text}' is not a plain number such as 11.77, with no currency and no thousands`,
  };
}

function readOrThrow(name: string, row: DelimitedRow, parsed: Parsed): number {
  if (typeof parsed === 'number') return parsed;
  throw rowError(name, row, parsed.problem);
}

/** A mistyped century would stretch the log over thousands of empty weeks. */
function checkEra(name: string, row: DelimitedRow, date: number, raw: RawPurchases): void {
  const first = raw.dates[0] ?? date;
  if (Math.abs(date - first) <= FIFTY_YEARS) return;
  throw rowError(
    name,
    row,
    `the date is more than fifty years from ${formatDay(first)}, the date of the first row`,
  );
}

function rowError(name: string, row: DelimitedRow, problem: string): DataError {
  const text = row.text.replace(/\p{Cc}+/gu, ' ');
  const shown = text.length > 100 ? `${text.slice(0, 100)}...` : text;
  return new DataError(`${name}, line ${row.line}: ${problem}; correct the row or take it out: ${shown}`);
}
