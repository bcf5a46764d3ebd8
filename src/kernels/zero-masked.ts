/**
 * Zeros in the place of masked steps, whatever stands there:
 *
 *     y = x where mask, else 0      dx += dy where mask
 */
import type { FloatArray } from '../core/tensor.js';

/** Writes y [rows, width]. */
export function zeroMaskedForward(
  x: FloatArray,
  mask: Uint8Array,
  y: FloatArray,
  rows: number,
  width: number,
): void {
  for (let row = 0; row < rows; row++) {
    const isReal = mask[row] === 1;
    for (let k = row * width; k < (row + 1) * width; k++) y[k] = isReal ? (x[k] as number) : 0;
  }
}

/** Adds to dx [rows, width]. */
export function zeroMaskedBackward(
  dy: FloatArray,
  mask: Uint8Array,
  dx: FloatArray,
  rows: number,
  width: number,
): void {
  for (let row = 0; row < rows; row++) {
    if (mask[row] === 0) continue;
    for (let k = row * width; k < (row + 1) * width; k++) dx[k] = (dx[k] as number) + (dy[k] as number);
  }
}
