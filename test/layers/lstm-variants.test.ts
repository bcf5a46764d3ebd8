/** What the variants of the LSTM say of wrong options, what their biases begin with, and what zoneout draws. */
import { describe, expect, it } from 'vitest';
import {
  chrono,
  coupledLstm,
  type FloatArray,
  gateRecurrenceLstm,
  gru,
  type Layer,
  layerNormLstm,
  lstm,
  noForgetGateLstm,
  noInputGateLstm,
  noOutputGateLstm,
  peepholeLstm,
  projectedLstm,
  type RecurrentOptions,
  sequential,
  simpleRnn,
  zoneoutLstm,
} from '../../src/index.js';
import { bitsOf, errorOf } from '../support/bits.js';
import { planLayer } from '../support/layer-run.js';

const anything = (value: unknown) => value as never;

const wrong: [string, () => unknown, string][] = [
  [
    'an activation',
    () => peepholeLstm(2, anything({ activation: 'relu' })),
    "peepholeLstm has no option 'activation': its activations are fixed: lstm takes others",
  ],
  [
    'a recurrent activation',
    () => coupledLstm(2, anything({ recurrentActivation: 'hardSigmoid' })),
    "coupledLstm has no option 'recurrentActivation': its activations are fixed: lstm takes others",
  ],
  [
    'clipping',
    () => layerNormLstm(2, anything({ cellClip: 1 })),
    "layerNormLstm has no option 'cellClip': lstm has it",
  ],
  [
    'a forget bias without a forget gate',
    () => noForgetGateLstm(2, anything({ unitForgetBias: 1 })),
    "noForgetGateLstm has no option 'unitForgetBias': it has no forget gate",
  ],
  [
    'chrono without a bias',
    () => zoneoutLstm(2, { unitForgetBias: chrono(10), useBias: false }),
    'zoneoutLstm: unitForgetBias needs a bias: leave it out, or useBias: false',
  ],
  ['chrono of one step', () => chrono(1), 'chrono: steps must be a number at least 2 but is 1'],
  [
    'half of chrono',
    () => lstm(2, { unitForgetBias: anything({ chrono: 9, seed: 1 }) }),
    "lstm: unitForgetBias: option 'seed' is not known: use one of chrono",
  ],
  [
    'chrono as an initializer',
    () => lstm(2, { biasInitializer: anything(chrono(9)) }),
    'lstm: biasInitializer is the name of an initializer or one itself but got an object with chrono',
  ],
  [
    'a projection that is not smaller',
    () => projectedLstm(4, 4),
    'projectedLstm: the projection has 4 units of 4: it must have fewer, or write lstm(4)',
  ],
  [
    'no projection',
    () => projectedLstm(4, anything({ returnSequences: true })),
    'projectedLstm: projection must be a whole number at least 1 but is an object with returnSequences',
  ],
  [
    'two ways to drop what comes from h',
    () => lstm(2, { recurrentDropout: 0.1, weightDropout: 0.1 }),
    'lstm: recurrentDropout and weightDropout both drop out what comes from the previous h: one of the two',
  ],
  [
    'all weights dropped',
    () => lstm(2, { weightDropout: 1 }),
    'lstm: weightDropout must be a number at least 0 and below 1 but is 1',
  ],
  [
    'a rate',
    () => zoneoutLstm(2, { zoneoutC: 1 }),
    'zoneoutLstm: zoneoutC must be a number at least 0 and below 1 but is 1',
  ],
  [
    'epsilon',
    () => layerNormLstm(2, { epsilon: 0 }),
    'layerNormLstm: epsilon must be a number above 0 but is 0',
  ],
  [
    'units as in TensorFlow.js',
    () => zoneoutLstm(anything({ units: 3 })),
    'zoneoutLstm takes the number of units first: write zoneoutLstm(3) instead of zoneoutLstm({ units: 3 })',
  ],
  [
    'a habit from PyTorch',
    () => lstm(8, anything({ projSize: 4 })),
    "lstm has no option 'projSize': write projectedLstm(units, projection)",
  ],
  [
    'peepholes of a plain one',
    () => lstm(8, anything({ usePeepholes: true })),
    "lstm has no option 'usePeepholes': write peepholeLstm(units)",
  ],
  [
    'peepholes that no vector can have',
    () => coupledLstm(8, anything({ peepholeInitializer: 'ones' })),
    "coupledLstm: option 'peepholeInitializer' is not known: did you mean 'kernelInitializer'?",
  ],
];

it.each(wrong)('%s', async (_, make, message) => {
  expect(await errorOf(make)).toEqual({ name: 'ConfigError', message });
});

/** The first bias, a row for each gate. */
function biasOf(layer: Layer, units: number): number[][] {
  const model = sequential([layer], { seed: 1 }).build([null, 1]);
  const bias = Object.entries(model.getWeights()).find(([name]) => name.endsWith('/bias'));
  const data = [...(bias?.[1].data ?? [])];
  return Array.from({ length: data.length / units }, (_, gate) =>
    data.slice(gate * units, (gate + 1) * units),
  );
}

describe('the bias of the forget gate', () => {
  it('is 1, wherever the gate is', () => {
    expect(biasOf(coupledLstm(2), 2)).toEqual([
      [1, 1],
      [0, 0],
      [0, 0],
    ]);
    expect(biasOf(noInputGateLstm(2), 2)).toEqual([
      [1, 1],
      [0, 0],
      [0, 0],
    ]);
    expect(biasOf(noOutputGateLstm(2), 2)).toEqual([
      [0, 0],
      [1, 1],
      [0, 0],
    ]);
    expect(biasOf(noForgetGateLstm(2, { biasInitializer: 'zeros' }), 2).flat()).toEqual(Array(6).fill(0));
    expect(biasOf(peepholeLstm(2, { unitForgetBias: 3 }), 2)).toEqual([
      [0, 0],
      [3, 3],
      [0, 0],
      [0, 0],
    ]);
  });

  it('by chrono is the logarithm of 1 to T - 1, that of the input gate its negative', () => {
    const units = 2000;
    const [i, f, g, o] = biasOf(
      lstm(units, { unitForgetBias: chrono(101), biasInitializer: 'ones', recurrentInitializer: 'zeros' }),
      units,
    );
    const drawn = (f as number[]).map(Math.exp);
    expect(i).toEqual((f as number[]).map((value) => -value));
    expect([...(g as number[]), ...(o as number[])].every((value) => value === 1)).toBe(true);
    expect(Math.min(...drawn)).toBeGreaterThan(1 - 1e-6);
    expect(Math.max(...drawn)).toBeLessThan(100.001);
    // Uniform on [1, 100]: the mean of 2,000 draws has a deviation of 99 / sqrt(12 * 2000), that of the square is similar.
    expect(Math.abs(drawn.reduce((sum, value) => sum + value, 0) / units - 50.5)).toBeLessThan(4 * 0.64);
    expect(drawn.filter((value) => value < 25.75).length / units).toBeCloseTo(0.25, 1);
    const [only] = biasOf(coupledLstm(3, { unitForgetBias: chrono(9) }), 3);
    expect((only as number[]).every((value) => value > 0 && value < Math.log(8))).toBe(true);
    expect(
      biasOf(lstm(2, { unitForgetBias: chrono(2) }), 2)
        .flat()
        .every((value) => value === 0),
    ).toBe(true);
  });
});

describe('zoneout', () => {
  const sizes = { batch: 40, steps: 1, features: 2 };
  const x = Array.from({ length: 80 }, (_, k) => Math.sin(k));

  /** h after one step from a state of h and c, and whether each number is exactly the old one. */
  function step(zoneoutH: number, zoneoutC: number, training: boolean) {
    const layer = zoneoutLstm(10, { zoneoutH, zoneoutC, returnState: true });
    const states = [Array(400).fill(0.25), Array(400).fill(0.5)];
    const run = planLayer(layer, sizes, 'float64', states);
    const [, h, c] = run.forward(x, undefined, training) as [number[], number[], number[]];
    return {
      h,
      c,
      keptH: h.filter((v) => v === 0.25).length / 400,
      keptC: c.filter((v) => v === 0.5).length / 400,
    };
  }

  it('keeps its share of units while training', () => {
    const { keptH, keptC } = step(0.3, 0.6, true);
    expect(Math.abs(keptH - 0.3)).toBeLessThan(0.1);
    expect(Math.abs(keptC - 0.6)).toBeLessThan(0.1);
    expect(step(0, 0, true)).toMatchObject({ keptH: 0, keptC: 0 });
  });

  it('is the mean of training outside of it', () => {
    const [all, none] = [step(0.3, 0.6, false), step(0, 0, false)];
    all.c.forEach((value, k) => void expect(value).toBeCloseTo(0.6 * 0.5 + 0.4 * (none.c[k] as number), 12));
    all.h.forEach((value, k) => void expect(value).toBeCloseTo(0.3 * 0.25 + 0.7 * (none.h[k] as number), 12));
    expect(all.keptH + all.keptC).toBe(0);
  });

  it('without any is the plain LSTM', () => {
    const data = { data: Float32Array.from(x), shape: [10, 4, 2] };
    const predict = (layer: Layer) =>
      sequential([layer], { seed: 2, backend: 'reference' }).predict(data).data;
    expect(bitsOf(predict(zoneoutLstm(3, { zoneoutH: 0, zoneoutC: 0 })))).toBe(bitsOf(predict(lstm(3))));
  });
});

describe('weight dropout', () => {
  const sizes = { batch: 2, steps: 3, features: 2 };
  const x = Array.from({ length: 12 }, (_, k) => Math.cos(k));
  const kinds: [string, (options: RecurrentOptions) => Layer][] = [
    ['lstm', (options) => lstm(20, options)],
    ['gru', (options) => gru(20, options)],
    ['coupledLstm', (options) => coupledLstm(20, options)],
  ];

  it.each(kinds)('of a layer, %s, drops single recurrent weights, for all rows and steps', (_, make) => {
    const run = planLayer(make({ weightDropout: 0.4 }), sizes, 'float64');
    run.forward(x, undefined, true);
    const { recurrentKernel } = run.backward([
      Array.from({ length: 40 }, (__, k) => 1 + Math.sin(k)),
    ]).weights;
    const dropped = [...(recurrentKernel as FloatArray)].filter((gradient) => gradient === 0).length;
    expect(Math.abs(dropped / (recurrentKernel as FloatArray).length - 0.4)).toBeLessThan(0.08);
  });

  it('is off outside training', () => {
    const predict = (options: RecurrentOptions) =>
      planLayer(lstm(20, options), sizes, 'float64').forward(x)[0];
    expect(predict({ weightDropout: 0.4 })).toEqual(predict({}));
  });

  it('divides by what is left', () => {
    // After a step from h = 1 with all else 0, z is the sum of the weights that are left, over 1 - rate.
    const ones = {
      kernelInitializer: 'zeros',
      recurrentInitializer: 'ones',
      biasInitializer: 'zeros',
    } as const;
    const layer = simpleRnn(300, { ...ones, activation: 'linear', weightDropout: 0.25 });
    const run = planLayer(layer, { batch: 1, steps: 1, features: 1 }, 'float64', [Array(300).fill(1)]);
    const [h] = run.forward([0], undefined, true) as [number[]];
    const mean = h.reduce((sum, value) => sum + value, 0) / 300 / 300;
    expect(Math.abs(mean - 1)).toBeLessThan(0.01);
    for (const value of h) expect(value * 0.75).toBeCloseTo(Math.round(value * 0.75), 9);
  });
});

describe('in a model', () => {
  it('a projection shows the size of h and counts its weights', () => {
    const model = sequential([projectedLstm(5, 2, { returnSequences: true })], { seed: 1 }).build([null, 3]);
    expect(Object.entries(model.getWeights()).map(([name, { shape }]) => [name, shape])).toEqual([
      ['projectedLstm_1/kernel', [3, 20]],
      ['projectedLstm_1/recurrentKernel', [2, 20]],
      ['projectedLstm_1/bias', [20]],
      ['projectedLstm_1/projectionKernel', [5, 2]],
    ]);
    const lines: string[] = [];
    model.summary((line: string) => void lines.push(line));
    expect(lines.join('\n')).toMatch(/projectedLstm_1 .* \[\?, \?, 2\] +130/);
    expect(model.countParams()).toBe(60 + 40 + 20 + 10);
  });

  it('gates that do not see each other yet are those of an LSTM, and what they were is the third state', () => {
    const data = { data: Float32Array.from({ length: 24 }, (_, k) => Math.cos(k)), shape: [3, 4, 2] };
    const predict = (layer: Layer) =>
      sequential([layer], { seed: 2, backend: 'reference' }).predict(data).data;
    expect(bitsOf(predict(gateRecurrenceLstm(3)))).toBe(bitsOf(predict(lstm(3))));
    const model = sequential([gateRecurrenceLstm(3, { initialState: 'learned' })], { seed: 2 }).build([
      null,
      2,
    ]);
    expect(
      Object.entries(model.getWeights()).map(([name, { shape }]) => [name.split('/')[1], shape]),
    ).toEqual([
      ['kernel', [2, 12]],
      ['recurrentKernel', [3, 12]],
      ['bias', [12]],
      ['initialH', [3]],
      ['initialC', [3]],
      ['initialQ', [9]],
      ['gateKernel', [9, 9]],
    ]);
    const { 'gateRecurrenceLstm_1/q': q, 'gateRecurrenceLstm_1/f': f } = model.trace(data);
    expect(q?.shape).toEqual([3, 4, 9]);
    expect([...(q?.data.subarray(3, 6) ?? [])]).toEqual([...(f?.data.subarray(0, 3) ?? [])]);
  });

  it('peepholes begin as an LSTM without them', () => {
    const data = { data: Float32Array.from({ length: 24 }, (_, k) => Math.cos(k)), shape: [3, 4, 2] };
    const predict = (layer: Layer) =>
      sequential([layer], { seed: 2, backend: 'reference' }).predict(data).data;
    expect(bitsOf(predict(peepholeLstm(3)))).toBe(bitsOf(predict(lstm(3))));
  });
});
