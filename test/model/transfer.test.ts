/** Freezing does no work below the last layer that learns; weights go from one model to another; outputs may cost. */
import { describe, expect, it } from 'vitest';
import {
  batchNormalization,
  dense,
  deserializeModel,
  embedding,
  type Layer,
  l2,
  lstm,
  sequential,
  serializeModel,
  sgd,
  tensor,
} from '../../src/index.js';
import { bitsOf, errorOf, isClose, randomSequences, weightBits } from '../support/bits.js';
import { networkOf } from '../support/models.js';

/** How often each kernel that goes backward is called in one update. */
function backwardCalls(layers: Layer[]): Record<string, number> {
  const model = sequential(layers, { seed: 1, backend: 'reference' });
  model.compile({ loss: 'meanSquaredError' }).build([null, 1]);
  const { backend } = networkOf(model);
  const calls: Record<string, number> = {};
  const bind = backend.bind;
  backend.bind = (kernels) => {
    const counted = { ...bind(kernels) } as Record<string, (...values: unknown[]) => unknown>;
    for (const [name, kernel] of Object.entries(counted)) {
      if (!name.includes('Backward') || name.includes('Loss')) continue;
      counted[name] = (...values) => {
        calls[name] = (calls[name] ?? 0) + 1;
        return kernel(...values);
      };
    }
    return counted as never;
  };
  model.trainOnBatch([[1, 2], [2]], [1, 2]);
  return calls;
}

describe('a frozen layer', () => {
  const layers = (...trainable: readonly boolean[]) => [
    embedding(3, 2, { trainable: trainable[0] as boolean }),
    lstm(2, { trainable: trainable[1] as boolean }),
    dense(2, { trainable: trainable[2] as boolean }),
    dense(1, { trainable: trainable[3] as boolean }),
  ];

  it('costs nothing on the way back where nothing below it learns', () => {
    expect(backwardCalls(layers(false, false, false, true))).toEqual({ denseBackward: 1 });
    expect(backwardCalls(layers(false, false, true, true))).toEqual({
      denseBackward: 2,
      denseBackwardInput: 1,
    });
  });

  it('hands the gradient on where something below it learns, without one for itself', () => {
    expect(backwardCalls(layers(false, true, false, true))).toEqual({
      denseBackward: 1,
      denseBackwardInput: 2,
      lstmBackward: 1,
    });
    expect(backwardCalls(layers(true, true, true, true))).toEqual({
      denseBackward: 2,
      denseBackwardInput: 2,
      lstmBackward: 1,
      lstmBackwardInput: 1,
      embeddingBackward: 1,
    });
  });

  it('may be frozen and freed between batches', () => {
    const model = sequential([dense(3), batchNormalization(), dense(1)], { seed: 1 });
    model.compile({ loss: 'meanSquaredError' }).build([2]);
    const x = [
      [1, 2],
      [3, 1],
    ];
    const [first] = model.layers as [Layer];
    const kernel = () => bitsOf(model.getWeights()['dense_1/kernel']?.data as Float32Array);
    const before = kernel();
    first.trainable = false;
    model.trainOnBatch(x, [1, 2]);
    expect(kernel()).toBe(before);
    first.trainable = true;
    model.trainOnBatch(x, [1, 2]);
    expect(kernel()).not.toBe(before);
  });
});

describe('takeWeights', () => {
  const pretrained = () => sequential([lstm(4), dense(3)], { seed: 1 }).build([null, 2]);

  it('takes what fits and says what became of the rest', () => {
    const source = pretrained().getWeights();
    const target = sequential([lstm(4), dense(3, { name: 'head' }), dense(1)], { seed: 2 }).build([null, 2]);
    const before = target.getWeights();
    const report = target.takeWeights({ ...source, 'dense_1/bias': tensor([1, 2, 3], [3]) });
    expect(report).toEqual({
      taken: ['lstm_1/kernel', 'lstm_1/recurrentKernel', 'lstm_1/bias'],
      missing: ['head/kernel', 'head/bias'],
      unexpected: [],
      wrongShape: [
        { name: 'dense_1/kernel', shape: [3, 1], given: [4, 3] },
        { name: 'dense_1/bias', shape: [1], given: [3] },
      ],
    });
    const after = target.getWeights();
    for (const name of Object.keys(after)) {
      const expected = name.startsWith('lstm') ? source[name] : before[name];
      expect(after[name]).toEqual(expected);
    }
  });

  it('knows layers by another name', () => {
    const target = sequential([lstm(4, { name: 'encoder' }), dense(1)], { seed: 2 }).build([null, 2]);
    const source = pretrained().getWeights();
    const { taken, unexpected } = target.takeWeights(source, {
      rename: { lstm_1: 'encoder', dense_1: 'old' },
    });
    expect(taken).toEqual(['encoder/kernel', 'encoder/recurrentKernel', 'encoder/bias']);
    expect(unexpected).toEqual(['old/kernel', 'old/bias']);
    expect(target.getWeights()['encoder/kernel']).toEqual(source['lstm_1/kernel']);
  });

  it('changes nothing when a value is not finite', async () => {
    const target = sequential([lstm(4), dense(1)], { seed: 2 }).build([null, 2]);
    const before = weightBits(target);
    const weights = pretrained().getWeights();
    (weights['lstm_1/bias'] as { data: Float32Array }).data[3] = Number.NaN;
    expect(await errorOf(() => target.takeWeights(weights))).toEqual({
      name: 'DataError',
      message: "the weight 'lstm_1/bias' has NaN at index 3",
    });
    expect(weightBits(target)).toEqual(before);
    expect((await errorOf(() => target.takeWeights({}, { strict: false } as never))).message).toBe(
      "takeWeights has no option 'strict': setWeights is strict, takeWeights is not",
    );
  });
});

describe('an activity regularizer', () => {
  const x = randomSequences(2, [4, 2, 3], 2);
  const y = x.map((row) => row.map(() => 0.5));
  const build = (strength: number, batchSize = 3) => {
    const activityRegularizer = strength === 0 ? {} : { activityRegularizer: l2(strength) };
    const model = sequential([dense(2, { activation: 'tanh', ...activityRegularizer }), dense(1)], {
      seed: 1,
      precision: 'float64',
    });
    model.compile({ loss: 'meanSquaredError', optimizer: sgd({ learningRate: 0 }) });
    return model.evaluate(x, y, { batchSize }).loss as number;
  };

  it('adds the penalty of the real steps, divided by how many count', () => {
    const outputs = sequential([dense(2, { activation: 'tanh' })], { seed: 1, precision: 'float64' });
    const { data } = outputs.predict(x);
    let squares = 0;
    x.forEach((row, i) => {
      for (let k = 0; k < 2 * row.length; k++) squares += (data[8 * i + k] as number) ** 2;
    });
    expect(isClose(build(0.3) - build(0), (0.3 * squares) / 9)).toBe(true);
  });

  it('gives the same loss whatever the size of the batches', () => {
    expect(isClose(build(0.3, 1), build(0.3, 3))).toBe(true);
    expect(isClose(build(0.3, 2), build(0.3, 3))).toBe(true);
  });

  it('pulls the outputs to zero, in a loaded model too', () => {
    const layers = [
      embedding(3, 2, { activityRegularizer: 'l2' }),
      lstm(3, { activityRegularizer: l2(5) }),
      dense(1),
    ];
    const model = sequential(layers, { seed: 1 });
    model.compile({ loss: 'meanSquaredError', optimizer: sgd({ learningRate: 0.05 }) });
    const ids = [[1, 2], [2]];
    const first = model.trainOnBatch(ids, [0, 0]).loss as number;
    const loaded = deserializeModel(serializeModel(model));
    for (let i = 0; i < 20; i++) model.trainOnBatch(ids, [0, 0]);
    for (let i = 0; i < 20; i++) loaded.trainOnBatch(ids, [0, 0]);
    expect(model.evaluate(ids, [0, 0]).loss).toBeLessThan(0.5 * first);
    expect(weightBits(loaded)).toEqual(weightBits(model));
  });
});
