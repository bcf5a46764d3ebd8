/**
 * The recurrence of an LSTM around a step of its own: what the variants of lstm.ts have in common, so that the file of
 * each holds the arithmetic that it differs in and nothing else. For each step t and each row of the batch:
 *
 *     z = x_t W + u_t U + b        u_t = r * h_{t-1}                                                  (1)
 *     c_t, h_t from z, c_{t-1}, h_{t-1}: the cell's                                             (2) to (4)
 *     at a masked step instead: c_t = c_{t-1}, h_t = h_{t-1}                                          (5)
 *
 * Shapes and names are those of lstm.ts, for a cell of G gates: W [I, GH], U [H, GH], b [GH], gates [T, B, GH], in the
 * order that the cell says. `own` is what a cell reads beside them, such as the weights of its peepholes.
 */
import type { FloatArray } from '../core/tensor.js';
import type { Products } from './products.js';

/** A step of one row. Its H numbers begin in c and h at `old` before it and at `now` after it. */
export interface LstmCell {
  /** G */
  readonly gateCount: number;
  /** Turns the z that begin at `at` into gates, in their place, and writes c and h. */
  forward(
    gates: FloatArray,
    at: number,
    c: FloatArray,
    h: FloatArray,
    old: number,
    now: number,
    units: number,
    own: FloatArray,
  ): void;
  /**
   * Turns the gates into dz, in their place. dh and dc, which begin at `row`, hold the gradient by h_t and c_t, and
   * afterwards that by c_{t-1} and by h_{t-1}, as far as it does not come through z: mostly none. Adds to dOwn.
   */
  backward(
    gates: FloatArray,
    at: number,
    c: FloatArray,
    old: number,
    now: number,
    dh: FloatArray,
    dc: FloatArray,
    row: number,
    units: number,
    own: FloatArray,
    dOwn: FloatArray,
  ): void;
}

/** Reads x, the weights and slot 0 of h and c; writes the other slots and what the backward pass needs. */
export function lstmRecurrenceForward(
  cell: LstmCell,
  products: Products,
  x: FloatArray,
  kernel: FloatArray,
  recurrentKernel: FloatArray,
  bias: FloatArray,
  own: FloatArray,
  recurrentMask: FloatArray,
  mask: Uint8Array,
  h: FloatArray,
  c: FloatArray,
  recurrentInput: FloatArray,
  gates: FloatArray,
  steps: number,
  batch: number,
  inputs: number,
  units: number,
): void {
  const state = batch * units;
  const { gateCount } = cell;
  products.denseForward(x, kernel, bias, gates, steps * batch, inputs, gateCount * units);

  for (let t = 0; t < steps; t++) {
    const before = t * state;
    for (let k = 0; k < state; k++) {
      recurrentInput[before + k] = (recurrentMask[k] as number) * (h[before + k] as number); // (1)
    }
    const width = gateCount * units;
    products.matmul(recurrentInput, recurrentKernel, gates, batch, units, width, before, gateCount * before);

    for (let row = 0; row < batch; row++) {
      const old = before + row * units;
      const now = old + state;
      if (mask[t * batch + row] === 1) {
        cell.forward(gates, gateCount * old, c, h, old, now, units, own); // (2) to (4)
        continue;
      }
      for (let j = 0; j < units; j++) {
        c[now + j] = c[old + j] as number; // (5)
        h[now + j] = h[old + j] as number;
      }
    }
  }
}

/**
 * Backpropagation through time. Adds to dKernel, dRecurrentKernel, dBias and dOwn, and overwrites `gates` with dz, from
 * which `denseBackwardInput` makes the gradient of x. dy, dh and dc are as in `lstmBackward`; `dRecurrentInput` [B, H]
 * is room to work in.
 */
export function lstmRecurrenceBackward(
  cell: LstmCell,
  products: Products,
  x: FloatArray,
  recurrentKernel: FloatArray,
  own: FloatArray,
  recurrentMask: FloatArray,
  mask: Uint8Array,
  c: FloatArray,
  recurrentInput: FloatArray,
  gates: FloatArray,
  dy: FloatArray,
  dh: FloatArray,
  dc: FloatArray,
  dRecurrentInput: FloatArray,
  dKernel: FloatArray,
  dRecurrentKernel: FloatArray,
  dBias: FloatArray,
  dOwn: FloatArray,
  steps: number,
  batch: number,
  inputs: number,
  units: number,
): void {
  const state = batch * units;
  const { gateCount } = cell;
  const width = gateCount * units;
  for (let t = steps - 1; t >= 0; t--) {
    const before = t * state;
    for (let row = 0; row < batch; row++) {
      const first = row * units;
      const old = before + first;
      for (let j = first; j < first + units; j++) dh[j] = (dh[j] as number) + (dy[before + j] as number); // (6)
      const at = gateCount * old;
      if (mask[t * batch + row] === 1) {
        cell.backward(gates, at, c, old, old + state, dh, dc, first, units, own, dOwn); // (7) to (9)
      } else {
        for (let k = at; k < at + width; k++) gates[k] = 0; // (12)
      }
    }
    for (let k = 0; k < state; k++) dRecurrentInput[k] = 0;
    products.matmulTransposeB(
      gates,
      recurrentKernel,
      dRecurrentInput,
      batch,
      width,
      units,
      gateCount * before,
      0,
    );
    for (let k = 0; k < state; k++) {
      dh[k] = (dh[k] as number) + (recurrentMask[k] as number) * (dRecurrentInput[k] as number); // (10)
    }
  }
  products.denseBackward(x, gates, dKernel, dBias, steps * batch, inputs, width); // (11)
  products.matmulTransposeA(recurrentInput, gates, dRecurrentKernel, units, steps * batch, width);
}
