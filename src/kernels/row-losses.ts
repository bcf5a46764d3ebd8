/**
 * Losses of a whole row of outputs y and targets t:
 *
 *     cosine similarity   -c,  c = y.t / (|y| |t|), 0 where either has no length;
 *                         dy += (c y / |y| - t / |t|) / |y|
 *     categorical hinge   max(0, 1 + max over k of (1 - t_k) y_k - sum of t_k y_k);
 *                         within the margin dy_k -= t_k, and dy_m += 1 - t_m at the largest m
 *     entropy             of the target, -sum of t_k log t_k: the KL divergence is the cross-entropy without it, and has
 *                         the cross-entropy's gradient (Kullback and Leibler 1951)
 *
 * Which rows count and what is returned is as in losses.ts.
 */
import { log } from '../core/math.js';
import type { FloatArray } from '../core/tensor.js';
import { counts } from './losses.js';

export function cosineSimilarityForward(
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
    const start = row * columns;
    const lengths = Math.sqrt(product(y, y, start, columns) * product(target, target, start, columns));
    if (lengths === 0) continue;
    total -= ((weights[row] as number) * product(y, target, start, columns)) / lengths;
  }
  return total;
}

export function cosineSimilarityBackward(
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
    const start = row * columns;
    const squares = product(y, y, start, columns);
    const lengths = Math.sqrt(squares * product(target, target, start, columns));
    if (lengths === 0) continue;
    const cosine = product(y, target, start, columns) / lengths;
    const rowFactor = factor * (weights[row] as number);
    for (let k = start; k < start + columns; k++) {
      const slope = (cosine * (y[k] as number)) / squares - (target[k] as number) / lengths;
      dy[k] = (dy[k] as number) + rowFactor * slope;
    }
  }
}

function product(a: FloatArray, b: FloatArray, start: number, columns: number): number {
  let sum = 0;
  for (let k = start; k < start + columns; k++) sum += (a[k] as number) * (b[k] as number);
  return sum;
}

export function categoricalHingeForward(
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
    const start = row * columns;
    const worst = indexOfWorst(y, target, start, columns);
    total += (weights[row] as number) * Math.max(0, margin(y, target, start, columns, worst));
  }
  return total;
}

export function categoricalHingeBackward(
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
    const start = row * columns;
    const worst = indexOfWorst(y, target, start, columns);
    if (margin(y, target, start, columns, worst) <= 0) continue;
    const rowFactor = factor * (weights[row] as number);
    for (let k = start; k < start + columns; k++) {
      dy[k] = (dy[k] as number) - rowFactor * (target[k] as number);
    }
    dy[worst] = (dy[worst] as number) + rowFactor * (1 - (target[worst] as number));
  }
}

/** Where (1 - t_k) y_k is largest. */
function indexOfWorst(y: FloatArray, target: FloatArray, start: number, columns: number): number {
  let worst = start;
  for (let k = start + 1; k < start + columns; k++) {
    const here = (1 - (target[k] as number)) * (y[k] as number);
    if (here > (1 - (target[worst] as number)) * (y[worst] as number)) worst = k;
  }
  return worst;
}

function margin(y: FloatArray, target: FloatArray, start: number, columns: number, worst: number): number {
  return 1 + (1 - (target[worst] as number)) * (y[worst] as number) - product(y, target, start, columns);
}

/** The sum of weight * entropy of the target over the rows that count. */
export function entropy(
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
      const t = target[k] as number;
      if (t > 0) sum -= t * log(t);
    }
    total += (weights[row] as number) * sum;
  }
  return total;
}
