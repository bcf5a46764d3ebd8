/**
 * exp, sigmoid and tanh of four floats, each within two units in the last place over the whole range, subnormal
 * results, infinities and NaN included.
 *
 *     e^x = 2^n e^r,  n = round(x / ln 2),  r = x - n ln 2 in two parts         (Cody and Waite 1980)
 *     sigmoid(x) = 1 / (1 + e^-x) for x >= 0, e^x / (1 + e^x) below
 *     tanh(|x|) = 1 - 2 e^-2|x| / (1 + e^-2|x|) from |x| = 0.625 on, |x| + |x|^3 P(x^2) below
 *
 * The polynomials are those of the Cephes library (Moshier 1992), expf and tanhf.
 *
 * The constants are read from memory: a vector constant in the code is put together from general registers wherever
 * it is used (V8 11 to 13), which doubled the time of exp.
 */
import { multiplyAdd } from './lanes.js';

/** Where each constant lies in the table. */
const ONE: usize = 0;
const SIGN: usize = 4;
const SMALLEST: usize = 8;
const LOG2E: usize = 12;
const ROUNDING: usize = 16;
const MINUS_LN2_HIGH: usize = 20;
const MINUS_LN2_LOW: usize = 24;
const TWO_TO_MINUS_64: usize = 28;
const EXP: usize = 32;
const TANH: usize = 56;
const MINUS_BORDER: usize = 76;

/** How many bytes the table takes. */
export const TABLE_BYTES: usize = 80;

let table: usize = 0;

/** Writes the constants at `at`. */
export function useTable(at: usize): void {
  table = at;
  store<f32>(at, 1, ONE);
  store<f32>(at, -0.0, SIGN);
  store<f32>(at, -104.5, SMALLEST); // from here down e^x rounds to 0
  store<f32>(at, Mathf.LOG2E, LOG2E);
  // A number added to 1.5 * 2^23 is rounded to a whole one, which stands in the lowest bits of the sum. With 191
  // more these, moved to the place of the exponent, whose bias is 127, are the float 2^(n + 64): an ordinary one
  // even where 2^n is subnormal or 0.
  store<f32>(at, 12582912 + 191, ROUNDING);
  store<f32>(at, -0.693359375, MINUS_LN2_HIGH); // trailing zeros enough that n times it is exact
  store<f32>(at, 2.1219444e-4, MINUS_LN2_LOW);
  store<f32>(at, 5.421010862427522e-20, TWO_TO_MINUS_64);
  store<f32>(at, 1.98756915e-4, EXP);
  store<f32>(at, 1.3981999507e-3, EXP + 4);
  store<f32>(at, 8.3334519073e-3, EXP + 8);
  store<f32>(at, 4.1665795894e-2, EXP + 12);
  store<f32>(at, 1.6666665459e-1, EXP + 16);
  store<f32>(at, 5.0000001201e-1, EXP + 20);
  store<f32>(at, -5.70498872745e-3, TANH);
  store<f32>(at, 2.06390887954e-2, TANH + 4);
  store<f32>(at, -5.37397155531e-2, TANH + 8);
  store<f32>(at, 1.33314422036e-1, TANH + 12);
  store<f32>(at, -3.33332819422e-1, TANH + 16);
  store<f32>(at, -0.625, MINUS_BORDER);
}

/** e^x for x <= 0. A NaN stays one. */
export function exp(x: v128): v128 {
  const one = v128.load32_splat(table, ONE);
  const bounded = f32x4.pmax(x, v128.load32_splat(table, SMALLEST));
  const rounding = v128.load32_splat(table, ROUNDING);
  const sum = multiplyAdd(bounded, v128.load32_splat(table, LOG2E), rounding);
  const n = f32x4.sub(sum, rounding);
  let r = multiplyAdd(n, v128.load32_splat(table, MINUS_LN2_HIGH), bounded);
  r = multiplyAdd(n, v128.load32_splat(table, MINUS_LN2_LOW), r);
  let p = multiplyAdd(v128.load32_splat(table, EXP), r, v128.load32_splat(table, EXP + 4));
  p = multiplyAdd(p, r, v128.load32_splat(table, EXP + 8));
  p = multiplyAdd(p, r, v128.load32_splat(table, EXP + 12));
  p = multiplyAdd(p, r, v128.load32_splat(table, EXP + 16));
  p = multiplyAdd(p, r, v128.load32_splat(table, EXP + 20));
  p = f32x4.add(multiplyAdd(f32x4.mul(r, r), p, r), one);
  const power = i32x4.shl(sum, 23);
  return f32x4.mul(f32x4.mul(p, power), v128.load32_splat(table, TWO_TO_MINUS_64));
}

export function sigmoid(x: v128): v128 {
  const one = v128.load32_splat(table, ONE);
  const sign = v128.load32_splat(table, SIGN);
  const e = exp(v128.or(x, sign));
  const numerator = v128.bitselect(e, one, f32x4.lt(x, sign));
  const low = quotient(numerator, e);
  const high = quotient(upper(numerator), upper(e));
  return v128.shuffle<f32>(low, high, 0, 1, 4, 5);
}

/** a / (1 + e) of the first two lanes, rounded once: in single precision the sum would cost half a unit more. */
function quotient(a: v128, e: v128): v128 {
  const sum = f64x2.add(f64x2.promote_low_f32x4(v128.load32_splat(table, ONE)), f64x2.promote_low_f32x4(e));
  return f32x4.demote_f64x2_zero(f64x2.div(f64x2.promote_low_f32x4(a), sum));
}

/** The last two lanes, in front. */
function upper(x: v128): v128 {
  return v128.shuffle<f32>(x, x, 2, 3, 2, 3);
}

export function tanh(x: v128): v128 {
  const one = v128.load32_splat(table, ONE);
  const sign = v128.load32_splat(table, SIGN);
  const minusSize = v128.or(x, sign);
  const e = exp(f32x4.add(minusSize, minusSize));
  const far = f32x4.sub(one, f32x4.div(f32x4.add(e, e), f32x4.add(e, one)));
  const square = f32x4.mul(x, x);
  let p = multiplyAdd(v128.load32_splat(table, TANH), square, v128.load32_splat(table, TANH + 4));
  p = multiplyAdd(p, square, v128.load32_splat(table, TANH + 8));
  p = multiplyAdd(p, square, v128.load32_splat(table, TANH + 12));
  p = multiplyAdd(p, square, v128.load32_splat(table, TANH + 16));
  const near = multiplyAdd(f32x4.mul(p, square), x, x);
  const isFar = f32x4.lt(minusSize, v128.load32_splat(table, MINUS_BORDER));
  return v128.or(v128.bitselect(far, near, isFar), v128.and(x, sign));
}
