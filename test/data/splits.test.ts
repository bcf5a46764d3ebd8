import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, DataError } from '../../src/core/errors.js';
import { tensor } from '../../src/core/tensor.js';
import { pickRows, splitByGroup, splitByTime, stratifiedSplit } from '../../src/data/splits.js';

/** Both sides together are all rows, each once and in order. */
function expectPartition({ train, test }: { train: Int32Array; test: Int32Array }, rows: number): void {
  expect([...train, ...test].sort((a, b) => a - b)).toEqual(Array.from({ length: rows }, (_, row) => row));
  expect(train).toEqual(train.slice().sort());
  expect(test).toEqual(test.slice().sort());
}

const share = fc.double({ min: 0.05, max: 0.95, noNaN: true });

describe('splitByTime', () => {
  it('tests on what is from the cut on', () => {
    expect(splitByTime([5, 1, 3, 2, 4], { cut: 3 })).toEqual({
      train: Int32Array.of(1, 3),
      test: Int32Array.of(0, 2, 4),
    });
    const days = ['2024-01-01', '2024-06-01', '2024-05-31'].map((day) => Date.parse(day));
    expect([...splitByTime(days, { cut: new Date('2024-06-01') }).test]).toEqual([1]);
  });

  it('learns from nothing in the gap', () => {
    expect([...splitByTime([1, 2, 3, 4, 5], { cut: 4, gap: 2 }).train]).toEqual([1].map((time) => time - 1));
  });

  it('never learns from what is later than any of the test, whatever the share', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 2 }), share, (times, testShare) => {
        const distinct = new Set(times).size;
        const split = () => splitByTime(times, { testShare });
        let made: ReturnType<typeof split>;
        try {
          made = split();
        } catch (error) {
          // Rows of one time stay together, so that there may be nothing left on one side.
          expect(error).toBeInstanceOf(DataError);
          return;
        }
        expect(distinct).toBeGreaterThan(1);
        expectPartition(made, times.length);
        const latest = Math.max(...Array.from(made.train, (row) => times[row] as number));
        for (const row of made.test) expect(times[row]).toBeGreaterThan(latest);
      }),
    );
  });

  it.each([
    [[1, Number.NaN], { cut: 1 }, DataError, 'the time of row 1 is NaN'],
    [[1, 2], { cut: 5 }, DataError, 'with a cut at 5 there is nothing to test on'],
    [[1, 2], { cut: 1 }, DataError, 'with a cut at 1 there is nothing to learn from'],
    [[1, 2], {}, ConfigError, 'splitByTime takes one of cut'],
    [[1, 2], { testShare: 1 }, ConfigError, 'testShare must be a number above 0 and below 1'],
  ])('refuses %j with %j', (times, options, kind, message) => {
    expect(() => splitByTime(times, options)).toThrow(kind);
    expect(() => splitByTime(times, options)).toThrow(message);
  });
});

describe('splitByGroup', () => {
  it('has no group on both sides, and is decided by its seed', () => {
    const groups = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { minLength: 30 });
    fc.assert(
      fc.property(groups, fc.integer({ min: 0 }), (names, seed) => {
        fc.pre(new Set(names).size > 2);
        const split = splitByGroup(names, { testShare: 0.4, seed });
        expectPartition(split, names.length);
        const tested = new Set(Array.from(split.test, (row) => names[row]));
        for (const row of split.train) expect(tested).not.toContain(names[row]);
        expect(splitByGroup(names, { testShare: 0.4, seed })).toEqual(split);
      }),
    );
  });

  it('says what is wrong', () => {
    expect(() => splitByGroup(['a', null])).toThrow('the group of row 1 is missing');
    expect(() => splitByGroup(['a', 'a'])).toThrow(
      'of 1 groups with testShare 0.2 there is nothing to test on',
    );
    expect(() => splitByGroup(['a', 'b'], { share: 1 } as never)).toThrow(ConfigError);
  });
});

describe('stratifiedSplit', () => {
  it('keeps the share of every class, and of the whole, within a row', () => {
    const labels = fc.array(fc.constantFrom('a', 'a', 'a', 'b', 'b', 'c'), { minLength: 40, maxLength: 200 });
    fc.assert(
      fc.property(labels, share, fc.integer({ min: 0 }), (classes, testShare, seed) => {
        const split = stratifiedSplit(classes, { testShare, seed });
        expectPartition(split, classes.length);
        expect(Math.abs(split.test.length - testShare * classes.length)).toBeLessThanOrEqual(0.5 + 1e-9);
        for (const label of new Set(classes)) {
          const all = classes.filter((each) => each === label).length;
          const tested = Array.from(split.test).filter((row) => classes[row] === label).length;
          expect(Math.abs(tested - testShare * all)).toBeLessThanOrEqual(1 + 1e-9);
        }
      }),
    );
  });

  it('draws other rows with another seed', () => {
    const labels = Array.from({ length: 100 }, (_, row) => row % 2);
    expect(stratifiedSplit(labels, { seed: 1 })).not.toEqual(stratifiedSplit(labels, { seed: 2 }));
  });
});

describe('pickRows', () => {
  it('picks rows of arrays, of tensors, and their lengths', () => {
    expect(pickRows(['a', 'b', 'c'], Int32Array.of(2, 0))).toEqual(['c', 'a']);
    const x = tensor([1, 2, 3, 4, 5, 6], [3, 2, 1], { lengths: [2, 1, 2] });
    expect(pickRows(x, [1, 2])).toEqual(tensor([3, 4, 5, 6], [2, 2, 1], { lengths: [1, 2] }));
    expect(pickRows(tensor(Float64Array.of(1, 2), [2]), [1])).toEqual(tensor(Float64Array.of(2), [1]));
    expect(() => pickRows(['a'], [1])).toThrow('there are 1 rows and no row 1');
  });
});
