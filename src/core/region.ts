/**
 * An array's place in a model's memory. When the memory grows, `array` is replaced by a view of the new block
 * with the same contents, so code keeps the region and reads `region.array` when it computes.
 */
import type { FloatArray } from './tensor.js';

export interface Region<A extends FloatArray | Uint8Array = FloatArray> {
  readonly array: A;
  readonly length: number;
}

/** One byte a step or row: 1 where it is real, 0 where it is padding. */
export type MaskRegion = Region<Uint8Array>;
