/** A series cut by time: the first part to learn from, what comes after it to choose by, and the end to test on. */
import { ConfigError, DataError } from '../core/errors.js';
import { checkInteger, checkNumber, checkOptions } from '../core/options.js';

/** Steps `from` to `to - 1` of a series. */
export interface SeriesPart {
  readonly from: number;
  readonly to: number;
}

export interface SeriesSplit {
  readonly train: SeriesPart;
  /** Empty where it was not asked for. */
  readonly validation: SeriesPart;
  readonly test: SeriesPart;
}

export interface SeriesSplitOptions {
  /** How much lies between training and test: a share of the steps below 1, or a number of steps; 0 by default. */
  validation?: number;
  /** How much is at the end: a share of the steps below 1, or a number of steps; 0 by default. */
  test?: number;
}

/**
 * Cuts a series by time. The parts are what `slice` takes, and `windows` as its options: the rows of a part foretell its
 * steps alone, and look back into what is before.
 *
 * @param series  what has a step for each element, or the number of steps
 * @throws ConfigError for parts that leave nothing to learn from
 *
 * @example
 * const { train, test } = splitSeries(series, { test: 0.2 });
 * const scaled = standardScaler().fit(series.slice(train.from, train.to)).transform(series);
 * const { x, y } = windows(scaled, { input: 24, ...test });
 */
export function splitSeries(
  series: number | { readonly length: number },
  options: SeriesSplitOptions,
): SeriesSplit {
  checkOptions('splitSeries', options, ['validation', 'test'], { train: 'it is what the others leave' });
  const steps = typeof series === 'number' ? series : series?.length;
  if (!Number.isSafeInteger(steps) || steps < 1) {
    throw new DataError(`splitSeries takes a series of one step or more, or their number, but got ${steps}`);
  }
  const validation = stepsOf('splitSeries: validation', options.validation ?? 0, steps);
  const test = stepsOf('splitSeries: test', options.test ?? 0, steps);
  const trained = steps - validation - test;
  if (trained < 1) {
    throw new ConfigError(
      `splitSeries: ${validation} steps to validate and ${test} to test leave none of ${steps} to learn from`,
    );
  }
  return {
    train: { from: 0, to: trained },
    validation: { from: trained, to: trained + validation },
    test: { from: trained + validation, to: steps },
  };
}

/**
 * How many of `steps` a part has.
 *
 * @param part  a share below 1, or a number of steps
 * @throws ConfigError for anything else
 */
export function stepsOf(where: string, part: number, steps: number): number {
  if (part >= 1) return checkInteger(where, part);
  return Math.round(checkNumber(where, part, { min: 0 }) * steps);
}
