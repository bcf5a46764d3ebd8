import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPurchaseLog } from '../../../src/cli/purchase/purchase-log.js';
import { planWindows } from '../../../src/cli/purchase/windows.js';
import { ConfigError } from '../../../src/core/errors.js';

/** A log that covers `days` days. */
function logOf(days: number) {
  const last = new Date(Date.UTC(1997, 0, days)).toISOString().slice(0, 10);
  return readPurchaseLog(`customer,date,amount\na,1997-01-01,1\na,${last},1`, 'log.csv');
}

describe('planWindows', () => {
  it('lays the windows of the CDNOW evaluation', () => {
    expect(planWindows(logOf(546), 13, 273)).toEqual({
      horizon: 13,
      start: 0,
      trainOrigin: 182,
      cut: 273,
      end: 364,
      trainWeeks: 26,
      testWeeks: 39,
      firstLabelWeek: 8,
    });
  });

  it('cuts as late as the log allows', () => {
    expect(planWindows(logOf(546), 13)).toMatchObject({ cut: 455, end: 546, testWeeks: 65 });
    expect(planWindows(logOf(100), 4)).toMatchObject({
      start: -5,
      cut: 72,
      end: 100,
      trainWeeks: 7,
      testWeeks: 11,
    });
  });

  it('counts weeks back from the cut, so that the last week ends at it and the first begins at or before day 0', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 70, max: 700 }),
        fc.integer({ min: 1, max: 30 }),
        fc.nat(600),
        (days, horizon, at) => {
          const [earliest, latest] = [7 * (horizon + 1), days - 7 * horizon];
          fc.pre(earliest <= latest);
          const cut = earliest + (at % (latest - earliest + 1));
          const windows = planWindows(logOf(days), horizon, cut);
          expect(windows.start).toBeGreaterThan(-7);
          expect(windows.start).toBeLessThanOrEqual(0);
          expect(windows.start + 7 * windows.testWeeks).toBe(cut);
          expect(windows.start + 7 * windows.trainWeeks).toBe(windows.trainOrigin);
          expect(windows.trainOrigin + 7 * horizon).toBe(cut);
          expect(windows.end).toBeLessThanOrEqual(days);
          expect(windows.firstLabelWeek).toBeLessThan(windows.trainWeeks);
        },
      ),
    );
  });

  it('gives labels from an earlier week in a short log', () => {
    expect(planWindows(logOf(7 * 9), 4).firstLabelWeek).toBe(0);
    expect(planWindows(logOf(7 * 20), 4).firstLabelWeek).toBe(4);
    expect(planWindows(logOf(7 * 50), 4).firstLabelWeek).toBe(8);
  });

  it('says how long a horizon may be', () => {
    expect(() => planWindows(logOf(364), 26)).toThrow(ConfigError);
    expect(() => planWindows(logOf(364), 26)).toThrow(
      '--horizon 26 needs a log of at least 53 weeks, a window to learn from and one to test on after a first week, but log.csv covers 52; give --horizon 25 or less',
    );
    expect(planWindows(logOf(364), 25).cut).toBe(189);
    expect(() => planWindows(logOf(10), 1)).toThrow('covers 1; give a longer log');
    expect(() => planWindows(logOf(364), 1.5)).toThrow(ConfigError);
  });

  it('says where a cut may be', () => {
    const mend = 'give a date from 1997-04-09 to 1998-04-01';
    expect(planWindows(logOf(546), 13, 98).cut).toBe(98);
    expect(() => planWindows(logOf(546), 13, 97)).toThrow(mend);
    expect(() => planWindows(logOf(546), 13, 456)).toThrow(mend);
    expect(() => planWindows(logOf(546), 13, -1000)).toThrow(ConfigError);
  });
});
