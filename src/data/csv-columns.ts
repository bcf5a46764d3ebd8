/** What the readers of tables, whole and streamed, have in common: options, the header, and fields into values. */
import { ConfigError, FormatError } from '../core/errors.js';
import { checkInteger, checkOptions, describe, unknownName } from '../core/options.js';
import { type DelimitedReader, type DelimitedRow, delimitedReader, placeOfField } from './csv.js';
import { type DecimalSign, readerOf } from './csv-values.js';
import type { Cell, ColumnType } from './table.js';
import { formatPlace } from './utf8.js';

/** The type of a column; `auto` finds it out from all of its values, `skip` leaves the column out. */
export type CsvType = ColumnType | 'auto' | 'skip';

export type CsvTypes = Readonly<Record<string, CsvType>>;

export interface CsvOptions<Types extends CsvTypes = CsvTypes> {
  /** The types of columns, by their names. */
  readonly columns?: Types;
  /** The type of all other columns: `auto` by default, and `string` in a stream, which cannot look ahead. */
  readonly others?: CsvType;
  /** Names of the columns, for text whose first row is no header. */
  readonly header?: readonly string[];
  /** What stands between two fields, one character; by default `,` `;` or TAB, whichever the first row has most of. */
  readonly separator?: string;
  /** What stands before the decimals of a number: `.` by default. */
  readonly decimal?: DecimalSign;
  /** What stands for a missing value, in quotes or not: `['']` by default. */
  readonly missing?: readonly string[];
  /** What the text is called in an error: its file's name. */
  readonly name?: string;
  /** How many characters a row may have, so that a quote that is never closed does not eat all memory; 2^24 by default. */
  readonly maxRowLength?: number;
}

/** A column that is read. */
export interface CsvColumn {
  readonly name: string;
  /** Its place in each row. */
  readonly index: number;
  readonly type: Exclude<CsvType, 'skip'>;
}

/** Options that have been checked, and the reader of the text. */
export interface Reading {
  readonly name: string;
  readonly reader: DelimitedReader;
  readonly types: CsvTypes;
  readonly others: CsvType;
  readonly header: readonly string[] | undefined;
  readonly decimal: DecimalSign;
  readonly missing: readonly string[];
}

const OPTIONS = ['columns', 'others', 'header', 'separator', 'decimal', 'missing', 'name', 'maxRowLength'];
const TYPES: readonly string[] = ['number', 'string', 'date', 'boolean', 'auto', 'skip'];

/** @throws ConfigError for options that make no sense */
export function beginReading(where: string, options: CsvOptions, byDefault: CsvType): Reading {
  checkOptions(where, options, OPTIONS);
  const { columns = {}, others = byDefault, header, separator, decimal = '.', missing = [''] } = options;
  for (const [column, type] of [...Object.entries(columns), ['others', others] as const]) {
    if (!TYPES.includes(type)) throw unknownName(`${where}: the type of '${column}',`, String(type), TYPES);
  }
  if (separator !== undefined && (separator.length !== 1 || /["\r\n]/.test(separator))) {
    throw new ConfigError(
      `${where}: separator must be one character, no quote and no line break, but is ${describe(separator)}`,
    );
  }
  if (decimal !== '.' && decimal !== ',') {
    throw new ConfigError(`${where}: decimal must be '.' or ',' but is ${describe(decimal)}`);
  }
  if (!Array.isArray(missing) || !missing.every((text) => typeof text === 'string')) {
    throw new ConfigError(`${where}: missing must be an array of texts but is ${describe(missing)}`);
  }
  const { name, maxRowLength } = options;
  if (maxRowLength !== undefined) checkInteger(`${where}: maxRowLength`, maxRowLength);
  const reader = delimitedReader({ separator, name, maxRowLength });
  return { name: name ?? 'the text', reader, types: columns, others, header, decimal, missing };
}

/**
 * The columns that are read, by the names in a row or by those that were given, and how many fields a row has.
 *
 * @throws FormatError for two columns of one name
 * @throws ConfigError for a column that is to be read and is not there
 */
export function columnsOf(
  row: DelimitedRow | undefined,
  { name, reader, types, others, header }: Reading,
): { columns: CsvColumn[]; width: number } {
  const names = header ?? row?.fields;
  if (names === undefined) throw new FormatError(`${name} is empty: it has no row that names the columns`);
  for (const [index, column] of names.entries()) {
    const twice = names.indexOf(column) < index;
    if (!twice && column !== '__proto__') continue;
    const where =
      header === undefined && row !== undefined
        ? formatPlace(placeOfField(row, index, reader.separator()))
        : 'header';
    throw new FormatError(
      `${name}, ${where}: ${twice ? `a second column is called '${column}'` : "no column can be called '__proto__'"}; rename it`,
    );
  }
  for (const column of Object.keys(types)) {
    if (!names.includes(column)) throw unknownName(`${name}: the column`, column, names);
  }
  const columns = names.flatMap((column, index): CsvColumn[] => {
    const type = Object.hasOwn(types, column) ? (types[column] as CsvType) : others;
    return type === 'skip' ? [] : [{ name: column, index, type }];
  });
  return { columns, width: names.length };
}

/** @throws FormatError for a row with more or fewer fields than there are columns */
export function checkWidth(row: DelimitedRow, width: number, { name, reader }: Reading): void {
  const { fields } = row;
  if (fields.length === width) return;
  const place = placeOfField(row, Math.min(fields.length, width), reader.separator());
  const found = `${fields.length} ${fields.length === 1 ? 'field' : 'fields'}`;
  throw new FormatError(
    `${name}, ${formatPlace(place)}: ${found} in a row of a table of ${width} columns; a separator that belongs to a field needs quotes around it`,
  );
}

/**
 * Reads the fields of a column: null where one is missing. `rowOf` finds the row of a field for an error.
 *
 * @throws FormatError for a field of another type
 */
export function cellReader(
  column: CsvColumn & { readonly type: ColumnType },
  { name, reader, decimal, missing }: Reading,
): (text: string, rowOf: () => DelimitedRow) => Cell {
  const { type, index } = column;
  const read = readerOf(type, decimal);
  return (text, rowOf) => {
    if (isMissing(text, type, missing)) return null;
    if (type === 'string') return text;
    const value = read(text.trim());
    if (typeof value !== 'object' || value === null) return value;
    const place = formatPlace(placeOfField(rowOf(), index, reader.separator()));
    throw new FormatError(
      `${name}, ${place}: ${value.problem}, in the column '${column.name}' of type ${type}; mend it, name it among missing, or read the column as 'string'`,
    );
  };
}

/** A text stands for a missing value as it is; around one that stands for a missing number spaces do not matter. */
export function isMissing(text: string, type: CsvType, missing: readonly string[]): boolean {
  return missing.includes(type === 'string' ? text : text.trim());
}
