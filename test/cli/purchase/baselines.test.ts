import { describe, expect, it } from 'vitest';
import { predictBaselines } from '../../../src/cli/purchase/baselines.js';
import { score } from '../../../src/cli/purchase/scores.js';
import { simulatePurchases } from '../../../src/cli/purchase/simulate.js';
import { splitLog } from '../../../src/cli/purchase/split.js';

describe('predictBaselines', () => {
  const log = simulatePurchases(42);
  const split = splitLog(log, { horizon: 13, seed: 42 });
  const baselines = predictBaselines(log, split);
  const scores = baselines.map(({ probabilities }) => score(split.test.labels, probabilities));

  it('gives four probabilities for every test customer', () => {
    expect(baselines.map(({ name }) => name)).toEqual([
      'base rate',
      'recency alone',
      'frequency alone',
      'logistic regression on RFM',
    ]);
    for (const { probabilities } of baselines) {
      expect(probabilities.length).toBe(split.test.rows);
      expect(probabilities.every((p) => p > 0 && p < 1)).toBe(true);
    }
  });

  it('takes the base rate from the training customers', () => {
    const labels = [...split.train.labels, ...split.validation.labels];
    const rate = labels.reduce<number>((sum, label) => sum + label, 0) / labels.length;
    expect(new Set(baselines[0]?.probabilities)).toEqual(new Set([rate]));
    expect(scores[0]?.auc).toBe(0.5);
    expect(scores[0]?.lift).toBeCloseTo(1, 12);
  });

  it('gets better from one to the next: nothing, one figure, all', () => {
    const [rate, recency, frequency, all] = scores.map(({ logLoss }) => logLoss) as [
      number,
      number,
      number,
      number,
    ];
    expect(Math.max(recency, frequency)).toBeLessThan(rate - 0.05);
    expect(all).toBeLessThan(Math.min(recency, frequency));
    expect(scores[3]?.auc).toBeGreaterThan(0.8);
  });

  it('gives the same probabilities again', () => {
    expect(predictBaselines(log, split)).toEqual(baselines);
  });
});
