/** Optimizers by hand: updates, the three ways of clipping, schedules, and the errors of their options. */
import { describe, expect, it } from 'vitest';
import {
  adadelta,
  adagrad,
  adam,
  adamax,
  adamW,
  cosineDecay,
  cosineDecayRestarts,
  dense,
  deserializeModel,
  exponentialDecay,
  inverseTimeDecay,
  lion,
  lstm,
  nadam,
  type Optimizer,
  type OptimizerName,
  oneCycle,
  piecewiseConstant,
  polynomialDecay,
  radam,
  rmsprop,
  type Schedule,
  sequential,
  serializeModel,
  sgd,
  type Tensor,
  tensor,
  warmup,
} from '../../src/index.js';
import { toOptimizer } from '../../src/training/optimizers.js';
import { bitsOf, errorOf, isClose, randomSequences, weightBits } from '../support/bits.js';

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
      weightDecay: 0,
    });
    expect(toOptimizer('adam').config()).toEqual({
      name: 'adam',
      learningRate: 0.001,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-7,
      amsgrad: false,
      weightDecay: 0,
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

  it('inverseTimeDecay, smooth and in stairs', async () => {
    const options = { initialLearningRate: 2, decaySteps: 2, decayRate: 0.5 };
    const smooth = [0, 1, 2, 3, 4].map((n) => 2 / (1 + (0.5 * n) / 2));
    expectRates(await ratesOf(inverseTimeDecay(options), 5), smooth);
    const stairs = [2, 2, 2 / 1.5, 2 / 1.5, 1];
    expectRates(await ratesOf(inverseTimeDecay({ ...options, staircase: true }), 5), stairs);
  });

  it('polynomialDecay, down to its end, or rising again at every multiple of its steps', async () => {
    const options = { initialLearningRate: 1.1, decaySteps: 4, endLearningRate: 0.1, power: 2 };
    const squares = [1, 0.75 ** 2, 0.25, 0.25 ** 2, 0, 0].map((share) => share + 0.1);
    expectRates(await ratesOf(polynomialDecay(options), 6), squares);
    const cycle = polynomialDecay({ ...options, cycle: true });
    const share = [1, 0.75, 0.5, 0.25, 0, 3 / 8, 2 / 8, 1 / 8, 0, 3 / 12];
    expectRates(
      await ratesOf(cycle, 10),
      share.map((left) => left ** 2 + 0.1),
    );
    expect(polynomialDecay({ initialLearningRate: 1, decaySteps: 2 }).at(2)).toBe(1e-4);
  });

  it('cosineDecayRestarts, longer and lower each time', () => {
    const options = { initialLearningRate: 2, firstDecaySteps: 2, tMul: 3, mMul: 0.5, alpha: 0.1 };
    const schedule = cosineDecayRestarts(options);
    const wave = (height: number, done: number) =>
      2 * (0.9 * height * 0.5 * (1 + Math.cos(Math.PI * done)) + 0.1);
    expectRates(
      [0, 1, 2, 5, 7, 8, 17, 25, 26].map((n) => schedule.at(n)),
      [
        wave(1, 0),
        wave(1, 0.5),
        wave(0.5, 0),
        wave(0.5, 0.5),
        wave(0.5, 5 / 6),
        wave(0.25, 0),
        wave(0.25, 0.5),
        wave(0.25, 17 / 18),
        wave(0.125, 0),
      ],
    );
    const equal = cosineDecayRestarts({ ...options, tMul: 1 });
    expect(isClose(equal.at(5), wave(0.25, 0.5))).toBe(true);
  });

  it('warmup rises in a line and then goes on with what it is given, from its beginning', async () => {
    const decay = polynomialDecay({ initialLearningRate: 3, decaySteps: 3, endLearningRate: 0 });
    expectRates(await ratesOf(warmup({ steps: 3, from: 0.5, learningRate: decay }), 8), [
      0.5,
      0.5 + 2.5 / 3,
      0.5 + 5 / 3,
      3,
      2,
      1,
      0,
      0,
    ]);
    expectRates(await ratesOf(warmup({ steps: 2, learningRate: 1 }), 4), [0, 0.5, 1, 1]);
    const inner = warmup({ steps: 2, learningRate: cosineDecay({ initialLearningRate: 1, decaySteps: 4 }) });
    const theirs = { initialLearningRate: 0, warmupTarget: 1, warmupSteps: 2, decaySteps: 4 };
    expectRates(
      [0, 1, 2, 3, 4, 5, 6, 7].map((n) => cosineDecay(theirs).at(n)),
      [0, 1, 2, 3, 4, 5, 6, 7].map((n) => inner.at(n)),
    );
  });

  it('comes out of its own config', () => {
    const schedules = [
      cosineDecay({ initialLearningRate: 0, decaySteps: 5, warmupTarget: 1, warmupSteps: 2 }),
      cosineDecayRestarts({ initialLearningRate: 1, firstDecaySteps: 2, tMul: 1.5, mMul: 0.9, alpha: 0.1 }),
      inverseTimeDecay({ initialLearningRate: 1, decaySteps: 2, decayRate: 2, staircase: true }),
      polynomialDecay({
        initialLearningRate: 1,
        decaySteps: 2,
        endLearningRate: 0.1,
        power: 2,
        cycle: true,
      }),
      oneCycle({ maxLearningRate: 1, totalSteps: 8, pctStart: 0.5, annealStrategy: 'linear' }),
      warmup({
        steps: 2,
        from: 0.1,
        learningRate: inverseTimeDecay({ initialLearningRate: 1, decaySteps: 1, decayRate: 1 }),
      }),
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
      () => sequential().compile({ optimizer: anything('ftrl'), loss: 'huber' }),
      "optimizer 'ftrl' is not known: use one of sgd, adam, adamW, nadam, radam, adamax, rmsprop, adagrad, adadelta, lion",
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

  const more: [string, () => unknown, string][] = [
    [
      'a learning rate in an array',
      () => adam({ learningRate: anything([0.1]) }),
      'adam: learningRate is a number or a schedule such as cosineDecay but got an array of 1',
    ],
    [
      'a negative decay',
      () => adamW({ weightDecay: -1 }),
      'adamW: weightDecay must be a number at least 0 but is -1',
    ],
    [
      'weights left out of no decay',
      () => adam({ excludeFromWeightDecay: ['bias'] }),
      'adam: excludeFromWeightDecay needs a weightDecay above 0',
    ],
    [
      'one name for weights left out',
      () => adamW({ excludeFromWeightDecay: anything('bias') }),
      "adamW: excludeFromWeightDecay is an array of names of weights, such as ['bias'], but got 'bias'",
    ],
    [
      'a factor below 0',
      () => sgd({ learningRateFactors: { lstm_1: -1 } }),
      "sgd: learningRateFactors of 'lstm_1' must be a number at least 0 but is -1",
    ],
    [
      'a number for the factors',
      () => sgd({ learningRateFactors: anything(0.1) }),
      'sgd: learningRateFactors is an object such as { embedding_1: 0.1 } but got 0.1',
    ],
    [
      'a momentum of no average',
      () => adam({ emaMomentum: 0.9 }),
      'adam: emaMomentum needs a moving average: { useEma: true }',
    ],
    [
      'an average that never moves',
      () => adam({ useEma: true, emaMomentum: 1 }),
      'adam: emaMomentum must be a number at least 0 and below 1 but is 1',
    ],
    [
      'an update from no batch',
      () => adam({ gradientAccumulationSteps: 0 }),
      'adam: gradientAccumulationSteps must be a number at least 1 but is 0',
    ],
    [
      'a momentumDecay below 0',
      () => nadam({ momentumDecay: -1 }),
      'nadam: momentumDecay must be a number at least 0 but is -1',
    ],
    ['rho of 1', () => rmsprop({ rho: 1 }), 'rmsprop: rho must be a number at least 0 and below 1 but is 1'],
    ["PyTorch's alpha", () => rmsprop(anything({ alpha: 0.99 })), "rmsprop has no option 'alpha': write rho"],
    [
      'an epsilon of 0 where it is divided by',
      () => rmsprop({ epsilon: 0 }),
      'rmsprop: epsilon must be a number above 0 but is 0',
    ],
    [
      'a sum of squares below 0',
      () => adagrad({ initialAccumulatorValue: -1 }),
      'adagrad: initialAccumulatorValue must be a number at least 0 but is -1',
    ],
    [
      'rho of adadelta below 0',
      () => adadelta({ rho: -1 }),
      'adadelta: rho must be a number at least 0 and below 1 but is -1',
    ],
    [
      'an epsilon for lion',
      () => lion(anything({ epsilon: 1 })),
      "lion: option 'epsilon' is not known: use one of",
    ],
    [
      'beta2 of radam',
      () => radam({ beta2: 1 }),
      'radam: beta2 must be a number at least 0 and below 1 but is 1',
    ],
    [
      'beta1 of adamax',
      () => adamax({ beta1: 2 }),
      'adamax: beta1 must be a number at least 0 and below 1 but is 2',
    ],
    [
      'half a warm-up',
      () => cosineDecay({ initialLearningRate: 0, decaySteps: 1, warmupSteps: 1 }),
      'cosineDecay takes warmupTarget and warmupSteps together or neither',
    ],
    [
      'tMul below 1',
      () => cosineDecayRestarts({ initialLearningRate: 0, firstDecaySteps: 1, tMul: 0.5 }),
      'cosineDecayRestarts: tMul must be a number at least 1 but is 0.5',
    ],
    [
      'a power of 0',
      () => polynomialDecay({ initialLearningRate: 0, decaySteps: 1, power: 0 }),
      'polynomialDecay: power must be a number above 0 but is 0',
    ],
    [
      'a decayRate below 0',
      () => inverseTimeDecay({ initialLearningRate: 0, decaySteps: 1, decayRate: -1 }),
      'inverseTimeDecay: decayRate must be a number at least 0 but is -1',
    ],
    [
      'a cycle of one step',
      () => oneCycle({ maxLearningRate: 1, totalSteps: 1 }),
      'oneCycle: totalSteps must be a number at least 2 but is 1',
    ],
    [
      'a strategy that is not known',
      () => oneCycle({ maxLearningRate: 1, totalSteps: 9, annealStrategy: anything('cosine') }),
      "oneCycle: annealStrategy is 'cos' or 'linear' but got 'cosine'",
    ],
    [
      'a peak before the first update',
      () => oneCycle({ maxLearningRate: 1, totalSteps: 3 }),
      'oneCycle: pctStart * totalSteps must be above 1, so that there is an update before the peak, but is 0.9',
    ],
    [
      'a warm-up of nothing',
      () => warmup(anything({ steps: 3 })),
      'warmup: learningRate is a number or a schedule such as cosineDecay but got undefined',
    ],
  ];

  it.each(more)('%s is a ConfigError', async (_what, work, message) => {
    const error = await errorOf(work);
    expect(error.name).toBe('ConfigError');
    expect(error.message.slice(0, message.length)).toBe(message);
  });

  it.each(wrong)('%s is a ConfigError', async (_what, work, message) => {
    expect(await errorOf(work)).toEqual({ name: 'ConfigError', message });
  });
});

const everyOptimizer: Record<OptimizerName, () => Optimizer> = {
  sgd: () => sgd({ momentum: 0.9, nesterov: true }),
  adam: () => adam({ amsgrad: true }),
  adamW: () => adamW({ excludeFromWeightDecay: ['bias'] }),
  nadam: () => nadam(),
  radam: () => radam({ beta2: 0.9 }),
  adamax: () => adamax(),
  rmsprop: () => rmsprop({ centered: true, momentum: 0.5 }),
  adagrad: () => adagrad({ learningRate: 0.05 }),
  adadelta: () => adadelta({ learningRate: 1 }),
  lion: () => lion({ weightDecay: 0.1 }),
};

const x = randomSequences(3, [4, 2, 4, 3, 4, 1, 4, 4], 2);
const y = [1, 0, 1, 0, 1, 0, 1, 0];

function makeLstm(optimizer: Optimizer | OptimizerName) {
  const model = sequential([lstm(3), dense(1)], { seed: 5 });
  model.compile({ optimizer, loss: 'meanSquaredError' });
  return model.build([null, 2]);
}

describe('every optimizer', () => {
  it.each(Object.keys(everyOptimizer) as OptimizerName[])('%s brings the loss down', async (name) => {
    for (const optimizer of [name, everyOptimizer[name]()]) {
      const model = makeLstm(optimizer);
      const { history } = await model.fit(x, y, { epochs: 30, batchSize: 4 });
      expect(history.loss?.at(-1)).toBeLessThan(history.loss?.[0] as number);
    }
  });

  it.each(Object.keys(everyOptimizer) as OptimizerName[])(
    '%s goes on with the same bits when it is saved and loaded',
    async (name) => {
      for (const optimizer of [name, everyOptimizer[name]()]) {
        const model = makeLstm(optimizer);
        await model.fit(x, y, { epochs: 3, batchSize: 3 });
        const loaded = deserializeModel(serializeModel(model));
        await model.fit(x, y, { epochs: 3, batchSize: 3 });
        await loaded.fit(x, y, { epochs: 3, batchSize: 3 });
        expect(weightBits(loaded)).toEqual(weightBits(model));
        expect(Buffer.compare(serializeModel(loaded), serializeModel(model))).toBe(0);
      }
    },
  );

  it.each(Object.keys(everyOptimizer) as OptimizerName[])(
    '%s has moved nothing when an update is taken back',
    async (name) => {
      const model = makeLstm(everyOptimizer[name]());
      await model.fit(x, y, { epochs: 2, batchSize: 3 });
      const rate = model.learningRate;
      model.learningRate = 1e300;
      const before = serializeModel(model);
      const error = await errorOf(() => model.trainOnBatch(x, y));
      expect(error.name).toBe('NumericError');
      expect(error.message).toMatch(/^the update of lstm_1\/kernel is not finite/);
      expect(Buffer.compare(serializeModel(model), before)).toBe(0);
      const [spoiled, again] = [model, deserializeModel(before)];
      for (const each of [spoiled, again]) {
        each.learningRate = rate;
        await each.fit(x, y, { epochs: 2 });
      }
      expect(weightBits(spoiled)).toEqual(weightBits(again));
    },
  );
});

describe('an update that overflows', () => {
  it("takes the optimizer's averages of the weights before it back too", async () => {
    const plain = { useBias: false } as const;
    const model = sequential([dense(1, plain), dense(1, plain)]);
    const optimizer = sgd({ learningRate: 1e30, momentum: 0.5, weightDecay: 1e-31 });
    model.compile({ optimizer, loss: 'meanSquaredError' });
    model.build([1]);
    const w = (first: number, second: number) =>
      model.setWeights({
        'dense_1/kernel': tensor([first], [1, 1]),
        'dense_2/kernel': tensor([second], [1, 1]),
      });
    w(1e10, 1e-10);
    const before = serializeModel(model);
    // The gradients are 2e-10 and 2e10: the first weight goes to -2e20, the second would go to -2e40.
    expect((await errorOf(() => model.trainOnBatch([[1]], [0]))).name).toBe('NumericError');
    expect(Buffer.compare(serializeModel(model), before)).toBe(0);
  });
});

describe('weight decay', () => {
  // With targets that are met the gradients are 0, and nothing but the decay moves a weight.
  const still = (optimizer: Optimizer) => {
    const model = make(optimizer, [1, -2], 0.5);
    model.trainOnBatch([[0, 0]], [0.5]);
    return weightsOf(model);
  };

  it('takes learningRate * weightDecay of each weight, whatever the optimizer', () => {
    for (const name of Object.keys(everyOptimizer)) {
      const create = { sgd, adam, adamW, nadam, radam, adamax, rmsprop, adagrad, adadelta, lion }[
        name
      ] as typeof adam;
      const found = still(create({ learningRate: 0.1, weightDecay: 0.2 }));
      expect(found.map((value) => Number(value.toPrecision(12)))).toEqual([0.98, -1.96, 0.49]);
      expect(still(create({ learningRate: 0.1, weightDecay: 0 }))).toEqual([1, -2, 0.5]);
    }
  });

  it('is 0.004 in adamW, and leaves out the weights that are named', () => {
    const round = (values: number[]) => values.map((value) => Number(value.toPrecision(12)));
    expect(round(still(adamW({ learningRate: 0.5 })))).toEqual([0.998, -1.996, 0.499]);
    const decay = { learningRate: 0.1, weightDecay: 0.2 };
    const without = (name: string) => round(still(sgd({ ...decay, excludeFromWeightDecay: [name] })));
    expect(without('bias')).toEqual([0.98, -1.96, 0.5]);
    expect(without('dense_1/kernel')).toEqual([1, -2, 0.49]);
    expect(without('dense_1')).toEqual([1, -2, 0.5]);
  });

  it('of weights that are not there is an error, and the model can be compiled again', async () => {
    const model = makeLstm('adam');
    const optimizer = adamW({ excludeFromWeightDecay: ['dense'] });
    expect(await errorOf(() => model.compile({ optimizer, loss: 'meanSquaredError' }))).toEqual({
      name: 'ConfigError',
      message:
        "adamW: excludeFromWeightDecay names 'dense' but the weights are lstm_1/kernel, lstm_1/recurrentKernel, " +
        'lstm_1/bias, dense_1/kernel, dense_1/bias',
    });
    await model.fit(x, y);
    expect((await errorOf(() => makeLstm(sgd({ learningRateFactors: { bia: 2 } })))).message).toMatch(
      /^sgd: learningRateFactors names 'bia' but/,
    );
  });
});

describe('learning rates of single weights', () => {
  it('are multiplied by the factors of all names that stand for them', () => {
    const model = make(
      sgd({ learningRate: 0.01, learningRateFactors: { dense_1: 0.5, bias: 3 } }),
      [1, 1],
      0,
    );
    model.trainOnBatch([[3, 4]], [0]); // gradients 42, 56 and 14
    expectWeights(model, [1 - 0.005 * 42, 1 - 0.005 * 56, -0.015 * 14]);
  });

  it('of 0 leave a weight as it is', () => {
    const model = make(adam({ learningRateFactors: { 'dense_1/kernel': 0 } }), [1, 1], 0);
    model.trainOnBatch([[3, 4]], [0]);
    expect(weightsOf(model).slice(0, 2)).toEqual([1, 1]);
    expect(weightsOf(model)[2]).not.toBe(0);
  });
});

describe('the moving average of the weights', () => {
  const rows = [[1], [2], [3], [4]];
  const targets = [1, 2, 2, 5];
  const fitOf = async (optimizer: Optimizer, epochs = 1) => {
    const model = sequential([dense(1)], { precision: 'float64', seed: 3 });
    model.compile({ optimizer, loss: 'meanSquaredError' });
    model.build([1]);
    const seen: number[] = [];
    const read = () => Object.values(model.getWeights()).map(({ data }) => data[0] as number);
    const callbacks = [{ onBatchEnd: () => void seen.push(read()[0] as number) }];
    await model.fit(rows, targets, { epochs, batchSize: 2, shuffle: false, callbacks });
    return { seen, last: read()[0] as number };
  };

  it('begins with the weights after the first update, and is what the model has after fit', async () => {
    const plain = await fitOf(sgd({ learningRate: 0.02 }), 2);
    const averaged = await fitOf(sgd({ learningRate: 0.02, useEma: true, emaMomentum: 0.7 }), 2);
    expect(averaged.seen).toEqual(plain.seen);
    const average = plain.seen.slice(1).reduce((mean, w) => 0.7 * mean + 0.3 * w, plain.seen[0] as number);
    expect(isClose(averaged.last, average)).toBe(true);
    expect(averaged.last).not.toBe(plain.last);
  });

  it('takes the place of the weights every so many updates', async () => {
    const options = { learningRate: 0.02, useEma: true, emaMomentum: 0.5, emaOverwriteFrequency: 2 };
    const plain = await fitOf(sgd({ learningRate: 0.02 }));
    const { seen } = await fitOf(sgd(options));
    expect(seen[0]).toBe(plain.seen[0]);
    expect(isClose(seen[1] as number, 0.5 * ((plain.seen[0] as number) + (plain.seen[1] as number)))).toBe(
      true,
    );
  });

  it('of a layer that is frozen at first is that of its weights', async () => {
    const layer = dense(1, { trainable: false });
    const model = sequential([layer, dense(1)], { seed: 3 });
    model.compile({ optimizer: sgd({ useEma: true }), loss: 'meanSquaredError' });
    await model.fit(rows, targets, { epochs: 5 });
    const kept = (model.getWeights()['dense_1/kernel'] as Tensor).data[0] as number;
    layer.trainable = true;
    await model.fit(rows, targets);
    expect(
      Math.abs(((model.getWeights()['dense_1/kernel'] as Tensor).data[0] as number) - kept),
    ).toBeLessThan(0.1);
  });

  it('goes on with the same bits after a save', async () => {
    const model = makeLstm(adam({ useEma: true }));
    await model.fit(x, y, { epochs: 2, batchSize: 3 });
    const loaded = deserializeModel(serializeModel(model));
    for (const each of [model, loaded]) await each.fit(x, y, { epochs: 2, batchSize: 3 });
    expect(weightBits(loaded)).toEqual(weightBits(model));
  });
});

describe('gradients of several batches', () => {
  it('make the update of one batch of them all, though different numbers of steps count in each', async () => {
    for (const optimizer of [sgd, adam, lion]) {
      const whole = sequential([lstm(3, { returnSequences: true, kernelRegularizer: 'l2' }), dense(1)], {
        seed: 5,
        precision: 'float64',
      });
      const parts = sequential([lstm(3, { returnSequences: true, kernelRegularizer: 'l2' }), dense(1)], {
        seed: 5,
        precision: 'float64',
      });
      const targets = x.map((steps) => steps.map(([value = 0]) => Math.sin(value)));
      whole.compile({ optimizer: optimizer({ learningRate: 0.01 }), loss: 'meanSquaredError' });
      parts.compile({
        optimizer: optimizer({ learningRate: 0.01, gradientAccumulationSteps: 4 }),
        loss: 'meanSquaredError',
      });
      await whole.fit(x, targets, { epochs: 3, batchSize: 8, shuffle: false });
      await parts.fit(x, targets, { epochs: 3, batchSize: 2, shuffle: false });
      const [one, other] = [whole.getWeights(), parts.getWeights()];
      for (const [name, { data }] of Object.entries(one)) {
        data.forEach(
          (value, k) => void expect(isClose(other[name]?.data[k] as number, value, 1e-9), name).toBe(true),
        );
      }
    }
  });

  it('wait over the ends of epochs and of fits, and in a file', async () => {
    const optimizer = () => adam({ learningRate: 0.01, gradientAccumulationSteps: 3 });
    const model = makeLstm(optimizer());
    const start = weightBits(model);
    await model.fit(x, y, { batchSize: 4 }); // 2 batches
    expect(weightBits(model)).toEqual(start);
    const loaded = deserializeModel(serializeModel(model));
    for (const each of [model, loaded]) await each.fit(x, y, { batchSize: 4 });
    expect(weightBits(model)).not.toEqual(start);
    expect(weightBits(loaded)).toEqual(weightBits(model));
    expect(Buffer.compare(serializeModel(loaded), serializeModel(model))).toBe(0);
  });

  it('move a schedule by one for each update', async () => {
    const learningRate = piecewiseConstant({ boundaries: [0], values: [1, 2] });
    const model = makeLstm(sgd({ learningRate, gradientAccumulationSteps: 2 }));
    const rates: number[] = [];
    const callbacks = [{ onBatchBegin: () => void rates.push(model.learningRate) }];
    await model.fit(x, y, { batchSize: 2, callbacks }).catch(() => {});
    expect(rates.slice(0, 4)).toEqual([1, 1, 2, 2]);
  });

  it('that are not finite leave those that wait as they are', async () => {
    const model = makeLstm(adam({ gradientAccumulationSteps: 2 }));
    model.trainOnBatch(x, y);
    const before = serializeModel(model);
    const bad = y.map(() => 1e30);
    expect((await errorOf(() => model.trainOnBatch(x, bad))).name).toBe('NumericError');
    expect(Buffer.compare(serializeModel(model), before)).toBe(0);
    expect(bitsOf(model.predict(x).data)).toBe(bitsOf(deserializeModel(before).predict(x).data));
  });
});

describe('a penalty on a bias that is not there', () => {
  it.each([
    ['dense', () => dense(1, { useBias: false, biasRegularizer: 'l2' })],
    ['lstm', () => lstm(1, { useBias: false, biasRegularizer: 'l2' })],
  ])('is an error in %s', async (name, work) => {
    expect(await errorOf(work)).toEqual({
      name: 'ConfigError',
      message: `${name}: biasRegularizer needs a bias: leave it out, or useBias: false`,
    });
  });
});
