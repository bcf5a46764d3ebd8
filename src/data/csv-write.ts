/**
 * Tables as delimited text by RFC 4180: rows end with CRLF, and a field is put in quotes where it has to be. What is written
 * reads back as it was, to the last bit of every number.
 */
import { ConfigError, DataError } from '../core/errors.js';
import { checkOptions, describe } from '../core/options.js';
import type { DecimalSign } from './csv-values.js';
import type { Cell, ColumnType, Table, TableRow } from './table.js';

/** What needs quotes; in the header any of the usual separators, so that the one that is there is found out again. */
const IN_ROW = /["\r\n]/;
const IN_HEADER = /[",;\t\r\n\ufeff]/;

export interface WriteCsvOptions {
  /** What stands between two fields, one character: `,` by default. */
  readonly separator?: string;
  /** What a row ends with: CRLF by default, as the RFC has it. */
  readonly lineBreak?: '\r\n' | '\n';
  /** What stands before the decimals of a number: `.` by default. */
  readonly decimal?: DecimalSign;
  /** What stands for a missing value: nothing by default. */
  readonly missing?: string;
}

/**
 * Writes a table, or rows that are objects with the same names each, with a header.
 *
 * @throws DataError for rows of different names, a text that would be read as a missing value, and a number that is infinite
 * @throws ConfigError for an option that is not known
 *
 * @example
 * writeCsv([{ name: 'Ada, Countess', born: 1815 }]); // 'name,born\r\n"Ada, Countess",1815\r\n'
 */
export function writeCsv(source: Table | Iterable<TableRow>, options: WriteCsvOptions = {}): string {
  checkOptions('writeCsv', options, ['separator', 'lineBreak', 'decimal', 'missing']);
  const { separator = ',', lineBreak = '\r\n', decimal = '.', missing = '' } = options;
  if (separator.length !== 1 || /["\r\n]/.test(separator)) {
    throw new ConfigError(
      `writeCsv: separator must be one character, no quote and no line break, but is ${describe(separator)}`,
    );
  }
  const table = isTable(source) ? source : undefined;
  const rows = table === undefined ? (source as Iterable<TableRow>) : table.rows();
  const lines: string[] = [];
  const line = (fields: readonly string[], special: RegExp) => {
    const text = fields.map((field) => quoted(field, separator, special)).join(separator);
    // An empty line would be passed over, so that a lone empty field is written in quotes.
    lines.push(text === '' ? '""' : text);
  };
  let names = table?.names;
  if (names !== undefined) line(names, IN_HEADER);
  for (const row of rows) {
    if (names === undefined) {
      names = Object.keys(row);
      line(names, IN_HEADER);
    }
    checkNames(row, names, lines.length - 1);
    line(
      names.map((name) => fieldOf(row[name] as Cell, table?.column(name).type, name)),
      IN_ROW,
    );
  }
  if (names === undefined)
    throw new DataError('writeCsv got no rows: without one there is no header to write');
  return lines.map((text) => text + lineBreak).join('');

  function fieldOf(value: Cell, type: ColumnType | undefined, name: string): string {
    if (value === null || Number.isNaN(value)) return missing;
    const text =
      typeof value !== 'number'
        ? String(value)
        : type === 'date'
          ? dateOf(value, name)
          : numberOf(value, name);
    if (text !== missing) return text;
    throw new DataError(
      `writeCsv: the column '${name}' has ${describe(value)}, which as text stands for a missing value; choose another for missing`,
    );
  }

  function numberOf(value: number, name: string): string {
    if (!Number.isFinite(value)) {
      throw new DataError(`writeCsv: the column '${name}' has ${value}, which no table of numbers can say`);
    }
    // All digits of a large whole number would be those of another one.
    const isLong = Number.isInteger(value) && !Number.isSafeInteger(value);
    const text = Object.is(value, -0) ? '-0' : isLong ? value.toExponential() : String(value);
    return decimal === ',' ? text.replace('.', ',') : text;
  }
}

function dateOf(milliseconds: number, name: string): string {
  const whole = Math.floor(milliseconds);
  const text = Math.abs(whole) <= 8.64e15 ? new Date(whole).toISOString() : '';
  const fraction = String(milliseconds - whole);
  if (!/^(?!00)\d{4}-/.test(text) || fraction.includes('e')) {
    throw new DataError(
      `writeCsv: the column '${name}' has the date ${milliseconds}, which is not in the years 100 to 9999`,
    );
  }
  if (fraction === '0') return text.replace('T00:00:00.000Z', '');
  return text.replace('Z', `${fraction.slice(2)}Z`);
}

function quoted(field: string, separator: string, special: RegExp): string {
  const needed = special.test(field) || field.includes(separator);
  return needed ? `"${field.replaceAll('"', '""')}"` : field;
}

function checkNames(row: TableRow, names: readonly string[], index: number): void {
  const found = Object.keys(row);
  if (found.length === names.length && names.every((name) => Object.hasOwn(row, name))) return;
  throw new DataError(
    `writeCsv: row ${index} has ${found.join(', ') || 'nothing'} but the first one has ${names.join(', ')}`,
  );
}

function isTable(source: Table | Iterable<TableRow>): source is Table {
  return typeof source === 'object' && source !== null && 'column' in source && 'rows' in source;
}
