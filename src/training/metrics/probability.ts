/**
 * Metrics of probabilities p of targets t. Where outputs are logits, p is their sigmoid or softmax.
 *
 *     log-loss     -log p_t over the classes; -t log p - (1 - t) log(1 - p) for an output that decides for itself
 *     perplexity   e^(log-loss)
 *     Brier score  sum over the classes of (p_k - t_k)^2; (p - t)^2 for an output that decides for itself (Brier 1950)
 *     expected calibration error (Naeini and others 2015)
 *         sum over bins of n_b / n |share of positives in b - mean p in b|, the bins of equal width; where there are
 *         classes p is that of the one predicted, and a positive is a row that is right
 *
 * Probabilities are kept 2.2e-16 off 0 and 1 before a logarithm, as in scikit-learn.
 */
import { exp, log, sigmoid } from '../../core/math.js';
import { checkInteger, checkOptions } from '../../core/options.js';
import type { FloatArray } from '../../core/tensor.js';
import { binaryCrossentropyOfLogit, counts } from '../../kernels/losses.js';
import {
  type Accumulator,
  defineMetric,
  evaluateTable,
  indexOfLargest,
  meanOf,
  type OutputKind,
  type RowScore,
  targetClass,
} from './metric.js';
import { type Predictions, type PredictionWeights, toTable } from './table.js';

function logOf(p: number): number {
  return log(Math.max(Number.EPSILON, Math.min(1 - Number.EPSILON, p)));
}

/** The mean of a score over outputs that each decide for themselves. */
function eachOutput(score: (y: number, target: number) => number): RowScore {
  return (y, targets, row, columns) => {
    let sum = 0;
    for (let k = row * columns; k < (row + 1) * columns; k++)
      sum += score(y[k] as number, targets[k] as number);
    return sum / columns;
  };
}

/** The sum of a score over the classes: `p` and `logP` are those of one. */
function eachClass(
  { targetKind, fromLogits }: OutputKind,
  score: (p: () => number, logP: () => number, target: number) => number,
): RowScore {
  const isIndex = targetKind === 'classes';
  let [value, norm] = [0, 0];
  const p = () => (fromLogits ? exp(value - norm) : value / norm);
  const logP = () => (fromLogits ? value - norm : logOf(value / norm));
  return (y, targets, row, columns) => {
    norm = normOf(y, row, columns, fromLogits);
    let sum = 0;
    for (let k = 0; k < columns; k++) {
      value = y[row * columns + k] as number;
      const target = isIndex ? (targets[row] === k ? 1 : 0) : (targets[row * columns + k] as number);
      sum += score(p, logP, target);
    }
    return sum;
  };
}

/** What probabilities are divided by: their sum; for logits the logarithm of the sum of their exponentials. */
function normOf(y: FloatArray, row: number, columns: number, fromLogits: boolean): number {
  let sum = 0;
  const largest = y[row * columns + indexOfLargest(y, row, columns)] as number;
  for (let k = row * columns; k < (row + 1) * columns; k++) {
    sum += fromLogits ? exp((y[k] as number) - largest) : (y[k] as number);
  }
  return fromLogits ? largest + log(sum) : sum;
}

function logLossScore(outputs: OutputKind): RowScore {
  const { targetKind, fromLogits } = outputs;
  if (targetKind !== 'probabilities')
    return eachClass(outputs, (_p, logP, target) => (target === 0 ? 0 : -target * logP()));
  if (fromLogits) return eachOutput(binaryCrossentropyOfLogit.value);
  return eachOutput((p, target) => -target * logOf(p) - (1 - target) * logOf(1 - p));
}

const targets = ['probabilities', 'classes', 'distribution'] as const;

/**
 * The cross-entropy, without a model's penalties, in the natural logarithm.
 *
 * @example logLoss([1, 0], [0.9, 0.2]) // 0.1643
 */
export const logLoss = /* @__PURE__ */ defineMetric({
  metric: 'logLoss',
  options: [],
  check: () => ({}),
  targets,
  table: 'distribution',
  create: (_options, outputs) => meanOf(logLossScore(outputs)),
});

/** e to the log-loss: among how many equally likely classes the truth would be as uncertain. */
export const perplexity = /* @__PURE__ */ defineMetric({
  metric: 'perplexity',
  options: [],
  check: () => ({}),
  targets,
  table: 'distribution',
  create: (_options, outputs) => meanOf(logLossScore(outputs), exp),
});

/** The mean squared distance of the probabilities from the truth; of several classes, their sum. */
export const brierScore = /* @__PURE__ */ defineMetric({
  metric: 'brierScore',
  options: [],
  check: () => ({}),
  targets,
  table: 'distribution',
  create: (_options, outputs) => {
    if (outputs.targetKind !== 'probabilities')
      return meanOf(eachClass(outputs, (p, _logP, target) => (p() - target) ** 2));
    const probability = outputs.fromLogits ? sigmoid : (p: number) => p;
    return meanOf(eachOutput((y, target) => (probability(y) - target) ** 2));
  },
});

export interface CalibrationOptions {
  /** How many bins of equal width; 10 by default. */
  bins?: number;
}

/** One bin of predicted probabilities. */
export interface CalibrationBin {
  /** Above `from`, up to `to`; the first bin holds its `from`, 0, too. */
  readonly from: number;
  readonly to: number;
  /** The weight of the rows in it. */
  readonly count: number;
  readonly meanPredicted: number;
  /** The share of them that are positive, or right. */
  readonly share: number;
}

interface Calibration extends Accumulator {
  bins(): CalibrationBin[];
}

function calibration(bins: number, outputs: OutputKind): Calibration {
  const { targetKind, fromLogits } = outputs;
  const count = new Float64Array(bins);
  const predicted = new Float64Array(bins);
  const positive = new Float64Array(bins);
  const all = [count, predicted, positive];
  const add = (p: number, truth: number, weight: number) => {
    const bin = Math.max(0, Math.min(bins, Math.ceil(p * bins)) - 1);
    if (Number.isNaN(bin)) return void count.fill(Number.NaN);
    count[bin] = (count[bin] as number) + weight;
    predicted[bin] = (predicted[bin] as number) + weight * p;
    positive[bin] = (positive[bin] as number) + weight * truth;
  };
  return {
    reset: () => {
      for (const sums of all) sums.fill(0);
    },
    update: (y, target, weights, mask, rows, columns) => {
      for (let row = 0; row < rows; row++) {
        if (!counts(weights, mask, row)) continue;
        const weight = weights[row] as number;
        if (targetKind === 'probabilities') {
          for (let k = row * columns; k < (row + 1) * columns; k++) {
            const p = fromLogits ? sigmoid(y[k] as number) : (y[k] as number);
            add(p, target[k] as number, weight);
          }
          continue;
        }
        const answer = indexOfLargest(y, row, columns);
        const value = y[row * columns + answer] as number;
        const norm = normOf(y, row, columns, fromLogits);
        const isRight = answer === targetClass(targetKind === 'classes', target, row, columns);
        add(fromLogits ? exp(value - norm) : value / norm, isRight ? 1 : 0, weight);
      }
    },
    result: () => {
      let distance = 0;
      let total = 0;
      for (let bin = 0; bin < bins; bin++) {
        distance += Math.abs((positive[bin] as number) - (predicted[bin] as number));
        total += count[bin] as number;
      }
      return distance / total;
    },
    state: () => Float64Array.from(all.flatMap((sums) => [...sums])),
    restore: (state) =>
      void all.forEach((sums, i) => void sums.set(state.subarray(i * bins, (i + 1) * bins))),
    bins: () =>
      Array.from(count, (weight, bin) => ({
        from: bin / bins,
        to: (bin + 1) / bins,
        count: weight,
        meanPredicted: (predicted[bin] as number) / weight,
        share: (positive[bin] as number) / weight,
      })).filter((bin) => bin.count > 0),
  };
}

/** How far predicted probabilities are from the shares that come true, over bins of equal width. */
export const expectedCalibrationError = /* @__PURE__ */ defineMetric<CalibrationOptions>({
  metric: 'expectedCalibrationError',
  options: ['bins'],
  check: ({ bins = 10 }) => ({ bins: checkInteger('expectedCalibrationError: bins', bins) }),
  targets,
  table: 'distribution',
  create: ({ bins }: Required<CalibrationOptions>, outputs) => {
    const { bins: _bins, ...metric } = calibration(bins, outputs);
    return metric;
  },
});

/**
 * What a calibration plot shows: the mean prediction and the share that came true of each bin that has rows.
 *
 * @example calibrationCurve([0, 1, 1], [0.2, 0.3, 0.9], { bins: 2 })
 */
export function calibrationCurve(
  yTrue: Predictions,
  yPred: Predictions,
  options: CalibrationOptions & { readonly sampleWeight?: PredictionWeights } = {},
): CalibrationBin[] {
  checkOptions('calibrationCurve', options, ['bins', 'sampleWeight']);
  const { sampleWeight, bins = 10 } = options;
  const table = toTable('calibrationCurve', yTrue, yPred, sampleWeight);
  const targetKind =
    table.columns === 1 ? 'probabilities' : table.targetColumns === 1 ? 'classes' : 'distribution';
  const curve = calibration(checkInteger('calibrationCurve: bins', bins), {
    name: 'calibrationCurve',
    targetKind,
    fromLogits: false,
  });
  evaluateTable(curve, table);
  return curve.bins();
}
