/**
 * Where the kernels work, beyond all arrays that they are given. What is in it lasts for one call, but for the
 * table of constants.
 *
 *     | constants | the edge of a tile | a panel of B | a block of A | a matrix packed whole ...
 */
import { TABLE_BYTES, useTable } from './math.js';

/** The inner index and the rows of A are cut into blocks of these lengths: a panel of B takes 8 KiB then. */
export const BLOCK_INNER: i32 = 256;
export const BLOCK_ROWS: i32 = 256;

export let edge: usize = 0;
export let panel: usize = 0;
export let block: usize = 0;
export let whole: usize = 0;

/** Takes the memory from `at` on, a multiple of 64; returns how much, the matrix that is packed whole left out. */
export function useScratch(at: usize): usize {
  useTable(at);
  edge = (at + TABLE_BYTES + 63) & ~63;
  panel = edge + 128;
  block = panel + 32 * BLOCK_INNER;
  whole = block + 4 * BLOCK_INNER * BLOCK_ROWS;
  return whole - at;
}
