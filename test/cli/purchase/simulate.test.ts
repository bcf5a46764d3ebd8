import { describe, expect, it } from 'vitest';
import { simulatePurchases } from '../../../src/cli/purchase/simulate.js';
import { formatDay } from '../../../src/data/calendar.js';

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

  it('works for a handful of customers and weeks', () => {
    const small = simulatePurchases(3, { customers: 3, weeks: 2 });
    expect(small.customers).toEqual(['C00001', 'C00002', 'C00003']);
    expect(small.length).toBe(14);
    expect(formatDay(small.firstDate)).toBe('2024-01-01');
  });
});
