/** Choosing a backend, and that models do the same on each: training, masks, saving, growth of the memory. */
import { describe, expect, it } from 'vitest';
import { type ChosenBackend, selectBackend } from '../../src/backend/backend.js';
import { bytesFromText } from '../../src/backend/byte-text.js';
import { Memory } from '../../src/backend/memory.js';
import { createTwins, type SimdExports } from '../../src/backend/twins.js';
import {
  adam,
  ConfigError,
  dense,
  deserializeModel,
  dropout,
  lstm,
  sequential,
  serializeModel,
  tensor,
} from '../../src/index.js';
import * as reference from '../../src/kernels/index.js';
import { textFromBytes } from '../../src/kernels/simd/byte-text.js';
import { kernelSets } from '../support/guarded-memory.js';

describe('selectBackend', () => {
  it('takes the fastest that there is', () => {
    expect(selectBackend('auto', 'float32').name).toBe(kernelSets.at(-1));
    for (const name of kernelSets) expect(selectBackend(name, 'float32').name).toBe(name);
  });

  it('runs double precision on the reference', () => {
    expect(selectBackend('auto', 'float64').name).toBe('reference');
    expect(() => selectBackend('simd', 'float64')).toThrow(ConfigError);
  });

  it('refuses what is not known', () => {
    expect(() => selectBackend('wasm' as 'simd', 'float32')).toThrow(ConfigError);
  });
});

it('every twin has a reference kernel and as many parameters', () => {
  const twins = createTwins({} as SimdExports);
  const kernels = new Map<string, unknown>(Object.entries(reference));
  for (const [name, { length }] of Object.entries(twins)) {
    expect(kernels.get(name), name).toHaveProperty('length', length);
  }
});

it('bytes come back from their text, of one character for the bytes that SIMD is made of', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, k) => k);
  expect(bytesFromText(textFromBytes(bytes))).toEqual(bytes);
  expect(textFromBytes(bytes)).toMatch(/^[!#&(-[\]^_a-~]*$/);
  expect(textFromBytes([0xfd, 0x20, 0x41, 0])).toHaveLength(4);
});

const x = Array.from({ length: 37 }, (_, row) =>
  Array.from({ length: 1 + ((row * 7) % 9) }, (_, t) => [Math.sin(row + t), Math.cos(row * t)]),
);
const y = x.map((steps) => (steps.length > 4 ? 1 : 0));

async function train(backend: ChosenBackend | 'auto') {
  const model = sequential(
    [
      lstm(13, { returnSequences: true, recurrentDropout: 0.2, dropout: 0.1 }),
      dropout(0.1),
      lstm(6),
      dense(1, { activation: 'sigmoid' }),
    ],
    { seed: 5, backend },
  );
  model.compile({ optimizer: adam({ learningRate: 0.01, globalClipNorm: 1 }), loss: 'binaryCrossentropy' });
  const { history } = await model.fit(x, y, { epochs: 10, batchSize: 10 });
  return { model, loss: history.loss as number[] };
}

describe.each(kernelSets)('a model on %s', (backend) => {
  it('learns what it learns on the reference', async () => {
    const { model, loss } = await train(backend);
    const expected = await train('reference');
    expect(model.backend).toBe(backend);
    loss.forEach((value, epoch) => void expect(value).toBeCloseTo(expected.loss[epoch] as number, 4));
    const found = model.predict(x).data;
    expected.model.predict(x).data.forEach((value, row) => void expect(found[row]).toBeCloseTo(value, 3));
  });

  it('does it twice to the bit, and goes on after loading to the bit', async () => {
    const [first, second] = [await train(backend), await train(backend)];
    expect(second.model.getWeights()).toEqual(first.model.getWeights());
    const loaded = deserializeModel(serializeModel(first.model));
    if (loaded.backend !== backend) return; // a file is loaded onto the fastest backend
    await loaded.fit(x, y, { epochs: 2, batchSize: 10 });
    await first.model.fit(x, y, { epochs: 2, batchSize: 10 });
    expect(loaded.getWeights()).toEqual(first.model.getWeights());
  });

  it('gives a row the same bits whatever is beside it', async () => {
    const { model } = await train(backend);
    const whole = model.predict(x, { batchSize: 37 }).data;
    for (const batchSize of [1, 2, 3, 5, 8]) expect(model.predict(x, { batchSize }).data).toEqual(whole);
  });

  it('hands out arrays that stay as they are when the memory grows', async () => {
    const { model } = await train(backend);
    const weights = model.getWeights();
    const before = Object.values(weights).map(({ data }) => data.slice());
    const small = model.predict(x);
    const kept = small.data.slice();
    const large = tensor(new Float32Array(700 * 90 * 2).fill(0.1), [700, 90, 2]);
    model.predict(large, { batchSize: 700 });
    expect(Object.values(weights).map(({ data }) => data)).toEqual(before);
    expect(small.data).toEqual(kept);
    expect(model.predict(x).data).toEqual(kept);
    await model.fit(x, y, { epochs: 1, batchSize: 10 });
    expect(Object.values(weights).map(({ data }) => data)).toEqual(before);
  });

  it('keeps its numbers apart from the work of the kernels, whatever is planned after what', () => {
    const { block } = selectBackend(backend, 'float32');
    const memory = new Memory('float32', block);
    const kept = memory.keep((arena) => [arena.floats(1000), arena.floats(3)]);
    for (const [k, { array }] of kept.entries()) array.fill(k + 1);
    const sizes = [10, 40_000, 5, 900_000, 20];
    const plans = sizes.map((size) => memory.plan((arena) => arena.floats(size)).result);
    for (const plan of plans) plan.array.fill(-1);
    const more = memory.keep((arena) => arena.floats(70_000));
    expect(new Set(more.array)).toEqual(new Set([0]));
    for (const plan of plans)
      expect(plan.array.byteOffset + plan.array.byteLength).toBeLessThanOrEqual(memory.byteLength);
    for (const [k, { array }] of kept.entries()) expect(new Set(array)).toEqual(new Set([k + 1]));
  });
});

describe.each(kernelSets.filter((name) => name !== 'reference'))('%s', (backend) => {
  it('says how large a model is that fits no memory', () => {
    const { block } = selectBackend(backend, 'float32');
    expect(() => block.reserve(5 * 2 ** 30, 2 ** 20)).toThrow(/5\d{3} MiB in one block/);
  });

  it('does not hold on to models that are gone', async () => {
    for (let k = 0; k < 3000; k++) {
      sequential([lstm(2)], { backend, seed: 1 }).build([1, 1]);
      if (k % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  });
});
