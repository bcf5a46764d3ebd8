/** The variants of the LSTM against PyTorch's autograd of their equations, and its own LSTM with a projection. */
import { describe, expect, it } from 'vitest';
import {
  coupledLstm,
  gateRecurrenceLstm,
  layerNormLstm,
  noForgetGateLstm,
  noInputActivationLstm,
  noInputGateLstm,
  noOutputActivationLstm,
  noOutputGateLstm,
  peepholeLstm,
  projectedLstm,
  zoneoutLstm,
} from '../../src/index.js';
import fixture from '../fixtures/lstm-variants.json' with { type: 'json' };
import { planLayer } from '../support/layer-run.js';

const layers = {
  peepholeLstm,
  coupledLstm,
  noForgetGateLstm,
  noInputGateLstm,
  noOutputGateLstm,
  noInputActivationLstm,
  noOutputActivationLstm,
  zoneoutLstm,
  layerNormLstm,
  gateRecurrenceLstm,
};

type Weights = Record<string, number[]>;

const { sizes } = fixture;

function expectNear(found: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  expect(found.length, what).toBe(expected.length);
  for (let k = 0; k < found.length; k++) {
    const error = Math.abs((found[k] as number) - (expected[k] as number));
    expect(error / (1 + Math.abs(expected[k] as number)), `${what}, number ${k}`).toBeLessThan(1e-9);
  }
}

describe('variants of the LSTM in double precision, with masks', () => {
  it.each(fixture.cases)('$layer', ({ layer, x, mask, weights, y, dy, gradients }) => {
    const make = layers[layer as keyof typeof layers];
    const run = planLayer(make(sizes.units, { returnSequences: true }), sizes, 'float64');
    run.setWeights(weights as unknown as Weights);
    // What stands in masked cells is finite by the time that a kernel sees it, but may be anything.
    const garbled = x.map((value, k) => (mask[Math.floor(k / sizes.features)] === 1 ? value : 1e6));
    expectNear(run.forward(garbled, mask)[0] as number[], y, 'y');
    const found = run.backward([dy]);
    const { x: dx, ...others } = gradients as unknown as Weights;
    expectNear(found.x, dx as number[], 'x');
    expect(Object.keys(found.weights).sort()).toEqual(Object.keys(others).sort());
    for (const [name, gradient] of Object.entries(others)) {
      expectNear(found.weights[name] as ArrayLike<number>, gradient, name);
    }
  });

  it('are ten', () => expect(fixture.cases.map(({ layer }) => layer)).toEqual(Object.keys(layers)));
});

it('an LSTM with a projection is that of PyTorch, proj_size', () => {
  const { x, states, weights, y, cn, dy, dcn, gradients } = fixture.projectedLstm;
  const layer = projectedLstm(sizes.units, sizes.projection, { returnSequences: true, returnState: true });
  const run = planLayer(layer, sizes, 'float64', states);
  run.setWeights(weights);
  const outputs = run.forward(x);
  expectNear(outputs[0] as number[], y, 'y');
  expectNear(outputs[2] as number[], cn, 'cn');
  const found = run.backward([dy, undefined, dcn]);
  const { x: dx, h0, c0, ...others } = gradients;
  expectNear(found.x, dx, 'x');
  expectNear(found.states[0] as number[], h0, 'h0');
  expectNear(found.states[1] as number[], c0, 'c0');
  for (const [name, gradient] of Object.entries(others)) {
    expectNear(found.weights[name] as ArrayLike<number>, gradient, name);
  }
});
