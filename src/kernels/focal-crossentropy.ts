/**
 * The categorical focal loss (Lin and others 2017), which makes little of what is right already:
 *
 *     loss = alpha sum over k of t_k q_k^gamma (-log p_k),    q_k = 1 - p_k
 *     u_k = p_k dloss/dp_k = alpha t_k (gamma q_k^(gamma-1) p_k log p_k - q_k^gamma)
 *
 * of logits z, p = softmax(z):                 dz_j += u_j - p_j sum of u
 * of probabilities y, p = y / S, S = sum of y: dy_j += u_j / y_j - (sum of u) / S
 *
 * Which rows count and what is returned is as in losses.ts.
 */
import { exp, expm1, log, raise } from '../core/math.js';
import type { FloatArray } from '../core/tensor.js';
import { clipProbability, counts } from './losses.js';
import { logSumExp } from './softmax-crossentropy.js';

/** t q^gamma (-log p) of one class, from log p. */
function classLoss(target: number, logP: number, gamma: number): number {
  return target === 0 ? 0 : -target * raise(-expm1(logP), gamma) * logP;
}

/** u of one class, from log p. */
function classSlope(target: number, logP: number, gamma: number): number {
  if (target === 0) return 0;
  const q = -expm1(logP);
  const bend = gamma === 0 || q === 0 ? 0 : gamma * raise(q, gamma - 1) * exp(logP) * logP;
  return target * (bend - raise(q, gamma));
}

export function focalSoftmaxCrossentropyForward(
  z: FloatArray,
  target: FloatArray,
  weights: FloatArray,
  mask: Uint8Array,
  rows: number,
  columns: number,
  gamma: number,
  alpha: number,
): number {
  let total = 0;
  for (let row = 0; row < rows; row++) {
    if (!counts(weights, mask, row)) continue;
    const norm = logSumExp(z, row * columns, columns);
    let loss = 0;
    for (let k = row * columns; k < (row + 1) * columns; k++) {
      loss += classLoss(target[k] as number, (z[k] as number) - norm, gamma);
    }
    total += (weights[row] as number) * alpha * loss;
  }
  return total;
}

export function focalSoftmaxCrossentropyBackward(
  z: FloatArray,
  target: FloatArray,
  weights: FloatArray,
  mask: Uint8Array,
  dz: FloatArray,
  rows: number,
  columns: number,
  factor: number,
  gamma: number,
  alpha: number,
): void {
  for (let row = 0; row < rows; row++) {
    if (!counts(weights, mask, row)) continue;
    const rowFactor = factor * alpha * (weights[row] as number);
    const norm = logSumExp(z, row * columns, columns);
    let sum = 0;
    for (let k = row * columns; k < (row + 1) * columns; k++) {
      const slope = classSlope(target[k] as number, (z[k] as number) - norm, gamma);
      dz[k] = (dz[k] as number) + rowFactor * slope;
      sum += slope;
    }
    for (let k = row * columns; k < (row + 1) * columns; k++) {
      dz[k] = (dz[k] as number) - rowFactor * exp((z[k] as number) - norm) * sum;
    }
  }
}

export function focalCrossentropyForward(
  y: FloatArray,
  target: FloatArray,
  weights: FloatArray,
  mask: Uint8Array,
  rows: number,
  columns: number,
  gamma: number,
  alpha: number,
): number {
  let total = 0;
  for (let row = 0; row < rows; row++) {
    if (!counts(weights, mask, row)) continue;
    let sum = 0;
    for (let k = row * columns; k < (row + 1) * columns; k++) sum += y[k] as number;
    let loss = 0;
    for (let k = row * columns; k < (row + 1) * columns; k++) {
      loss += classLoss(target[k] as number, log(clipProbability((y[k] as number) / sum)), gamma);
    }
    total += (weights[row] as number) * alpha * loss;
  }
  return total;
}

export function focalCrossentropyBackward(
  y: FloatArray,
  target: FloatArray,
  weights: FloatArray,
  mask: Uint8Array,
  dy: FloatArray,
  rows: number,
  columns: number,
  factor: number,
  gamma: number,
  alpha: number,
): void {
  for (let row = 0; row < rows; row++) {
    if (!counts(weights, mask, row)) continue;
    const rowFactor = factor * alpha * (weights[row] as number);
    let sum = 0;
    for (let k = row * columns; k < (row + 1) * columns; k++) sum += y[k] as number;
    let slopes = 0;
    for (let k = row * columns; k < (row + 1) * columns; k++) {
      const p = (y[k] as number) / sum;
      // Only the terms that the clipping leaves alone have a slope.
      if (p !== clipProbability(p)) continue;
      const slope = classSlope(target[k] as number, log(p), gamma);
      dy[k] = (dy[k] as number) + (rowFactor * slope) / (y[k] as number);
      slopes += slope;
    }
    for (let k = row * columns; k < (row + 1) * columns; k++) {
      dy[k] = (dy[k] as number) - (rowFactor * slopes) / sum;
    }
  }
}
