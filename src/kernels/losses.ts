/**
 * Losses on `rows` rows (a sequence is steps * batch of them) of `columns` outputs, with their gradients.
 *
 * A row counts when its mask is 1 and its weight is not 0; one that does not count is skipped, never multiplied
 * by zero, so that whatever stands in it, NaN too, changes nothing:
 *
 *     forward: returns    sum over the rows that count of   weight * loss(row)
 *     backward: dy +=     factor * weight * d loss(row) / dy
 *
 * With factor = 1 / (number of rows that count), dy is the gradient of the mean. Sums are in double precision.
 */
import { exp, log, log1p } from '../core/math.js';
import type { FloatArray } from '../core/tensor.js';

/** A loss that is the mean over the columns of a function of one output and its target. */
export interface ElementLoss {
  readonly value: (y: number, target: number) => number;
  readonly derivative: (y: number, target: number) => number;
}

/** (y - t)^2 */
export const squaredError: ElementLoss = {
  value: (y, target) => (y - target) * (y - target),
  derivative: (y, target) => 2 * (y - target),
};

/** |y - t| */
export const absoluteError: ElementLoss = {
  value: (y, target) => Math.abs(y - target),
  derivative: (y, target) => Math.sign(y - target),
};

/** Huber 1964: e^2 / 2 for an error |e| of at most delta, delta (|e| - delta / 2) beyond. */
export function huberError(delta: number): ElementLoss {
  return {
    value: (y, target) => {
      const error = Math.abs(y - target);
      return error <= delta ? 0.5 * error * error : delta * (error - 0.5 * delta);
    },
    derivative: (y, target) => Math.max(-delta, Math.min(delta, y - target)),
  };
}

const SMALLEST_PROBABILITY = 1e-7;

/** Probabilities are kept this far from 0 and 1 before a logarithm, as in Keras; logits need no such thing. */
export function clipProbability(p: number): number {
  return Math.max(SMALLEST_PROBABILITY, Math.min(1 - SMALLEST_PROBABILITY, p));
}

/** -t log p - (1 - t) log(1 - p) of a probability p. */
export const binaryCrossentropy: ElementLoss = {
  value: (y, target) => {
    const p = clipProbability(y);
    return -target * log(p) - (1 - target) * log(1 - p);
  },
  derivative: (y, target) => {
    const p = clipProbability(y);
    return y === p ? (p - target) / (p * (1 - p)) : 0;
  },
};

/**
 * The same of a logit z, p = sigmoid(z), with no digit lost at either end, from e = exp(-|z|) alone:
 *
 *     t softplus(-z) + (1 - t) softplus(z)        softplus(z) = max(0, z) + log(1 + e)
 *     (1 - t) sigmoid(z) - t sigmoid(-z)          sigmoid(z) = 1 / (1 + e) where z >= 0, else e / (1 + e)
 */
export const binaryCrossentropyOfLogit: ElementLoss = {
  value: (z, target) => {
    const shared = log1p(exp(-Math.abs(z)));
    const ofOne = target === 0 ? 0 : target * (Math.max(0, -z) + shared);
    return ofOne + (target === 1 ? 0 : (1 - target) * (Math.max(0, z) + shared));
  },
  derivative: (z, target) => {
    const e = exp(-Math.abs(z));
    const ofOne = target * (z < 0 ? 1 : e);
    return ((1 - target) * (z < 0 ? e : 1) - ofOne) / (1 + e);
  },
};

/** Whether a row counts. */
export function counts(weights: FloatArray, mask: Uint8Array, row: number): boolean {
  return mask[row] !== 0 && weights[row] !== 0;
}

/** How many rows count. */
export function countRows(weights: FloatArray, mask: Uint8Array, rows: number): number {
  let count = 0;
  for (let row = 0; row < rows; row++) if (counts(weights, mask, row)) count++;
  return count;
}

export function elementLossForward(
  loss: ElementLoss,
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
    let sum = 0;
    for (let k = row * columns; k < (row + 1) * columns; k++) {
      sum += loss.value(y[k] as number, target[k] as number);
    }
    total += ((weights[row] as number) * sum) / columns;
  }
  return total;
}

export function elementLossBackward(
  loss: ElementLoss,
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
    const rowFactor = (factor * (weights[row] as number)) / columns;
    for (let k = row * columns; k < (row + 1) * columns; k++) {
      dy[k] = (dy[k] as number) + rowFactor * loss.derivative(y[k] as number, target[k] as number);
    }
  }
}
