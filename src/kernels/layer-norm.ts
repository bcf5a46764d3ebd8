/**
 * Layer normalization (Ba, Kiros and Hinton 2016): every row by itself, over its F features.
 *
 *     mean = sum x / F        variance = sum (x - mean)^2 / F        r = 1 / sqrt(variance + epsilon)
 *     xHat = (x - mean) r     y = gamma xHat + beta
 *
 *     dBeta += dy    dGamma += dy xHat    d = gamma dy
 *     dx += r (d - sum d / F - xHat sum (d xHat) / F)
 *
 * The backward pass leaves masked rows out.
 */
import type { FloatArray } from '../core/tensor.js';

/** Writes y [rows, features], and the mean and r of each row for the backward pass. */
export function layerNormForward(
  x: FloatArray,
  gamma: FloatArray,
  beta: FloatArray,
  y: FloatArray,
  mean: FloatArray,
  reciprocal: FloatArray,
  rows: number,
  features: number,
  epsilon: number,
): void {
  for (let row = 0; row < rows; row++) {
    const start = row * features;
    let sum = 0;
    for (let k = 0; k < features; k++) sum += x[start + k] as number;
    const middle = sum / features;
    let squares = 0;
    for (let k = 0; k < features; k++) squares += ((x[start + k] as number) - middle) ** 2;
    const r = 1 / Math.sqrt(squares / features + epsilon);
    for (let k = 0; k < features; k++) {
      y[start + k] = ((x[start + k] as number) - middle) * r * (gamma[k] as number) + (beta[k] as number);
    }
    mean[row] = middle;
    reciprocal[row] = r;
  }
}

/** Adds to dGamma and dBeta [features]. */
export function layerNormBackward(
  x: FloatArray,
  mask: Uint8Array,
  mean: FloatArray,
  reciprocal: FloatArray,
  dy: FloatArray,
  dGamma: FloatArray,
  dBeta: FloatArray,
  rows: number,
  features: number,
): void {
  for (let k = 0; k < features; k++) {
    let sum = 0;
    let sumOfHats = 0;
    for (let row = 0; row < rows; row++) {
      if (mask[row] === 0) continue;
      const i = row * features + k;
      const hat = ((x[i] as number) - (mean[row] as number)) * (reciprocal[row] as number);
      sum += dy[i] as number;
      sumOfHats += (dy[i] as number) * hat;
    }
    dBeta[k] = (dBeta[k] as number) + sum;
    dGamma[k] = (dGamma[k] as number) + sumOfHats;
  }
}

/** Adds to dx [rows, features]. */
export function layerNormBackwardInput(
  x: FloatArray,
  mask: Uint8Array,
  mean: FloatArray,
  reciprocal: FloatArray,
  gamma: FloatArray,
  dy: FloatArray,
  dx: FloatArray,
  rows: number,
  features: number,
): void {
  for (let row = 0; row < rows; row++) {
    if (mask[row] === 0) continue;
    const start = row * features;
    const middle = mean[row] as number;
    const r = reciprocal[row] as number;
    let sum = 0;
    let sumOfHats = 0;
    for (let k = 0; k < features; k++) {
      const d = (gamma[k] as number) * (dy[start + k] as number);
      sum += d;
      sumOfHats += d * ((x[start + k] as number) - middle) * r;
    }
    for (let k = 0; k < features; k++) {
      const d = (gamma[k] as number) * (dy[start + k] as number);
      const hat = ((x[start + k] as number) - middle) * r;
      dx[start + k] = (dx[start + k] as number) + r * (d - (sum + hat * sumOfHats) / features);
    }
  }
}
