/**
 * Dropout of whole words (Merity, McCann and Socher 2017, after Gal and Ghahramani 2016): all vectors of a token at once.
 *
 *     y_t *= keep[id_t]        dy_t *= keep[id_t]
 *
 * It is its own backward pass. What stands in the place of a masked id is not read.
 */
import type { FloatArray } from '../core/tensor.js';

/** Changes y [rows, units], the vectors of `ids` or the gradient by them; keep [vocabulary]. */
export function embeddingDropout(
  ids: FloatArray,
  mask: Uint8Array,
  keep: FloatArray,
  y: FloatArray,
  rows: number,
  units: number,
): void {
  for (let row = 0; row < rows; row++) {
    if (mask[row] === 0) continue;
    const factor = keep[ids[row] as number] as number;
    for (let k = row * units; k < (row + 1) * units; k++) y[k] = (y[k] as number) * factor;
  }
}
