/**
 * The LSTM whose gates see the gates of the step before (FGR, full gate recurrence, of Greff et al. 2017; in the
 * LSTM of Hochreiter and Schmidhuber 1997 too). For each step t and each row of the batch:
 *
 *     z = x_t W + u_t U + b        u_t = r * h_{t-1}                                                  (1)
 *     v = q_{t-1} Q                v is added to z_i, z_f and z_o                                    (1b)
 *     i, f, o = sigmoid(z)   g = tanh(z)                                                              (2)
 *     c_t = f * c_{t-1} + i * g                                                                       (3)
 *     h_t = o * tanh(c_t)          q_t = [i, f, o]                                                    (4)
 *     at a masked step instead: c_t = c_{t-1}, h_t = h_{t-1}, q_t = q_{t-1}                           (5)
 *
 * Shapes and names are those of lstm.ts, and beside them:
 *
 *     gateKernel Q [3H, 3H]: from i, f, o of the step before to z_i, z_f, z_o; nine matrices in the paper
 *     q [T + 1, B, 3H]: slot 0 is the initial one, slot t + 1 the gates i, f, o of step t
 *     fromGates (the v, and after the backward pass dz_i, dz_f, dz_o) [T, B, 3H]
 */
import { sigmoid, tanh } from '../core/math.js';
import type { FloatArray } from '../core/tensor.js';
import type { Products } from './products.js';

/** Reads x, the weights and slot 0 of h, c and q; writes the other slots and what the backward pass needs. */
export function lstmGateRecurrenceForward(
  products: Products,
  x: FloatArray,
  kernel: FloatArray,
  recurrentKernel: FloatArray,
  bias: FloatArray,
  gateKernel: FloatArray,
  recurrentMask: FloatArray,
  mask: Uint8Array,
  h: FloatArray,
  c: FloatArray,
  q: FloatArray,
  recurrentInput: FloatArray,
  fromGates: FloatArray,
  gates: FloatArray,
  steps: number,
  batch: number,
  inputs: number,
  units: number,
): void {
  const state = batch * units;
  products.denseForward(x, kernel, bias, gates, steps * batch, inputs, 4 * units);

  for (let t = 0; t < steps; t++) {
    const before = t * state;
    for (let k = 0; k < state; k++) {
      recurrentInput[before + k] = (recurrentMask[k] as number) * (h[before + k] as number); // (1)
    }
    products.matmul(recurrentInput, recurrentKernel, gates, batch, units, 4 * units, before, 4 * before);
    for (let k = 3 * before; k < 3 * (before + state); k++) fromGates[k] = 0;
    products.matmul(q, gateKernel, fromGates, batch, 3 * units, 3 * units, 3 * before, 3 * before); // (1b)

    for (let row = 0; row < batch; row++) {
      const old = before + row * units;
      const now = old + state;
      if (mask[t * batch + row] === 0) {
        for (let j = 0; j < units; j++) {
          c[now + j] = c[old + j] as number; // (5)
          h[now + j] = h[old + j] as number;
        }
        for (let k = 0; k < 3 * units; k++) q[3 * now + k] = q[3 * old + k] as number;
        continue;
      }
      const zi = 4 * old;
      const zf = zi + units;
      const zg = zf + units;
      const zo = zg + units;
      const vi = 3 * old;
      const vf = vi + units;
      const vo = vf + units;
      const qi = 3 * now;
      const qf = qi + units;
      const qo = qf + units;
      for (let j = 0; j < units; j++) {
        const i = sigmoid((gates[zi + j] as number) + (fromGates[vi + j] as number)); // (2)
        const f = sigmoid((gates[zf + j] as number) + (fromGates[vf + j] as number));
        const g = tanh(gates[zg + j] as number);
        const o = sigmoid((gates[zo + j] as number) + (fromGates[vo + j] as number));
        const cell = f * (c[old + j] as number) + i * g; // (3)
        gates[zi + j] = q[qi + j] = i;
        gates[zf + j] = q[qf + j] = f;
        gates[zg + j] = g;
        gates[zo + j] = q[qo + j] = o;
        c[now + j] = cell;
        h[now + j] = o * tanh(cell); // (4)
      }
    }
  }
}

/**
 * Backpropagation through time. Adds to the gradients of the weights, and overwrites `gates` with dz, from which
 * `denseBackwardInput` makes the gradient of x. dy, dh and dc are as in `lstmBackward`, dq [B, 3H] likewise: the gradient by
 * the last q, and afterwards by the first. `dRecurrentInput` [B, H] is room to work in.
 */
export function lstmGateRecurrenceBackward(
  products: Products,
  x: FloatArray,
  recurrentKernel: FloatArray,
  gateKernel: FloatArray,
  recurrentMask: FloatArray,
  mask: Uint8Array,
  c: FloatArray,
  q: FloatArray,
  recurrentInput: FloatArray,
  fromGates: FloatArray,
  gates: FloatArray,
  dy: FloatArray,
  dh: FloatArray,
  dc: FloatArray,
  dq: FloatArray,
  dRecurrentInput: FloatArray,
  dKernel: FloatArray,
  dRecurrentKernel: FloatArray,
  dBias: FloatArray,
  dGateKernel: FloatArray,
  steps: number,
  batch: number,
  inputs: number,
  units: number,
): void {
  const state = batch * units;
  for (let t = steps - 1; t >= 0; t--) {
    const before = t * state;
    for (let row = 0; row < batch; row++) {
      const carried = row * units;
      const old = before + carried;
      const zi = 4 * old;
      const zf = zi + units;
      const zg = zf + units;
      const zo = zg + units;
      const vi = 3 * old;
      const vf = vi + units;
      const vo = vf + units;
      const qi = 3 * carried;
      const qf = qi + units;
      const qo = qf + units;
      for (let j = carried; j < carried + units; j++) dh[j] = (dh[j] as number) + (dy[before + j] as number); // (6)
      if (mask[t * batch + row] === 0) {
        for (let k = zi; k < zi + 4 * units; k++) gates[k] = 0; // (12)
        for (let k = vi; k < vi + 3 * units; k++) fromGates[k] = 0;
        continue;
      }
      for (let j = 0; j < units; j++) {
        const i = gates[zi + j] as number;
        const f = gates[zf + j] as number;
        const g = gates[zg + j] as number;
        const o = gates[zo + j] as number;
        const squashed = tanh(c[old + state + j] as number);
        const dOutput = dh[carried + j] as number;
        const dCell = (dc[carried + j] as number) + dOutput * o * (1 - squashed * squashed); // (7)
        const di = dCell * g + (dq[qi + j] as number); // each gate is a part of q_t as well
        const df = dCell * (c[old + j] as number) + (dq[qf + j] as number);
        const dO = dOutput * squashed + (dq[qo + j] as number);
        gates[zi + j] = fromGates[vi + j] = di * i * (1 - i); // (8)
        gates[zf + j] = fromGates[vf + j] = df * f * (1 - f);
        gates[zg + j] = dCell * i * (1 - g * g);
        gates[zo + j] = fromGates[vo + j] = dO * o * (1 - o);
        dc[carried + j] = dCell * f; // (9)
        dh[carried + j] = 0;
        dq[qi + j] = dq[qf + j] = dq[qo + j] = 0;
      }
    }
    for (let k = 0; k < state; k++) dRecurrentInput[k] = 0;
    products.matmulTransposeB(
      gates,
      recurrentKernel,
      dRecurrentInput,
      batch,
      4 * units,
      units,
      4 * before,
      0,
    );
    for (let k = 0; k < state; k++) {
      dh[k] = (dh[k] as number) + (recurrentMask[k] as number) * (dRecurrentInput[k] as number); // (10)
    }
    products.matmulTransposeB(fromGates, gateKernel, dq, batch, 3 * units, 3 * units, 3 * before, 0);
  }
  const rows = steps * batch;
  products.denseBackward(x, gates, dKernel, dBias, rows, inputs, 4 * units); // (11)
  products.matmulTransposeA(recurrentInput, gates, dRecurrentKernel, units, rows, 4 * units);
  products.matmulTransposeA(q, fromGates, dGateKernel, 3 * units, rows, 3 * units);
}
