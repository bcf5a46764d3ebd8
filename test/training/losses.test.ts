/** Losses through the public API: published numbers, formulas by hand, and logits at which nothing may be lost. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ActivationName,
  activation,
  binaryCrossentropy,
  binaryFocalCrossentropy,
  categoricalCrossentropy,
  categoricalFocalCrossentropy,
  ctc,
  dropout,
  gaussianNegativeLogLikelihood,
  huber,
  type Loss,
  type LossName,
  meanAbsoluteError,
  meanSquaredError,
  type Precision,
  poisson,
  quantile,
  type SampleWeightInput,
  sequential,
  sparseCategoricalCrossentropy,
  type TargetInput,
} from '../../src/index.js';
import { toLoss } from '../../src/training/losses.js';
import { errorOf, isClose } from '../support/bits.js';
import { inputOf } from '../support/models.js';

interface Asked {
  loss: LossName | Loss;
  /** What the model's outputs go through before the loss. */
  through?: ActivationName;
  outputs: number[][];
  y: TargetInput;
  sampleWeight?: SampleWeightInput;
  precision?: Precision;
}

/** A model without weights: its output is its input, through an activation. */
function modelOf({ loss, through = 'linear', outputs, precision = 'float64' }: Asked) {
  const model = sequential([activation(through)], { precision, seed: 1 } as {
    precision: 'float64';
    seed: number;
  });
  model.compile({ loss });
  return model.build([(outputs[0] as number[]).length]);
}

function lossOf(asked: Asked): number {
  const { outputs, y, sampleWeight } = asked;
  return modelOf(asked).evaluate(outputs, y, sampleWeight ? { sampleWeight } : {}).loss as number;
}

/** The gradient of the loss by every output, before the activation. */
function gradientOf(asked: Asked): number[] {
  const { outputs, y, sampleWeight } = asked;
  const model = modelOf(asked);
  const network = model.internals.network;
  if (!network) throw new Error('not built');
  network.wantsInputGradient = true;
  model.trainOnBatch(outputs, y, sampleWeight ? { sampleWeight } : {});
  return Array.from(inputOf(network.pass(outputs.length, [1], true)).gradient?.array ?? []);
}

function expectClose(found: number, expected: number, tolerance = 1e-12) {
  expect(isClose(found, expected, tolerance), `${found}, not ${expected}`).toBe(true);
}

/** Relative closeness, however small the number is. */
function expectSame(found: number, expected: number, tolerance = 1e-12) {
  const error = expected === 0 ? Math.abs(found) : Math.abs(found / expected - 1);
  expect(error, `${found}, not ${expected}`).toBeLessThanOrEqual(tolerance);
}

describe("the numbers of Keras's own documentation", () => {
  const logits = [
    [-18.6, 0.51],
    [2.94, -12.8],
  ];
  const binary = [
    [0, 1],
    [0, 0],
  ];
  const probabilities = [
    [0.05, 0.95, 0],
    [0.1, 0.8, 0.1],
  ];
  const oneHot = [
    [0, 1, 0],
    [0, 0, 1],
  ];
  const outputs = [
    [1, 1],
    [1, 0],
  ];
  const halves = [
    [0.6, 0.4],
    [0.4, 0.6],
  ];
  const cases: [string, Asked, number][] = [
    [
      'binary cross-entropy of logits',
      { loss: binaryCrossentropy({ fromLogits: true }), outputs: logits, y: binary },
      0.865,
    ],
    [
      'the same through a sigmoid',
      { loss: 'binaryCrossentropy', through: 'sigmoid', outputs: logits, y: binary },
      0.865,
    ],
    [
      'the same with weights',
      {
        loss: binaryCrossentropy({ fromLogits: true }),
        outputs: logits,
        y: binary,
        sampleWeight: [0.8, 0.2],
      },
      0.243,
    ],
    [
      'binary cross-entropy of probabilities',
      { loss: 'binaryCrossentropy', outputs: halves, y: binary },
      (0.916 + 0.714) / 2,
    ],
    [
      'categorical cross-entropy',
      { loss: 'categoricalCrossentropy', outputs: probabilities, y: oneHot },
      1.177,
    ],
    [
      'the same with weights',
      { loss: 'categoricalCrossentropy', outputs: probabilities, y: oneHot, sampleWeight: [0.3, 0.7] },
      0.814,
    ],
    [
      'sparse categorical cross-entropy',
      { loss: 'sparseCategoricalCrossentropy', outputs: probabilities, y: [1, 2] },
      1.177,
    ],
    [
      'the same with weights',
      { loss: 'sparseCategoricalCrossentropy', outputs: probabilities, y: [1, 2], sampleWeight: [0.3, 0.7] },
      0.814,
    ],
    ['mean squared error', { loss: 'meanSquaredError', outputs, y: binary }, 0.5],
    [
      'the same with weights',
      { loss: 'meanSquaredError', outputs, y: binary, sampleWeight: [0.7, 0.3] },
      0.25,
    ],
    ['mean absolute error', { loss: 'meanAbsoluteError', outputs, y: binary }, 0.5],
    ['huber', { loss: 'huber', outputs: halves, y: binary }, 0.155],
  ];

  it.each(cases)('%s', (_name, asked, expected) => {
    expect(Math.abs(lossOf(asked) - expected)).toBeLessThan(1e-3);
  });
});

describe('the formulas by hand', () => {
  it('binary cross-entropy of probabilities, clipped at 1e-7 as in Keras', () => {
    const p = [[0.9, 0.2, 0, 1]];
    const y = [[1, 0, 1, 0.25]];
    const clipped = -Math.log(1e-7);
    const last = -0.25 * Math.log(1 - 1e-7) - 0.75 * Math.log(1e-7);
    expectClose(
      lossOf({ loss: 'binaryCrossentropy', outputs: p, y }),
      (-Math.log(0.9) - Math.log(0.8) + clipped + last) / 4,
      1e-9,
    );
  });

  it('categorical cross-entropy divides by the sum of the outputs first', () => {
    const outputs = [[0.2, 0.2, 0.4]];
    expectClose(lossOf({ loss: 'categoricalCrossentropy', outputs, y: [[0, 0, 1]] }), -Math.log(0.5));
    expectClose(lossOf({ loss: 'sparseCategoricalCrossentropy', outputs, y: [0] }), -Math.log(0.25));
    const soft = -0.3 * Math.log(0.25) - 0.7 * Math.log(0.5);
    expectClose(lossOf({ loss: 'categoricalCrossentropy', outputs, y: [[0.3, 0, 0.7]] }), soft);
  });

  it('huber is half a square up to delta, and a line beyond', () => {
    const outputs = [[0.5, -3]];
    expectClose(lossOf({ loss: 'huber', outputs, y: [[0, 0]] }), (0.125 + 2.5) / 2);
    expectClose(lossOf({ loss: huber({ delta: 2 }), outputs, y: [[0, 0]] }), (0.125 + 2 * (3 - 1)) / 2);
    expect(gradientOf({ loss: huber({ delta: 2 }), outputs, y: [[0, 0]] })).toEqual([0.25, -1]);
  });

  it('squared and absolute errors are means over the outputs', () => {
    const outputs = [[1, 2, 3]];
    const y = [[0, 4, 3]];
    expectClose(lossOf({ loss: 'meanSquaredError', outputs, y }), 5 / 3);
    expectClose(lossOf({ loss: 'meanAbsoluteError', outputs, y }), 1);
    expect(gradientOf({ loss: 'meanAbsoluteError', outputs, y }).map((g) => 3 * g)).toEqual([1, -1, 0]);
    gradientOf({ loss: 'meanSquaredError', outputs, y }).forEach(
      (g, k) => void expectClose(3 * g, [2, -4, 0][k] as number),
    );
  });
});

const extreme = [100, -100, 700, -700, 36, -36, 0, 1e4, -1e4];

describe.each(extreme)('a logit of %d', (z) => {
  const logistic = (x: number) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
  const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

  it.each([0, 1, 0.25])('loses nothing in a binary cross-entropy with target %d', (t) => {
    const expected = (t === 0 ? 0 : t * softplus(-z)) + (t === 1 ? 0 : (1 - t) * softplus(z));
    const gradient = (1 - t) * logistic(z) - t * logistic(-z);
    for (const asked of [
      { loss: 'binaryCrossentropy', through: 'sigmoid' },
      { loss: binaryCrossentropy({ fromLogits: true }) },
    ] as const) {
      expectSame(lossOf({ ...asked, outputs: [[z]], y: [t] }), expected);
      expectSame(gradientOf({ ...asked, outputs: [[z]], y: [t] })[0] as number, gradient);
    }
  });

  it.each([0, 1])('loses nothing in a categorical cross-entropy with class %d of two', (truth) => {
    // Two classes with logits z and 0 are one logit of z, or of -z.
    const sign = truth === 0 ? 1 : -1;
    const expected = softplus(-sign * z);
    const gradient = -sign * logistic(-sign * z);
    const oneHot = [truth === 0 ? [1, 0] : [0, 1]];
    for (const asked of [
      { loss: 'categoricalCrossentropy', through: 'softmax', y: oneHot },
      { loss: categoricalCrossentropy({ fromLogits: true }), y: oneHot },
      { loss: 'sparseCategoricalCrossentropy', through: 'softmax', y: [truth] },
      { loss: sparseCategoricalCrossentropy({ fromLogits: true }), y: [truth] },
    ] as const) {
      expectSame(lossOf({ ...asked, outputs: [[z, 0]] } as Asked), expected);
      const [first, second] = gradientOf({ ...asked, outputs: [[z, 0]] } as Asked) as [number, number];
      expectSame(first, gradient);
      expectSame(second, -gradient);
    }
  });

  it('is finite in single precision too, loss and gradient', () => {
    for (const y of [0, 1]) {
      for (const asked of [
        { loss: 'binaryCrossentropy', through: 'sigmoid', outputs: [[z]], y: [y] },
        { loss: 'sparseCategoricalCrossentropy', through: 'softmax', outputs: [[z, 0, -z]], y: [y] },
        { loss: 'categoricalCrossentropy', through: 'softmax', outputs: [[z, 0]], y: [[y, 1 - y]] },
      ] as const) {
        const single = { ...asked, precision: 'float32' } as unknown as Asked;
        expectClose(lossOf(single), lossOf(asked as unknown as Asked), 1e-6);
        for (const g of gradientOf(single)) expect(Number.isFinite(g)).toBe(true);
      }
    }
  });
});

describe('probability forms and logit forms', () => {
  const logits = fc.array(fc.double({ min: -8, max: 8, noNaN: true }), { minLength: 3, maxLength: 3 });

  it('agree where nothing saturates, in loss and gradient', () => {
    fc.assert(
      fc.property(logits, fc.nat(2), (z, truth) => {
        const oneHot = [[0, 1, 2].map((k) => (k === truth ? 1 : 0))];
        const pairs: [Asked, Asked][] = [
          [
            { loss: 'categoricalCrossentropy', through: 'softmax', outputs: [z], y: oneHot },
            { loss: categoricalCrossentropy({ fromLogits: true }), outputs: [z], y: oneHot },
          ],
          [
            { loss: 'sparseCategoricalCrossentropy', through: 'softmax', outputs: [z], y: [truth] },
            { loss: 'categoricalCrossentropy', through: 'softmax', outputs: [z], y: oneHot },
          ],
          [
            { loss: 'binaryCrossentropy', through: 'sigmoid', outputs: [z], y: oneHot },
            { loss: binaryCrossentropy({ fromLogits: true }), outputs: [z], y: oneHot },
          ],
        ];
        for (const [a, b] of pairs) {
          expectClose(lossOf(a), lossOf(b));
          const expected = gradientOf(b);
          gradientOf(a).forEach((g, k) => void expectClose(g, expected[k] as number));
        }
        const e = z.map((value) => Math.exp(value));
        const sum = e.reduce((total, value) => total + value, 0);
        const p = e.map((value) => value / sum);
        const byProbability: Asked = { loss: 'categoricalCrossentropy', outputs: [p], y: oneHot };
        expectClose(lossOf(byProbability), Math.min(-Math.log(1e-7), -Math.log(p[truth] as number)), 1e-6);
      }),
      { numRuns: 100 },
    );
  });

  it('agree through a layer that hides the logits, to the digits that probabilities have', () => {
    const outputs = [[0.3, -2, 1]];
    const seen = sequential([activation('softmax')], { precision: 'float64' });
    const hidden = sequential([activation('softmax'), dropout(0), activation('linear')], {
      precision: 'float64',
    });
    for (const model of [seen, hidden]) model.compile({ loss: 'sparseCategoricalCrossentropy' });
    expectClose(seen.evaluate(outputs, [1]).loss as number, hidden.evaluate(outputs, [1]).loss as number);
  });

  it('an activation that a loss cannot see through is computed from its probabilities', () => {
    const z = 2;
    const p = z / 6 + 0.5;
    expectClose(
      lossOf({ loss: 'binaryCrossentropy', through: 'hardSigmoid', outputs: [[z]], y: [1] }),
      -Math.log(p),
    );
    // A softmax under a binary cross-entropy: each output on its own.
    const q = 1 / (1 + Math.exp(-1));
    const asked: Asked = { loss: 'binaryCrossentropy', through: 'softmax', outputs: [[1, 0]], y: [[1, 0]] };
    expectClose(lossOf(asked), -Math.log(q));
  });
});

describe('names and options of losses', () => {
  const names: LossName[] = [
    'binaryCrossentropy',
    'categoricalCrossentropy',
    'sparseCategoricalCrossentropy',
    'meanSquaredError',
    'meanAbsoluteError',
    'huber',
  ];

  it.each(names)('%s comes out of its own config', (name) => {
    const loss = toLoss(name);
    expect(loss.name).toBe(name);
    expect(toLoss(JSON.parse(JSON.stringify(loss.config()))).config()).toEqual(loss.config());
  });

  it('as functions they are the same', () => {
    const made = [binaryCrossentropy, categoricalCrossentropy, sparseCategoricalCrossentropy];
    for (const make of [...made, meanSquaredError, meanAbsoluteError, huber]) {
      expect(make().config()).toEqual(toLoss(make.name as LossName).config());
    }
    expect(toLoss(JSON.parse(JSON.stringify(huber({ delta: 3 }).config()))).config()).toEqual({
      name: 'huber',
      delta: 3,
    });
  });

  const anything = (value: unknown) => value as never;
  const compile = (loss: unknown) => sequential().compile({ loss: anything(loss) });
  const wrong: [string, () => unknown, string | RegExp][] = [
    [
      "Keras's snake case",
      () => compile('mean_squared_errors'),
      "loss 'mean_squared_errors' is not known: did you mean 'meanSquaredError'?",
    ],
    [
      'a misspelt name',
      () => compile('binaryCrosentropy'),
      "loss 'binaryCrosentropy' is not known: did you mean 'binaryCrossentropy'?",
    ],
    ['mse', () => compile('mse'), "loss 'mse' is not known: write 'meanSquaredError'"],
    ['mae', () => compile('mae'), "loss 'mae' is not known: write 'meanAbsoluteError'"],
    ['bce', () => compile('bce'), "loss 'bce' is not known: write 'binaryCrossentropy'"],
    [
      'what is nothing like any',
      () => compile('wasserstein'),
      /^loss 'wasserstein' is not known: use one of binaryCrossentropy, .*, ctc$/,
    ],
    ['a number', () => compile(7), 'loss is a name or one itself, such as binaryCrossentropy(), but got 7'],
    [
      'a function without a name',
      () => compile(() => 0),
      'a loss of your own needs a name: { name, forward, backward }, or a function with one',
    ],
    [
      'half a loss',
      () => compile({ name: 'half', forward: () => 0 }),
      "loss 'half' needs the functions forward and backward",
    ],
    [
      'targets of a loss that are not known',
      () => compile({ name: 'mine', targets: 'labels', forward: () => 0, backward: () => {} }),
      "loss 'mine': targets is one of values, probabilities, distribution, classes, signs, counts but is 'labels'",
    ],
    [
      'no loss',
      () => sequential().compile(anything({})),
      "compile needs a loss, such as { loss: 'binaryCrossentropy' }",
    ],
    [
      'an unknown option of compile',
      () => sequential().compile(anything({ loss: 'huber', metric: [] })),
      "compile: option 'metric' is not known: did you mean 'metrics'?",
    ],
    ['a delta of 0', () => huber({ delta: 0 }), 'huber: delta must be a number above 0 but is 0'],
    [
      'from_logits',
      () => binaryCrossentropy(anything({ from_logits: true })),
      "binaryCrossentropy: option 'from_logits' is not known: did you mean 'fromLogits'?",
    ],
    [
      'labelSmoothing of 1',
      () => categoricalCrossentropy({ labelSmoothing: 1 }),
      'categoricalCrossentropy: labelSmoothing must be a number at least 0 and below 1 but is 1',
    ],
    [
      'a quantile of 1',
      () => quantile({ quantiles: [0.5, 1] }),
      'quantile: quantiles[1] must be a number above 0 and below 1 but is 1',
    ],
    [
      'no quantiles',
      () => quantile({ quantiles: [] }),
      'quantile: quantiles is an array such as [0.1, 0.5, 0.9] but is an array of 0',
    ],
    [
      'gamma',
      () => binaryFocalCrossentropy({ gamma: -1 }),
      'binaryFocalCrossentropy: gamma must be a number at least 0 but is -1',
    ],
    [
      'alpha',
      () => categoricalFocalCrossentropy({ alpha: 0 }),
      'categoricalFocalCrossentropy: alpha must be a number above 0 but is 0',
    ],
    ['blank', () => ctc({ blank: -1 }), 'ctc: blank must be a number at least 0 but is -1'],
    ['epsilon', () => poisson({ epsilon: 0 }), 'poisson: epsilon must be a number above 0 but is 0'],
    [
      'full',
      () => gaussianNegativeLogLikelihood({ full: anything(1) }),
      'gaussianNegativeLogLikelihood: full must be true or false but is 1',
    ],
    [
      'fromLogits as a number',
      () => sparseCategoricalCrossentropy({ fromLogits: anything(1) }),
      'sparseCategoricalCrossentropy: fromLogits must be true or false but is 1',
    ],
  ];

  it.each(wrong)('%s is a ConfigError', async (_what, work, message) => {
    const error = await errorOf(work);
    expect(error.name).toBe('ConfigError');
    if (typeof message === 'string') expect(error.message).toBe(message);
    else expect(error.message).toMatch(message);
  });
});
