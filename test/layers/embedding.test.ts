/** Embedding: how ids are read, padded and masked, what is refused, and that only the rows that occur are touched. */
import { describe, expect, it } from 'vitest';
import { tensor as makeTensor } from '../../src/core/tensor.js';
import { idReading } from '../../src/data/ids.js';
import { toSamples } from '../../src/data/samples.js';
import {
  dense,
  deserializeModel,
  embedding,
  model as functional,
  globalAveragePooling1d,
  input,
  lstm,
  type SampleInput,
  sequential,
  serializeModel,
  sgd,
  tensor,
} from '../../src/index.js';
import { bitsOf, errorOf, weightBits } from '../support/bits.js';

const anything = (value: unknown) => value as never;

/** A model whose output at each step is the vector of its id: `10 id` and `10 id + 1`. */
function lookup(vocabulary = 6) {
  const table = tensor(
    Array.from({ length: 2 * vocabulary }, (_, i) => 10 * Math.floor(i / 2) + (i % 2)),
    [vocabulary, 2],
  );
  return sequential([embedding(vocabulary, 2, { weights: table })], { seed: 1 });
}

describe('token ids', () => {
  it('are read from rows of numbers, of unequal lengths too, from typed arrays and from tensors', () => {
    const { data, shape, lengths } = lookup().predict([[3, 1], [5], [0, 2, 4]]);
    expect(shape).toEqual([3, 3, 2]);
    expect(lengths).toEqual([2, 1, 3]);
    expect([...data]).toEqual([30, 31, 10, 11, 0, 0, 50, 51, 0, 0, 0, 0, 0, 1, 20, 21, 40, 41]);
    const same: SampleInput[] = [
      [
        [3, 1],
        [5, 0],
      ],
      [Int32Array.of(3, 1), Uint8Array.of(5, 0)],
      tensor([3, 1, 5, 0], [2, 2]),
      tensor([3, 1, 5, 0], [2, 2, 1]),
      [
        [[3], [1]],
        [[5], [0]],
      ],
    ];
    for (const x of same) expect([...lookup().predict(x).data]).toEqual([30, 31, 10, 11, 50, 51, 0, 1]);
    expect(lookup().predict(tensor([3, 1, 5, 0], [2, 2], { lengths: [2, 1] })).lengths).toEqual([2, 1]);
  });

  it('are exact up to 2^24 in single precision', () => {
    const idsBelow = 2 ** 24;
    const ids = [idsBelow - 1, idsBelow - 2, idsBelow - 3];
    const reading = {
      reader: 'embedding_1',
      expected: '',
      ranks: [3],
      ids: idReading(idsBelow),
      precision: 'float32',
      missing: 'error',
    } as const;
    expect([...toSamples([ids], reading).data]).toEqual(ids);
  });

  it('are one for each row behind input({ shape: [1] })', () => {
    const table = tensor([0, 1, 10, 11, 20, 21], [3, 2]);
    const country = input({ shape: [1] });
    const model = functional({ inputs: country, outputs: embedding(3, 2, { weights: table }).on(country) });
    const { data, shape } = model.predict([[2], [0]]);
    expect(shape).toEqual([2, 2]);
    expect([...data]).toEqual([20, 21, 0, 1]);
  });

  it('stand beside other inputs', () => {
    const words = input({ shape: [null, 1] });
    const age = input({ shape: [1] });
    const text = globalAveragePooling1d().on(embedding(9, 3).on(words));
    const model = functional(
      { inputs: { words, age }, outputs: { text, age: dense(1).on(age) } },
      { seed: 2 },
    );
    expect(model.predict({ words: [[1, 2], [3]], age: [[0.4], [0.5]] }).text.shape).toEqual([2, 3]);
  });

  it('go into a stream', () => {
    const model = sequential(
      [embedding(5, 3, { maskZero: true }), lstm(4, { returnSequences: true }), dense(2)],
      {
        seed: 3,
      },
    );
    const whole = model.predict([[4, 0, 2]]).data;
    const live = model.stream();
    [4, 0, 2].forEach((id, t) => {
      expect(bitsOf(live.push([id]))).toBe(bitsOf(whole.slice(2 * t, 2 * t + 2)));
    });
  });

  it('leave the state of a stream alone when they are out of range', async () => {
    const model = sequential([embedding(5, 3), lstm(4)], { seed: 3 }).build([null, 1]);
    const live = model.stream();
    live.push([1]);
    const before = live.state();
    expect(await errorOf(() => live.push([5]))).toEqual({
      name: 'DataError',
      message: 'embedding_1 got the id 5 in row 0: ids are whole numbers from 0 to 4',
    });
    expect(live.state()).toEqual(before);
  });
});

describe('maskZero', () => {
  const layers = (maskZero: boolean) => [embedding(6, 3, { maskZero }), lstm(4), dense(1)];

  it('masks the id 0 wherever it stands', () => {
    const model = sequential(layers(true), { seed: 5 });
    const short = model.predict([[3, 5]]).data;
    for (const row of [
      [3, 5, 0, 0],
      [0, 3, 5],
      [3, 0, 5],
    ])
      expect(bitsOf(model.predict([row]).data)).toBe(bitsOf(short));
    const unmasked = sequential(layers(false), { seed: 5 });
    expect(bitsOf(unmasked.predict([[0, 3, 5]]).data)).not.toBe(bitsOf(unmasked.predict([[3, 5]]).data));
  });

  it('lets targets at masked steps be anything', () => {
    const model = sequential([embedding(6, 3, { maskZero: true }), dense(1)], { seed: 5 });
    model.compile({ loss: 'meanSquaredError' });
    const loss = (padding: number) => model.evaluate([[3, 0, 5]], [[1, padding, 2]]).loss;
    expect(loss(Number.NaN)).toBe(loss(7));
  });

  it('refuses a row of nothing else', async () => {
    const model = sequential(layers(true), { seed: 5 });
    expect(await errorOf(() => model.predict([[1], [0, 0]]))).toEqual({
      name: 'DataError',
      message: 'row 1 is wholly masked: every id in it is 0, which embedding_1 masks; leave the row out',
    });
  });
});

describe('the table', () => {
  it('changes only in the rows that occur', () => {
    const model = sequential([embedding(50, 3), globalAveragePooling1d(), dense(1)], { seed: 2 });
    model.compile({ loss: 'meanSquaredError', optimizer: sgd({ learningRate: 0.5 }) });
    model.build([null, 1]);
    const before = model.getWeights()['embedding_1/embeddings']?.data as Float32Array;
    model.trainOnBatch([[7, 3, 3], [7]], [1, 2]);
    const after = model.getWeights()['embedding_1/embeddings']?.data as Float32Array;
    const changed = Array.from({ length: 50 }, (_, id) => id).filter(
      (id) => bitsOf(before.slice(3 * id, 3 * id + 3)) !== bitsOf(after.slice(3 * id, 3 * id + 3)),
    );
    expect(changed).toEqual([3, 7]);
  });

  it('begins with the vectors given, copied, and may be frozen', () => {
    const given = makeTensor(Float32Array.of(1, 2, 3, 4), [2, 2]);
    const layer = embedding(2, 2, { weights: given, trainable: false });
    given.data[0] = 9;
    const model = sequential([layer, lstm(2), dense(1)], { seed: 1 });
    model.compile({ loss: 'meanSquaredError' });
    model.trainOnBatch([[0, 1]], [1]);
    expect([...(model.getWeights()['embedding_1/embeddings']?.data ?? [])]).toEqual([1, 2, 3, 4]);
  });

  it('is saved, with its options', () => {
    const model = sequential(
      [
        embedding(4, 2, { maskZero: true, embeddingsRegularizer: 'l2', embeddingsConstraint: 'unitNorm' }),
        lstm(3),
        dense(1),
      ],
      { seed: 1 },
    );
    model.compile({ loss: 'meanSquaredError' });
    model.trainOnBatch([[1, 2, 0], [3]], [1, 2]);
    const loaded = deserializeModel(serializeModel(model));
    expect(loaded.layers.map((layer) => layer.config())).toEqual(model.layers.map((layer) => layer.config()));
    model.trainOnBatch([[1, 2, 0], [3]], [1, 2]);
    loaded.trainOnBatch([[1, 2, 0], [3]], [1, 2]);
    expect(weightBits(loaded)).toEqual(weightBits(model));
  });
});

describe('an embedding refuses', () => {
  const wrong: [string, () => unknown, string, string][] = [
    [
      'an id too large',
      () => lookup().predict([[1], [2, 6]]),
      'DataError',
      'embedding_1 got the id 6 in row 1, step 1: ids are whole numbers from 0 to 5',
    ],
    [
      'an id below 0',
      () => lookup().predict([[-1]]),
      'DataError',
      'embedding_1 got the id -1 in row 0, step 0: ids are whole numbers from 0 to 5',
    ],
    [
      'half an id',
      () => lookup().predict(tensor([0.5], [1, 1])),
      'DataError',
      'embedding_1 got the id 0.5 in row 0, step 0: ids are whole numbers from 0 to 5',
    ],
    [
      'NaN',
      () => lookup().predict([[Number.NaN]]),
      'DataError',
      "embedding_1 got NaN in row 0, step 0, feature 0: mend it, or mask such steps with { missing: 'mask' }",
    ],
    [
      'text',
      () => lookup().predict(anything([['the']])),
      'DataError',
      "embedding_1 expects ids but got 'the' at row 0, step 0",
    ],
    [
      'several features',
      () => lookup().predict([[[1, 2]]]),
      'ShapeError',
      'embedding_1 expects token ids [batch, steps] but got [batch, ?, 2]',
    ],
    [
      'rows without steps',
      () => lookup().predict(anything([1, 2])),
      'ShapeError',
      'embedding_1 expects token ids [batch, steps] but got [2]: for one row write [[1, 2, 3]]',
    ],
    [
      'a vocabulary beyond single precision',
      () => embedding(2 ** 24 + 1, 1),
      'ConfigError',
      'embedding: the size of the vocabulary must be a number at least 1 and at most 16777216 but is 16777217',
    ],
    [
      "Keras's form",
      () => embedding(anything({ inputDim: 5, outputDim: 2 }), anything(undefined)),
      'ConfigError',
      'embedding takes the size of the vocabulary and of the vectors first: write embedding(10000, 64, { ... })',
    ],
    [
      'inputLength',
      () => embedding(5, 2, anything({ inputLength: 3 })),
      'ConfigError',
      "embedding has no option 'inputLength': leave it out, rows may be of any length",
    ],
    [
      'vectors of another size',
      () => embedding(5, 2, { weights: tensor([1, 2], [1, 2]) }),
      'ShapeError',
      'embedding: weights must be [5, 2] but are [1, 2]',
    ],
    [
      'vectors that are not finite',
      () => embedding(1, 2, { weights: tensor([1, Number.NaN], [1, 2]) }),
      'DataError',
      'embedding: weights hold NaN at index 1',
    ],
    [
      'vectors and an initializer',
      () => embedding(1, 1, { weights: tensor([1], [1, 1]), embeddingsInitializer: 'ones' }),
      'ConfigError',
      'embedding: weights and embeddingsInitializer say what to begin with: give one',
    ],
    [
      'maskZero without steps',
      () => sequential([input({ shape: [1] }), embedding(3, 2, { maskZero: true })]),
      'ConfigError',
      'embedding_1 has maskZero, but rows of one id have no steps to mask: leave it out',
    ],
    [
      'what a layer computes',
      () => sequential([dense(1), embedding(3, 2)], { seed: 1 }).predict([[[0.3]]]),
      'DataError',
      '',
    ],
  ];
  it.each(wrong)('%s', async (_what, work, name, message) => {
    const error = await errorOf(work);
    expect(error.name).toBe(name);
    if (message !== '') expect(error.message).toBe(message);
    else
      expect(error.message).toMatch(
        /^embedding_1 got the id .* in row 0, step 0: ids are whole numbers from 0 to 2$/,
      );
  });
});
