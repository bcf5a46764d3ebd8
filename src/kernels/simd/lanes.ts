/**
 * Four floats at a time: the fused product that the relaxed variant has and the plain one makes of two
 * operations, and loads and stores of fewer than four numbers for the ends of arrays, which must not be read or
 * written past.
 */

/** a b + c, rounded once where the engine has relaxed SIMD and twice where it has not. */
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** The `count` numbers at `from`, zeros behind them; four where `count` is larger. */
export function loadLanes(from: usize, count: i32): v128 {
  if (count >= 4) return v128.load(from);
  if (count === 1) return v128.load32_zero(from);
  const two = v128.load64_zero(from);
  return count === 2 ? two : v128.load_lane<f32>(from + 8, two, 2);
}

/** Stores the first `count` lanes; all four where `count` is larger. */
export function storeLanes(to: usize, value: v128, count: i32): void {
  if (count >= 4) {
    v128.store(to, value);
    return;
  }
  if (count === 1) {
    v128.store_lane<f32>(to, value, 0);
    return;
  }
  v128.store_lane<i64>(to, value, 0);
  if (count === 3) v128.store_lane<f32>(to + 8, value, 2);
}
