import { describe, expect, it } from 'vitest';
import {
  DEATH_RATE,
  exponential,
  gamma,
  PURCHASE_RATE,
  SPENDING,
  simulatePurchases,
} from '../../../src/cli/purchase/simulate.js';
import { Random } from '../../../src/core/random.js';
import { formatDay } from '../../../src/data/calendar.js';

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

describe('simulatePurchases', () => {
  const log = simulatePurchases(42);

  it('draws 4,000 customers over 52 weeks, each new within the first twelve', () => {
    expect(log.customers.length).toBe(4000);
    expect(log.length).toBe(364);
    expect(formatDay(log.firstDate)).toBe('2024-01-01');
    expect(Math.max(...log.days)).toBeLessThan(364);
    expect(Math.min(...log.days)).toBeGreaterThanOrEqual(0);
    for (let customer = 0; customer < 4000; customer++) {
      expect(log.days[log.offsets[customer] as number]).toBeLessThan(84);
    }
  });

  it('is decided by its seed', () => {
    expect(simulatePurchases(42)).toEqual(log);
    expect(simulatePurchases(43).days.length).not.toBe(log.days.length);
  });

  it('draws these purchases on every machine', () => {
    expect([log.days.length, log.records]).toEqual([9303, 9376]);
    const cents = log.amounts.reduce((sum, amount) => sum + Math.round(100 * amount), 0);
    expect(cents).toMatchInlineSnapshot(`30885433`);
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
    const large = simulatePurchases(7, { customers: 40_000, weeks: 52 });
    expect((large.records - 40_000) / 40_000).toBeCloseTo(expected, 1);
    expect(Math.abs((large.records - 40_000) / 40_000 / expected - 1)).toBeLessThan(0.05);
  });

  it('spends log-normally, with a level for each customer', () => {
    const firsts = Array.from(log.customers, (_, customer) =>
      Math.log(log.amounts[log.offsets[customer] as number] as number),
    );
    const { mean, variance } = moments(() => firsts.pop() as number, 4000);
    expect(mean).toBeCloseTo(SPENDING.mean, 1);
    expect(variance).toBeCloseTo(SPENDING.between ** 2 + SPENDING.within ** 2, 1);
  });

  it('works for a handful of customers and weeks', () => {
    const small = simulatePurchases(3, { customers: 3, weeks: 2 });
    expect(small.customers).toEqual(['C00001', 'C00002', 'C00003']);
    expect(small.length).toBe(14);
    expect(formatDay(small.firstDate)).toBe('2024-01-01');
  });
});
