/**
 * Sequences [steps, batch, features] pooled over their real steps, one at least, to [batch, features]:
 *
 *     y = max over t of x_t        dx_t += dy at the first t where x_t = y
 *     y = mean over t of x_t       dx_t += dy / number of real steps
 */
import type { FloatArray } from '../core/tensor.js';

export function maxPoolingForward(
  x: FloatArray,
  mask: Uint8Array,
  y: FloatArray,
  steps: number,
  batch: number,
  features: number,
): void {
  for (let b = 0; b < batch; b++) {
    for (let k = 0; k < features; k++) {
      let largest = Number.NEGATIVE_INFINITY;
      for (let row = b; row < steps * batch; row += batch) {
        if (mask[row] === 1) largest = Math.max(largest, x[row * features + k] as number);
      }
      y[b * features + k] = largest;
    }
  }
}

export function maxPoolingBackward(
  x: FloatArray,
  mask: Uint8Array,
  y: FloatArray,
  dy: FloatArray,
  dx: FloatArray,
  steps: number,
  batch: number,
  features: number,
): void {
  for (let b = 0; b < batch; b++) {
    for (let k = 0; k < features; k++) {
      const largest = y[b * features + k] as number;
      for (let row = b; row < steps * batch; row += batch) {
        const i = row * features + k;
        if (mask[row] === 0 || x[i] !== largest) continue;
        dx[i] = (dx[i] as number) + (dy[b * features + k] as number);
        break;
      }
    }
  }
}

export function averagePoolingForward(
  x: FloatArray,
  mask: Uint8Array,
  y: FloatArray,
  steps: number,
  batch: number,
  features: number,
): void {
  for (let b = 0; b < batch; b++) {
    const count = realSteps(mask, b, steps, batch);
    for (let k = 0; k < features; k++) {
      let sum = 0;
      for (let row = b; row < steps * batch; row += batch) {
        if (mask[row] === 1) sum += x[row * features + k] as number;
      }
      y[b * features + k] = sum / count;
    }
  }
}

export function averagePoolingBackward(
  mask: Uint8Array,
  dy: FloatArray,
  dx: FloatArray,
  steps: number,
  batch: number,
  features: number,
): void {
  for (let b = 0; b < batch; b++) {
    const count = realSteps(mask, b, steps, batch);
    for (let row = b; row < steps * batch; row += batch) {
      if (mask[row] === 0) continue;
      for (let k = 0; k < features; k++) {
        const i = row * features + k;
        dx[i] = (dx[i] as number) + (dy[b * features + k] as number) / count;
      }
    }
  }
}

function realSteps(mask: Uint8Array, b: number, steps: number, batch: number): number {
  let count = 0;
  for (let row = b; row < steps * batch; row += batch) count += mask[row] as number;
  return count;
}
