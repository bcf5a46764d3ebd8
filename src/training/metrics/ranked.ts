/**
 * Metrics of the order that scores put rows in. They keep every score until the epoch ends, 17 bytes each, since the
 * order is known only then.
 */
import type { FloatArray } from '../../core/tensor.js';
import { counts } from '../../kernels/losses.js';
import { type Average, type AverageOptions, checkAverage } from './decisions.js';
import { type Accumulator, defineMetric, type MetricFunction } from './metric.js';
import { Ranking } from './ranking.js';

function rankMetric(metric: string, value: (ranking: Ranking) => number): MetricFunction<AverageOptions> {
  return defineMetric<AverageOptions>({
    metric,
    options: ['average'],
    check: (options) => ({ average: checkAverage(metric, options) }),
    targets: ['probabilities', 'values', 'distribution', 'classes', 'signs'],
    table: 'probabilities',
    create: ({ average }: Required<AverageOptions>, { targetKind }) =>
      rankings(average, targetKind === 'classes', value),
  });
}

/** Keeps a ranking a column, or one of all columns together. */
function rankings(average: Average, isIndex: boolean, value: (ranking: Ranking) => number): Accumulator {
  let kept: Ranking[] = [];
  let expectedRows = 0;
  const positive = (targets: FloatArray, row: number, k: number, columns: number) =>
    isIndex ? targets[row] === k : (targets[row * columns + k] as number) > 0.5;
  return {
    keepsRows: true,
    reset: (rows) => {
      expectedRows = rows;
      for (const ranking of kept) ranking.clear();
    },
    update: (y, targets, weights, mask, rows, columns) => {
      const together = average === 'micro';
      const wanted = together ? 1 : columns;
      if (kept.length !== wanted) kept = Array.from({ length: wanted }, () => new Ranking());
      for (const ranking of kept) ranking.reserve(together ? expectedRows * columns : expectedRows);
      for (let row = 0; row < rows; row++) {
        if (!counts(weights, mask, row)) continue;
        for (let k = 0; k < columns; k++) {
          const ranking = kept[together ? 0 : k] as Ranking;
          const score = y[row * columns + k] as number;
          ranking.add(score, positive(targets, row, k, columns), weights[row]);
        }
      }
    },
    result: () => {
      let sum = 0;
      let total = 0;
      for (const ranking of kept) {
        const share = average === 'weighted' ? ranking.positiveWeight : 1;
        if (share === 0) continue;
        sum += share * value(ranking);
        total += share;
      }
      return sum / total;
    },
    state: () => {
      const states = kept.map((ranking) => ranking.state());
      return Float64Array.from([kept.length, ...states.flatMap((state) => [state.length, ...state])]);
    },
    restore: (state) => {
      let at = 1;
      kept = Array.from({ length: state[0] ?? 0 }, () => {
        const ranking = new Ranking();
        const end = at + 1 + (state[at] as number);
        ranking.restore(state.subarray(at + 1, end));
        at = end;
        return ranking;
      });
    },
  };
}

/**
 * The area under the ROC curve, exact by rank: the chance that a positive scores above a negative, ties counted half.
 * Of several outputs or classes it is the `average` of each against the rest; `'micro'` ranks all outputs together. NaN
 * where a class has no positives or no negatives.
 *
 * @example auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]) // 0.75
 */
export const auc = /* @__PURE__ */ rankMetric('auc', (ranking) => ranking.areaUnderCurve());

/**
 * The mean of the precisions at every threshold, each weighted by how much recall grows there. NaN where a class has no
 * positives.
 *
 * @example averagePrecision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]) // 0.8333
 */
export const averagePrecision = /* @__PURE__ */ rankMetric('averagePrecision', (ranking) =>
  ranking.averagePrecision(),
);
