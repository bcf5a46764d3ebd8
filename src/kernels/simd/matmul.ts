/**
 * Matrix products, each added to what is there: C += A B, with the transposes that backpropagation needs, as in
 * ../matmul.ts. Matrices are given by their two strides in bytes, so that a transpose costs no copy.
 *
 * The innermost loop computes a tile of 6 or 4 rows by 8 columns, its sums in registers: for each k two loads from B
 * and one a row from A (Goto and van de Geijn 2008). B is copied panel by panel, 8 columns each, into the scratch, where
 * a panel is contiguous and stays in the first-level cache:
 *
 *     panel [inner, 8]: b(0, j..j+7), b(1, j..j+7), ...     the columns past the last one are zeros
 *
 * Every element is summed in the order of the inner index, whatever tile it falls into, so that a row's result
 * does not depend on the rows beside it, to the bit.
 */
import { loadLanes, multiplyAdd, storeLanes } from './lanes.js';
import { BLOCK_INNER, BLOCK_ROWS, block, edge, panel, whole } from './scratch.js';

/** Fewer rows than this are not worth a copy of B. */
const FEW_ROWS: i32 = 4;

export function matmul(a: usize, b: usize, c: usize, rows: i32, inner: i32, columns: i32): void {
  product(a, 4 * inner, 4, b, 4 * columns, 4, c, rows, inner, columns);
}

export function matmulTransposeA(a: usize, b: usize, c: usize, rows: i32, inner: i32, columns: i32): void {
  product(a, 4, 4 * rows, b, 4 * columns, 4, c, rows, inner, columns);
}

export function matmulTransposeB(a: usize, b: usize, c: usize, rows: i32, inner: i32, columns: i32): void {
  product(a, 4 * inner, 4, b, 4, 4 * inner, c, rows, inner, columns);
}

function product(
  a: usize,
  aRow: i32,
  aColumn: i32,
  b: usize,
  bRow: i32,
  bColumn: i32,
  c: usize,
  rows: i32,
  inner: i32,
  columns: i32,
): void {
  if (rows < FEW_ROWS && bColumn === 4) {
    for (let i = 0; i < rows; i++) {
      rowProduct(a + i * aRow, aColumn, b, bRow, c + 4 * i * columns, inner, columns);
    }
    return;
  }
  for (let k = 0; k < inner; k += BLOCK_INNER) {
    const length = min(BLOCK_INNER, inner - k);
    for (let i = 0; i < rows; i += BLOCK_ROWS) {
      const height = min(BLOCK_ROWS, rows - i);
      let from = a + i * aRow + k * aColumn;
      let rowStride = aRow;
      let columnStride = aColumn;
      if (aColumn !== 4) {
        packTransposed(from, aColumn, height, length);
        from = block;
        rowStride = 4;
        columnStride = 4 * BLOCK_ROWS;
      }
      for (let j = 0; j < columns; j += 8) {
        packPanel(b + k * bRow + j * bColumn, bRow, bColumn, length, min(8, columns - j), panel);
        panelProduct(
          from,
          rowStride,
          columnStride,
          panel,
          c + 4 * (i * columns + j),
          height,
          length,
          columns,
          columns - j,
        );
      }
    }
  }
}

/** Packs a matrix whole, panel behind panel, for products that use it again and again. */
export function packWhole(b: usize, bRow: i32, bColumn: i32, inner: i32, columns: i32): void {
  let to = whole;
  for (let j = 0; j < columns; j += 8) {
    packPanel(b + j * bColumn, bRow, bColumn, inner, min(8, columns - j), to);
    to += 32 * inner;
  }
}

/** C[rows, columns] += A[rows, inner] times the matrix that was packed whole. */
export function productWithPacked(a: usize, c: usize, rows: i32, inner: i32, columns: i32): void {
  let from = whole;
  for (let j = 0; j < columns; j += 8) {
    panelProduct(a, 4 * inner, 4, from, c + 4 * j, rows, inner, columns, columns - j);
    from += 32 * inner;
  }
}

/** C[rows, columns] += A[rows, inner] B[inner, columns] for a few rows: B is read as it lies. */
export function productOfFewRows(a: usize, b: usize, c: usize, rows: i32, inner: i32, columns: i32): void {
  for (let i = 0; i < rows; i++) {
    rowProduct(a + 4 * i * inner, 4, b, 4 * columns, c + 4 * i * columns, inner, columns);
  }
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
      transpose(b, bColumn, to);
      transpose(b + 4 * bColumn, bColumn, to + 16);
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

/** Turns four rows of four numbers at `from` into columns, 32 bytes apart at `to`. */
function transpose(from: usize, stride: i32, to: usize): void {
  const a = v128.load(from);
  const b = v128.load(from + stride);
  const c = v128.load(from + 2 * stride);
  const d = v128.load(from + 3 * stride);
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const efab = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const efcd = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5));
  v128.store(to + 32, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
  v128.store(to + 64, v128.shuffle<f32>(efab, efcd, 0, 1, 4, 5));
  v128.store(to + 96, v128.shuffle<f32>(efab, efcd, 2, 3, 6, 7));
}

/** Copies a block of a transposed A, in which a column is contiguous, to rows of BLOCK_ROWS numbers. */
function packTransposed(a: usize, aColumn: i32, rows: i32, inner: i32): void {
  for (let k = 0; k < inner; k++) {
    memory.copy(block + 4 * BLOCK_ROWS * k, a + k * aColumn, 4 * rows);
  }
}

/** C[rows, up to 8] += A[rows, inner] panel. Of C only the first `columns` are read and written. */
function panelProduct(
  a: usize,
  aRow: i32,
  aColumn: i32,
  b: usize,
  c: usize,
  rows: i32,
  inner: i32,
  cColumns: i32,
  columns: i32,
): void {
  const cRow = 4 * cColumns;
  let i = 0;
  if (columns >= 8) {
    for (; takesSix(rows - i); i += 6) tileOfSix(a + i * aRow, aRow, aColumn, b, inner, c + i * cRow, cRow);
  }
  for (; i < rows; i += 4) {
    const height = min(4, rows - i);
    const from = a + i * aRow;
    const to = c + i * cRow;
    if (columns >= 8) {
      tileOfFour(from, aRow, aColumn, b, inner, to, cRow, height);
      continue;
    }
    copyEdge(to, cRow, edge, 32, height, columns);
    tileOfFour(from, aRow, aColumn, b, inner, edge, 32, height);
    copyEdge(edge, 32, to, cRow, height, columns);
  }
}

/** Whether so many rows are best begun with a tile of six: 7, 8 and 11 are covered better by tiles of four. */
function takesSix(rows: i32): bool {
  return rows >= 12 || rows === 6 || rows === 9 || rows === 10;
}

function copyEdge(from: usize, fromRow: i32, to: usize, toRow: i32, rows: i32, columns: i32): void {
  for (let i = 0; i < rows; i++) {
    storeLanes(to, loadLanes(from, columns), columns);
    if (columns > 4) storeLanes(to + 16, loadLanes(from + 16, columns - 4), columns - 4);
    from += fromRow;
    to += toRow;
  }
}

/** A tile of 4 rows by 8 columns. Where there are fewer rows, the last one is computed again: the same sums. */
function tileOfFour(
  a: usize,
  aRow: i32,
  aColumn: i32,
  b: usize,
  inner: i32,
  c: usize,
  cRow: i32,
  rows: i32,
): void {
  const second = min(1, rows - 1);
  const third = min(2, rows - 1);
  const fourth = min(3, rows - 1);
  let a1 = a + second * aRow;
  let a2 = a + third * aRow;
  let a3 = a + fourth * aRow;
  const c1 = c + second * cRow;
  const c2 = c + third * cRow;
  const c3 = c + fourth * cRow;
  let s0 = v128.load(c);
  let t0 = v128.load(c, 16);
  let s1 = v128.load(c1);
  let t1 = v128.load(c1, 16);
  let s2 = v128.load(c2);
  let t2 = v128.load(c2, 16);
  let s3 = v128.load(c3);
  let t3 = v128.load(c3, 16);
  for (const end = b + 32 * inner; b < end; b += 32) {
    const left = v128.load(b);
    const right = v128.load(b, 16);
    const x0 = v128.load32_splat(a);
    s0 = multiplyAdd(x0, left, s0);
    t0 = multiplyAdd(x0, right, t0);
    const x1 = v128.load32_splat(a1);
    s1 = multiplyAdd(x1, left, s1);
    t1 = multiplyAdd(x1, right, t1);
    const x2 = v128.load32_splat(a2);
    s2 = multiplyAdd(x2, left, s2);
    t2 = multiplyAdd(x2, right, t2);
    const x3 = v128.load32_splat(a3);
    s3 = multiplyAdd(x3, left, s3);
    t3 = multiplyAdd(x3, right, t3);
    a += aColumn;
    a1 += aColumn;
    a2 += aColumn;
    a3 += aColumn;
  }
  v128.store(c, s0);
  v128.store(c, t0, 16);
  v128.store(c1, s1);
  v128.store(c1, t1, 16);
  v128.store(c2, s2);
  v128.store(c2, t2, 16);
  v128.store(c3, s3);
  v128.store(c3, t3, 16);
}

/** A tile of 6 rows by 8 columns: with fused products 8 % faster than one of 4, whose sums wait for each other. */
function tileOfSix(a: usize, aRow: i32, aColumn: i32, b: usize, inner: i32, c: usize, cRow: i32): void {
  let a1 = a + 1 * aRow;
  const c1 = c + 1 * cRow;
  let a2 = a + 2 * aRow;
  const c2 = c + 2 * cRow;
  let a3 = a + 3 * aRow;
  const c3 = c + 3 * cRow;
  let a4 = a + 4 * aRow;
  const c4 = c + 4 * cRow;
  let a5 = a + 5 * aRow;
  const c5 = c + 5 * cRow;
  let s0 = v128.load(c);
  let t0 = v128.load(c, 16);
  let s1 = v128.load(c1);
  let t1 = v128.load(c1, 16);
  let s2 = v128.load(c2);
  let t2 = v128.load(c2, 16);
  let s3 = v128.load(c3);
  let t3 = v128.load(c3, 16);
  let s4 = v128.load(c4);
  let t4 = v128.load(c4, 16);
  let s5 = v128.load(c5);
  let t5 = v128.load(c5, 16);
  for (const end = b + 32 * inner; b < end; b += 32) {
    const left = v128.load(b);
    const right = v128.load(b, 16);
    const x0 = v128.load32_splat(a);
    s0 = multiplyAdd(x0, left, s0);
    t0 = multiplyAdd(x0, right, t0);
    a += aColumn;
    const x1 = v128.load32_splat(a1);
    s1 = multiplyAdd(x1, left, s1);
    t1 = multiplyAdd(x1, right, t1);
    a1 += aColumn;
    const x2 = v128.load32_splat(a2);
    s2 = multiplyAdd(x2, left, s2);
    t2 = multiplyAdd(x2, right, t2);
    a2 += aColumn;
    const x3 = v128.load32_splat(a3);
    s3 = multiplyAdd(x3, left, s3);
    t3 = multiplyAdd(x3, right, t3);
    a3 += aColumn;
    const x4 = v128.load32_splat(a4);
    s4 = multiplyAdd(x4, left, s4);
    t4 = multiplyAdd(x4, right, t4);
    a4 += aColumn;
    const x5 = v128.load32_splat(a5);
    s5 = multiplyAdd(x5, left, s5);
    t5 = multiplyAdd(x5, right, t5);
    a5 += aColumn;
  }
  v128.store(c, s0);
  v128.store(c, t0, 16);
  v128.store(c1, s1);
  v128.store(c1, t1, 16);
  v128.store(c2, s2);
  v128.store(c2, t2, 16);
  v128.store(c3, s3);
  v128.store(c3, t3, 16);
  v128.store(c4, s4);
  v128.store(c4, t4, 16);
  v128.store(c5, s5);
  v128.store(c5, t5, 16);
}
/** One row: tiles of 32 columns, then 4, then the last ones. B is read row by row. */
function rowProduct(a: usize, aColumn: i32, b: usize, bRow: i32, c: usize, inner: i32, columns: i32): void {
  let j = 0;
  for (; j + 32 <= columns; j += 32) rowTile(a, aColumn, b + 4 * j, bRow, c + 4 * j, inner);
  for (; j < columns; j += 4) {
    const count = columns - j;
    let x = a;
    let y = b + 4 * j;
    let sum = loadLanes(c + 4 * j, count);
    for (let k = 0; k < inner; k++) {
      sum = multiplyAdd(v128.load32_splat(x), loadLanes(y, count), sum);
      x += aColumn;
      y += bRow;
    }
    storeLanes(c + 4 * j, sum, count);
  }
}

function rowTile(a: usize, aColumn: i32, b: usize, bRow: i32, c: usize, inner: i32): void {
  let s0 = v128.load(c);
  let s1 = v128.load(c, 16);
  let s2 = v128.load(c, 32);
  let s3 = v128.load(c, 48);
  let s4 = v128.load(c, 64);
  let s5 = v128.load(c, 80);
  let s6 = v128.load(c, 96);
  let s7 = v128.load(c, 112);
  for (let k = 0; k < inner; k++) {
    const x = v128.load32_splat(a);
    s0 = multiplyAdd(x, v128.load(b), s0);
    s1 = multiplyAdd(x, v128.load(b, 16), s1);
    s2 = multiplyAdd(x, v128.load(b, 32), s2);
    s3 = multiplyAdd(x, v128.load(b, 48), s3);
    s4 = multiplyAdd(x, v128.load(b, 64), s4);
    s5 = multiplyAdd(x, v128.load(b, 80), s5);
    s6 = multiplyAdd(x, v128.load(b, 96), s6);
    s7 = multiplyAdd(x, v128.load(b, 112), s7);
    a += aColumn;
    b += bRow;
  }
  v128.store(c, s0);
  v128.store(c, s1, 16);
  v128.store(c, s2, 32);
  v128.store(c, s3, 48);
  v128.store(c, s4, 64);
  v128.store(c, s5, 80);
  v128.store(c, s6, 96);
  v128.store(c, s7, 112);
}
