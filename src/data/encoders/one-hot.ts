/** Categories as rows of zeros with a single one, which a dense layer or an LSTM reads. */
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

export interface OneHotOptions {
  /** What becomes of a category that `fit` has not seen: an error, by default, or a row of zeros. */
  readonly unknown?: 'error' | 'zeros';
}

export interface OneHot extends ColumnEncoder<Categories> {
  /** The categories, in the order of their places. @throws ConfigError before `fit` */
  readonly categories: readonly Category[];
}

const KIND = 'oneHot';

/**
 * Makes a column of categories into one feature for each.
 *
 * @returns a transform of n values into `[n, categories]`; `inverse` takes the largest of each row, and zeros are null
 * @throws ConfigError for options that are not known
 *
 * @example
 * const cities = oneHot({ unknown: 'zeros' }).fit(['Oslo', 'Rome']);
 * cities.transform(['Rome', 'Paris']); // [[0, 1], [0, 0]]
 */
export function oneHot(options: OneHotOptions = {}): OneHot {
  return makeOneHot(options);
}

/** @throws FormatError for what no oneHot wrote */
export function restoreOneHot({ options, learned }: TransformJSON): OneHot {
  return makeOneHot(options as OneHotOptions, learned && categoriesFrom(KIND, learned.categories));
}

function makeOneHot(options: OneHotOptions, restored?: readonly Category[]): OneHot {
  checkOptions(KIND, options, ['unknown']);
  const { unknown = 'error' } = options;
  if (unknown !== 'error' && unknown !== 'zeros') {
    throw unknownName(`${KIND}: unknown`, String(unknown), ['error', 'zeros']);
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
    featureNames: (column) => learnedBy(KIND, categories).map((category) => `${column}=${nameOf(category)}`),
    fit(values) {
      categories = categoriesIn(KIND, values);
      return this;
    },
    transform: (values) => {
      const known = learnedBy(KIND, categories);
      const places = new Map(known.map((category, place) => [category, place]));
      const data = new Float64Array(values.length * known.length);
      for (let row = 0; row < values.length; row++) {
        const category = categoryOf(KIND, values[row], row);
        const place = places.get(category);
        if (place !== undefined) data[row * known.length + place] = 1;
        else if (unknown === 'error') {
          throw new DataError(
            `${KIND}: '${nameOf(category)}' in row ${row} is none of the ${known.length} categories that it has learned; oneHot({ unknown: 'zeros' }) takes it for none of them`,
          );
        }
      }
      return { data, shape: [values.length, known.length] };
    },
    inverse: (ready) => {
      const known = learnedBy(KIND, categories);
      const width = known.length;
      return Array.from({ length: checkRows(KIND, ready, width) }, (_, row) => {
        let largest = row * width;
        for (let at = largest; at < (row + 1) * width; at++) {
          if ((ready.data[at] as number) > (ready.data[largest] as number)) largest = at;
        }
        return (ready.data[largest] as number) > 0 ? (known[largest - row * width] as Category) : null;
      });
    },
    toJSON: () => ({ kind: KIND, options: { unknown }, ...(categories && { learned: { categories } }) }),
  };
}
