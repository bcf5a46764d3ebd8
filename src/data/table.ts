/**
 * Tables: columns of one length, each of numbers, dates, texts or truth values. A value that is missing is NaN among numbers
 * and dates, and null among texts and truth values.
 */
import { ConfigError, DataError } from '../core/errors.js';
import { describe, unknownName } from '../core/options.js';

/** What a column holds; a date is a number too, of milliseconds since 1970-01-01T00:00Z. */
export type ColumnType = 'number' | 'date' | 'string' | 'boolean';

export type Column =
  | { readonly type: 'number' | 'date'; readonly values: Float64Array }
  | { readonly type: 'string'; readonly values: readonly (string | null)[] }
  | { readonly type: 'boolean'; readonly values: readonly (boolean | null)[] };

/** One value of a table. */
export type Cell = number | string | boolean | null;

/** The values of a row by the names of their columns. */
export type TableRow = Readonly<Record<string, Cell>>;

/** What a table is made from: a column's numbers, texts, truth values or dates, null where one is missing. */
export type ColumnInput = ArrayLike<number> | readonly (Cell | Date)[];

export interface Table {
  /** The columns' names, in order. */
  readonly names: readonly string[];
  /** How many rows there are. */
  readonly length: number;
  /** The column of this name. @throws ConfigError for a name that no column has */
  column(name: string): Column;
  /** The numbers of a column, or the milliseconds of its dates; NaN where one is missing. @throws ConfigError for texts */
  numbers(name: string): Float64Array;
  /** The texts of a column; null where one is missing. @throws ConfigError for a column of anything else */
  strings(name: string): readonly (string | null)[];
  /** The truth values of a column; null where one is missing. @throws ConfigError for a column of anything else */
  booleans(name: string): readonly (boolean | null)[];
  /** The rows one by one. */
  rows(): Generator<TableRow, void>;
  /** A table of some rows, by their numbers from 0, in the order given: what the splits return. */
  pick(rows: ArrayLike<number>): Table;
}

/**
 * Makes a table from columns. What a column holds is told by its first value that is not missing; one of nothing but missing
 * values holds texts.
 *
 * @throws DataError for columns of different lengths, or one that holds several kinds of values
 *
 * @example
 * const people = table({ age: [31, 44, NaN], city: ['Oslo', null, 'Rome'] });
 * people.numbers('age'); // Float64Array [31, 44, NaN]
 */
export function table(columns: Readonly<Record<string, ColumnInput>>): Table {
  if (typeof columns !== 'object' || columns === null || Array.isArray(columns)) {
    throw new DataError(`a table is made from an object of columns but got ${describe(columns)}`);
  }
  const made = Object.entries(columns).map(([name, values]) => [name, columnFrom(name, values)] as const);
  return tableOf(new Map(made));
}

/** A table of columns that are known to be of one kind each. */
export function tableOf(columns: ReadonlyMap<string, Column>): Table {
  const names = [...columns.keys()];
  const length = columns.values().next().value?.values.length ?? 0;
  for (const [name, { values }] of columns) {
    if (values.length === length) continue;
    throw new DataError(
      `the columns of a table are of one length but '${names[0]}' has ${length} values and '${name}' ${values.length}`,
    );
  }
  const column = (name: string): Column => {
    const found = columns.get(name);
    if (found === undefined) throw unknownName('the column', name, names);
    return found;
  };
  const isNot = (name: string, wanted: string) =>
    new ConfigError(`the column '${name}' has values of type ${column(name).type} and none of ${wanted}`);
  return {
    names,
    length,
    column,
    numbers: (name) => {
      const { type, values } = column(name);
      if (type === 'number' || type === 'date') return values;
      throw isNot(name, 'number or date');
    },
    strings: (name) => {
      const { type, values } = column(name);
      if (type === 'string') return values;
      throw isNot(name, 'string');
    },
    booleans: (name) => {
      const { type, values } = column(name);
      if (type === 'boolean') return values;
      throw isNot(name, 'boolean');
    },
    *rows() {
      const entries = [...columns];
      for (let row = 0; row < length; row++) {
        yield Object.fromEntries(entries.map(([name, { values }]) => [name, values[row] as Cell]));
      }
    },
    pick: (rows) => {
      const picked = Array.from(rows, (row) => checkRow(row, length));
      return tableOf(new Map(Array.from(columns, ([name, found]) => [name, pickFrom(found, picked)])));
    },
  };
}

function checkRow(row: number, length: number): number {
  if (Number.isInteger(row) && row >= 0 && row < length) return row;
  throw new DataError(`a table of ${length} rows has no row ${describe(row)}`);
}

function pickFrom(column: Column, rows: readonly number[]): Column {
  switch (column.type) {
    case 'string':
      return { type: 'string', values: rows.map((row) => column.values[row] as string | null) };
    case 'boolean':
      return { type: 'boolean', values: rows.map((row) => column.values[row] as boolean | null) };
    default:
      return { type: column.type, values: Float64Array.from(rows, (row) => column.values[row] as number) };
  }
}

function columnFrom(name: string, given: ColumnInput): Column {
  if (given instanceof Float64Array) return { type: 'number', values: given };
  if (!Array.isArray(given) && !ArrayBuffer.isView(given)) {
    throw new DataError(`the column '${name}' must be an array but is ${describe(given)}`);
  }
  const values: readonly (Cell | Date)[] = Array.from(given as ArrayLike<Cell>);
  const kinds = new Set(values.filter((value) => value !== null).map(kindOf));
  const [kind = 'string', other] = kinds;
  if (other !== undefined) {
    const row = values.findIndex((value) => value !== null && kindOf(value) !== kind);
    throw new DataError(
      `the column '${name}' begins with values of type ${kind} but has ${describe(values[row])} in row ${row}`,
    );
  }
  switch (kind) {
    case 'number':
    case 'date':
      return {
        type: kind,
        values: Float64Array.from(values, (value) => (value === null ? Number.NaN : +value)),
      };
    case 'string':
      return { type: 'string', values: values as (string | null)[] };
    case 'boolean':
      return { type: 'boolean', values: values as (boolean | null)[] };
    default:
      throw new DataError(
        `the column '${name}' holds numbers, texts, truth values or dates, with null where one is missing, but has ${describe(values[0])} in row 0`,
      );
  }
}

function kindOf(value: unknown): string {
  return value instanceof Date ? 'date' : typeof value;
}
