/**
 * How much a sequence moves from step to step, for penalties on it (Merity, McCann and Socher 2017):
 *
 *     d_t = x_t - x_p, p the last real step before t; 0 at masked steps and at the first real one
 *
 *     dx_t += dd_t    dx_p -= dd_t
 */
import type { FloatArray } from '../core/tensor.js';

/** Writes d [steps, batch, features]. */
export function temporalDifferenceForward(
  x: FloatArray,
  mask: Uint8Array,
  d: FloatArray,
  steps: number,
  batch: number,
  features: number,
): void {
  for (let row = 0; row < batch; row++) {
    let before = -1;
    for (let t = 0; t < steps; t++) {
      const now = t * batch + row;
      const isReal = mask[now] === 1;
      for (let k = 0; k < features; k++) {
        const moves = isReal && before >= 0;
        d[now * features + k] = moves
          ? (x[now * features + k] as number) - (x[before * features + k] as number)
          : 0;
      }
      if (isReal) before = now;
    }
  }
}

/** Adds to dx [steps, batch, features]. */
export function temporalDifferenceBackward(
  dd: FloatArray,
  mask: Uint8Array,
  dx: FloatArray,
  steps: number,
  batch: number,
  features: number,
): void {
  for (let row = 0; row < batch; row++) {
    let before = -1;
    for (let t = 0; t < steps; t++) {
      const now = t * batch + row;
      if (mask[now] === 0) continue;
      if (before >= 0) {
        for (let k = 0; k < features; k++) {
          const slope = dd[now * features + k] as number;
          dx[now * features + k] = (dx[now * features + k] as number) + slope;
          dx[before * features + k] = (dx[before * features + k] as number) - slope;
        }
      }
      before = now;
    }
  }
}
