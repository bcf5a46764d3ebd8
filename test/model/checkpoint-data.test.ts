/** Checkpoints of models that carry something on, and the data that a run has to be resumed with. */
import { describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../src/core/safetensors.js';
import {
  adam,
  batchNormalization,
  bidirectional,
  type Callback,
  checkpoint,
  dense,
  type FitOptions,
  gru,
  lstm,
  projectedLstm,
  type SampleInput,
  sequential,
  serializeModel,
  type TargetInput,
  tensor,
} from '../../src/index.js';
import { errorOf, logBits, randomSequences } from '../support/bits.js';

const x = randomSequences(
  8,
  Array.from({ length: 24 }, () => 3),
  2,
);
const y = x.map((steps) => (steps[0]?.[0] ?? 0) + (steps[2]?.[1] ?? 0));

function memory(everySteps: number) {
  const box: { bytes: Uint8Array | undefined } = { bytes: undefined };
  const save = (bytes: Uint8Array) => {
    box.bytes = bytes;
  };
  return { box, store: checkpoint({ everySteps, save, load: () => box.bytes }) };
}

const crash = (after: number): Callback => {
  let left = after;
  return {
    onBatchBegin: () => {
      if (left-- === 0) throw new Error('crash');
    },
  };
};
const calm: Callback[] = [{ onEpochEnd: () => {} }];

describe('a model that carries something on goes on with the same bits', () => {
  it.each([
    [
      'stateful layers',
      () => [
        lstm(3, { stateful: true, returnSequences: true }),
        projectedLstm(4, 2, { stateful: true }),
        dense(1),
      ],
    ],
    ['stateful layers in both directions', () => [bidirectional(gru(3, { stateful: true })), dense(1)]],
    ['moving statistics', () => [lstm(3), batchNormalization(), dense(1)]],
  ])('%s', async (_, layers) => {
    const make = () =>
      sequential(layers(), { seed: 2 }).compile({
        loss: 'meanSquaredError',
        optimizer: adam({ learningRate: 0.01 }),
      });
    const options: FitOptions = { epochs: 3, batchSize: 4, shuffle: false, validationSplit: 1 / 3 };
    const whole = make();
    const expected = await whole.fit(x, y, options);
    for (const after of [0, 1, 3, 4, 6, 10]) {
      const { store } = memory(1);
      await errorOf(() => make().fit(x, y, { ...options, callbacks: [crash(after)], checkpoint: store }));
      const again = make();
      const history = await again.fit(x, y, { ...options, callbacks: calm, checkpoint: store, resume: true });
      expect(logBits(history.history), `after ${after}`).toEqual(logBits(expected.history));
      expect(Buffer.compare(serializeModel(again), serializeModel(whole)), `after ${after}`).toBe(0);
      expect(again.trainOnBatch(x.slice(0, 4), y.slice(0, 4)).loss).toBeGreaterThan(0);
    }
  });

  it.each<[string, (carried: { rows: number; arrays: unknown[] }[]) => void]>([
    ['none', (carried) => void carried.pop()],
    ['of half a row', ([one]) => void Object.assign(one as object, { rows: 0.5 })],
    ['of more rows', ([one]) => void Object.assign(one as object, { rows: 5 })],
    ['of one state', ([one]) => void one?.arrays.pop()],
    ['of no numbers', ([one]) => void one?.arrays.splice(0, 1, null)],
  ])('states that are not its own, %s, are a FormatError', async (_, change) => {
    const make = () =>
      sequential([lstm(3, { stateful: true }), dense(1)], { seed: 2 }).compile({ loss: 'meanSquaredError' });
    const { box, store } = memory(1);
    const options: FitOptions = { batchSize: 4, shuffle: false };
    await errorOf(() => make().fit(x, y, { ...options, callbacks: [crash(2)], checkpoint: store }));
    const { tensors, metadata } = readSafetensors(box.bytes as Uint8Array);
    const state = JSON.parse(metadata['longhand.fit'] as string);
    change(state.carried);
    box.bytes = writeSafetensors(tensors, { ...metadata, 'longhand.fit': JSON.stringify(state) });
    expect(
      await errorOf(() => make().fit(x, y, { ...options, callbacks: calm, checkpoint: store, resume: true })),
    ).toEqual({
      name: 'FormatError',
      message: 'the checkpoint does not hold the states that the layers of its model carry on',
    });
  });
});

describe('a run is resumed with the data that it began with', () => {
  const make = () => sequential([lstm(2), dense(1)], { seed: 2 }).compile({ loss: 'meanSquaredError' });
  const nudged = (values: number[]) => values.map((value, k) => (k === 7 ? value + 1e-6 : value));
  const weights = x.map(() => 1);
  const refusal = {
    name: 'ConfigError',
    message:
      'fit: the checkpoint is of a run on other numbers in x, y or sample weights: ' +
      'resume with the data that it began with, or begin anew without resume',
  };
  const resume = async (
    first: SampleInput,
    then: SampleInput,
    targets: TargetInput,
    more: FitOptions = {},
  ) => {
    const { store } = memory(1);
    const options: FitOptions = { batchSize: 8, sampleWeight: weights };
    await errorOf(() => make().fit(first, y, { ...options, callbacks: [crash(2)], checkpoint: store }));
    return make().fit(then, targets, {
      ...options,
      ...more,
      callbacks: calm,
      checkpoint: store,
      resume: true,
    });
  };

  it.each<[string, SampleInput, TargetInput, FitOptions]>([
    [
      'a number of x',
      x.map((steps, row) =>
        row === 3
          ? steps.map(nudged)
          : steps.map((step) => step.map((v, k) => (row === 5 && k === 1 ? v + 1e-6 : v))),
      ),
      y,
      {},
    ],
    ['the order of the rows', [...x].reverse(), [...y].reverse(), {}],
    ['a target', x, nudged(y), {}],
    ['a weight', x, y, { sampleWeight: nudged(weights) }],
  ])('%s that differs is an error', async (_, others, targets, more) => {
    expect(await errorOf(() => resume(x, others, targets, more))).toEqual(refusal);
  });

  it('what lies in padding may be anything', async () => {
    const padded = (filler: number) => {
      const data = Float32Array.from(x.flat(2));
      for (let row = 0; row < 24; row++) data.fill(filler, row * 6 + 4, row * 6 + 6);
      return tensor(data, [24, 3, 2], { lengths: x.map(() => 2) });
    };
    expect((await resume(padded(0), padded(Number.NaN), y)).epoch).toEqual([0]);
  });
});
