/** What `fit` says of data that there is nothing to learn from. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { dense, type LossInput, lstm, sequential } from '../../src/index.js';
import { errorOf } from '../support/bits.js';

const x = [
  [1, 5],
  [2, 5],
  [3, 5],
];

async function warnings(loss: LossInput, inputs: number[][] | number[][][], y: number[], options = {}) {
  const layers = Array.isArray((inputs[0] as unknown[])[0]) ? [lstm(2)] : [];
  const head = loss === 'binaryCrossentropy' ? dense(1, { activation: 'sigmoid' }) : dense(1);
  const found: string[] = [];
  const model = sequential([...layers, head], { seed: 1 }).compile({ loss });
  await model.fit(inputs, y, { onWarning: (message) => void found.push(message), ...options });
  return found;
}

afterEach(() => void vi.restoreAllMocks());

describe('fit warns', () => {
  it('of a feature that never changes', async () => {
    expect(await warnings('meanSquaredError', x, [1, 2, 3])).toEqual([
      'feature 1 of x is 5 everywhere, so that nothing can be learned from it',
    ]);
    const many = [0, 1, 2].map((row) => [row, ...Array.from({ length: 12 }, (_, k) => k)]);
    expect(await warnings('meanSquaredError', many, [1, 2, 3])).toEqual([
      'features 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more of x are each the same everywhere, so that nothing can be ' +
        'learned from them',
    ]);
    const padded = [[[1], [1]], [[1]]];
    expect(await warnings('meanSquaredError', padded, [1, 2])).toHaveLength(1);
  });

  it('of one class, and of targets that are all the same, where they count', async () => {
    const different = [[1], [2], [3]];
    expect(await warnings('binaryCrossentropy', different, [1, 1, 1])).toEqual([
      'every target is 1: with one class binaryCrossentropy learns to say it of each row, whatever x is',
    ]);
    expect(await warnings('huber', different, [4, 4, 4])).toEqual([
      'every target is 4, so that there is nothing to tell apart',
    ]);
    expect(await warnings('huber', different, [4, 4, 5], { sampleWeight: [1, 1, 0] })).toHaveLength(1);
    expect(await warnings('huber', different, [4, 4, 5])).toEqual([]);
    expect(await warnings('huber', [[1]], [4])).toEqual([]);
  });

  it('on the console by default, each once a model', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const model = sequential([dense(1)], { seed: 1 }).compile({ loss: 'huber' });
    await model.fit(x, [1, 2, 3]);
    await model.fit(x, [1, 2, 3]);
    expect(warn.mock.calls).toEqual([
      ['longhand: feature 1 of x is 5 everywhere, so that nothing can be learned from it'],
    ]);
  });

  it('and refuses what is no function', async () => {
    const error = await errorOf(() => warnings('huber', x, [1, 2, 3], { onWarning: true }));
    expect(error).toEqual({ name: 'ConfigError', message: 'fit: onWarning is a function but is true' });
  });
});
