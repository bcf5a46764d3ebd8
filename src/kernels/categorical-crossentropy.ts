/**
 * Categorical cross-entropy of probabilities. They are divided by their sum first, as in Keras:
 *
 *     loss = -sum over k of t_k log p_k,   p = y / sum of y
 *     dy_k += -t_k / y_k + (sum of t) / (sum of y)
 *
 * The target is a distribution t [rows, columns] or, in the sparse form, one class index a row. Which rows count
 * and what is returned is as in losses.ts. Behind a softmax, softmax-crossentropy.ts is used instead.
 */
import { log } from '../core/math.js';
import type { FloatArray } from '../core/tensor.js';
import { clipProbability, counts } from './losses.js';

export function categoricalCrossentropyForward(
  y: FloatArray,
  target: FloatArray,
  weights: FloatArray,
  mask: Uint8Array,
  rows: number,
  columns: number,
): number {
  let total = 0;
  for (let row = 0; row < rows; row++) {
    if (!counts(weights, mask, row)) continue;
    const sum = rowSum(y, row * columns, columns);
    let loss = 0;
    for (let k = row * columns; k < (row + 1) * columns; k++) {
      const t = target[k] as number;
      if (t !== 0) loss -= t * log(clipProbability((y[k] as number) / sum));
    }
    total += (weights[row] as number) * loss;
  }
  return total;
}

export function categoricalCrossentropyBackward(
  y: FloatArray,
  target: FloatArray,
  weights: FloatArray,
  mask: Uint8Array,
  dy: FloatArray,
  rows: number,
  columns: number,
  factor: number,
): void {
  for (let row = 0; row < rows; row++) {
    if (!counts(weights, mask, row)) continue;
    const rowFactor = factor * (weights[row] as number);
    const sum = rowSum(y, row * columns, columns);
    // Only the terms that the clipping leaves alone have a slope.
    let targetSum = 0;
    for (let k = row * columns; k < (row + 1) * columns; k++) {
      const p = (y[k] as number) / sum;
      const t = target[k] as number;
      if (t === 0 || p !== clipProbability(p)) continue;
      dy[k] = (dy[k] as number) - (rowFactor * t) / (y[k] as number);
      targetSum += t;
    }
    for (let k = row * columns; k < (row + 1) * columns; k++) {
      dy[k] = (dy[k] as number) + (rowFactor * targetSum) / sum;
    }
  }
}

export function sparseCategoricalCrossentropyForward(
  y: FloatArray,
  classes: FloatArray,
  weights: FloatArray,
  mask: Uint8Array,
  rows: number,
  columns: number,
): number {
  let total = 0;
  for (let row = 0; row < rows; row++) {
    if (!counts(weights, mask, row)) continue;
    const start = row * columns;
    const p = (y[start + (classes[row] as number)] as number) / rowSum(y, start, columns);
    total -= (weights[row] as number) * log(clipProbability(p));
  }
  return total;
}

export function sparseCategoricalCrossentropyBackward(
  y: FloatArray,
  classes: FloatArray,
  weights: FloatArray,
  mask: Uint8Array,
  dy: FloatArray,
  rows: number,
  columns: number,
  factor: number,
): void {
  for (let row = 0; row < rows; row++) {
    if (!counts(weights, mask, row)) continue;
    const start = row * columns;
    const truth = start + (classes[row] as number);
    const sum = rowSum(y, start, columns);
    const p = (y[truth] as number) / sum;
    if (p !== clipProbability(p)) continue;
    const rowFactor = factor * (weights[row] as number);
    dy[truth] = (dy[truth] as number) - rowFactor / (y[truth] as number);
    for (let k = start; k < start + columns; k++) dy[k] = (dy[k] as number) + rowFactor / sum;
  }
}

function rowSum(y: FloatArray, start: number, columns: number): number {
  let sum = 0;
  for (let k = start; k < start + columns; k++) sum += y[k] as number;
  return sum;
}
