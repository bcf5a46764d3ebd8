/** Folds: every row validates once, groups stay together, time runs forward; and what a search draws. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ConfigError,
  crossValidate,
  DataError,
  dense,
  logUniform,
  randomSearch,
  sequential,
  uniform,
} from '../../src/index.js';
import { splitFolds } from '../../src/model/cross-validate.js';

const sizes = fc
  .record({ folds: fc.integer({ min: 2, max: 6 }), more: fc.nat(40), seed: fc.nat() })
  .map(({ folds, more, seed }) => ({ folds, rows: folds + 1 + more, seed }));

describe('folds', () => {
  it('by row validate each row once, and train on all others', () => {
    fc.assert(
      fc.property(sizes, ({ rows, folds, seed }) => {
        const all = splitFolds(rows, folds, 'row', undefined, seed);
        expect(all.flatMap(({ validate }) => validate).sort((a, b) => a - b)).toEqual([
          ...Array(rows).keys(),
        ]);
        for (const { train, validate } of all) {
          expect([...train, ...validate].sort((a, b) => a - b)).toEqual([...Array(rows).keys()]);
          expect(Math.abs(validate.length - rows / folds)).toBeLessThan(1);
        }
        expect(splitFolds(rows, folds, 'row', undefined, seed)).toEqual(all);
      }),
    );
  });

  it('by group keep the rows of a group on one side', () => {
    fc.assert(
      fc.property(sizes, ({ rows, folds, seed }) => {
        const groups = Array.from({ length: rows }, (_, row) => `g${row % (folds + 1)}`);
        for (const { train, validate } of splitFolds(rows, folds, 'row', groups, seed)) {
          expect(validate.length).toBeGreaterThan(0);
          const known = new Set(train.map((row) => groups[row]));
          expect(validate.some((row) => known.has(groups[row] as string))).toBe(false);
        }
      }),
    );
  });

  it('by time validate behind what they train on', () => {
    fc.assert(
      fc.property(sizes, ({ rows, folds, seed }) => {
        const all = splitFolds(rows, folds, 'time', undefined, seed);
        expect(all).toHaveLength(folds);
        for (const { train, validate } of all) {
          expect(train.length).toBeGreaterThan(0);
          expect(validate.length).toBeGreaterThan(0);
          expect(Math.max(...train)).toBeLessThan(Math.min(...validate));
        }
        expect(all.at(-1)?.validate.at(-1)).toBe(rows - 1);
      }),
    );
  });
});

const build = () => sequential([dense(1)], { seed: 1 }).compile({ loss: 'meanSquaredError' });
const x = Array.from({ length: 12 }, (_, row) => [row, 1]);
const y = x.map(([row]) => [2 * (row as number)]);

describe('crossValidate', () => {
  it('gives each fold, the mean and the deviation', async () => {
    const { folds, mean, deviation } = await crossValidate(build, x, y, { folds: 3, fit: { epochs: 2 } });
    const losses = folds.map(({ loss }) => loss as number);
    const average = losses.reduce((sum, loss) => sum + loss, 0) / 3;
    expect(mean.loss).toBeCloseTo(average, 12);
    const squares = losses.reduce((sum, loss) => sum + (loss - average) ** 2, 0);
    expect(deviation.loss).toBeCloseTo(Math.sqrt(squares / 2), 12);
  });

  it('refuses what makes no sense', async () => {
    const cases: [() => Promise<unknown>, typeof ConfigError | typeof DataError, string][] = [
      [() => crossValidate(build, x, y, { folds: 1 }), ConfigError, 'folds must be a number at least 2'],
      [() => crossValidate(build, x, y, { folds: 13 }), DataError, 'takes 13 rows or more but got 12'],
      [
        () => crossValidate(build, x, y, { by: 'day' as 'time' }),
        ConfigError,
        "by is 'row' or 'time' but is 'day'",
      ],
      [
        () => crossValidate(build, x, y, { by: 'time', groups: x.map(() => 1) }),
        ConfigError,
        'do not go together',
      ],
      [
        () => crossValidate(build, x, y, { groups: [1, 2] }),
        DataError,
        'a group for each of 12 rows but got 2',
      ],
      [() => crossValidate(build, x, y.slice(1)), DataError, 'rows and a target for each'],
      [
        () => crossValidate(build, x, y, { groups: x.map((_, row) => row % 2) }),
        DataError,
        'takes 5 groups or more',
      ],
    ];
    for (const [run, kind, message] of cases) {
      await expect(run()).rejects.toThrow(kind);
      await expect(run()).rejects.toThrow(message);
    }
  });
});

describe('randomSearch', () => {
  it('draws the same with the same seed, within the ranges, and puts the best first', async () => {
    const search = (better: 'lower' | 'higher') =>
      randomSearch(
        { units: [4, 8], rate: logUniform(1e-4, 1e-1), share: uniform(0.2, 0.5) },
        ({ rate }) => rate,
        { trials: 40, seed: 3, better },
      );
    const { trials, best, table } = await search('lower');
    expect(trials).toHaveLength(40);
    for (const { options } of trials) {
      expect([4, 8]).toContain(options.units);
      expect(options.rate).toBeGreaterThanOrEqual(1e-4);
      expect(options.rate).toBeLessThanOrEqual(1e-1);
      expect(options.share).toBeGreaterThanOrEqual(0.2);
      expect(options.share).toBeLessThanOrEqual(0.5);
    }
    expect(best.score).toBe(Math.min(...trials.map(({ score }) => score)));
    expect(trials.filter(({ options }) => options.rate < Math.sqrt(1e-5)).length).toBeGreaterThan(8);
    expect(table.split('\n')).toHaveLength(42);
    const higher = await search('higher');
    expect(higher.best.score).toBe(Math.max(...trials.map(({ score }) => score)));
  });

  it('puts scores that are no numbers last, and refuses a search of nothing else', async () => {
    const scores = [Number.NaN, 2, 1];
    const next = () => scores.shift() ?? Number.NaN;
    const { trials } = await randomSearch({ a: [1] }, next, { trials: 3 });
    expect(trials.map(({ score }) => score)).toEqual([1, 2, Number.NaN]);
    await expect(randomSearch({ a: [1] }, () => Number.NaN, { trials: 2 })).rejects.toThrow(ConfigError);
    await expect(randomSearch({ a: [] }, () => 1)).rejects.toThrow('a is an array of values');
    await expect(randomSearch({}, () => 1)).rejects.toThrow('needs choices');
    expect(() => uniform(2, 1)).toThrow(ConfigError);
    expect(() => logUniform(0, 1)).toThrow(ConfigError);
  });
});
