/**
 * Where the kernels work, beyond all arrays that they are given. What is in it lasts for one call, but for the
 * table of constants.
 *
 *     | constants | the edge of a tile | a block of B, in panels | a block of A | a matrix of weights, packed whole
 */
import { TABLE_BYTES, useTable } from './math.js';

/** Into blocks of these lengths the inner index, the rows of A and the columns of B are cut. */
export const BLOCK_INNER: i32 = 256;
export const BLOCK_ROWS: i32 = 256;
export const BLOCK_COLUMNS: i32 = 256;

/** Six rows of eight numbers. */
const EDGE_BYTES: i32 = 6 * 32;
const PANELS_BYTES: i32 = 4 * BLOCK_INNER * BLOCK_COLUMNS;
/** Rows of A are a cache line further apart than they are long: see packing.ts. */
const BLOCK_BYTES: i32 = BLOCK_INNER * (4 * BLOCK_ROWS + 64);

export let edge: usize = 0;
export let panels: usize = 0;
export let block: usize = 0;
export let whole: usize = 0;

/** How many bytes all this takes, the matrix that is packed whole left out. */
export function scratchBytes(): i32 {
  return TABLE_BYTES + EDGE_BYTES + PANELS_BYTES + BLOCK_BYTES;
}

/** Takes the memory from `at` on, a multiple of 64. */
export function useScratch(at: usize): void {
  useTable(at);
  edge = at + TABLE_BYTES;
  panels = edge + EDGE_BYTES;
  block = panels + PANELS_BYTES;
  whole = block + BLOCK_BYTES;
}
