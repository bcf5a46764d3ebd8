/** The sums of a pass that is not over can be taken out, and gone on from, with the same bits. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import {
  auc,
  categoricalCrossentropy,
  meanAbsoluteScaledError,
  precision,
  recall,
  type Tensor,
} from '../../src/index.js';
import { toLoss } from '../../src/training/losses.js';
import { type MetricInput, toMetric } from '../../src/training/metrics.js';
import { Totals } from '../../src/training/run.js';
import { restoreTotals, totalsState } from '../../src/training/totals-state.js';
import { bitsOf } from '../support/bits.js';

const binary = toLoss('binaryCrossentropy');
const many = categoricalCrossentropy();
const numbers = toLoss('meanSquaredError');

function worst(yTrue: Tensor, yPred: Tensor, weights: Float64Array): number {
  return Math.max(
    ...yTrue.data.map((t, k) => Math.abs(t - (yPred.data[k] as number)) * (weights[0] as number)),
  );
}

const metrics: [MetricInput, ReturnType<typeof toLoss>][] = [
  ['accuracy', binary],
  ['binaryAccuracy', binary],
  ['categoricalAccuracy', many],
  ['sparseCategoricalAccuracy', toLoss('sparseCategoricalCrossentropy')],
  ['topKAccuracy', many],
  ['auc', binary],
  [auc({ average: 'micro' }), many],
  ['averagePrecision', many],
  [precision({ threshold: 0.3, average: 'micro' }), binary],
  [recall({ classIndex: 1 }), many],
  ['f1', many],
  ['specificity', binary],
  ['cohenKappa', many],
  ['matthews', many],
  ['logLoss', binary],
  ['perplexity', many],
  ['brierScore', many],
  ['expectedCalibrationError', binary],
  ['meanSquaredError', numbers],
  ['rootMeanSquaredError', numbers],
  ['meanAbsoluteError', numbers],
  ['meanAbsolutePercentageError', numbers],
  ['symmetricMeanAbsolutePercentageError', numbers],
  [meanAbsoluteScaledError({ scale: 2 }), numbers],
  ['r2Score', numbers],
  ['quantileLoss', numbers],
  [worst, numbers],
];

/** Gives a metric a batch of 5 rows of 3 outputs. */
function feed(totals: Totals, seed: number) {
  const random = new Random(seed);
  const numbers = (length: number, of: () => number) => Float64Array.from({ length }, of);
  const value = { array: numbers(15, () => random.uniform()), length: 15 };
  const targets = { array: numbers(15, () => random.below(2)), length: 15 };
  const weights = { array: numbers(5, () => random.uniform()), length: 5 };
  const mask = { array: Uint8Array.of(1, 1, 0, 1, 1), length: 5 };
  const output = { value, mask, steps: 1, batch: 5, features: 3 };
  const losses = [{ output, targets, weights, result: { sum: random.uniform(), count: 4 } }];
  totals.add({ losses } as never, 0.1);
}

/** 20 rows without steps. */
const rows = {
  rows: 20,
  inputs: [],
  steps: [],
  outputs: [{ values: new Float64Array(0), columns: 3, steps: 1, weights: undefined }],
};

describe.each(metrics.map(([metric, loss]) => [toMetric(metric).name, metric, loss] as const))(
  '%s',
  (_, metric, loss) => {
    it('goes on from its state', () => {
      const make = () => {
        const totals = new Totals([{ prefix: '', weight: 1, metrics: [toMetric(metric).create(loss)] }]);
        totals.reset(rows);
        return totals;
      };
      const whole = make();
      for (const seed of [1, 2, 3]) feed(whole, seed);
      const first = make();
      for (const seed of [1, 2]) feed(first, seed);
      const second = make();
      feed(second, 9);
      second.reset(rows);
      restoreTotals(second, totalsState(first));
      feed(second, 3);
      expect(bitsOf(Object.values(second.logs()))).toBe(bitsOf(Object.values(whole.logs())));
      expect(Object.keys(whole.logs())).toEqual(whole.names);
    });
  },
);
