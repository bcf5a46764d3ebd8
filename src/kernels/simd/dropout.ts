/** Inverted dropout, one mask for every step: y_t = mask * x_t, dx_t += mask * dy_t, as in ../dropout.ts. */
import { loadLanes, multiplyAdd, storeLanes } from './lanes.js';

export function dropoutForward(x: usize, mask: usize, y: usize, steps: i32, size: i32): void {
  for (let t = 0; t < steps; t++) {
    for (let k = 0; k < size; k += 4) {
      const count = size - k;
      const from = 4 * (t * size + k);
      storeLanes(y + from, f32x4.mul(loadLanes(mask + 4 * k, count), loadLanes(x + from, count)), count);
    }
  }
}

export function dropoutBackward(dy: usize, mask: usize, dx: usize, steps: i32, size: i32): void {
  for (let t = 0; t < steps; t++) {
    for (let k = 0; k < size; k += 4) {
      const count = size - k;
      const at = 4 * (t * size + k);
      const sum = multiplyAdd(
        loadLanes(mask + 4 * k, count),
        loadLanes(dy + at, count),
        loadLanes(dx + at, count),
      );
      storeLanes(dx + at, sum, count);
    }
  }
}
