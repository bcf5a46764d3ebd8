/**
 * Softmax of each row, the largest element subtracted first, so that no exponential overflows:
 *
 *     y_k = e^(x_k - m) / sum over j of e^(x_j - m),  m = max x
 *     dx_k += y_k (dy_k - sum over j of dy_j y_j)
 */
import { exp } from '../core/math.js';
import type { FloatArray } from '../core/tensor.js';

export function softmaxForward(x: FloatArray, y: FloatArray, rows: number, columns: number): void {
  for (let start = 0; start < rows * columns; start += columns) {
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = start; k < start + columns; k++) largest = Math.max(largest, x[k] as number);
    let sum = 0;
    for (let k = start; k < start + columns; k++) {
      const e = exp((x[k] as number) - largest);
      y[k] = e;
      sum += e;
    }
    for (let k = start; k < start + columns; k++) y[k] = (y[k] as number) / sum;
  }
}

export function softmaxBackward(
  y: FloatArray,
  dy: FloatArray,
  dx: FloatArray,
  rows: number,
  columns: number,
): void {
  for (let start = 0; start < rows * columns; start += columns) {
    let dot = 0;
    for (let k = start; k < start + columns; k++) dot += (dy[k] as number) * (y[k] as number);
    for (let k = start; k < start + columns; k++) {
      dx[k] = (dx[k] as number) + (y[k] as number) * ((dy[k] as number) - dot);
    }
  }
}
