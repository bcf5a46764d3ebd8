import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/core/errors.js';
import { Random } from '../../../src/core/random.js';
import {
  DEATH_RATE,
  exponential,
  gamma,
  PURCHASE_RATE,
  purchaseLog,
  SPENDING,
} from '../../../src/data/datasets/purchase-log.js';

function moments(draw: () => number, count: number): { mean: number; variance: number } {
  const draws = Array.from({ length: count }, draw);
  const mean = draws.reduce((sum, x) => sum + x, 0) / count;
  return { mean, variance: draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / count };
}

describe('gamma', () => {
  it.each([0.1, 0.553, 1, 2.5, 40])('of shape %d has that mean and that variance', (shape) => {
    const random = new Random(1);
    const { mean, variance } = moments(() => gamma(random, shape), 200_000);
    expect(Math.abs(mean / shape - 1)).toBeLessThan(5 / Math.sqrt(200_000 * shape));
    expect(Math.abs(variance / shape - 1)).toBeLessThan(5 * Math.sqrt((2 + 6 / shape) / 200_000));
  });
});

describe('exponential', () => {
  it('has mean 1 over its rate', () => {
    const random = new Random(2);
    const { mean, variance } = moments(() => exponential(random, 4), 200_000);
    expect(mean).toBeCloseTo(0.25, 2);
    expect(variance).toBeCloseTo(0.0625, 2);
  });
});

describe('purchaseLog', () => {
  const day = 86_400_000;

  it('draws customers who are new in the first twelve weeks, each in order of time', () => {
    const log = purchaseLog(500, { seed: 1 });
    expect(log[0]?.customer).toBe('C00001');
    expect(new Set(log.map(({ customer }) => customer)).size).toBe(500);
    const start = Date.UTC(2024, 0, 1);
    for (const [k, { customer, date, amount }] of log.entries()) {
      const before = log[k - 1];
      if (before?.customer === customer) expect(date).toBeGreaterThanOrEqual(before.date);
      else expect(date).toBeLessThan(start + 84 * day);
      expect(date % day).toBe(0);
      expect(date).toBeLessThan(start + 364 * day);
      expect(Math.round(100 * amount) / 100).toBe(amount);
    }
  });

  it('is decided by its seed, and says what is wrong', () => {
    expect(purchaseLog(20, { seed: 5, weeks: 30 })).toEqual(purchaseLog(20, { seed: 5, weeks: 30 }));
    expect(purchaseLog(20, { seed: 6 })).not.toEqual(purchaseLog(20, { seed: 5 }));
    expect(() => purchaseLog(0)).toThrow(ConfigError);
    expect(() => purchaseLog(5, { days: 3 } as never)).toThrow(ConfigError);
  });

  /**
   * Expected repeat purchases in t weeks (Schmittlein, Morrison and Colombo 1987):
   * r beta / (alpha (s - 1)) (1 - (beta / (beta + t))^(s - 1)), averaged over the first purchases.
   */
  it('has as many repeat purchases as the Pareto/NBD model says', () => {
    const [r, alpha, s, beta] = [PURCHASE_RATE.shape, PURCHASE_RATE.rate, DEATH_RATE.shape, DEATH_RATE.rate];
    const repeats = (t: number) => ((r * beta) / (alpha * (s - 1))) * (1 - (beta / (beta + t)) ** (s - 1));
    let expected = 0;
    for (let i = 0; i < 1200; i++) expected += repeats(52 - (i + 0.5) / 100) / 1200;
    const repeated = (purchaseLog(40_000, { seed: 7 }).length - 40_000) / 40_000;
    expect(repeated).toBeCloseTo(expected, 1);
    expect(Math.abs(repeated / expected - 1)).toBeLessThan(0.05);
  });

  it('spends log-normally, with a level for each customer', () => {
    const firsts = new Map(purchaseLog(4000, { seed: 42 }).map(({ customer, amount }) => [customer, amount]));
    const amounts = [...firsts.values()];
    const { mean, variance } = moments(() => Math.log(amounts.pop() as number), 4000);
    expect(mean).toBeCloseTo(SPENDING.mean, 1);
    expect(variance).toBeCloseTo(SPENDING.between ** 2 + SPENDING.within ** 2, 1);
  });
});
