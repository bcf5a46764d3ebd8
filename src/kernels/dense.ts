/**
 * A fully connected layer on `rows` rows (a sequence is steps * batch of them):
 *
 *     y = x W + b                                      x [rows, inputs], W [inputs, units], b [units]
 *     dW += xᵀ dy    db += sum over rows of dy    dx += dy Wᵀ
 */
import type { FloatArray } from '../core/tensor.js';
import { matmul, matmulTransposeA, matmulTransposeB } from './matmul.js';

/** Writes y [rows, units]. */
export function denseForward(
  x: FloatArray,
  kernel: FloatArray,
  bias: FloatArray,
  y: FloatArray,
  rows: number,
  inputs: number,
  units: number,
): void {
  for (let i = 0; i < rows * units; i += units) {
    for (let j = 0; j < units; j++) y[i + j] = bias[j] as number;
  }
  matmul(x, kernel, y, rows, inputs, units);
}

/** Adds to dKernel [inputs, units] and dBias [units]. */
export function denseBackward(
  x: FloatArray,
  dy: FloatArray,
  dKernel: FloatArray,
  dBias: FloatArray,
  rows: number,
  inputs: number,
  units: number,
): void {
  matmulTransposeA(x, dy, dKernel, inputs, rows, units);
  addColumnSums(dy, dBias, rows, units);
}

/** Adds to dx [rows, inputs]. */
export function denseBackwardInput(
  dy: FloatArray,
  kernel: FloatArray,
  dx: FloatArray,
  rows: number,
  inputs: number,
  units: number,
): void {
  matmulTransposeB(dy, kernel, dx, rows, units, inputs);
}

/** sums[j] += sum over rows of x[row, j]: each column in double precision, stored once. */
export function addColumnSums(x: FloatArray, sums: FloatArray, rows: number, columns: number): void {
  for (let j = 0; j < columns; j++) {
    let sum = sums[j] as number;
    for (let i = j; i < rows * columns; i += columns) sum += x[i] as number;
    sums[j] = sum;
  }
}
