/** Categories as whole numbers, which an embedding reads: 0 for one that is unknown, and from 1 on those that were learned. */
import { DataError } from '../../core/errors.js';
import { checkOptions, unknownName } from '../../core/options.js';
import { learnedBy, type TransformJSON } from '../transform.js';
import {
  type Categories,
  type Category,
  categoriesFrom,
  categoriesIn,
  categoryOf,
  nameOf,
} from './category-list.js';
import { type ColumnEncoder, checkRows } from './column-encoder.js';

export interface CategoryIdsOptions {
  /** What becomes of a category that `fit` has not seen: an error, by default, or 0, which no other one has. */
  readonly unknown?: 'error' | 'zero';
}

export interface CategoryIds extends ColumnEncoder<Categories> {
  /** The categories, from id 1 on. @throws ConfigError before `fit` */
  readonly categories: readonly Category[];
}

const KIND = 'categoryIds';

/**
 * Makes a column of categories into ids from 1 on, the first argument of `embedding` being one more than there are of
 * them: `embedding(ids.categories.length + 1, 8)`.
 *
 * @returns a transform of n values into `[n, 1]`; `inverse` makes 0 null
 * @throws ConfigError for options that are not known
 *
 * @example
 * const plans = categoryIds({ unknown: 'zero' }).fit(['basic', 'pro']);
 * plans.transform(['pro', 'gold']); // [[2], [0]]
 */
export function categoryIds(options: CategoryIdsOptions = {}): CategoryIds {
  return makeCategoryIds(options);
}

/** @throws FormatError for what no categoryIds wrote */
export function restoreCategoryIds({ options, learned }: TransformJSON): CategoryIds {
  return makeCategoryIds(options as CategoryIdsOptions, learned && categoriesFrom(KIND, learned.categories));
}

function makeCategoryIds(options: CategoryIdsOptions, restored?: readonly Category[]): CategoryIds {
  checkOptions(KIND, options, ['unknown']);
  const { unknown = 'error' } = options;
  if (unknown !== 'error' && unknown !== 'zero') {
    throw unknownName(`${KIND}: unknown`, String(unknown), ['error', 'zero']);
  }
  let categories = restored;
  return {
    kind: KIND,
    get isFitted() {
      return categories !== undefined;
    },
    get categories() {
      return learnedBy(KIND, categories);
    },
    featureNames: (column) => [column],
    fit(values) {
      categories = categoriesIn(KIND, values);
      return this;
    },
    transform: (values) => {
      const known = learnedBy(KIND, categories);
      const ids = new Map(known.map((category, place) => [category, place + 1]));
      const data = Float64Array.from(values, (value, row) => {
        const category = categoryOf(KIND, value, row);
        const id = ids.get(category);
        if (id !== undefined) return id;
        if (unknown === 'zero') return 0;
        throw new DataError(
          `${KIND}: '${nameOf(category)}' in row ${row} is none of the ${known.length} categories that it has learned; categoryIds({ unknown: 'zero' }) makes it 0`,
        );
      });
      return { data, shape: [data.length, 1] };
    },
    inverse: (ids) => {
      const known = learnedBy(KIND, categories);
      checkRows(KIND, ids, 1);
      return Array.from(ids.data, (id, row) => {
        if (id === 0) return null;
        const category = known[id - 1];
        if (category !== undefined) return category;
        throw new DataError(`${KIND}: ids go from 0 to ${known.length} but row ${row} is ${id}`);
      });
    },
    toJSON: () => ({ kind: KIND, options: { unknown }, ...(categories && { learned: { categories } }) }),
  };
}
