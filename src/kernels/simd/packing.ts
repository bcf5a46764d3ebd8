/**
 * Copies of matrices in the order in which the tiles read them. Of B panels of 8 columns, in which the numbers of a
 * row stand side by side and the rows one behind the other:
 *
 *     panel [inner, 8]: b(0, j..j+7), b(1, j..j+7), ...     the columns past the last one are zeros
 *
 * Rows of B as they lie are often a power of two bytes apart, and collide in the cache.
 */
import { BLOCK_ROWS, block } from './scratch.js';

/** Bytes from a row of the packed A to the next: not a power of two either. */
export const PACKED_ROW: i32 = 4 * BLOCK_ROWS + 64;

/** Packs B[inner, columns], given by its strides in bytes, panel behind panel; returns where the next may begin. */
export function packPanels(b: usize, bRow: i32, bColumn: i32, inner: i32, columns: i32, to: usize): usize {
  for (let j = 0; j < columns; j += 8) {
    packPanel(b + j * bColumn, bRow, bColumn, inner, min(8, columns - j), to);
    to += 32 * inner;
  }
  return to;
}

function packPanel(b: usize, bRow: i32, bColumn: i32, inner: i32, columns: i32, to: usize): void {
  let k = 0;
  if (columns === 8 && bColumn === 4) {
    for (; k < inner; k++) {
      v128.store(to, v128.load(b));
      v128.store(to, v128.load(b, 16), 16);
      b += bRow;
      to += 32;
    }
  } else if (columns === 8 && bRow === 4) {
    for (; k + 4 <= inner; k += 4) {
      transpose(b, bColumn, to, 32);
      transpose(b + 4 * bColumn, bColumn, to + 16, 32);
      b += 16;
      to += 128;
    }
  }
  for (; k < inner; k++) {
    for (let j = 0; j < 8; j++) store<f32>(to + 4 * j, j < columns ? load<f32>(b + j * bColumn) : 0);
    b += bRow;
    to += 32;
  }
}

/** Copies a block of a transposed A, in which a column is contiguous, to rows of PACKED_ROW bytes. */
export function packTransposed(a: usize, aColumn: i32, rows: i32, inner: i32): void {
  for (let k = 0; k < inner; k++) memory.copy(block + PACKED_ROW * k, a + k * aColumn, 4 * rows);
}

/** Writes Bᵀ[columns, rows] of B[rows, columns]. */
export function transposeMatrix(b: usize, rows: i32, columns: i32, to: usize): void {
  for (let i = 0; i < rows; i += 4) {
    for (let j = 0; j < columns; j += 4) {
      const from = b + 4 * (i * columns + j);
      const at = to + 4 * (j * rows + i);
      if (i + 4 <= rows && j + 4 <= columns) {
        transpose(from, 4 * columns, at, 4 * rows);
        continue;
      }
      for (let p = 0; p < min(4, rows - i); p++) {
        for (let q = 0; q < min(4, columns - j); q++) {
          store<f32>(at + 4 * (q * rows + p), load<f32>(from + 4 * (p * columns + q)));
        }
      }
    }
  }
}

/** Turns four rows of four numbers, `stride` bytes apart, into columns, `toStride` bytes apart. */
function transpose(from: usize, stride: i32, to: usize, toStride: i32): void {
  const a = v128.load(from);
  const b = v128.load(from + stride);
  const c = v128.load(from + 2 * stride);
  const d = v128.load(from + 3 * stride);
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const efab = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const efcd = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5));
  v128.store(to + toStride, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
  v128.store(to + 2 * toStride, v128.shuffle<f32>(efab, efcd, 0, 1, 4, 5));
  v128.store(to + 3 * toStride, v128.shuffle<f32>(efab, efcd, 2, 3, 6, 7));
}
