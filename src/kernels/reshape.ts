/**
 * The numbers of every sequence, step after step, laid out as a sequence of other steps: from [steps, batch, features]
 * to [steps * features / newFeatures, batch, newFeatures]. With a single new step that is flattening.
 *
 *     y[i / newFeatures, b, i mod newFeatures] = x[i / features, b, i mod features], 0 where that step is masked
 */
import type { FloatArray } from '../core/tensor.js';

export function reshapeForward(
  x: FloatArray,
  mask: Uint8Array,
  y: FloatArray,
  steps: number,
  batch: number,
  features: number,
  newFeatures: number,
): void {
  for (let t = 0; t < steps; t++) {
    for (let b = 0; b < batch; b++) {
      const from = (t * batch + b) * features;
      const isReal = mask[t * batch + b] === 1;
      for (let k = 0; k < features; k++) {
        y[placeOf(t * features + k, b, batch, newFeatures)] = isReal ? (x[from + k] as number) : 0;
      }
    }
  }
}

export function reshapeBackward(
  dy: FloatArray,
  mask: Uint8Array,
  dx: FloatArray,
  steps: number,
  batch: number,
  features: number,
  newFeatures: number,
): void {
  for (let t = 0; t < steps; t++) {
    for (let b = 0; b < batch; b++) {
      if (mask[t * batch + b] === 0) continue;
      const to = (t * batch + b) * features;
      for (let k = 0; k < features; k++) {
        const from = placeOf(t * features + k, b, batch, newFeatures);
        dx[to + k] = (dx[to + k] as number) + (dy[from] as number);
      }
    }
  }
}

/** Where the number `i` of sequence `b` lies. */
function placeOf(i: number, b: number, batch: number, features: number): number {
  const step = Math.floor(i / features);
  return (step * batch + b) * features + (i - step * features);
}
