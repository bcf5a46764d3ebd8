/** A sequence run in two pieces, the state carried from one to the other, is the sequence run at once. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import type { FloatArray } from '../../src/core/tensor.js';
import {
  activations,
  lstmActivationsBackward,
  lstmActivationsForward,
  lstmBackward,
  lstmBackwardInput,
  lstmForward,
} from '../../src/kernels/index.js';
import { bitsOf } from '../support/bits.js';

type Floats = (length: number) => FloatArray;

interface Sizes {
  batch: number;
  inputs: number;
  units: number;
  cell: 'plain' | 'free';
}

interface Weights {
  kernel: FloatArray;
  recurrentKernel: FloatArray;
  bias: FloatArray;
  recurrentMask: FloatArray;
}

/** All steps of x [T, B, I] from the state h, c; its backward pass from dy [T, B, H] and the final dh, dc. */
function run(
  sizes: Sizes,
  weights: Weights,
  x: FloatArray,
  mask: Uint8Array,
  h0: FloatArray,
  c0: FloatArray,
) {
  const { batch, inputs, units, cell } = sizes;
  const { kernel, recurrentKernel, bias, recurrentMask } = weights;
  const floats: Floats = (length) =>
    x instanceof Float64Array ? new Float64Array(length) : new Float32Array(length);
  const state = batch * units;
  const steps = x.length / (batch * inputs);
  const h = floats((steps + 1) * state);
  const c = floats((steps + 1) * state);
  h.set(h0);
  c.set(c0);
  const squashed = floats(steps * state);
  const recurrentInput = floats(steps * state);
  const gates = floats(4 * steps * state);
  const z = cell === 'free' ? floats(4 * steps * state) : gates;
  const { elu, hardSigmoid } = activations;
  const shape = [steps, batch, inputs, units] as const;
  if (cell === 'plain') {
    // biome-ignore format: one call, its arguments as the kernel lists them
    lstmForward(x, kernel, recurrentKernel, bias, recurrentMask, mask, h, c, squashed, recurrentInput, gates, ...shape);
  } else {
    // biome-ignore format: the same
    lstmActivationsForward(elu, hardSigmoid, 0.7, x, kernel, recurrentKernel, bias, recurrentMask, mask, h, c, squashed, recurrentInput, z, gates, ...shape);
  }
  const backward = (dy: FloatArray, dhLast: FloatArray, dcLast: FloatArray) => {
    const dh = dhLast.slice();
    const dc = dcLast.slice();
    const dKernel = floats(kernel.length);
    const dRecurrent = floats(recurrentKernel.length);
    const dBias = floats(bias.length);
    const dx = floats(x.length);
    if (cell === 'plain') {
      // biome-ignore format: the same
      lstmBackward(x, recurrentKernel, recurrentMask, mask, c, squashed, recurrentInput, gates, dy, dh, dc, dKernel, dRecurrent, dBias, ...shape);
    } else {
      // biome-ignore format: the same
      lstmActivationsBackward(elu, hardSigmoid, 0.7, x, recurrentKernel, recurrentMask, mask, c, squashed, recurrentInput, z, gates, dy, dh, dc, dKernel, dRecurrent, dBias, ...shape);
    }
    lstmBackwardInput(z, kernel, dx, ...shape);
    return { dx, dh, dc, weights: [...dKernel, ...dRecurrent, ...dBias] };
  };
  return {
    h: h.slice(state),
    c: c.slice(state),
    last: [h.slice(-state), c.slice(-state)] as const,
    backward,
  };
}

describe.each(['float64', 'float32'] as const)('two pieces in %s', (precision) => {
  const floats: Floats = (length) =>
    precision === 'float64' ? new Float64Array(length) : new Float32Array(length);
  const tolerance = precision === 'float64' ? 1e-13 : 1e-5;

  it('have the same outputs, states and input gradients to the bit, and gradients of the weights but for rounding', () => {
    fc.assert(
      fc.property(
        fc.record({
          batch: fc.integer({ min: 1, max: 4 }),
          inputs: fc.integer({ min: 1, max: 3 }),
          units: fc.integer({ min: 1, max: 5 }),
          cell: fc.constantFrom('plain' as const, 'free' as const),
        }),
        fc.integer({ min: 2, max: 9 }),
        fc.nat(),
        fc.boolean(),
        (sizes, steps, seed, isMasked) => {
          const { batch, inputs, units } = sizes;
          const random = new Random(seed);
          const normals = (length: number) => floats(length).map(() => random.normal()) as FloatArray;
          const state = batch * units;
          const cut = 1 + random.below(steps - 1);
          const weights: Weights = {
            kernel: normals(inputs * 4 * units),
            recurrentKernel: normals(units * 4 * units),
            bias: normals(4 * units),
            recurrentMask: floats(state).map(() => (random.uniform() < 0.3 ? 0 : 1 / 0.7)) as FloatArray,
          };
          const x = normals(steps * batch * inputs);
          const mask = new Uint8Array(steps * batch).map(() => (isMasked && random.uniform() < 0.3 ? 0 : 1));
          const [h0, c0, dy, dh, dc] = [state, state, steps * state, state, state].map(normals) as [
            FloatArray,
            FloatArray,
            FloatArray,
            FloatArray,
            FloatArray,
          ];
          const whole = run(sizes, weights, x, mask, h0, c0);
          const xCut = cut * batch * inputs;
          const first = run(sizes, weights, x.slice(0, xCut), mask.slice(0, cut * batch), h0, c0);
          const second = run(sizes, weights, x.slice(xCut), mask.slice(cut * batch), ...first.last);
          expect(bitsOf(first.h) + bitsOf(second.h)).toBe(bitsOf(whole.h));
          expect(bitsOf(first.c) + bitsOf(second.c)).toBe(bitsOf(whole.c));

          const expected = whole.backward(dy, dh, dc);
          const later = second.backward(dy.slice(cut * state), dh, dc);
          const earlier = first.backward(dy.slice(0, cut * state), later.dh, later.dc);
          expect(bitsOf(earlier.dx) + bitsOf(later.dx)).toBe(bitsOf(expected.dx));
          expect(bitsOf(earlier.dh)).toBe(bitsOf(expected.dh));
          expect(bitsOf(earlier.dc)).toBe(bitsOf(expected.dc));
          const largest = Math.max(1, ...expected.weights.map(Math.abs));
          expected.weights.forEach((gradient, k) => {
            const sum = (earlier.weights[k] as number) + (later.weights[k] as number);
            expect(Math.abs(sum - gradient)).toBeLessThanOrEqual(tolerance * largest);
          });
        },
      ),
      { numRuns: 150 },
    );
  });
});
