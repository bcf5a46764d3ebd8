import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calibrate, firstDecileLift, score } from '../../../src/cli/purchase/scores.js';
import { DataError } from '../../../src/core/errors.js';

/** Labels with coarse probabilities, so that ties are common. */
const rows = fc.array(
  fc.tuple(
    fc.integer({ min: 0, max: 1 }),
    fc.integer({ min: 0, max: 12 }).map((n) => n / 12),
  ),
  {
    minLength: 1,
    maxLength: 60,
  },
);
const labelsOf = (pairs: readonly (readonly [number, number])[]) => pairs.map(([label]) => label);
const probabilitiesOf = (pairs: readonly (readonly [number, number])[]) => pairs.map(([, p]) => p);

describe('calibrate', () => {
  it('makes ten bins of equal count whose sums are those of all rows', () => {
    fc.assert(
      fc.property(rows, (pairs) => {
        const bins = calibrate(labelsOf(pairs), probabilitiesOf(pairs));
        const total = (value: (bin: (typeof bins)[number]) => number) =>
          bins.reduce((sum, bin) => sum + value(bin), 0);
        expect(bins.length).toBe(Math.min(10, pairs.length));
        expect(total((bin) => bin.count)).toBe(pairs.length);
        expect(total((bin) => bin.count * bin.share)).toBeCloseTo(
          labelsOf(pairs).reduce((a, b) => a + b, 0),
          9,
        );
        expect(total((bin) => bin.count * bin.meanPredicted)).toBeCloseTo(
          probabilitiesOf(pairs).reduce((a, b) => a + b, 0),
          9,
        );
        for (const bin of bins) expect(Math.abs(bin.count - pairs.length / bins.length)).toBeLessThan(1);
      }),
    );
  });

  it('shares the buyers among tied rows', () => {
    const bins = calibrate([...Array(5).fill(1), ...Array(15).fill(0)], Array(20).fill(0.3));
    expect(bins).toHaveLength(10);
    for (const bin of bins) expect(bin).toEqual({ count: 2, meanPredicted: 0.3, share: 0.25 });
  });
});

describe('firstDecileLift', () => {
  it('is how much more often the top tenth buys', () => {
    const probabilities = Array.from({ length: 40 }, (_, i) => i / 40);
    const labels = probabilities.map((_, i) => (i >= 37 || i < 7 ? 1 : 0));
    expect(firstDecileLift(labels, probabilities)).toBeCloseTo(3 / 4 / (10 / 40), 12);
  });

  it('is 1 where all predictions are the same, and nothing where nobody buys', () => {
    expect(firstDecileLift([1, 0, 0, 1, 0], Array(5).fill(0.4))).toBeCloseTo(1, 12);
    expect(firstDecileLift([0, 0], [0.1, 0.2])).toBeNaN();
  });
});

describe('score', () => {
  it('refuses what is no probability', () => {
    expect(() => score([0, 1], [0.5, Number.NaN])).toThrow(
      'probabilities lie between 0 and 1, but that of row 1 is NaN',
    );
    expect(() => score([0, 1], [1.5, 0.5])).toThrow(DataError);
  });

  it('does not depend on the order of the rows', () => {
    fc.assert(
      fc.property(rows, (pairs) => {
        const turned = [...pairs].reverse();
        const here = score(labelsOf(pairs), probabilitiesOf(pairs));
        const there = score(labelsOf(turned), probabilitiesOf(turned));
        expect(there.auc).toEqual(here.auc);
        expect(there.lift).toEqual(here.lift);
        expect(there.calibration).toEqual(here.calibration);
        expect(there.logLoss).toBeCloseTo(here.logLoss, 12);
      }),
    );
  });
});
