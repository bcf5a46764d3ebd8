/** Metrics through the public API: published numbers, brute force, and one value over all rows of an epoch. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ActivationName,
  activation,
  auc,
  binaryCrossentropy,
  type Loss,
  type LossName,
  type MetricInput,
  type MetricName,
  sequential,
  type TargetInput,
} from '../../src/index.js';
import { Ranking } from '../../src/training/metrics/ranking.js';
import { errorOf, isClose } from '../support/bits.js';

function metricsOf(
  loss: LossName | Loss,
  metrics: MetricInput[],
  outputs: number[][],
  y: TargetInput,
  options: { sampleWeight?: number[]; batchSize?: number; through?: ActivationName } = {},
) {
  const { through = 'linear', ...rest } = options;
  const model = sequential([activation(through)], { precision: 'float64' });
  model.compile({ loss, metrics });
  return model.evaluate(outputs, y, rest);
}

describe("the numbers of Keras's own documentation", () => {
  it('binaryAccuracy', () => {
    const outputs = [[0.98], [1], [0], [0.6]];
    const y = [1, 1, 0, 0];
    const name = 'binaryAccuracy';
    expect(metricsOf('binaryCrossentropy', [name], outputs, y)[name]).toBe(0.75);
    const weighted = metricsOf('binaryCrossentropy', [name], outputs, y, { sampleWeight: [1, 0, 0, 1] });
    expect(weighted[name]).toBe(0.5);
  });

  const outputs = [
    [0.1, 0.9, 0.8],
    [0.05, 0.95, 0],
  ];
  const sampleWeight = [0.7, 0.3];

  it('categoricalAccuracy', () => {
    const y = [
      [0, 0, 1],
      [0, 1, 0],
    ];
    const name = 'categoricalAccuracy';
    expect(metricsOf('categoricalCrossentropy', [name], outputs, y)[name]).toBe(0.5);
    expect(metricsOf('categoricalCrossentropy', [name], outputs, y, { sampleWeight })[name]).toBeCloseTo(
      0.3,
      12,
    );
  });

  it('sparseCategoricalAccuracy', () => {
    const name = 'sparseCategoricalAccuracy';
    expect(metricsOf('sparseCategoricalCrossentropy', [name], outputs, [2, 1])[name]).toBe(0.5);
    const weighted = metricsOf('sparseCategoricalCrossentropy', [name], outputs, [2, 1], { sampleWeight });
    expect(weighted[name]).toBeCloseTo(0.3, 12);
  });

  it('auc', () => {
    const scores = [[0], [0.5], [0.3], [0.9]];
    expect(metricsOf('binaryCrossentropy', ['auc'], scores, [0, 0, 1, 1]).auc).toBe(0.75);
    const weights = { sampleWeight: [1, 0, 0, 1] };
    expect(metricsOf('binaryCrossentropy', ['auc'], scores, [0, 0, 1, 1], weights).auc).toBe(1);
  });

  it('meanSquaredError and meanAbsoluteError', () => {
    const found = metricsOf(
      'huber',
      ['meanSquaredError', 'meanAbsoluteError'],
      [
        [1, 1],
        [0, 0],
      ],
      [
        [0, 1],
        [0, 0],
      ],
      { sampleWeight: [0.3, 0.7] },
    );
    expect(found.meanSquaredError).toBeCloseTo(0.15, 12);
    expect(found.meanAbsoluteError).toBeCloseTo(0.15, 12);
  });
});

describe('accuracy is chosen by the loss', () => {
  it('binary: the side of 0.5, or of 0 where the outputs are logits', () => {
    expect(
      metricsOf('binaryCrossentropy', ['accuracy'], [[0.4], [0.6], [0.5]], [1, 1, 1]).accuracy,
    ).toBeCloseTo(1 / 3, 12);
    const logits = binaryCrossentropy({ fromLogits: true });
    expect(metricsOf(logits, ['accuracy'], [[0.4], [-0.4], [0]], [1, 1, 1]).accuracy).toBeCloseTo(1 / 3, 12);
    const several = metricsOf('binaryCrossentropy', ['accuracy'], [[0.9, 0.1, 0.9, 0.9]], [[1, 0, 0, 1]]);
    expect(several.accuracy).toBe(0.75);
  });

  it('categorical: the largest output against the largest target, or the index', () => {
    const outputs = [
      [0.2, 0.5, 0.3],
      [0.6, 0.3, 0.1],
    ];
    const y = [
      [0.1, 0.6, 0.3],
      [0, 0, 1],
    ];
    expect(metricsOf('categoricalCrossentropy', ['accuracy'], outputs, y).accuracy).toBe(0.5);
    expect(metricsOf('sparseCategoricalCrossentropy', ['accuracy'], outputs, [1, 2]).accuracy).toBe(0.5);
  });

  it('of a tie is the first of the largest', () => {
    expect(metricsOf('sparseCategoricalCrossentropy', ['accuracy'], [[0.5, 0.5]], [0]).accuracy).toBe(1);
    expect(metricsOf('sparseCategoricalCrossentropy', ['accuracy'], [[0.5, 0.5]], [1]).accuracy).toBe(0);
  });

  it.each(['meanSquaredError', 'meanAbsoluteError', 'huber'] as const)(
    'under %s is a ConfigError',
    async (loss) => {
      expect(await errorOf(() => metricsOf(loss, ['accuracy'], [[1]], [1]))).toEqual({
        name: 'ConfigError',
        message:
          `metric 'accuracy' needs a loss for classes but the loss is ${loss}: ` +
          "name the accuracy you mean, 'binaryAccuracy' or 'categoricalAccuracy', or leave it out",
      });
    },
  );

  it('is reported under the name that was asked for', () => {
    const found = metricsOf('binaryCrossentropy', ['binaryAccuracy', 'accuracy'], [[0.7]], [1]);
    expect(Object.keys(found)).toEqual(['loss', 'binaryAccuracy', 'accuracy']);
    expect(found.accuracy).toBe(found.binaryAccuracy);
  });
});

/** Every pair of a positive and a negative, by weight; half of it where they tie. */
function pairCount(scores: number[], labels: number[], weights: number[]): number {
  let [won, all] = [0, 0];
  scores.forEach((positive, i) => {
    if (labels[i] === 0) return;
    scores.forEach((negative, j) => {
      if (labels[j] === 1) return;
      const weight = (weights[i] as number) * (weights[j] as number);
      all += weight;
      if (positive > negative) won += weight;
      else if (positive === negative) won += weight / 2;
    });
  });
  return won / all;
}

describe('auc', () => {
  const rows = fc.array(
    fc.record({ score: fc.nat(6), label: fc.nat(1), weight: fc.constantFrom(0, 0.5, 1, 3) }),
    { minLength: 1, maxLength: 25 },
  );

  it('is the share of pairs in the right order, ties half, by weight, over batches of any size', () => {
    let defined = 0;
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 7 }), (drawn, batchSize) => {
        fc.pre(drawn.some(({ weight }) => weight > 0));
        const scores = drawn.map(({ score }) => score / 6);
        const labels = drawn.map(({ label }) => label);
        const weights = drawn.map(({ weight }) => weight);
        const expected = pairCount(scores, labels, weights);
        const outputs = scores.map((score) => [score]);
        const found = metricsOf('binaryCrossentropy', ['auc'], outputs, labels, {
          sampleWeight: weights,
          batchSize,
        });
        if (Number.isNaN(expected)) expect(found.auc).toBeNaN();
        else {
          defined++;
          expect(isClose(found.auc as number, expected)).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
    expect(defined).toBeGreaterThan(100);
  });

  it('is NaN where there is one class only, and leaves the loss alone', async () => {
    const found = metricsOf('binaryCrossentropy', ['auc'], [[0.2], [0.7]], [1, 1]);
    expect(found.auc).toBeNaN();
    expect(found.loss).toBeGreaterThan(0);
    const model = sequential([activation('sigmoid')]);
    model.compile({ loss: 'binaryCrossentropy', metrics: ['auc'] });
    const { history } = await model.fit([[0.2], [0.7]], [0, 0], { epochs: 2 });
    expect(history.auc).toEqual([Number.NaN, Number.NaN]);
  });

  it('is the same of logits as of their probabilities, and of several outputs together', () => {
    const logits = [[-3], [0.2], [1], [-0.4]];
    const y = [0, 1, 0, 1];
    const ofLogits = metricsOf(binaryCrossentropy({ fromLogits: true }), ['auc'], logits, y).auc;
    expect(ofLogits).toBe(metricsOf('binaryCrossentropy', ['auc'], logits, y, { through: 'sigmoid' }).auc);
    const together = metricsOf(
      'binaryCrossentropy',
      [auc({ average: 'micro' })],
      [
        [0.1, 0.4],
        [0.8, 0.3],
      ],
      [
        [0, 1],
        [1, 0],
      ],
    );
    expect(together.auc).toBe(pairCount([0.1, 0.4, 0.8, 0.3], [0, 1, 1, 0], [1, 1, 1, 1]));
  });

  it('of thousands of scores is exact, and NaN when one of them is', () => {
    const ranking = new Ranking();
    for (let k = 0; k < 3000; k++) ranking.add(k === 2500 ? Number.NaN : k, k % 2 === 0);
    expect(ranking.areaUnderCurve()).toBeNaN();
    ranking.clear();
    // Positives have the even scores 0, 2, 4 ..., negatives the odd ones: below the k-th positive lie k negatives.
    for (let k = 0; k < 5000; k++) ranking.add(k, k % 2 === 0);
    expect(ranking.areaUnderCurve()).toBe((2500 * 2499) / 2 / 2500 ** 2);
    ranking.clear();
    ranking.add(1, true);
    ranking.add(0, false);
    expect(ranking.areaUnderCurve()).toBe(1);
  });
});

describe('a metric over uneven batches', () => {
  const cases: [LossName, MetricName[], number][] = [
    ['binaryCrossentropy', ['accuracy', 'binaryAccuracy', 'auc', 'meanSquaredError', 'meanAbsoluteError'], 1],
    ['binaryCrossentropy', ['accuracy', 'auc', 'meanSquaredError'], 3],
    ['categoricalCrossentropy', ['accuracy', 'categoricalAccuracy', 'auc', 'meanSquaredError'], 3],
    ['sparseCategoricalCrossentropy', ['accuracy', 'sparseCategoricalAccuracy'], 3],
    ['meanSquaredError', ['binaryAccuracy', 'auc', 'meanSquaredError', 'meanAbsoluteError'], 2],
    ['huber', ['categoricalAccuracy', 'meanSquaredError'], 2],
  ];

  it.each(cases)('under %s, %j of %d outputs, is that over all rows', (loss, metrics, outputs) => {
    fc.assert(
      fc.property(
        fc.array(
          fc.array(fc.double({ min: 0.01, max: 0.99, noNaN: true }), {
            minLength: outputs,
            maxLength: outputs,
          }),
          {
            minLength: 2,
            maxLength: 9,
          },
        ),
        fc.infiniteStream(fc.nat(1000)),
        fc.integer({ min: 1, max: 5 }),
        (scores, draws, batchSize) => {
          const draw = () => draws.next().value as number;
          const y = scores.map(() => {
            if (loss === 'sparseCategoricalCrossentropy') return [draw() % outputs];
            if (loss !== 'categoricalCrossentropy') return Array.from({ length: outputs }, () => draw() % 2);
            const truth = draw() % outputs;
            return Array.from({ length: outputs }, (_, k) => (k === truth ? 1 : 0));
          });
          const sampleWeight = scores.map((_, row) => (row === 0 ? 1 : (draw() % 4) / 2));
          const whole = metricsOf(loss, metrics, scores, y, { sampleWeight, batchSize: 100 });
          const parts = metricsOf(loss, metrics, scores, y, { sampleWeight, batchSize });
          for (const [name, value] of Object.entries(whole)) {
            const found = parts[name] as number;
            if (Number.isNaN(value)) expect(found).toBeNaN();
            else expect(isClose(found, value), `${name}: ${found}, not ${value}`).toBe(true);
          }
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('metrics that are wrong', () => {
  const wrong: [string, LossName, unknown, string | RegExp][] = [
    [
      'a misspelt name',
      'binaryCrossentropy',
      ['acuracy'],
      "metric 'acuracy' is not known: did you mean 'accuracy'?",
    ],
    [
      "Keras's snake case",
      'binaryCrossentropy',
      ['binary_accuracy'],
      "metric 'binary_accuracy' is not known: did you mean 'binaryAccuracy'?",
    ],
    ['acc', 'binaryCrossentropy', ['acc'], "metric 'acc' is not known: write 'accuracy'"],
    ['mse', 'huber', ['mse'], "metric 'mse' is not known: write 'meanSquaredError'"],
    ['mae', 'huber', ['mae'], "metric 'mae' is not known: write 'meanAbsoluteError'"],
    ["Keras's AUC", 'binaryCrossentropy', ['AUC'], "metric 'AUC' is not known: did you mean 'auc'?"],
    [
      'one that is not here',
      'binaryCrossentropy',
      ['zzz'],
      /^metric 'zzz' is not known: use one of accuracy, .*, quantileLoss$/,
    ],
    [
      'a function without a name',
      'binaryCrossentropy',
      [() => 0],
      'a metric that is a function is reported under its name, and this one has none',
    ],
    ['a number', 'binaryCrossentropy', [3], 'a metric is a name or a function but got 3'],
    [
      'no array',
      'binaryCrossentropy',
      'accuracy',
      "compile: metrics is an array of names or functions but got 'accuracy'",
    ],
    [
      'the same twice',
      'binaryCrossentropy',
      ['auc', 'auc'],
      "compile: metric 'auc' is asked for twice: give one of them the option { name: ... }",
    ],
    [
      'one that the targets do not fit',
      'sparseCategoricalCrossentropy',
      ['meanSquaredError'],
      "metric 'meanSquaredError' cannot be computed from the targets of sparseCategoricalCrossentropy",
    ],
  ];

  it.each(wrong)('%s: a ConfigError', async (_what, loss, metrics, message) => {
    const error = await errorOf(() => sequential().compile({ loss, metrics: metrics as MetricName[] }));
    expect(error.name).toBe('ConfigError');
    if (typeof message === 'string') expect(error.message).toBe(message);
    else expect(error.message).toMatch(message);
  });
});
