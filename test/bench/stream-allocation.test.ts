/** A streamed step makes no object at all. In a file of its own, where no other use of the library is compiled in. */
import { expect, it } from 'vitest';
import { dense, lstm, sequential } from '../../src/index.js';
import { countAllocations } from './allocations.js';

it('allocates nothing a step', async () => {
  const model = sequential(
    [lstm(8, { returnSequences: true }), lstm(8), dense(1, { activation: 'sigmoid' })],
    {
      seed: 1,
    },
  ).build([null, 3]);
  const live = model.stream();
  const features = Float32Array.of(1, 2, 3);
  const out = new Float32Array(1);
  const push = (count: number) => {
    for (let i = 0; i < count; i++) live.push(features, out);
  };
  push(100_000); // by then the engine has compiled it for good
  expect(await countAllocations(() => push(100))).toEqual({});
  const growths = Array.from({ length: 7 }, () => {
    const before = process.memoryUsage().heapUsed;
    push(50_000);
    return Math.abs(process.memoryUsage().heapUsed - before);
  });
  // The smallest object takes 16 bytes, so that one a step would be 800,000.
  expect(growths.sort((a, b) => a - b)[3]).toBeLessThan(200_000);
});
