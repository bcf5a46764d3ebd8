/**
 * The gated recurrent unit as it was published (Cho et al. 2014): the reset gate is applied to h before the product
 * with U, so that there is one bias. Names and shapes are those of gru.ts.
 *
 *     p = x_t W + b        u_t = m * h_{t-1}        v_t = r * u_t                                     (1)
 *     z = f_r(p_z + u U_z)   r = f_r(p_r + u U_r)   n = f_a(p_n + v U_n)                              (2)
 *     h_t = z * h_{t-1} + (1 - z) * n                                                                 (3)
 *     at a masked step instead: h_t = h_{t-1}                                                         (4)
 *
 * Backward, from dh = dL/dh_t:
 *
 *     dz = dh * (h_{t-1} - n) * f_r'   dn = dh * (1 - z) * f_a'   dv = dn U_nᵀ   dr = dv * u * f_r'   (5)
 *     dL/dh_{t-1} = dh * z + m * (dv * r + [dz, dr, 0] Uᵀ)                                            (6)
 *     dW += xᵀ [dz, dr, dn]   db += sum [dz, dr, dn]   dU += uᵀ [dz, dr, 0] + vᵀ [0, 0, dn]           (7)
 *
 * U lies as one matrix [H, 3H]. The products with a part of its columns are made with all of them, and zeros or nothing
 * made of the rest: this form is kept for models that were trained with it, and gru.ts is the fast one.
 *
 *     bias [3H]   recurrentInput (u), resetInput (v) [T, B, H]   inner (u U), candidateInner (v U) [T, B, 3H]
 */
import type { FloatArray } from '../core/tensor.js';
import type { Activation } from './activations.js';
import type { Products } from './products.js';

/** Reads x, the weights and slot 0 of h; writes the other slots and what the backward pass needs. */
export function gruResetBeforeForward(
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
  resetInput: FloatArray,
  inner: FloatArray,
  candidateInner: FloatArray,
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
  for (let k = 0; k < 3 * steps * state; k++) {
    inner[k] = 0;
    candidateInner[k] = 0;
  }
  for (let t = 0; t < steps; t++) {
    const before = t * state;
    for (let k = 0; k < state; k++) {
      recurrentInput[before + k] = (recurrentMask[k] as number) * (h[before + k] as number); // (1)
    }
    products.matmul(recurrentInput, recurrentKernel, inner, batch, units, width, before, 3 * before);
    for (let k = before; k < before + state; k++) {
      const zz = 3 * k - 2 * (k % units);
      const zr = zz + units;
      z[zz] = (z[zz] as number) + (inner[zz] as number);
      z[zr] = (z[zr] as number) + (inner[zr] as number);
      gates[zz] = recurrentActivation.value(z[zz] as number); // (2)
      gates[zr] = recurrentActivation.value(z[zr] as number);
      resetInput[k] = (gates[zr] as number) * (recurrentInput[k] as number);
    }
    products.matmul(resetInput, recurrentKernel, candidateInner, batch, units, width, before, 3 * before);
    for (let k = before; k < before + state; k++) {
      if (mask[Math.floor(k / units)] === 0) {
        h[k + state] = h[k] as number; // (4)
        continue;
      }
      const zz = 3 * k - 2 * (k % units);
      const zn = zz + 2 * units;
      z[zn] = (z[zn] as number) + (candidateInner[zn] as number);
      const update = gates[zz] as number;
      const candidate = activation.value(z[zn] as number);
      gates[zn] = candidate;
      h[k + state] = update * (h[k] as number) + (1 - update) * candidate; // (3)
    }
  }
}

/**
 * Backpropagation through time. Adds to dKernel, dRecurrentKernel and dBias, and overwrites `z` with [dz, dr, dn],
 * from which `denseBackwardInput` makes the gradient of x, `inner` with [dz, dr, 0] and `candidateInner` with
 * [0, 0, dn]. dy and dh are as in `gruBackward`; dResetInput and dRecurrentInput [B, H] are room to work.
 */
export function gruResetBeforeBackward(
  products: Products,
  activation: Activation,
  recurrentActivation: Activation,
  x: FloatArray,
  recurrentKernel: FloatArray,
  recurrentMask: FloatArray,
  mask: Uint8Array,
  h: FloatArray,
  recurrentInput: FloatArray,
  resetInput: FloatArray,
  inner: FloatArray,
  candidateInner: FloatArray,
  z: FloatArray,
  gates: FloatArray,
  dy: FloatArray,
  dh: FloatArray,
  dResetInput: FloatArray,
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
    for (let k = 0; k < state; k++) {
      const old = t * state + k;
      const zz = 3 * old - 2 * (k % units);
      const zr = zz + units;
      const zn = zr + units;
      const isReal = mask[t * batch + Math.floor(k / units)] === 1;
      const dOutput = (dy[old] as number) + (dh[k] as number);
      const update = gates[zz] as number;
      const candidate = gates[zn] as number;
      const dUpdate = isReal ? dOutput * ((h[old] as number) - candidate) : 0;
      const dCandidate = isReal ? dOutput * (1 - update) : 0;
      z[zz] = isReal ? dUpdate * recurrentActivation.derivative(z[zz] as number, update) : 0; // (5)
      z[zn] = isReal ? dCandidate * activation.derivative(z[zn] as number, candidate) : 0;
      inner[zz] = z[zz] as number;
      inner[zn] = 0;
      candidateInner[zz] = 0;
      candidateInner[zr] = 0;
      candidateInner[zn] = z[zn] as number;
      dh[k] = isReal ? dOutput * update : dOutput;
      dResetInput[k] = 0;
    }
    products.matmulTransposeB(
      candidateInner,
      recurrentKernel,
      dResetInput,
      batch,
      width,
      units,
      3 * t * state,
      0,
    );
    for (let k = 0; k < state; k++) {
      const old = t * state + k;
      const zr = 3 * old - 2 * (k % units) + units;
      const isReal = mask[t * batch + Math.floor(k / units)] === 1;
      const reset = gates[zr] as number;
      const dReset = (dResetInput[k] as number) * (recurrentInput[old] as number);
      z[zr] = isReal ? dReset * recurrentActivation.derivative(z[zr] as number, reset) : 0;
      inner[zr] = z[zr] as number;
      dRecurrentInput[k] = isReal ? (dResetInput[k] as number) * reset : 0;
    }
    products.matmulTransposeB(inner, recurrentKernel, dRecurrentInput, batch, width, units, 3 * t * state, 0); // (6)
    for (let k = 0; k < state; k++) {
      dh[k] = (dh[k] as number) + (recurrentMask[k] as number) * (dRecurrentInput[k] as number);
    }
  }
  products.denseBackward(x, z, dKernel, dBias, steps * batch, inputs, width); // (7)
  products.matmulTransposeA(recurrentInput, inner, dRecurrentKernel, units, steps * batch, width);
  products.matmulTransposeA(resetInput, candidateInner, dRecurrentKernel, units, steps * batch, width);
}
