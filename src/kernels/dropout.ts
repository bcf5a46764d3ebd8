/**
 * Inverted dropout (Srivastava et al. 2014): `mask` holds 0 where a value is dropped and 1 / (1 - rate) where it
 * is kept. The same mask of `size` numbers is used at each of `steps` steps, as Gal and Ghahramani (2016) ask
 * of recurrent networks; steps = 1 is the ordinary kind.
 *
 *     y_t = mask * x_t        dx_t += mask * dy_t
 */
import type { FloatArray } from '../core/tensor.js';

export function dropoutForward(
  x: FloatArray,
  mask: FloatArray,
  y: FloatArray,
  steps: number,
  size: number,
): void {
  for (let start = 0; start < steps * size; start += size) {
    for (let k = 0; k < size; k++) y[start + k] = (mask[k] as number) * (x[start + k] as number);
  }
}

export function dropoutBackward(
  dy: FloatArray,
  mask: FloatArray,
  dx: FloatArray,
  steps: number,
  size: number,
): void {
  for (let start = 0; start < steps * size; start += size) {
    for (let k = 0; k < size; k++) {
      dx[start + k] = (dx[start + k] as number) + (mask[k] as number) * (dy[start + k] as number);
    }
  }
}
