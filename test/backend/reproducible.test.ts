/**
 * The same seed gives the same bits: run after run on each backend, and on `reference` and `simd` on every machine,
 * which committed hashes prove. `relaxedSimd` may round differently from processor to processor and has none.
 *
 * A change of the arithmetic, such as another order of a sum, changes a hash. `HASHES=1 npx vitest run --project all
 * test/backend/reproducible.test.ts` prints the new ones; a commit that takes them over says why.
 */
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { adam, dense, dropout, lstm, sequential, tensor } from '../../src/index.js';
import { kernelSets } from '../support/guarded-memory.js';

const hashes: Readonly<Record<string, string>> = {
  reference: '533b38bb3c02df03',
  simd: 'e26b61d0e18823d5',
};

const rows = 40;
const steps = 9;
const features = 5;
/** Fractions that are exact in single precision. */
const x = Float32Array.from({ length: rows * steps * features }, (_, k) => ((k * 37) % 101) / 64 - 0.75);
const y = Array.from({ length: rows }, (_, row) => Number((row * 7) % 5 > 2));
/** Rows of all lengths. */
const lengths = Array.from({ length: rows }, (_, row) => 1 + (row % steps));

/** The hash of the weights after 50 updates: 5 epochs of 10 batches. */
async function trainedHash(backend: (typeof kernelSets)[number]): Promise<string> {
  const layers = [
    lstm(19, { returnSequences: true, dropout: 0.1, recurrentDropout: 0.2 }),
    dropout(0.2),
    lstm(6),
    dense(1, { activation: 'sigmoid' }),
  ];
  const model = sequential(layers, { seed: 11, backend });
  model.compile({ optimizer: adam({ learningRate: 0.01, globalClipNorm: 1 }), loss: 'binaryCrossentropy' });
  await model.fit(tensor(x, [rows, steps, features], { lengths }), y, { epochs: 5, batchSize: 4 });
  const hash = createHash('sha256');
  for (const { data } of Object.values(model.getWeights())) {
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex').slice(0, 16);
}

it.each(kernelSets)('50 updates with dropout on %s give the bits that they always gave', async (backend) => {
  const hash = await trainedHash(backend);
  expect(await trainedHash(backend)).toBe(hash);
  if (process.env.HASHES) console.log(backend, hash);
  else if (backend !== 'relaxedSimd') expect(hash).toBe(hashes[backend]);
});
