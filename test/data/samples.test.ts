/** What may be given as x, how it is read, and one sentence for everything that may not. */
import { describe, expect, it } from 'vitest';
import {
  dense,
  input,
  type Layer,
  lstm,
  masking,
  type Precision,
  type PredictOptions,
  type SampleInput,
  sequential,
  tensor,
} from '../../src/index.js';
import { bitsOf, errorOf, randomSequences } from '../support/bits.js';

const anything = (value: unknown) => value as never;

function modelOf(layers: Layer[], precision: Precision = 'float32') {
  return sequential(layers, { seed: 3, precision } as { precision: 'float64'; seed: number });
}

const onSteps = (precision?: Precision) => modelOf([lstm(2)], precision);
const onRows = (precision?: Precision) => modelOf([dense(2)], precision);

describe('the same numbers in any form', () => {
  const nested = randomSequences(1, [3, 3], 2);
  const flat = nested.flat(2);
  const forms: [string, SampleInput][] = [
    ['a Tensor', tensor(flat, [2, 3, 2])],
    ['a Tensor of doubles', tensor(Float64Array.from(flat), [2, 3, 2])],
    ['a Tensor of full lengths', tensor(flat, [2, 3, 2], { lengths: [3, 3] })],
    ['a Tensor written out', { data: Float32Array.from(flat), shape: [2, 3, 2] }],
    ['Float32Arrays as steps', nested.map((row) => row.map((step) => Float32Array.from(step)))],
    ['Float64Arrays as steps', nested.map((row) => row.map((step) => Float64Array.from(step)))],
  ];

  it.each(forms)('%s is read as nested arrays are', (_name, x) => {
    expect(bitsOf(onSteps().predict(x).data)).toBe(bitsOf(onSteps().predict(nested).data));
  });

  it('keep their digits in a double-precision model', () => {
    const doubles = onSteps('float64').predict(tensor(Float64Array.from(flat), [2, 3, 2]));
    expect(doubles.data).toBeInstanceOf(Float64Array);
    expect(bitsOf(doubles.data)).toBe(bitsOf(onSteps('float64').predict(nested).data));
    const rounded = onSteps('float64').predict(tensor(flat, [2, 3, 2]));
    expect(bitsOf(doubles.data)).not.toBe(bitsOf(rounded.data));
  });

  it('as integers of any typed array are numbers', () => {
    const expected = bitsOf(onRows().predict([[1, 2]]).data);
    for (const row of [Int32Array.of(1, 2), Uint8Array.of(1, 2), Int16Array.of(1, 2)]) {
      expect(bitsOf(onRows().predict([row]).data)).toBe(expected);
    }
  });

  it('are not changed, nor kept: what is done to them later changes nothing', () => {
    const data = Float32Array.from(flat);
    const x = tensor(data, [2, 3, 2], { lengths: [3, 2] });
    const model = onSteps();
    const before = bitsOf(data);
    const first = model.predict(x);
    expect(bitsOf(data)).toBe(before);
    const bits = bitsOf(first.data);
    data.fill(9);
    expect(bitsOf(first.data)).toBe(bits);
  });
});

describe('small and large data', () => {
  it('one row, one step and one feature are enough', async () => {
    const model = modelOf([lstm(1), dense(1)]);
    model.compile({ loss: 'meanSquaredError', metrics: ['meanAbsoluteError'] });
    const { history } = await model.fit([[[0.5]]], [1], { epochs: 2 });
    expect(history.loss?.length).toBe(2);
    expect(model.predict([[[0.5]]]).shape).toEqual([1, 1]);
  });

  it('a thousand steps train, and carry a gradient through all of them', async () => {
    const model = modelOf([lstm(3), dense(1)]);
    model.compile({ loss: 'meanSquaredError' });
    const x = randomSequences(2, [1000, 700], 1);
    const { history } = await model.fit(x, [0.3, -0.3], { epochs: 2 });
    expect(history.loss?.every(Number.isFinite)).toBe(true);
    expect(model.predict(x).data.every(Number.isFinite)).toBe(true);
  });

  it('any number of steps may follow any other', () => {
    const model = onSteps();
    const rows = randomSequences(3, [7, 2, 30, 1], 2);
    const alone = rows.map((row) => bitsOf(model.predict([row]).data));
    expect(rows.map((row) => bitsOf(model.predict([row]).data))).toEqual(alone);
  });
});

describe('rows of unequal lengths', () => {
  it('are padded to the longest, and predict says how long each is', () => {
    const model = modelOf([lstm(2, { returnSequences: true })]);
    const found = model.predict(randomSequences(4, [2, 5, 1], 1));
    expect(found.shape).toEqual([3, 5, 2]);
    expect(found.lengths).toEqual([2, 5, 1]);
    expect(model.predict(randomSequences(4, [3, 3], 1)).lengths).toBeUndefined();
    expect(onSteps().predict(randomSequences(4, [2, 5], 1)).lengths).toBeUndefined();
  });

  it('have lengths that nobody else can change', () => {
    const model = modelOf([lstm(2, { returnSequences: true })]);
    const lengths = [1, 2];
    const found = model.predict({ data: new Float32Array(4), shape: [2, 2, 1], lengths });
    lengths[0] = 9;
    expect(found.lengths).toEqual([1, 2]);
  });

  it('feed what predict returned to the next model, lengths included', () => {
    const x = randomSequences(5, [4, 2], 1);
    const first = modelOf([lstm(2, { returnSequences: true })]);
    const second = modelOf([lstm(3, { returnSequences: true }), dense(1)]);
    const found = second.predict(first.predict(x));
    expect(found.lengths).toEqual([4, 2]);
    const cut = second.predict(first.predict([x[1] as number[][]]));
    expect(bitsOf(found.data.slice(4, 6))).toBe(bitsOf(cut.data));
  });
});

const wrongShapes: [string, () => Layer[], unknown, string][] = [
  [
    'rows of numbers for an lstm',
    () => [lstm(2)],
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    'lstm_1 expects [batch, steps, features] but got [2, 3]: for one feature write every step as an array, [[1], [2], [3]]',
  ],
  [
    'one row of numbers for an lstm',
    () => [lstm(2)],
    [1, 2, 3],
    'lstm_1 expects [batch, steps, features] but got [3]: for one row of one feature write [[[1], [2], [3]]]',
  ],
  [
    'one row of numbers for a dense',
    () => [dense(2)],
    [1, 2, 3],
    'dense_1 expects [batch, features] or [batch, steps, features] but got [3]: for one row write [[1, 2, 3]]',
  ],
  [
    'a typed array',
    () => [lstm(2)],
    new Float32Array(4),
    'lstm_1 expects [batch, steps, features] but got [4]: for one row of one feature write [[[1], [2], [3]]]',
  ],
  [
    'too many axes',
    () => [lstm(2)],
    [[[[1]]]],
    'lstm_1 expects [batch, steps, features] but got [1, 1, 1, 1]',
  ],
  [
    'a Tensor of rank 2 for an lstm',
    () => [lstm(2)],
    tensor([1, 2], [1, 2]),
    'lstm_1 expects [batch, steps, features] but got [1, 2]: for one feature write every step as an array, [[1], [2], [3]]',
  ],
  [
    'a Tensor of rank 4',
    () => [dense(2)],
    tensor([1], [1, 1, 1, 1]),
    'dense_1 expects [batch, features] or [batch, steps, features] but got [1, 1, 1, 1]',
  ],
  ['nothing', () => [lstm(2)], undefined, 'lstm_1 expects [batch, steps, features] but got undefined'],
  [
    'text',
    () => [dense(2)],
    'abc',
    "dense_1 expects [batch, features] or [batch, steps, features] but got 'abc'",
  ],
  [
    'an object',
    () => [lstm(2)],
    { x: 1 },
    'lstm_1 expects [batch, steps, features] but got an object with x',
  ],
  [
    'rows of unequal numbers of features',
    () => [dense(2)],
    [[1, 2], [3]],
    'dense_1 expects 2 features everywhere but got 1 at row 1',
  ],
  [
    'an empty row of features among others',
    () => [dense(2)],
    [[], [3, 4]],
    'dense_1 expects 2 features everywhere but got 0 at row 0',
  ],
  [
    'a number among rows',
    () => [dense(2)],
    [[1, 2], 3],
    'dense_1 expects 2 features everywhere but got 3, not an array, at row 1',
  ],
  [
    'steps of unequal numbers of features',
    () => [lstm(2)],
    [[[1], [2]], [[1, 2]]],
    'lstm_1 expects 1 feature everywhere but got 2 at row 1, step 0',
  ],
  [
    'a number among steps',
    () => [lstm(2)],
    [[[1], 2]],
    'lstm_1 expects 1 feature everywhere but got 2, not an array, at row 0, step 1',
  ],
  [
    'a row that is no array',
    () => [lstm(2)],
    [[[1]], 5],
    'lstm_1 expects a sequence of steps in every row but row 1 is 5',
  ],
  [
    'a Tensor whose values are too few',
    () => [dense(2)],
    { data: new Float32Array(3), shape: [2, 2] },
    'a tensor of shape [2, 2] holds 4 values but got 3',
  ],
  [
    'a Tensor written out with lengths that do not fit',
    () => [lstm(2)],
    { data: new Float32Array(4), shape: [2, 2, 1], lengths: [3, 1] },
    'lengths[0] must be a whole number from 0 to 2 but is 3',
  ],
  [
    'a Tensor with lengths but no steps',
    () => [dense(2)],
    tensor([1, 2, 3, 4], [2, 2], { lengths: [1, 2] }),
    'dense_1 got a tensor of shape [2, 2] with lengths, but it has no steps: leave them out',
  ],
];

const wrongData: [string, () => Layer[], unknown, PredictOptions, string][] = [
  ['no rows', () => [lstm(2)], [], {}, 'lstm_1 got no rows: there is nothing to learn or predict from'],
  [
    'a Tensor of no rows',
    () => [lstm(2)],
    tensor([], [0, 3, 1]),
    {},
    'lstm_1 got a tensor of shape [0, 3, 1], which holds no data',
  ],
  [
    'a Tensor of no steps',
    () => [lstm(2)],
    tensor([], [2, 0, 1]),
    {},
    'lstm_1 got a tensor of shape [2, 0, 1], which holds no data',
  ],
  [
    'a Tensor of no features',
    () => [dense(2)],
    tensor([], [2, 0]),
    {},
    'dense_1 got a tensor of shape [2, 0], which holds no data',
  ],
  [
    'rows that are all empty',
    () => [lstm(2)],
    [[], []],
    {},
    'lstm_1 got 2 rows but not a single number in them',
  ],
  [
    'the same for a dense',
    () => [dense(2)],
    [[], []],
    {},
    'dense_1 got 2 rows but not a single number in them',
  ],
  ['a step without features', () => [lstm(2)], [[[]]], {}, 'lstm_1 got no features in row 0, step 0'],
  [
    'an empty row among others',
    () => [lstm(2)],
    [[[1]], [], [[2]]],
    {},
    'row 1 is wholly masked: it has no step to learn or predict from; leave it out',
  ],
  [
    'NaN in a step',
    () => [lstm(2)],
    [
      [[1, 2]],
      [
        [1, 2],
        [3, Number.NaN],
      ],
    ],
    {},
    "lstm_1 got NaN in row 1, step 1, feature 1: mend it, or mask such steps with { missing: 'mask' }",
  ],
  [
    'infinity in a step',
    () => [lstm(2)],
    [[[1], [Number.NEGATIVE_INFINITY]]],
    {},
    'lstm_1 got -Infinity in row 0, step 1, feature 0: every number must be finite',
  ],
  [
    'infinity in a step, missing values masked',
    () => [lstm(2)],
    [[[1], [Number.POSITIVE_INFINITY]]],
    { missing: 'mask' },
    'lstm_1 got Infinity in row 0, step 1, feature 0: every number must be finite',
  ],
  [
    'NaN in a row without steps',
    () => [dense(2)],
    [[1, Number.NaN]],
    {},
    'dense_1 got NaN in row 0, feature 1: mend it or leave the row out, for without steps there is nothing to mask',
  ],
  [
    'NaN in a row without steps, missing values masked',
    () => [dense(2)],
    [[1, Number.NaN]],
    { missing: 'mask' },
    'dense_1 got NaN in row 0, feature 1: mend it or leave the row out, for without steps there is nothing to mask',
  ],
  [
    'a double too large for the model',
    () => [dense(2)],
    tensor(Float64Array.of(1, 1e39), [1, 2]),
    {},
    'dense_1 got Infinity in row 0, feature 1: every number must be finite',
  ],
  [
    'text among numbers',
    () => [dense(2)],
    [[1, '2']],
    {},
    "dense_1 expects numbers but got '2' at row 0, feature 1",
  ],
  [
    'null among numbers',
    () => [lstm(2)],
    [[[1], [null]]],
    {},
    'lstm_1 expects numbers but got null at row 0, step 1, feature 0',
  ],
  [
    'undefined among numbers',
    () => [dense(2)],
    [[1, undefined, 3]],
    {},
    'dense_1 expects numbers but got undefined at row 0, feature 1',
  ],
  ['booleans', () => [dense(2)], [[true]], {}, 'dense_1 expects numbers but got true at row 0, feature 0'],
  [
    'big integers',
    () => [dense(2)],
    [BigInt64Array.of(1n)],
    {},
    'dense_1 expects numbers but got 1 at row 0, feature 0',
  ],
];

describe('what is no x', () => {
  it.each(wrongShapes)('%s: a ShapeError', async (_what, layers, x, message) => {
    expect(await errorOf(() => modelOf(layers()).predict(anything(x)))).toEqual({
      name: 'ShapeError',
      message,
    });
  });

  it.each(wrongData)('%s: a DataError', async (_what, layers, x, options, message) => {
    expect(await errorOf(() => modelOf(layers()).predict(anything(x), options))).toEqual({
      name: 'DataError',
      message,
    });
  });

  it('leaves a model as it was, so that the next x is its first', () => {
    const model = onSteps();
    for (const x of [[[[]]], [[1, 2]], [[[Number.NaN]]], []])
      expect(() => model.predict(anything(x))).toThrow();
    expect(model.predict([[[1, 2, 3]]]).shape).toEqual([1, 2]);
  });

  it('is read by the first layer, whose name the message has', async () => {
    const named = modelOf([masking({ name: 'padding' }), lstm(2)]);
    const { message } = await errorOf(() => named.predict([[1]]));
    expect(message).toMatch(/^padding expects \[batch, steps, features\] but got \[1, 1\]/);
  });
});

describe('x for a model that is built', () => {
  it('of another number of features is a ShapeError that says what the model was built with', async () => {
    const model = onSteps();
    model.predict([[[1, 2, 3]]]);
    expect(await errorOf(() => model.predict([[[1, 2, 3, 4]]]))).toEqual({
      name: 'ShapeError',
      message: 'lstm_1 expects [batch, steps, 3] but got [batch, 1, 4]: it was built with 3 features',
    });
    const one = onSteps();
    one.predict([[[1]]]);
    const { message } = await errorOf(() => one.predict([[[1, 2]]]));
    expect(message).toMatch(/it was built with 1 feature$/);
  });

  it('of another rank or, where they are fixed, of other steps is a ShapeError', async () => {
    const rows = onRows();
    rows.predict([[1]]);
    expect(await errorOf(() => rows.predict([[[1]]]))).toEqual({
      name: 'ShapeError',
      message: 'the model was built for rows of shape [1] but got [1, 1]',
    });
    const fixed = modelOf([input({ shape: [2, 1] }), lstm(1)]);
    expect(await errorOf(() => fixed.predict([[[1]]]))).toEqual({
      name: 'ShapeError',
      message: 'input_1 was built for rows of shape [2, 1] but got [1, 1]',
    });
    expect(fixed.predict([[[1], [2]]]).shape).toEqual([1, 1]);
  });

  it('goes through an input, which knows the features from the start', async () => {
    const model = modelOf([input({ shape: [null, 3] }), lstm(1)]);
    expect(await errorOf(() => model.predict([[1, 2, 3]]))).toEqual({
      name: 'ShapeError',
      message:
        'input_1 expects [batch, steps, 3] but got [1, 3]: for one feature write every step as an array, [[1], [2], [3]]',
    });
    expect(await errorOf(() => model.predict([[[1, 2]]]))).toEqual({
      name: 'ShapeError',
      message: 'input_1 expects [batch, steps, 3] but got [batch, 1, 2]: it was built with 3 features',
    });
  });
});

describe('missing', () => {
  it("has to be 'error' or 'mask'", async () => {
    const message = "missing is 'error' or 'mask' but is 'skip'";
    expect(await errorOf(() => onSteps().predict([[[1]]], { missing: anything('skip') }))).toEqual({
      name: 'ConfigError',
      message,
    });
  });

  it('masks the step of a NaN and no other', () => {
    const x = [
      [
        [1, 2],
        [Number.NaN, 3],
        [4, 5],
      ],
    ];
    const without = [
      [
        [1, 2],
        [4, 5],
      ],
    ];
    expect(bitsOf(onSteps().predict(x, { missing: 'mask' }).data)).toBe(
      bitsOf(onSteps().predict(without).data),
    );
  });

  it('goes with lengths and with a masking layer', () => {
    const data = [1, Number.NaN, 7, 3, Number.NaN, Number.NaN];
    const x = tensor(data, [1, 6, 1], { lengths: [4] });
    const model = modelOf([masking({ maskValue: 7 }), lstm(2)]);
    const plain = modelOf([lstm(2)]);
    expect(bitsOf(model.predict(x, { missing: 'mask' }).data)).toBe(bitsOf(plain.predict([[[1], [3]]]).data));
  });
});
