/** Whatever is given to callbacks, optimizers, schedules, losses, metrics, fit and what surrounds it: nothing but typed errors. */
import { describe, expect, it } from 'vitest';
import * as library from '../../src/index.js';
import { LonghandError, sequential } from '../../src/index.js';
import * as node from '../../src/node/index.js';

const HOSTILE: readonly (readonly [string, unknown])[] = [
  ['null', null],
  ['undefined', undefined],
  ['NaN', Number.NaN],
  ['-1', -1],
  ['0.5', 0.5],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['a text', 'x'],
  ['an empty text', ''],
  ['an empty array', []],
  ['nested arrays', [[[[]]]]],
  ['an object', {}],
  ['a function', () => undefined],
  ['a symbol', Symbol('s')],
  ['a bigint', 5n],
  ['true', true],
  ['a Map', new Map([[1, 2]])],
  ['an object without a prototype', Object.create(null)],
];

/** Functions of the library by what they are, with the options that are tried. */
const OPTIONS = {
  adam: ['learningRate', 'beta1', 'epsilon', 'clipNorm', 'weightDecay', 'useEma', 'learningRateFactors'],
  sgd: ['momentum', 'nesterov', 'excludeFromWeightDecay', 'gradientAccumulationSteps'],
  rmsprop: ['rho', 'centered'],
  exponentialDecay: ['decayRate'],
  polynomialDecay: ['power'],
  piecewiseConstant: ['boundaries', 'values'],
  oneCycle: ['totalSteps'],
  warmup: ['steps', 'learningRate'],
  earlyStopping: ['monitor', 'mode', 'patience', 'minDelta', 'baseline', 'restoreBestWeights', 'verbose'],
  reduceLROnPlateau: ['monitor', 'factor', 'patience', 'cooldown', 'minLr'],
  lambdaCallback: ['onEpochEnd'],
  checkpoint: ['save', 'load', 'everySteps', 'everySeconds'],
  huber: ['delta'],
  quantile: ['quantiles'],
  ctc: ['blank', 'zeroInfinity'],
  categoricalFocalCrossentropy: ['gamma', 'alpha'],
  binaryCrossentropy: ['fromLogits', 'labelSmoothing'],
  precision: ['threshold', 'classIndex', 'average', 'name'],
  topKAccuracy: ['k'],
  expectedCalibrationError: ['bins'],
  meanAbsoluteScaledError: ['series', 'scale', 'period'],
} as const;

const METRICS = [
  'accuracy',
  'auc',
  'f1',
  'confusionMatrix',
  'calibrationCurve',
  'r2Score',
  'cohenKappa',
] as const;

const FIT = [
  'epochs',
  'batchSize',
  'shuffle',
  'bucketByLength',
  'validationSplit',
  'validationData',
  'validationSteps',
  'validationFreq',
  'sampleWeight',
  'classWeight',
  'missing',
  'callbacks',
  'verbose',
  'onProgress',
  'onWarning',
  'initialEpoch',
  'signal',
  'checkpoint',
  'resume',
];

const x = [
  [[1], [2]],
  [[3], [4]],
];
const y = [1, 2];
const make = () =>
  sequential([library.lstm(1), library.dense(1)], { seed: 1 }).compile({ loss: 'meanSquaredError' });
const quiet = { onWarning: () => {} };

type Loose = (...given: unknown[]) => unknown;
const named = (of: object, name: string) => (of as Record<string, Loose>)[name] as Loose;

/** What `work` fails with, if it is no error of the library. */
async function strange(what: string, work: () => unknown): Promise<string[]> {
  try {
    await work();
    return [];
  } catch (error) {
    return error instanceof LonghandError ? [] : [`${what}: ${error}`];
  }
}

describe.each(HOSTILE)('%s', (_, value) => {
  const calls: [string, () => unknown][] = [
    ...Object.entries(OPTIONS).flatMap(([name, options]): [string, () => unknown][] => [
      [name, () => named(library, name)(value)],
      ...options.map((option): [string, () => unknown] => [
        `${name}.${option}`,
        () => named(library, name)({ [option]: value }),
      ]),
    ]),
    ...METRICS.flatMap((name): [string, () => unknown][] => [
      [`${name}, yTrue`, () => named(library, name)(value, y)],
      [`${name}, yPred`, () => named(library, name)([0, 1], value)],
      [`${name}, options`, () => named(library, name)([0, 1], [0, 1], value)],
      [`${name}, weights`, () => named(library, name)([0, 1], [0, 1], { sampleWeight: value })],
    ]),
    ...['csvLogger', 'modelCheckpoint', 'fileCheckpoint'].flatMap((name): [string, () => unknown][] => [
      [name, () => named(node, name)(value, { everySteps: 1 })],
      [`${name}, options`, () => named(node, name)('file', value)],
    ]),
    ['learningRateScheduler', () => named(library, 'learningRateScheduler')(value)],
    ['learningRateScheduler, options', () => named(library, 'learningRateScheduler')(() => 1, value)],
    ['registerLoss', () => named(library, 'registerLoss')(value)],
    ['registerMetric', () => named(library, 'registerMetric')(value)],
    ['checkGradients', () => named(library, 'checkGradients')(value, x, y)],
    ['checkGradients, options', () => named(library, 'checkGradients')(make(), x, y, value)],
    ['crossValidate', () => named(library, 'crossValidate')(value, x, y, {})],
    ['crossValidate, options', () => named(library, 'crossValidate')(make, x, y, value)],
    ['randomSearch', () => named(library, 'randomSearch')(value, {})],
    ['randomSearch, score', () => named(library, 'randomSearch')({ a: [1] }, value)],
    ['randomSearch, onTrial', () => named(library, 'randomSearch')({ a: [1] }, () => 1, { onTrial: value })],
    ['randomSearch, options', () => named(library, 'randomSearch')({ a: [1] }, () => 1, value)],
  ];

  it('is an option like any other, or a typed error', async () => {
    const found = await Promise.all(calls.map(([what, work]) => strange(what, work)));
    expect(found.flat()).toEqual([]);
  });

  it('in fit, evaluate and predict, and what they are given', async () => {
    const model = make() as unknown as Record<string, Loose>;
    const given: [string, () => unknown][] = [
      ...FIT.map((name): [string, () => unknown] => [
        `fit.${name}`,
        () => make().fit(x, y, { ...quiet, [name]: value }),
      ]),
      ['fit.callbacks[0]', () => make().fit(x, y, { ...quiet, callbacks: [value as never] })],
      ['x', () => model.fit?.(value, y, quiet)],
      ['y', () => model.fit?.(x, value, quiet)],
      ['options', () => model.fit?.(x, y, value)],
      ['batches', () => model.fit?.(() => value)],
      ['a batch', () => model.fit?.(() => [value])],
      ['x of a batch', () => model.fit?.(() => [[value, y]])],
      ['y of a batch', () => model.fit?.(() => [[x, value]])],
      ['weights of a batch', () => model.fit?.(() => [[x, y, value]])],
      ['options of batches', () => model.fit?.(() => [[x, y]], value)],
      ['stepsPerEpoch', () => model.fit?.(() => [[x, y]], { stepsPerEpoch: value })],
      ['evaluate', () => model.evaluate?.(value, y)],
      ['evaluate, y', () => model.evaluate?.(x, value)],
      ['evaluate, options', () => model.evaluate?.(x, y, value)],
      ['evaluate batches, options', () => model.evaluate?.(() => [[x, y]], value)],
      ['predict', () => model.predict?.(value)],
      ['predict, options', () => model.predict?.(x, value)],
      ['predict batches, options', () => model.predict?.(() => [x], value)],
      ['gradientReport', () => model.gradientReport?.(value, y)],
      ['gradientReport, options', () => model.gradientReport?.(x, y, value)],
      ['compile, loss', () => model.compile?.({ loss: value })],
      ['compile, metrics', () => model.compile?.({ loss: 'huber', metrics: value })],
      ['compile, a metric', () => model.compile?.({ loss: 'huber', metrics: [value] })],
      ['compile, optimizer', () => model.compile?.({ loss: 'huber', optimizer: value })],
    ];
    for (const [what, work] of given) expect(await strange(what, work)).toEqual([]);
  });

  it('as what a function of the user returns', async () => {
    const rate = named(library, 'learningRateScheduler')(() => value) as library.Callback;
    const own = { loss: () => value as number };
    const metric = {
      loss: 'huber' as const,
      metrics: [
        function mine() {
          return value as number;
        },
      ],
    };
    const fits: [string, () => unknown][] = [
      ['a learning rate', () => make().fit(x, y, { ...quiet, callbacks: [rate] })],
      ['a loss', () => make().compile(own).fit(x, y, quiet)],
      ['a metric', () => make().compile(metric).fit(x, y, quiet)],
    ];
    for (const [what, work] of fits) expect(await strange(what, work)).toEqual([]);
  });
});
