/**
 * The cross-entropy with the uniform distribution over K classes. Label smoothing by s (Szegedy and others 2016) is
 * 1 - s of a cross-entropy and s of this one, since a cross-entropy is linear in its target:
 *
 *     of logits z          -1/K sum log p_k = logsumexp(z) - mean(z);    dz_k += p_k - 1/K
 *     of probabilities y   -1/K sum log(y_k / S), S = sum of y;          dy_k += 1/S - 1/(K y_k)
 *
 * Which rows count and what is returned is as in losses.ts.
 */
import { exp, log } from '../core/math.js';
import type { FloatArray } from '../core/tensor.js';
import { clipProbability, counts } from './losses.js';
import { logSumExp } from './softmax-crossentropy.js';

export function uniformSoftmaxCrossentropyForward(
  z: FloatArray,
  weights: FloatArray,
  mask: Uint8Array,
  rows: number,
  columns: number,
): number {
  let total = 0;
  for (let row = 0; row < rows; row++) {
    if (!counts(weights, mask, row)) continue;
    const norm = logSumExp(z, row * columns, columns);
    let sum = 0;
    for (let k = row * columns; k < (row + 1) * columns; k++) sum += norm - (z[k] as number);
    total += ((weights[row] as number) * sum) / columns;
  }
  return total;
}

export function uniformSoftmaxCrossentropyBackward(
  z: FloatArray,
  weights: FloatArray,
  mask: Uint8Array,
  dz: FloatArray,
  rows: number,
  columns: number,
  factor: number,
): void {
  for (let row = 0; row < rows; row++) {
    if (!counts(weights, mask, row)) continue;
    const rowFactor = factor * (weights[row] as number);
    const norm = logSumExp(z, row * columns, columns);
    for (let k = row * columns; k < (row + 1) * columns; k++) {
      dz[k] = (dz[k] as number) + rowFactor * (exp((z[k] as number) - norm) - 1 / columns);
    }
  }
}

export function uniformCrossentropyForward(
  y: FloatArray,
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
      loss -= log(clipProbability((y[k] as number) / sum));
    }
    total += ((weights[row] as number) * loss) / columns;
  }
  return total;
}

export function uniformCrossentropyBackward(
  y: FloatArray,
  weights: FloatArray,
  mask: Uint8Array,
  dy: FloatArray,
  rows: number,
  columns: number,
  factor: number,
): void {
  for (let row = 0; row < rows; row++) {
    if (!counts(weights, mask, row)) continue;
    const rowFactor = (factor * (weights[row] as number)) / columns;
    const sum = rowSum(y, row * columns, columns);
    let unclipped = 0;
    for (let k = row * columns; k < (row + 1) * columns; k++) {
      const p = (y[k] as number) / sum;
      if (p !== clipProbability(p)) continue;
      dy[k] = (dy[k] as number) - rowFactor / (y[k] as number);
      unclipped++;
    }
    for (let k = row * columns; k < (row + 1) * columns; k++) {
      dy[k] = (dy[k] as number) + (rowFactor * unclipped) / sum;
    }
  }
}

function rowSum(y: FloatArray, start: number, columns: number): number {
  let sum = 0;
  for (let k = start; k < start + columns; k++) sum += y[k] as number;
  return sum;
}
