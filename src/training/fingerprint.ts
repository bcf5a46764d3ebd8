/**
 * A number that data of other values hardly shares, so that a run is not resumed on them: FNV-1a by words (Fowler, Noll and
 * Vo), two multiplications for each number of the data. What lies in masked steps is no part of it.
 */
import type { FloatArray } from '../core/tensor.js';
import type { Samples } from '../data/samples.js';
import type { Dataset } from './targets.js';

const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;

/** The fingerprint of a data set, or of it behind what `before` is that of. */
export function fingerprint({ rows, inputs, outputs }: Dataset, before = OFFSET): number {
  let hash = mix(before, rows);
  for (const input of inputs) hash = mixSamples(hash, input);
  for (const { values, weights } of outputs) {
    hash = mixFloats(hash, values, 0, values.length);
    if (weights) hash = mixFloats(hash, weights, 0, weights.length);
  }
  return hash;
}

function mixSamples(before: number, { data, steps, features, mask, starts }: Samples): number {
  let hash = mix(mix(before, steps), features);
  for (let step = 0; step < data.length / features; step++) {
    const isReal = mask?.[step] !== 0;
    hash = isReal ? mixFloats(hash, data, step * features, (step + 1) * features) : mix(hash, 1);
  }
  return starts === undefined ? hash : starts.reduce(mix, hash);
}

const word = new Float64Array(1);
const halves = new Int32Array(word.buffer);

/** Numbers by their bits, -0 being 0: so that single and double precision of the same numbers agree. */
function mixFloats(before: number, values: FloatArray, from: number, to: number): number {
  let hash = before;
  for (let k = from; k < to; k++) {
    word[0] = (values[k] as number) + 0;
    hash = mix(mix(hash, halves[0] as number), halves[1] as number);
  }
  return hash;
}

function mix(hash: number, part: number): number {
  const product = Math.imul(hash ^ part, PRIME);
  return product ^ (product >>> 15); // an odd factor alone moves nothing downward
}
