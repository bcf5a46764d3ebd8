/** Metrics as functions of arrays, functions of the user's as metrics, and what is refused. */
import { describe, expect, it } from 'vitest';
import {
  accuracy,
  activation,
  auc,
  averagePrecision,
  calibrationCurve,
  cohenKappa,
  confusionMatrix,
  dense,
  deserializeModel,
  expectedCalibrationError,
  f1,
  type LossName,
  logLoss,
  lstm,
  type MetricInput,
  matthews,
  meanAbsoluteScaledError,
  precision,
  quantileLoss,
  r2Score,
  recall,
  rootMeanSquaredError,
  sequential,
  serializeModel,
  specificity,
  symmetricMeanAbsolutePercentageError,
  type Tensor,
  tensor,
  topKAccuracy,
} from '../../src/index.js';
import { errorOf } from '../support/bits.js';

describe('by hand', () => {
  it('precision, recall, F1 and specificity of one output', () => {
    const yTrue = [1, 1, 1, 0, 0];
    const yPred = [0.9, 0.6, 0.2, 0.7, 0.1]; // 2 hits, 1 false alarm, 1 missed, 1 rightly left
    expect(precision(yTrue, yPred)).toBeCloseTo(2 / 3, 15);
    expect(recall(yTrue, yPred)).toBeCloseTo(2 / 3, 15);
    expect(recall(yTrue, yPred, { threshold: 0.1 })).toBe(1);
    expect(f1(yTrue, yPred)).toBeCloseTo(2 / 3, 15);
    expect(specificity(yTrue, yPred)).toBe(0.5);
    expect(confusionMatrix(yTrue, yPred)).toEqual([
      [1, 1],
      [1, 2],
    ]);
  });

  it('the mean absolute scaled error: an error of a half of what the naive forecast errs by', () => {
    expect(meanAbsoluteScaledError([10, 20], [11, 19], { series: [1, 3, 5, 7] })).toBe(0.5);
    expect(meanAbsoluteScaledError([10, 20], [11, 19], { series: [1, 3, 2, 5], period: 2 })).toBe(1 / 1.5);
    expect(meanAbsoluteScaledError([10, 20], [11, 19], { scale: 4 })).toBe(0.25);
  });

  it('the k largest: of outputs that tie the first come first', () => {
    const tied = [[0.25, 0.25, 0.25, 0.25]];
    expect([0, 1, 2, 3].map((truth) => topKAccuracy([truth], tied, { k: 2 }))).toEqual([1, 1, 0, 0]);
    expect(topKAccuracy([3], tied)).toBe(1); // five of four
  });

  it('a quantile weighs what is above and below', () => {
    expect(quantileLoss([1], [0], { quantile: 0.9 })).toBeCloseTo(0.9, 15);
    expect(quantileLoss([0], [1], { quantile: 0.9 })).toBeCloseTo(0.1, 15);
  });

  it('a prediction on the edge of a bin is in the lower one, and 0 in the first', () => {
    const bins = calibrationCurve([1, 0, 1, 0], [0, 0.5, 0.51, 1], { bins: 2 });
    expect(bins.map(({ count }) => count)).toEqual([2, 2]);
    expect(bins.map(({ from, to }) => [from, to])).toEqual([
      [0, 0.5],
      [0.5, 1],
    ]);
    expect(expectedCalibrationError([1, 0], [1, 0])).toBe(0);
    expect(expectedCalibrationError([0], [Number.NaN])).toBeNaN();
  });

  it('what is not defined: 0 for a share of none, NaN for an order of one class, as in scikit-learn', () => {
    expect(precision([1, 0], [0.1, 0.2])).toBe(0);
    expect(recall([0, 0], [0.9, 0.2])).toBe(0);
    expect(f1([0, 0], [0.1, 0.2])).toBe(0);
    expect(matthews([1, 1], [0.9, 0.2])).toBe(0);
    expect(cohenKappa([1, 1], [0.9, 0.9])).toBeNaN();
    expect(averagePrecision([0, 0], [0.9, 0.9])).toBeNaN();
    expect(averagePrecision([1, 0], [0.9, Number.NaN])).toBeNaN();
    expect(r2Score([3], [3])).toBeNaN();
    expect(r2Score([3, 3], [3, 3])).toBe(1);
    expect(r2Score([3, 3], [3, 4])).toBe(0);
    expect(symmetricMeanAbsolutePercentageError([0], [0])).toBe(0);
    expect(logLoss([1], [0])).toBeCloseTo(-Math.log(Number.EPSILON), 10);
  });
});

describe('what arrays may be', () => {
  it('typed arrays, tensors, booleans, columns', () => {
    const expected = auc([0, 1, 0, 1], [0.1, 0.4, 0.5, 0.8]);
    expect(expected).toBe(0.75);
    const yTrue = [false, true, false, true] as unknown as number[];
    expect(auc(yTrue, Float64Array.of(0.1, 0.4, 0.5, 0.8))).toBe(expected);
    expect(auc(tensor([0, 1, 0, 1], [4, 1]), [[0.1], [0.4], [0.5], [0.8]])).toBe(expected);
    expect(auc(Uint8Array.of(0, 1, 0, 1), tensor(Float64Array.of(0.1, 0.4, 0.5, 0.8), [4]))).toBe(expected);
  });

  it('sequences of unequal lengths; the padding of a tensor with lengths is left out', () => {
    const padded = tensor([0.9, 0.2, Number.NaN, 0.4, 0.6, 0.1], [2, 3, 1], { lengths: [2, 3] });
    const yTrue = [
      [1, 0],
      [1, 1, 0],
    ];
    expect(accuracy(yTrue, padded)).toBe(0.8);
    expect(
      accuracy(yTrue, [
        [[0.9], [0.2]],
        [[0.4], [0.6], [0.1]],
      ]),
    ).toBe(0.8);
    expect(
      accuracy(
        [
          [1, 0, 9],
          [1, 1, 0],
        ],
        padded,
      ),
    ).toBe(0.8);
    expect(accuracy(yTrue, padded, { sampleWeight: [2, 1] })).toBeCloseTo(6 / 7, 15);
    expect(
      accuracy(yTrue, padded, {
        sampleWeight: [
          [1, 1],
          [0, 1, 1],
        ],
      }),
    ).toBe(1);
  });

  it("a model's own predictions", () => {
    const model = sequential([lstm(3, { returnSequences: true }), dense(2, { activation: 'softmax' })], {
      seed: 3,
    });
    const x = [
      [[1], [2]],
      [[3], [4], [5]],
    ];
    const y = [
      [0, 1],
      [1, 1, 0],
    ];
    model.compile({ loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy', 'auc', 'logLoss'] });
    const found = model.evaluate(x, y);
    const yPred = model.predict(x);
    expect(accuracy(y, yPred)).toBe(found.accuracy);
    expect(auc(y, yPred)).toBe(found.auc);
    expect(logLoss(y, yPred)).toBeCloseTo(found.logLoss as number, 12);
    expect(found.logLoss).toBeCloseTo(found.loss as number, 6);
  });
});

describe('a function as a metric', () => {
  function largestError(yTrue: Tensor, yPred: Tensor): number {
    return Math.max(...yTrue.data.map((t, k) => Math.abs(t - (yPred.data[k] as number))));
  }

  it('sees every row that counts once, in any number of batches', () => {
    const seen: unknown[] = [];
    function watch(yTrue: Tensor, yPred: Tensor, sampleWeight: Float64Array) {
      seen.push(yTrue.shape, [...yPred.data], [...sampleWeight]);
      return f1(yTrue, yPred, { sampleWeight });
    }
    const model = sequential([activation('linear')], { precision: 'float64' });
    model.compile({ loss: 'binaryCrossentropy', metrics: [watch, largestError, 'f1'] });
    const x = [[0.25], [0.5], [0.75]];
    const found = model.evaluate(x, [0, 1, 1], { sampleWeight: [1, 0, 2], batchSize: 2 });
    expect(seen).toEqual([
      [2, 1],
      [0.25, 0.75],
      [1, 2],
    ]);
    expect(found.watch).toBe(found.f1);
    expect(found.largestError).toBe(0.25);
  });

  it('is recorded in the history, and must return a number', async () => {
    const model = sequential([dense(1)], { seed: 1 });
    model.compile({ loss: 'meanSquaredError', metrics: [largestError] });
    const { history } = await model.fit([[1], [2], [3]], [1, 2, 3], { epochs: 2, validationSplit: 0.34 });
    expect(history.largestError?.every(Number.isFinite)).toBe(true);
    expect(history.val_largestError).toHaveLength(2);
    const nothing = (() => undefined) as unknown as () => number;
    model.compile({ loss: 'meanSquaredError', metrics: [nothing] });
    expect(await errorOf(() => model.evaluate([[1]], [1]))).toEqual({
      name: 'ConfigError',
      message: "metric 'nothing' returns a number but gave undefined",
    });
  });

  it('cannot be saved', async () => {
    const model = sequential([dense(1)], { seed: 1 }).compile({ loss: 'huber', metrics: [largestError] });
    model.build([2]);
    expect((await errorOf(() => serializeModel(model))).message).toContain(
      "metric 'largestError' is a function of your own",
    );
  });
});

describe('in a model', () => {
  it('metrics with options are saved and loaded', () => {
    const model = sequential([dense(2, { activation: 'softmax' })], { seed: 2 });
    const series = Float64Array.of(1, 2, 4);
    const metrics: MetricInput[] = [
      'auc',
      f1,
      precision({ classIndex: 1 }),
      precision({ average: 'micro', name: 'all' }),
      topKAccuracy({ k: 1 }),
      expectedCalibrationError({ bins: 4 }),
    ];
    model.compile({ loss: 'sparseCategoricalCrossentropy', metrics }).build([3]);
    const x = [
      [1, 2, 3],
      [3, 2, 1],
      [0, 1, 0],
    ];
    const found = model.evaluate(x, [0, 1, 1]);
    expect(Object.keys(found)).toEqual([
      'loss',
      'auc',
      'f1',
      'precision',
      'all',
      'topKAccuracy',
      'expectedCalibrationError',
    ]);
    expect(deserializeModel(serializeModel(model)).evaluate(x, [0, 1, 1])).toEqual(found);
    model.compile({ loss: 'categoricalCrossentropy', metrics: [meanAbsoluteScaledError({ series })] });
    const oneHot = [
      [1, 0],
      [0, 1],
      [0, 1],
    ];
    const scaled = model.evaluate(x, oneHot);
    expect(deserializeModel(serializeModel(model)).evaluate(x, oneHot)).toEqual(scaled);
  });

  it('rootMeanSquaredError is the root of the loss', () => {
    const model = sequential([dense(2)], { seed: 2, precision: 'float64' });
    model.compile({ loss: 'meanSquaredError', metrics: [rootMeanSquaredError] });
    const { loss, rootMeanSquaredError: root } = model.evaluate(
      [[1], [2]],
      [
        [1, 2],
        [0, 1],
      ],
    );
    expect((root as number) ** 2).toBeCloseTo(loss as number, 12);
  });
});

describe('refused', () => {
  const wrong: [string, () => unknown, string, string][] = [
    ['unequal rows', () => auc([0, 1], [0.5]), 'ShapeError', 'auc: yTrue has 2 rows but yPred has 1'],
    [
      'columns',
      () => auc([[0, 1]], [[0.5, 0.2, 0.1]]),
      'ShapeError',
      'auc: yTrue has 2 columns but yPred has 3',
    ],
    ['nothing', () => auc([], []), 'DataError', 'auc needs at least one row'],
    ['no array', () => f1(3 as never, [1]), 'ShapeError', 'f1: yTrue has rank 1 or 2 but is 3'],
    ['a text', () => f1([0, 1], [0.1, 'b'] as never), 'DataError', "f1: yPred is 'b' at row 1, not a number"],
    [
      'ragged',
      () => f1([[1, 0]], [[1, 0], [1]]),
      'ShapeError',
      'f1: yPred has 1 columns at row 1 but 2 before',
    ],
    [
      'steps',
      () => accuracy([[1, 0]], [[[0.1], [0.2], [0.3]]]),
      'ShapeError',
      'accuracy: yTrue has 2 steps in row 0 but yPred has 3',
    ],
    [
      'a class too many',
      () => logLoss([2], [[0.5, 0.5]]),
      'DataError',
      'logLoss: yTrue holds 2, which is not a class from 0 to 1',
    ],
    [
      'a negative weight',
      () => auc([0], [1], { sampleWeight: [-1] }),
      'DataError',
      'auc: sampleWeight must be at least 0 everywhere but is -1',
    ],
    [
      'no weight',
      () => auc([0], [1], { sampleWeight: [0] }),
      'DataError',
      'auc: sampleWeight is 0 everywhere',
    ],
    [
      'a threshold',
      () => precision({ threshold: 2 }),
      'ConfigError',
      'precision: threshold must be a number at least 0 and at most 1 but is 2',
    ],
    [
      'an average',
      () => precision({ average: 'all' as never }),
      'ConfigError',
      "precision: average is 'macro', 'weighted' or 'micro' but is 'all'",
    ],
    [
      'an average of one class',
      () => f1({ average: 'macro', classIndex: 1 }),
      'ConfigError',
      'f1 takes an average of all classes or the classIndex of one, not both',
    ],
    [
      'a class that is not there',
      () => f1([0], [[0.1, 0.9]], { classIndex: 2 }),
      'ConfigError',
      'f1: classIndex is 2 but there are 2 outputs',
    ],
    [
      'a threshold among classes',
      () => matthews([0], [[0.1, 0.9]], { threshold: 0.3 }),
      'ConfigError',
      'matthews: there is no threshold where the largest of several outputs decides: leave it out',
    ],
    [
      'no series',
      () => meanAbsoluteScaledError(),
      'ConfigError',
      'meanAbsoluteScaledError needs the series before the predictions: meanAbsoluteScaledError({ series: [...] })',
    ],
    [
      'a constant series',
      () => meanAbsoluteScaledError({ series: [1, 1, 1] }),
      'DataError',
      'meanAbsoluteScaledError: the series of 3 values has no change over 1 step to scale by',
    ],
    [
      'an option',
      () => auc({ curve: 'PR' } as never),
      'ConfigError',
      "auc: option 'curve' is not known: use one of average, name",
    ],
    ['a name', () => auc({ name: '' }), 'ConfigError', "auc: name is a text but is ''"],
    [
      'k',
      () => topKAccuracy({ k: 0 }),
      'ConfigError',
      'topKAccuracy: k must be a number at least 1 but is 0',
    ],
  ];

  it.each(wrong)('%s', async (_what, work, name, message) => {
    expect(await errorOf(work)).toEqual({ name, message });
  });

  it('kappa of outputs that each decide for themselves', async () => {
    const model = sequential([dense(3, { activation: 'sigmoid' })], { seed: 1 });
    const loss: LossName = 'binaryCrossentropy';
    model.compile({ loss, metrics: ['cohenKappa'] });
    expect((await errorOf(() => model.evaluate([[1]], [[1, 0, 1]]))).message).toBe(
      'cohenKappa is of one decision a row, but there are 3 outputs that each decide for themselves',
    );
  });
});
