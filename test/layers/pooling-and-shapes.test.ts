/** Pooling, flatten, reshape, repeatVector, timeDistributed and noise: values by hand, masks, files, and what is refused. */
import { describe, expect, it } from 'vitest';
import {
  activation,
  attentionPooling1d,
  dense,
  deserializeModel,
  dropout,
  flatten,
  gaussianNoise,
  globalAveragePooling1d,
  globalMaxPooling1d,
  input,
  type Layer,
  lstm,
  repeatVector,
  reshape,
  type SampleInput,
  sequential,
  serializeModel,
  spatialDropout1d,
  timeDistributed,
} from '../../src/index.js';
import { bitsOf, errorOf, logBits, randomSequences, weightBits } from '../support/bits.js';
import { inputOf, networkOf } from '../support/models.js';
import { probe } from '../support/probe.js';

const anything = (value: unknown) => value as never;

function output(layers: Layer[], x: SampleInput): { shape: readonly number[]; data: number[] } {
  const { shape, data } = sequential(layers, { seed: 1 }).predict(x);
  return { shape, data: [...data] };
}

const ragged = [
  [
    [1, -5],
    [3, -7],
  ],
  [[-2, 4]],
];

describe('global pooling', () => {
  it('looks at the real steps alone', () => {
    expect(output([globalMaxPooling1d()], ragged)).toEqual({ shape: [2, 2], data: [3, -5, -2, 4] });
    expect(output([globalAveragePooling1d()], ragged)).toEqual({ shape: [2, 2], data: [2, -6, -2, 4] });
  });

  it('reads nothing of masked steps', () => {
    for (const layer of [globalMaxPooling1d(), globalAveragePooling1d()]) {
      const x = [
        [[1], [Number.NaN]],
        [[3], [Number.NaN]],
      ];
      const { y, dx } = probe(layer, [{ x, lengths: [1, 1] }], [[1], [2]]);
      expect(y).toEqual([1, 3]);
      expect(dx[0]).toEqual([1, 0, 2, 0]);
    }
  });

  it('gives the gradient of a maximum to the first step that has it', () => {
    const { dx } = probe(globalMaxPooling1d(), [{ x: [[[2], [5], [5]]] }], [[1]]);
    expect(dx[0]).toEqual([0, 1, 0]);
  });

  it('by attention is a mean of real steps, weighted by what they say', () => {
    const model = sequential([attentionPooling1d(3)], { seed: 1 });
    const [row] = model.predict([[[0.2], [0.8]]]).data as unknown as [number];
    expect(row).toBeGreaterThan(0.2);
    expect(row).toBeLessThan(0.8);
    expect(Object.entries(model.getWeights()).map(([name, { shape }]) => [name, shape])).toEqual([
      ['attentionPooling1d_1/kernel', [1, 3]],
      ['attentionPooling1d_1/bias', [3]],
      ['attentionPooling1d_1/query', [3]],
    ]);
  });
});

describe('the shape of a row', () => {
  const x = [
    [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
  ];
  const fixed = () => input({ shape: [3, 2] });

  it('is flattened step after step', () => {
    expect(output([fixed(), flatten()], x)).toEqual({ shape: [1, 6], data: [1, 2, 3, 4, 5, 6] });
    expect(output([flatten()], [[1, 2]])).toEqual({ shape: [1, 2], data: [1, 2] });
  });

  it('is another one with the numbers in the same order', () => {
    expect(output([fixed(), reshape([2, 3])], x)).toEqual({ shape: [1, 2, 3], data: [1, 2, 3, 4, 5, 6] });
    expect(output([fixed(), reshape([-1, 1])], x).shape).toEqual([1, 6, 1]);
    expect(output([fixed(), reshape([6])], x).shape).toEqual([1, 6]);
    expect(output([reshape([2, -1])], [[1, 2, 3, 4]])).toEqual({ shape: [1, 2, 2], data: [1, 2, 3, 4] });
  });

  it('has zeros where a step is masked, whatever stands there', () => {
    const masked = [[[1], [Number.NaN]]];
    for (const layer of [flatten(), reshape([1, 2])]) {
      const { y, dx } = probe(
        layer,
        [{ x: masked, lengths: [1] }],
        layer.type === 'flatten' ? [[5, 6]] : [[[5, 6]]],
      );
      expect(y).toEqual([1, 0]);
      expect(dx[0]).toEqual([5, 0]);
    }
  });

  it('is repeated as steps, all of them real', () => {
    expect(
      output(
        [repeatVector(3)],
        [
          [1, 2],
          [3, 4],
        ],
      ),
    ).toEqual({
      shape: [2, 3, 2],
      data: [1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4],
    });
    const { dx } = probe(repeatVector(2), [{ x: [[1]] }], [[[5], [7]]]);
    expect(dx[0]).toEqual([12]);
  });

  it('gives targets steps of its own', async () => {
    const model = sequential([lstm(3), repeatVector(2), lstm(3, { returnSequences: true }), dense(1)], {
      seed: 1,
    });
    model.compile({ loss: 'meanSquaredError' });
    const { history } = await model.fit(
      [[[1], [2], [3]], [[4]]],
      [
        [1, 2],
        [3, 4],
      ],
      { epochs: 2 },
    );
    expect(history.loss?.length).toBe(2);
  });
});

describe('timeDistributed', () => {
  it('applies a layer to every step', () => {
    const model = sequential([timeDistributed(dense(2, { activation: 'softmax' }))], { seed: 3 });
    const plain = sequential([dense(2, { activation: 'softmax' })], { seed: 3 });
    expect(bitsOf(model.predict(ragged).data)).toBe(bitsOf(plain.predict(ragged).data));
    expect(Object.keys(model.getWeights())).toEqual([
      'timeDistributed_1/dense/kernel',
      'timeDistributed_1/dense/bias',
    ]);
  });

  it('is frozen with what is in it', () => {
    const model = sequential([timeDistributed(dense(2), { trainable: false }), lstm(2), dense(1)], {
      seed: 3,
    });
    model.compile({ loss: 'meanSquaredError' }).build([null, 2]);
    const before = weightBits(model);
    model.trainOnBatch(ragged, [1, 2]);
    const after = weightBits(model);
    expect(after['timeDistributed_1/dense/kernel']).toBe(before['timeDistributed_1/dense/kernel']);
    expect(after['dense_1/kernel']).not.toBe(before['dense_1/kernel']);
  });
});

describe('noise', () => {
  function trained(layer: Layer, training: boolean) {
    const model = sequential([layer], { seed: 4, precision: 'float64' });
    model.compile({ loss: 'meanSquaredError' }).build([null, 10]);
    const pass = networkOf(model).pass(40, [20], true);
    inputOf(pass).value.array.fill(1);
    inputOf(pass).mask.array.fill(1);
    pass.forward(training);
    return Array.from(pass.outputs[0]?.value.array as Float64Array);
  }

  it('is normal with the deviation that was asked for, and off outside of training', () => {
    const y = trained(gaussianNoise(0.3), true).map((value) => value - 1);
    const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
    const deviation = Math.sqrt(y.reduce((sum, value) => sum + value * value, 0) / y.length);
    expect(Math.abs(mean)).toBeLessThan(0.02);
    expect(Math.abs(deviation - 0.3)).toBeLessThan(0.02);
    expect(new Set(trained(gaussianNoise(0.3), false))).toEqual(new Set([1]));
    const model = sequential([gaussianNoise(0.5), spatialDropout1d(0.5)], { seed: 1 });
    expect([...model.predict([[[1], [2]]]).data]).toEqual([1, 2]);
  });

  it('of spatialDropout1d drops a feature at all steps or at none', () => {
    const y = trained(spatialDropout1d(0.4), true);
    const features = 400;
    for (let k = 0; k < features; k++) {
      const values = new Set(Array.from({ length: 20 }, (_, t) => y[t * features + k]));
      expect(values.size).toBe(1);
    }
    const dropped = y.slice(0, features).filter((value) => value === 0).length / features;
    expect(Math.abs(dropped - 0.4)).toBeLessThan(0.12);
  });
});

describe('all of them', () => {
  it('come back from a file', () => {
    const x = randomSequences(1, [4, 4], 2);
    const y = [
      [1, 2],
      [3, 4],
    ];
    const layers = [
      input({ shape: [4, 2] }),
      gaussianNoise(0.1),
      spatialDropout1d(0.2),
      timeDistributed(dense(3, { name: 'shared' })),
      reshape([6, 2]),
      flatten(),
      repeatVector(3),
      attentionPooling1d(2, { queryInitializer: 'ones' }),
      reshape([2, 6]),
      globalMaxPooling1d(),
      repeatVector(2),
      globalAveragePooling1d(),
      dense(2),
    ];
    const model = sequential(layers, { seed: 2 });
    model.compile({ loss: 'meanSquaredError' });
    model.trainOnBatch(x, y);
    const loaded = deserializeModel(serializeModel(model));
    expect(loaded.layers.map((layer) => layer.config())).toEqual(model.layers.map((layer) => layer.config()));
    expect(logBits(loaded.trainOnBatch(x, y))).toEqual(logBits(model.trainOnBatch(x, y)));
    expect(weightBits(loaded)).toEqual(weightBits(model));
    expect(Object.keys(loaded.getWeights())[0]).toBe('timeDistributed_1/shared/kernel');
  });

  it('are told apart by a stream', async () => {
    const live = sequential([timeDistributed(dense(2)), gaussianNoise(1), spatialDropout1d(0.5), lstm(2)], {
      seed: 1,
    }).build([null, 2]);
    expect(live.stream().push([1, 2]).length).toBe(2);
    for (const layer of [globalMaxPooling1d(), globalAveragePooling1d(), attentionPooling1d(2)]) {
      const model = sequential([layer]).build([null, 2]);
      expect((await errorOf(() => model.stream())).message).toContain(
        'looks at all steps of a sequence together',
      );
    }
  });

  const wrong: [string, () => unknown, string, string][] = [
    [
      'flattening sequences of any length',
      () => sequential([flatten()]).predict(ragged),
      'ShapeError',
      'flatten_1 needs sequences of one length: put input({ shape: [steps, 2] }) first in the model, or pool over the steps with globalAveragePooling1d()',
    ],
    [
      'a shape that does not fit',
      () => sequential([reshape([5])]).predict([[1, 2]]),
      'ShapeError',
      'reshape_1 makes rows of shape [5] but gets rows of 2 numbers',
    ],
    [
      'two sizes left open',
      () => reshape([-1, -1]),
      'ConfigError',
      'reshape takes [features] or [steps, features], one of them -1 at most, to be inferred, but got [-1, -1]',
    ],
    [
      'three axes',
      () => reshape([1, 2, 3]),
      'ConfigError',
      'reshape takes [features] or [steps, features], one of them -1 at most, to be inferred, but got [1, 2, 3]',
    ],
    [
      'no steps',
      () => repeatVector(0),
      'ConfigError',
      'repeatVector: the number of steps must be a number at least 1 but is 0',
    ],
    [
      "TensorFlow.js's form",
      () => repeatVector(anything({ n: 3 })),
      'ConfigError',
      'repeatVector takes the number of steps first: write repeatVector(3) instead of repeatVector({ n: 3 })',
    ],
    [
      'pooling of rows',
      () => sequential([lstm(2), globalMaxPooling1d()]).predict(ragged),
      'ShapeError',
      'globalMaxPooling1d_1 expects [batch, steps, features] but got [batch, 2]: the layer before it gives no steps; an lstm before it needs { returnSequences: true }',
    ],
    [
      'a layer of sequences at every step',
      () => timeDistributed(lstm(2)),
      'ConfigError',
      'timeDistributed applies a layer to every step by itself, but lstm takes whole sequences',
    ],
    [
      'what is no layer',
      () => timeDistributed(anything('dense')),
      'ConfigError',
      "what timeDistributed is given is not a layer but 'dense': write lstm(32), dense(1) and the like",
    ],
    [
      'a sequence of every step',
      () => sequential([timeDistributed(repeatVector(2))]).predict(ragged),
      'ConfigError',
      'timeDistributed_1: repeatVector makes a sequence of every step, which has no place',
    ],
    [
      'a layer in two others',
      () => {
        const inner = dense(1);
        timeDistributed(inner);
        return timeDistributed(inner);
      },
      'ConfigError',
      'timeDistributed: the dense is part of another layer already',
    ],
    [
      'noise of negative deviation',
      () => gaussianNoise(-1),
      'ConfigError',
      'gaussianNoise: stddev must be a number at least 0 but is -1',
    ],
    [
      'a seed of its own',
      () => spatialDropout1d(0.1, anything({ seed: 1 })),
      'ConfigError',
      "spatialDropout1d has no option 'seed': give it to the model, sequential(layers, { seed })",
    ],
    [
      'keepdims',
      () => globalMaxPooling1d(anything({ keepdims: true })),
      'ConfigError',
      "globalMaxPooling1d has no option 'keepdims': put reshape([1, features]) behind it instead",
    ],
  ];
  it.each(wrong)('refuse %s', async (_what, work, name, message) => {
    expect(await errorOf(work)).toEqual({ name, message });
  });

  it('may hold dropout and activations in timeDistributed', () => {
    const model = sequential([timeDistributed(dropout(0.5)), timeDistributed(activation('relu'))], {
      seed: 1,
    });
    expect([...model.predict([[[1], [-1]]]).data]).toEqual([1, 0]);
  });
});
