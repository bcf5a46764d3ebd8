/**
 * Several inputs made into one output of `rows` rows, a sequence being steps * batch of them. An input without steps
 * has `xRows` = batch rows and stands beside every step: its row is row mod xRows.
 *
 *     adding, and setting side by side:  y[row, start + k] += x[row, k]        dx[row, k] += dy[row, start + k]
 *     multiplying:                       y[row, k] *= x[row, k]                dx[row, k] += dy[row, k] others[row, k]
 *
 * where `others` is the product of the other inputs. Nothing is read or written where the output is masked.
 */
import type { FloatArray } from '../core/tensor.js';

/** Adds x [xRows, features] to the columns of y [rows, width] from `start` on. */
export function mergeForward(
  x: FloatArray,
  mask: Uint8Array,
  y: FloatArray,
  rows: number,
  xRows: number,
  features: number,
  start: number,
  width: number,
): void {
  for (let row = 0; row < rows; row++) {
    if (mask[row] === 0) continue;
    const from = (row % xRows) * features;
    const to = row * width + start;
    for (let k = 0; k < features; k++) y[to + k] = (y[to + k] as number) + (x[from + k] as number);
  }
}

/** Adds to dx [xRows, features]. */
export function mergeBackward(
  dy: FloatArray,
  mask: Uint8Array,
  dx: FloatArray,
  rows: number,
  xRows: number,
  features: number,
  start: number,
  width: number,
): void {
  for (let row = 0; row < rows; row++) {
    if (mask[row] === 0) continue;
    const from = row * width + start;
    const to = (row % xRows) * features;
    for (let k = 0; k < features; k++) dx[to + k] = (dx[to + k] as number) + (dy[from + k] as number);
  }
}

/** Multiplies y [rows, features] by x [xRows, features]. */
export function multiplyForward(
  x: FloatArray,
  mask: Uint8Array,
  y: FloatArray,
  rows: number,
  xRows: number,
  features: number,
): void {
  for (let row = 0; row < rows; row++) {
    if (mask[row] === 0) continue;
    const from = (row % xRows) * features;
    const to = row * features;
    for (let k = 0; k < features; k++) y[to + k] = (y[to + k] as number) * (x[from + k] as number);
  }
}

/** Adds to dx [xRows, features]; `others` [rows, features] is the product of the other inputs. */
export function multiplyBackward(
  dy: FloatArray,
  others: FloatArray,
  mask: Uint8Array,
  dx: FloatArray,
  rows: number,
  xRows: number,
  features: number,
): void {
  for (let row = 0; row < rows; row++) {
    if (mask[row] === 0) continue;
    const from = row * features;
    const to = (row % xRows) * features;
    for (let k = 0; k < features; k++) {
      dx[to + k] = (dx[to + k] as number) + (dy[from + k] as number) * (others[from + k] as number);
    }
  }
}
