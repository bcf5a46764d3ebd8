/** Batch and layer normalization: what enters the averages, what moves and when, and what a frozen layer does. */
import { describe, expect, it } from 'vitest';
import {
  activation,
  batchNormalization,
  dense,
  deserializeModel,
  layerNormalization,
  lstm,
  sequential,
  serializeModel,
  sgd,
} from '../../src/index.js';
import { bitsOf, errorOf, isClose, randomSequences, weightBits } from '../support/bits.js';
import { networkOf } from '../support/models.js';

const anything = (value: unknown) => value as never;

function columns(x: readonly (readonly number[])[]) {
  const [first] = x as [readonly number[]];
  return first.map((_, k) => {
    const values = x.map((row) => row[k] as number);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    return { mean, variance };
  });
}

function statistics(model: ReturnType<typeof normalizing>) {
  const { data: mean } = model.getWeights()['batchNormalization_1/movingMean'] as { data: Float64Array };
  const { data: variance } = model.getWeights()['batchNormalization_1/movingVariance'] as {
    data: Float64Array;
  };
  return { mean: [...mean], variance: [...variance] };
}

function normalizing(options = {}) {
  const model = sequential([batchNormalization({ momentum: 0.8, ...options }), dense(1)], {
    seed: 4,
    precision: 'float64',
  });
  return model.compile({ loss: 'meanSquaredError', optimizer: sgd({ learningRate: 0.1 }) });
}

describe('batch normalization', () => {
  const x = randomSequences(3, [4, 2, 3], 2);
  const y = x.map((row) => row.map(() => 1));

  it('takes the real steps alone into its moving statistics, whatever their sample weights', () => {
    const expected = columns(x.flat());
    for (const sampleWeight of [undefined, [3, 0, 1]]) {
      const model = normalizing();
      model.trainOnBatch(x, y, sampleWeight ? { sampleWeight } : {});
      const { mean, variance } = statistics(model);
      expected.forEach((column, k) => {
        expect(isClose(mean[k] as number, 0.2 * column.mean)).toBe(true);
        expect(isClose(variance[k] as number, 0.8 + 0.2 * column.variance)).toBe(true);
      });
    }
  });

  it('normalizes by the batch while training and by the moving statistics afterwards', () => {
    const model = normalizing({ momentum: 0 });
    model.trainOnBatch(x, y);
    const found = statistics(model);
    columns(x.flat()).forEach(({ mean, variance }, k) => {
      expect(isClose(found.mean[k] as number, mean)).toBe(true);
      expect(isClose(found.variance[k] as number, variance)).toBe(true);
    });
    const before = statistics(model);
    model.predict(x);
    model.evaluate(x, y);
    model.testOnBatch(x, y);
    expect(statistics(model)).toEqual(before);
  });

  it('uses its stored statistics while it is frozen, and leaves them alone', () => {
    const model = normalizing();
    model.trainOnBatch(x, y);
    (model.layers[0] as { trainable: boolean }).trainable = false;
    const before = model.getWeights();
    const inference = model.evaluate(x, y).loss;
    expect(model.trainOnBatch(x, y).loss).toBe(inference);
    const after = model.getWeights();
    for (const name of Object.keys(before)) {
      const isSame = bitsOf(after[name]?.data as Float64Array) === bitsOf(before[name]?.data as Float64Array);
      expect(isSame, name).toBe(name.startsWith('batchNormalization'));
    }
  });

  it('keeps its statistics when an update is taken back', async () => {
    const model = sequential([batchNormalization(), dense(1)], { seed: 4 });
    model.compile({ loss: 'meanSquaredError', optimizer: sgd({ learningRate: 1e38 }) });
    model.build([2]);
    const before = weightBits(model);
    const rows = [
      [1, 2],
      [3, 5],
    ];
    const error = await errorOf(() => model.trainOnBatch(rows, [1e10, -1e10]));
    expect(error.name).toBe('NumericError');
    expect(weightBits(model)).toEqual(before);
  });

  it('refuses a batch whose variance overflows, before anything has changed', async () => {
    const model = sequential([batchNormalization(), dense(1)], { seed: 4 });
    model.compile({ loss: 'meanSquaredError' });
    model.build([1]);
    const before = weightBits(model);
    const error = await errorOf(() => model.trainOnBatch([[3e38], [-3e38]], [1, 2]));
    expect(error.name).toBe('NumericError');
    expect(error.message).toContain('batchNormalization_1/movingVariance Infinity in trainOnBatch');
    expect(weightBits(model)).toEqual(before);
  });

  it('moves nothing in a batch in which no row counts', async () => {
    const rows = [
      [1, 2],
      [3, 4],
      [7, 5],
      [2, 2],
    ];
    const weighted = normalizing();
    const options = { batchSize: 2, shuffle: false };
    await weighted.fit(rows, [1, 1, 1, 1], { ...options, sampleWeight: [0, 0, 1, 1] });
    const alone = normalizing();
    await alone.fit(rows.slice(2), [1, 1], options);
    expect(statistics(weighted)).toEqual(statistics(alone));
  });

  it('shows its statistics among the weights, as frozen ones, without a place in the optimizer', () => {
    const model = sequential([batchNormalization(), dense(1)], { seed: 1 });
    model.compile({ loss: 'meanSquaredError', optimizer: 'adam' });
    model.build([3]);
    expect(Object.keys(model.getWeights())).toEqual([
      'batchNormalization_1/gamma',
      'batchNormalization_1/beta',
      'batchNormalization_1/movingMean',
      'batchNormalization_1/movingVariance',
      'dense_1/kernel',
      'dense_1/bias',
    ]);
    const lines: string[] = [];
    model.summary((line) => lines.push(line));
    expect(lines.at(-1)).toBe('Parameters: 16 (trainable 10, frozen 6)');
    expect(networkOf(model).parameters.map(({ name }) => name)).not.toContain(
      'batchNormalization_1/movingMean',
    );
    const text = Buffer.from(serializeModel(model)).toString('latin1');
    expect(text).toContain('"batchNormalization_1/movingMean"');
    expect(text).toContain('"optimizer/m/batchNormalization_1/gamma"');
    expect(text).not.toContain('"optimizer/m/batchNormalization_1/movingMean"');
  });

  it('can do without gamma and beta', () => {
    const model = sequential([batchNormalization({ center: false, scale: false }), dense(1)], { seed: 1 });
    model.compile({ loss: 'meanSquaredError' });
    model.trainOnBatch([[1], [2]], [1, 2]);
    expect(Object.keys(model.getWeights())[0]).toBe('batchNormalization_1/movingMean');
  });

  it('is saved with its statistics, and goes on with the same bits', () => {
    const model = sequential(
      [
        dense(3),
        batchNormalization({ momentum: 0.7, gammaRegularizer: 'l2', betaConstraint: 'nonNegative' }),
        activation('relu'),
        layerNormalization({ center: false }),
        dense(1),
      ],
      { seed: 2 },
    );
    model.compile({ loss: 'meanSquaredError' });
    const rows = randomSequences(5, [6], 4)[0] as number[][];
    const targets = rows.map(([first]) => first as number);
    for (let i = 0; i < 3; i++) model.trainOnBatch(rows, targets);
    const loaded = deserializeModel(serializeModel(model));
    expect(weightBits(loaded)).toEqual(weightBits(model));
    expect(loaded.layers.map((layer) => layer.config())).toEqual(model.layers.map((layer) => layer.config()));
    model.trainOnBatch(rows, targets);
    loaded.trainOnBatch(rows, targets);
    expect(weightBits(loaded)).toEqual(weightBits(model));
  });
});

describe('normalization', () => {
  it('runs in a stream, to the bits of predict', () => {
    const model = sequential(
      [
        lstm(4, { returnSequences: true }),
        batchNormalization(),
        layerNormalization(),
        lstm(3, { returnSequences: true }),
        dense(2),
      ],
      { seed: 6 },
    );
    model.compile({ loss: 'meanSquaredError' });
    const [sequence] = randomSequences(7, [5], 2) as [number[][]];
    model.trainOnBatch([sequence], [sequence.map(() => [1, 2])]);
    const whole = model.predict([sequence]).data;
    const live = model.stream();
    sequence.forEach((step, t) => {
      expect(bitsOf(live.push(step))).toBe(bitsOf(whole.slice(2 * t, 2 * t + 2)));
    });
  });

  const wrong: [string, () => unknown, string][] = [
    [
      'an axis',
      () => batchNormalization(anything({ axis: 1 })),
      "batchNormalization has no option 'axis': leave it out, the last axis is normalized, that of the features",
    ],
    [
      'an epsilon of 0',
      () => layerNormalization({ epsilon: 0 }),
      'layerNormalization: epsilon must be a number above 0 but is 0',
    ],
    [
      'a momentum above 1',
      () => batchNormalization({ momentum: 1.1 }),
      'batchNormalization: momentum must be a number at least 0 and at most 1 but is 1.1',
    ],
    [
      'a penalty on a gamma that is not there',
      () => batchNormalization({ scale: false, gammaRegularizer: 'l2' }),
      'batchNormalization: gammaRegularizer needs a gamma: leave it out, or scale: false',
    ],
    [
      'rmsScaling',
      () => layerNormalization(anything({ rmsScaling: true })),
      "layerNormalization has no option 'rmsScaling': this version does not have it",
    ],
    [
      'an orthogonal beta',
      () => batchNormalization({ betaInitializer: 'orthogonal' }),
      'batchNormalization: betaInitializer: orthogonal initializes matrices, not a bias; use zeros or constant(value)',
    ],
  ];
  it.each(wrong)('refuses %s', async (_what, work, message) => {
    expect(await errorOf(work)).toEqual({ name: 'ConfigError', message });
  });
});
