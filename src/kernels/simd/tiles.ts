/**
 * The innermost loops of a product, each on a tile of C whose sums stay in registers: C = start + A B, where the rows
 * of `start` are C's own, or one row for all of them, a bias. For each k a tile takes two loads from a panel of B
 * (see packing.ts) and one number a row from A (Goto and van de Geijn 2008).
 *
 * Every element is summed in the order of the inner index, whatever tile it falls into, so that a row's result
 * does not depend on the rows beside it, to the bit.
 */
import { loadLanes, multiplyAdd, storeLanes } from './lanes.js';

/**
 * The rows of a tall tile. Its sums take two registers a row, B two and A one, and a product without fused
 * multiply-add one more, of the fifteen that V8 has for them. With a row more than fits, sums go through memory: 27
 * GFLOP/s instead of 46 (Node 20). With a row fewer they wait for each other: tiles of four alone reach 92 % of it.
 */
export const TALL: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 5;

/** A tile of TALL rows by 8 columns. */
export function tallTile(
  a: usize,
  aRow: i32,
  aColumn: i32,
  b: usize,
  inner: i32,
  start: usize,
  startRow: i32,
  c: usize,
  cRow: i32,
): void {
  let a1 = a + aRow;
  let a2 = a1 + aRow;
  let a3 = a2 + aRow;
  let a4 = a3 + aRow;
  let a5 = a4 + aRow;
  let s0 = v128.load(start);
  let t0 = v128.load(start, 16);
  start += startRow;
  let s1 = v128.load(start);
  let t1 = v128.load(start, 16);
  start += startRow;
  let s2 = v128.load(start);
  let t2 = v128.load(start, 16);
  start += startRow;
  let s3 = v128.load(start);
  let t3 = v128.load(start, 16);
  start += startRow;
  let s4 = v128.load(start);
  let t4 = v128.load(start, 16);
  let s5 = s4;
  let t5 = t4;
  if (TALL === 6) {
    start += startRow;
    s5 = v128.load(start);
    t5 = v128.load(start, 16);
  }
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
    if (TALL === 6) {
      const x5 = v128.load32_splat(a5);
      s5 = multiplyAdd(x5, left, s5);
      t5 = multiplyAdd(x5, right, t5);
      a5 += aColumn;
    }
  }
  v128.store(c, s0);
  v128.store(c, t0, 16);
  c += cRow;
  v128.store(c, s1);
  v128.store(c, t1, 16);
  c += cRow;
  v128.store(c, s2);
  v128.store(c, t2, 16);
  c += cRow;
  v128.store(c, s3);
  v128.store(c, t3, 16);
  c += cRow;
  v128.store(c, s4);
  v128.store(c, t4, 16);
  if (TALL === 6) {
    c += cRow;
    v128.store(c, s5);
    v128.store(c, t5, 16);
  }
}

/** A tile of 4 rows by 8 columns. Where there are fewer rows, the last one is computed again: the same sums. */
export function tileOfFour(
  a: usize,
  aRow: i32,
  aColumn: i32,
  b: usize,
  inner: i32,
  start: usize,
  startRow: i32,
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
  const start1 = start + second * startRow;
  const start2 = start + third * startRow;
  const start3 = start + fourth * startRow;
  let s0 = v128.load(start);
  let t0 = v128.load(start, 16);
  let s1 = v128.load(start1);
  let t1 = v128.load(start1, 16);
  let s2 = v128.load(start2);
  let t2 = v128.load(start2, 16);
  let s3 = v128.load(start3);
  let t3 = v128.load(start3, 16);
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
  const c1 = c + second * cRow;
  const c2 = c + third * cRow;
  const c3 = c + fourth * cRow;
  v128.store(c, s0);
  v128.store(c, t0, 16);
  v128.store(c1, s1);
  v128.store(c1, t1, 16);
  v128.store(c2, s2);
  v128.store(c2, t2, 16);
  v128.store(c3, s3);
  v128.store(c3, t3, 16);
}

/** One row: tiles of 32 columns, then 4, then the last ones. B is read row by row. */
export function rowProduct(
  a: usize,
  aColumn: i32,
  b: usize,
  bRow: i32,
  start: usize,
  c: usize,
  inner: i32,
  columns: i32,
): void {
  let j = 0;
  for (; j + 32 <= columns; j += 32) rowTile(a, aColumn, b + 4 * j, bRow, start + 4 * j, c + 4 * j, inner);
  for (; j < columns; j += 4) {
    const count = columns - j;
    let x = a;
    let y = b + 4 * j;
    let sum = loadLanes(start + 4 * j, count);
    for (let k = 0; k < inner; k++) {
      sum = multiplyAdd(v128.load32_splat(x), loadLanes(y, count), sum);
      x += aColumn;
      y += bRow;
    }
    storeLanes(c + 4 * j, sum, count);
  }
}

function rowTile(a: usize, aColumn: i32, b: usize, bRow: i32, start: usize, c: usize, inner: i32): void {
  let s0 = v128.load(start);
  let s1 = v128.load(start, 16);
  let s2 = v128.load(start, 32);
  let s3 = v128.load(start, 48);
  let s4 = v128.load(start, 64);
  let s5 = v128.load(start, 80);
  let s6 = v128.load(start, 96);
  let s7 = v128.load(start, 112);
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
