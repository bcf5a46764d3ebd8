/**
 * Finds the steps that are padding: those whose features all equal `maskValue`. What stands there is replaced by
 * zeros, and a step that was masked before stays so.
 *
 *     mask' = mask and any(x != maskValue)      y = x where mask', else 0      dx += dy where mask'
 */
import type { FloatArray } from '../core/tensor.js';

export function maskingForward(
  x: FloatArray,
  mask: Uint8Array,
  y: FloatArray,
  newMask: Uint8Array,
  maskValue: number,
  rows: number,
  features: number,
): void {
  for (let row = 0; row < rows; row++) {
    const start = row * features;
    let isReal = 0;
    for (let k = start; k < start + features; k++) if (x[k] !== maskValue) isReal = mask[row] as number;
    newMask[row] = isReal;
    for (let k = start; k < start + features; k++) y[k] = isReal === 1 ? (x[k] as number) : 0;
  }
}

export function maskingBackward(
  dy: FloatArray,
  newMask: Uint8Array,
  dx: FloatArray,
  rows: number,
  features: number,
): void {
  for (let row = 0; row < rows; row++) {
    if (newMask[row] === 0) continue;
    const start = row * features;
    for (let k = start; k < start + features; k++) dx[k] = (dx[k] as number) + (dy[k] as number);
  }
}
