/** What all recurrent layers do: direction, state, masks, two directions at once, names and freezing of weights. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import type { FloatArray } from '../../src/core/tensor.js';
import {
  bidirectional,
  coupledLstm,
  dense,
  type GateRecurrenceLstmOptions,
  gateRecurrenceLstm,
  gru,
  type Layer,
  type LstmOptions,
  layerNormLstm,
  lstm,
  type MergeMode,
  noForgetGateLstm,
  noInputActivationLstm,
  noInputGateLstm,
  noOutputActivationLstm,
  noOutputGateLstm,
  type PeepholeLstmOptions,
  peepholeLstm,
  type RecurrentOptions,
  randomNormal,
  sequential,
  simpleRnn,
  tensor,
  zoneoutLstm,
} from '../../src/index.js';
import { bitsOf, errorOf, randomSequences } from '../support/bits.js';
import { planLayer } from '../support/layer-run.js';

const makers: Record<string, (options: RecurrentOptions) => Layer> = {
  lstm: (options) => lstm(4, options),
  'lstm of other activations': (options) =>
    lstm(4, {
      ...options,
      activation: 'elu',
      recurrentActivation: 'hardSigmoid',
      cellClip: 0.5,
    } as LstmOptions),
  gru: (options) => gru(4, options),
  'gru, reset before': (options) => gru(4, { ...options, resetAfter: false }),
  simpleRnn: (options) => simpleRnn(4, options),
  peepholeLstm: (options) =>
    peepholeLstm(4, {
      ...options,
      peepholeInitializer: randomNormal({ stddev: 0.5 }),
    } as PeepholeLstmOptions),
  coupledLstm: (options) => coupledLstm(4, options),
  noForgetGateLstm: (options) => noForgetGateLstm(4, options),
  noInputGateLstm: (options) => noInputGateLstm(4, options),
  noOutputGateLstm: (options) => noOutputGateLstm(4, options),
  noInputActivationLstm: (options) => noInputActivationLstm(4, options),
  noOutputActivationLstm: (options) => noOutputActivationLstm(4, options),
  gateRecurrenceLstm: (options) =>
    gateRecurrenceLstm(4, {
      ...options,
      gateInitializer: randomNormal({ stddev: 0.5 }),
    } as GateRecurrenceLstmOptions),
  zoneoutLstm: (options) => zoneoutLstm(4, options),
  layerNormLstm: (options) => layerNormLstm(4, options),
};

const sizes = { batch: 3, steps: 5, features: 2 };

function normals(seed: number, length: number): number[] {
  const random = new Random(seed);
  return Array.from({ length }, () => random.normal());
}

const x = normals(1, 3 * 5 * 2);
const mask = [1, 1, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0, 1, 1, 1];
const dy = normals(2, 3 * 5 * 4);

/** The steps of each row from the last to the first. */
function reversed(values: ArrayLike<number>, rows = sizes.batch, steps = sizes.steps): number[] {
  const width = values.length / (rows * steps);
  return Array.from({ length: values.length }, (_, k) => {
    const row = Math.floor(k / (steps * width));
    const t = Math.floor(k / width) % steps;
    return values[(row * steps + steps - 1 - t) * width + (k % width)] as number;
  });
}

const bits = (values: ArrayLike<number>) => bitsOf(Array.from(values));

describe.each(Object.keys(makers))('%s', (name) => {
  const make = (options: RecurrentOptions = {}) => (makers[name] as (typeof makers)[string])(options);
  const plan = (layer: Layer, states: number[][] = []) => planLayer(layer, sizes, 'float64', states);
  const stateCount = /gateRecurrence/.test(name) ? 3 : /lstm/i.test(name) ? 2 : 1;

  it('goes backwards: what it makes of the steps turned round, its gradients too', () => {
    const forward = plan(make({ returnSequences: true }));
    const backward = plan(make({ returnSequences: true, goBackwards: true }));
    const [expected] = forward.forward(reversed(x), reversed(mask));
    const [found] = backward.forward(x, mask);
    expect(bits(found as number[])).toBe(bits(expected as number[]));
    const [a, b] = [forward.backward([dy]), backward.backward([dy])];
    expect(bits(b.x)).toBe(bits(reversed(a.x)));
    expect(Object.values(b.weights).map(bits)).toEqual(Object.values(a.weights).map(bits));
  });

  it('begins with the state that is given, or learned, and gives back the last', () => {
    const widths = [4, 4, 12].slice(0, stateCount);
    const states = widths.map((width, i) => normals(3 + i, width));
    const repeated = states.map((state) => [...state, ...state, ...state]);
    const given = plan(make({ returnState: true }), repeated);
    const learned = plan(make({ returnState: true, initialState: 'learned' }));
    const { weights } = given.backward([]);
    const own = Object.fromEntries(
      Object.entries(weights).map(([key, { length }]) => [key, normals(7, length)]),
    );
    given.setWeights(own);
    const [initialH = [], initialC = [], initialQ = []] = states;
    learned.setWeights({ ...own, initialH, initialC, initialQ });
    const [a, b] = [given.forward(x, mask), learned.forward(x, mask)];
    expect(b.map(bits)).toEqual(a.map(bits));
    expect(a.length).toBe(1 + stateCount);
    expect(bits(a[1] as number[])).toBe(bits(a[0] as number[]));
    const d = [12, ...widths.map((width) => 3 * width)].map((length, i) => normals(8 + i, length));
    const [dGiven, dLearned] = [given.backward(d), learned.backward(d)];
    ['initialH', 'initialC', 'initialQ'].slice(0, stateCount).forEach((weight, i) => {
      const width = widths[i] as number;
      const sum = Array.from({ length: width }, (_, j) =>
        [0, width, 2 * width].reduce((s, k) => s + (dGiven.states[i]?.[k + j] as number), 0),
      );
      sum.forEach((value, j) => void expect(dLearned.weights[weight]?.[j]).toBeCloseTo(value, 12));
    });
  });

  it('goes on from the batch before when it is stateful, until its states are reset', () => {
    const half = { ...sizes, steps: 2 };
    const whole = planLayer(make({ returnState: true }), { ...sizes, steps: 4 }, 'float64');
    const layer = make({ stateful: true, returnState: true });
    const parts = planLayer(layer, half, 'float64');
    const rows = (from: number, to: number) =>
      [0, 1, 2].flatMap((row) => x.slice((row * 5 + from) * 2, (row * 5 + to) * 2));
    const expected = whole.forward(rows(0, 4)).map(bits);
    parts.forward(rows(0, 2));
    expect(parts.forward(rows(2, 4)).map(bits)).toEqual(expected);
    expect(parts.forward(rows(0, 2)).map(bits)).not.toEqual(expected);
    layer.resetStates();
    parts.forward(rows(0, 2));
    const resume = layer.setStateAside();
    const beginning = parts.forward(rows(2, 4)).map(bits);
    expect(beginning).not.toEqual(expected);
    resume();
    expect(parts.forward(rows(2, 4)).map(bits)).toEqual(expected);
  });

  it('gives zeros at masked steps where that is asked for, and the state carried over else', () => {
    const [carried] = plan(make({ returnSequences: true })).forward(x, mask);
    const [zeroed] = plan(make({ returnSequences: true, zeroOutputForMask: true })).forward(x, mask);
    mask.forEach((real, step) => {
      const [a, b] = [carried, zeroed].map((y) => (y as number[]).slice(4 * step, 4 * step + 4));
      expect(b).toEqual(real === 1 ? a : [0, 0, 0, 0]);
      if (real === 0 && step % 5 > 0) expect(a).toEqual((carried as number[]).slice(4 * step - 4, 4 * step));
    });
  });

  it.each<MergeMode>(['concat', 'sum', 'ave', 'mul', 'none'])('in both directions, %s', (mergeMode) => {
    const options = { returnSequences: true, returnState: true };
    const forward = plan(make(options));
    const backward = plan(make({ ...options, goBackwards: true }));
    const both = plan(bidirectional(make(options), { mergeMode }));
    const weights = forward.backward([]).weights;
    const [own, other] = [11, 12].map((seed) =>
      Object.fromEntries(Object.entries(weights).map(([key, { length }]) => [key, normals(seed, length)])),
    ) as [Record<string, number[]>, Record<string, number[]>];
    forward.setWeights(own);
    backward.setWeights(other);
    const prefixed = (values: Record<string, number[]>, prefix: string) =>
      Object.fromEntries(Object.entries(values).map(([key, value]) => [`${prefix}/${key}`, value]));
    both.setWeights({ ...prefixed(own, 'forward'), ...prefixed(other, 'backward') });

    const [first, ...firstStates] = forward.forward(x, mask) as [number[], ...number[][]];
    const [turned, ...secondStates] = backward.forward(x, mask) as [number[], ...number[][]];
    const second = reversed(turned);
    const outputs = both.forward(x, mask);
    const merged = {
      concat: [first, second],
      sum: [first.map((value, k) => value + (second[k] as number))],
      ave: [first.map((value, k) => 0.5 * (value + (second[k] as number)))],
      mul: [first.map((value, k) => value * (second[k] as number))],
      none: [first, second],
    }[mergeMode];
    const states = [...firstStates, ...secondStates];
    if (mergeMode === 'concat') {
      const [y, ...last] = outputs as [number[], ...number[][]];
      const beside = Array.from({ length: 15 }, (_, step) => [
        ...first.slice(4 * step, 4 * step + 4),
        ...second.slice(4 * step, 4 * step + 4),
      ]).flat();
      expect(bits(y)).toBe(bits(beside));
      expect(last.map(bits)).toEqual(states.map(bits));
    } else expect(outputs.map(bits)).toEqual([...merged, ...states].map(bits));
  });
});

describe('a bidirectional layer in a model', () => {
  const sequences = randomSequences(5, [4, 1, 6, 3], 2);
  const build = (layer: Layer) => sequential([layer, dense(1)], { seed: 1 }).build([null, 2]);

  it('begins the backward direction at the last real step of each row', () => {
    const model = build(bidirectional(lstm(3)));
    const { data } = model.predict(sequences);
    const alone = sequences.map((row) => model.predict([row]).data[0] as number);
    expect(bitsOf(data)).toBe(bitsOf(Float32Array.from(alone)));
  });

  it('names its weights by the direction, and counts them', () => {
    const model = build(bidirectional(lstm(3)));
    expect(Object.keys(model.getWeights())).toEqual([
      'bidirectional_1/forward/kernel',
      'bidirectional_1/forward/recurrentKernel',
      'bidirectional_1/forward/bias',
      'bidirectional_1/backward/kernel',
      'bidirectional_1/backward/recurrentKernel',
      'bidirectional_1/backward/bias',
      'dense_1/kernel',
      'dense_1/bias',
    ]);
    expect(model.countParams()).toBe(2 * (2 * 12 + 3 * 12 + 12) + 7);
    const lines: string[] = [];
    model.summary((line) => lines.push(line));
    expect(lines[2]).toBe('bidirectional_1 (bidirectional)   [?, 6]                144');
  });

  it('is frozen as a whole', async () => {
    const layer = bidirectional(gru(3));
    const model = build(layer);
    model.compile({ loss: 'meanSquaredError' });
    layer.trainable = false;
    const before = model.getWeights();
    await model.fit(sequences, [1, 2, 3, 4], { epochs: 2 });
    const moved = Object.entries(model.getWeights())
      .filter(([weight, { data }]) => bitsOf(data) !== bitsOf(before[weight]?.data as FloatArray))
      .map(([weight]) => weight);
    expect(moved).toEqual(['dense_1/kernel', 'dense_1/bias']);
  });

  it('takes copies of the layers that it is made of', () => {
    const inner = lstm(3, { name: 'inner' });
    const model = sequential([bidirectional(inner), dense(1)], { seed: 1 }).build([null, 2]);
    expect(inner.parameters).toEqual([]);
    expect(Object.keys(model.getWeights())[0]).toBe('bidirectional_1/forward/kernel');
  });
});

describe('forget biases and initial states', () => {
  it('begin with what the options say', () => {
    const bias = (options: LstmOptions) => {
      const model = sequential([lstm(2, options)], { seed: 1 }).build([null, 1]);
      return [...(model.getWeights()['lstm_1/bias']?.data ?? [])];
    };
    expect(bias({})).toEqual([0, 0, 1, 1, 0, 0, 0, 0]);
    expect(bias({ unitForgetBias: false })).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(bias({ unitForgetBias: 5, biasInitializer: 'ones' })).toEqual([1, 1, 5, 5, 1, 1, 1, 1]);
  });

  it('learn the state that it begins with', async () => {
    const model = sequential([simpleRnn(2, { initialState: 'learned' }), dense(1)], { seed: 1 });
    model.compile({ loss: 'meanSquaredError' });
    model.build([null, 1]);
    expect([...(model.getWeights()['simpleRnn_1/initialH']?.data ?? [])]).toEqual([0, 0]);
    await model.fit(tensor([1, 2, 3, 4], [2, 2, 1]), [5, 6], { epochs: 3 });
    expect(model.getWeights()['simpleRnn_1/initialH']?.data.every((value) => value !== 0)).toBe(true);
  });

  it('clip c', () => {
    const run = planLayer(lstm(4, { returnState: true, cellClip: 0.1 }), sizes, 'float32');
    const [, , c] = run.forward(x.map((value) => 9 * value));
    expect(Math.max(...(c as number[]).map(Math.abs))).toBe(Math.fround(0.1));
  });
});

describe('a stateful layer', () => {
  it('refuses a batch of another size', async () => {
    const layer = lstm(2, { stateful: true, name: 'reader' });
    const model = sequential([layer, dense(1)], { seed: 1 });
    model.predict([[[1]], [[2]]]);
    expect(await errorOf(() => model.predict([[[1]]]))).toEqual({
      name: 'ConfigError',
      message:
        'reader is stateful and carries on the state of 2 rows but got 1: give it batches of one size, ' +
        'or begin anew with model.resetStates()',
    });
    layer.resetStates();
    model.predict([[[1]]]);
  });
});
