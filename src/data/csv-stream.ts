/** Delimited text read row by row, however long it is: what is kept of it is the row at hand. See csv-read.ts. */
import { ConfigError, FormatError } from '../core/errors.js';
import { describe } from '../core/options.js';
import type { DelimitedRow } from './csv.js';
import {
  beginReading,
  type CsvOptions,
  type CsvTypes,
  cellReader,
  checkWidth,
  columnsOf,
  type Reading,
} from './csv-columns.js';
import type { Cell } from './table.js';

/** The values of a row: numbers (of dates, milliseconds since 1970), NaN where one is missing; texts and truth values. */
export type CsvRow<Types extends CsvTypes> = {
  readonly [Name in keyof Types as Types[Name] extends 'skip' ? never : Name]: CsvCell<Types[Name]>;
} & Readonly<Record<string, Cell>>;

type CsvCell<Type> = Type extends 'number' | 'date'
  ? number
  : Type extends 'boolean'
    ? boolean | null
    : string | null;

/** Where text comes from piece by piece: a file's stream, the body of a response, an array of strings. */
export type CsvSource =
  | AsyncIterable<string | Uint8Array>
  | Iterable<string | Uint8Array>
  | ReadableStream<string | Uint8Array>;

/**
 * Reads delimited text row by row.
 *
 * @param source  the pieces of the text, or of its bytes in UTF-8; they may end anywhere
 * @returns the rows, by the names of their columns; columns that are not named are texts
 * @throws FormatError for what cannot be read, with its line and column
 * @throws ConfigError for an option that is not known, and a column that the header does not have
 *
 * @example
 * const columns = { customer: 'string', date: 'date', amount: 'number' } as const;
 * for await (const { customer, amount } of streamCsv(createReadStream('log.csv'), { columns })) total += amount;
 */
export async function* streamCsv<const Types extends CsvTypes>(
  source: CsvSource,
  options: CsvOptions<Types> = {},
): AsyncGenerator<CsvRow<Types>, void> {
  const reading = beginReading('streamCsv', options, 'string');
  if (reading.others === 'auto' || Object.values(reading.types).includes('auto')) {
    throw new ConfigError(
      "streamCsv cannot find out the type of a column, which takes all of its values: name it, or leave it at 'string'",
    );
  }
  let read = reading.header && recordReader(undefined, reading);
  for await (const piece of piecesOf(source)) {
    for (const row of reading.reader.push(piece)) {
      if (read) yield read(row) as CsvRow<Types>;
      else read = recordReader(row, reading);
    }
  }
  for (const row of reading.reader.end()) {
    if (read) yield read(row) as CsvRow<Types>;
    else read = recordReader(row, reading);
  }
  // Without a single row the error is that of a header that is not there.
  if (!read) recordReader(undefined, reading);
}

/** Makes the records of rows under a header. */
function recordReader(
  header: DelimitedRow | undefined,
  reading: Reading,
): (row: DelimitedRow) => Record<string, Cell> {
  const { columns, width } = columnsOf(header, reading);
  const readers = columns.map((column) => {
    const type = column.type === 'auto' ? 'string' : column.type;
    const nothing = type === 'number' || type === 'date' ? Number.NaN : null;
    return {
      name: column.name,
      index: column.index,
      nothing,
      read: cellReader({ ...column, type }, reading),
    };
  });
  let row: DelimitedRow;
  const rowOf = () => row;
  return (next) => {
    row = next;
    checkWidth(row, width, reading);
    const record: Record<string, Cell> = {};
    for (const { name, index, nothing, read } of readers) {
      record[name] = read(row.fields[index] as string, rowOf) ?? nothing;
    }
    return record;
  };
}

/** The pieces of a source; a ReadableStream is not iterable everywhere. */
async function* piecesOf(source: CsvSource): AsyncGenerator<string | Uint8Array, void> {
  if (typeof source === 'object' && source !== null && !(source instanceof Uint8Array)) {
    if (Symbol.asyncIterator in source || Symbol.iterator in source) return yield* source;
    if ('getReader' in source) return yield* piecesReadFrom(source);
  }
  throw new FormatError(`streamCsv reads an iterable of strings or bytes but got ${describe(source)}`);
}

async function* piecesReadFrom(
  source: ReadableStream<string | Uint8Array>,
): AsyncGenerator<string | Uint8Array, void> {
  const reader = source.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}
