/**
 * Two arrays made into one, as the two directions of a bidirectional layer are:
 *
 *     concatenated: y = [a, b] row by row        da += the first columns of dy, db += the others
 *     summed:       y = s (a + b)                da += s dy, db += s dy          (s = 1/2 for the average)
 *     multiplied:   y = a * b                    da += b * dy, db += a * dy
 */
import type { FloatArray } from '../core/tensor.js';

/** Writes y [rows, aWidth + bWidth]. */
export function bidirectionalConcatForward(
  a: FloatArray,
  b: FloatArray,
  y: FloatArray,
  rows: number,
  aWidth: number,
  bWidth: number,
): void {
  const width = aWidth + bWidth;
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < aWidth; k++) y[row * width + k] = a[row * aWidth + k] as number;
    for (let k = 0; k < bWidth; k++) y[row * width + aWidth + k] = b[row * bWidth + k] as number;
  }
}

/** Adds to da [rows, aWidth] and db [rows, bWidth]. */
export function bidirectionalConcatBackward(
  dy: FloatArray,
  da: FloatArray,
  db: FloatArray,
  rows: number,
  aWidth: number,
  bWidth: number,
): void {
  const width = aWidth + bWidth;
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < aWidth; k++) {
      da[row * aWidth + k] = (da[row * aWidth + k] as number) + (dy[row * width + k] as number);
    }
    for (let k = 0; k < bWidth; k++) {
      db[row * bWidth + k] = (db[row * bWidth + k] as number) + (dy[row * width + aWidth + k] as number);
    }
  }
}

/** Writes y [size]. */
export function bidirectionalSumForward(
  a: FloatArray,
  b: FloatArray,
  y: FloatArray,
  size: number,
  factor: number,
): void {
  for (let k = 0; k < size; k++) y[k] = factor * ((a[k] as number) + (b[k] as number));
}

/** Adds to da and db [size]. */
export function bidirectionalSumBackward(
  dy: FloatArray,
  da: FloatArray,
  db: FloatArray,
  size: number,
  factor: number,
): void {
  for (let k = 0; k < size; k++) {
    da[k] = (da[k] as number) + factor * (dy[k] as number);
    db[k] = (db[k] as number) + factor * (dy[k] as number);
  }
}

/** Writes y [size]. */
export function bidirectionalProductForward(a: FloatArray, b: FloatArray, y: FloatArray, size: number): void {
  for (let k = 0; k < size; k++) y[k] = (a[k] as number) * (b[k] as number);
}

/** Adds to da and db [size]. */
export function bidirectionalProductBackward(
  a: FloatArray,
  b: FloatArray,
  dy: FloatArray,
  da: FloatArray,
  db: FloatArray,
  size: number,
): void {
  for (let k = 0; k < size; k++) {
    da[k] = (da[k] as number) + (b[k] as number) * (dy[k] as number);
    db[k] = (db[k] as number) + (a[k] as number) * (dy[k] as number);
  }
}
