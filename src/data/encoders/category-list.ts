/** The categories of a column in a fixed order: numbers, then texts, then truth values, each ascending, and what is missing last. */
import { DataError, FormatError } from '../../core/errors.js';
import { describe } from '../../core/options.js';
import type { Json } from '../transform.js';

/** A category; null where the value is missing, which is a category like others. */
export type Category = number | string | boolean | null;

/** The values of a column, such as `table.strings('city')`. */
export type Categories = ArrayLike<Category>;

const KINDS = ['number', 'string', 'boolean'];

/**
 * The different values of a column, in order.
 *
 * @throws DataError where there is none, or for a value of another type
 */
export function categoriesIn(kind: string, values: Categories): Category[] {
  const found = new Set<Category>();
  for (let row = 0; row < values.length; row++) found.add(categoryOf(kind, values[row], row));
  if (found.size === 0) throw new DataError(`${kind} got no values to learn the categories from`);
  return [...found].sort(inOrder);
}

/** The value of a row as a category: NaN, among numbers, is one that is missing. */
export function categoryOf(kind: string, value: unknown, row: number): Category {
  if (value === null || Number.isNaN(value)) return null;
  // Zero has two signs and is one category.
  if (value === 0) return 0;
  if (KINDS.includes(typeof value)) return value as Category;
  throw new DataError(
    `${kind} takes numbers, texts and truth values, null where one is missing, but row ${row} is ${describe(value)}`,
  );
}

function inOrder(a: Category, b: Category): number {
  const rank = (value: Category) => (value === null ? KINDS.length : KINDS.indexOf(typeof value));
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  return (a as number) < (b as number) ? -1 : 1;
}

/** A category in the name of a feature, and in an error. */
export function nameOf(category: Category): string {
  return category === null ? 'missing' : String(category);
}

/** @throws FormatError for what is no list of different categories */
export function categoriesFrom(kind: string, json: Json | undefined): Category[] {
  const sound =
    Array.isArray(json) &&
    json.length > 0 &&
    json.every(
      (value) => value === null || Number.isFinite(value) || /^(string|boolean)$/.test(typeof value),
    ) &&
    new Set(json).size === json.length;
  if (sound) return [...(json as Category[])];
  throw new FormatError(
    `the file's categories of ${kind} must be different values but are ${describe(json)}`,
  );
}
