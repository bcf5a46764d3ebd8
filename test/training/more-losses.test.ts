/** Losses behind outputs that do not suit them, losses of the user's, and targets of each kind. */
import { describe, expect, it } from 'vitest';
import {
  activation,
  adam,
  binaryCrossentropy,
  categoricalCrossentropy,
  ctc,
  dense,
  deserializeModel,
  gaussianNegativeLogLikelihood,
  type Layer,
  type LossInput,
  lstm,
  type OwnLoss,
  poisson,
  quantile,
  sequential,
  serializeModel,
  sparseCategoricalCrossentropy,
  tensor,
} from '../../src/index.js';
import { bitsOf, errorOf, isClose } from '../support/bits.js';

const x = [
  [1, 2],
  [0, 1],
  [2, 0],
];

function model(loss: LossInput, ...layers: Layer[]) {
  return sequential(layers, { seed: 4 }).compile({ loss });
}

describe('outputs that a loss cannot take', () => {
  const wrong: [string, LossInput, Layer[], number[] | number[][], string][] = [
    [
      'a linear head under probabilities',
      'binaryCrossentropy',
      [dense(1)],
      [0, 1, 1],
      "binaryCrossentropy takes probabilities but the last layer's activation is 'linear': give it " +
        "{ activation: 'sigmoid' }, or the loss { fromLogits: true }",
    ],
    [
      'a linear head under classes',
      'sparseCategoricalCrossentropy',
      [dense(3)],
      [0, 1, 2],
      "sparseCategoricalCrossentropy takes probabilities but the last layer's activation is 'linear': give it " +
        "{ activation: 'softmax' }, or the loss { fromLogits: true }",
    ],
    [
      'tanh',
      'categoricalCrossentropy',
      [dense(2), activation('tanh')],
      [
        [0, 1],
        [1, 0],
        [1, 0],
      ],
      "categoricalCrossentropy takes probabilities but the last layer's activation is 'tanh': give it " +
        "{ activation: 'softmax' }, or the loss { fromLogits: true }",
    ],
    [
      'logits that were squashed',
      binaryCrossentropy({ fromLogits: true }),
      [dense(1, { activation: 'sigmoid' })],
      [0, 1, 1],
      "binaryCrossentropy squashes the outputs by itself but they went through 'sigmoid' before: leave fromLogits " +
        'out, or the activation',
    ],
    [
      'logits that were squashed by softmax',
      sparseCategoricalCrossentropy({ fromLogits: true }),
      [dense(2), activation('softmax')],
      [0, 1, 1],
      "sparseCategoricalCrossentropy squashes the outputs by itself but they went through 'softmax' before: leave " +
        'fromLogits out, or the activation',
    ],
    [
      'a softmax over one',
      categoricalCrossentropy(),
      [dense(1, { activation: 'softmax' })],
      [1, 1, 1],
      'categoricalCrossentropy is of several classes but the model has one output: give it one a class, or use ' +
        'binaryCrossentropy',
    ],
    [
      'rates below 0',
      'poisson',
      [dense(1)],
      [0, 1, 2],
      "poisson takes numbers above 0 but the last layer's activation is 'linear': give it { activation: 'softplus' }, " +
        'or the loss { logInput: true }',
    ],
    [
      'outputs that are not two a target',
      gaussianNegativeLogLikelihood(),
      [dense(3)],
      [0, 1, 2],
      'gaussianNegativeLogLikelihood needs 2 outputs a target, a mean and a log variance, but the model has 3',
    ],
    [
      'outputs that are not one a quantile',
      quantile({ quantiles: [0.1, 0.9] }),
      [dense(3)],
      [0, 1, 2],
      'quantile needs 2 outputs a target, one for each quantile, but the model has 3',
    ],
    [
      'labels of rows without steps',
      'ctc',
      [dense(3, { activation: 'softmax' })],
      [[1], [1], [1]],
      'ctc needs an output a step: give every lstm { returnSequences: true }',
    ],
  ];

  it.each(wrong)('%s: a ConfigError that says what mends it', async (_what, loss, layers, y, message) => {
    expect(await errorOf(() => model(loss, ...layers).fit(x, y))).toEqual({ name: 'ConfigError', message });
  });

  it('what suits is taken: a hard sigmoid, logits of a linear head, rates of a softplus', async () => {
    const y = [0, 1, 1];
    await model('binaryCrossentropy', dense(1, { activation: 'hardSigmoid' })).fit(x, y);
    await model(binaryCrossentropy({ fromLogits: true }), dense(1)).fit(x, y);
    await model('poisson', dense(1, { activation: 'softplus' })).fit(x, y);
    await model(poisson({ logInput: true }), dense(1)).fit(x, y);
  });
});

describe('targets', () => {
  const wrong: [string, LossInput, number[], string][] = [
    ['hinge', 'hinge', [1, -1, 2], 'y is 2, which is neither 1 nor -1 (or 0), as hinge needs, at row 2'],
    [
      'counts',
      poisson({ logInput: true }),
      [1, -1, 2],
      'y is -1, which is not a finite number from 0 on, as poisson needs, at row 1',
    ],
  ];

  it.each(wrong)('of %s', async (_what, loss, y, message) => {
    expect(await errorOf(() => model(loss, dense(1)).fit(x, y))).toEqual({ name: 'DataError', message });
  });

  it('0 and -1 are the same side of a hinge', () => {
    const ofZeros = model('hinge', dense(1)).evaluate(x, [0, 1, 0]).loss;
    expect(model('hinge', dense(1)).evaluate(x, [-1, 1, -1]).loss).toBe(ofZeros);
  });
});

describe('labels', () => {
  const sequences = [
    [[1], [2], [3], [1]],
    [[2], [1]],
    [[0], [1], [1]],
  ];
  const recognizer = (loss: LossInput = 'ctc') =>
    model(loss, lstm(4, { returnSequences: true }), dense(3, { activation: 'softmax' }));

  it('are learned, however many each row has', async () => {
    const net = recognizer();
    net.compile({ loss: 'ctc', optimizer: adam({ learningRate: 0.02 }) });
    const y = [[1, 2, 1], [2], [1, 2]];
    const { history } = await net.fit(sequences, y, { epochs: 120, batchSize: 2 });
    const losses = history.loss as number[];
    expect(losses.at(-1)).toBeLessThan(0.8 * (losses[0] as number));
    const loss = net.evaluate(sequences, y).loss as number;
    const each = y.map(
      (labels, row) => net.evaluate([sequences[row] as number[][]], [labels]).loss as number,
    );
    expect(isClose(loss, each.reduce((a, b) => a + b, 0) / 3, 1e-6)).toBe(true);
    expect(
      net.evaluate(sequences, tensor([1, 2, 1, 2, 0, 0, 1, 2, 0], [3, 3], { lengths: [3, 1, 2] })).loss,
    ).toBe(loss);
  });

  it.each([
    [
      'too many',
      [[1], [1, 2, 1], [1]],
      'DataError',
      /^the labels of row 1 take at least 3 steps.* x has 2: give it/,
    ],
    ['equal neighbors', [[1], [1, 1], [1]], 'DataError', /^the labels of row 1 take at least 3 steps/],
    [
      'the blank',
      [[1], [0], [1]],
      'DataError',
      /^y is 0 at row 1, label 0, which is no label: the classes are 0 to 2, of which 0/,
    ],
    ['no class', [[1], [3], [1]], 'DataError', /^y is 3 at row 1, label 0/],
    ['a part of one', [[1], [1.5], [1]], 'DataError', /^y is 1.5 at row 1, label 0, which is no class/],
    ['too few rows', [[1], [1]], 'ShapeError', /^y should hold the labels of 3 rows but is 2 rows/],
    ['no array', [[1], 1, [1]], 'ShapeError', /^y should hold an array of labels at row 1 but is 1/],
  ] as const)('%s: an error', async (_what, y, name, message) => {
    const error = await errorOf(() => recognizer().fit(sequences, y as never));
    expect(error.name).toBe(name);
    expect(error.message).toMatch(message);
  });

  it('that do not fit are passed over with zeroInfinity', () => {
    const net = recognizer(ctc({ zeroInfinity: true }));
    const alone = net.evaluate([sequences[0] as number[][]], [[1]]).loss as number;
    const loss = net.evaluate(sequences, [[1], [1, 2, 1], [1, 1, 1]]).loss as number;
    expect(isClose(loss, alone / 3, 1e-6)).toBe(true);
  });

  it('a softmax that the loss cannot see through is an error', async () => {
    const net = model('ctc', lstm(3, { returnSequences: true }));
    expect((await errorOf(() => net.fit(sequences, [[1], [1], [1]]))).message).toBe(
      "ctc needs a softmax right before it: give the last layer { activation: 'softmax' }",
    );
  });
});

describe("a loss of the user's", () => {
  const squared: OwnLoss = {
    name: 'squared',
    forward: (yTrue, yPred) =>
      yPred.reduce((sum, y, k) => sum + (y - (yTrue[k] as number)) ** 2 / yPred.length, 0),
    backward: (yTrue, yPred, gradient) => {
      for (let k = 0; k < yPred.length; k++) {
        gradient[k] = (2 * ((yPred[k] as number) - (yTrue[k] as number))) / yPred.length;
      }
    },
  };
  function squaredAtOnce(yTrue: Float64Array, yPred: Float64Array, gradient: Float64Array) {
    squared.backward(yTrue, yPred, gradient);
    return squared.forward(yTrue, yPred);
  }

  it.each([squared, squaredAtOnce] as LossInput[])(
    'trains as the one of the library, masks and weights too',
    async (loss) => {
      const trained = async (which: LossInput) => {
        const net = model(which, lstm(3, { returnSequences: true }), dense(2));
        const sequences = [[[1], [2], [3]], [[2]], [[1], [1]]];
        const y = [
          [
            [1, 0],
            [1, 1],
            [0, 1],
          ],
          [[2, 2]],
          [
            [1, 2],
            [0, 0],
          ],
        ];
        const { history } = await net.fit(sequences, y, { epochs: 5, sampleWeight: [1, 0.5, 0] });
        return [...(history.loss as number[]), ...net.predict(sequences).data];
      };
      const [mine, theirs] = [await trained(loss), await trained('meanSquaredError')];
      for (const [k, value] of mine.entries()) expect(isClose(value, theirs[k] as number, 1e-5)).toBe(true);
    },
  );

  it('says what its targets are, and cannot be saved', async () => {
    const own: OwnLoss = {
      ...squared,
      name: 'ofClasses',
      targets: 'classes',
      forward: () => 1,
      backward: () => {},
    };
    const net = model(own, dense(3));
    expect((await errorOf(() => net.fit(x, [0, 1, 3]))).message).toBe(
      'y is 3, which is not a class from 0 to 2, at row 2',
    );
    expect(net.evaluate(x, [0, 1, 2]).loss).toBe(1);
    expect((await errorOf(() => serializeModel(net))).message).toContain("loss 'ofClasses' is your own");
    const without = deserializeModel(serializeModel(net, { includeOptimizer: false }));
    expect(bitsOf(without.predict(x).data)).toBe(bitsOf(net.predict(x).data));
    const nothing = { ...squared, forward: () => undefined as unknown as number };
    expect((await errorOf(() => model(nothing, dense(1)).fit(x, [1, 2, 3]))).message).toBe(
      "loss 'squared' returns a number but gave undefined",
    );
  });
});

describe('every loss', () => {
  const labelled: [LossInput, Layer[], number[] | number[][]][] = [
    [binaryCrossentropy({ labelSmoothing: 0.1 }), [dense(1, { activation: 'sigmoid' })], [0, 1, 1]],
    ['binaryFocalCrossentropy', [dense(1, { activation: 'sigmoid' })], [0, 1, 1]],
    [
      'categoricalFocalCrossentropy',
      [dense(2, { activation: 'softmax' })],
      [
        [0, 1],
        [1, 0],
        [1, 0],
      ],
    ],
    [
      sparseCategoricalCrossentropy({ labelSmoothing: 0.1 }),
      [dense(2, { activation: 'softmax' })],
      [0, 1, 1],
    ],
    [
      'klDivergence',
      [dense(2, { activation: 'softmax' })],
      [
        [0.3, 0.7],
        [1, 0],
        [0.5, 0.5],
      ],
    ],
    [poisson({ logInput: true }), [dense(1)], [0, 3, 1]],
    [quantile({ quantiles: [0.1, 0.9] }), [dense(2)], [0, 3, 1]],
    [
      gaussianNegativeLogLikelihood({ full: true }),
      [dense(4)],
      [
        [0, 3],
        [1, 1],
        [2, 1],
      ],
    ],
    ['logCosh', [dense(1)], [0, 3, 1]],
    [
      'cosineSimilarity',
      [dense(2)],
      [
        [0, 3],
        [1, 1],
        [2, 1],
      ],
    ],
    ['squaredHinge', [dense(1)], [1, -1, 1]],
    [
      'categoricalHinge',
      [dense(2)],
      [
        [0, 1],
        [1, 0],
        [1, 0],
      ],
    ],
  ];

  it.each(labelled)('%j goes down, and goes on with the same bits from a file', async (loss, layers, y) => {
    const net = model(loss, ...layers);
    const { history } = await net.fit(x, y, { epochs: 60 });
    expect(history.loss?.at(-1)).toBeLessThan(history.loss?.[0] as number);
    const again = deserializeModel(serializeModel(net));
    await net.fit(x, y, { epochs: 2 });
    await again.fit(x, y, { epochs: 2 });
    expect(bitsOf(again.predict(x).data)).toBe(bitsOf(net.predict(x).data));
  });
});
