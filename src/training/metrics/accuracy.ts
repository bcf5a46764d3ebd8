/** The share of rows that are right. */
import { checkInteger, checkNumber } from '../../core/options.js';
import { cutOf, defineMetric, meanOf, targetClass } from './metric.js';
import { binaryScore, classScore, createAccuracy } from './plain-accuracy.js';

export interface ThresholdOptions {
  /** The probability above which an output says yes; 0.5 by default. */
  threshold?: number;
}

/** @throws ConfigError for a threshold that no probability is above or below */
export function checkThreshold(metric: string, { threshold }: ThresholdOptions): { threshold?: number } {
  if (threshold === undefined) return {};
  return { threshold: checkNumber(`${metric}: threshold`, threshold, { min: 0, max: 1 }) };
}

/**
 * The share of right answers: of the largest output where there are classes, of each output's side of 0.5 (0 for
 * logits) where each decides for itself. Which it is hangs on the loss, as in Keras.
 *
 * @example accuracy([0, 1, 2], [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.5, 0.2, 0.3]]) // 2 / 3
 */
export const accuracy = /* @__PURE__ */ defineMetric({
  metric: 'accuracy',
  options: [],
  check: () => ({}),
  targets: ['classes', 'distribution', 'probabilities', 'signs'],
  table: 'distribution',
  labels: true,
  mend:
    "needs a loss for classes but the loss is ?: name the accuracy you mean, 'binaryAccuracy' or " +
    "'categoricalAccuracy', or leave it out",
  create: (_options, outputs) => createAccuracy(outputs),
});

/** The share of outputs on the right side of `threshold`. */
export const binaryAccuracy = /* @__PURE__ */ defineMetric<ThresholdOptions>({
  metric: 'binaryAccuracy',
  options: ['threshold'],
  check: (options) => checkThreshold('binaryAccuracy', options),
  targets: ['probabilities', 'values', 'signs'],
  table: 'probabilities',
  create: ({ threshold }: ThresholdOptions, outputs) => meanOf(binaryScore(cutOf(threshold, outputs))),
});

/** The share of rows whose largest output is that of the largest target. */
export const categoricalAccuracy = /* @__PURE__ */ defineMetric({
  metric: 'categoricalAccuracy',
  options: [],
  check: () => ({}),
  targets: ['distribution', 'values'],
  table: 'distribution',
  create: () => meanOf(classScore(false)),
});

/** The share of rows whose largest output is that of the target, a class index. */
export const sparseCategoricalAccuracy = /* @__PURE__ */ defineMetric({
  metric: 'sparseCategoricalAccuracy',
  options: [],
  check: () => ({}),
  targets: ['classes'],
  table: 'classes',
  create: () => meanOf(classScore(true)),
});

export interface TopKOptions {
  /** How many of the largest outputs count as right; 5 by default. */
  k?: number;
}

/**
 * The share of rows whose target is among the `k` largest outputs. Of outputs that tie the first ones count as larger.
 *
 * @example topKAccuracy([2], [[0.5, 0.2, 0.3]], { k: 2 }) // 1
 */
export const topKAccuracy = /* @__PURE__ */ defineMetric<TopKOptions>({
  metric: 'topKAccuracy',
  options: ['k'],
  check: ({ k = 5 }) => ({ k: checkInteger('topKAccuracy: k', k) }),
  targets: ['classes', 'distribution'],
  table: 'distribution',
  create: ({ k }: Required<TopKOptions>, { targetKind }) =>
    meanOf((y, targets, row, columns) => {
      const truth = targetClass(targetKind === 'classes', targets, row, columns);
      const start = row * columns;
      const score = y[start + truth] as number;
      let above = 0;
      for (let j = 0; j < columns; j++) {
        const other = y[start + j] as number;
        if (other > score || (other === score && j < truth)) above++;
      }
      return above < k ? 1 : 0;
    }),
});
