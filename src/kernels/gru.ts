/**
 * The gated recurrent unit (Cho et al. 2014), whole sequences forward and backward, in the form of cuDNN, Keras and
 * PyTorch: the reset gate is applied after the product with U. For each step t and each row of the batch:
 *
 *     p = x_t W + b        a = u_t U + d        u_t = m * h_{t-1}                                     (1)
 *     z = f_r(p_z + a_z)   r = f_r(p_r + a_r)   n = f_a(p_n + r * a_n)                                (2)
 *     h_t = z * h_{t-1} + (1 - z) * n                                                                 (3)
 *     at a masked step instead: h_t = h_{t-1}                                                         (4)
 *
 * f_a is tanh and f_r sigmoid unless they are chosen otherwise. Backward, from dh = dL/dh_t:
 *
 *     dz = dh * (h_{t-1} - n) * f_r'       dn = dh * (1 - z) * f_a'       dr = dn * a_n * f_r'        (5)
 *     dp = [dz, dr, dn]                    da = [dz, dr, r * dn]                                      (6)
 *     dL/dh_{t-1} = dh * z + m * (da Uᵀ)                                                              (7)
 *     dW += xᵀ dp   db += sum dp   dx += dp Wᵀ   dU += uᵀ da   dd += sum da                           (8)
 *
 * Shapes, for T steps, B rows, I inputs, H units:
 *
 *     x [T, B, I]   kernel W [I, 3H]   recurrentKernel U [H, 3H]   bias [2, 3H]: b, then d    order z, r, n
 *     recurrentMask m [B, H]   mask [T, B]: 1 where a step is real   h [T + 1, B, H]: slot 0 is the initial state
 *     recurrentInput (the u_t) [T, B, H]; inner (a), z (the pre-activations), gates [T, B, 3H]: kept for the
 *     backward pass
 */
import type { FloatArray } from '../core/tensor.js';
import type { Activation } from './activations.js';
import type { Products } from './products.js';

/** Reads x, the weights and slot 0 of h; writes the other slots and what the backward pass needs. */
export function gruForward(
  products: Products,
  activation: Activation,
  recurrentActivation: Activation,
  x: FloatArray,
  kernel: FloatArray,
  recurrentKernel: FloatArray,
  bias: FloatArray,
  recurrentMask: FloatArray,
  mask: Uint8Array,
  h: FloatArray,
  recurrentInput: FloatArray,
  inner: FloatArray,
  z: FloatArray,
  gates: FloatArray,
  steps: number,
  batch: number,
  inputs: number,
  units: number,
): void {
  const state = batch * units;
  const width = 3 * units;
  products.denseForward(x, kernel, bias, z, steps * batch, inputs, width);
  for (let row = 0; row < steps * batch; row++) {
    for (let j = 0; j < width; j++) inner[row * width + j] = bias[width + j] as number;
  }

  for (let t = 0; t < steps; t++) {
    const before = t * state;
    for (let k = 0; k < state; k++) {
      recurrentInput[before + k] = (recurrentMask[k] as number) * (h[before + k] as number); // (1)
    }
    products.matmul(recurrentInput, recurrentKernel, inner, batch, units, width, before, 3 * before);

    for (let row = 0; row < batch; row++) {
      const old = before + row * units;
      const now = old + state;
      const isReal = mask[t * batch + row] === 1;
      for (let j = 0; j < units; j++) {
        if (!isReal) {
          h[now + j] = h[old + j] as number; // (4)
          continue;
        }
        const zz = 3 * old + j;
        const zr = zz + units;
        const zn = zr + units;
        z[zz] = (z[zz] as number) + (inner[zz] as number);
        z[zr] = (z[zr] as number) + (inner[zr] as number);
        const update = recurrentActivation.value(z[zz] as number); // (2)
        const reset = recurrentActivation.value(z[zr] as number);
        z[zn] = (z[zn] as number) + reset * (inner[zn] as number);
        const candidate = activation.value(z[zn] as number);
        gates[zz] = update;
        gates[zr] = reset;
        gates[zn] = candidate;
        h[now + j] = update * (h[old + j] as number) + (1 - update) * candidate; // (3)
      }
    }
  }
}

/**
 * Backpropagation through time. Adds to dKernel, dRecurrentKernel and dBias, and overwrites `z` with dp, from which
 * `denseBackwardInput` makes the gradient of x, and `inner` with da.
 *
 *     dy [T, B, H]: the gradient of the loss by every h_t, as the layers above see it
 *     dh [B, H]: on entry the gradient by the final state, on return that by the initial one
 *     dRecurrentInput [B, H]: room to work
 */
export function gruBackward(
  products: Products,
  activation: Activation,
  recurrentActivation: Activation,
  x: FloatArray,
  recurrentKernel: FloatArray,
  recurrentMask: FloatArray,
  mask: Uint8Array,
  h: FloatArray,
  recurrentInput: FloatArray,
  inner: FloatArray,
  z: FloatArray,
  gates: FloatArray,
  dy: FloatArray,
  dh: FloatArray,
  dRecurrentInput: FloatArray,
  dKernel: FloatArray,
  dRecurrentKernel: FloatArray,
  dBias: FloatArray,
  steps: number,
  batch: number,
  inputs: number,
  units: number,
): void {
  const state = batch * units;
  const width = 3 * units;
  for (let t = steps - 1; t >= 0; t--) {
    for (let row = 0; row < batch; row++) {
      const isReal = mask[t * batch + row] === 1;
      for (let j = 0; j < units; j++) {
        const k = row * units + j;
        const old = t * state + k;
        const zz = 3 * (old - j) + j;
        const zr = zz + units;
        const zn = zr + units;
        const dOutput = (dy[old] as number) + (dh[k] as number);
        dRecurrentInput[k] = 0;
        if (!isReal) {
          dh[k] = dOutput;
          for (let gate = zz; gate <= zn; gate += units) {
            z[gate] = 0;
            inner[gate] = 0;
          }
          continue;
        }
        const update = gates[zz] as number;
        const reset = gates[zr] as number;
        const candidate = gates[zn] as number;
        const dCandidate = dOutput * (1 - update) * activation.derivative(z[zn] as number, candidate); // (5)
        const dReset = dCandidate * (inner[zn] as number);
        const dUpdate = dOutput * ((h[old] as number) - candidate);
        z[zz] = dUpdate * recurrentActivation.derivative(z[zz] as number, update); // (6)
        z[zr] = dReset * recurrentActivation.derivative(z[zr] as number, reset);
        z[zn] = dCandidate;
        inner[zz] = z[zz] as number;
        inner[zr] = z[zr] as number;
        inner[zn] = reset * dCandidate;
        dh[k] = dOutput * update;
      }
    }
    products.matmulTransposeB(inner, recurrentKernel, dRecurrentInput, batch, width, units, 3 * t * state, 0); // (7)
    for (let k = 0; k < state; k++) {
      dh[k] = (dh[k] as number) + (recurrentMask[k] as number) * (dRecurrentInput[k] as number);
    }
  }
  products.denseBackward(x, z, dKernel, dBias, steps * batch, inputs, width); // (8)
  products.matmulTransposeA(recurrentInput, inner, dRecurrentKernel, units, steps * batch, width);
  for (let j = 0; j < width; j++) {
    let sum = dBias[width + j] as number;
    for (let k = j; k < 3 * steps * state; k += width) sum += inner[k] as number;
    dBias[width + j] = sum;
  }
}
