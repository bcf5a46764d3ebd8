/**
 * Metrics of numbers y predicted for targets t; of several outputs the mean.
 *
 *     mean squared error (y - t)^2, its root, mean absolute error |y - t|
 *     mean absolute percentage error |y - t| / max(eps, |t|), a share as in scikit-learn: 0.1 is ten percent
 *     symmetric 2 |y - t| / (|y| + |t|), 0 where both are 0 (Makridakis 1993)
 *     mean absolute scaled error |y - t| / s, s the mean |t_i - t_(i-m)| of a series that was known beforehand
 *         (Hyndman and Koehler 2006)
 *     R^2 = 1 - sum (y - t)^2 / sum (t - mean t)^2, for each output, and then the mean
 *     quantile loss max(q (t - y), (q - 1) (t - y)) (Koenker and Bassett 1978)
 */
import { ConfigError, DataError } from '../../core/errors.js';
import { checkInteger, checkNumber } from '../../core/options.js';
import type { NumberRow } from '../../data/samples.js';
import { absoluteError, counts, squaredError } from '../../kernels/losses.js';
import { type Accumulator, defineMetric, type MetricFunction, meanOf } from './metric.js';

const targets = ['values', 'probabilities', 'distribution', 'signs', 'counts'] as const;

type Error = (y: number, target: number) => number;

function meanError(error: Error, finish?: (mean: number) => number): Accumulator {
  return meanOf((y, target, row, columns) => {
    let sum = 0;
    for (let k = row * columns; k < (row + 1) * columns; k++)
      sum += error(y[k] as number, target[k] as number);
    return sum / columns;
  }, finish);
}

function errorMetric(metric: string, error: Error, finish?: (mean: number) => number): MetricFunction {
  return defineMetric({
    metric,
    options: [],
    check: () => ({}),
    targets,
    table: 'values',
    create: () => meanError(error, finish),
  });
}

/** The mean of the squared errors. */
export const meanSquaredError = /* @__PURE__ */ errorMetric('meanSquaredError', squaredError.value);

/** The mean of the absolute errors. */
export const meanAbsoluteError = /* @__PURE__ */ errorMetric('meanAbsoluteError', absoluteError.value);

/** The root of the mean of the squared errors, over all outputs together. */
export const rootMeanSquaredError = /* @__PURE__ */ errorMetric(
  'rootMeanSquaredError',
  squaredError.value,
  Math.sqrt,
);

/** The mean of the absolute errors, each as a share of its target: 0.1 is ten percent. */
export const meanAbsolutePercentageError = /* @__PURE__ */ errorMetric(
  'meanAbsolutePercentageError',
  (y, target) => Math.abs(y - target) / Math.max(Number.EPSILON, Math.abs(target)),
);

/** The mean of the absolute errors, each as a share of the mean of target and prediction: from 0 to 2. */
export const symmetricMeanAbsolutePercentageError = /* @__PURE__ */ errorMetric(
  'symmetricMeanAbsolutePercentageError',
  (y, target) => (y === target ? 0 : (2 * Math.abs(y - target)) / (Math.abs(y) + Math.abs(target))),
);

export interface ScaledErrorOptions {
  /** The series up to where the predictions begin, from which the scale is taken. */
  series?: NumberRow;
  /** After how many steps it repeats; 1 by default: the naive forecast is the value before. */
  period?: number;
  /** The scale itself, in place of a series. */
  scale?: number;
}

/** @throws ConfigError, DataError for options that give no scale */
function scaleOf({ series, period = 1, scale }: ScaledErrorOptions): number {
  const where = 'meanAbsoluteScaledError';
  if (scale !== undefined) {
    if (series !== undefined) throw new ConfigError(`${where} takes a series or a scale, not both`);
    return checkNumber(`${where}: scale`, scale, { above: 0 });
  }
  if (series === undefined) {
    throw new ConfigError(`${where} needs the series before the predictions: ${where}({ series: [...] })`);
  }
  checkInteger(`${where}: period`, period);
  let sum = 0;
  for (let i = period; i < series.length; i++) {
    sum += Math.abs((series[i] as number) - (series[i - period] as number));
  }
  const mean = sum / (series.length - period);
  if (mean > 0 && Number.isFinite(mean)) return mean;
  throw new DataError(
    `${where}: the series of ${series.length} values has no change over ${period} step${period === 1 ? '' : 's'} to scale by`,
  );
}

/**
 * The mean of the absolute errors over that of the naive forecast, which repeats the value of `period` steps before: below
 * 1 the predictions are better.
 *
 * @example meanAbsoluteScaledError([4, 5], [4.5, 5], { series: [1, 2, 4, 3] })
 */
export const meanAbsoluteScaledError = /* @__PURE__ */ defineMetric<ScaledErrorOptions>({
  metric: 'meanAbsoluteScaledError',
  options: ['series', 'period', 'scale'],
  check: (options) => ({ scale: scaleOf(options) }),
  targets,
  table: 'values',
  create: ({ scale }: { scale: number }) => meanError(absoluteError.value, (mean) => mean / scale),
});

export interface QuantileLossOptions {
  /** The quantile that the outputs are meant to be; 0.5, the median, by default. */
  quantile?: number;
}

/** The mean quantile loss: an error above weighs `1 - quantile`, one below `quantile`. */
export const quantileLoss = /* @__PURE__ */ defineMetric<QuantileLossOptions>({
  metric: 'quantileLoss',
  options: ['quantile'],
  check: ({ quantile = 0.5 }) => ({
    quantile: checkNumber('quantileLoss: quantile', quantile, { above: 0, below: 1 }),
  }),
  targets,
  table: 'values',
  create: ({ quantile }: Required<QuantileLossOptions>) =>
    meanError((y, target) => Math.max(quantile * (target - y), (quantile - 1) * (target - y))),
});

/** Weight, mean, squares about the mean and squared errors of each output, in one pass (West 1979). */
function determination(): Accumulator {
  const SUMS = 4;
  let sums = new Float64Array(0);
  let rowsSeen = 0;
  return {
    reset: () => {
      sums.fill(0);
      rowsSeen = 0;
    },
    update: (y, target, weights, mask, rows, columns) => {
      if (sums.length !== SUMS * columns) sums = new Float64Array(SUMS * columns);
      for (let row = 0; row < rows; row++) {
        if (!counts(weights, mask, row)) continue;
        const weight = weights[row] as number;
        rowsSeen++;
        for (let k = 0; k < columns; k++) {
          const at = SUMS * k;
          const t = target[row * columns + k] as number;
          const error = (y[row * columns + k] as number) - t;
          const total = (sums[at] as number) + weight;
          const difference = t - (sums[at + 1] as number);
          const mean = (sums[at + 1] as number) + (difference * weight) / total;
          sums[at] = total;
          sums[at + 1] = mean;
          sums[at + 2] = (sums[at + 2] as number) + weight * difference * (t - mean);
          sums[at + 3] = (sums[at + 3] as number) + weight * error * error;
        }
      }
    },
    result: () => {
      if (rowsSeen < 2) return Number.NaN;
      let sum = 0;
      for (let at = 0; at < sums.length; at += SUMS) {
        const [spread, errors] = [sums[at + 2] as number, sums[at + 3] as number];
        // Where all targets are the same there is nothing to explain: as in scikit-learn.
        sum += spread === 0 ? (errors === 0 ? 1 : 0) : 1 - errors / spread;
      }
      return (sum * SUMS) / sums.length;
    },
    state: () => Float64Array.of(rowsSeen, ...sums),
    restore: (state) => {
      rowsSeen = state[0] as number;
      sums = state.slice(1);
    },
  };
}

/** The share of the targets' variance that the predictions explain: 1 is perfect, 0 is as good as their mean. */
export const r2Score = /* @__PURE__ */ defineMetric({
  metric: 'r2Score',
  options: [],
  check: () => ({}),
  targets,
  table: 'values',
  create: determination,
});
