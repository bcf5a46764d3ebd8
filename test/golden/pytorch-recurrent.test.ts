/** PyTorch's numbers for whole layers: nn.LSTM in both directions, nn.GRU and nn.RNN; outputs and every gradient. */
import { describe, expect, it } from 'vitest';
import { bidirectional, gru, type Layer, lstm, type Precision, simpleRnn } from '../../src/index.js';
import gruFixture from '../fixtures/pytorch-gru.json' with { type: 'json' };
import lstmFixture from '../fixtures/pytorch-lstm.json' with { type: 'json' };
import bidirectionalFixture from '../fixtures/pytorch-lstm-bidirectional.json' with { type: 'json' };
import { planLayer } from '../support/layer-run.js';

const tolerances = { float64: 1e-9, float32: 3e-5 } as const;
const precisions = ['float64', 'float32'] as const;

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

interface Weights {
  kernel: { data: number[] };
  recurrent: { data: number[] };
  bias: { data: number[] };
}

/** The weights of a layer by their names there. */
function named({ kernel, recurrent, bias }: Weights, prefix = ''): Record<string, number[]> {
  return {
    [`${prefix}kernel`]: kernel.data,
    [`${prefix}recurrentKernel`]: recurrent.data,
    [`${prefix}bias`]: bias.data,
  };
}

describe.each(precisions)('nn.LSTM as layers in %s', (precision) => {
  const cases = [...lstmFixture.lstm, ...bidirectionalFixture.lstm];
  it('has the cases', () => expect(cases.length).toBe(15));

  it.each(cases)('$name', (golden) => {
    const { B, T, I, H, layers, bidirectional: isBidirectional } = golden;
    const directions = isBidirectional ? 2 : 1;
    const size = B * H;
    const ofLayer = (values: number[], layer: number) =>
      values.slice(layer * directions * size, (layer + 1) * directions * size);
    /** h and c of each direction in turn. */
    const states = (h: number[], c: number[], layer: number) =>
      Array.from({ length: directions }, (_, d) => [
        ofLayer(h, layer).slice(d * size, (d + 1) * size),
        ofLayer(c, layer).slice(d * size, (d + 1) * size),
      ]).flat();
    const weightsOf = (weights: readonly Weights[], layer: number) =>
      isBidirectional
        ? { ...named(weights[0] as Weights, 'forward/'), ...named(weights[1] as Weights, 'backward/') }
        : named(weights[layer] as Weights);

    const runs = Array.from({ length: layers }, (_, layer) => {
      const inner = lstm(H, { returnSequences: true, returnState: true });
      const sizes = { batch: B, steps: T, features: layer === 0 ? I : H };
      const initial = states(golden.h0.data, golden.c0.data, layer);
      const run = planLayer(isBidirectional ? bidirectional(inner) : inner, sizes, precision, initial);
      run.setWeights(weightsOf(golden.weights, layer));
      return run;
    });
    let x: ArrayLike<number> = golden.x.data;
    runs.forEach((run, layer) => {
      const [y, ...last] = run.forward(x);
      states(golden.hn.data, golden.cn.data, layer).forEach((expected, i) => {
        expectClose(last[i] as number[], expected, precision, `last state ${i} of layer ${layer}`);
      });
      x = y as number[];
    });
    expectClose(x, golden.y.data, precision, 'y');
    let dy: ArrayLike<number> = golden.dy.data;
    for (let layer = layers - 1; layer >= 0; layer--) {
      const gradients = (runs[layer] as (typeof runs)[number]).backward([dy]);
      states(golden.dh0.data, golden.dc0.data, layer).forEach((expected, i) => {
        expectClose(
          gradients.states[i] as number[],
          expected,
          precision,
          `gradient by state ${i} of ${layer}`,
        );
      });
      const expected = weightsOf(golden.grads, layer);
      for (const [name, values] of Object.entries(expected)) {
        expectClose(
          gradients.weights[name] as Float64Array,
          values,
          precision,
          `gradient by ${name} of ${layer}`,
        );
      }
      dy = gradients.x;
    }
    expectClose(dy, golden.dx.data, precision, 'dx');
  });
});

describe.each(precisions)('nn.GRU and nn.RNN in %s', (precision) => {
  it.each(gruFixture.cases)('$name', (golden) => {
    const { B, T, I, H, kind, activation, lengths } = golden;
    const options = { returnSequences: true, returnState: true, zeroOutputForMask: true };
    const layer: Layer =
      kind === 'gru'
        ? gru(H, options)
        : simpleRnn(H, { ...options, activation: activation as 'tanh' | 'relu' });
    const run = planLayer(layer, { batch: B, steps: T, features: I }, precision, [golden.h0.data]);
    run.setWeights(named(golden.weights));
    const mask = Array.from({ length: B * T }, (_, k) => k % T < (lengths?.[Math.floor(k / T)] ?? T));
    const [y, hn] = run.forward(golden.x.data, mask);
    expectClose(y as number[], golden.y.data, precision, 'y');
    expectClose(hn as number[], golden.hn.data, precision, 'hn');
    const gradients = run.backward([golden.dy.data, golden.dhn.data]);
    expectClose(gradients.x, golden.dx.data, precision, 'dx');
    expectClose(gradients.states[0] as number[], golden.dh0.data, precision, 'dh0');
    for (const [name, values] of Object.entries(named(golden.grads))) {
      expectClose(gradients.weights[name] as Float64Array, values, precision, `gradient by ${name}`);
    }
  });
});
