/**
 * The simple recurrent network (Elman 1990), whole sequences forward and backward. For each step t and each row:
 *
 *     z = x_t W + u_t U + b        u_t = m * h_{t-1}                                                  (1)
 *     h_t = f(z)                   at a masked step instead: h_t = h_{t-1}                            (2)
 *
 * Backward, from dh = dL/dh_t:
 *
 *     dz = dh * f'(z)              dL/dh_{t-1} = m * (dz Uᵀ)                                          (3)
 *     dW += xᵀ dz   db += sum dz   dx += dz Wᵀ   dU += uᵀ dz                                          (4)
 *
 * Shapes, for T steps, B rows, I inputs, H units:
 *
 *     x [T, B, I]   kernel W [I, H]   recurrentKernel U [H, H]   bias b [H]   recurrentMask m [B, H]
 *     mask [T, B]: 1 where a step is real   h [T + 1, B, H]: slot 0 is the initial state
 *     recurrentInput (the u_t), z [T, B, H]: kept for the backward pass
 */
import type { FloatArray } from '../core/tensor.js';
import type { Activation } from './activations.js';
import type { Products } from './products.js';

/** Reads x, the weights and slot 0 of h; writes the other slots and what the backward pass needs. */
export function simpleRnnForward(
  products: Products,
  activation: Activation,
  x: FloatArray,
  kernel: FloatArray,
  recurrentKernel: FloatArray,
  bias: FloatArray,
  recurrentMask: FloatArray,
  mask: Uint8Array,
  h: FloatArray,
  recurrentInput: FloatArray,
  z: FloatArray,
  steps: number,
  batch: number,
  inputs: number,
  units: number,
): void {
  const state = batch * units;
  products.denseForward(x, kernel, bias, z, steps * batch, inputs, units);
  for (let t = 0; t < steps; t++) {
    const before = t * state;
    for (let k = 0; k < state; k++) {
      recurrentInput[before + k] = (recurrentMask[k] as number) * (h[before + k] as number); // (1)
    }
    products.matmul(recurrentInput, recurrentKernel, z, batch, units, units, before, before);
    for (let k = before; k < before + state; k++) {
      const isReal = mask[Math.floor(k / units)] === 1;
      h[k + state] = isReal ? activation.value(z[k] as number) : (h[k] as number); // (2)
    }
  }
}

/**
 * Backpropagation through time. Adds to dKernel, dRecurrentKernel and dBias, and overwrites `z` with dz, from which
 * `denseBackwardInput` makes the gradient of x. dy [T, B, H] is the gradient by every h_t as the layers above see it;
 * dh [B, H] on entry that by the final state, and on return that by the initial one.
 */
export function simpleRnnBackward(
  products: Products,
  activation: Activation,
  x: FloatArray,
  recurrentKernel: FloatArray,
  recurrentMask: FloatArray,
  mask: Uint8Array,
  h: FloatArray,
  recurrentInput: FloatArray,
  z: FloatArray,
  dy: FloatArray,
  dh: FloatArray,
  dKernel: FloatArray,
  dRecurrentKernel: FloatArray,
  dBias: FloatArray,
  steps: number,
  batch: number,
  inputs: number,
  units: number,
): void {
  const state = batch * units;
  for (let t = steps - 1; t >= 0; t--) {
    for (let k = 0; k < state; k++) {
      const now = t * state + k;
      const isReal = mask[t * batch + Math.floor(k / units)] === 1;
      const dOutput = (dy[now] as number) + (dh[k] as number);
      const slope = isReal ? activation.derivative(z[now] as number, h[now + state] as number) : 0;
      z[now] = isReal ? dOutput * slope : 0; // (3)
      dh[k] = isReal ? 0 : dOutput;
    }
    products.matmulTransposeB(z, recurrentKernel, dh, batch, units, units, t * state, 0);
    for (let k = 0; k < state; k++) {
      if (mask[t * batch + Math.floor(k / units)] === 0) continue;
      dh[k] = (dh[k] as number) * (recurrentMask[k] as number);
    }
  }
  products.denseBackward(x, z, dKernel, dBias, steps * batch, inputs, units); // (4)
  products.matmulTransposeA(recurrentInput, z, dRecurrentKernel, units, steps * batch, units);
}
