/**
 * Losses whose outputs describe how a target t is distributed.
 *
 * Quantiles (Koenker and Bassett 1978): for each of D targets Q outputs y, each meant to be a quantile q of it,
 *
 *     loss = mean over the outputs of max(q e, (q - 1) e),  e = t - y;    dy += -q for e > 0, 1 - q for e < 0
 *
 * A Gaussian: for D targets first D means m, then the D logarithms v of their variances (Nix and Weigend 1994),
 *
 *     loss = mean over the targets of (v + (t - m)^2 e^-v + log 2 pi) / 2
 *     dm += (m - t) e^-v,    dv += (1 - (t - m)^2 e^-v) / 2
 *
 * Which rows count and what is returned is as in losses.ts.
 */
import { exp } from '../core/math.js';
import type { FloatArray } from '../core/tensor.js';
import { counts } from './losses.js';

export function quantileLossForward(
  y: FloatArray,
  target: FloatArray,
  weights: FloatArray,
  mask: Uint8Array,
  quantiles: FloatArray,
  rows: number,
  columns: number,
): number {
  const count = quantiles.length;
  let total = 0;
  for (let row = 0; row < rows; row++) {
    if (!counts(weights, mask, row)) continue;
    let sum = 0;
    for (let k = 0; k < columns; k++) {
      const q = quantiles[k % count] as number;
      const cell = row * columns + k;
      const error = (target[(cell - (k % count)) / count] as number) - (y[cell] as number);
      sum += Math.max(q * error, (q - 1) * error);
    }
    total += ((weights[row] as number) * sum) / columns;
  }
  return total;
}

export function quantileLossBackward(
  y: FloatArray,
  target: FloatArray,
  weights: FloatArray,
  mask: Uint8Array,
  quantiles: FloatArray,
  dy: FloatArray,
  rows: number,
  columns: number,
  factor: number,
): void {
  const count = quantiles.length;
  for (let row = 0; row < rows; row++) {
    if (!counts(weights, mask, row)) continue;
    const rowFactor = (factor * (weights[row] as number)) / columns;
    for (let k = 0; k < columns; k++) {
      const q = quantiles[k % count] as number;
      const cell = row * columns + k;
      const error = (target[(cell - (k % count)) / count] as number) - (y[cell] as number);
      const slope = error > 0 ? -q : error < 0 ? 1 - q : 0;
      dy[cell] = (dy[cell] as number) + rowFactor * slope;
    }
  }
}

/** `constant` is log 2 pi, or 0 to leave it out. */
export function gaussianLossForward(
  y: FloatArray,
  target: FloatArray,
  weights: FloatArray,
  mask: Uint8Array,
  rows: number,
  targets: number,
  constant: number,
): number {
  let total = 0;
  for (let row = 0; row < rows; row++) {
    if (!counts(weights, mask, row)) continue;
    let sum = 0;
    for (let k = 0; k < targets; k++) {
      const mean = y[2 * row * targets + k] as number;
      const logVariance = y[(2 * row + 1) * targets + k] as number;
      const error = (target[row * targets + k] as number) - mean;
      sum += 0.5 * (logVariance + error * error * exp(-logVariance) + constant);
    }
    total += ((weights[row] as number) * sum) / targets;
  }
  return total;
}

export function gaussianLossBackward(
  y: FloatArray,
  target: FloatArray,
  weights: FloatArray,
  mask: Uint8Array,
  dy: FloatArray,
  rows: number,
  targets: number,
  factor: number,
): void {
  for (let row = 0; row < rows; row++) {
    if (!counts(weights, mask, row)) continue;
    const rowFactor = (factor * (weights[row] as number)) / targets;
    for (let k = 0; k < targets; k++) {
      const mean = 2 * row * targets + k;
      const logVariance = mean + targets;
      const precision = exp(-(y[logVariance] as number));
      const error = (target[row * targets + k] as number) - (y[mean] as number);
      dy[mean] = (dy[mean] as number) - rowFactor * error * precision;
      dy[logVariance] = (dy[logVariance] as number) + 0.5 * rowFactor * (1 - error * error * precision);
    }
  }
}
