/** What evaluations are made from: bars, and streams cut into windows. */
import { describe, expect, test } from 'vitest';
import { evaluations } from '../../bench/evaluations/all.js';
import { type Bar, type Evaluation, figureFor, isReached } from '../../bench/evaluations/evaluation.js';
import { choose, missingData, readOptions } from '../../bench/evaluations/options.js';
import { rowsOf, windowsOfStreams } from '../../bench/evaluations/streams.js';
import { tensor } from '../../src/index.js';
import { temporaryFolder, writeFiles } from '../project/support.js';

describe('a bar', () => {
  const atLeast: Bar = { metric: 'accuracy', bar: 0.9, better: 'higher' };
  const atMost: Bar = { metric: 'error', bar: 0.9, better: 'lower' };

  test('is about the mean of the seeds, or the worst of them', () => {
    expect(figureFor(atLeast, [1, 0.5])).toBe(0.75);
    expect(figureFor({ ...atLeast, of: 'worst' }, [1, 0.5])).toBe(0.5);
    expect(figureFor({ ...atMost, of: 'worst' }, [1, 0.5])).toBe(1);
  });

  test('is reached from one side, and never by NaN', () => {
    expect([0.89, 0.9, 1, Number.NaN].map((value) => isReached(atLeast, value))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect([0.89, 0.9, 1, Number.NaN].map((value) => isReached(atMost, value))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(isReached(atLeast, figureFor({ ...atLeast, of: 'worst' }, [1, Number.NaN]))).toBe(false);
  });
});

describe('windowsOfStreams', () => {
  test('gives window k of all streams as rows behind each other, and leaves a part of a window out', () => {
    const two = tensor([0, 1, 2, 3, 4, 10, 11, 12, 13, 14], [2, 5]);
    expect(windowsOfStreams(two, 2)).toEqual(tensor([0, 1, 10, 11, 2, 3, 12, 13], [4, 2]));
  });

  test('keeps features together', () => {
    const one = tensor([0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5], [1, 4, 2]);
    expect(windowsOfStreams(one, 2)).toEqual(tensor([0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5], [2, 2, 2]));
    const two = tensor([0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5], [2, 2, 2]);
    expect(windowsOfStreams(two, 1)).toEqual(tensor([0, 0.5, 2, 2.5, 1, 1.5, 3, 3.5], [4, 1, 2]));
  });
});

test('rowsOf copies rows of a tensor', () => {
  const three = tensor([1, 2, 3, 4, 5, 6], [3, 2]);
  const middle = rowsOf(three, 1, 2);
  expect(middle).toEqual(tensor([3, 4], [1, 2]));
  middle.data[0] = 9;
  expect(three.data[2]).toBe(3);
});

describe('what is evaluated', () => {
  test('is all, or those whose names or groups are listed', () => {
    expect(choose(evaluations, undefined)).toBe(evaluations);
    const names = choose(evaluations, 'cdnow, digits,adding').map(({ name }) => name);
    expect(names).toEqual(['cdnow', 'digits-guide', 'digits-adam', 'adding']);
    expect(() => choose(evaluations, 'cdnow,nothing')).toThrow(
      /got 'nothing': cdnow, characters, characters-192/,
    );
  });

  test('is read from parameters, and what they cannot be is said', () => {
    expect(readOptions(['--seeds', '2', '--resume'])).toMatchObject({
      seeds: 2,
      resume: true,
      backend: 'auto',
    });
    expect(readOptions([])).toMatchObject({ seeds: undefined, only: undefined, resume: false });
    for (const seeds of ['0', '1.5', 'many'])
      expect(() => readOptions(['--seeds', seeds])).toThrow(`whole number from 1 on but got '${seeds}'`);
    expect(() => readOptions(['--seed', '1'])).toThrow(/--seed/);
  });

  test('says which of its files are missing, and where they come from', () => {
    const folder = temporaryFolder();
    const [first] = evaluations as [Evaluation];
    const data = { folder: 'kitchen', files: ['tea.csv', 'milk.csv'], source: 'the kitchen' };
    expect(missingData({ ...first, data }, folder)).toContain(
      'kitchen/tea.csv, kitchen/milk.csv (the kitchen)',
    );
    writeFiles(folder, { 'tea.csv': '' });
    expect(missingData({ ...first, data }, folder)).toMatch(
      /skipped: it needs kitchen\/milk.csv \(the kitchen\)/,
    );
    writeFiles(folder, { 'milk.csv': '' });
    expect(missingData({ ...first, data }, folder)).toBeUndefined();
  });
});
