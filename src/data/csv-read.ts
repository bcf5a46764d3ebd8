/**
 * Tables from delimited text. The first row names the columns; each column has a type, given or found out; what stands
 * for a missing value is said. A row with too few or too many fields, a field that is not of its column's type, two
 * columns of one name and bytes that are no UTF-8 are errors with line and column.
 */
import { FormatError } from '../core/errors.js';
import { describe } from '../core/options.js';
import type { DelimitedRow } from './csv.js';
import {
  beginReading,
  type CsvColumn,
  type CsvOptions,
  cellReader,
  checkWidth,
  columnsOf,
  isMissing,
  type Reading,
} from './csv-columns.js';
import { typeOf } from './csv-values.js';
import { type Column, type Table, tableOf } from './table.js';

/**
 * Reads delimited text as a table.
 *
 * @param source  the text, or its bytes in UTF-8
 * @throws FormatError for what cannot be read, with its line and column
 * @throws ConfigError for an option that is not known, and a column that the header does not have
 *
 * @example
 * const people = readCsv('age,city\n31,Oslo\n44,\n');
 * people.numbers('age'); // Float64Array [31, 44]
 * people.strings('city'); // ['Oslo', null]
 */
export function readCsv(source: string | Uint8Array, options: CsvOptions = {}): Table {
  const reading = beginReading('readCsv', options, 'auto');
  if (typeof source !== 'string' && !(source instanceof Uint8Array)) {
    throw new FormatError(
      `readCsv reads a string or a Uint8Array but got ${describe(source)}; streamCsv reads streams`,
    );
  }
  const all = rowsOf(source, reading);
  const { columns, width } = columnsOf(
    reading.header === undefined ? (all.next().value ?? undefined) : undefined,
    reading,
  );
  const rows: DelimitedRow[] = [];
  for (const row of all) {
    checkWidth(row, width, reading);
    rows.push(row);
  }
  return tableOf(new Map(columns.map((column) => [column.name, readColumn(column, rows, reading)])));
}

function* rowsOf(source: string | Uint8Array, { reader }: Reading): Generator<DelimitedRow, void> {
  yield* reader.push(source);
  yield* reader.end();
}

function readColumn(column: CsvColumn, rows: readonly DelimitedRow[], reading: Reading): Column {
  const type = column.type === 'auto' ? typeOf(textsOf(column, rows, reading), reading.decimal) : column.type;
  const read = cellReader({ ...column, type }, reading);
  switch (type) {
    case 'string':
      return { type, values: rows.map(read) as (string | null)[] };
    case 'boolean':
      return { type, values: rows.map(read) as (boolean | null)[] };
    default:
      return { type, values: Float64Array.from(rows, (row) => (read(row) as number | null) ?? Number.NaN) };
  }
}

function textsOf(
  { index, type }: CsvColumn,
  rows: readonly DelimitedRow[],
  { missing }: Reading,
): (string | null)[] {
  return rows.map(({ fields }) => {
    const text = fields[index] as string;
    return isMissing(text, type, missing) ? null : text;
  });
}
