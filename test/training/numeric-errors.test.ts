/** When the arithmetic runs away: which epoch and batch, and that the weights are those of the last good update. */
import { describe, expect, it } from 'vitest';
import {
  adam,
  dense,
  l2,
  lstm,
  type Optimizer,
  type Precision,
  sequential,
  sgd,
  type Tensor,
  tensor,
} from '../../src/index.js';
import { errorOf, randomSequences, weightBits } from '../support/bits.js';

const x = randomSequences(1, [4, 4, 4, 4, 4, 4], 2);
const y = [1, 0, 1, 0, 1, 0];

function make(optimizer: Optimizer, precision: Precision = 'float32') {
  const layers = [lstm(3, { kernelRegularizer: l2(1e-4) }), dense(1)];
  const model = sequential(layers, { precision, seed: 5 } as { precision: 'float64'; seed: number });
  model.compile({ optimizer, loss: 'meanSquaredError' });
  return model.build([null, 2]);
}

/** Trains until it fails; the error, and the weights at the start of every batch. */
async function failing(model: ReturnType<typeof make>, targets: number[], epochs = 50) {
  const seen: Record<string, string>[] = [];
  const where: string[] = [];
  let at = 0;
  const error = await errorOf(() =>
    model.fit(x, targets, {
      epochs,
      batchSize: 2,
      shuffle: false,
      callbacks: [
        {
          onEpochBegin: (epoch) => {
            at = epoch;
          },
          onBatchBegin: (batch) => {
            seen.push(weightBits(model));
            where.push(`in epoch ${at + 1}, batch ${batch + 1}`);
          },
        },
      ],
    }),
  );
  return { error, before: seen.at(-1), where: where.at(-1) as string, batches: seen.length };
}

function hasFiniteWeights(model: ReturnType<typeof make>): boolean {
  return Object.values(model.getWeights()).every(({ data }) => data.every(Number.isFinite));
}

describe.each(['float32', 'float64'] as const)(
  'a learning rate that is far too large, in %s',
  (precision) => {
    it.each([
      ['sgd', () => sgd({ learningRate: 1e30 })],
      ['sgd of 1e300', () => sgd({ learningRate: 1e300 })],
      ['momentum', () => sgd({ learningRate: 1e25, momentum: 0.9, nesterov: true })],
      ['adam', () => adam({ learningRate: precision === 'float32' ? 1e37 : 1e307 })],
    ] as const)(
      '%s ends in a NumericError, with finite weights, those before the batch it names',
      async (_name, optimizer) => {
        const model = make(optimizer(), precision);
        const { error, before, where, batches } = await failing(model, y, 400);
        expect(error.name).toBe('NumericError');
        expect(error.message).toContain(
          ` ${where}: the weights are those before it; try a smaller learning rate`,
        );
        expect(batches).toBeLessThan(1200);
        expect(weightBits(model)).toEqual(before);
        expect(hasFiniteWeights(model)).toBe(true);
        expect(model.predict(x).data.every((value) => !Number.isNaN(value))).toBe(true);
        model.compile({ optimizer: adam(), loss: 'meanSquaredError' });
        await model.fit(x, y).catch(({ name }) => expect(name).toBe('NumericError'));
      },
    );
  },
);

describe('an update that overflows one weight', () => {
  it('takes back those of the weights before it too', async () => {
    const plain = { useBias: false } as const;
    const model = sequential([dense(1, plain), dense(1, plain)]);
    model.compile({ optimizer: sgd({ learningRate: 1e30 }), loss: 'meanSquaredError' });
    model.build([1]);
    model.setWeights({ 'dense_1/kernel': tensor([1e10], [1, 1]), 'dense_2/kernel': tensor([1e-10], [1, 1]) });
    const before = weightBits(model);
    // The gradients are 2e-10 and 2e10: the first weight goes to -2e20, the second would go to -2e40.
    const { name, message } = await errorOf(() => model.trainOnBatch([[1]], [0]));
    expect(name).toBe('NumericError');
    expect(message).toMatch(
      /^the update of dense_2\/kernel is not finite in trainOnBatch: the weights are those before it/,
    );
    expect(weightBits(model)).toEqual(before);
  });
});

describe('a target of 1e30', () => {
  it.each([
    ['adam', () => adam(), 'the gradient of lstm_1/'],
    ['sgd', () => sgd({ learningRate: 1 }), 'the gradient of lstm_1/'],
  ] as const)(
    'stops %s at its batch, before it spoils weights or optimizer',
    async (_name, optimizer, message) => {
      const model = make(optimizer());
      const targets = [...y.slice(0, 4), 1e30, 0];
      const { error, before } = await failing(model, targets);
      expect(error.name).toBe('NumericError');
      expect(error.message.startsWith(message), error.message).toBe(true);
      expect(error.message).toContain(' in epoch 1, batch 3: the weights are those before it; ');
      expect(weightBits(model)).toEqual(before);
      const clean = make(optimizer());
      await clean.fit(x.slice(0, 4), y.slice(0, 4), { batchSize: 2, shuffle: false });
      expect(weightBits(clean)).toEqual(before);
      await clean.fit(x, y, { batchSize: 2, shuffle: false });
      await model.fit(x, y, { batchSize: 2, shuffle: false });
      expect(weightBits(model)).toEqual(weightBits(clean));
    },
  );

  it.each([
    ['clipNorm', { clipNorm: 1 }],
    ['globalClipNorm', { globalClipNorm: 1 }],
    ['clipValue', { clipValue: 1 }],
  ])('is trained on all the same with %s', async (_name, clip) => {
    const model = make(adam(clip));
    const start = weightBits(model);
    await model.fit(x, [...y.slice(0, 4), 1e30, 0], { epochs: 3, batchSize: 2 });
    expect(hasFiniteWeights(model)).toBe(true);
    expect(weightBits(model)).not.toEqual(start);
  });

  it('is finite in double precision', async () => {
    const model = make(adam(), 'float64');
    await model.fit(x, [...y.slice(0, 4), 1e30, 0], { epochs: 3, batchSize: 2 });
    expect(hasFiniteWeights(model)).toBe(true);
  });
});

describe('a loss that is not finite', () => {
  it('is named with its value, by fit and by trainOnBatch', async () => {
    const model = make(sgd());
    const weights = model.getWeights();
    model.setWeights({ ...weights, 'dense_1/kernel': tensor(new Float32Array(3).fill(3e38), [3, 1]) });
    const before = weightBits(model);
    const mend = 'try a smaller learning rate, or clip the gradients with { globalClipNorm: 1 }';
    const rest = `the weights are those before it; ${mend}`;
    const hot = sequential([dense(1, { useBias: false })], { seed: 1 });
    hot.compile({ loss: 'meanSquaredError' });
    hot.build([1]);
    hot.setWeights({ 'dense_1/kernel': tensor([3e38], [1, 1]) });
    expect(await errorOf(() => hot.fit([[10]], [0]))).toEqual({
      name: 'NumericError',
      message: `the loss is Infinity in epoch 1, batch 1, for the output of dense_1 is Infinity at row 0, output 0: ${rest}`,
    });
    expect(await errorOf(() => hot.trainOnBatch([[10]], [0]))).toEqual({
      name: 'NumericError',
      message: `the loss is Infinity in trainOnBatch, for the output of dense_1 is Infinity at row 0, output 0: ${rest}`,
    });
    expect((hot.getWeights()['dense_1/kernel'] as Tensor).data[0]).toBe(Math.fround(3e38));
    const { error } = await failing(model, y);
    expect(error.name).toBe('NumericError');
    expect(weightBits(model)).toEqual(before);
  });

  it('through a penalty too', async () => {
    const model = sequential([dense(1, { kernelRegularizer: l2(1e300) })], { seed: 1, precision: 'float64' });
    model.compile({ loss: 'meanSquaredError' });
    model.build([1]);
    const weights = model.getWeights();
    model.setWeights({ ...weights, 'dense_1/kernel': tensor(Float64Array.of(1e10), [1, 1]) });
    const { name, message } = await errorOf(() => model.fit([[1]], [0]));
    expect(name).toBe('NumericError');
    expect(message).toMatch(/^the loss is Infinity in epoch 1, batch 1/);
  });

  it('leaves fit free to be called again', async () => {
    const model = make(adam());
    await failing(model, [...y.slice(0, 4), 1e30, 0]);
    expect((await model.fit(x, y, { epochs: 2 })).epoch).toEqual([0, 1]);
  });
});

describe('where a number that is not finite came from', () => {
  it('the first layer whose output is not finite, its row and step', async () => {
    const model = sequential([lstm(2, { returnSequences: true, activation: 'linear' }), dense(1)], {
      seed: 1,
    });
    model.compile({ loss: 'meanSquaredError' }).build([null, 1]);
    const kernel = tensor([1e30, 1e30, 1e30, 1e30, 1e30, 1e30, 1e30, 1e30], [1, 8]);
    model.setWeights({ ...model.getWeights(), 'lstm_1/kernel': kernel });
    const sequences = [
      [[0], [0]],
      [[0], [1e10]],
    ];
    const targets = [
      [0, 0],
      [0, 0],
    ];
    const { name, message } = await errorOf(() => model.fit(sequences, targets, { shuffle: false }));
    expect(name).toBe('NumericError');
    expect(message).toMatch(
      /^the loss is (NaN|Infinity) in epoch 1, batch 1, for the output of lstm_1 is (NaN|-?Infinity) at row 1, step 1, output 0: /,
    );
  });

  it('going back from the loss the first layer whose gradient is not finite', async () => {
    const loss = {
      name: 'steep',
      forward: () => 1,
      backward: (_yTrue: Float64Array, _yPred: Float64Array, gradient: Float64Array) => {
        gradient[0] = Number.NaN;
      },
    };
    const model = sequential([dense(2), dense(1)], { seed: 1 }).compile({ loss });
    const before = weightBits(model.build([1]) as never);
    const { name, message } = await errorOf(() => model.fit([[1]], [0]));
    expect(name).toBe('NumericError');
    expect(message).toMatch(
      /^the gradient by the output of dense_2 is NaN at row 0, output 0 in epoch 1, batch 1: /,
    );
    expect(weightBits(model as never)).toEqual(before);
  });
});
