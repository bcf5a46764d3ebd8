/**
 * The LSTM whose h is a projection of what its units give, and so smaller than c (Sak, Senior and Beaufays 2014;
 * PyTorch's `proj_size`). For each step t and each row of the batch:
 *
 *     z = x_t W + u_t U + b        u_t = r * h_{t-1}                                                  (1)
 *     i, f, o = sigmoid(z)   g = tanh(z)                                                              (2)
 *     c_t = f * c_{t-1} + i * g                                                                       (3)
 *     m_t = o * tanh(c_t)    h_t = m_t P                                                              (4)
 *     at a masked step instead: c_t = c_{t-1}, h_t = h_{t-1}                                          (5)
 *
 * Shapes and names are those of lstm.ts, but for R, the width of h:
 *
 *     U [R, 4H]   projectionKernel P [H, R]   recurrentMask [B, R]   h [T + 1, B, R]   recurrentInput [T, B, R]
 *     hidden (the m_t) [T, B, H]: kept for the backward pass, 0 at masked steps
 */
import { sigmoid, tanh } from '../core/math.js';
import type { FloatArray } from '../core/tensor.js';
import type { Products } from './products.js';

/** Reads x, the weights and slot 0 of h and c; writes the other slots and what the backward pass needs. */
export function lstmProjectionForward(
  products: Products,
  x: FloatArray,
  kernel: FloatArray,
  recurrentKernel: FloatArray,
  bias: FloatArray,
  projectionKernel: FloatArray,
  recurrentMask: FloatArray,
  mask: Uint8Array,
  h: FloatArray,
  c: FloatArray,
  hidden: FloatArray,
  recurrentInput: FloatArray,
  gates: FloatArray,
  steps: number,
  batch: number,
  inputs: number,
  units: number,
  projection: number,
): void {
  const state = batch * units;
  const narrow = batch * projection;
  products.denseForward(x, kernel, bias, gates, steps * batch, inputs, 4 * units);

  for (let t = 0; t < steps; t++) {
    const before = t * narrow;
    const after = before + narrow;
    for (let k = 0; k < narrow; k++) {
      recurrentInput[before + k] = (recurrentMask[k] as number) * (h[before + k] as number); // (1)
      h[after + k] = 0;
    }
    products.matmul(
      recurrentInput,
      recurrentKernel,
      gates,
      batch,
      projection,
      4 * units,
      before,
      4 * t * state,
    );
    for (let row = 0; row < batch; row++) {
      const old = t * state + row * units;
      const now = old + state;
      if (mask[t * batch + row] === 0) {
        for (let j = 0; j < units; j++) {
          c[now + j] = c[old + j] as number; // (5)
          hidden[old + j] = 0;
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
        gates[zi + j] = i;
        gates[zf + j] = f;
        gates[zg + j] = g;
        gates[zo + j] = o;
        c[now + j] = cell;
        hidden[old + j] = o * tanh(cell);
      }
    }
    products.matmul(hidden, projectionKernel, h, batch, units, projection, t * state, after); // (4)
    for (let row = 0; row < batch; row++) {
      if (mask[t * batch + row] === 1) continue;
      for (let k = row * projection; k < (row + 1) * projection; k++) h[after + k] = h[before + k] as number; // (5)
    }
  }
}

/**
 * Backpropagation through time. Adds to the gradients of the weights, and overwrites `gates` with dz, from which
 * `denseBackwardInput` makes the gradient of x. dy [T, B, R], dh [B, R] and dc [B, H] are as in `lstmBackward`;
 * `dOutput` [T, B, R] and `dHidden` [B, H] are room to work in.
 */
export function lstmProjectionBackward(
  products: Products,
  x: FloatArray,
  recurrentKernel: FloatArray,
  projectionKernel: FloatArray,
  recurrentMask: FloatArray,
  mask: Uint8Array,
  c: FloatArray,
  hidden: FloatArray,
  recurrentInput: FloatArray,
  gates: FloatArray,
  dy: FloatArray,
  dh: FloatArray,
  dc: FloatArray,
  dOutput: FloatArray,
  dHidden: FloatArray,
  dKernel: FloatArray,
  dRecurrentKernel: FloatArray,
  dBias: FloatArray,
  dProjectionKernel: FloatArray,
  steps: number,
  batch: number,
  inputs: number,
  units: number,
  projection: number,
): void {
  const state = batch * units;
  const narrow = batch * projection;
  for (let t = steps - 1; t >= 0; t--) {
    const before = t * narrow;
    for (let row = 0; row < batch; row++) {
      const isReal = mask[t * batch + row] === 1;
      for (let k = row * projection; k < (row + 1) * projection; k++) {
        const d = (dy[before + k] as number) + (dh[k] as number); // (6)
        dOutput[before + k] = isReal ? d : 0;
        dh[k] = isReal ? 0 : d; // (12)
      }
    }
    for (let k = 0; k < state; k++) dHidden[k] = 0;
    products.matmulTransposeB(dOutput, projectionKernel, dHidden, batch, projection, units, before, 0);
    for (let row = 0; row < batch; row++) {
      const carried = row * units;
      const old = t * state + carried;
      const zi = 4 * old;
      const zf = zi + units;
      const zg = zf + units;
      const zo = zg + units;
      if (mask[t * batch + row] === 0) {
        for (let j = 0; j < 4 * units; j++) gates[zi + j] = 0; // (12)
        continue;
      }
      for (let j = 0; j < units; j++) {
        const i = gates[zi + j] as number;
        const f = gates[zf + j] as number;
        const g = gates[zg + j] as number;
        const o = gates[zo + j] as number;
        const squashed = tanh(c[old + state + j] as number);
        const dOut = dHidden[carried + j] as number;
        const dCell = (dc[carried + j] as number) + dOut * o * (1 - squashed * squashed); // (7)
        gates[zi + j] = dCell * g * i * (1 - i); // (8)
        gates[zf + j] = dCell * (c[old + j] as number) * f * (1 - f);
        gates[zg + j] = dCell * i * (1 - g * g);
        gates[zo + j] = dOut * squashed * o * (1 - o);
        dc[carried + j] = dCell * f; // (9)
      }
    }
    products.matmulTransposeB(gates, recurrentKernel, dh, batch, 4 * units, projection, 4 * t * state, 0); // (10)
    for (let row = 0; row < batch; row++) {
      if (mask[t * batch + row] === 0) continue;
      for (let k = row * projection; k < (row + 1) * projection; k++) {
        dh[k] = (dh[k] as number) * (recurrentMask[k] as number);
      }
    }
  }
  const rows = steps * batch;
  products.denseBackward(x, gates, dKernel, dBias, rows, inputs, 4 * units); // (11)
  products.matmulTransposeA(recurrentInput, gates, dRecurrentKernel, projection, rows, 4 * units);
  products.matmulTransposeA(hidden, dOutput, dProjectionKernel, units, rows, projection);
}
