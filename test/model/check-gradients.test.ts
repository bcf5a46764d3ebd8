/** What looks into a model: the check of its gradients, and the report of how they flow. */
import { describe, expect, it } from 'vitest';
import {
  adam,
  bidirectional,
  checkGradients,
  dense,
  dropout,
  l2,
  lstm,
  type OwnLoss,
  sequential,
} from '../../src/index.js';
import { errorOf, randomSequences, weightBits } from '../support/bits.js';

const x = randomSequences(3, [3, 6, 4, 5], 2);
const y = [0, 1, 1, 0];

function make(precision: 'float32' | 'float64' = 'float32') {
  const layers = [
    bidirectional(lstm(3, { returnSequences: true })),
    lstm(3, { recurrentDropout: 0.3, kernelRegularizer: l2(0.01) }),
    dropout(0.2),
    dense(4, { activation: 'tanh' }),
    dense(2, { activation: 'softmax' }),
  ];
  const model = sequential(layers, { seed: 1, precision } as { seed: number; precision: 'float64' });
  return model.compile({ loss: 'sparseCategoricalCrossentropy', optimizer: adam() });
}

const wrong: OwnLoss = {
  name: 'wrong',
  forward: ([t = 0], [p = 0]) => (p - t) ** 2,
  backward: ([t = 0], [p = 0], gradient) => {
    gradient[0] = 2.02 * (p - t); // one percent too much
  },
};

describe('checkGradients', () => {
  it.each(['float32', 'float64'] as const)(
    'finds a sound model of %s sound, and leaves it as it is',
    async (precision) => {
      const model = make(precision);
      await model.fit(x, y);
      const before = weightBits(model);
      const iterations = model.internals.network?.optimizer.iterations;
      const { error, worst, weights, checked } = checkGradients(model, x, y, {
        samples: 5,
        sampleWeight: [1, 2, 0, 1],
      });
      expect(error).toBeLessThan(1e-6);
      expect(weights.map(({ weight }) => weight)).toEqual(Object.keys(before));
      expect(weights.every((each) => each.error <= error)).toBe(true);
      expect(worst.index.length).toBe(model.getWeights()[worst.weight]?.shape.length);
      expect(checked).toBeGreaterThan(40);
      expect(weightBits(model)).toEqual(before);
      expect(model.internals.network?.optimizer.iterations).toBe(iterations);
    },
  );

  it('finds a gradient that is one percent too large, and says where', () => {
    const model = sequential([dense(1)], { seed: 2 }).compile({ loss: wrong });
    const { error, worst } = checkGradients(
      model,
      [
        [1, 2],
        [3, 4],
      ],
      [1, 0],
    );
    expect(error).toBeGreaterThan(5e-3);
    expect(error).toBeLessThan(2e-2);
    expect(worst.weight).toMatch(/^dense_1\//);
    expect(worst.gradient / worst.difference).toBeCloseTo(1.01, 4);
  });

  it('passes over frozen layers; of a model wholly frozen it is an error', async () => {
    const model = make();
    model.build([null, 2]);
    for (const layer of model.layers.slice(0, -1)) layer.trainable = false;
    const { weights } = checkGradients(model, x, y, { samples: 2 });
    expect(weights.map(({ weight }) => weight)).toEqual(['dense_2/kernel', 'dense_2/bias']);
    for (const layer of model.layers) layer.trainable = false;
    expect((await errorOf(() => checkGradients(model, x, y))).message).toContain('every layer is frozen');
  });

  it('refuses what does not fit', async () => {
    const model = sequential([dense(1)]);
    expect((await errorOf(() => checkGradients(model, [[1]], [1]))).message).toBe(
      'checkGradients needs a compiled model: call model.compile first',
    );
    expect((await errorOf(() => checkGradients(make(), x, [0, 1, 2, 0]))).name).toBe('DataError');
    expect((await errorOf(() => checkGradients(make(), x, y, { samples: 0 }))).name).toBe('ConfigError');
    expect((await errorOf(() => checkGradients(make(), x, y, { step: 0 }))).name).toBe('ConfigError');
  });
});

describe('gradientReport', () => {
  it('has the norms of every layer, step and weight, and leaves the model as it is', () => {
    const model = make();
    model.build([null, 2]);
    const before = weightBits(model);
    const { loss, layers } = model.gradientReport(x, y);
    expect(loss).toBeCloseTo(model.evaluate(x, y).loss as number, 5);
    expect(layers.map(({ name }) => name)).toEqual(model.layers.map(({ name }) => name));
    expect(layers.map(({ steps }) => steps.length)).toEqual([6, 6, 0, 0, 0]);
    expect(layers.every(({ gradient, output }) => gradient > 0 && output > 0)).toBe(true);
    expect(layers[0]?.gates.map(({ gate }) => gate)).toEqual([
      'i forward',
      'f forward',
      'o forward',
      'i backward',
      'f backward',
      'o backward',
    ]);
    expect(layers[1]?.weights.map(({ name }) => name)).toEqual(['kernel', 'recurrentKernel', 'bias']);
    expect(weightBits(model)).toEqual(before);
  });

  it('sees gradients vanish, gates saturate and units die', () => {
    const model = sequential(
      [lstm(4, { returnSequences: true }), lstm(4), dense(6, { activation: 'relu' }), dense(1)],
      {
        seed: 3,
      },
    );
    model.compile({ loss: 'meanSquaredError' });
    const long = randomSequences(4, [20, 20, 20], 1);
    model.build([null, 1]);
    const weights = model.getWeights();
    // The forget gates of the second layer are shut, and two units of the dense layer are far below 0.
    (weights['lstm_2/bias'] as { data: Float32Array }).data.fill(-20, 4, 8);
    (weights['dense_1/bias'] as { data: Float32Array }).data.fill(-50, 0, 2);
    model.setWeights(weights);
    const report = model.gradientReport(long, [1, 0, 1]);
    const [, second, relu] = report.layers;
    expect(second?.gates.find(({ gate }) => gate === 'f')).toEqual({ gate: 'f', low: 1, high: 0 });
    expect(second?.gates.find(({ gate }) => gate === 'i')?.low).toBeLessThan(0.5);
    expect(second?.steps[0]).toBeLessThan(1e-3 * (second?.steps[19] as number));
    expect(relu?.dead).toBeGreaterThanOrEqual(2);
    const text = String(report);
    expect(text).toContain('lstm_2 f   100%    0%');
    expect(text).toMatch(/lstm_2 .*▁.*█/);
    expect(text).toMatch(/dense_1 .* of 6/);
    expect(text.split('\n').every((line) => line.length <= 110)).toBe(true);
  });

  it('refuses what does not fit', async () => {
    expect((await errorOf(() => sequential([dense(1)]).gradientReport([[1]], [1]))).message).toBe(
      'gradientReport needs a compiled model: call model.compile({ loss: ... }) first',
    );
    expect((await errorOf(() => make().gradientReport(x, [0, 1]))).name).toBe('ShapeError');
  });
});
