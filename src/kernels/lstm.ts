/**
 * The long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers, Schmidhuber and
 * Cummins 2000), whole sequences forward and backward. The numbers in parentheses are the equations of
 * docs/lstm.md, which derives the backward pass. For each step t and each row of the batch:
 *
 *     z = x_t W + u_t U + b        u_t = r * h_{t-1}                                                  (1)
 *     i = sigmoid(z_i)   f = sigmoid(z_f)   g = tanh(z_g)   o = sigmoid(z_o)                          (2)
 *     c_t = f * c_{t-1} + i * g                                                                       (3)
 *     h_t = o * tanh(c_t)                                                                             (4)
 *     at a masked step instead: c_t = c_{t-1}, h_t = h_{t-1}                                          (5)
 *
 * Shapes, for T steps, B rows, I inputs, H units:
 *
 *     x [T, B, I]   kernel W [I, 4H]   recurrentKernel U [H, 4H]   bias b [4H]      gates in the order i, f, g, o
 *     recurrentMask r [B, H]: the dropout on h_{t-1}, one draw a sequence; ones when there is no dropout
 *     mask [T, B]: 1 where a step is real, 0 where it is padding; x must be finite there too, whatever it is
 *     h, c [T + 1, B, H]: slot 0 is the initial state, slot t + 1 the state after step t
 *     tanhC, recurrentInput (the u_t) [T, B, H], gates [T, B, 4H]: kept for the backward pass
 */
import { sigmoid, tanh } from '../core/math.js';
import type { FloatArray } from '../core/tensor.js';
import { denseBackward, denseForward } from './dense.js';
import { matmul, matmulTransposeA, matmulTransposeB } from './matmul.js';

/** Reads x, the weights and slot 0 of h and c; writes the other slots and what the backward pass needs. */
export function lstmForward(
  x: FloatArray,
  kernel: FloatArray,
  recurrentKernel: FloatArray,
  bias: FloatArray,
  recurrentMask: FloatArray,
  mask: Uint8Array,
  h: FloatArray,
  c: FloatArray,
  tanhC: FloatArray,
  recurrentInput: FloatArray,
  gates: FloatArray,
  steps: number,
  batch: number,
  inputs: number,
  units: number,
): void {
  const state = batch * units;
  denseForward(x, kernel, bias, gates, steps * batch, inputs, 4 * units);

  for (let t = 0; t < steps; t++) {
    const before = t * state;
    for (let k = 0; k < state; k++) {
      recurrentInput[before + k] = (recurrentMask[k] as number) * (h[before + k] as number); // (1)
    }
    matmul(recurrentInput, recurrentKernel, gates, batch, units, 4 * units, before, 4 * before);

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
        const i = sigmoid(gates[zi + j] as number); // (2)
        const f = sigmoid(gates[zf + j] as number);
        const g = tanh(gates[zg + j] as number);
        const o = sigmoid(gates[zo + j] as number);
        const cell = f * (c[old + j] as number) + i * g; // (3)
        const squashed = tanh(cell);
        gates[zi + j] = i;
        gates[zf + j] = f;
        gates[zg + j] = g;
        gates[zo + j] = o;
        c[now + j] = cell;
        tanhC[old + j] = squashed;
        h[now + j] = o * squashed; // (4)
      }
    }
  }
}

/**
 * Backpropagation through time. Adds to dKernel, dRecurrentKernel and dBias, and overwrites `gates` with dz,
 * from which `lstmBackwardInput` makes the gradient of x.
 *
 *     dy [T, B, H]: the gradient of the loss by every h_t, as the layers above see it
 *     dh, dc [B, H]: on entry the gradient by the final state, zero unless something reads it;
 *                    on return the gradient by the initial state
 */
export function lstmBackward(
  x: FloatArray,
  recurrentKernel: FloatArray,
  recurrentMask: FloatArray,
  mask: Uint8Array,
  c: FloatArray,
  tanhC: FloatArray,
  recurrentInput: FloatArray,
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
      const zi = 4 * old;
      const zf = zi + units;
      const zg = zf + units;
      const zo = zg + units;
      if (mask[t * batch + row] === 0) {
        for (let j = 0; j < units; j++)
          dh[carried + j] = (dh[carried + j] as number) + (dy[old + j] as number);
        for (let j = 0; j < 4 * units; j++) gates[zi + j] = 0; // (12)
        continue;
      }
      for (let j = 0; j < units; j++) {
        const i = gates[zi + j] as number;
        const f = gates[zf + j] as number;
        const g = gates[zg + j] as number;
        const o = gates[zo + j] as number;
        const squashed = tanhC[old + j] as number;
        const dOutput = (dy[old + j] as number) + (dh[carried + j] as number); // (6)
        const dCell = (dc[carried + j] as number) + dOutput * o * (1 - squashed * squashed); // (7)
        gates[zi + j] = dCell * g * i * (1 - i); // (8)
        gates[zf + j] = dCell * (c[old + j] as number) * f * (1 - f);
        gates[zg + j] = dCell * i * (1 - g * g);
        gates[zo + j] = dOutput * squashed * o * (1 - o);
        dc[carried + j] = dCell * f; // (9)
        dh[carried + j] = 0;
      }
    }
    matmulTransposeB(gates, recurrentKernel, dh, batch, 4 * units, units, 4 * t * state, 0); // (10)
    for (let row = 0; row < batch; row++) {
      if (mask[t * batch + row] === 0) continue;
      for (let k = row * units; k < (row + 1) * units; k++) {
        dh[k] = (dh[k] as number) * (recurrentMask[k] as number);
      }
    }
  }
  denseBackward(x, gates, dKernel, dBias, steps * batch, inputs, 4 * units); // (11)
  matmulTransposeA(recurrentInput, gates, dRecurrentKernel, units, steps * batch, 4 * units);
}

/** dx_t += dz_t Wᵀ for all steps (11): `dz` is what `lstmBackward` left in `gates`. */
export function lstmBackwardInput(
  dz: FloatArray,
  kernel: FloatArray,
  dx: FloatArray,
  steps: number,
  batch: number,
  inputs: number,
  units: number,
): void {
  matmulTransposeB(dz, kernel, dx, steps * batch, 4 * units, inputs);
}
