/** A small program stays small in a browser: see bench/bundle-size.ts, and `npm run size` for where the bytes go. */
import { describe, expect, test } from 'vitest';
import { bundleSize, formatSize, programs } from '../../bench/bundle-size.js';
import { ROOT } from './support.js';

describe.each(programs)('a program of an LSTM and a Dense, $name', (program) => {
  test('is within its budget', async () => {
    const size = await bundleSize(program.text, ROOT);
    expect(size.compressed, formatSize(program, size)).toBeLessThanOrEqual(program.budget);
  });
});
