/** The loop that products are measured against computes what it says, so that it is not optimized away. */
import { expect, test } from 'vitest';
import { registerLoop } from '../../bench/peers/register-loop.js';
import { relaxedSimd } from '../../src/backend/simd.js';

/** Every vector tends to 2, and their sum's bits are returned. */
function sumOf(vectors: number, fused: boolean, turns: number): number {
  const bits = Int32Array.of(registerLoop(vectors, fused)(turns));
  return new Float32Array(bits.buffer)[0] as number;
}

test('a multiplication and an addition', () => {
  for (const vectors of [1, 6, 13]) expect(sumOf(vectors, false, 100)).toBeCloseTo(2 * vectors, 4);
  // Each of the eight steps of a turn halves the distance to 2: of 0 and 1, 3 in all.
  expect(sumOf(2, false, 1)).toBeCloseTo(4 - 3 / 2 ** 8, 6);
});

test.runIf(relaxedSimd.canRun())('fused', () => {
  expect(sumOf(2, true, 1)).toBeCloseTo(4 - 3 / 2 ** 8, 6);
});
