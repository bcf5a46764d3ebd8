/** What may be given as y and as weights, how it is read, and one sentence for everything that may not. */
import { describe, expect, it } from 'vitest';
import {
  type ActivationName,
  dense,
  type LossName,
  lstm,
  type SampleInput,
  type SampleWeightInput,
  sequential,
  type TargetInput,
  tensor,
} from '../../src/index.js';
import { errorOf, randomSequences } from '../support/bits.js';

interface Kind {
  loss: LossName;
  outputs?: number;
  /** Whether the output has steps. */
  steps?: boolean;
}

function modelOf({ loss, outputs = 1, steps = false }: Kind) {
  const through: ActivationName =
    loss === 'binaryCrossentropy'
      ? 'sigmoid'
      : loss.endsWith('ategoricalCrossentropy')
        ? 'softmax'
        : 'linear';
  const model = sequential([lstm(2, { returnSequences: steps }), dense(outputs, { activation: through })], {
    seed: 3,
    precision: 'float64',
  });
  model.compile({ loss });
  return model;
}

const anything = (value: unknown) => value as never;

const lossOf = (kind: Kind, x: SampleInput, y: TargetInput, sampleWeight?: SampleWeightInput) =>
  modelOf(kind).evaluate(x, y, sampleWeight === undefined ? {} : { sampleWeight }).loss;

describe('the same y in any form', () => {
  const three = randomSequences(1, [2, 2, 2], 1);
  const ragged = randomSequences(1, [1, 3, 2], 1);

  it('numbers a row', () => {
    const kind: Kind = { loss: 'binaryCrossentropy' };
    const expected = lossOf(kind, three, [1, 0, 1]);
    const forms: TargetInput[] = [
      [[1], [0], [1]],
      anything([true, false, true]),
      anything([[true], [false], [true]]),
      Uint8Array.of(1, 0, 1),
      Float64Array.of(1, 0, 1),
      tensor([1, 0, 1], [3]),
      tensor([1, 0, 1], [3, 1]),
      [Float32Array.of(1), Int8Array.of(0), [1]],
      { data: Float32Array.of(1, 0, 1), shape: [3] },
    ];
    for (const y of forms) expect(lossOf(kind, three, y)).toBe(expected);
  });

  it('class indices and one-hot rows', () => {
    const indices: Kind = { loss: 'sparseCategoricalCrossentropy', outputs: 3 };
    const oneHot: Kind = { loss: 'categoricalCrossentropy', outputs: 3 };
    const expected = lossOf(indices, three, [2, 0, 1]);
    expect(lossOf(indices, three, Int32Array.of(2, 0, 1))).toBe(expected);
    expect(lossOf(indices, three, tensor([2, 0, 1], [3]))).toBe(expected);
    const rows = [
      [0, 0, 1],
      [1, 0, 0],
      [0, 1, 0],
    ];
    expect(lossOf(oneHot, three, rows)).toBe(expected);
    expect(lossOf(oneHot, three, tensor(rows.flat(), [3, 3]))).toBe(expected);
  });

  it('values a step, ragged as x or padded to the longest', () => {
    const kind: Kind = { loss: 'meanSquaredError', steps: true };
    const expected = lossOf(kind, ragged, [[1], [2, 3, 4], [5, 6]]);
    const { NaN: nothing } = Number;
    const forms: TargetInput[] = [
      [[[1]], [[2], [3], [4]], [[5], [6]]],
      [
        [1, 99, 99],
        [2, 3, 4],
        [5, 6, 99],
      ],
      tensor([1, nothing, nothing, 2, 3, 4, 5, 6, nothing], [3, 3]),
      tensor([1, nothing, nothing, 2, 3, 4, 5, 6, nothing], [3, 3, 1]),
      [Float32Array.of(1), Float32Array.of(2, 3, 4), Float32Array.of(5, 6)],
    ];
    for (const y of forms) expect(lossOf(kind, ragged, y)).toBe(expected);
  });

  it('several values a step', () => {
    const kind: Kind = { loss: 'meanAbsoluteError', outputs: 2, steps: true };
    const nested = [
      [[1, 2]],
      [
        [3, 4],
        [5, 6],
        [7, 8],
      ],
      [
        [9, 10],
        [11, 12],
      ],
    ];
    const data = new Float64Array(18).fill(Number.NaN);
    nested.forEach((row, r) => void data.set(row.flat(), r * 6));
    expect(lossOf(kind, ragged, tensor(data, [3, 3, 2]))).toBe(lossOf(kind, ragged, nested));
  });

  it('weights a row hold for all its steps, weights a step for each', () => {
    const kind: Kind = { loss: 'meanSquaredError', steps: true };
    const y = [[1], [2, 3, 4], [5, 6]];
    const expected = lossOf(kind, ragged, y, [2, 0.5, 1]);
    const forms: SampleWeightInput[] = [
      Float32Array.of(2, 0.5, 1),
      tensor([2, 0.5, 1], [3]),
      [[2], [0.5, 0.5, 0.5], [1, 1]],
      tensor([2, Number.NaN, -1, 0.5, 0.5, 0.5, 1, 1, Number.NaN], [3, 3]),
    ];
    for (const weights of forms) expect(lossOf(kind, ragged, y, weights)).toBe(expected);
    expect(lossOf(kind, ragged, y)).not.toBe(expected);
    expect(lossOf(kind, ragged, y, [true, true, true] as never)).toBe(lossOf(kind, ragged, y));
  });
});

const two = randomSequences(1, [2, 2], 1);
const unequal = randomSequences(1, [1, 2], 1);
const binary: Kind = { loss: 'binaryCrossentropy' };
const perStep: Kind = { loss: 'binaryCrossentropy', steps: true };
const classes: Kind = { loss: 'sparseCategoricalCrossentropy', outputs: 3 };
const oneHot: Kind = { loss: 'categoricalCrossentropy', outputs: 3 };
const values: Kind = { loss: 'meanSquaredError', outputs: 2 };

const wrongShapes: [string, Kind, SampleInput, unknown, string][] = [
  ['too few rows', binary, two, [1], 'y has 1 rows but x has 2'],
  ['too many rows', binary, two, [1, 0, 1], 'y has 3 rows but x has 2'],
  ['a number', binary, two, 1, 'y should be of shape [2] or [2, 1] but is 1'],
  ['null', binary, two, null, 'y should be of shape [2] or [2, 1] but is null'],
  ['a Tensor of other rows', binary, two, tensor([1], [1]), 'y should be of shape [2] or [2, 1] but is [1]'],
  [
    'a Tensor whose values are too few',
    binary,
    two,
    { data: new Float32Array(1), shape: [2] },
    'a tensor of shape [2] holds 2 values but got 1',
  ],
  [
    'two values where one is wanted',
    binary,
    two,
    [
      [1, 0],
      [1, 0],
    ],
    'y needs 1 value at row 0 but has 2',
  ],
  ['one value where two are wanted', values, two, [[1], [2]], 'y needs 2 values at row 0 but has 1'],
  ['a number among arrays', values, two, [[1, 2], 3], 'y needs 2 values at row 1 but is 3'],
  ['numbers where pairs are wanted', values, two, [1, 2], 'y should be of shape [2, 2] but is [2]'],
  [
    'class indices for a categorical cross-entropy',
    oneHot,
    two,
    [0, 2],
    'y should be of shape [2, 3] but is [2]: for class indices use sparseCategoricalCrossentropy',
  ],
  [
    'the same as a Tensor',
    oneHot,
    two,
    tensor([0, 2], [2]),
    'y should be of shape [2, 3] but is [2]: for class indices use sparseCategoricalCrossentropy',
  ],
  [
    'the same a step',
    { ...oneHot, steps: true },
    two,
    [
      [0, 2],
      [1, 1],
    ],
    'y should be of shape [2, 2, 3] but is [2, 2]: for class indices use sparseCategoricalCrossentropy',
  ],
  [
    'one-hot rows for a sparse one',
    classes,
    two,
    [
      [0, 1, 0],
      [1, 0, 0],
    ],
    'y needs 1 value at row 0 but has 3: for one-hot rows use categoricalCrossentropy',
  ],
  [
    'the same as a Tensor',
    classes,
    two,
    tensor([0, 1, 0, 1, 0, 0], [2, 3]),
    'y should be of shape [2] or [2, 1] but is [2, 3]: for one-hot rows use categoricalCrossentropy',
  ],
  [
    'one value a row for an output a step',
    perStep,
    two,
    [0, 1],
    'y should be of shape [2, 2] or [2, 2, 1] but is [2]: dense_1 gives a value a step; for one a row, the last lstm needs { returnSequences: false }',
  ],
  [
    'values a step for an output a row',
    binary,
    two,
    [
      [[0], [1]],
      [[0], [1]],
    ],
    'y should be of shape [2] or [2, 1] but is [2, 2, 1]: dense_1 gives one value a row; for one a step, every lstm needs { returnSequences: true }',
  ],
  [
    'other steps than x',
    perStep,
    unequal,
    [
      [1, 0, 1],
      [1, 0],
    ],
    'y has 3 steps in row 0 where x has 1 step',
  ],
  ['too few steps', perStep, two, [[1, 0], [1]], 'y has 1 steps in row 1 where x has 2 steps'],
  ['a row that is no array', perStep, two, [[1, 0], 1], 'y is 1 in row 1 where x has 2 steps'],
];

const wrongData: [string, Kind, SampleInput, unknown, string][] = [
  ['text', binary, two, ['yes', 'no'], "y is 'yes' at row 0, not a number"],
  [
    'null among numbers',
    values,
    two,
    [
      [1, 2],
      [null, 3],
    ],
    'y is null at row 1, not a number',
  ],
  [
    'NaN',
    values,
    two,
    [
      [1, 2],
      [3, Number.NaN],
    ],
    'y is NaN, which is not finite, at row 1',
  ],
  [
    'infinity',
    values,
    two,
    [
      [1, Number.POSITIVE_INFINITY],
      [3, 4],
    ],
    'y is Infinity, which is not finite, at row 0',
  ],
  [
    'a label of 2',
    binary,
    two,
    [1, 2],
    'y is 2, which is not between 0 and 1, as binaryCrossentropy needs, at row 1',
  ],
  [
    'a label of -1',
    binary,
    two,
    [-1, 1],
    'y is -1, which is not between 0 and 1, as binaryCrossentropy needs, at row 0',
  ],
  [
    'the same a step',
    perStep,
    two,
    [
      [1, 0],
      [1, 7],
    ],
    'y is 7, which is not between 0 and 1, as binaryCrossentropy needs, at row 1, step 1',
  ],
  ['a class too large', classes, two, [0, 3], 'y is 3, which is not a class from 0 to 2, at row 1'],
  ['a negative class', classes, two, [-1, 0], 'y is -1, which is not a class from 0 to 2, at row 0'],
  ['half a class', classes, two, [0.5, 0], 'y is 0.5, which is not a class from 0 to 2, at row 0'],
  [
    'NaN as a class',
    classes,
    two,
    tensor([0, Number.NaN], [2]),
    'y is NaN, which is not a class from 0 to 2, at row 1',
  ],
  [
    'rows that do not sum to 1',
    oneHot,
    two,
    [
      [0, 1, 0],
      [1, 1, 0],
    ],
    'y sums to 2, not 1, over the classes (for class indices use sparseCategoricalCrossentropy) at row 1',
  ],
  [
    'a negative probability',
    oneHot,
    two,
    [
      [0, 1.5, -0.5],
      [0, 1, 0],
    ],
    'y is -0.5, which is no probability, at row 0',
  ],
];

const wrongWeights: [string, Kind, SampleInput, TargetInput, unknown, string, string][] = [
  ['too few', binary, two, [1, 0], [1], 'ShapeError', 'sampleWeight has 1 rows but x has 2'],
  [
    'a number',
    binary,
    two,
    [1, 0],
    2,
    'ShapeError',
    'sampleWeight should be of shape [2] or [2, 1] but is 2',
  ],
  [
    'a negative one',
    binary,
    two,
    [1, 0],
    [1, -1],
    'DataError',
    'sampleWeight must be at least 0 everywhere but is -1 at row 1',
  ],
  [
    'NaN',
    binary,
    two,
    [1, 0],
    [Number.NaN, 1],
    'DataError',
    'sampleWeight must be at least 0 everywhere but is NaN at row 0',
  ],
  ['text', binary, two, [1, 0], ['a', 1], 'DataError', "sampleWeight is 'a' at row 0, not a number"],
  [
    'a negative one a step',
    perStep,
    two,
    [
      [1, 0],
      [1, 0],
    ],
    [
      [1, 1],
      [1, -2],
    ],
    'DataError',
    'sampleWeight must be at least 0 everywhere but is -2 at row 1, step 1',
  ],
  [
    'other steps than x',
    perStep,
    unequal,
    [[1], [1, 0]],
    [[1], [1]],
    'ShapeError',
    'sampleWeight has 1 steps in row 1 where x has 2 steps',
  ],
  [
    'a Tensor of other steps',
    perStep,
    two,
    [
      [1, 0],
      [1, 0],
    ],
    tensor([1, 1, 1, 1, 1, 1], [2, 3]),
    'ShapeError',
    'sampleWeight should be of shape [2, 2] or [2, 2, 1] but is [2, 3]',
  ],
  [
    'none but 0',
    binary,
    two,
    [1, 0],
    [0, 0],
    'DataError',
    'every sampleWeight is 0: there is nothing to learn from or to measure',
  ],
];

describe('what is no y', () => {
  it.each(wrongShapes)('%s: a ShapeError', async (_what, kind, x, y, message) => {
    expect(await errorOf(() => modelOf(kind).evaluate(x, anything(y)))).toEqual({
      name: 'ShapeError',
      message,
    });
    expect(await errorOf(() => modelOf(kind).fit(x, anything(y)))).toEqual({ name: 'ShapeError', message });
  });

  it.each(wrongData)('%s: a DataError', async (_what, kind, x, y, message) => {
    expect(await errorOf(() => modelOf(kind).evaluate(x, anything(y)))).toEqual({
      name: 'DataError',
      message,
    });
    expect(await errorOf(() => modelOf(kind).trainOnBatch(x, anything(y)))).toEqual({
      name: 'DataError',
      message,
    });
  });

  it('is refused before any weight has changed', async () => {
    const model = modelOf(classes);
    const x = randomSequences(2, [2, 2, 2, 2], 1);
    model.build([null, 1]);
    const before = model.getWeights();
    await errorOf(() => model.fit(x, [0, 1, 2, 3], { batchSize: 1, shuffle: false }));
    expect(model.getWeights()).toEqual(before);
  });
});

describe('what is no sampleWeight', () => {
  it.each(wrongWeights)('%s', async (_what, kind, x, y, sampleWeight, name, message) => {
    const options = { sampleWeight: anything(sampleWeight) };
    for (const method of ['evaluate', 'fit', 'trainOnBatch', 'testOnBatch'] as const) {
      expect(await errorOf(() => modelOf(kind)[method](x, y, options))).toEqual({ name, message });
    }
  });
});

describe('validationData', () => {
  it('is checked as x and y are, and may have its own weights and lengths', async () => {
    const model = modelOf(binary);
    const validationData = [unequal, [1, 0], [1, 2]] as const;
    const { history } = await model.fit(two, [1, 0], { validationData });
    expect(history.val_loss?.[0]).toBeGreaterThan(0);
    expect(await errorOf(() => model.fit(two, [1, 0], { validationData: [unequal, [1, 2]] }))).toEqual({
      name: 'DataError',
      message: 'y is 2, which is not between 0 and 1, as binaryCrossentropy needs, at row 1',
    });
    expect(await errorOf(() => model.fit(two, [1, 0], { validationData: [unequal] as never }))).toEqual({
      name: 'ConfigError',
      message:
        'fit: validationData is [x, y], [x, y, sampleWeight], or batches of them, but is an array of 1',
    });
  });
});
