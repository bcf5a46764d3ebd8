/** State that is carried from batch to batch, and from layer to layer. */
import { describe, expect, it } from 'vitest';
import type { FloatArray } from '../../src/core/tensor.js';
import {
  bidirectional,
  dense,
  deserializeModel,
  gru,
  input,
  type Layer,
  lstm,
  type Model,
  model,
  sequential,
  serializeModel,
  simpleRnn,
} from '../../src/index.js';
import { bitsOf, errorOf, randomSequences, weightBits } from '../support/bits.js';

const ROWS = 3;
const WINDOW = 4;
const WINDOWS = 5;

/** Three long sequences, each with a target a step. */
const streams = randomSequences(1, [WINDOW * WINDOWS, WINDOW * WINDOWS, WINDOW * WINDOWS], 2);

/** The windows of all streams, in batches of one window of each: [windows * rows, WINDOW, features]. */
const windows = Array.from({ length: WINDOWS * ROWS }, (_, k) => {
  const start = Math.floor(k / ROWS) * WINDOW;
  return (streams[k % ROWS] as number[][]).slice(start, start + WINDOW);
});
const targets = windows.map((steps) => steps.map(([a, b]) => (a as number) - (b as number)));

function create(layers: Layer[]) {
  const made = sequential([...layers, dense(1)], { seed: 4 });
  made.compile({ loss: 'meanSquaredError', optimizer: 'sgd' });
  return made.build([null, 2]);
}

const makers: Record<string, (stateful: boolean) => Layer[]> = {
  'a stack of LSTMs': (stateful) => [
    lstm(3, { returnSequences: true, stateful }),
    lstm(2, { returnSequences: true, stateful }),
  ],
  'a GRU': (stateful) => [gru(3, { returnSequences: true, stateful, initialState: 'learned' })],
};

describe.each(Object.keys(makers))('%s', (name) => {
  const build = (stateful: boolean) => create((makers[name] as (typeof makers)[string])(stateful));

  it('predicts windows of a long sequence as it does the sequence', () => {
    const whole = build(false).predict(streams);
    const { data } = build(true).predict(windows, { batchSize: ROWS });
    const inOrder = Float32Array.from(data, (_, k) => {
      const [row, step] = [Math.floor(k / (WINDOW * WINDOWS)), k % (WINDOW * WINDOWS)];
      return data[(Math.floor(step / WINDOW) * ROWS + row) * WINDOW + (step % WINDOW)] as number;
    });
    expect(bitsOf(inOrder)).toBe(bitsOf(whole.data));
  });

  it('fits windows one after the other, and comes back to the beginning in every epoch', async () => {
    const fitted = build(true);
    await fitted.fit(windows, targets, { batchSize: ROWS, shuffle: false, epochs: 2 });
    const byHand = build(true);
    for (let epoch = 0; epoch < 2; epoch++) {
      byHand.resetStates();
      for (let k = 0; k < windows.length; k += ROWS) {
        byHand.trainOnBatch(windows.slice(k, k + ROWS), targets.slice(k, k + ROWS));
      }
    }
    expect(weightBits(fitted)).toEqual(weightBits(byHand));
    const stateless = build(false);
    await stateless.fit(windows, targets, { batchSize: ROWS, shuffle: false, epochs: 2 });
    expect(weightBits(stateless)).not.toEqual(weightBits(fitted));
  });

  it('goes on in a second fit, validation leaving the state alone', async () => {
    const half = Math.floor(WINDOWS / 2) * ROWS;
    const options = { batchSize: ROWS, shuffle: false };
    const atOnce = build(true);
    await atOnce.fit(windows, targets, options);
    const inTwo = build(true);
    const validationData = [windows.slice(0, 2), targets.slice(0, 2)] as const;
    const { history } = await inTwo.fit(windows.slice(0, half), targets.slice(0, half), {
      ...options,
      validationData,
    });
    await inTwo.fit(windows.slice(half), targets.slice(half), options);
    expect(weightBits(inTwo)).toEqual(weightBits(atOnce));
    const other = build(true);
    await other.fit(windows.slice(0, half), targets.slice(0, half), options);
    other.resetStates();
    expect(history.val_loss?.[0]).toBe(other.evaluate(...validationData).loss);
  });
});

describe('mistakes with a stateful layer', () => {
  const build = () => create([lstm(2, { returnSequences: true, stateful: true })]);

  it.each<[string, (made: ReturnType<typeof build>) => unknown, string]>([
    [
      'shuffling',
      (made) => made.fit(windows, targets, { batchSize: ROWS }),
      'fit: lstm_1 is stateful, each batch going on where the one before ended: write { shuffle: false }',
    ],
    [
      'a smaller last batch in fit',
      (made) => made.fit(windows, targets, { batchSize: 4, shuffle: false }),
      'lstm_1 is stateful and 15 rows in batches of 4 leave a last one of 3: each row goes on where that of the batch before ended, so give a batchSize that divides them',
    ],
    [
      'a smaller last batch in predict',
      (made) => made.predict(windows, { batchSize: 2 }),
      'lstm_1 is stateful and 15 rows in batches of 2 leave a last one of 1: each row goes on where that of the batch before ended, so give a batchSize that divides them',
    ],
    [
      'another batch size',
      (made) => {
        made.predict(windows, { batchSize: 3 });
        made.predict(windows, { batchSize: 5 });
      },
      'lstm_1 is stateful and carries on the state of 3 rows but got 5: give it batches of one size, or begin anew with model.resetStates()',
    ],
  ])('%s', async (_, work, message) => {
    expect(await errorOf(() => work(build()))).toEqual({ name: 'ConfigError', message });
  });
});

describe('states as inputs and outputs', () => {
  const [left, right] = [windows.slice(0, 3), windows.slice(3, 6)];
  const joined = left.map((steps, row) => [...steps, ...(right[row] as number[][])]);
  const y = [[1], [2], [3]];
  const makersOfOne: Record<string, () => Layer> = {
    lstm: () => lstm(3, { returnState: true }),
    gru: () => gru(3, { returnState: true }),
    simpleRnn: () => simpleRnn(3, { returnState: true }),
  };

  it.each(Object.keys(makersOfOne))(
    '%s: a sequence in two parts, the state handed over, is the whole',
    (name) => {
      const [a, b, whole] = [
        input({ shape: [null, 2] }),
        input({ shape: [null, 2] }),
        input({ shape: [null, 2] }),
      ];
      const compile = <M extends Model<Float32Array, never, never>>(made: M): M => {
        made.compile({ loss: 'meanSquaredError', optimizer: 'sgd' });
        return made;
      };
      const reader = (makersOfOne[name] as () => Layer)();
      const [, ...state] = reader.on(a);
      const [last] = reader.on(b, ...state);
      const inParts = model({ inputs: [a, b], outputs: dense(1).on(last as never) }, { seed: 2 });
      const [end] = (makersOfOne[name] as () => Layer)().on(whole);
      const atOnce = model({ inputs: whole, outputs: dense(1).on(end as never) }, { seed: 2 });
      compile(inParts as never);
      compile(atOnce as never);
      const parts = inParts.predict([left, right]);
      expect(bitsOf(parts.data)).toBe(bitsOf(atOnce.predict(joined).data));
      inParts.trainOnBatch([left, right], y);
      atOnce.trainOnBatch(joined, y);
      const [found, expected] = [inParts.getWeights(), atOnce.getWeights()];
      for (const [weight, { data }] of Object.entries(expected)) {
        data.forEach((value, k) => void expect(found[weight]?.data[k]).toBeCloseTo(value, 6));
      }
    },
  );

  it('is saved and loaded with its model', () => {
    const [a, b] = [input({ shape: [null, 2] }), input({ shape: [null, 2] })];
    const [, ...state] = bidirectional(gru(3, { returnState: true })).on(a);
    const both = bidirectional(gru(3, { returnSequences: true }), { mergeMode: 'ave' }).on(b, ...state);
    const made = model({ inputs: [a, b], outputs: dense(1).on(both) }, { seed: 2 });
    const again = deserializeModel(serializeModel(made));
    const expected = made.predict([left, right]);
    const found = again.predict([left, right] as never) as typeof expected;
    expect(bitsOf(found.data)).toBe(bitsOf(expected.data));
    expect(Object.keys(again.getWeights())).toEqual(Object.keys(made.getWeights()));
  });

  it('of a bidirectional layer: those of the forward direction, then those of the backward one', () => {
    const x = input({ shape: [null, 2] });
    const outputs = bidirectional(lstm(3, { returnState: true }), { mergeMode: 'none' }).on(x);
    const made = model({ inputs: x, outputs: [...outputs] }, { seed: 2 });
    const shapes = made.predict(left).map(({ shape }) => shape);
    expect(shapes).toEqual(Array.from({ length: 6 }, () => [3, 3]));
    const [forward, backward, fh, , bh] = made.predict(left).map(({ data }) => bitsOf(data as FloatArray));
    expect([fh, bh]).toEqual([forward, backward]);
  });

  it.each<[string, () => unknown, string, string]>([
    [
      'half a state',
      () => {
        const x = input({ shape: [null, 2] });
        const [, h] = lstm(3, { returnState: true }).on(x);
        model({ inputs: x, outputs: lstm(3).on(x, h as never) });
      },
      'ShapeError',
      'lstm_2 takes a sequence, and the state to begin with, h and c, or none; but it got 1 of them',
    ],
    [
      'a state of other units',
      () => {
        const x = input({ shape: [null, 2] });
        const [, h] = gru(4, { returnState: true }).on(x);
        model({ inputs: x, outputs: gru(3).on(x, h as never) });
      },
      'ShapeError',
      'gru_2 expects the first h to be [batch, 3] but got [batch, 4]',
    ],
    [
      'a state for a stateful layer',
      () => {
        const x = input({ shape: [null, 2] });
        const [, h] = gru(3, { returnState: true }).on(x);
        model({ inputs: x, outputs: gru(3, { stateful: true }).on(x, h as never) });
      },
      'ConfigError',
      'gru_2 has stateful: true and is given a state to begin with: one of the two',
    ],
    [
      'a learned state that is given too',
      () => {
        const x = input({ shape: [null, 2] });
        const [, h] = gru(3, { returnState: true }).on(x);
        model({ inputs: x, outputs: gru(3, { initialState: 'learned' }).on(x, h as never) });
      },
      'ConfigError',
      "gru_2 has initialState: 'learned' and is given a state to begin with: one of the two",
    ],
  ])('%s is an error', async (_, work, name, message) => {
    expect(await errorOf(work)).toEqual({ name, message });
  });
});
