/** The model: how it is put together, built, described and asked; and that nothing it hands out ever changes. */
import { describe, expect, it, vi } from 'vitest';
import {
  activation,
  dense,
  dropout,
  input,
  type Layer,
  l2,
  lstm,
  type ModelOptions,
  masking,
  sequential,
  tensor,
} from '../../src/index.js';
import { bitsOf, errorOf, isClose, logBits, randomSequences, weightBits } from '../support/bits.js';

const anything = (value: unknown) => value as never;
const x = randomSequences(1, [4, 2, 3], 2);

describe('add', () => {
  it('makes the model that the list makes', () => {
    const list = sequential([lstm(2), dense(1)], { seed: 5 });
    const added = sequential([], { seed: 5 }).add(lstm(2)).add(dense(1));
    expect(bitsOf(added.predict(x).data)).toBe(bitsOf(list.predict(x).data));
  });

  it('works behind an input, and before a compile or after it', () => {
    const list = sequential([input({ shape: [null, 2] }), lstm(2), dense(1)], { seed: 5 });
    const added = sequential([], { seed: 5 });
    added.add(input({ shape: [null, 2] })).add(lstm(2));
    added.compile({ loss: 'huber' });
    added.add(dense(1));
    expect(weightBits(added)).toEqual(weightBits(list));
    expect(added.evaluate(x, [1, 2, 3]).loss).toBeGreaterThan(0);
  });

  it('is a ConfigError once the model is built, by data, by build, or by asking for what an input settles', async () => {
    const error = {
      name: 'ConfigError',
      message: 'the model is built: add all layers before it sees data, or make a new model',
    };
    const seen = sequential([lstm(1)]);
    seen.predict(x);
    expect(await errorOf(() => seen.add(dense(1)))).toEqual(error);
    expect(
      await errorOf(() =>
        sequential([lstm(1)])
          .build([null, 2])
          .add(dense(1)),
      ),
    ).toEqual(error);
    const settled = sequential([input({ shape: [2] }), dense(1)]);
    expect(settled.countParams()).toBe(3);
    expect(await errorOf(() => settled.add(dense(1)))).toEqual(error);
  });

  it('of a layer that does not fit behind an input is a ShapeError, and the model stays as it was', async () => {
    const model = sequential([input({ shape: [null, 2] }), lstm(2)]);
    const { name } = await errorOf(() => model.add(lstm(2)));
    expect(name).toBe('ShapeError');
    expect(model.layers.length).toBe(2);
    expect(model.add(dense(1)).predict(x).shape).toEqual([3, 1]);
  });

  const wrong: [string, () => unknown, string][] = [
    [
      'no layer',
      () => sequential().add(anything('dense')),
      "the layer is not a layer but 'dense': write lstm(32), dense(1) and the like",
    ],
    [
      'no layer in the list',
      () => sequential([lstm(1), anything({ units: 3 })]),
      'layer 1 is not a layer but an object with units: write lstm(32), dense(1) and the like',
    ],
    [
      'a function that makes one',
      () => sequential([anything(lstm)]),
      'layer 0 is not a layer but a function: write lstm(32), dense(1) and the like',
    ],
    [
      "TensorFlow.js's sequential({ layers })",
      () => sequential(anything({ layers: [lstm(1)] })),
      'sequential takes an array of layers but got an object with layers',
    ],
    [
      'an input that is not the first',
      () => sequential([dense(1), input({ shape: [1] })]),
      'an input comes first in a model, before all other layers',
    ],
    [
      'a second input',
      () => sequential([input({ shape: [1] }), input({ shape: [1] })]),
      'an input comes first in a model, before all other layers',
    ],
    [
      'no layers at all, predict',
      () => sequential().predict([[1]]),
      'the model has no layers: add one before it sees data',
    ],
    [
      'no layers at all, build',
      () => sequential().build([1]),
      'the model has no layers: add one before build',
    ],
  ];

  it.each(wrong)('%s: a ConfigError', async (_what, work, message) => {
    expect(await errorOf(work)).toEqual({ name: 'ConfigError', message });
  });
});

describe('options of sequential', () => {
  const wrong: [string, ModelOptions, string][] = [
    ['a negative seed', { seed: -1 }, 'seed must be a number at least 0 but is -1'],
    ['half a seed', { seed: 0.5 }, 'seed must be a whole number at least 0 but is 0.5'],
    [
      'an unknown backend',
      { backend: anything('webgpu') },
      "backend 'webgpu' is not known: use one of auto, relaxedSimd, simd, reference",
    ],
    [
      'an unknown precision',
      { precision: anything('float16') },
      "precision must be 'float32' or 'float64' but is 'float16'",
    ],
    [
      'an unknown option',
      anything({ sede: 1 }),
      "sequential: option 'sede' is not known: did you mean 'seed'?",
    ],
  ];

  it.each(wrong)('%s: a ConfigError', async (_what, options, message) => {
    expect(await errorOf(() => sequential([], anything(options)))).toEqual({ name: 'ConfigError', message });
  });

  it('a seed that is left out is drawn, and told, so that the same model can be made again', () => {
    const first = sequential([lstm(2)]);
    const second = sequential([lstm(2)], { seed: first.seed });
    expect(bitsOf(second.predict(x).data)).toBe(bitsOf(first.predict(x).data));
    expect(new Set(Array.from({ length: 9 }, () => sequential().seed)).size).toBe(9);
  });

  it('names the backend that computes', () => {
    expect(sequential([], { backend: 'reference' }).backend).toBe('reference');
    expect(sequential([], { precision: 'float64' } as never).backend).toBe('reference');
    expect(sequential().backend).not.toBe('auto');
    expect(sequential([], { backend: 'auto' }).precision).toBe('float32');
  });
});

describe('build', () => {
  it('fixes features, and steps where they are given', async () => {
    const model = sequential([lstm(2)]).build([3, 2]);
    expect(model.predict(randomSequences(1, [3], 2)).shape).toEqual([1, 2]);
    expect((await errorOf(() => model.predict(randomSequences(1, [2], 2)))).name).toBe('ShapeError');
    expect(
      sequential([lstm(2)])
        .build([null, 2])
        .predict(x).shape,
    ).toEqual([3, 2]);
  });

  it('a second time is nothing for the same shape, and a ShapeError for another', async () => {
    const model = sequential([lstm(2)], { seed: 1 }).build([null, 2]);
    const before = weightBits(model);
    expect(weightBits(model.build([null, 2]))).toEqual(before);
    expect(await errorOf(() => model.build([null, 3]))).toEqual({
      name: 'ShapeError',
      message: 'lstm_1 expects [batch, steps, 2] but got [batch, ?, 3]: it was built with 2 features',
    });
  });

  it('that fails can be done again', async () => {
    const model = sequential([lstm(2), lstm(2)]);
    expect((await errorOf(() => model.build([null, 2]))).name).toBe('ShapeError');
    const layers = [lstm(2), dense(1)];
    const other = sequential(layers);
    expect((await errorOf(() => other.build([2]))).name).toBe('ShapeError');
    expect(other.build([null, 2]).countParams()).toBe(4 * (4 + 4 + 2) + 3);
  });

  it.each([[[]], [[1, 2, 3]], [[null]], [[2, 0]], ['5']])('of %j is a ConfigError', async (shape) => {
    expect((await errorOf(() => sequential([lstm(1)]).build(anything(shape)))).name).toBe('ConfigError');
  });

  it('by data gives the weights of build: they hang on the seed and the shape alone', () => {
    const built = sequential([lstm(2), dense(3)], { seed: 8 }).build([null, 2]);
    const seen = sequential([lstm(2), dense(3)], { seed: 8 });
    seen.predict(x);
    expect(weightBits(seen)).toEqual(weightBits(built));
  });
});

describe('summary', () => {
  const linesOf = (model: ReturnType<typeof sequential>) => {
    const lines: string[] = [];
    model.summary((line) => lines.push(line));
    return lines;
  };

  it('is a table of layers, shapes and numbers of weights', () => {
    const layers = [
      masking(),
      lstm(64, { returnSequences: true, trainable: false }),
      dropout(0.2),
      lstm(32, { name: 'a_rather_long_name' }),
      dense(1),
    ];
    expect(linesOf(sequential(layers).build([null, 3]))).toEqual([
      'Layer (type)                Output shape   Parameters',
      '─────────────────────────────────────────────────────',
      'masking_1 (masking)         [?, ?, 3]               0',
      'lstm_1 (lstm)               [?, ?, 64]         17,408',
      'dropout_1 (dropout)         [?, ?, 64]              0',
      'a_rather_long_name (lstm)   [?, 32]            12,416',
      'dense_1 (dense)             [?, 1]                 33',
      '─────────────────────────────────────────────────────',
      'Parameters: 29,857 (trainable 12,449, frozen 17,408)',
    ]);
  });

  it('of a model that has seen nothing says so, and of one with an input knows all', () => {
    expect(linesOf(sequential([lstm(4)]))).toEqual([
      'Layer (type)    Output shape   Parameters',
      '─────────────────────────────────────────',
      'lstm_1 (lstm)   not built               ?',
      '─────────────────────────────────────────',
      'The model is built when it sees its first data, or by build([steps, features]).',
    ]);
    expect(linesOf(sequential([input({ shape: [7, 2] }), lstm(4)])).slice(2, 4)).toEqual([
      'input_1 (input)   [?, 7, 2]               0',
      'lstm_1 (lstm)     [?, 4]                112',
    ]);
  });

  it('counts a layer that is used twice once', () => {
    const shared = dense(2);
    expect(linesOf(sequential([shared, shared]).build([2])).at(-1)).toBe(
      'Parameters: 6 (trainable 6, frozen 0)',
    );
  });

  it('prints to the console, a line at a time, unless told otherwise', () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    sequential([lstm(4)]).summary();
    expect(log).toHaveBeenCalledTimes(5);
    log.mockRestore();
  });
});

describe('predict', () => {
  it('gives [rows, outputs], or [rows, steps, outputs] with the lengths of x', () => {
    expect(sequential([lstm(3), dense(2)]).predict(x)).toMatchObject({ shape: [3, 2] });
    const found = sequential([lstm(3, { returnSequences: true }), dense(2)]).predict(x);
    expect(found.shape).toEqual([3, 4, 2]);
    expect(found.lengths).toEqual([4, 2, 3]);
    expect(found.data.length).toBe(24);
    expect(sequential([dense(2)]).predict([[1], [2]]).shape).toEqual([2, 2]);
    expect('lengths' in sequential([dense(2)]).predict([[1]])).toBe(false);
  });

  it('lays rows out one after the other, whatever the batches', () => {
    const model = sequential([activation('linear')]);
    const rows = Array.from({ length: 5 }, (_, r) =>
      Array.from({ length: 3 }, (_, t) => [100 * r + 10 * t, 100 * r + 10 * t + 1]),
    );
    expect([...model.predict(rows, { batchSize: 2 }).data]).toEqual(rows.flat(2));
  });

  it('needs no compile', () => {
    expect(
      sequential([lstm(1)])
        .predict(x)
        .data.every(Number.isFinite),
    ).toBe(true);
  });
});

describe('double precision', () => {
  it('runs the same model to 15 digits, of which single precision has 7', () => {
    const layers = () => [lstm(5, { returnSequences: true }), lstm(3), dense(2, { activation: 'softmax' })];
    const double = sequential(layers(), { seed: 2, precision: 'float64', backend: 'reference' });
    const single = sequential(layers(), { seed: 2 });
    const expected = double.predict(x).data;
    expect(expected).toBeInstanceOf(Float64Array);
    single.predict(x);
    single.setWeights(double.getWeights());
    const found = single.predict(x).data;
    expect(found).toBeInstanceOf(Float32Array);
    found.forEach((y, k) => void expect(isClose(y, expected[k] as number, 1e-6)).toBe(true));
    expect(found.some((y, k) => y !== expected[k])).toBe(true);
    const sums = [0, 1, 2].map((row) => (expected[2 * row] as number) + (expected[2 * row + 1] as number));
    for (const sum of sums) expect(Math.abs(sum - 1)).toBeLessThan(4e-16);
  });
});

describe('what has been handed out', () => {
  it('keeps its bits through training, larger batches, longer sequences, other optimizers and setWeights', async () => {
    const model = sequential([lstm(4, { returnSequences: true, kernelRegularizer: l2(0.1) }), dense(2)], {
      seed: 6,
    });
    const handed: [string, () => unknown, string][] = [];
    const note = <T>(what: string, value: T, bits: (value: T) => unknown) => {
      handed.push([what, () => bits(value), JSON.stringify(bits(value))]);
    };
    const look = (when: string) => {
      note(`predictions ${when}`, model.predict(x), ({ data, shape, lengths }) => [
        bitsOf(data),
        shape,
        lengths,
      ]);
      note(`weights ${when}`, model.getWeights(), (weights) =>
        Object.entries(weights).map(([name, { data, shape }]) => [name, bitsOf(data), shape]),
      );
    };
    look('before compile');
    const y = tensor(new Float32Array(24).fill(0.5), [3, 4, 2]);
    model.compile({ loss: 'meanSquaredError', metrics: ['meanAbsoluteError'] });
    look('compiled');
    const history = await model.fit(x, y, { epochs: 3 });
    note('history', history, ({ epoch, history: values }) => [epoch, logBits(values)]);
    note('logs', model.evaluate(x, y), logBits);
    look('trained');
    const many = randomSequences(
      3,
      Array.from({ length: 100 }, () => 30),
      2,
    );
    note('many predictions', model.predict(many, { batchSize: 100 }), ({ data }) => bitsOf(data));
    look('after a larger batch');
    for (let steps = 1; steps < 40; steps++) model.predict(randomSequences(steps, [steps, 1], 2));
    look('after 40 shapes');
    model.compile({ loss: 'huber', optimizer: 'sgd' });
    await model.fit(x, y, { epochs: 3, validationSplit: 0.4 });
    look('trained anew');
    model.setWeights(
      Object.fromEntries(
        Object.entries(model.getWeights()).map(([name, { data, shape }]) => [
          name,
          tensor(
            data.map(() => 0.1),
            shape,
          ),
        ]),
      ),
    );
    model.predict(many, { batchSize: 7 });
    for (const [what, bits, expected] of handed) expect(JSON.stringify(bits()), what).toBe(expected);
    expect(handed.length).toBeGreaterThan(12);
    expect(
      new Set(handed.filter(([what]) => what.startsWith('predictions')).map(([, , bits]) => bits)).size,
    ).toBe(3);
  });

  it('is computed from the same bits after any number of other shapes, and stays as it was', () => {
    const model = sequential([lstm(3), dense(1)], { seed: 1 });
    const first = model.predict(x).data;
    const before = bitsOf(first);
    for (let rows = 1; rows < 60; rows++)
      model.predict(randomSequences(rows, Array(rows).fill(1 + (rows % 5)), 2), { batchSize: rows });
    expect(bitsOf(model.predict(x).data)).toBe(before);
    expect(bitsOf(first)).toBe(before);
  });
});

describe('compile', () => {
  it('keeps the weights, and forgets what the optimizer kept', () => {
    const model = sequential([dense(1)], { seed: 1 });
    model.compile({ loss: 'meanSquaredError' });
    model.trainOnBatch([[1]], [3]);
    const before = weightBits(model);
    model.compile({ loss: 'huber', optimizer: 'adam' });
    expect(weightBits(model)).toEqual(before);
    expect(model.internals.network?.optimizer.iterations).toBe(0);
    expect(model.learningRate).toBe(0.001);
  });

  it('of a model that was trained with the same optimizer begins as a new one does', async () => {
    const train = async (compileTwice: boolean) => {
      const model = sequential([dense(1)], { seed: 1 });
      const compile = () => model.compile({ loss: 'meanSquaredError' });
      compile();
      model.build([1]);
      const start = model.getWeights();
      if (compileTwice) {
        model.trainOnBatch([[1]], [3]);
        model.setWeights(start);
        compile();
      }
      for (let n = 0; n < 3; n++) model.trainOnBatch([[1]], [3]);
      return weightBits(model);
    };
    expect(await train(true)).toEqual(await train(false));
  });

  it('again and again takes no more memory', () => {
    const model = sequential([dense(50)], { seed: 1 }).build([50]);
    const bytes = () => {
      model.compile({ loss: 'meanSquaredError' });
      return Reflect.get(model.internals.network ?? {}, 'memory').byteLength as number;
    };
    const first = bytes();
    for (let n = 0; n < 20; n++) expect(bytes()).toBe(first);
  });

  it('is asked for by fit, evaluate and the batch methods', async () => {
    const model = sequential([dense(1)] as Layer[]);
    for (const method of ['evaluate', 'fit', 'trainOnBatch', 'testOnBatch'] as const) {
      expect(await errorOf(() => model[method]([[1]], [1]))).toEqual({
        name: 'ConfigError',
        message: `${method} needs a compiled model: call model.compile({ loss: ... }) first`,
      });
    }
    expect(await errorOf(() => model.learningRate)).toEqual({
      name: 'ConfigError',
      message:
        'learningRate needs a model that is built: call model.build([steps, features]) first, or let it see data',
    });
  });
});
