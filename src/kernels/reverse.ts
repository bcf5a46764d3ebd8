/**
 * A sequence read from its end: y_t = x_{T-1-t}, for steps of `size` numbers (or, for a mask, bytes).
 *
 *     dx_{T-1-t} += dy_t
 */
import type { FloatArray } from '../core/tensor.js';

/** Writes y [steps, size]. */
export function reverseForward<A extends FloatArray | Uint8Array>(
  x: A,
  y: A,
  steps: number,
  size: number,
): void {
  for (let t = 0; t < steps; t++) {
    const from = (steps - 1 - t) * size;
    const to = t * size;
    for (let k = 0; k < size; k++) y[to + k] = x[from + k] as number;
  }
}

/** Adds to dx [steps, size]. */
export function reverseBackward(dy: FloatArray, dx: FloatArray, steps: number, size: number): void {
  for (let t = 0; t < steps; t++) {
    const from = t * size;
    const to = (steps - 1 - t) * size;
    for (let k = 0; k < size; k++) dx[to + k] = (dx[to + k] as number) + (dy[from + k] as number);
  }
}
