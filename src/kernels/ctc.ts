/**
 * Connectionist temporal classification (Graves and others 2006): how likely a sequence of labels l is, whatever the
 * steps at which they are said. The labels with a blank before, between and behind them are l' [S = 2 L + 1], and a path
 * goes from one of its first two to one of its last two, a step at a time, staying, going on by one, or by two where that
 * skips a blank between unequal labels. With p the softmax of the logits z at a step, all in logarithms:
 *
 *     alpha_t(s) = log p_t(l'_s) + logsumexp(alpha_(t-1)(s), alpha_(t-1)(s-1), alpha_(t-1)(s-2) where it may skip)
 *     beta_t(s)  = logsumexp over s' of what s may go to of (log p_(t+1)(l'_s') + beta_(t+1)(s'))
 *     loss = -log P,    log P = logsumexp(alpha_T(S), alpha_T(S-1))
 *     dz_t(k) += p_t(k) - sum over s with l'_s = k of e^(alpha_t(s) + beta_t(s) - log P)      (equation 16)
 *
 * z [steps, batch, classes]; labels [steps, batch], those of a row in its first steps and -1 behind them; a row with more
 * labels than steps begins with -2. Masked steps are passed over. A row counts when it has a step and its weight, that of
 * its first step, is not 0. Where there is no path the loss is infinite, or with `zeroInfinity` 0 with a gradient of 0.
 *
 * `scratch` holds (steps + 2) (2 steps + 1) + steps numbers in double precision.
 */
import { exp, log1p } from '../core/math.js';
import type { FloatArray } from '../core/tensor.js';
import { logSumExp } from './softmax-crossentropy.js';

/** The label that marks a row with more labels than steps. */
export const TOO_MANY_LABELS = -2;

/** How many numbers the scratch holds. */
export function ctcScratchSize(steps: number): number {
  return (steps + 2) * (2 * steps + 1) + steps;
}

/** How many rows count. */
export function ctcCount(weights: FloatArray, mask: Uint8Array, steps: number, batch: number): number {
  let count = 0;
  for (let b = 0; b < batch; b++) if (rowCounts(weights, mask, b, steps, batch)) count++;
  return count;
}

export function ctcForward(
  z: FloatArray,
  labels: FloatArray,
  weights: FloatArray,
  mask: Uint8Array,
  scratch: Float64Array,
  steps: number,
  batch: number,
  classes: number,
  blank: number,
  zeroInfinity: boolean,
): number {
  let total = 0;
  for (let b = 0; b < batch; b++) {
    if (!rowCounts(weights, mask, b, steps, batch)) continue;
    const logP = rowAlphas(z, labels, mask, scratch, b, steps, batch, classes, blank);
    if (logP === Number.NEGATIVE_INFINITY && zeroInfinity) continue;
    total -= (weights[b] as number) * logP;
  }
  return total;
}

export function ctcBackward(
  z: FloatArray,
  labels: FloatArray,
  weights: FloatArray,
  mask: Uint8Array,
  scratch: Float64Array,
  dz: FloatArray,
  steps: number,
  batch: number,
  classes: number,
  blank: number,
  zeroInfinity: boolean,
  factor: number,
): void {
  for (let b = 0; b < batch; b++) {
    if (!rowCounts(weights, mask, b, steps, batch)) continue;
    const logP = rowAlphas(z, labels, mask, scratch, b, steps, batch, classes, blank);
    if (logP === Number.NEGATIVE_INFINITY && zeroInfinity) continue;
    const rowFactor = factor * (weights[b] as number);
    rowBackward(z, labels, mask, scratch, dz, b, steps, batch, classes, blank, logP, rowFactor);
  }
}

function rowCounts(weights: FloatArray, mask: Uint8Array, b: number, steps: number, batch: number): boolean {
  if (weights[b] === 0) return false;
  for (let t = 0; t < steps; t++) if (mask[t * batch + b] === 1) return true;
  return false;
}

/** How many labels a row has. */
function labelCount(labels: FloatArray, b: number, steps: number, batch: number): number {
  let count = 0;
  while (count < steps && (labels[count * batch + b] as number) >= 0) count++;
  return count;
}

/** The class of place s among the labels with blanks around them. */
function classAt(labels: FloatArray, b: number, batch: number, s: number, blank: number): number {
  return s % 2 === 0 ? blank : (labels[((s - 1) / 2) * batch + b] as number);
}

/** Whether a path may come to s from s - 2. */
function maySkip(labels: FloatArray, b: number, batch: number, s: number): boolean {
  return s % 2 === 1 && s >= 3 && labels[((s - 1) / 2) * batch + b] !== labels[((s - 3) / 2) * batch + b];
}

/** Writes the alphas [steps, S] and the logarithm of the softmax's sum at each step; log P. */
function rowAlphas(
  z: FloatArray,
  labels: FloatArray,
  mask: Uint8Array,
  scratch: Float64Array,
  b: number,
  steps: number,
  batch: number,
  classes: number,
  blank: number,
): number {
  if (labels[b] === TOO_MANY_LABELS) return Number.NEGATIVE_INFINITY;
  const places = 2 * labelCount(labels, b, steps, batch) + 1;
  const norms = (steps + 2) * (2 * steps + 1);
  let last = -1;
  for (let t = 0; t < steps; t++) {
    if (mask[t * batch + b] === 0) continue;
    const row = (t * batch + b) * classes;
    const norm = logSumExp(z, row, classes);
    scratch[norms + t] = norm;
    for (let s = 0; s < places; s++) {
      let before: number;
      if (last === -1) before = s < 2 ? 0 : Number.NEGATIVE_INFINITY;
      else {
        const from = last * places + s;
        before = scratch[from] as number;
        if (s >= 1) before = logAdd(before, scratch[from - 1] as number);
        if (maySkip(labels, b, batch, s)) before = logAdd(before, scratch[from - 2] as number);
      }
      const logit = z[row + classAt(labels, b, batch, s, blank)] as number;
      scratch[t * places + s] = before + (logit - norm);
    }
    last = t;
  }
  const end = last * places + places - 1;
  return places === 1 ? (scratch[end] as number) : logAdd(scratch[end] as number, scratch[end - 1] as number);
}

/** Goes back over the steps with the betas, and adds the gradient of each. */
function rowBackward(
  z: FloatArray,
  labels: FloatArray,
  mask: Uint8Array,
  scratch: Float64Array,
  dz: FloatArray,
  b: number,
  steps: number,
  batch: number,
  classes: number,
  blank: number,
  logP: number,
  factor: number,
): void {
  const places = 2 * labelCount(labels, b, steps, batch) + 1;
  const beta = steps * (2 * steps + 1);
  const norms = (steps + 2) * (2 * steps + 1);
  // log p_(t+1)(l'_s) + beta_(t+1)(s), of the step behind.
  const ahead = beta + (2 * steps + 1);
  let isLast = true;
  for (let t = steps - 1; t >= 0; t--) {
    if (mask[t * batch + b] === 0) continue;
    const row = (t * batch + b) * classes;
    const norm = scratch[norms + t] as number;
    for (let k = 0; k < classes; k++) {
      dz[row + k] = (dz[row + k] as number) + factor * exp((z[row + k] as number) - norm);
    }
    for (let s = 0; s < places; s++) {
      let sum: number;
      if (isLast) sum = s >= places - 2 ? 0 : Number.NEGATIVE_INFINITY;
      else {
        sum = scratch[ahead + s] as number;
        if (s + 1 < places) sum = logAdd(sum, scratch[ahead + s + 1] as number);
        if (s + 2 < places && maySkip(labels, b, batch, s + 2))
          sum = logAdd(sum, scratch[ahead + s + 2] as number);
      }
      scratch[beta + s] = sum;
      const cell = row + classAt(labels, b, batch, s, blank);
      const share = exp((scratch[t * places + s] as number) + sum - logP);
      dz[cell] = (dz[cell] as number) - factor * share;
    }
    for (let s = 0; s < places; s++) {
      const logit = z[row + classAt(labels, b, batch, s, blank)] as number;
      scratch[ahead + s] = (scratch[beta + s] as number) + (logit - norm);
    }
    isLast = false;
  }
}

/** log(e^a + e^b) */
function logAdd(a: number, b: number): number {
  if (a === Number.NEGATIVE_INFINITY) return b;
  if (b === Number.NEGATIVE_INFINITY) return a;
  return a > b ? a + log1p(exp(b - a)) : b + log1p(exp(a - b));
}
