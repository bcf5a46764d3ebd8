/** A dense layer tied to an embedding: one table, gradients of both uses, files, and what is refused. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import {
  dense,
  deserializeModel,
  embedding,
  lstm,
  sequential,
  serializeModel,
  sgd,
} from '../../src/index.js';
import { bitsOf, errorOf, isClose, weightBits } from '../support/bits.js';
import { compareGradient } from '../support/gradients.js';
import { networkOf } from '../support/models.js';

const ids = [
  [1, 2, 3],
  [4, 0],
];
const next = [
  [2, 3, 4],
  [0, 1],
];

function language(precision: 'float32' | 'float64' = 'float32') {
  const words = embedding(5, 3);
  const layers = [
    words,
    lstm(3, { returnSequences: true }),
    dense(5, { tiedTo: words, activation: 'softmax' }),
  ];
  const model = sequential(layers, { seed: 4, precision: precision as never });
  return model.compile({ loss: 'sparseCategoricalCrossentropy' });
}

describe('a dense layer tied to an embedding', () => {
  it('has no kernel, and computes with the table transposed', () => {
    const words = embedding(4, 2);
    const model = sequential([words, dense(4, { tiedTo: words })], { seed: 1, precision: 'float64' });
    const { data } = model.predict([[2]]);
    expect(Object.keys(model.getWeights())).toEqual(['embedding_1/embeddings', 'dense_1/bias']);
    const table = model.getWeights()['embedding_1/embeddings']?.data as Float64Array;
    for (let k = 0; k < 4; k++) {
      const dot =
        (table[4] as number) * (table[2 * k] as number) + (table[5] as number) * (table[2 * k + 1] as number);
      expect(isClose(data[k] as number, dot)).toBe(true);
    }
  });

  it('adds its gradient to that of the look-up', () => {
    const model = language('float64');
    model.compile({ loss: 'sparseCategoricalCrossentropy', optimizer: sgd({ learningRate: 0 }) });
    model.trainOnBatch(ids, next);
    const random = new Random(1);
    const loss = () => model.evaluate(ids, next).loss as number;
    for (const { name, value, gradient } of networkOf(model as never).parameters) {
      compareGradient(name, loss, value.array, gradient.array.slice(), random);
    }
  });

  it('learns, is saved, and goes on with the same bits', () => {
    const model = language();
    const first = model.trainOnBatch(ids, next).loss as number;
    for (let i = 0; i < 30; i++) model.trainOnBatch(ids, next);
    expect(model.evaluate(ids, next).loss).toBeLessThan(first);
    const loaded = deserializeModel(serializeModel(model));
    expect(loaded.layers[2]?.config()).toEqual(model.layers[2]?.config());
    expect(model.layers[2]?.config().tiedTo).toBe('embedding_1');
    model.trainOnBatch(ids, next);
    loaded.trainOnBatch(ids, next);
    expect(weightBits(loaded as never)).toEqual(weightBits(model));
    expect(bitsOf(loaded.predict(ids).data)).toBe(bitsOf(model.predict(ids).data));
  });

  it('is told by name too', () => {
    const layers = [embedding(4, 2, { name: 'words' }), lstm(2), dense(4, { tiedTo: 'words' })];
    expect(sequential(layers, { seed: 1 }).predict([[1, 2]]).shape).toEqual([1, 4]);
  });

  const wrong: [string, () => unknown, string, string][] = [
    [
      'another layer',
      () => dense(2, { tiedTo: lstm(2) }),
      'ConfigError',
      'dense: tiedTo is an embedding of the model, or its name, but got a layer of type lstm',
    ],
    [
      'a kernel of its own',
      () => dense(2, { tiedTo: 'words', kernelRegularizer: 'l2' }),
      'ConfigError',
      "dense: kernelRegularizer needs a kernel of its own, and tiedTo has another's: give one",
    ],
    [
      'a name that is not there',
      () => sequential([embedding(4, 2), dense(4, { tiedTo: 'words' })]).predict([[1]]),
      'ConfigError',
      "dense_1 is tied to 'words', which is no embedding of this model",
    ],
    [
      'an embedding of another model',
      () => sequential([lstm(2), dense(4, { tiedTo: embedding(4, 2) })]).predict([[[1]]]),
      'ConfigError',
      'dense_1 is tied to an embedding, which is no embedding of this model',
    ],
    [
      'another vocabulary',
      () => sequential([embedding(4, 2), dense(5, { tiedTo: 'embedding_1' })]).predict([[1]]),
      'ConfigError',
      'dense_1 has 5 units and is tied to embedding_1, whose vocabulary is 4: write dense(4, ...)',
    ],
    [
      'vectors of another length',
      () => sequential([embedding(4, 2), lstm(3), dense(4, { tiedTo: 'embedding_1' })]).predict([[1]]),
      'ShapeError',
      'dense_1 is tied to embedding_1, whose vectors have 2 numbers, but gets 3 features',
    ],
  ];
  it.each(wrong)('refuses %s', async (_what, work, name, message) => {
    expect(await errorOf(work)).toEqual({ name, message });
  });
});
