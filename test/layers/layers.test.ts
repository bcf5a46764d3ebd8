/** How layers work together: on steps, stacked, shared, frozen, named; and the errors that hold them apart. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import {
  type ActivationName,
  activation,
  dense,
  dropout,
  input,
  type Layer,
  l2,
  lstm,
  masking,
  sequential,
  sgd,
  type Tensor,
  tensor,
} from '../../src/index.js';
import { bitsOf, errorOf, isClose, randomSequences, weightBits } from '../support/bits.js';

const random = new Random(3);

describe('dense', () => {
  it('on sequences is dense on every step', () => {
    const options = { activation: 'tanh', biasInitializer: 'randomNormal' } as const;
    const onSteps = sequential([dense(4, options)], { seed: 7 });
    const x = randomSequences(1, [5, 5, 5], 3);
    const whole = onSteps.predict(x);
    expect(whole.shape).toEqual([3, 5, 4]);
    const onRows = sequential([dense(4, options)], { seed: 7 });
    expect(bitsOf(onRows.predict(x.flat()).data)).toBe(bitsOf(whole.data));
  });

  it('on sequences learns what dense on the rows of all steps learns', async () => {
    const x = randomSequences(2, [4, 4], 3);
    const y = x.map((row) => row.map(([a = 0, b = 0]) => [a + b]));
    const train = async (rows: never, targets: never) => {
      const model = sequential([dense(2, { kernelRegularizer: l2(0.1) }), dense(1)], {
        seed: 7,
        precision: 'float64',
      });
      model.compile({ loss: 'meanSquaredError', optimizer: sgd({ learningRate: 0.1 }) });
      await model.fit(rows, targets, { epochs: 4, batchSize: 100, shuffle: false });
      return model.getWeights();
    };
    const onSteps = await train(x as never, y as never);
    const onRows = await train(x.flat() as never, y.flat() as never);
    for (const [name, { data }] of Object.entries(onSteps)) {
      data.forEach((w, k) => void expect(isClose(w, onRows[name]?.data[k] as number)).toBe(true));
    }
  });

  it('computes activation(x W + b)', () => {
    const model = sequential([dense(2, { activation: 'relu' })], { seed: 1 }).build([3]);
    model.setWeights({
      'dense_1/kernel': tensor([1, -1, 2, 0, 3, 5], [3, 2]),
      'dense_1/bias': tensor([0.5, -1], [2]),
    });
    expect([...model.predict([[1, 2, -1]]).data]).toEqual([1 + 4 - 3 + 0.5, 0]);
    const without = sequential([dense(2, { useBias: false })], { seed: 1 }).build([3]);
    expect(Object.keys(without.getWeights())).toEqual(['dense_1/kernel']);
  });
});

describe('lstm', () => {
  it('without returnSequences gives the last step of the same lstm with them', () => {
    const x = randomSequences(3, [6, 6], 2);
    const steps = sequential([lstm(3, { returnSequences: true })], { seed: 2 }).predict(x);
    const last = sequential([lstm(3)], { seed: 2 }).predict(x);
    expect(steps.shape).toEqual([2, 6, 3]);
    expect(last.shape).toEqual([2, 3]);
    for (const row of [0, 1]) {
      const step = steps.data.subarray((row * 6 + 5) * 3, (row + 1) * 18);
      expect(bitsOf(last.data.subarray(row * 3, row * 3 + 3))).toBe(bitsOf(step));
    }
  });

  it('follows the equations, by hand for two steps of one unit', () => {
    const model = sequential([lstm(1, { returnSequences: true })], { seed: 1, precision: 'float64' }).build([
      null,
      1,
    ]);
    const [wi, wf, wg, wo] = [0.1, 0.2, 0.3, 0.4];
    const [ui, uf, ug, uo] = [0.5, -0.6, 0.7, -0.8];
    const [bi, bf, bg, bo] = [0.01, 1, 0.02, 0.03];
    model.setWeights({
      'lstm_1/kernel': tensor(Float64Array.of(wi, wf, wg, wo), [1, 4]),
      'lstm_1/recurrentKernel': tensor(Float64Array.of(ui, uf, ug, uo), [1, 4]),
      'lstm_1/bias': tensor(Float64Array.of(bi, bf, bg, bo), [4]),
    });
    const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
    let [h, c] = [0, 0];
    const expected = [2, -1.5].map((x) => {
      const i = sigmoid(x * wi + h * ui + bi);
      const f = sigmoid(x * wf + h * uf + bf);
      const g = Math.tanh(x * wg + h * ug + bg);
      const o = sigmoid(x * wo + h * uo + bo);
      c = f * c + i * g;
      h = o * Math.tanh(c);
      return h;
    });
    const found = model.predict([[[2], [-1.5]]]).data;
    expected.forEach((y, t) => void expect(isClose(found[t] as number, y, 1e-15)).toBe(true));
  });

  it('stacks, each on the whole sequence of the one before', () => {
    const x = randomSequences(4, [5, 2, 4], 2);
    const stack = sequential(
      [lstm(3, { returnSequences: true }), lstm(4, { returnSequences: true }), lstm(2)],
      {
        seed: 5,
      },
    );
    const found = stack.predict(x);
    expect(found.shape).toEqual([3, 2]);
    const weights = stack.getWeights();
    let y: Tensor | number[][][] = x;
    for (const [n, units] of [3, 4, 2].entries()) {
      const alone: ReturnType<typeof sequential> = sequential(
        [lstm(units, { returnSequences: n < 2, name: `lstm_${n + 1}` })],
        { seed: 1 },
      );
      alone.predict(y as Tensor);
      alone.setWeights(
        Object.fromEntries(Object.entries(weights).filter(([name]) => name.startsWith(`lstm_${n + 1}`))),
      );
      y = alone.predict(y as Tensor);
    }
    expect(bitsOf((y as Tensor).data)).toBe(bitsOf(found.data));
  });
});

describe('activation', () => {
  const names: ActivationName[] = [
    'sigmoid',
    'tanh',
    'relu',
    'elu',
    'gelu',
    'softplus',
    'softmax',
    'hardSigmoid',
  ];

  it.each(names)('%s as a layer is the same as in a dense', async (name) => {
    const x = Array.from({ length: 4 }, () => Array.from({ length: 3 }, () => random.normal()));
    const y = Array.from({ length: 4 }, () => [random.uniform(), random.uniform()]);
    const train = async (layers: Layer[]) => {
      const model = sequential(layers, { seed: 4 });
      model.compile({ loss: 'meanSquaredError' });
      await model.fit(x, y, { epochs: 3 });
      return [bitsOf(model.predict(x).data), weightBits(model)];
    };
    expect(await train([dense(2), activation(name)])).toEqual(await train([dense(2, { activation: name })]));
  });

  it('linear is the identity', () => {
    expect([...sequential([activation('linear')]).predict([[1, -2]]).data]).toEqual([1, -2]);
  });
});

describe('trainable: false', () => {
  const x = randomSequences(5, [4, 3, 4, 2], 2);
  const y = [[1], [0], [1], [0]];
  const make = (frozen: number[]) => {
    const model = sequential(
      [
        lstm(3, { returnSequences: true, trainable: !frozen.includes(0) }),
        lstm(3, { trainable: !frozen.includes(1), kernelRegularizer: l2(0.1) }),
        dense(1, { activation: 'sigmoid', trainable: !frozen.includes(2) }),
      ],
      { seed: 11 },
    );
    model.compile({ loss: 'binaryCrossentropy', optimizer: sgd({ learningRate: 0.5, momentum: 0.9 }) });
    model.build([null, 2]);
    return model;
  };
  const changed = async (model: ReturnType<typeof make>) => {
    const before = weightBits(model);
    await model.fit(x, y, { epochs: 3, batchSize: 2 });
    const after = weightBits(model);
    return Object.keys(after)
      .filter((name) => after[name] !== before[name])
      .map((name) => name.split('/')[0])
      .filter((name, n, names) => names.indexOf(name) === n);
  };

  it('keeps the weights of that layer, and trains the others', async () => {
    expect(await changed(make([]))).toEqual(['lstm_1', 'lstm_2', 'dense_1']);
    expect(await changed(make([1]))).toEqual(['lstm_1', 'dense_1']);
    expect(await changed(make([0, 2]))).toEqual(['lstm_2']);
    expect(await changed(make([0, 1, 2]))).toEqual([]);
  });

  it('leaves the gradients above and below as they are', () => {
    const gradients = (frozen: number[]) => {
      const model = make(frozen);
      model.trainOnBatch(x, y);
      const parameters = model.internals.network?.parameters ?? [];
      return Object.fromEntries(parameters.map(({ name, gradient }) => [name, bitsOf(gradient.array)]));
    };
    const all = gradients([]);
    const middle = gradients([1]);
    expect(middle['lstm_1/kernel']).toBe(all['lstm_1/kernel']);
    expect(middle['dense_1/kernel']).toBe(all['dense_1/kernel']);
  });

  it('takes no gradient where nothing below learns', () => {
    const model = make([0]);
    model.trainOnBatch(x, y);
    const first = model.internals.network?.parameters[0];
    expect(first?.name).toBe('lstm_1/kernel');
    expect(first?.gradient.array.every((g) => g === 0)).toBe(true);
  });

  it('can be set and taken back at any time, also between batches of a shape seen before', async () => {
    const model = make([]);
    const first = model.layers[0] as Layer;
    expect(await changed(model)).toContain('lstm_1');
    first.trainable = false;
    expect(await changed(model)).toEqual(['lstm_2', 'dense_1']);
    first.trainable = true;
    expect(await changed(model)).toEqual(['lstm_1', 'lstm_2', 'dense_1']);
    const frozen = make([0]);
    expect(await changed(frozen)).toEqual(['lstm_2', 'dense_1']);
    (frozen.layers[0] as Layer).trainable = true;
    expect(await changed(frozen)).toContain('lstm_1');
  });

  it('has to be true or false', async () => {
    expect(await errorOf(() => dense(1, { trainable: 1 as never }))).toEqual({
      name: 'ConfigError',
      message: 'trainable must be true or false but is 1',
    });
  });
});

describe('names', () => {
  const names = (layers: Layer[]) => sequential(layers).layers.map(({ name }) => name);

  it('are the type and a number, for each type from 1', () => {
    const layers = [masking(), lstm(1, { returnSequences: true }), lstm(1), dense(1), dropout(0.1), dense(1)];
    expect(names(layers)).toEqual(['masking_1', 'lstm_1', 'lstm_2', 'dense_1', 'dropout_1', 'dense_2']);
    expect(names([input({ shape: [2] }), activation('relu')])).toEqual(['input_1', 'activation_1']);
  });

  it('may be given, and a number that is taken is passed over', () => {
    expect(names([dense(1, { name: 'head' }), dense(1)])).toEqual(['head', 'dense_1']);
    expect(names([dense(1), dense(1, { name: 'dense_1' }), dense(1)])).toEqual([
      'dense_2',
      'dense_1',
      'dense_3',
    ]);
  });

  it('carry over to the weights', () => {
    const model = sequential([lstm(1, { name: 'reader' }), dense(1)]).build([null, 1]);
    expect(Object.keys(model.getWeights())).toEqual([
      'reader/kernel',
      'reader/recurrentKernel',
      'reader/bias',
      'dense_1/kernel',
      'dense_1/bias',
    ]);
  });

  it('given twice are a ConfigError, in the list and by add', async () => {
    const message = "two layers are named 'a': a name may be used once in a model";
    const one = dense(1, { name: 'a' });
    const other = dense(2, { name: 'a' });
    expect(await errorOf(() => sequential([one, other]))).toEqual({ name: 'ConfigError', message });
    const model = sequential([dense(1, { name: 'a' })]);
    expect(await errorOf(() => model.add(other))).toEqual({ name: 'ConfigError', message });
    expect(model.layers.length).toBe(1);
  });

  it.each(['a/b', 7])('%j is no name', async (name) => {
    const shown = typeof name === 'string' ? `'${name}'` : name;
    expect(await errorOf(() => dense(1, { name: name as string }))).toEqual({
      name: 'ConfigError',
      message: `a layer's name is text without a slash but got ${shown}`,
    });
  });
});

describe('a layer used twice', () => {
  const make = () => {
    const shared = dense(2, { activation: 'tanh' });
    const model = sequential([shared, shared, dense(1)], { seed: 3, precision: 'float64' });
    model.compile({ loss: 'meanSquaredError' });
    return model.build([2]);
  };

  it('in one model shares its weights, which get both gradients', () => {
    const x = [[0.3, -0.4]];
    const model = make();
    expect(Object.keys(model.getWeights())).toEqual([
      'dense_1/kernel',
      'dense_1/bias',
      'dense_2/kernel',
      'dense_2/bias',
    ]);
    expect(model.countParams()).toBe(6 + 3);
    model.trainOnBatch(x, [1]);
    const gradient = Array.from(model.internals.network?.parameters[0]?.gradient.array ?? []);
    expect(gradient.length).toBe(4);
    const before = make();
    const start = before.getWeights();
    const { data: kernel } = start['dense_1/kernel'] as Tensor<Float64Array>;
    gradient.forEach((g, k) => {
      const lossAt = (h: number) => {
        const moved = kernel.map((w, n) => (n === k ? w + h : w));
        before.setWeights({ ...start, 'dense_1/kernel': tensor(moved, [2, 2]) });
        return before.evaluate(x, [1]).loss as number;
      };
      expect(Math.abs((lossAt(1e-5) - lossAt(-1e-5)) / 2e-5 - g)).toBeLessThan(1e-8);
    });
  });

  it('on other numbers of features is a ShapeError, and the layers are not spent by it', async () => {
    const shared = dense(4);
    expect(await errorOf(() => sequential([shared, shared]).predict([[1, 2, 3]]))).toEqual({
      name: 'ShapeError',
      message:
        'dense_1 is used on 3 features and again on 4: a layer that is used twice has the same weights twice, so make a second one',
    });
    expect(sequential([shared, shared]).predict([[1, 2, 3, 4]]).shape).toEqual([1, 4]);
  });

  it('in two models is a ConfigError that says so, and spends no other layer', async () => {
    const shared = lstm(2);
    const x = [[[1], [2]]];
    sequential([shared]).predict(x);
    const fresh = dense(1);
    const error = {
      name: 'ConfigError',
      message:
        'lstm_1 is part of another model already: make a new layer and hand the weights over with setWeights',
    };
    expect(await errorOf(() => sequential([fresh, shared]).predict(x))).toEqual(error);
    expect(await errorOf(() => sequential([input({ shape: [null, 1] }), shared]).getWeights())).toEqual(
      error,
    );
    expect(sequential([fresh]).predict(x).shape).toEqual([1, 2, 1]);
  });
});

describe('layers that do not fit together', () => {
  const wrong: [string, () => unknown, string][] = [
    [
      'an lstm behind one that gives no steps',
      () => sequential([lstm(2), lstm(2)]).build([null, 3]),
      'lstm_2 expects [batch, steps, features] but got [batch, 2]: the layer before it gives no steps; an lstm before it needs { returnSequences: true }',
    ],
    [
      'the same behind an input, when the model is made',
      () => sequential([input({ shape: [null, 3] }), lstm(2), lstm(2)]),
      'lstm_2 expects [batch, steps, features] but got [batch, 2]: the layer before it gives no steps; an lstm before it needs { returnSequences: true }',
    ],
    [
      'an lstm on rows without steps',
      () => sequential([lstm(2)]).build([3]),
      'lstm_1 expects [batch, steps, features] but got [batch, 3]: the layer before it gives no steps; an lstm before it needs { returnSequences: true }',
    ],
  ];

  it.each(wrong)('%s: a ShapeError', async (_what, work, message) => {
    expect(await errorOf(work)).toEqual({ name: 'ShapeError', message });
  });
});
