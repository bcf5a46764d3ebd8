/** A model run step by step gives what `predict` gives at each step of the whole sequence, to the bit. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import type { FloatArray } from '../../src/core/tensor.js';
import {
  activation,
  type BackendName,
  bidirectional,
  ConfigError,
  coupledLstm,
  DataError,
  dense,
  dropout,
  gateRecurrenceLstm,
  gru,
  type Layer,
  layerNormLstm,
  lstm,
  masking,
  noForgetGateLstm,
  noInputActivationLstm,
  noInputGateLstm,
  noOutputActivationLstm,
  noOutputGateLstm,
  type Precision,
  peepholeLstm,
  projectedLstm,
  type Sequential,
  ShapeError,
  type Stream,
  sequential,
  simpleRnn,
  tensor,
  zoneoutLstm,
} from '../../src/index.js';
import { bitsOf, errorOf } from '../support/bits.js';
import { kernelSets } from '../support/guarded-memory.js';

const FEATURES = 3;

interface Subject {
  readonly backend: BackendName;
  readonly precision: Precision;
}

const subjects: Subject[] = [
  ...kernelSets.map((backend): Subject => ({ backend, precision: 'float32' })),
  { backend: 'reference', precision: 'float64' },
];

const stacks: Record<string, (units: number) => Layer[]> = {
  'the last step': (units) => [lstm(units), dense(2, { activation: 'sigmoid' })],
  'every step': (units) => [
    lstm(units, { returnSequences: true, dropout: 0.3, recurrentDropout: 0.3 }),
    dropout(0.5),
    dense(3, { activation: 'softmax' }),
  ],
  'a stack': (units) => [
    lstm(units, { returnSequences: true }),
    dense(4, { activation: 'relu' }),
    lstm(5, { returnSequences: true, activation: 'relu', recurrentActivation: 'hardSigmoid' }),
    activation('tanh'),
    lstm(units, { useBias: false }),
    dense(1),
  ],
  'other cells': (units) => [
    gru(units, { returnSequences: true, initialState: 'learned' }),
    simpleRnn(4, { returnSequences: true }),
    gru(units, { returnSequences: true, resetAfter: false, recurrentActivation: 'tanh' }),
    lstm(3, { cellClip: 0.1, initialState: 'learned' }),
  ],
  'variants of the LSTM': (units) => [
    peepholeLstm(units, { returnSequences: true, peepholeInitializer: 'randomUniform' }),
    coupledLstm(3, { returnSequences: true }),
    noForgetGateLstm(units, { returnSequences: true, initialState: 'learned' }),
    noInputGateLstm(3, { returnSequences: true }),
    noOutputGateLstm(units, { returnSequences: true }),
    noInputActivationLstm(3, { returnSequences: true }),
    noOutputActivationLstm(units, { returnSequences: true }),
    layerNormLstm(units, { returnSequences: true }),
    gateRecurrenceLstm(3, { returnSequences: true, gateInitializer: 'glorotUniform' }),
    projectedLstm(units + 1, units, { returnSequences: true }),
    zoneoutLstm(units, { zoneoutH: 0.3 }),
  ],
  masked: (units) => [masking({ maskValue: 7 }), lstm(units, { returnSequences: true }), lstm(units)],
};

function create(layers: Layer[], { backend, precision }: Subject): Sequential<FloatArray> {
  const options = { seed: 3, backend, precision };
  const model = sequential(layers, options as { seed: number }) as Sequential<FloatArray>;
  return model.build([null, FEATURES]);
}

/** [rows, steps, features], about every fourth step all 7. */
function randomInput(seed: number, rows: number, steps: number): Float64Array {
  const random = new Random(seed);
  const data = Float64Array.from({ length: rows * steps * FEATURES }, () => Math.fround(random.normal()));
  for (let row = 0; row < rows; row++) {
    for (let t = 1; t < steps; t++) {
      const start = (row * steps + t) * FEATURES;
      if (random.uniform() < 0.25) data.fill(7, start, start + FEATURES);
    }
  }
  return data;
}

/** Step t of all rows, as a stream takes it. */
function stepOf(data: FloatArray, rows: number, steps: number, t: number): number[] {
  return Array.from({ length: rows }, (_, row) => {
    const start = (row * steps + t) * FEATURES;
    return [...data.subarray(start, start + FEATURES)];
  }).flat();
}

describe.each(subjects)('on $backend in $precision', (subject) => {
  it.each(Object.keys(stacks))('%s: the outputs are those of predict', (name) => {
    const size = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(size, size, size, fc.nat(), (batch, steps, units, seed) => {
        const model = create((stacks[name] as (typeof stacks)[string])(units), subject);
        const data = randomInput(seed, batch, steps);
        const live = model.stream({ batch });
        for (let t = 0; t < steps; t++) {
          const out = live.push(stepOf(data, batch, steps, t));
          const prefix = tensor(
            Float64Array.from({ length: batch * (t + 1) * FEATURES }, (_, k) => {
              const row = Math.floor(k / ((t + 1) * FEATURES));
              return data[row * steps * FEATURES + (k % ((t + 1) * FEATURES))] as number;
            }),
            [batch, t + 1, FEATURES],
          );
          const whole = model.predict(prefix);
          const width = whole.shape.at(-1) as number;
          const last = Array.from({ length: batch }, (_, row) => {
            const end = whole.data.length / batch;
            return [...whole.data.subarray((row + 1) * end - width, (row + 1) * end)];
          }).flat();
          expect(bitsOf(Float64Array.from(out))).toBe(bitsOf(last));
        }
      }),
      { numRuns: 12 },
    );
  });

  it('goes on through other passes, streams beside it, and a growing memory', () => {
    const model = create([lstm(6), dense(1)], subject);
    const data = randomInput(5, 2, 8);
    const expected = [0, 1].map((row) => {
      const alone = model.stream();
      return Array.from({ length: 8 }, (_, t) =>
        bitsOf(alone.push(stepOf(data, 2, 8, t).slice(3 * row, 3 * row + 3))),
      );
    });
    const streams = [model.stream(), model.stream()];
    for (let t = 0; t < 8; t++) {
      for (let row = 0; row < 2; row++) {
        const out = (streams[row] as Stream<FloatArray>).push(
          stepOf(data, 2, 8, t).slice(3 * row, 3 * row + 3),
        );
        expect(bitsOf(out)).toBe(expected[row]?.[t]);
        model.predict(tensor(randomInput(t, 3 + 40 * t, 5), [3 + 40 * t, 5, FEATURES]));
      }
      for (let batch = 2; batch < 30; batch++)
        if (t === 4) model.stream({ batch }).push(Array(3 * batch).fill(1));
    }
  });
});

describe('a stream', () => {
  const build = () => sequential([lstm(4), dense(2)], { seed: 1 }).build([null, 3]);
  const steps = Array.from({ length: 6 }, (_, t) => [Math.sin(t), t / 3, -1]);

  it('begins anew after reset', () => {
    const live = build().stream();
    const first = steps.map((step) => bitsOf(live.push(step)));
    expect(first[0]).not.toBe(bitsOf(live.push(steps[0] as number[])));
    live.reset();
    expect(steps.map((step) => bitsOf(live.push(step)))).toEqual(first);
  });

  it('goes on from a state, by way of JSON too, and hands out copies', () => {
    const model = build();
    const live = model.stream();
    for (const step of steps.slice(0, 3)) live.push(step);
    const state = live.state();
    expect(Object.keys(state)).toEqual(['lstm_1/h', 'lstm_1/c']);
    const text = JSON.stringify(state);
    const rest = steps.slice(3).map((step) => bitsOf(live.push(step)));
    expect(JSON.stringify(state)).toBe(text);
    const other = model.stream();
    other.restore(JSON.parse(text));
    expect(steps.slice(3).map((step) => bitsOf(other.push(step)))).toEqual(rest);
  });

  it('names the state of a layer that is used twice', () => {
    const shared = lstm(3, { returnSequences: true });
    const model = sequential([shared, shared], { seed: 1 }).build([null, 3]);
    const live = model.stream();
    live.push([1, 2, 3]);
    const state = live.state();
    expect(Object.keys(state)).toEqual(['lstm_1/h', 'lstm_1/c', 'lstm_1/h (2)', 'lstm_1/c (2)']);
    const next = bitsOf(live.push([3, 2, 1]));
    live.restore(state);
    expect(bitsOf(live.push([3, 2, 1]))).toBe(next);
  });

  it('writes where it is told, and otherwise into a new array', () => {
    const live = build().stream();
    const out = new Float64Array(2);
    expect(live.push([1, 2, 3], out)).toBe(out);
    live.reset();
    const [first, second] = [live.push([1, 2, 3]), live.push([1, 2, 3])];
    expect(first).toBeInstanceOf(Float32Array);
    expect([...first]).toEqual([...out]);
    expect(second).not.toBe(first);
  });

  it('makes its steps with the weights of their moment, in the middle of fit too', async () => {
    const model = build();
    const live = model.stream();
    live.push([1, 2, 3]);
    const state = live.state();
    const before = bitsOf(live.push([3, 2, 1]));
    const weights = model.getWeights();
    model.compile({ loss: 'meanSquaredError' });
    const seen: string[] = [];
    const onBatchEnd = () => {
      live.restore(state);
      seen.push(bitsOf(live.push([3, 2, 1])));
    };
    const x = Array.from({ length: 8 }, (_, row) => [
      [row, 1, 2],
      [2, 1, row],
    ]);
    const y = Array.from({ length: 8 }, (_, row) => [row, 1]);
    await model.fit(x, y, { batchSize: 2, callbacks: [{ onBatchEnd }] });
    expect(new Set([before, ...seen]).size).toBe(5);
    model.setWeights(weights);
    live.restore(state);
    expect(bitsOf(live.push([3, 2, 1]))).toBe(before);
  });

  it('keeps the state over a step that is missing', () => {
    const model = build();
    const live = model.stream({ batch: 2, missing: 'mask' });
    live.push([1, 2, 3, 4, 5, 6]);
    const state = live.state();
    const { data } = model.predict([[[1, 2, 3]], [[4, 5, 6]]]);
    const out = live.push([Number.NaN, 2, 3, 4, 5, 6]);
    expect(bitsOf(out.subarray(0, 2))).toBe(bitsOf(data.subarray(0, 2)));
    const after = live.state();
    expect(after['lstm_1/h']?.slice(0, 4)).toEqual(state['lstm_1/h']?.slice(0, 4));
    expect(after['lstm_1/h']?.slice(4)).not.toEqual(state['lstm_1/h']?.slice(4));
  });
});

describe('mistakes', () => {
  const anything = (value: unknown) => value as never;
  const model = sequential([lstm(4), dense(2)], { seed: 1 }).build([null, 3]);
  const live = model.stream();
  const two = model.stream({ batch: 2 });
  const state = live.state();

  it.each<[string, () => unknown, new (...parameters: never[]) => Error, string]>([
    ['too few features', () => live.push([1, 2]), ShapeError, 'the stream has 3 features a step but got 2'],
    [
      'too few features for all rows',
      () => two.push([1, 2, 3]),
      ShapeError,
      'the stream has 6 features a step for its 2 rows but got 3',
    ],
    ['no array', () => live.push(anything(5)), ShapeError, 'the stream has 3 features a step but got 5'],
    [
      'no room for the outputs',
      () => live.push([1, 2, 3], new Float32Array(1)),
      ShapeError,
      'the stream has 2 outputs a step but got 1',
    ],
    [
      'NaN',
      () => live.push([1, Number.NaN, 3]),
      DataError,
      "the stream got NaN in feature 1: mend it, or mask such steps with { missing: 'mask' }",
    ],
    [
      'infinity, once it is rounded',
      () => two.push([1, 2, 3, 4, 1e300, 6]),
      DataError,
      'the stream got 1e+300 in row 1, feature 1: every number must be finite',
    ],
    [
      'text',
      () => live.push(anything(['1', 2, 3])),
      DataError,
      "the stream got '1' in feature 0: every number must be finite",
    ],
    [
      'a wrong batch',
      () => model.stream({ batch: 0 }),
      ConfigError,
      'stream: batch must be a number at least 1 but is 0',
    ],
    [
      'a habit',
      () => model.stream(anything({ batchSize: 2 })),
      ConfigError,
      "stream has no option 'batchSize': write batch",
    ],
    [
      'missing of another value',
      () => model.stream(anything({ missing: 'skip' })),
      ConfigError,
      "missing is 'error' or 'mask' but is 'skip'",
    ],
    [
      'a bidirectional layer',
      () =>
        sequential([bidirectional(lstm(2))])
          .build([null, 3])
          .stream(),
      ConfigError,
      'the model cannot take one step at a time: bidirectional_1 reads the sequence from its end too, which a stream does not know; use predict',
    ],
    [
      'a layer that goes backwards',
      () =>
        sequential([gru(2, { goBackwards: true })])
          .build([null, 3])
          .stream(),
      ConfigError,
      'the model cannot take one step at a time: gru_1 goes backwards, from the last step of a sequence to its first; use predict',
    ],
    [
      'no steps',
      () =>
        sequential([dense(1)])
          .build([3])
          .stream(),
      ConfigError,
      "the model's input has no steps, so that there is nothing to stream: use predict",
    ],
    [
      'a model that is not built',
      () => sequential([lstm(2)]).stream(),
      ConfigError,
      'stream needs a model that is built: call model.build([steps, features]) first, or let it see data',
    ],
    [
      'a state that is none',
      () => live.restore(anything(3)),
      DataError,
      'restore takes what state() returned but got 3',
    ],
    [
      'a strange name in a state',
      () => live.restore({ ...state, 'lstm_2/h': [1] }),
      DataError,
      "the model carries no state 'lstm_2/h': it carries lstm_1/h, lstm_1/c",
    ],
    [
      'a part of a state',
      () => live.restore({ 'lstm_1/h': state['lstm_1/h'] as number[] }),
      DataError,
      "the state 'lstm_1/c' is missing",
    ],
    [
      'a state of another size',
      () => two.restore(state),
      ShapeError,
      "the state 'lstm_1/h' needs 8 numbers, 4 for each of 2 rows, but got 4",
    ],
    [
      'a state that is not finite',
      () => live.restore({ ...state, 'lstm_1/c': [0, 0, Number.NaN, 0] }),
      DataError,
      "the state 'lstm_1/c' has NaN at index 2",
    ],
  ])('%s', async (_, work, type, message) => {
    const before = live.state();
    expect(await errorOf(work)).toEqual({ name: type.name, message });
    expect(live.state()).toEqual(before);
  });
});
