/** Every reader of files on hostile ones: the short form of `npm run fuzz`. */
import { describe, expect, test } from 'vitest';
import type { FuzzReader } from '../../bench/fuzz/fuzz-reader.js';
import { mutateJson } from '../../bench/fuzz/mutate.js';
import { readers } from '../../bench/fuzz/readers.js';
import { fuzz } from '../../bench/fuzz/run.js';
import { FormatError } from '../../src/core/errors.js';
import { Random } from '../../src/core/random.js';

const CASES = 250;

test.each(readers.map((reader) => [reader.name, reader] as const))('%s', async (_, reader) => {
  const { failures, read, refused } = await fuzz(reader, { cases: CASES, seed: 1 });
  // How long a file takes is measured where nothing else runs.
  expect(failures.filter(({ why }) => !/ took \d+ ms/.test(why))).toEqual([]);
  expect(read + refused).toBe(CASES);
  // Neither is everything refused at the door, nor is nothing found wrong.
  expect(refused).toBeGreaterThan(CASES / 4);
  expect(read).toBeGreaterThan(0);
});

describe('what is not good is found', () => {
  const reader = (read: FuzzReader['read']): FuzzReader => {
    let isSound = true;
    return {
      name: 'made',
      seeds: () => [Uint8Array.of(1, 2, 3)],
      read: (bytes) => {
        if (!isSound) return read(bytes);
        isSound = false;
        return undefined;
      },
    };
  };
  const first = async (read: FuzzReader['read']) =>
    (await fuzz(reader(read), { cases: 3, seed: 1 })).failures[0]?.why;

  test('another error, a prototype that was changed', async () => {
    const other = () => {
      throw new RangeError('Invalid array length');
    };
    expect(await first(other)).toMatch(/not a FormatError but RangeError: Invalid array length/);
    const polluting = () => {
      (Object.prototype as Record<string, unknown>).polluted = true;
    };
    try {
      expect(await first(polluting)).toBe('a prototype or a global is another');
    } finally {
      delete (Object.prototype as Record<string, unknown>).polluted;
    }
    const refusing = () => {
      throw new FormatError('no');
    };
    expect(await first(refusing)).toBe(undefined);
  });

  test('much memory', async () => {
    const kept: Uint8Array[] = [];
    expect(await first(() => void kept.push(new Uint8Array(450 * 2 ** 20)))).toMatch(/it took \d+ MB/);
  });

  test('the same files come in every run', () => {
    const json = { a: [1, { b: 'c' }], d: null };
    const made = (seed: number) =>
      JSON.stringify(Array.from({ length: 20 }, (_, i) => mutateJson(new Random(seed, i), json)));
    expect(made(1)).toBe(made(1));
    expect(made(1)).not.toBe(made(2));
  });
});
