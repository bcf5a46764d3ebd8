/** PyTorch's numbers: outputs, final states, losses and every gradient, and 20 updates of Adam. */
import { describe, expect, it } from 'vitest';
import { type FloatArray, sizeOf } from '../../src/core/tensor.js';
import {
  adam,
  dense,
  l2,
  lstm,
  type Precision,
  sequential,
  sparseCategoricalCrossentropy,
  tensor,
} from '../../src/index.js';
import { lstmBackward, lstmBackwardInput, lstmForward } from '../../src/kernels/index.js';
import fixture from '../fixtures/pytorch-lstm.json' with { type: 'json' };

interface Array_ {
  shape: number[];
  data: number[];
}

interface LayerArrays {
  kernel: Array_;
  recurrent: Array_;
  bias: Array_;
}

/** 1e-9 in double precision, 2e-5 in single. */
const tolerances = { float64: 1e-9, float32: 2e-5 } as const;
const precisions = ['float64', 'float32'] as const;

function floats(precision: Precision, values: number | ArrayLike<number>): FloatArray {
  const Floats = precision === 'float64' ? Float64Array : Float32Array;
  return typeof values === 'number' ? new Floats(values) : Floats.from(values);
}

/** [batch, steps, n] to [steps, batch, n], or back with the sizes exchanged. */
function swapAxes(values: ArrayLike<number>, first: number, second: number, n: number): number[] {
  const out = new Array<number>(values.length);
  for (let a = 0; a < first; a++) {
    for (let b = 0; b < second; b++) {
      for (let k = 0; k < n; k++) out[(b * first + a) * n + k] = values[(a * second + b) * n + k] as number;
    }
  }
  return out;
}

function expectClose(
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  precision: Precision,
  what: string,
) {
  expect(found.length, what).toBe(expected.length);
  for (let k = 0; k < expected.length; k++) {
    const difference = Math.abs((found[k] as number) - (expected[k] as number));
    expect(difference, `${what}[${k}]: ${found[k]} against ${expected[k]}`).toBeLessThan(
      tolerances[precision],
    );
  }
}

/** One layer forward and backward on arrays [steps, batch, n]. */
function runLayer(
  precision: Precision,
  sizes: { B: number; T: number; I: number; H: number },
  weights: LayerArrays,
  x: ArrayLike<number>,
  mask: Uint8Array,
  h0: ArrayLike<number>,
  c0: ArrayLike<number>,
) {
  const { B, T, I, H } = sizes;
  const f = (values: number | ArrayLike<number>) => floats(precision, values);
  const input = f(x);
  const kernel = f(weights.kernel.data);
  const recurrentKernel = f(weights.recurrent.data);
  const bias = f(weights.bias.data);
  const ones = f(B * H).fill(1);
  const h = f((T + 1) * B * H);
  const c = f((T + 1) * B * H);
  h.set(f(h0));
  c.set(f(c0));
  const tanhC = f(T * B * H);
  const recurrentInput = f(T * B * H);
  const gates = f(4 * T * B * H);
  lstmForward(
    input,
    kernel,
    recurrentKernel,
    bias,
    ones,
    mask,
    h,
    c,
    tanhC,
    recurrentInput,
    gates,
    T,
    B,
    I,
    H,
  );
  const y = h.slice(B * H);
  const backward = (dy: ArrayLike<number>, dhLast: ArrayLike<number> = new Float64Array(B * H)) => {
    const dh = f(dhLast);
    const dc = f(B * H);
    const grads = { kernel: f(4 * I * H), recurrent: f(4 * H * H), bias: f(4 * H) };
    const dx = f(T * B * I);
    lstmBackward(
      input,
      recurrentKernel,
      ones,
      mask,
      c,
      tanhC,
      recurrentInput,
      gates,
      f(dy),
      dh,
      dc,
      grads.kernel,
      grads.recurrent,
      grads.bias,
      T,
      B,
      I,
      H,
    );
    lstmBackwardInput(gates, kernel, dx, T, B, I, H);
    return { dx, dh, dc, grads };
  };
  return { y, hn: h.slice(T * B * H), cn: c.slice(T * B * H), backward };
}

describe.each(precisions)('PyTorch nn.LSTM in %s', (precision) => {
  const cases = fixture.lstm;
  it('has the cases', () => expect(cases.length).toBe(10));

  it.each(cases)('$name', (golden) => {
    const { B, T, I, H, layers } = golden;
    const mask = new Uint8Array(T * B).fill(1);
    const state = B * H;
    const runs: ReturnType<typeof runLayer>[] = [];
    let x: ArrayLike<number> = swapAxes(golden.x.data, B, T, I);
    for (let layer = 0; layer < layers; layer++) {
      const weights = golden.weights[layer] as LayerArrays;
      const h0 = golden.h0.data.slice(layer * state, (layer + 1) * state);
      const c0 = golden.c0.data.slice(layer * state, (layer + 1) * state);
      const run = runLayer(precision, { B, T, I: layer === 0 ? I : H, H }, weights, x, mask, h0, c0);
      runs.push(run);
      x = run.y;
    }
    expectClose(swapAxes(x, T, B, H), golden.y.data, precision, 'y');
    let dy: ArrayLike<number> = swapAxes(golden.dy.data, B, T, H);
    const loss = golden.dy.data.reduce((sum, d, k) => sum + d * (golden.y.data[k] as number), 0);
    expect(Math.abs(loss - golden.loss)).toBeLessThan(1e-9);
    for (let layer = layers - 1; layer >= 0; layer--) {
      const run = runs[layer] as (typeof runs)[number];
      const slice = (values: number[]) => values.slice(layer * state, (layer + 1) * state);
      expectClose(run.hn, slice(golden.hn.data), precision, `hn of layer ${layer}`);
      expectClose(run.cn, slice(golden.cn.data), precision, `cn of layer ${layer}`);
      const { dx, dh, dc, grads } = run.backward(dy);
      const expected = golden.grads[layer] as LayerArrays;
      expectClose(grads.kernel, expected.kernel.data, precision, `dW of layer ${layer}`);
      expectClose(grads.recurrent, expected.recurrent.data, precision, `dU of layer ${layer}`);
      expectClose(grads.bias, expected.bias.data, precision, `db of layer ${layer}`);
      expectClose(dh, slice(golden.dh0.data), precision, `dh0 of layer ${layer}`);
      expectClose(dc, slice(golden.dc0.data), precision, `dc0 of layer ${layer}`);
      dy = dx;
    }
    expectClose(swapAxes(dy, T, B, I), golden.dx.data, precision, 'dx');
  });

  it.each(fixture.ragged)('$name', (golden) => {
    const { B, T, I, H, lengths } = golden;
    const mask = new Uint8Array(T * B);
    lengths.forEach((length, row) => {
      for (let t = 0; t < length; t++) mask[t * B + row] = 1;
    });
    const zero = new Float64Array(B * H);
    const x = swapAxes(golden.x.data, B, T, I);
    const run = runLayer(precision, { B, T, I, H }, golden.weights, x, mask, zero, zero);
    expectClose(run.hn, golden.last.data, precision, 'last');
    const { dx, grads } = run.backward(new Float64Array(T * B * H), golden.dLast.data);
    expectClose(grads.kernel, golden.grads.kernel.data, precision, 'dW');
    expectClose(grads.recurrent, golden.grads.recurrent.data, precision, 'dU');
    expectClose(grads.bias, golden.grads.bias.data, precision, 'db');
    expectClose(swapAxes(dx, T, B, I), golden.dx.data, precision, 'dx');
  });
});

describe.each(precisions)('20 updates of Adam in %s', (precision) => {
  it.each(fixture.train)('$name', async (golden) => {
    const { B, T, I, H, O, l2: strength, globalClipNorm, lr, eps } = golden;
    const regularizer = strength === 0 ? {} : { kernelRegularizer: l2(strength) };
    const layers = [
      lstm(H, {
        ...regularizer,
        ...(strength === 0 ? {} : { recurrentRegularizer: l2(strength) }),
        name: 'lstm',
      }),
      dense(O, { ...regularizer, name: 'dense' }),
    ];
    const model =
      precision === 'float64' ? sequential(layers, { precision, backend: 'reference' }) : sequential(layers);
    model.compile({
      optimizer: adam({
        learningRate: lr,
        epsilon: eps,
        ...(globalClipNorm === null ? {} : { globalClipNorm }),
      }),
      loss: sparseCategoricalCrossentropy({ fromLogits: true }),
    });
    model.build([T, I]);
    const named = (weights: typeof golden.init) => ({
      'lstm/kernel': weights.lstm.kernel,
      'lstm/recurrentKernel': weights.lstm.recurrent,
      'lstm/bias': weights.lstm.bias,
      'dense/kernel': weights.dense.kernel,
      'dense/bias': weights.dense.bias,
    });
    const toTensor = ({ data, shape }: Array_) => tensor(Float64Array.from(data), shape);
    model.setWeights(
      Object.fromEntries(Object.entries(named(golden.init)).map(([name, w]) => [name, toTensor(w)])),
    );
    const x = tensor(Float64Array.from(golden.x.data), golden.x.shape);
    const { history } = await model.fit(x, golden.target, { epochs: 20, batchSize: B, shuffle: false });
    expectClose(history.loss as number[], golden.losses, precision, 'loss');
    const weights = model.getWeights();
    for (const [name, expected] of Object.entries(named(golden.final))) {
      expect(sizeOf(expected.shape)).toBe(expected.data.length);
      expectClose(weights[name]?.data as FloatArray, expected.data, precision, name);
    }
  });
});
