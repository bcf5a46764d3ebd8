/**
 * Models that nobody holds give their memory back, in one loop without a turn of the event loop too: 2,000 here, in a
 * process of their own, and 10,000 in `npm run bench:memory`.
 */
import { expect, test } from 'vitest';
import { ROOT, runNode } from '../project/support.js';

const PROGRAM = `
  import { dense, lstm, sequential, tensor } from './dist/index.js';
  const x = tensor(new Float32Array(24).fill(0.1), [4, 3, 2]);
  const compiled = { optimizer: 'adam', loss: 'binaryCrossentropy' };
  function build(count) {
    for (let i = 0; i < count; i++) {
      const model = sequential([lstm(4), dense(1, { activation: 'sigmoid' })], { seed: 1, backend: 'simd' });
      model.compile(compiled).trainOnBatch(x, [0, 1, 0, 1]);
    }
    gc();
    return process.memoryUsage().rss;
  }
  const before = build(500);
  console.log(build(1500) - before);
`;

test('2,000 models, one after the other, do not grow the process', async () => {
  const flags = ['--expose-gc', '--input-type=module', '--eval', PROGRAM];
  const { code, stdout, stderr } = await runNode(flags, ROOT);
  expect(code, stderr).toBe(0);
  // Kept, each would take some 60,000 bytes.
  expect(Number(stdout)).toBeLessThan(20_000_000);
});
