/**
 * The LSTM with activations of the user's choice: f_a (Keras's `activation`, tanh in the plain cell) and
 * f_r (`recurrentActivation`, sigmoid in the plain cell), and with c clipped to a bound, infinity for none. The
 * equations are those of lstm.ts, with
 *
 *     i = f_r(z_i)   f = f_r(z_f)   g = f_a(z_g)   o = f_r(z_o)                                       (2')
 *     c_t = max(-clip, min(clip, f * c_{t-1} + i * g))                                                (3')
 *     h_t = o * f_a(c_t)                                                                              (4')
 *
 * Shapes and names are those of lstm.ts, with two arrays beside `gates`, since not every derivative can be had
 * from the value: `z` [T, B, 4H] keeps the pre-activations, `squashedC` [T, B, H] the f_a(c_t).
 */
import type { FloatArray } from '../core/tensor.js';
import type { Activation } from './activations.js';
import { denseBackward, denseForward } from './dense.js';
import { matmul, matmulTransposeA, matmulTransposeB } from './matmul.js';

/** Reads x, the weights and slot 0 of h and c; writes the other slots and what the backward pass needs. */
export function lstmActivationsForward(
  activation: Activation,
  recurrentActivation: Activation,
  clip: number,
  x: FloatArray,
  kernel: FloatArray,
  recurrentKernel: FloatArray,
  bias: FloatArray,
  recurrentMask: FloatArray,
  mask: Uint8Array,
  h: FloatArray,
  c: FloatArray,
  squashedC: FloatArray,
  recurrentInput: FloatArray,
  z: FloatArray,
  gates: FloatArray,
  steps: number,
  batch: number,
  inputs: number,
  units: number,
): void {
  const state = batch * units;
  denseForward(x, kernel, bias, z, steps * batch, inputs, 4 * units);

  for (let t = 0; t < steps; t++) {
    const before = t * state;
    for (let k = 0; k < state; k++) {
      recurrentInput[before + k] = (recurrentMask[k] as number) * (h[before + k] as number); // (1)
    }
    matmul(recurrentInput, recurrentKernel, z, batch, units, 4 * units, before, 4 * before);

    for (let row = 0; row < batch; row++) {
      const old = before + row * units;
      const now = old + state;
      if (mask[t * batch + row] === 0) {
        for (let j = 0; j < units; j++) {
          c[now + j] = c[old + j] as number; // (5)
          h[now + j] = h[old + j] as number;
        }
        continue;
      }
      const zi = 4 * old;
      const zf = zi + units;
      const zg = zf + units;
      const zo = zg + units;
      for (let j = 0; j < units; j++) {
        const i = recurrentActivation.value(z[zi + j] as number); // (2')
        const f = recurrentActivation.value(z[zf + j] as number);
        const g = activation.value(z[zg + j] as number);
        const o = recurrentActivation.value(z[zo + j] as number);
        const cell = Math.max(-clip, Math.min(clip, f * (c[old + j] as number) + i * g)); // (3')
        const squashed = activation.value(cell);
        gates[zi + j] = i;
        gates[zf + j] = f;
        gates[zg + j] = g;
        gates[zo + j] = o;
        c[now + j] = cell;
        squashedC[old + j] = squashed;
        h[now + j] = o * squashed; // (4')
      }
    }
  }
}

/**
 * Backpropagation through time. Adds to dKernel, dRecurrentKernel and dBias, and overwrites `z` with dz, from
 * which `lstmBackwardInput` of lstm.ts makes the gradient of x. dy, dh and dc are as in `lstmBackward`.
 */
export function lstmActivationsBackward(
  activation: Activation,
  recurrentActivation: Activation,
  clip: number,
  x: FloatArray,
  recurrentKernel: FloatArray,
  recurrentMask: FloatArray,
  mask: Uint8Array,
  c: FloatArray,
  squashedC: FloatArray,
  recurrentInput: FloatArray,
  z: FloatArray,
  gates: FloatArray,
  dy: FloatArray,
  dh: FloatArray,
  dc: FloatArray,
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
    for (let row = 0; row < batch; row++) {
      const carried = row * units;
      const old = t * state + carried;
      const now = old + state;
      const zi = 4 * old;
      const zf = zi + units;
      const zg = zf + units;
      const zo = zg + units;
      if (mask[t * batch + row] === 0) {
        for (let j = 0; j < units; j++)
          dh[carried + j] = (dh[carried + j] as number) + (dy[old + j] as number);
        for (let j = 0; j < 4 * units; j++) z[zi + j] = 0; // (12)
        continue;
      }
      for (let j = 0; j < units; j++) {
        const i = gates[zi + j] as number;
        const f = gates[zf + j] as number;
        const g = gates[zg + j] as number;
        const o = gates[zo + j] as number;
        const squashed = squashedC[old + j] as number;
        const slope = activation.derivative(c[now + j] as number, squashed);
        const dOutput = (dy[old + j] as number) + (dh[carried + j] as number); // (6)
        const isFree = Math.abs(c[now + j] as number) < clip; // what was clipped does not heed what it was before
        const dCell = isFree ? (dc[carried + j] as number) + dOutput * o * slope : 0; // (7)
        z[zi + j] = dCell * g * recurrentActivation.derivative(z[zi + j] as number, i); // (8)
        z[zf + j] = dCell * (c[old + j] as number) * recurrentActivation.derivative(z[zf + j] as number, f);
        z[zg + j] = dCell * i * activation.derivative(z[zg + j] as number, g);
        z[zo + j] = dOutput * squashed * recurrentActivation.derivative(z[zo + j] as number, o);
        dc[carried + j] = dCell * f; // (9)
        dh[carried + j] = 0;
      }
    }
    matmulTransposeB(z, recurrentKernel, dh, batch, 4 * units, units, 4 * t * state, 0); // (10)
    for (let row = 0; row < batch; row++) {
      if (mask[t * batch + row] === 0) continue;
      for (let k = row * units; k < (row + 1) * units; k++) {
        dh[k] = (dh[k] as number) * (recurrentMask[k] as number);
      }
    }
  }
  denseBackward(x, z, dKernel, dBias, steps * batch, inputs, 4 * units); // (11)
  matmulTransposeA(recurrentInput, z, dRecurrentKernel, units, steps * batch, 4 * units);
}
