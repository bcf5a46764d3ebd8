/** What AWD-LSTM needs beside weight dropout: words dropped, and penalties on activations and on how they move. */
import { describe, expect, it } from 'vitest';
import {
  activityRegularization,
  dense,
  deserializeModel,
  embedding,
  type FloatArray,
  type Layer,
  l1,
  l2,
  lstm,
  masking,
  sequential,
  serializeModel,
  spatialDropout1d,
  tensor,
} from '../../src/index.js';
import { errorOf } from '../support/bits.js';
import { planLayer } from '../support/layer-run.js';

const anything = (value: unknown) => value as never;

const wrong: [string, () => unknown, string, string][] = [
  [
    'a layer that costs nothing',
    () => activityRegularization({}),
    'ConfigError',
    'activityRegularization costs nothing: give it an activityRegularizer, a temporalRegularizer or both',
  ],
  [
    "Keras's arguments",
    () => activityRegularization(anything({ l2: 0.1 })),
    'ConfigError',
    "activityRegularization has no option 'l2': write activityRegularizer: l2(strength)",
  ],
  [
    'movement without steps',
    () => sequential([lstm(2), activityRegularization({ temporalRegularizer: 'l2' })]).build([null, 1]),
    'ShapeError',
    'activityRegularization_1 has a temporalRegularizer, which needs steps: put it where there are some, behind a ' +
      'layer with returnSequences: true',
  ],
  [
    'all words dropped',
    () => embedding(3, 2, { dropout: 1 }),
    'ConfigError',
    'embedding: dropout must be a number at least 0 and below 1 but is 1',
  ],
];

it.each(wrong)('%s', async (_, make, name, message) =>
  expect(await errorOf(make)).toEqual({ name, message }),
);

describe('activity regularization', () => {
  /** The loss of one row, whose target is what the model gives, so that only the penalty is left. */
  function cost(layer: Layer, rows: readonly (readonly number[])[]): number {
    const options = { seed: 1, precision: 'float64', backend: 'reference' } as const;
    const model = sequential([masking({ maskValue: 9 }), layer], options);
    model.compile({ loss: 'meanSquaredError' });
    const steps = (rows[0] as readonly number[]).length;
    const x = tensor(Float64Array.from(rows.flat()), [rows.length, steps, 1]);
    return model.evaluate(x, { ...x, data: x.data.slice() }).loss;
  }

  it('costs the squares of real steps, divided by how many there are', () => {
    const layer = () => activityRegularization({ activityRegularizer: l2(0.5) });
    expect(cost(layer(), [[1, 2, 3]])).toBeCloseTo((0.5 * (1 + 4 + 9)) / 3, 12);
    expect(cost(layer(), [[9, 2, 3]])).toBeCloseTo((0.5 * (4 + 9)) / 2, 12);
  });

  it('costs the movement from real step to real step, padding before, between and behind left out', () => {
    const layer = () => activityRegularization({ temporalRegularizer: l2(0.5) });
    expect(cost(layer(), [[1, 3, 2]])).toBeCloseTo((0.5 * (4 + 1)) / 3, 12);
    expect(cost(layer(), [[9, 1, 9, 4, 9]])).toBeCloseTo((0.5 * 9) / 2, 12);
    expect(
      cost(layer(), [
        [1, 2, 9],
        [5, 5, 7],
      ]),
    ).toBeCloseTo((0.5 * (1 + 0 + 4)) / 5, 12);
  });

  it('adds both', () => {
    const layer = activityRegularization({ activityRegularizer: l1(1), temporalRegularizer: l1(10) });
    expect(cost(layer, [[1, -2]])).toBeCloseTo((3 + 10 * 3) / 2, 12);
  });
});

describe('dropout of an embedding', () => {
  const ids = Float64Array.from({ length: 400 }, (_, k) => k % 40);
  const sizes = { batch: 10, steps: 40, features: 1 };
  const plan = () =>
    planLayer(embedding(40, 3, { dropout: 0.25, embeddingsInitializer: 'ones' }), sizes, 'float64');

  it('drops all vectors of a word at once while training, and divides by what is left', () => {
    const run = plan();
    const [y] = run.forward(ids, undefined, true) as [number[]];
    const factors = Array.from({ length: 40 }, (_, id) => y[3 * id] as number);
    y.forEach((value, k) => void expect(value).toBe(factors[ids[Math.floor(k / 3)] as number]));
    expect(new Set(factors)).toEqual(new Set([0, 1 / 0.75]));
    const { embeddings } = run.backward([Array(1200).fill(1)]).weights;
    [...(embeddings as FloatArray)].forEach((gradient, k) => {
      expect(gradient).toBeCloseTo(10 * (factors[Math.floor(k / 3)] as number), 12);
    });
  });

  it('is off outside training', () => {
    expect((plan().forward(ids)[0] as number[]).every((value) => value === 1)).toBe(true);
  });
});

it('a model of all of it learns, and its loss is the same when it is loaded', async () => {
  const model = sequential(
    [
      embedding(5, 4, { dropout: 0.1 }),
      spatialDropout1d(0.2),
      lstm(6, { returnSequences: true, weightDropout: 0.3 }),
      activityRegularization({ temporalRegularizer: l2(0.01) }),
      spatialDropout1d(0.2),
      activityRegularization({ activityRegularizer: l2(0.01) }),
      dense(5, { activation: 'softmax' }),
    ],
    { seed: 3 },
  );
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy' });
  const x = Array.from({ length: 16 }, (_, row) => Array.from({ length: 6 }, (__, t) => (row + t) % 5));
  const y = x.map((row) => row.map((id) => (id + 1) % 5));
  const before = model.evaluate(x, y).loss;
  await model.fit(x, y, { epochs: 30 });
  const { loss } = model.evaluate(x, y);
  expect(loss).toBeLessThan(before);
  expect(deserializeModel(serializeModel(model)).evaluate(x, y).loss).toBe(loss);
});
