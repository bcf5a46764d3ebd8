/**
 * Bounds on weights, applied after an update, with Keras's equations. A weight is [before, size, after] around the
 * axis that its norms are taken along:
 *
 *     norm = sqrt(sum along the axis of w^2)
 *     w *= (rate clip(norm, least, most) + (1 - rate) norm) / (norm + 1e-7)
 *     non-negative: w = max(w, 0)
 */
import type { FloatArray } from '../core/tensor.js';

const EPSILON = 1e-7;

export function boundNorms(
  w: FloatArray,
  before: number,
  size: number,
  after: number,
  least: number,
  most: number,
  rate: number,
): void {
  for (let i = 0; i < before; i++) {
    for (let j = 0; j < after; j++) {
      const start = i * size * after + j;
      let squares = 0;
      for (let k = 0; k < size; k++) squares += (w[start + k * after] as number) ** 2;
      const norm = Math.sqrt(squares);
      const desired = rate * Math.min(Math.max(norm, least), most) + (1 - rate) * norm;
      const factor = desired / (norm + EPSILON);
      for (let k = 0; k < size; k++) w[start + k * after] = (w[start + k * after] as number) * factor;
    }
  }
}

export function boundBelowByZero(w: FloatArray, size: number): void {
  for (let k = 0; k < size; k++) if ((w[k] as number) < 0) w[k] = 0;
}
