/**
 * A fully connected layer on `rows` rows, as in ../dense.ts:
 *
 *     y = x W + b        dW += xᵀ dy    db += sum over rows of dy    dx += dy Wᵀ
 */
import { loadLanes, storeLanes } from './lanes.js';
import { matmulTransposeA, matmulTransposeB, matmulWithBias } from './matmul.js';

/** Columns are summed over so many rows before the sum is added to the others. */
const BLOCK_ROWS: i32 = 64;

export function denseForward(
  x: usize,
  kernel: usize,
  bias: usize,
  y: usize,
  rows: i32,
  inputs: i32,
  units: i32,
): void {
  matmulWithBias(x, kernel, bias, y, rows, inputs, units);
}

export function denseBackward(
  x: usize,
  dy: usize,
  dKernel: usize,
  dBias: usize,
  rows: i32,
  inputs: i32,
  units: i32,
): void {
  matmulTransposeA(x, dy, dKernel, inputs, rows, units);
  addColumnSums(dy, dBias, rows, units);
}

export function denseBackwardInput(
  dy: usize,
  kernel: usize,
  dx: usize,
  rows: i32,
  inputs: i32,
  units: i32,
): void {
  matmulTransposeB(dy, kernel, dx, rows, units, inputs);
}

/** sums[j] += sum over rows of x[row, j], by blocks of rows, so that few small numbers are added to a large one. */
export function addColumnSums(x: usize, sums: usize, rows: i32, columns: i32): void {
  for (let start = 0; start < rows; start += BLOCK_ROWS) {
    const height = min(BLOCK_ROWS, rows - start);
    for (let j = 0; j < columns; j += 4) {
      const count = columns - j;
      let from = x + 4 * (start * columns + j);
      let sum = loadLanes(from, count);
      for (let i = 1; i < height; i++) {
        from += 4 * columns;
        sum = f32x4.add(sum, loadLanes(from, count));
      }
      storeLanes(sums + 4 * j, f32x4.add(loadLanes(sums + 4 * j, count), sum), count);
    }
  }
}
