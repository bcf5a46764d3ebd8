/** getWeights and setWeights: names, order, copies, and that nothing is taken unless all of it fits. */
import { describe, expect, it } from 'vitest';
import { dense, lstm, sequential, type Tensor, tensor } from '../../src/index.js';
import { bitsOf, errorOf, randomSequences, weightBits } from '../support/bits.js';

const make = () =>
  sequential([lstm(2, { returnSequences: true }), lstm(3, { useBias: false }), dense(1)], { seed: 4 }).build([
    null,
    2,
  ]);

const names = [
  'lstm_1/kernel',
  'lstm_1/recurrentKernel',
  'lstm_1/bias',
  'lstm_2/kernel',
  'lstm_2/recurrentKernel',
  'dense_1/kernel',
  'dense_1/bias',
];

describe('getWeights', () => {
  it('names every weight in the order of the layers, each with its shape', () => {
    const weights = make().getWeights();
    expect(Object.keys(weights)).toEqual(names);
    expect(Object.values(weights).map(({ shape }) => shape)).toEqual([
      [2, 8],
      [2, 8],
      [8],
      [2, 12],
      [3, 12],
      [3, 1],
      [1],
    ]);
    for (const { data, shape } of Object.values(weights)) {
      expect(data.length).toBe(shape.reduce((size, axis) => size * axis, 1));
      expect(data).toBeInstanceOf(Float32Array);
    }
    expect(make().countParams()).toBe(16 + 16 + 8 + 24 + 36 + 3 + 1);
  });

  it('gives copies: what is done to them does nothing to the model', () => {
    const model = make();
    const before = weightBits(model);
    for (const { data, shape } of Object.values(model.getWeights())) {
      data.fill(7);
      (shape as number[])[0] = 99;
    }
    expect(weightBits(model)).toEqual(before);
    expect(model.getWeights()['dense_1/kernel']?.shape).toEqual([3, 1]);
  });

  it('is refused before there are any', async () => {
    expect(await errorOf(() => sequential([lstm(1)]).getWeights())).toEqual({
      name: 'ConfigError',
      message:
        'getWeights needs a model that is built: call model.build([steps, features]) first, or let it see data',
    });
  });
});

describe('setWeights', () => {
  const x = randomSequences(1, [3, 2], 2);

  it('makes another model predict the same bits', () => {
    const [a, b] = [make(), sequential([...layers()], { seed: 99 }).build([null, 2])];
    expect(bitsOf(b.predict(x).data)).not.toBe(bitsOf(a.predict(x).data));
    b.setWeights(a.getWeights());
    expect(bitsOf(b.predict(x).data)).toBe(bitsOf(a.predict(x).data));
  });

  const layers = () => [lstm(2, { returnSequences: true }), lstm(3, { useBias: false }), dense(1)];

  it('copies: what is done to the given arrays later does nothing to the model', () => {
    const model = make();
    const weights = model.getWeights();
    model.setWeights(weights);
    const before = weightBits(model);
    for (const { data } of Object.values(weights)) data.fill(7);
    expect(weightBits(model)).toEqual(before);
  });

  it('takes any order of names, and numbers of either precision', () => {
    const model = make();
    const weights = Object.entries(model.getWeights()).reverse();
    const doubles = weights.map(
      ([name, { data, shape }]) => [name, tensor(Float64Array.from(data), shape)] as const,
    );
    const before = weightBits(model);
    model.setWeights(Object.fromEntries(doubles));
    expect(weightBits(model)).toEqual(before);
  });

  it('goes on with the optimizer as it was', () => {
    const model = make();
    model.compile({ loss: 'meanSquaredError' });
    model.trainOnBatch(x, [1, 0]);
    model.setWeights(model.getWeights());
    expect(model.internals.network?.optimizer.iterations).toBe(1);
  });

  const good = make().getWeights();
  const kernel = good['dense_1/kernel'] as Tensor;
  const without = Object.fromEntries(Object.entries(good).filter(([name]) => name !== 'lstm_2/kernel'));
  const anything = (value: unknown) => value as never;
  const wrong: [string, Record<string, Tensor>, string, string][] = [
    [
      'a name that is not known',
      { ...good, 'dense_2/kernel': kernel },
      'DataError',
      `the model has no weight 'dense_2/kernel': it has ${names.join(', ')}`,
    ],
    ['a name that is missing', without, 'DataError', "the weight 'lstm_2/kernel' [2, 12] is missing"],
    [
      'another shape of as many values',
      { ...good, 'dense_1/kernel': tensor(kernel.data, [1, 3]) },
      'ShapeError',
      "the weight 'dense_1/kernel' is [3, 1] but got [1, 3]",
    ],
    [
      'another rank',
      { ...good, 'dense_1/bias': tensor([1], [1, 1]) },
      'ShapeError',
      "the weight 'dense_1/bias' is [1] but got [1, 1]",
    ],
    [
      'a shape with too few values',
      { ...good, 'dense_1/kernel': { data: new Float32Array(2), shape: [3, 1] } },
      'ShapeError',
      "the weight 'dense_1/kernel' needs 3 values but got 2",
    ],
    [
      'a shape with too many values',
      { ...good, 'dense_1/kernel': { data: new Float32Array(4), shape: [3, 1] } },
      'ShapeError',
      "the weight 'dense_1/kernel' needs 3 values but got 4",
    ],
    [
      'an array that is no Tensor',
      { ...good, 'dense_1/bias': anything([1]) },
      'DataError',
      "the weight 'dense_1/bias' must be a Tensor but is an array of 1",
    ],
    [
      'NaN',
      { ...good, 'dense_1/kernel': tensor([1, Number.NaN, 2], [3, 1]) },
      'DataError',
      "the weight 'dense_1/kernel' has NaN at index 1",
    ],
    [
      'a double that single precision cannot hold',
      { ...good, 'dense_1/kernel': tensor(Float64Array.of(1, 2, -1e39), [3, 1]) },
      'DataError',
      "the weight 'dense_1/kernel' has -1e+39 at index 2",
    ],
    ['nothing', anything(null), 'DataError', 'setWeights takes what getWeights returned but got null'],
    [
      'a name of Object.prototype',
      anything({ ...good, toString: kernel }),
      'DataError',
      `the model has no weight 'toString': it has ${names.join(', ')}`,
    ],
  ];

  it.each(wrong)('%s: an error, and no weight is changed', async (_what, given, name, message) => {
    const model = make();
    const ones = Object.fromEntries(
      Object.entries(model.getWeights()).map(([weight, { data, shape }]) => [
        weight,
        tensor(
          data.map(() => 1),
          shape,
        ),
      ]),
    );
    model.setWeights(ones);
    const before = weightBits(model);
    expect(await errorOf(() => model.setWeights(given))).toEqual({ name, message });
    expect(weightBits(model)).toEqual(before);
  });
});
