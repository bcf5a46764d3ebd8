/** From the rows of a table to rows of features: each column through a transform of its own, all side by side. */
import { ConfigError, DataError, FormatError, LonghandError } from '../core/errors.js';
import { checkOptions, describe } from '../core/options.js';
import type { Tensor } from '../core/tensor.js';
import type { Categories } from './encoders/category-list.js';
import { type ColumnEncoder, checkRows } from './encoders/column-encoder.js';
import { type Numeric, numeric } from './encoders/numeric.js';
import { isScaler } from './scalers/chain.js';
import type { Scaler } from './scalers/scaler.js';
import { type ColumnInput, type Table, type TableRow, table } from './table.js';
import type { Json, Transform, TransformJSON } from './transform.js';

/** What becomes of a column: `'number'`, itself; a scaler; or `numeric`, `oneHot` or `categoryIds`. */
export type ColumnEncoding = 'number' | Scaler | Numeric | ColumnEncoder<Categories>;

export interface TableEncoderOptions {
  /** The columns that become features, in this order; those that are not named are left out. */
  readonly columns: Readonly<Record<string, ColumnEncoding>>;
}

/** A table, or rows with the names of its columns. */
export type EncoderInput = Table | readonly TableRow[];

export interface TableEncoder extends Transform<EncoderInput, Tensor> {
  /** A name for each feature, such as `age` and `city=Oslo`. @throws ConfigError before `fit` */
  readonly featureNames: readonly string[];
  transform(raw: EncoderInput): Tensor<Float64Array>;
  /** Features back into a table of the columns that they are made from. */
  inverse(ready: Tensor): Table;
}

const KIND = 'tableEncoder';

/**
 * Makes rows of a table ready for a model: `[rows, features]`.
 *
 * @throws ConfigError for no columns, or what is no encoding of one
 *
 * @example
 * const encoder = tableEncoder({ columns: { age: standardScaler(), city: oneHot() } }).fit(people.pick(train));
 * const x = encoder.transform(people); // [rows, 1 + cities]
 */
export function tableEncoder(options: TableEncoderOptions): TableEncoder {
  checkOptions(KIND, options, ['columns']);
  const { columns } = options;
  if (typeof columns !== 'object' || columns === null || Object.keys(columns).length === 0) {
    throw new ConfigError(
      `${KIND} takes columns, { age: standardScaler(), city: oneHot() }, but got ${describe(columns)}`,
    );
  }
  const encoders = Object.entries(columns).map(([name, given]) => [name, encoderOf(name, given)] as const);
  return {
    kind: KIND,
    get isFitted() {
      return encoders.every(([, { isFitted }]) => isFitted);
    },
    get featureNames() {
      return encoders.flatMap(([name, encoder]) => encoder.featureNames(name));
    },
    fit(raw) {
      for (const [name, encoder] of encoders) inColumn(name, () => encoder.fit(valuesOf(raw, name)));
      return this;
    },
    transform: (raw) => {
      const parts = encoders.map(([name, encoder]) =>
        inColumn(name, () => encoder.transform(valuesOf(raw, name))),
      );
      return sideBySide(parts, raw.length);
    },
    inverse: (ready) => {
      const widths = encoders.map(([name, encoder]) => encoder.featureNames(name).length);
      const total = widths.reduce((sum, width) => sum + width, 0);
      const rows = checkRows(KIND, ready, total);
      let start = 0;
      const restored = encoders.map(([name, encoder], place) => {
        const width = widths[place] as number;
        const part = columnsFrom(ready, rows, start, width);
        start += width;
        return [name, inColumn(name, () => encoder.inverse(part)) as ColumnInput] as const;
      });
      return table(Object.fromEntries(restored));
    },
    toJSON: () => ({
      kind: KIND,
      options: { columns: encoders.map(([name, encoder]) => [name, encoder.toJSON() as unknown as Json]) },
    }),
  };
}

/**
 * @param restore  makes the transform of each column again
 * @throws FormatError for what no tableEncoder wrote
 */
export function restoreTableEncoder(
  { options }: TransformJSON,
  restore: (json: unknown) => Transform<unknown, unknown>,
): TableEncoder {
  const { columns } = options;
  const isPair = (pair: Json): pair is readonly [string, TransformJSON & Json] =>
    Array.isArray(pair) && pair.length === 2 && typeof pair[0] === 'string' && pair[1]?.kind !== KIND;
  const sound = Array.isArray(columns) && columns.every(isPair);
  if (!sound || new Set(columns.map(([name]) => name)).size < columns.length) {
    throw new FormatError(`the file's ${KIND} must hold pairs of a name, each another, and a transform`);
  }
  const restored = columns.map(([name, json]) => [name, restore(json) as ColumnEncoder<Categories>] as const);
  return tableEncoder({ columns: Object.fromEntries(restored) });
}

function encoderOf(name: string, given: ColumnEncoding): ColumnEncoder<unknown> {
  if (given === 'number') return numeric() as object as ColumnEncoder<unknown>;
  if (isScaler(given)) return numeric({ scaler: given }) as object as ColumnEncoder<unknown>;
  if (typeof given === 'object' && typeof given?.featureNames === 'function') {
    return given as object as ColumnEncoder<unknown>;
  }
  throw new ConfigError(
    `${KIND}: the column '${name}' is encoded by 'number', a scaler, numeric(), oneHot() or categoryIds() but got ${describe(given)}`,
  );
}

/** An error of a column's transform, with the column's name. */
function inColumn<Result>(name: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof LonghandError) error.message = `${KIND}, column '${name}': ${error.message}`;
    throw error;
  }
}

function valuesOf(raw: EncoderInput, name: string): ColumnInput {
  if ('column' in raw) return raw.column(name).values;
  return raw.map((row, place) => {
    if (typeof row === 'object' && row !== null && Object.hasOwn(row, name)) return row[name] ?? null;
    throw new DataError(`row ${place} has no such value: it is ${describe(row)}`);
  });
}

function sideBySide(parts: readonly Tensor[], rows: number): Tensor<Float64Array> {
  const total = parts.reduce((sum, { shape }) => sum + (shape[1] as number), 0);
  const data = new Float64Array(rows * total);
  let start = 0;
  for (const { data: values, shape } of parts) {
    const width = shape[1] as number;
    for (let at = 0; at < rows * width; at++) {
      data[Math.floor(at / width) * total + start + (at % width)] = values[at] as number;
    }
    start += width;
  }
  return { data, shape: [rows, total] };
}

function columnsFrom({ data, shape }: Tensor, rows: number, start: number, width: number): Tensor {
  const total = shape[1] as number;
  const values = Float64Array.from(
    { length: rows * width },
    (_, at) => data[Math.floor(at / width) * total + start + (at % width)] as number,
  );
  return { data: values, shape: [rows, width] };
}
