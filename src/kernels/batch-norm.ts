/**
 * Batch normalization (Ioffe and Szegedy 2015) of `rows` rows, a sequence being steps * batch of them, each feature
 * by itself. With n the number of rows that are real, and sums over those alone:
 *
 *     mean = sum x / n        variance = sum (x - mean)^2 / n        r = 1 / sqrt(variance + epsilon)
 *     xHat = (x - mean) r     y = gamma xHat + beta
 *
 * Backward, where mean and variance are those of the batch, so that they depend on every x:
 *
 *     dBeta += sum dy        dGamma += sum dy xHat
 *     dx += gamma r (dy - sum dy / n - xHat sum (dy xHat) / n)
 *
 * and where they are constants, dx += gamma r dy. A masked row is normalized like the others but enters no sum.
 */
import type { FloatArray } from '../core/tensor.js';

/** Writes the mean and the biased variance of every feature over the real rows, one at least. */
export function batchMoments(
  x: FloatArray,
  mask: Uint8Array,
  mean: FloatArray,
  variance: FloatArray,
  rows: number,
  features: number,
): void {
  let count = 0;
  for (let row = 0; row < rows; row++) count += mask[row] as number;
  for (let k = 0; k < features; k++) {
    let sum = 0;
    for (let row = 0; row < rows; row++) if (mask[row] === 1) sum += x[row * features + k] as number;
    const middle = sum / count;
    let squares = 0;
    for (let row = 0; row < rows; row++) {
      if (mask[row] === 1) squares += ((x[row * features + k] as number) - middle) ** 2;
    }
    mean[k] = middle;
    variance[k] = squares / count;
  }
}

/** Normalizes by a given mean and variance. */
export function batchNormForward(
  x: FloatArray,
  mean: FloatArray,
  variance: FloatArray,
  gamma: FloatArray,
  beta: FloatArray,
  y: FloatArray,
  rows: number,
  features: number,
  epsilon: number,
): void {
  for (let k = 0; k < features; k++) {
    const middle = mean[k] as number;
    const factor = (gamma[k] as number) / Math.sqrt((variance[k] as number) + epsilon);
    const shift = beta[k] as number;
    for (let i = k; i < rows * features; i += features) y[i] = ((x[i] as number) - middle) * factor + shift;
  }
}

/** Writes the sums of dy and of dy xHat [features], and adds them to dBeta and dGamma. */
export function batchNormBackward(
  x: FloatArray,
  mask: Uint8Array,
  mean: FloatArray,
  variance: FloatArray,
  dy: FloatArray,
  sums: FloatArray,
  sumsOfHats: FloatArray,
  dGamma: FloatArray,
  dBeta: FloatArray,
  rows: number,
  features: number,
  epsilon: number,
): void {
  for (let k = 0; k < features; k++) {
    const middle = mean[k] as number;
    const r = 1 / Math.sqrt((variance[k] as number) + epsilon);
    let sum = 0;
    let sumOfHats = 0;
    for (let row = 0; row < rows; row++) {
      if (mask[row] === 0) continue;
      const i = row * features + k;
      sum += dy[i] as number;
      sumOfHats += (dy[i] as number) * ((x[i] as number) - middle) * r;
    }
    sums[k] = sum;
    sumsOfHats[k] = sumOfHats;
    dBeta[k] = (dBeta[k] as number) + sum;
    dGamma[k] = (dGamma[k] as number) + sumOfHats;
  }
}

/** Adds to dx [rows, features], mean and variance being those of the batch, from the sums of batchNormBackward. */
export function batchNormBackwardInput(
  x: FloatArray,
  mask: Uint8Array,
  mean: FloatArray,
  variance: FloatArray,
  gamma: FloatArray,
  dy: FloatArray,
  sums: FloatArray,
  sumsOfHats: FloatArray,
  dx: FloatArray,
  rows: number,
  features: number,
  epsilon: number,
): void {
  let count = 0;
  for (let row = 0; row < rows; row++) count += mask[row] as number;
  for (let k = 0; k < features; k++) {
    const middle = mean[k] as number;
    const r = 1 / Math.sqrt((variance[k] as number) + epsilon);
    const sum = sums[k] as number;
    const sumOfHats = sumsOfHats[k] as number;
    const factor = (gamma[k] as number) * r;
    for (let row = 0; row < rows; row++) {
      if (mask[row] === 0) continue;
      const i = row * features + k;
      const hat = ((x[i] as number) - middle) * r;
      dx[i] = (dx[i] as number) + factor * ((dy[i] as number) - (sum + hat * sumOfHats) / count);
    }
  }
}

/** Adds to dx [rows, features], mean and variance being constants. */
export function frozenBatchNormBackwardInput(
  mask: Uint8Array,
  variance: FloatArray,
  gamma: FloatArray,
  dy: FloatArray,
  dx: FloatArray,
  rows: number,
  features: number,
  epsilon: number,
): void {
  for (let k = 0; k < features; k++) {
    const factor = (gamma[k] as number) / Math.sqrt((variance[k] as number) + epsilon);
    for (let row = 0; row < rows; row++) {
      if (mask[row] === 0) continue;
      const i = row * features + k;
      dx[i] = (dx[i] as number) + factor * (dy[i] as number);
    }
  }
}
