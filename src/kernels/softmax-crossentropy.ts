/**
 * Categorical cross-entropy of logits z, that is softmax and cross-entropy in one, so that neither overflow nor
 * a probability rounded to 0 or 1 can hurt. With m = max z at index a, e_j = e^(z_j - m) and
 * rest = sum over j other than a of e_j (so that the sum of all is 1 + rest):
 *
 *     loss = sum over k of t_k (log1p(rest) + m - z_k)
 *     dz_k = (sum of t) p_k - t_k,    p_k = e_k / (1 + rest),    p_a = 1 - rest / (1 + rest)
 *
 * The target is a distribution t [rows, columns] or, in the sparse form, one class index a row. Which rows count
 * and what is returned is as in losses.ts.
 */
import { exp, log1p } from '../core/math.js';
import type { FloatArray } from '../core/tensor.js';
import { counts } from './losses.js';

export function softmaxCrossentropyForward(
  z: FloatArray,
  target: FloatArray,
  weights: FloatArray,
  mask: Uint8Array,
  rows: number,
  columns: number,
): number {
  let total = 0;
  for (let row = 0; row < rows; row++) {
    if (!counts(weights, mask, row)) continue;
    const start = row * columns;
    const largest = indexOfLargest(z, start, columns);
    const logSum = log1p(sumOfOthers(z, start, columns, largest));
    let loss = 0;
    for (let k = start; k < start + columns; k++) {
      const t = target[k] as number;
      if (t !== 0) loss += t * (logSum + ((z[largest] as number) - (z[k] as number)));
    }
    total += (weights[row] as number) * loss;
  }
  return total;
}

export function softmaxCrossentropyBackward(
  z: FloatArray,
  target: FloatArray,
  weights: FloatArray,
  mask: Uint8Array,
  dz: FloatArray,
  rows: number,
  columns: number,
  factor: number,
): void {
  for (let row = 0; row < rows; row++) {
    if (!counts(weights, mask, row)) continue;
    const start = row * columns;
    let targetSum = 0;
    for (let k = start; k < start + columns; k++) targetSum += target[k] as number;
    const rowFactor = factor * (weights[row] as number);
    const largest = indexOfLargest(z, start, columns);
    const rest = sumOfOthers(z, start, columns, largest);
    for (let k = start; k < start + columns; k++) {
      const t = target[k] as number;
      const difference =
        k === largest
          ? targetSum - t - (targetSum * rest) / (1 + rest)
          : (targetSum * exp((z[k] as number) - (z[largest] as number))) / (1 + rest) - t;
      dz[k] = (dz[k] as number) + rowFactor * difference;
    }
  }
}

export function sparseSoftmaxCrossentropyForward(
  z: FloatArray,
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
    const largest = indexOfLargest(z, start, columns);
    const logSum = log1p(sumOfOthers(z, start, columns, largest));
    const truth = z[start + (classes[row] as number)] as number;
    total += (weights[row] as number) * (logSum + ((z[largest] as number) - truth));
  }
  return total;
}

export function sparseSoftmaxCrossentropyBackward(
  z: FloatArray,
  classes: FloatArray,
  weights: FloatArray,
  mask: Uint8Array,
  dz: FloatArray,
  rows: number,
  columns: number,
  factor: number,
): void {
  for (let row = 0; row < rows; row++) {
    if (!counts(weights, mask, row)) continue;
    const start = row * columns;
    const rowFactor = factor * (weights[row] as number);
    const truth = start + (classes[row] as number);
    const largest = indexOfLargest(z, start, columns);
    const rest = sumOfOthers(z, start, columns, largest);
    for (let k = start; k < start + columns; k++) {
      const t = k === truth ? 1 : 0;
      const difference =
        k === largest
          ? 1 - t - rest / (1 + rest)
          : exp((z[k] as number) - (z[largest] as number)) / (1 + rest) - t;
      dz[k] = (dz[k] as number) + rowFactor * difference;
    }
  }
}

/** log of the sum of e^(z_k): what is taken from a logit for the logarithm of its probability. */
export function logSumExp(z: FloatArray, start: number, columns: number): number {
  const largest = indexOfLargest(z, start, columns);
  return (z[largest] as number) + log1p(sumOfOthers(z, start, columns, largest));
}

function indexOfLargest(z: FloatArray, start: number, columns: number): number {
  let largest = start;
  for (let k = start + 1; k < start + columns; k++) {
    if ((z[k] as number) > (z[largest] as number)) largest = k;
  }
  return largest;
}

/** The sum of e^(z_k - z_largest) over every k but the largest: small differences are not lost beside its 1. */
function sumOfOthers(z: FloatArray, start: number, columns: number, largest: number): number {
  let sum = 0;
  for (let k = start; k < start + columns; k++) {
    if (k !== largest) sum += exp((z[k] as number) - (z[largest] as number));
  }
  return sum;
}
