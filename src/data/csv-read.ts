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
  const rows = rowsOf(source, reading);
  const header = reading.header === undefined ? (rows.next().value ?? undefined) : undefined;
  const { columns, width } = columnsOf(header, reading);
  const texts = columns.map((): string[] => []);
  for (const row of rows) {
    checkWidth(row, width, reading);
    for (const [k, { index }] of columns.entries()) texts[k]?.push(row.fields[index] as string);
  }
  /** A row is not kept for the error that it may be part of, but read again. */
  const rowAt = (place: number) => {
    const again = rowsOf(source, beginReading('readCsv', options, 'auto'));
    for (let k = reading.header === undefined ? -1 : 0; k < place; k++) again.next();
    return again.next().value as DelimitedRow;
  };
  return tableOf(
    new Map(
      columns.map((column, k) => [column.name, readColumn(column, texts[k] as string[], rowAt, reading)]),
    ),
  );
}

function* rowsOf(source: string | Uint8Array, { reader }: Reading): Generator<DelimitedRow, void> {
  yield* reader.push(source);
  yield* reader.end();
}

function readColumn(
  column: CsvColumn,
  texts: readonly string[],
  rowAt: (place: number) => DelimitedRow,
  reading: Reading,
): Column {
  const { decimal, missing } = reading;
  const given = column.type === 'auto' ? texts.filter((text) => !isMissing(text, 'auto', missing)) : [];
  const type = column.type === 'auto' ? typeOf(given, decimal) : column.type;
  const read = cellReader({ ...column, type }, reading);
  const cell = (text: string, row: number) => read(text, () => rowAt(row));
  switch (type) {
    case 'string':
      return { type, values: texts.map(cell) as (string | null)[] };
    case 'boolean':
      return { type, values: texts.map(cell) as (boolean | null)[] };
    default:
      return {
        type,
        values: Float64Array.from(texts, (text, row) => (cell(text, row) as number | null) ?? Number.NaN),
      };
  }
}
