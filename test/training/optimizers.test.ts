/** Optimizers by hand: updates, the three ways of clipping, schedules, and the errors of their options. */
import { describe, expect, it } from 'vitest';
import {
  adam,
  cosineDecay,
  dense,
  exponentialDecay,
  type Optimizer,
  piecewiseConstant,
  type Schedule,
  sequential,
  sgd,
  type Tensor,
  tensor,
} from '../../src/index.js';
import { toOptimizer } from '../../src/training/optimizers.js';
import { errorOf, isClose } from '../support/bits.js';

/** Two weights, a kernel [2, 1] and a bias, whose gradients for one row are 2 error x and 2 error. */
function make(optimizer: Optimizer, kernel: readonly number[], bias: number) {
  const model = sequential([dense(1)], { precision: 'float64' });
  model.compile({ optimizer, loss: 'meanSquaredError' });
  model.build([2]);
  model.setWeights({
    'dense_1/kernel': tensor(Float64Array.from(kernel), [2, 1]),
    'dense_1/bias': tensor(Float64Array.of(bias), [1]),
  });
  return model;
}

const weightsOf = (model: ReturnType<typeof make>) => {
  const { 'dense_1/kernel': kernel, 'dense_1/bias': bias } = model.getWeights();
  return [...(kernel as Tensor).data, ...(bias as Tensor).data];
};

function expectWeights(model: ReturnType<typeof make>, expected: readonly number[]) {
  const found = weightsOf(model);
  expected.forEach(
    (w, k) => void expect(isClose(found[k] as number, w), `${found} against ${expected}`).toBe(true),
  );
}

describe('clipping', () => {
  // x = [3, 4], y = 0, kernel [1, 1], bias 0: error 7, gradients [42, 56] (norm 70) and 14; all: norm sqrt(5096).
  const global = Math.sqrt(70 * 70 + 14 * 14);
  const cases: [string, object, number[]][] = [
    ['none', {}, [42, 56, 14]],
    ['clipNorm shortens each gradient on its own', { clipNorm: 35 }, [21, 28, 14]],
    ['clipNorm shortens both', { clipNorm: 7 }, [4.2, 5.6, 7]],
    ['clipNorm leaves what is short enough', { clipNorm: 70 }, [42, 56, 14]],
    [
      'globalClipNorm shortens all by one factor',
      { globalClipNorm: 10 },
      [420 / global, 560 / global, 140 / global],
    ],
    ['globalClipNorm leaves what is short enough', { globalClipNorm: 72 }, [42, 56, 14]],
    ['clipValue cuts each number', { clipValue: 20 }, [20, 20, 14]],
    ['clipValue leaves what is small enough', { clipValue: 56 }, [42, 56, 14]],
  ];

  it.each(cases)('%s', (_name, clip, gradient) => {
    const model = make(sgd({ learningRate: 0.01, ...clip }), [1, 1], 0);
    model.trainOnBatch([[3, 4]], [0]);
    expectWeights(
      model,
      [1, 1, 0].map((w, k) => w - 0.01 * (gradient[k] as number)),
    );
  });

  it('keeps signs', () => {
    const model = make(sgd({ learningRate: 1, clipValue: 0.5 }), [1, 1], 0);
    model.trainOnBatch([[3, -1]], [100]);
    expectWeights(model, [1.5, 0.5, 0.5]);
  });

  it('does not count frozen weights into the global norm', () => {
    const ones = { useBias: false, kernelInitializer: 'ones' } as const;
    const layers = [dense(1, ones), dense(1, { ...ones, trainable: false }), dense(1, ones)];
    const model = sequential(layers, { precision: 'float64' });
    model.compile({ optimizer: sgd({ learningRate: 1, globalClipNorm: 1 }), loss: 'meanSquaredError' });
    model.trainOnBatch([[1]], [0]); // every kernel has the gradient 2; those that learn are of norm sqrt(8)
    const weights = Object.values(model.getWeights()).map(({ data }) => data[0] as number);
    [1 - Math.SQRT1_2, 1, 1 - Math.SQRT1_2].forEach(
      (w, k) => void expect(isClose(weights[k] as number, w)).toBe(true),
    );
  });

  it('of a gradient of 0 is 0', () => {
    const model = make(sgd({ clipNorm: 1 }), [0, 0], 0);
    model.trainOnBatch([[1, 1]], [0]);
    expect(weightsOf(model)).toEqual([0, 0, 0]);
  });

  it.each(['clipNorm', 'globalClipNorm', 'clipValue'] as const)(
    '%s has to be above 0, and alone',
    async (name) => {
      for (const make of [sgd, adam]) {
        for (const value of [0, -1, Number.NaN]) {
          expect(await errorOf(() => make({ [name]: value }))).toEqual({
            name: 'ConfigError',
            message: `${make.name}: ${name} must be a number above 0 but is ${value}`,
          });
        }
        const other = name === 'clipNorm' ? 'clipValue' : 'clipNorm';
        const both = name === 'clipNorm' ? 'clipNorm and clipValue' : `clipNorm and ${name}`;
        expect(await errorOf(() => make({ [name]: 1, [other]: 1 }))).toEqual({
          name: 'ConfigError',
          message: `${make.name} takes one of clipNorm, globalClipNorm, clipValue but got ${both}`,
        });
      }
    },
  );
});

describe('updates by hand', () => {
  /** The gradient of the bias is 2 (bias - target) for an input of zeros: a bowl to roll down. */
  function roll(optimizer: Optimizer, target: number, updates: number) {
    const model = make(optimizer, [0, 0], 5);
    return Array.from({ length: updates }, () => {
      model.trainOnBatch([[0, 0]], [target]);
      return weightsOf(model)[2] as number;
    });
  }

  it('sgd takes the learning rate times the gradient off', () => {
    const [first, second] = roll(sgd({ learningRate: 0.1 }), 1, 2) as [number, number];
    expect(isClose(first, 5 - 0.1 * 8)).toBe(true);
    expect(isClose(second, first - 0.1 * 2 * (first - 1))).toBe(true);
  });

  it('momentum and Nesterov carry a velocity', () => {
    for (const nesterov of [false, true]) {
      let [w, v] = [5, 0];
      for (const found of roll(sgd({ learningRate: 0.1, momentum: 0.9, nesterov }), 1, 6)) {
        const step = 0.1 * 2 * (w - 1);
        v = 0.9 * v - step;
        w += nesterov ? 0.9 * v - step : v;
        expect(isClose(found, w)).toBe(true);
      }
    }
  });

  it('adam is Algorithm 1, epsilon outside of the bias correction', () => {
    let [w, m, v] = [5, 0, 0];
    const options = { learningRate: 0.1, beta1: 0.8, beta2: 0.95, epsilon: 0.5 };
    roll(adam(options), 1, 8).forEach((found, n) => {
      const g = 2 * (w - 1);
      m = 0.8 * m + 0.2 * g;
      v = 0.95 * v + 0.05 * g * g;
      w -= (0.1 * (m / (1 - 0.8 ** (n + 1)))) / (Math.sqrt(v / (1 - 0.95 ** (n + 1))) + 0.5);
      expect(isClose(found, w)).toBe(true);
    });
  });

  it('the defaults are those of Keras', () => {
    expect(toOptimizer('sgd').config()).toEqual({
      name: 'sgd',
      learningRate: 0.01,
      momentum: 0,
      nesterov: false,
    });
    expect(toOptimizer('adam').config()).toEqual({
      name: 'adam',
      learningRate: 0.001,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-7,
    });
  });
});

describe('a learning-rate schedule', () => {
  /** With a mean absolute error and a far target the gradient is -1: a bias rises by the learning rate. */
  async function ratesOf(schedule: Schedule, updates: number): Promise<number[]> {
    const model = sequential([dense(1)], { precision: 'float64' });
    model.compile({ optimizer: sgd({ learningRate: schedule }), loss: 'meanAbsoluteError' });
    model.build([1]);
    const biases = [0];
    const shown: number[] = [];
    const onBatchEnd = () =>
      void biases.push((model.getWeights()['dense_1/bias'] as Tensor).data[0] as number);
    const onBatchBegin = () => void shown.push(model.learningRate);
    const x = Array.from({ length: updates }, () => [0]);
    const y = x.map(() => 1e6);
    const half = Math.floor(updates / 2);
    const options = { batchSize: 1, callbacks: [{ onBatchBegin, onBatchEnd }] };
    await model.fit(x.slice(0, half), y.slice(0, half), options);
    await model.fit(x.slice(half), y.slice(half), options);
    const rates = biases.slice(1).map((bias, n) => bias - (biases[n] as number));
    rates.forEach((rate, n) => void expect(isClose(rate, shown[n] as number)).toBe(true));
    return rates;
  }

  const expectRates = (found: number[], expected: number[]) => {
    expect(found.length).toBe(expected.length);
    found.forEach(
      (rate, n) => void expect(isClose(rate, expected[n] as number), `update ${n}: ${rate}`).toBe(true),
    );
  };

  it('takes effect at every update, over fits: piecewiseConstant', async () => {
    const schedule = piecewiseConstant({ boundaries: [1, 4], values: [3, 2, 1] });
    expectRates(await ratesOf(schedule, 7), [3, 3, 2, 2, 2, 1, 1]);
  });

  it('exponentialDecay, smooth and in stairs', async () => {
    const options = { initialLearningRate: 2, decaySteps: 3, decayRate: 0.5 };
    expectRates(
      await ratesOf(exponentialDecay(options), 6),
      [0, 1, 2, 3, 4, 5].map((n) => 2 * 0.5 ** (n / 3)),
    );
    expectRates(await ratesOf(exponentialDecay({ ...options, staircase: true }), 7), [2, 2, 2, 1, 1, 1, 0.5]);
  });

  it('cosineDecay, down to alpha and no further', async () => {
    const schedule = cosineDecay({ initialLearningRate: 2, decaySteps: 4, alpha: 0.25 });
    const wave = (n: number) => 2 * (0.75 * 0.5 * (1 + Math.cos((Math.PI * n) / 4)) + 0.25);
    expectRates(await ratesOf(schedule, 7), [wave(0), wave(1), wave(2), wave(3), 0.5, 0.5, 0.5]);
    expect(cosineDecay({ initialLearningRate: 2, decaySteps: 4 }).at(4)).toBe(0);
  });

  it('comes out of its own config', () => {
    const schedules = [
      piecewiseConstant({ boundaries: [2], values: [1, 0.5] }),
      exponentialDecay({ initialLearningRate: 1, decaySteps: 2, decayRate: 0.5, staircase: true }),
      cosineDecay({ initialLearningRate: 1, decaySteps: 5, alpha: 0.1 }),
    ];
    for (const schedule of schedules) {
      const optimizer = toOptimizer(JSON.parse(JSON.stringify(adam({ learningRate: schedule }).config())));
      expect(optimizer.config()).toEqual(adam({ learningRate: schedule }).config());
      for (const n of [0, 1, 2, 3, 9])
        expect((optimizer.learningRate as Schedule).at(n)).toBe(schedule.at(n));
    }
  });
});

describe('options of optimizers and schedules', () => {
  const anything = (value: unknown) => value as never;
  const wrong: [string, () => unknown, string][] = [
    [
      'a negative learning rate',
      () => sgd({ learningRate: -1 }),
      'sgd: learningRate must be a number at least 0 but is -1',
    ],
    [
      'a learning rate as text',
      () => adam({ learningRate: anything('1e-3') }),
      "adam: learningRate is a number or a schedule such as cosineDecay but got '1e-3'",
    ],
    [
      'momentum above 1',
      () => sgd({ momentum: 1.1 }),
      'sgd: momentum must be a number at least 0 and at most 1 but is 1.1',
    ],
    ['nesterov alone', () => sgd({ nesterov: true }), 'sgd: nesterov needs a momentum: { momentum: 0.9 }'],
    [
      'nesterov as a number',
      () => sgd({ nesterov: anything(1) }),
      'sgd: nesterov must be true or false but is 1',
    ],
    ['beta1 of 1', () => adam({ beta1: 1 }), 'adam: beta1 must be a number at least 0 and below 1 but is 1'],
    [
      'beta2 below 0',
      () => adam({ beta2: -0.1 }),
      'adam: beta2 must be a number at least 0 and below 1 but is -0.1',
    ],
    [
      'a negative epsilon',
      () => adam({ epsilon: -1 }),
      'adam: epsilon must be a number at least 0 but is -1',
    ],
    ["Keras 2's lr", () => adam(anything({ lr: 0.1 })), "adam has no option 'lr': write learningRate"],
    [
      'learning_rate',
      () => sgd(anything({ learning_rate: 1 })),
      "sgd: option 'learning_rate' is not known: did you mean 'learningRate'?",
    ],
    ['decay', () => sgd(anything({ decay: 0.1 })), "sgd has no option 'decay': give learningRate a schedule"],
    [
      'amsgrad',
      () => adam(anything({ amsgrad: true })),
      "adam has no option 'amsgrad': this version does not have it",
    ],
    [
      'weightDecay',
      () => adam(anything({ weightDecay: 0.1 })),
      "adam has no option 'weightDecay': give the layers a kernelRegularizer: l2(...)",
    ],
    [
      'a number for the options',
      () => adam(anything(0.001)),
      'adam takes its options as an object but got 0.001',
    ],
    [
      'an optimizer misspelt',
      () => sequential().compile({ optimizer: anything('adma'), loss: 'huber' }),
      "optimizer 'adma' is not known: did you mean 'adam'?",
    ],
    [
      'an optimizer that is not here',
      () => sequential().compile({ optimizer: anything('rmsprop'), loss: 'huber' }),
      "optimizer 'rmsprop' is not known: use one of sgd, adam",
    ],
    [
      'the function itself',
      () => sequential().compile({ optimizer: anything(adam), loss: 'huber' }),
      'optimizer is a name or one itself, such as adam(), but got a function',
    ],
    [
      'decaySteps of 0',
      () => cosineDecay({ initialLearningRate: 1, decaySteps: 0 }),
      'cosineDecay: decaySteps must be a number at least 1 but is 0',
    ],
    [
      'alpha above 1',
      () => cosineDecay({ initialLearningRate: 1, decaySteps: 1, alpha: 2 }),
      'cosineDecay: alpha must be a number at least 0 and at most 1 but is 2',
    ],
    [
      'a decayRate of 0',
      () => exponentialDecay({ initialLearningRate: 1, decaySteps: 1, decayRate: 0 }),
      'exponentialDecay: decayRate must be a number above 0 but is 0',
    ],
    [
      'no initialLearningRate',
      () => exponentialDecay(anything({ decaySteps: 1, decayRate: 0.5 })),
      'exponentialDecay: initialLearningRate must be a number at least 0 but is undefined',
    ],
    [
      'boundaries that fall',
      () => piecewiseConstant({ boundaries: [3, 3], values: [1, 2, 3] }),
      'piecewiseConstant: boundaries[1] must be a number at least 4 but is 3',
    ],
    [
      'too few values',
      () => piecewiseConstant({ boundaries: [3], values: [1] }),
      'piecewiseConstant needs one value more than boundaries but got an array of 1 for an array of 1',
    ],
    [
      'a negative value',
      () => piecewiseConstant({ boundaries: [3], values: [1, -1] }),
      'piecewiseConstant: values[1] must be a number at least 0 but is -1',
    ],
  ];

  it.each(wrong)('%s is a ConfigError', async (_what, work, message) => {
    expect(await errorOf(work)).toEqual({ name: 'ConfigError', message });
  });
});
