/** The naive forecasts, by hand and by their definitions. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { naiveForecasts } from '../../src/index.js';

const { NaN: gap } = Number;

test('go on from the series', () => {
  const { persistence, seasonal, mean, drift } = naiveForecasts([1, 5, 3, 3, 8, 4], 4, { period: 3 });
  expect(persistence).toEqual(Float64Array.of(4, 4, 4, 4));
  expect(seasonal).toEqual(Float64Array.of(3, 8, 4, 3));
  expect(mean).toEqual(Float64Array.of(4, 4, 4, 4));
  // From 1 to 4 in five steps.
  expect(Array.from(drift)).toEqual([1, 2, 3, 4].map((h) => 4 + h * (3 / 5)));
});

test('pass over gaps', () => {
  const series = [gap, 2, 6, gap, 4, 10, gap];
  const { persistence, seasonal, mean, drift } = naiveForecasts(series, 2, { period: 3 });
  expect(persistence).toEqual(Float64Array.of(10, 10));
  // Behind step 6 comes the place of steps 1 and 4, then that of 2 and 5.
  expect(seasonal).toEqual(Float64Array.of(4, 10));
  expect(() => naiveForecasts(series, 3, { period: 3 })).toThrow('feature 0 has no value 3 steps');
  expect(mean).toEqual(Float64Array.of(5.5, 5.5));
  // From 2 at step 1 to 10 at step 5: 2 a step, and two steps to step 7.
  expect(drift).toEqual(Float64Array.of(14, 16));
});

test('take each feature by itself, and keep the form', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer(), fc.integer()), { minLength: 4, maxLength: 20 }),
      fc.integer({ min: 1, max: 9 }),
      (rows, steps) => {
        const both = naiveForecasts(rows, steps, { period: 4 });
        for (const k of [0, 1]) {
          const one = naiveForecasts(
            rows.map((row) => row[k] as number),
            steps,
            { period: 4 },
          );
          for (const method of ['persistence', 'seasonal', 'mean', 'drift'] as const)
            expect(both[method].map((row) => row[k])).toEqual(Array.from(one[method]));
        }
        expect(naiveForecasts(rows, steps).seasonal).toEqual(both.persistence);
      },
    ),
  );
});

test('name mistakes', () => {
  expect(() => naiveForecasts([gap, gap], 1)).toThrow(
    'feature 0 has no value that a naive forecast could go on from',
  );
  expect(() => naiveForecasts([1, 2], 1, { period: 3 })).toThrow(
    'feature 0 has no value 3 steps, or several times as many, before step 2',
  );
  expect(() => naiveForecasts([1, 2], 0)).toThrow('naiveForecasts: steps must be a number at least 1');
  expect(() => naiveForecasts([1, 2], 1, { season: 3 } as never)).toThrow('write period');
  expect(() => naiveForecasts([[[1]]], 1)).toThrow('naiveForecasts takes one series');
});
