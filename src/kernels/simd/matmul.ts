/**
 * Matrix products, each added to what is there: C += A B, with the transposes that backpropagation needs, as in
 * ../matmul.ts. Matrices are given by their two strides in bytes, so that a transpose costs no copy of its own.
 *
 * The work is cut so that what is used again stays in a cache. A block of B, 256 by 256, is packed into panels
 * (packing.ts) for all rows of A; a panel of it stays in the first-level cache while a block of 256 rows of A goes
 * past, tile by tile (tiles.ts).
 */
import { loadLanes, storeLanes } from './lanes.js';
import { PACKED_ROW, packPanels, packTransposed } from './packing.js';
import { BLOCK_COLUMNS, BLOCK_INNER, BLOCK_ROWS, block, edge, panels } from './scratch.js';
import { rowProduct, TALL, tallTile, tileOfFour } from './tiles.js';

/** Fewer rows than this are not worth a copy of B. */
export const FEW_ROWS: i32 = 4;

export function matmul(a: usize, b: usize, c: usize, rows: i32, inner: i32, columns: i32): void {
  product(a, 4 * inner, 4, b, 4 * columns, 4, c, 4 * columns, c, rows, inner, columns);
}

export function matmulTransposeA(a: usize, b: usize, c: usize, rows: i32, inner: i32, columns: i32): void {
  product(a, 4, 4 * rows, b, 4 * columns, 4, c, 4 * columns, c, rows, inner, columns);
}

export function matmulTransposeB(a: usize, b: usize, c: usize, rows: i32, inner: i32, columns: i32): void {
  product(a, 4 * inner, 4, b, 4, 4 * inner, c, 4 * columns, c, rows, inner, columns);
}

/** C = A B + the bias in every row. */
export function matmulWithBias(
  a: usize,
  b: usize,
  bias: usize,
  c: usize,
  rows: i32,
  inner: i32,
  columns: i32,
): void {
  product(a, 4 * inner, 4, b, 4 * columns, 4, bias, 0, c, rows, inner, columns);
}

/** C = start + A B, where the rows of `start` are startRow bytes apart. */
function product(
  a: usize,
  aRow: i32,
  aColumn: i32,
  b: usize,
  bRow: i32,
  bColumn: i32,
  start: usize,
  startRow: i32,
  c: usize,
  rows: i32,
  inner: i32,
  columns: i32,
): void {
  if (rows < FEW_ROWS && bColumn === 4) {
    for (let i = 0; i < rows; i++) {
      rowProduct(a + i * aRow, aColumn, b, bRow, start + i * startRow, c + 4 * i * columns, inner, columns);
    }
    return;
  }
  for (let k = 0; k < inner; k += BLOCK_INNER) {
    const length = min(BLOCK_INNER, inner - k);
    for (let j = 0; j < columns; j += BLOCK_COLUMNS) {
      const width = min(BLOCK_COLUMNS, columns - j);
      packPanels(b + k * bRow + j * bColumn, bRow, bColumn, length, width, panels);
      const at = c + 4 * j;
      if (k > 0)
        blockProduct(a + k * aColumn, aRow, aColumn, at, 4 * columns, at, columns, rows, length, width);
      else blockProduct(a, aRow, aColumn, start + 4 * j, startRow, at, columns, rows, length, width);
    }
  }
}

/** dV += vᵀ dz and dW += wᵀ dz with v[rows, vSize], w[rows, wSize], dz[rows, columns], which is packed once for both. */
export function twoGradients(
  v: usize,
  vSize: i32,
  dV: usize,
  w: usize,
  wSize: i32,
  dW: usize,
  dz: usize,
  rows: i32,
  columns: i32,
): void {
  for (let k = 0; k < rows; k += BLOCK_INNER) {
    const length = min(BLOCK_INNER, rows - k);
    for (let j = 0; j < columns; j += BLOCK_COLUMNS) {
      const width = min(BLOCK_COLUMNS, columns - j);
      packPanels(dz + 4 * (k * columns + j), 4 * columns, 4, length, width, panels);
      const atV = dV + 4 * j;
      blockProduct(v + 4 * k * vSize, 4, 4 * vSize, atV, 4 * columns, atV, columns, vSize, length, width);
      const atW = dW + 4 * j;
      blockProduct(w + 4 * k * wSize, 4, 4 * wSize, atW, 4 * columns, atW, columns, wSize, length, width);
    }
  }
}

/** The product of a block of B, packed, with all rows of A. */
function blockProduct(
  a: usize,
  aRow: i32,
  aColumn: i32,
  start: usize,
  startRow: i32,
  c: usize,
  cColumns: i32,
  rows: i32,
  length: i32,
  width: i32,
): void {
  for (let i = 0; i < rows; i += BLOCK_ROWS) {
    const height = min(BLOCK_ROWS, rows - i);
    let from = a + i * aRow;
    const isPacked = aColumn !== 4;
    if (isPacked) {
      packTransposed(from, aColumn, height, length);
      from = block;
    }
    let panel = panels;
    for (let j = 0; j < width; j += 8) {
      panelProduct(
        from,
        isPacked ? 4 : aRow,
        isPacked ? PACKED_ROW : 4,
        panel,
        start + i * startRow + 4 * j,
        startRow,
        c + 4 * (i * cColumns + j),
        4 * cColumns,
        height,
        length,
        width - j,
      );
      panel += 32 * length;
    }
  }
}

/** C[rows, columns] += A[rows, inner] times a matrix that lies in panels already: for one that is used again and again. */
export function productWithPacked(
  a: usize,
  packed: usize,
  c: usize,
  rows: i32,
  inner: i32,
  columns: i32,
): void {
  for (let j = 0; j < columns; j += 8) {
    const at = c + 4 * j;
    panelProduct(a, 4 * inner, 4, packed, at, 4 * columns, at, 4 * columns, rows, inner, columns - j);
    packed += 32 * inner;
  }
}

/** C[rows, columns] += A[rows, inner] B[inner, columns] for a few rows: B is read as it lies. */
export function productOfFewRows(a: usize, b: usize, c: usize, rows: i32, inner: i32, columns: i32): void {
  for (let i = 0; i < rows; i++) {
    const at = c + 4 * i * columns;
    rowProduct(a + 4 * i * inner, 4, b, 4 * columns, at, at, inner, columns);
  }
}

/** C[rows, up to 8] = start + A[rows, inner] panel. Of C only the first `columns` are read and written. */
function panelProduct(
  a: usize,
  aRow: i32,
  aColumn: i32,
  b: usize,
  start: usize,
  startRow: i32,
  c: usize,
  cRow: i32,
  rows: i32,
  inner: i32,
  columns: i32,
): void {
  const tall = rowsInTall(rows);
  for (let i = 0; i < rows; ) {
    const height = i < tall ? TALL : min(4, rows - i);
    const from = a + i * aRow;
    let sums = start + i * startRow;
    let sumsRow = startRow;
    let to = c + i * cRow;
    let toRow = cRow;
    if (columns < 8) {
      copyEdge(sums, sumsRow, edge, 32, height, columns);
      sums = edge;
      to = edge;
      sumsRow = 32;
      toRow = 32;
    }
    if (height === TALL) tallTile(from, aRow, aColumn, b, inner, sums, sumsRow, to, toRow);
    else tileOfFour(from, aRow, aColumn, b, inner, sums, sumsRow, to, toRow, height);
    if (columns < 8) copyEdge(edge, 32, c + i * cRow, cRow, height, columns);
    i += height;
  }
}

function copyEdge(from: usize, fromRow: i32, to: usize, toRow: i32, rows: i32, columns: i32): void {
  for (let i = 0; i < rows; i++) {
    copyLanes(from, to, columns);
    from += fromRow;
    to += toRow;
  }
}

/** Copies up to eight numbers. */
function copyLanes(from: usize, to: usize, count: i32): void {
  storeLanes(to, loadLanes(from, count), count);
  if (count > 4) storeLanes(to + 16, loadLanes(from + 16, count - 4), count - 4);
}

/** How many rows go into tall tiles: as many as leave a rest that fills tiles of four. */
function rowsInTall(rows: i32): i32 {
  let tall = rows - (rows % TALL);
  const most = TALL === 6 ? rows & 1 : 0;
  while (tall > 0 && ((tall - rows) & 3) > most) tall -= TALL;
  return tall;
}
