/**
 * What does not depend on how rows are put into batches: predictions, losses, metrics. And what a batch's loss is:
 * the mean over the rows or steps that count.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import {
  activation,
  dense,
  type LossName,
  l1,
  l2,
  lstm,
  type MetricName,
  masking,
  type SampleInput,
  sequential,
  sgd,
  type Tensor,
  tensor,
} from '../../src/index.js';
import { rowOrder } from '../../src/training/run.js';
import { bitsOf, isClose, logBits, randomSequences, rowOf } from '../support/bits.js';
import { batchProblem, buildDataset, buildModel, modelChoice, networkOf } from '../support/models.js';

const kernelSets = [
  { precision: 'float64', backend: 'reference' },
  { precision: 'float32', backend: 'reference' },
  { precision: 'float32', backend: 'auto' },
] as const;

describe.each(kernelSets)('predictions in $precision on $backend', (kernels) => {
  const lengths = [5, 1, 9, 3, 3, 12, 2];
  const x = randomSequences(4, lengths, 3);
  const layers = [lstm(5, { returnSequences: true }), lstm(9), dense(2, { activation: 'softmax' })];
  const model = sequential(layers, { ...kernels, seed: 8 } as { precision: 'float64'; seed: number });
  const all = model.predict(x);

  it('of a row are the same bits alone, beside any others, and with any padding behind it', () => {
    fc.assert(
      fc.property(
        fc.subarray(
          lengths.map((_, row) => row),
          { minLength: 1 },
        ),
        fc.nat(9),
        (chosen, more) => {
          const longest = Math.max(...chosen.map((row) => lengths[row] as number)) + more;
          const data = new Float64Array(chosen.length * longest * 3).fill(1e30);
          chosen.forEach((row, r) => void data.set((x[row] as number[][]).flat(), r * longest * 3));
          const input = tensor(data, [chosen.length, longest, 3], {
            lengths: chosen.map((row) => lengths[row] as number),
          });
          const found = model.predict(input);
          chosen.forEach((row, r) => void expect(bitsOf(rowOf(found, r))).toBe(bitsOf(rowOf(all, row))));
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([1, 2, 3, 4, 6, 7, 8, 1000])('are the same bits in batches of %d', (batchSize) => {
    expect(bitsOf(model.predict(x, { batchSize }).data)).toBe(bitsOf(all.data));
  });

  it('are the same bits with inner products longer than a panel of the matrix kernel', () => {
    const wide = sequential([dense(300, { activation: 'tanh' }), dense(3)], { ...kernels, seed: 8 } as {
      precision: 'float64';
      seed: number;
    });
    const random = new Random(5);
    const rows = Array.from({ length: 5 }, () => Array.from({ length: 530 }, () => random.normal()));
    const together = wide.predict(rows);
    rows.forEach((row, r) => void expect(bitsOf(wide.predict([row]).data)).toBe(bitsOf(rowOf(together, r))));
  });
});

describe('the loss of a batch', () => {
  it('is the mean over its rows or steps that count, and its gradient the mean of theirs', () => {
    let batches = 0;
    fc.assert(
      fc.property(modelChoice, (drawn) => {
        // Batch normalization makes the rows of a batch depend on each other, as long as it is not frozen.
        const layers = drawn.layers.map((layer) => ({
          ...layer,
          dropout: 0,
          recurrentDropout: 0,
          weightDropout: 0,
          // What a row of weight 0 does inside of the model still costs, and it is divided by no row.
          ...(drawn.weighted ? ({ activityRegularizer: 'none' } as const) : {}),
          trainable: layer.trainable && layer.kind !== 'batchNormalization',
        }));
        const choice = { ...drawn, layers, batch: drawn.batch + 1 };
        const network = networkOf(buildModel(choice));
        const dataset = buildDataset(choice);
        const run = (rows: Int32Array) => {
          const problem = batchProblem(network, dataset, rows);
          const loss = problem.loss();
          problem.backward();
          const gradients = network.parameters.map(({ gradient }) => Array.from(gradient.array));
          return { loss, gradients: gradients.flat(), count: problem.count() };
        };
        const whole = run(rowOrder(choice.batch));
        if (whole.count === 0) return;
        const rows = Array.from({ length: choice.batch }, (_, row) => run(Int32Array.of(row)));
        const counted = rows.filter(({ count }) => count > 0);
        expect(counted.reduce((sum, { count }) => sum + count, 0)).toBe(whole.count);
        const mean = (value: (part: (typeof rows)[number]) => number) =>
          counted.reduce((sum, part) => sum + value(part) * part.count, 0) / whole.count;
        expect(
          isClose(
            whole.loss,
            mean(({ loss }) => loss),
          ),
        ).toBe(true);
        const scale = Math.max(...rows.flatMap(({ gradients }) => gradients.map(Math.abs)));
        whole.gradients.forEach((gradient, k) => {
          const expected = mean(({ gradients }) => gradients[k] as number);
          expect(Math.abs(gradient - expected)).toBeLessThanOrEqual(1e-11 * Math.max(1, scale));
        });
        batches++;
      }),
      { numRuns: 200 },
    );
    expect(batches).toBeGreaterThan(150);
  });
});

interface Case {
  readonly loss: LossName;
  readonly metrics: MetricName[];
  readonly outputs: number;
  readonly sequence: boolean;
  readonly weights: 'none' | 'row' | 'step';
}

const cases: Case[] = [
  {
    loss: 'binaryCrossentropy',
    metrics: ['accuracy', 'auc', 'meanSquaredError'],
    outputs: 1,
    sequence: false,
    weights: 'row',
  },
  { loss: 'binaryCrossentropy', metrics: ['accuracy', 'auc'], outputs: 2, sequence: true, weights: 'step' },
  {
    loss: 'categoricalCrossentropy',
    metrics: ['accuracy', 'auc'],
    outputs: 3,
    sequence: true,
    weights: 'row',
  },
  {
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
    outputs: 3,
    sequence: true,
    weights: 'none',
  },
  {
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
    outputs: 4,
    sequence: false,
    weights: 'none',
  },
  {
    loss: 'huber',
    metrics: ['meanAbsoluteError', 'meanSquaredError'],
    outputs: 2,
    sequence: true,
    weights: 'step',
  },
  { loss: 'meanAbsoluteError', metrics: ['meanSquaredError'], outputs: 1, sequence: false, weights: 'none' },
];

const lengths = [4, 7, 1, 7, 2, 5, 3, 6, 1, 7, 4];

function problemOf({ loss, metrics, outputs, sequence, weights }: Case) {
  const random = new Random(21);
  const head =
    loss === 'binaryCrossentropy'
      ? 'sigmoid'
      : loss.endsWith('ategoricalCrossentropy')
        ? 'softmax'
        : 'linear';
  const model = sequential(
    [
      lstm(4, { returnSequences: true, kernelRegularizer: l2(0.1), biasRegularizer: l1(0.1) }),
      lstm(3, { returnSequences: sequence }),
      dense(outputs, { activation: head, kernelRegularizer: 'l2' }),
    ],
    { seed: 17, precision: 'float64' },
  );
  model.compile({ loss, metrics, optimizer: sgd({ learningRate: 0 }) });
  const target = () => {
    if (loss === 'sparseCategoricalCrossentropy') return [random.below(outputs)];
    if (loss === 'binaryCrossentropy') return Array.from({ length: outputs }, () => random.below(2));
    if (loss !== 'categoricalCrossentropy') return Array.from({ length: outputs }, () => random.normal());
    const truth = random.below(outputs);
    return Array.from({ length: outputs }, (_, k) => (k === truth ? 1 : 0));
  };
  const weight = () => (random.uniform() < 0.3 ? 0 : 0.5 + random.uniform());
  const x = randomSequences(30, lengths, 2);
  const y = lengths.map((length) => (sequence ? Array.from({ length }, target) : target()));
  const sampleWeight =
    weights === 'none'
      ? undefined
      : lengths.map((length) => (weights === 'row' ? weight() : Array.from({ length }, weight)));
  return { model, x, y: y as number[][], sampleWeight: sampleWeight as number[] | undefined };
}

describe.each(cases)('$loss, sequence: $sequence, weights: $weights', (subject) => {
  const { model, x, y, sampleWeight } = problemOf(subject);
  const options = sampleWeight ? { sampleWeight } : {};
  const expected = model.evaluate(x, y, { ...options, batchSize: 1000 });

  it.each([1, 2, 3, 5, 11, 32])('evaluate reports the same in batches of %d', (batchSize) => {
    const found = model.evaluate(x, y, { ...options, batchSize });
    expect(Object.keys(found)).toEqual(['loss', ...subject.metrics]);
    for (const [name, value] of Object.entries(expected)) {
      expect(isClose(found[name] as number, value), `${name}: ${found[name]}, not ${value}`).toBe(true);
    }
  });

  it.each([1, 2, 3, 5, 11, 32])(
    'fit at a learning rate of 0 reports the same in batches of %d',
    async (batchSize) => {
      const validationData = sampleWeight ? ([x, y, sampleWeight] as const) : ([x, y] as const);
      const { history } = await model.fit(x, y, { ...options, batchSize, epochs: 2, validationData });
      expect(Object.keys(history).length).toBe(2 * (1 + subject.metrics.length));
      for (const [name, values] of Object.entries(history)) {
        const value = expected[name.replace('val_', '')] as number;
        for (const found of values)
          expect(isClose(found, value), `${name}: ${found}, not ${value}`).toBe(true);
      }
    },
  );

  it('trainOnBatch and testOnBatch report the same', () => {
    for (const found of [model.testOnBatch(x, y, options), model.trainOnBatch(x, y, options)]) {
      for (const [name, value] of Object.entries(expected)) {
        expect(isClose(found[name] as number, value), `${name}: ${found[name]}, not ${value}`).toBe(true);
      }
    }
  });
});

describe('what does not count', () => {
  const layers = () => [
    lstm(3, { returnSequences: true, kernelRegularizer: l2(0.2) }),
    dense(1, { activation: 'sigmoid' }),
  ];
  const make = () => {
    const model = sequential(layers(), { seed: 6, precision: 'float64' });
    model.compile({ loss: 'binaryCrossentropy', metrics: ['accuracy', 'auc', 'meanAbsoluteError'] });
    return model;
  };
  const x = randomSequences(1, [3, 4, 2, 4], 2);
  const y = [
    [1, 0, 1],
    [0, 0, 1, 1],
    [1, 1],
    [0, 1, 0, 1],
  ];

  it('a row of weight 0 leaves loss and metrics as if it were not there, whatever its target is', () => {
    const without = make().evaluate([x[0], x[1], x[3]] as SampleInput, [y[0], y[1], y[3]] as number[][]);
    const wild = [...y];
    wild[2] = [Number.NaN, 77];
    const found = make().evaluate(x, wild, { sampleWeight: [1, 1, 0, 1] });
    for (const [name, value] of Object.entries(without))
      expect(isClose(found[name] as number, value)).toBe(true);
  });

  it('a step of weight 0 counts no more than one that is padding', () => {
    const full = randomSequences(2, [4, 4], 2);
    const targets = [
      [1, 0, 1, 1],
      [0, 1, 0, 0],
    ];
    const sampleWeight = [
      [1, 1, 1, 1],
      [1, 1, 0, 0],
    ];
    const cut = [full[0], (full[1] as number[][]).slice(0, 2)] as number[][][];
    const expected = make().evaluate(cut, [targets[0], [0, 1]] as number[][]);
    const found = make().evaluate(full, targets, { sampleWeight });
    for (const [name, value] of Object.entries(expected))
      expect(isClose(found[name] as number, value)).toBe(true);
  });

  it('weights other than 0 weigh: the loss is the sum of weight times loss over the number that count', () => {
    const model = make();
    const losses = x.map((row, r) => model.evaluate([row], [y[r] as number[]]).loss as number);
    const { penalty, count } = { penalty: penaltyOf(model), count: y.flat().length };
    const sampleWeight = [2, 0.5, 1, 0.25];
    const sum = losses.reduce(
      (total, loss, r) => total + (sampleWeight[r] as number) * (loss - penalty) * (y[r] as number[]).length,
      0,
    );
    expect(isClose(model.evaluate(x, y, { sampleWeight }).loss as number, sum / count + penalty)).toBe(true);
  });

  it('a batch of rows that do not count makes no update, and the epoch is the mean over the others', async () => {
    const model = make();
    const before = model.evaluate([x[0]] as SampleInput, [y[0]] as number[][]);
    const { history } = await model.fit([x[0], x[2]] as SampleInput, [y[0], [Number.NaN, 0]] as number[][], {
      batchSize: 1,
      shuffle: false,
      sampleWeight: [1, 0],
    });
    expect(isClose((history.loss as number[])[0] as number, before.loss as number)).toBe(true);
    expect(model.internals.network?.optimizer.iterations).toBe(1);
  });

  it('nothing at all is a DataError, since there is no loss', () => {
    expect(() => make().evaluate(x, y, { sampleWeight: [0, 0, 0, 0] })).toThrow(
      'every sampleWeight is 0: there is nothing to learn from or to measure',
    );
  });
});

/** What 0.2 l2 of the lstm's kernel costs. */
function penaltyOf(model: { getWeights(): Record<string, Tensor> }): number {
  const { data } = model.getWeights()['lstm_1/kernel'] as Tensor;
  return 0.2 * Array.from(data).reduce((sum, w) => sum + w * w, 0);
}

describe('penalties', () => {
  it('are added once to the loss of an evaluation and of an epoch, with their published strengths', async () => {
    const make = (regularized: boolean) => {
      const options = regularized
        ? ({ kernelRegularizer: 'l2', recurrentRegularizer: 'l1', biasRegularizer: l2(3) } as const)
        : {};
      const model = sequential([masking(), lstm(2, options), activation('sigmoid')], {
        seed: 1,
        precision: 'float64',
      });
      model.compile({ loss: 'meanSquaredError', optimizer: sgd({ learningRate: 0 }) });
      return model;
    };
    const x = randomSequences(3, [2, 3, 3], 1);
    const y = [
      [0, 1],
      [1, 1],
      [1, 0],
    ];
    const model = make(true);
    const { loss } = model.evaluate(x, y);
    const weights = model.getWeights();
    const sum = (name: string, f: (w: number) => number) =>
      Array.from((weights[`lstm_1/${name}`] as Tensor).data).reduce((total, w) => total + f(w), 0);
    const penalty =
      0.01 * sum('kernel', (w) => w * w) +
      0.01 * sum('recurrentKernel', Math.abs) +
      3 * sum('bias', (w) => w * w);
    const plain = make(false).evaluate(x, y).loss as number;
    expect(penalty).toBeGreaterThan(6);
    expect(isClose(loss as number, plain + penalty)).toBe(true);
    const { history } = await model.fit(x, y, { batchSize: 2, validationData: [x, y] });
    expect(isClose((history.loss as number[])[0] as number, plain + penalty)).toBe(true);
    expect(isClose((history.val_loss as number[])[0] as number, plain + penalty)).toBe(true);
  });

  it('come out as the same bits on any second evaluation', () => {
    const model = sequential([dense(3, { kernelRegularizer: l2(1) })], { seed: 3 });
    model.compile({ loss: 'huber' });
    const data = [[1, 2]];
    const target = [[1, 2, 3]];
    expect(logBits(model.evaluate(data, target))).toEqual(logBits(model.evaluate(data, target)));
  });
});
