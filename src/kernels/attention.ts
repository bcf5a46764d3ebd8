/**
 * Attention over time: every query q looks at the steps s that it may see and takes the mean of their values, weighted
 * by how well their keys fit.
 *
 *     score_s = scale q . k_s                         scaled dot product (Luong et al. 2015, Vaswani et al. 2017)
 *     score_s = sum over j of scale_j tanh(q_j + k_sj)             additive (Bahdanau, Cho and Bengio 2015)
 *     a = softmax over the steps seen of score        y = sum over s of m_s a_s v_s, 0 where none is seen
 *
 *     da_s = m_s dy . v_s    dv_s += m_s a_s dy    dScore_s = a_s (da_s - sum over r of a_r da_r)
 *
 * m is the dropout on a: ones where there is none.
 *
 * Shapes: query [queries, batch, units], key [steps, batch, units], value [steps, batch, features];
 * scores, a, m (`keep`) and `seen` [queries, batch, steps]. What is not seen is not read: masked steps can hold anything.
 */
import { exp, tanh } from '../core/math.js';
import type { FloatArray } from '../core/tensor.js';

/** Writes which steps each query sees: the real ones, none if it is masked itself, none after its own if `causal`. */
export function attentionSight(
  queryMask: Uint8Array,
  mask: Uint8Array,
  seen: Uint8Array,
  queries: number,
  steps: number,
  batch: number,
  causal: boolean,
): void {
  for (let row = 0; row < queries * batch; row++) {
    const q = Math.floor(row / batch);
    const b = row - q * batch;
    for (let s = 0; s < steps; s++) {
      const isHidden = queryMask[row] === 0 || (causal && s > q);
      seen[row * steps + s] = isHidden ? 0 : (mask[s * batch + b] as number);
    }
  }
}

/** Writes the scores of the steps seen; scale [1]. */
export function dotScoresForward(
  query: FloatArray,
  key: FloatArray,
  scale: FloatArray,
  seen: Uint8Array,
  scores: FloatArray,
  queries: number,
  steps: number,
  batch: number,
  units: number,
): void {
  const factor = scale[0] as number;
  for (let row = 0; row < queries * batch; row++) {
    const q = row * units;
    for (let s = 0; s < steps; s++) {
      if (seen[row * steps + s] === 0) continue;
      const k = (s * batch + (row % batch)) * units;
      let sum = 0;
      for (let j = 0; j < units; j++) sum += (query[q + j] as number) * (key[k + j] as number);
      scores[row * steps + s] = factor * sum;
    }
  }
}

/** Adds to dQuery, dKey and dScale. */
export function dotScoresBackward(
  query: FloatArray,
  key: FloatArray,
  scale: FloatArray,
  seen: Uint8Array,
  dScores: FloatArray,
  dQuery: FloatArray,
  dKey: FloatArray,
  dScale: FloatArray,
  queries: number,
  steps: number,
  batch: number,
  units: number,
): void {
  const factor = scale[0] as number;
  let dFactor = 0;
  for (let row = 0; row < queries * batch; row++) {
    const q = row * units;
    for (let s = 0; s < steps; s++) {
      if (seen[row * steps + s] === 0) continue;
      const k = (s * batch + (row % batch)) * units;
      const d = dScores[row * steps + s] as number;
      for (let j = 0; j < units; j++) {
        const qj = query[q + j] as number;
        const kj = key[k + j] as number;
        dFactor += d * qj * kj;
        dQuery[q + j] = (dQuery[q + j] as number) + d * factor * kj;
        dKey[k + j] = (dKey[k + j] as number) + d * factor * qj;
      }
    }
  }
  dScale[0] = (dScale[0] as number) + dFactor;
}

/** Writes the scores of the steps seen; scale [units]. */
export function additiveScoresForward(
  query: FloatArray,
  key: FloatArray,
  scale: FloatArray,
  seen: Uint8Array,
  scores: FloatArray,
  queries: number,
  steps: number,
  batch: number,
  units: number,
): void {
  for (let row = 0; row < queries * batch; row++) {
    const q = row * units;
    for (let s = 0; s < steps; s++) {
      if (seen[row * steps + s] === 0) continue;
      const k = (s * batch + (row % batch)) * units;
      let sum = 0;
      for (let j = 0; j < units; j++) {
        sum += (scale[j] as number) * tanh((query[q + j] as number) + (key[k + j] as number));
      }
      scores[row * steps + s] = sum;
    }
  }
}

/** Adds to dQuery, dKey and dScale. */
export function additiveScoresBackward(
  query: FloatArray,
  key: FloatArray,
  scale: FloatArray,
  seen: Uint8Array,
  dScores: FloatArray,
  dQuery: FloatArray,
  dKey: FloatArray,
  dScale: FloatArray,
  queries: number,
  steps: number,
  batch: number,
  units: number,
): void {
  for (let row = 0; row < queries * batch; row++) {
    const q = row * units;
    for (let s = 0; s < steps; s++) {
      if (seen[row * steps + s] === 0) continue;
      const k = (s * batch + (row % batch)) * units;
      const d = dScores[row * steps + s] as number;
      for (let j = 0; j < units; j++) {
        const u = tanh((query[q + j] as number) + (key[k + j] as number));
        const du = d * (scale[j] as number) * (1 - u * u);
        dScale[j] = (dScale[j] as number) + d * u;
        dQuery[q + j] = (dQuery[q + j] as number) + du;
        dKey[k + j] = (dKey[k + j] as number) + du;
      }
    }
  }
}

/** Turns the scores into the weights a, in their place, 0 where a step is not seen, and writes y. */
export function attentionForward(
  scores: FloatArray,
  seen: Uint8Array,
  keep: FloatArray,
  value: FloatArray,
  y: FloatArray,
  queries: number,
  steps: number,
  batch: number,
  features: number,
): void {
  for (let row = 0; row < queries * batch; row++) {
    softmaxOfSeen(scores, seen, row * steps, steps);
    const to = row * features;
    for (let k = 0; k < features; k++) {
      let sum = 0;
      for (let s = 0; s < steps; s++) {
        if (seen[row * steps + s] === 0) continue;
        const v = (s * batch + (row % batch)) * features;
        const kept = (keep[row * steps + s] as number) * (scores[row * steps + s] as number);
        sum += kept * (value[v + k] as number);
      }
      y[to + k] = sum;
    }
  }
}

function softmaxOfSeen(scores: FloatArray, seen: Uint8Array, start: number, steps: number): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = start; i < start + steps; i++) {
    if (seen[i] === 1) largest = Math.max(largest, scores[i] as number);
  }
  let sum = 0;
  for (let i = start; i < start + steps; i++) {
    const e = seen[i] === 1 ? exp((scores[i] as number) - largest) : 0;
    scores[i] = e;
    sum += e;
  }
  for (let i = start; i < start + steps; i++) if (seen[i] === 1) scores[i] = (scores[i] as number) / sum;
}

/** Writes dScores, and adds to dValue. */
export function attentionBackward(
  weights: FloatArray,
  seen: Uint8Array,
  keep: FloatArray,
  value: FloatArray,
  dy: FloatArray,
  dValue: FloatArray,
  dScores: FloatArray,
  queries: number,
  steps: number,
  batch: number,
  features: number,
): void {
  for (let row = 0; row < queries * batch; row++) {
    const from = row * features;
    const start = row * steps;
    let mean = 0;
    for (let s = 0; s < steps; s++) {
      if (seen[start + s] === 0) continue;
      const a = weights[start + s] as number;
      const m = keep[start + s] as number;
      const v = (s * batch + (row % batch)) * features;
      let da = 0;
      for (let k = 0; k < features; k++) {
        da += (dy[from + k] as number) * (value[v + k] as number);
        dValue[v + k] = (dValue[v + k] as number) + m * a * (dy[from + k] as number);
      }
      dScores[start + s] = m * da;
      mean += a * m * da;
    }
    for (let i = start; i < start + steps; i++) {
      dScores[i] = seen[i] === 1 ? (weights[i] as number) * ((dScores[i] as number) - mean) : 0;
    }
  }
}
