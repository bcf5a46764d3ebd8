/** Cuts by time: every step in one part, in the order of time. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitSeries, windows } from '../../src/index.js';

test('a series is cut by shares or by numbers of steps', () => {
  expect(splitSeries(Array(10).fill(0), { validation: 0.2, test: 3 })).toEqual({
    train: { from: 0, to: 5 },
    validation: { from: 5, to: 7 },
    test: { from: 7, to: 10 },
  });
  expect(splitSeries(10, {}).train).toEqual({ from: 0, to: 10 });
});

test('each step is in one part, in order', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 10, max: 500 }),
      fc.double({ min: 0, max: 0.4, noNaN: true }),
      fc.nat(5),
      (steps, validation, last) => {
        const { train, validation: middle, test: end } = splitSeries(steps, { validation, test: last });
        expect([train.from, train.to, middle.to, end.to]).toEqual([0, middle.from, end.from, steps]);
        expect(end.to - end.from).toBe(last);
      },
    ),
  );
});

test('windows of a part foretell its steps and no others', () => {
  const { train, test: end } = splitSeries(20, { test: 8 });
  const series = Float64Array.from({ length: 20 }, (_, t) => t);
  const learned = windows(series, { input: 4, horizon: 2, ...train });
  const tested = windows(series, { input: 4, horizon: 2, ...end });
  expect([learned.y.row(0).data[0], learned.y.row(learned.y.shape[0] - 1).data[1]]).toEqual([4, 11]);
  expect([tested.y.row(0).data[0], tested.y.row(tested.y.shape[0] - 1).data[1]]).toEqual([12, 19]);
});

test('mistakes are named', () => {
  expect(() => splitSeries(10, { validation: 5, test: 0.5 })).toThrow(
    'splitSeries: 5 steps to validate and 5 to test leave none of 10 to learn from',
  );
  expect(() => splitSeries(10, { test: -1 })).toThrow(
    'splitSeries: test must be a number at least 0 but is -1',
  );
  expect(() => splitSeries(10, { test: 1.5 })).toThrow('splitSeries: test must be a whole number');
  expect(() => splitSeries([], { test: 1 })).toThrow('one step or more');
  expect(() => splitSeries(10, { train: 5 } as never)).toThrow('it is what the others leave');
});
