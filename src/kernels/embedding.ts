/**
 * A table of vectors, looked up by whole numbers: row `id` of E [vocabulary, units] stands for the token `id`.
 *
 *     y_t = E[id_t], 0 at a masked step        dE[id_t] += dy_t
 *
 * Only the rows that occur are touched. What stands in the place of a masked id is not read.
 */
import type { FloatArray } from '../core/tensor.js';

export function embeddingForward(
  ids: FloatArray,
  mask: Uint8Array,
  table: FloatArray,
  y: FloatArray,
  rows: number,
  units: number,
): void {
  for (let row = 0; row < rows; row++) {
    const to = row * units;
    if (mask[row] === 0) {
      for (let j = 0; j < units; j++) y[to + j] = 0;
      continue;
    }
    const from = (ids[row] as number) * units;
    for (let j = 0; j < units; j++) y[to + j] = table[from + j] as number;
  }
}

/** Adds to dTable [vocabulary, units]. */
export function embeddingBackward(
  ids: FloatArray,
  mask: Uint8Array,
  dy: FloatArray,
  dTable: FloatArray,
  rows: number,
  units: number,
): void {
  for (let row = 0; row < rows; row++) {
    if (mask[row] === 0) continue;
    const from = row * units;
    const to = (ids[row] as number) * units;
    for (let j = 0; j < units; j++) dTable[to + j] = (dTable[to + j] as number) + (dy[from + j] as number);
  }
}
