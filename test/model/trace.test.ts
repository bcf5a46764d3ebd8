/** The gates and states of every step, which satisfy the equations of their cells. */
import { describe, expect, it } from 'vitest';
import type { FloatArray } from '../../src/core/tensor.js';
import {
  bidirectional,
  coupledLstm,
  dense,
  gateRecurrenceLstm,
  gru,
  input,
  type Layer,
  layerNormLstm,
  lstm,
  model,
  noForgetGateLstm,
  noInputActivationLstm,
  noInputGateLstm,
  noOutputActivationLstm,
  noOutputGateLstm,
  peepholeLstm,
  projectedLstm,
  type Sequential,
  sequential,
  simpleRnn,
  type Trace,
  zoneoutLstm,
} from '../../src/index.js';
import { bitsOf, errorOf, randomSequences } from '../support/bits.js';

const UNITS = 3;
const STEPS = 5;
const x = randomSequences(3, [5, 3, 4, 1, 5, 2], 2);

type Model = Sequential<FloatArray>;

function build(...layers: Layer[]): Model {
  const options = { seed: 2, precision: 'float64', backend: 'reference' } as const;
  return sequential([...layers, dense(1)], options).build([null, 2]) as Model;
}

/** The value of a quantity at a step, all units; zeros before the first. */
function at(trace: Trace<FloatArray>, name: string, row: number, t: number): number[] {
  if (t < 0) return new Array<number>(UNITS).fill(0);
  const start = (row * STEPS + t) * UNITS;
  return [...(trace[name]?.data ?? []).slice(start, start + UNITS)];
}

type Cell = (i: number, f: number, g: number, o: number, before: number, c: number) => [number, number?];

const onlyC: Cell = (i, f, g, _, before) => [f * before + i * g];
const plain: Cell = (i, f, g, o, before, c) => [f * before + i * g, o * Math.tanh(c)];

/** What c and h are, given the gates, 1 where there is none, and the c before and after. */
const variants: [string, (units: number) => Layer, Cell][] = [
  ['peepholeLstm', (units) => peepholeLstm(units, { peepholeInitializer: 'ones' }), plain],
  ['coupledLstm', coupledLstm, (_, f, g, o, before, c) => [f * before + (1 - f) * g, o * Math.tanh(c)]],
  ['noForgetGateLstm', noForgetGateLstm, plain],
  ['noInputGateLstm', noInputGateLstm, plain],
  ['noOutputGateLstm', noOutputGateLstm, plain],
  ['noInputActivationLstm', noInputActivationLstm, plain],
  ['noOutputActivationLstm', noOutputActivationLstm, (i, f, g, o, before, c) => [f * before + i * g, o * c]],
  ['gateRecurrenceLstm', (units) => gateRecurrenceLstm(units, { gateInitializer: 'ones' }), plain],
  ['zoneoutLstm without zoneout', (units) => zoneoutLstm(units, { zoneoutC: 0, zoneoutH: 0 }), plain],
  ['layerNormLstm, whose h is of a normalized c', layerNormLstm, onlyC],
  ['projectedLstm, whose h is another size', (units) => projectedLstm(units, 2), onlyC],
];

describe('the trace', () => {
  it('of an LSTM satisfies its equations, and carries over masked steps', () => {
    const trace = build(lstm(UNITS)).trace(x, { batchSize: 4 });
    expect(Object.keys(trace)).toEqual(['i', 'f', 'g', 'o', 'c', 'h'].map((name) => `lstm_1/${name}`));
    for (const { shape, lengths } of Object.values(trace)) {
      expect(shape).toEqual([6, STEPS, UNITS]);
      expect(lengths).toEqual([5, 3, 4, 1, 5, 2]);
    }
    x.forEach(({ length }, row) => {
      for (let t = 0; t < STEPS; t++) {
        const [i, f, g, o, c, h] = ['i', 'f', 'g', 'o', 'c', 'h'].map((name) =>
          at(trace, `lstm_1/${name}`, row, t),
        );
        const before = at(trace, 'lstm_1/c', row, t - 1);
        if (t >= length) {
          expect(c).toEqual(before);
          expect(i).toEqual(new Array(UNITS).fill(Number.NaN));
          continue;
        }
        for (let j = 0; j < UNITS; j++) {
          const value = (array: number[] | undefined) => array?.[j] as number;
          expect(value(c)).toBeCloseTo(value(f) * value(before) + value(i) * value(g), 14);
          expect(value(h)).toBeCloseTo(value(o) * Math.tanh(value(c)), 14);
        }
      }
    });
  });

  it('of a GRU, of either form, satisfies its equation', () => {
    for (const resetAfter of [true, false]) {
      const trace = build(gru(UNITS, { resetAfter })).trace(x);
      expect(Object.keys(trace)).toEqual(['z', 'r', 'n', 'h'].map((name) => `gru_1/${name}`));
      for (let t = 0; t < STEPS; t++) {
        const [z, n, h] = ['z', 'n', 'h'].map((name) => at(trace, `gru_1/${name}`, 0, t));
        const before = at(trace, 'gru_1/h', 0, t - 1);
        h?.forEach((value, j) => {
          const update = z?.[j] as number;
          expect(value).toBeCloseTo(update * (before[j] as number) + (1 - update) * (n?.[j] as number), 14);
        });
      }
    }
  });

  it.each(variants)('of %s satisfies its equations', (_, make, cell) => {
    const trace = build(make(UNITS)).trace(x);
    const { type } = make(UNITS);
    const read = (name: string, t: number) =>
      `${type}_1/${name}` in trace ? at(trace, `${type}_1/${name}`, 0, t) : [1, 1, 1];
    for (let t = 0; t < STEPS; t++) {
      const [i, f, g, o, c, h] = ['i', 'f', 'g', 'o', 'c', 'h'].map((name) => read(name, t)) as number[][];
      const before = at(trace, `${type}_1/c`, 0, t - 1);
      for (let j = 0; j < UNITS; j++) {
        const value = (array: number[] | undefined) => array?.[j] as number;
        const [expectedC, expectedH] = cell(value(i), value(f), value(g), value(o), value(before), value(c));
        expect(value(c)).toBeCloseTo(expectedC, 14);
        if (expectedH !== undefined) expect(value(h)).toBeCloseTo(expectedH, 14);
      }
    }
  });

  it('is what predict sees, of every layer, whatever the batch', () => {
    const made = build(lstm(2, { returnSequences: true }), simpleRnn(UNITS, { returnSequences: true }));
    const trace = made.trace(x, { batchSize: 5 });
    expect(Object.keys(trace).at(-1)).toBe('simpleRnn_1/h');
    expect(bitsOf(made.trace(x)['lstm_1/o']?.data ?? [])).toBe(bitsOf(trace['lstm_1/o']?.data ?? []));
    const { 'dense_1/kernel': kernel, 'dense_1/bias': bias } = made.getWeights();
    const { data } = made.predict(x);
    for (let t = 0; t < STEPS; t++) {
      const h = at(trace, 'simpleRnn_1/h', 0, t);
      const y = h.reduce(
        (sum, value, j) => sum + value * (kernel?.data[j] as number),
        bias?.data[0] as number,
      );
      expect(data[t]).toBeCloseTo(y, 14);
    }
  });

  it('of both directions is in the order of the input', () => {
    const made = build(bidirectional(lstm(UNITS), { mergeMode: 'sum' }));
    const trace = made.trace(x);
    expect(Object.keys(trace).length).toBe(12);
    const { data } = made.predict(x);
    const { 'dense_1/kernel': kernel, 'dense_1/bias': bias } = made.getWeights();
    x.forEach(({ length }, row) => {
      const forward = at(trace, 'bidirectional_1/forward/h', row, length - 1);
      const backward = at(trace, 'bidirectional_1/backward/h', row, 0);
      const y = forward.reduce(
        (sum, value, j) => sum + (value + (backward[j] as number)) * (kernel?.data[j] as number),
        bias?.data[0] as number,
      );
      expect(data[row]).toBeCloseTo(y, 14);
      if (length < STEPS) expect(at(trace, 'bidirectional_1/backward/i', row, length)[0]).toBeNaN();
    });
  });

  it('of a functional model, and of a layer used twice', () => {
    const [a, b] = [input({ shape: [null, 2] }), input({ shape: [null, 2] })];
    const shared = lstm(2);
    const outputs = [shared.on(a), shared.on(b)];
    const made = model({ inputs: [a, b], outputs }, { seed: 1 });
    const trace = made.trace([x, x]);
    expect(Object.keys(trace)).toContain('lstm_1/h (2)');
    expect(bitsOf(trace['lstm_1/h (2)']?.data ?? [])).toBe(bitsOf(trace['lstm_1/h']?.data ?? []));
  });

  it('changes nothing, and needs a model that has been built or sees data', async () => {
    const made = build(lstm(UNITS, { dropout: 0.5, recurrentDropout: 0.5 }));
    const before = bitsOf(made.predict(x).data);
    expect(made.trace(x)).toEqual(made.trace(x));
    expect(bitsOf(made.predict(x).data)).toBe(before);
    expect(sequential([dense(2)]).trace([[1], [2]])).toEqual({});
    expect((await errorOf(() => made.trace([[[Number.NaN, 1]]]))).name).toBe('DataError');
  });

  it('of so many lengths that the plan of a prediction has to go leaves the next prediction right', () => {
    const made = sequential([lstm(UNITS), dense(1)], { seed: 2 });
    const before = bitsOf(made.predict(x).data);
    for (let length = 1; length <= 40; length++) made.trace(randomSequences(5, [40 * length], 2));
    expect(bitsOf(made.predict(x).data)).toBe(before);
  });
});
