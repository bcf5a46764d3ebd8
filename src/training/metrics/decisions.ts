/**
 * Metrics of decisions. For each class, or for each output that decides for itself, four weights are kept:
 *
 *     hits (true positives) h, predicted p, actual a, and of all rows n; true negatives are n - p - a + h
 *
 *     precision h / p    recall h / a    F1 2 h / (p + a)    specificity (n - p - a + h) / (n - a)
 *     Cohen's kappa (Cohen 1960)          (o - e) / (1 - e),   o = sum h / n,   e = sum p a / n^2
 *     Matthews' correlation (Gorodkin 2004)
 *         (n sum h - sum p a) / sqrt((n^2 - sum p^2) (n^2 - sum a^2))
 *
 * Where a quotient's denominator is 0 it is 0, as in scikit-learn and Keras; kappa is NaN then.
 */
import { ConfigError } from '../../core/errors.js';
import { checkInteger, describe } from '../../core/options.js';
import { counts } from '../../kernels/losses.js';
import { checkThreshold, type ThresholdOptions } from './accuracy.js';
import {
  type Accumulator,
  cutOf,
  defineMetric,
  indexOfLargest,
  type MetricFunction,
  type OutputKind,
  targetClass,
} from './metric.js';

/** How the values of several classes become one: the mean, the mean by the weight of the class, or all as one class. */
export type Average = 'macro' | 'weighted' | 'micro';

export interface AverageOptions {
  /** How the values of several classes or outputs become one; `'macro'`, their mean, by default. */
  average?: Average;
}

export interface DecisionOptions extends ThresholdOptions, AverageOptions {
  /** The one class or output to look at. */
  classIndex?: number;
}

/** The weights of each class, added up. */
class ClassCounts {
  hits = new Float64Array(0);
  predicted = new Float64Array(0);
  actual = new Float64Array(0);
  total = 0;

  size(classes: number): void {
    if (this.hits.length === classes) return;
    this.hits = new Float64Array(classes);
    this.predicted = new Float64Array(classes);
    this.actual = new Float64Array(classes);
  }

  clear(): void {
    for (const sums of [this.hits, this.predicted, this.actual]) sums.fill(0);
    this.total = 0;
  }

  /** Adds one row of class `truth` that was said to be of class `answer`. */
  add(truth: number, answer: number, weight: number): void {
    this.actual[truth] = (this.actual[truth] as number) + weight;
    this.predicted[answer] = (this.predicted[answer] as number) + weight;
    if (truth === answer) this.hits[truth] = (this.hits[truth] as number) + weight;
  }

  /** Adds what output `k` says of itself. */
  addDecision(k: number, truth: boolean, answer: boolean, weight: number): void {
    if (truth) this.actual[k] = (this.actual[k] as number) + weight;
    if (answer) this.predicted[k] = (this.predicted[k] as number) + weight;
    if (truth && answer) this.hits[k] = (this.hits[k] as number) + weight;
  }

  state(): Float64Array {
    return Float64Array.of(this.total, ...this.hits, ...this.predicted, ...this.actual);
  }

  restore(state: Float64Array): void {
    const classes = (state.length - 1) / 3;
    this.size(classes);
    this.total = state[0] as number;
    this.hits.set(state.subarray(1, 1 + classes));
    this.predicted.set(state.subarray(1 + classes, 1 + 2 * classes));
    this.actual.set(state.subarray(1 + 2 * classes));
  }
}

/** Whether a row has one class of several, and not a decision an output. */
function isOneOfMany({ targetKind }: OutputKind): boolean {
  return targetKind === 'classes' || targetKind === 'distribution';
}

function countDecisions(
  outputs: OutputKind,
  threshold: number | undefined,
  result: (counted: ClassCounts) => number,
  checkColumns: (columns: number) => void = () => {},
): Accumulator {
  const counted = new ClassCounts();
  const cut = cutOf(threshold, outputs);
  const oneOfMany = isOneOfMany(outputs);
  const isIndex = outputs.targetKind === 'classes';
  return {
    reset: () => counted.clear(),
    update: (y, targets, weights, mask, rows, columns) => {
      checkColumns(columns);
      counted.size(columns);
      for (let row = 0; row < rows; row++) {
        if (!counts(weights, mask, row)) continue;
        const weight = weights[row] as number;
        counted.total += weight;
        if (oneOfMany) {
          counted.add(targetClass(isIndex, targets, row, columns), indexOfLargest(y, row, columns), weight);
          continue;
        }
        for (let k = 0; k < columns; k++) {
          const cell = row * columns + k;
          counted.addDecision(k, (targets[cell] as number) > 0.5, (y[cell] as number) > cut, weight);
        }
      }
    },
    result: () => result(counted),
    state: () => counted.state(),
    restore: (state) => counted.restore(state),
  };
}

/** A quotient of the four weights of a class. */
interface Quotient {
  above(hits: number, predicted: number, actual: number, total: number): number;
  below(hits: number, predicted: number, actual: number, total: number): number;
}

function divide(above: number, below: number): number {
  return below === 0 ? 0 : above / below;
}

function averaged(
  { above, below }: Quotient,
  { average, classIndex }: Required<AverageOptions> & { classIndex?: number },
  oneOfMany: boolean,
  { hits, predicted, actual, total }: ClassCounts,
): number {
  const parts = (k: number) =>
    [hits[k] as number, predicted[k] as number, actual[k] as number, total] as const;
  const classes = classIndex !== undefined ? [classIndex] : Array.from(hits, (_, k) => k);
  // A class that neither occurs nor is predicted is none of the data's, as in scikit-learn.
  const present = (k: number) => !oneOfMany || (predicted[k] as number) + (actual[k] as number) > 0;
  let [sumAbove, sumBelow] = [0, 0];
  for (const k of classes.length === 1 ? classes : classes.filter(present)) {
    const [up, down] = [above(...parts(k)), below(...parts(k))];
    const share = average === 'weighted' ? (actual[k] as number) : 1;
    sumAbove += average === 'micro' || classes.length === 1 ? up : share * divide(up, down);
    sumBelow += average === 'micro' || classes.length === 1 ? down : share;
  }
  return divide(sumAbove, sumBelow);
}

/** @throws ConfigError for an average that is not known */
export function checkAverage(metric: string, { average = 'macro' }: AverageOptions): Average {
  if (average === 'macro' || average === 'weighted' || average === 'micro') return average;
  throw new ConfigError(`${metric}: average is 'macro', 'weighted' or 'micro' but is ${describe(average)}`);
}

function checkCanHaveThreshold(metric: string, threshold: number | undefined, oneOfMany: boolean): void {
  if (!oneOfMany || threshold === undefined) return;
  throw new ConfigError(
    `${metric}: there is no threshold where the largest of several outputs decides: leave it out`,
  );
}

const targets = ['probabilities', 'classes', 'distribution', 'values', 'signs'] as const;

function quotientMetric(metric: string, quotient: Quotient): MetricFunction<DecisionOptions> {
  return defineMetric<DecisionOptions>({
    metric,
    options: ['threshold', 'average', 'classIndex'],
    check: (options) => {
      const { classIndex } = options;
      if (classIndex !== undefined && options.average !== undefined)
        throw new ConfigError(`${metric} takes an average of all classes or the classIndex of one, not both`);
      return {
        ...checkThreshold(metric, options),
        ...(classIndex === undefined
          ? { average: checkAverage(metric, options) }
          : { classIndex: checkInteger(`${metric}: classIndex`, classIndex, { min: 0 }) }),
      };
    },
    targets,
    table: 'probabilities',
    labels: true,
    create: ({ threshold, average = 'macro', classIndex }: DecisionOptions, outputs) => {
      const oneOfMany = isOneOfMany(outputs);
      checkCanHaveThreshold(metric, threshold, oneOfMany);
      const choice = classIndex === undefined ? { average } : { average, classIndex };
      const checkColumns = (columns: number) => {
        if (classIndex === undefined || classIndex < columns) return;
        throw new ConfigError(`${metric}: classIndex is ${classIndex} but there are ${columns} outputs`);
      };
      return countDecisions(
        outputs,
        threshold,
        (counted) => averaged(quotient, choice, oneOfMany, counted),
        checkColumns,
      );
    },
  });
}

/**
 * How many of those that are said to be of a class are. With one output that is the class 1; with several the
 * `average` of the classes, or that of the class `classIndex`.
 *
 * @example precision([0, 1, 1, 0], [0.1, 0.8, 0.4, 0.7], { threshold: 0.3 }) // 2 / 3
 */
export const precision = /* @__PURE__ */ quotientMetric('precision', {
  above: (hits) => hits,
  below: (_hits, predicted) => predicted,
});

/** How many of those of a class are said to be. */
export const recall = /* @__PURE__ */ quotientMetric('recall', {
  above: (hits) => hits,
  below: (_hits, _predicted, actual) => actual,
});

/** The harmonic mean of precision and recall. */
export const f1 = /* @__PURE__ */ quotientMetric('f1', {
  above: (hits) => 2 * hits,
  below: (_hits, predicted, actual) => predicted + actual,
});

/** How many of those that are not of a class are said not to be. */
export const specificity = /* @__PURE__ */ quotientMetric('specificity', {
  above: (hits, predicted, actual, total) => total - predicted - actual + hits,
  below: (_hits, _predicted, actual, total) => total - actual,
});

/** The sums over classes that agreement is made of; a single output is two classes. */
interface Agreement {
  readonly total: number;
  readonly hits: number;
  /** sum p a */
  readonly chance: number;
  /** sum p^2 */
  readonly predictedSquares: number;
  /** sum a^2 */
  readonly actualSquares: number;
}

function agreementOf({ hits, predicted, actual, total }: ClassCounts, isBinary: boolean): Agreement {
  let sums = { hits: 0, chance: 0, predictedSquares: 0, actualSquares: 0 };
  const add = (h: number, p: number, a: number) => {
    sums = {
      hits: sums.hits + h,
      chance: sums.chance + p * a,
      predictedSquares: sums.predictedSquares + p * p,
      actualSquares: sums.actualSquares + a * a,
    };
  };
  for (let k = 0; k < hits.length; k++) {
    const [h, p, a] = [hits[k] as number, predicted[k] as number, actual[k] as number];
    add(h, p, a);
    if (isBinary) add(total - p - a + h, total - p, total - a);
  }
  return { total, ...sums };
}

function agreementMetric(
  metric: string,
  value: (agreement: Agreement) => number,
): MetricFunction<ThresholdOptions> {
  return defineMetric<ThresholdOptions>({
    metric,
    options: ['threshold'],
    check: (options) => checkThreshold(metric, options),
    targets,
    table: 'distribution',
    labels: true,
    create: ({ threshold }: ThresholdOptions, outputs) => {
      const oneOfMany = isOneOfMany(outputs);
      checkCanHaveThreshold(metric, threshold, oneOfMany);
      const checkColumns = (columns: number) => {
        if (oneOfMany || columns === 1) return;
        throw new ConfigError(
          `${metric} is of one decision a row, but there are ${columns} outputs that each decide for themselves`,
        );
      };
      return countDecisions(
        outputs,
        threshold,
        (counted) => value(agreementOf(counted, !oneOfMany)),
        checkColumns,
      );
    },
  });
}

/** The agreement beyond that of chance: 1 is perfect, 0 is chance. */
export const cohenKappa = /* @__PURE__ */ agreementMetric('cohenKappa', ({ total, hits, chance }) => {
  const expected = chance / (total * total);
  return (hits / total - expected) / (1 - expected);
});

/** The correlation of decision and truth, from -1 to 1; 0 where one of them is always the same. */
export const matthews = /* @__PURE__ */ agreementMetric(
  'matthews',
  ({ total, hits, chance, predictedSquares, actualSquares }) => {
    const squares = total * total;
    const size = (squares - predictedSquares) * (squares - actualSquares);
    return size === 0 ? 0 : (hits * total - chance) / Math.sqrt(size);
  },
);
