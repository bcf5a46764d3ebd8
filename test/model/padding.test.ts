/**
 * Whatever lies in padded cells changes no bit of any result, gradient, loss, metric or trained weight; and however
 * padding is said (lengths, rows of unequal lengths, a masking layer, missing values), the same comes out.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import type { FloatArray } from '../../src/core/tensor.js';
import {
  activation,
  type BackendName,
  type Layer,
  lstm,
  type MetricName,
  masking,
  type Precision,
  type SampleInput,
  type Sequential,
  sequential,
  tensor,
} from '../../src/index.js';
import { layerFromConfig } from '../../src/layers/registry.js';
import { toLoss } from '../../src/training/losses.js';
import { bitsOf, errorOf, logBits, randomSequences, rowOf, weightBits } from '../support/bits.js';
import {
  batchProblem,
  buildDataset,
  buildModel,
  inputOf,
  type ModelChoice,
  modelChoice,
  networkOf,
  outputOf,
  outputsOf,
} from '../support/models.js';

const fillers = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e30, -0, 7];

describe('inside a batch, with masks that have holes anywhere', () => {
  it('loss, gradients, penalties and outputs are the same bits whatever is written into padded cells', () => {
    let [padded, finite] = [0, 0];
    fc.assert(
      fc.property(modelChoice, (drawn) => {
        const choice: ModelChoice = { ...drawn, masked: true };
        const network = networkOf(buildModel(choice));
        network.wantsInputGradient = true;
        const drawnDropout = network.dropout.state();
        const run = (filler: number) => {
          network.dropout.restore(drawnDropout);
          const dataset = buildDataset(choice, filler);
          const problem = batchProblem(network, dataset);
          const loss = problem.loss();
          problem.backward();
          padded += dataset.inputs[0]?.mask?.filter((real) => real === 0).length ?? 0;
          return {
            isFinite: Number.isFinite(loss),
            loss: bitsOf([loss]),
            output: bitsOf(outputOf(problem.pass).value.array),
            gradients: network.parameters.map(({ gradient }) => bitsOf(gradient.array)),
            dx: bitsOf(inputOf(problem.pass).gradient?.array ?? []),
            count: problem.count(),
          };
        };
        const expected = run(0);
        if (expected.isFinite) finite++;
        for (const filler of fillers) expect(run(filler), `padded with ${filler}`).toEqual(expected);
      }),
      { numRuns: 300 },
    );
    expect(padded).toBeGreaterThan(1500);
    expect(finite).toBeGreaterThan(290);
  });
});

/** Where the real steps of each row stand. */
type Places = readonly (readonly number[])[];

interface Scene {
  readonly choice: ModelChoice;
  readonly precision: Precision;
  readonly backend: BackendName;
  readonly steps: number;
  readonly places: Places;
  /** The real steps of each row, without padding. */
  readonly rows: readonly number[][][];
}

/** Rows with real steps behind each other, or anywhere among `steps`. */
function sceneOf(choice: ModelChoice, kernels: readonly [Precision, BackendName], anywhere: boolean): Scene {
  const [precision, backend] = kernels;
  const random = new Random(choice.seed, 12);
  const steps = choice.steps + 2;
  const places = Array.from({ length: choice.batch + 1 }, (_, row) => {
    const all = Array.from({ length: steps }, (_, t) => t);
    if (!anywhere) return all.slice(0, row === 0 ? steps : 1 + random.below(steps));
    const kept = all.filter(() => random.uniform() < 0.6);
    return kept.length > 0 ? kept : [random.below(steps)];
  });
  const rows = randomSequences(
    choice.seed,
    places.map(({ length }) => length),
    choice.features,
  );
  return { choice, precision, backend, steps, places, rows };
}

/** x with `filler(k)` in feature k of every padded step. */
function paddedRows(scene: Scene, filler: (k: number) => number): number[][][] {
  const { steps, places, rows, choice } = scene;
  return rows.map((row, r) =>
    Array.from({ length: steps }, (_, t) => {
      const at = (places[r] as readonly number[]).indexOf(t);
      return at === -1 ? Array.from({ length: choice.features }, (_, k) => filler(k)) : (row[at] as number[]);
    }),
  );
}

const metricsOf = ({ loss }: ModelChoice): MetricName[] => {
  if (loss === 'binaryCrossentropy') return ['accuracy', 'auc', 'meanSquaredError'];
  if (loss === 'categoricalCrossentropy') return ['accuracy', 'auc'];
  if (loss === 'sparseCategoricalCrossentropy') return ['accuracy'];
  return ['meanSquaredError', 'meanAbsoluteError'];
};

/** The same layers and weights again, in either precision, behind `first` where it is given. */
function rebuild(scene: Scene, first: Layer[] = []): Sequential<FloatArray> {
  const { choice, precision, backend } = scene;
  const original = buildModel(choice);
  const layers = original.layers.map((layer) => layerFromConfig(layer.config()));
  const model = sequential([...first, ...layers], { precision, backend, seed: choice.seed } as {
    precision: 'float64';
    seed: number;
  });
  const withLogits = choice.fromLogits && choice.loss.includes('rossentropy');
  model.compile({
    loss: toLoss(withLogits ? { name: choice.loss, fromLogits: true } : choice.loss),
    metrics: metricsOf(choice),
  });
  model.build([null, choice.features]);
  model.setWeights(original.getWeights());
  return model;
}

/** Targets, and weights, that hold `filler` where there is nothing to learn. */
function targetsOf(scene: Scene, filler: number) {
  const { choice, steps, places } = scene;
  const { loss, sequence } = choice;
  const random = new Random(choice.seed, 13);
  const outputs = outputsOf(choice);
  const columns = loss === 'sparseCategoricalCrossentropy' ? 1 : outputs;
  const one = () => {
    if (loss === 'sparseCategoricalCrossentropy') return [random.below(outputs)];
    if (loss === 'binaryCrossentropy') return Array.from({ length: columns }, () => random.below(2));
    if (loss !== 'categoricalCrossentropy') return Array.from({ length: columns }, () => random.normal());
    const truth = random.below(outputs);
    return Array.from({ length: columns }, (_, k) => (k === truth ? 1 : 0));
  };
  const rows = places.length;
  const outputSteps = sequence ? steps : 1;
  const y = new Float64Array(rows * outputSteps * columns).fill(filler);
  const weights = new Float64Array(rows * outputSteps).fill(filler);
  places.forEach((real, row) => {
    for (const t of sequence ? real : [0]) {
      y.set(one(), (row * outputSteps + t) * columns);
      weights[row * outputSteps + t] = 0.5 + random.uniform();
    }
  });
  return {
    y: tensor(y, sequence ? [rows, steps, columns] : [rows, columns]),
    weights: tensor(weights, sequence ? [rows, steps] : [rows]),
  };
}

/** Everything that comes out: predictions at real steps, an evaluation, and two epochs of training. */
async function outcomeOf(scene: Scene, model: Sequential<FloatArray>, x: SampleInput, filler: number) {
  const missing = 'mask';
  const { y, weights } = targetsOf(scene, filler);
  const predicted = model.predict(x, { missing });
  const outputs = outputsOf(scene.choice);
  const predictions = scene.places.map((real, row) => {
    const values = rowOf(predicted, row);
    if (!scene.choice.sequence) return bitsOf(values);
    return real.map((t) => bitsOf(values.subarray(t * outputs, (t + 1) * outputs))).join(' ');
  });
  const evaluated = logBits(model.evaluate(x, y, { missing, sampleWeight: weights, batchSize: 2 }));
  const options = {
    missing,
    sampleWeight: weights,
    epochs: 2,
    batchSize: 3,
    validationData: [x, y],
  } as const;
  // Unbounded activations may overflow: then every way has to end in the same error.
  const trained = await model.fit(x, y, options).then(
    ({ history }) => logBits(history),
    ({ message }: Error) => ({ message }),
  );
  return { predictions, evaluated, trained, weights: weightBits(model) };
}

const kernelSets = [
  ['float64', 'reference'],
  ['float32', 'reference'],
  ['float32', 'auto'],
] as const;

describe.each(kernelSets)('padding behind the real steps, in %s on %s', (...kernels) => {
  it('is the same by lengths, by rows of unequal lengths, by a masking layer and by missing values', async () => {
    let trained = 0;
    await fc.assert(
      fc.asyncProperty(modelChoice, async (choice) => {
        const scene = sceneOf(choice, kernels, false);
        const { features } = choice;
        const lengths = scene.places.map(({ length }) => length);
        const expected = await outcomeOf(scene, rebuild(scene), scene.rows, 0);
        if ('loss' in expected.trained) trained++;
        const masked = masking({ maskValue: -3, name: 'masked' });
        const routes: [string, Sequential<FloatArray>, SampleInput, number][] = [
          ['a masking layer', rebuild(scene, [masked]), paddedRows(scene, () => -3), Number.NaN],
          ['missing values', rebuild(scene), paddedRows(scene, () => Number.NaN), Number.NaN],
        ];
        for (const filler of [Number.NaN, Number.POSITIVE_INFINITY, 1e30]) {
          const data = Float64Array.from(paddedRows(scene, () => filler).flat(2));
          const x = tensor(data, [lengths.length, scene.steps, features], { lengths });
          routes.push([`lengths over ${filler}`, rebuild(scene), x, filler]);
        }
        for (const [name, model, x, filler] of routes) {
          expect(await outcomeOf(scene, model, x, filler), name).toEqual(expected);
        }
      }),
      { numRuns: 40 },
    );
    expect(trained).toBeGreaterThan(28);
  });
});

describe.each(kernelSets)('padding anywhere, in %s on %s', (...kernels) => {
  it('is the same whatever the masking layer looks for and whatever stands beside a missing value', async () => {
    await fc.assert(
      fc.asyncProperty(modelChoice, async (choice) => {
        const scene = sceneOf(choice, kernels, true);
        const { features } = choice;
        const zeros = rebuild(scene, [masking({ name: 'masked' })]);
        const expected = await outcomeOf(
          scene,
          zeros,
          paddedRows(scene, () => 0),
          0,
        );
        const routes: [string, Sequential<FloatArray>, SampleInput, number][] = [];
        for (const maskValue of [-1, 1e30, 0.1]) {
          const model = rebuild(scene, [masking({ maskValue, name: 'masked' })]);
          routes.push([`masking ${maskValue}`, model, paddedRows(scene, () => maskValue), Number.NaN]);
        }
        for (const beside of [Number.POSITIVE_INFINITY, 1e30, Number.NaN]) {
          const x = paddedRows(scene, (k) => (k === features - 1 ? Number.NaN : beside));
          routes.push([`missing beside ${beside}`, rebuild(scene), x, Number.NEGATIVE_INFINITY]);
        }
        for (const [name, model, x, filler] of routes) {
          expect(await outcomeOf(scene, model, x, filler), name).toEqual(expected);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('gives every real step the bits that the row has alone and without padding', () => {
    fc.assert(
      fc.property(modelChoice, (choice) => {
        const scene = sceneOf(choice, kernels, true);
        const model = rebuild(scene);
        const together = model.predict(
          paddedRows(scene, () => Number.NaN),
          { missing: 'mask' },
        );
        scene.rows.forEach((row, r) => {
          const alone = model.predict([row]);
          const padded = rowOf(together, r);
          if (!choice.sequence) {
            expect(bitsOf(padded)).toBe(bitsOf(alone.data));
            return;
          }
          const outputs = outputsOf(choice);
          (scene.places[r] as readonly number[]).forEach((t, n) => {
            const found = padded.subarray(t * outputs, (t + 1) * outputs);
            expect(bitsOf(found)).toBe(bitsOf(alone.data.subarray(n * outputs, (n + 1) * outputs)));
          });
        });
      }),
      { numRuns: 40 },
    );
  });
});

describe('a masked step', () => {
  it('repeats the output of the step before it, and zeros where there was none', () => {
    const model = sequential([masking(), lstm(3, { returnSequences: true })], { seed: 2 });
    const { data } = model.predict([[[0], [1], [0], [2], [0]]]);
    const steps = Array.from({ length: 5 }, (_, t) => bitsOf(data.subarray(3 * t, 3 * t + 3)));
    expect(steps[0]).toBe(bitsOf(new Float32Array(3)));
    expect(steps[2]).toBe(steps[1]);
    expect(steps[4]).toBe(steps[3]);
    expect(steps[3]).not.toBe(steps[1]);
  });

  it('found by a masking layer further up is one from there on', async () => {
    const make = () => {
      const layers = [
        activation('relu'),
        masking(),
        lstm(2, { returnSequences: true }),
        lstm(1, { returnSequences: true }),
      ];
      const model = sequential(layers, { seed: 3 });
      model.compile({ loss: 'meanSquaredError', metrics: ['meanAbsoluteError'] });
      return model;
    };
    const x = [[[-1], [1], [-2], [3], [-1]]];
    const bare = [[[1], [3]]];
    const { data } = make().predict(x);
    expect(bitsOf(data.filter((_, t) => t % 2 === 1))).toBe(bitsOf(make().predict(bare).data));
    const expected = make().evaluate(bare, [[0.5, -0.5]]);
    for (const filler of [0, 1e6]) {
      const y = [[filler, 0.5, filler, -0.5, filler]];
      expect(make().evaluate(x, y)).toEqual(expected);
      const [padded, alone] = [make(), make()];
      await padded.fit(x, y, { epochs: 3 });
      await alone.fit(bare, [[0.5, -0.5]], { epochs: 3 });
      expect(weightBits(padded)).toEqual(weightBits(alone));
    }
  });

  it('stays masked through every layer, to the loss and the metrics', () => {
    const layers = () => [
      lstm(2, { returnSequences: true }),
      activation('tanh'),
      lstm(1, { returnSequences: true }),
    ];
    const model = sequential(layers(), { seed: 3 });
    model.compile({ loss: 'meanSquaredError', metrics: ['meanAbsoluteError'] });
    const real = [[[1], [2]]];
    const padded = tensor([1, 2, 1e30, 1e30], [1, 4, 1], { lengths: [2] });
    const expected = model.evaluate(real, [[0.5, -0.5]]);
    expect(model.evaluate(padded, tensor([0.5, -0.5, Number.NaN, 1e30], [1, 4]))).toEqual(expected);
  });
});

describe('a row that is wholly masked is an error that names it', () => {
  const model = () => {
    const made = sequential([lstm(1)], { seed: 1 });
    made.compile({ loss: 'meanSquaredError' });
    return made;
  };
  const message = 'row 1 is wholly masked: it has no step to learn or predict from; leave it out';

  it('by lengths', async () => {
    const x = tensor([1, 2, 3, 4], [2, 2, 1], { lengths: [2, 0] });
    const error = { name: 'DataError', message };
    expect(await errorOf(() => model().predict(x))).toEqual(error);
    expect(await errorOf(() => model().evaluate(x, [1, 2]))).toEqual(error);
    expect(await errorOf(() => model().fit(x, [1, 2]))).toEqual(error);
    expect(await errorOf(() => model().trainOnBatch(x, [1, 2]))).toEqual(error);
  });

  it('by an empty row', async () => {
    expect(await errorOf(() => model().predict([[[1], [2]], []]))).toEqual({ name: 'DataError', message });
  });

  it('by missing values', async () => {
    const x = [
      [[1], [2]],
      [[Number.NaN], [Number.NaN]],
    ];
    expect(await errorOf(() => model().predict(x, { missing: 'mask' }))).toEqual({
      name: 'DataError',
      message,
    });
  });

  it('by a masking layer, before any training has happened', async () => {
    const masked = sequential([masking({ maskValue: 5 }), lstm(1)], { seed: 1 });
    masked.compile({ loss: 'meanSquaredError' });
    masked.build([null, 1]);
    const before = weightBits(masked);
    const error = await errorOf(() =>
      masked.fit(
        [
          [[1], [2]],
          [[2], [5]],
          [[5], [5]],
        ],
        [1, 2, 3],
        { batchSize: 1, shuffle: false },
      ),
    );
    expect(error).toEqual({
      name: 'DataError',
      message:
        'row 2 is wholly masked: every step of it is padding or equals 5, the value that masking_1 masks; leave the row out',
    });
    expect(weightBits(masked)).toEqual(before);
  });

  it('by a masking layer that stands further up, in the pass', async () => {
    const masked = sequential([activation('relu'), masking(), lstm(1)], { seed: 1 });
    const { name, message: found } = await errorOf(() =>
      masked.predict([[[1]], [[1]], [[-1]]], { batchSize: 2 }),
    );
    expect(name).toBe('DataError');
    expect(found).toMatch(/^row 2 is wholly masked/);
  });
});
