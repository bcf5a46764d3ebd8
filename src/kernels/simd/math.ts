/**
 * exp, sigmoid and tanh of four floats, each within two units in the last place over the whole range, subnormal
 * results, infinities and NaN included.
 *
 *     e^x = 2^n e^r,  n = round(x / ln 2),  r = x - n ln 2 in two parts         (Cody and Waite 1980)
 *     sigmoid(x) = 1 / (1 + e^-x) for x >= 0, e^x / (1 + e^x) below
 *     tanh(x) = 1 - 2 / (1 + e^2x) from |x| = 0.625 on, x + x^3 P(x^2) below
 *
 * The polynomials are those of the Cephes library (Moshier 1992), expf and tanhf.
 */
import { multiplyAdd } from './lanes.js';

/** Beyond these e^x is infinite, or 0, in single precision. */
const LARGEST: f32 = 89;
const SMALLEST: f32 = -104.5;

/** ln 2 in two parts: the high one has trailing zeros enough that n times it is exact. */
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.1219444e-4;

/** e^x. A NaN comes out as it went in. */
export function exp(x: v128): v128 {
  const bounded = f32x4.min(f32x4.splat(LARGEST), f32x4.max(f32x4.splat(SMALLEST), x));
  const n = f32x4.nearest(f32x4.mul(bounded, f32x4.splat(Mathf.LOG2E)));
  let r = multiplyAdd(n, f32x4.splat(-LN2_HIGH), bounded);
  r = multiplyAdd(n, f32x4.splat(-LN2_LOW), r);
  let p = multiplyAdd(f32x4.splat(1.98756915e-4), r, f32x4.splat(1.3981999507e-3));
  p = multiplyAdd(p, r, f32x4.splat(8.3334519073e-3));
  p = multiplyAdd(p, r, f32x4.splat(4.1665795894e-2));
  p = multiplyAdd(p, r, f32x4.splat(1.6666665459e-1));
  p = multiplyAdd(p, r, f32x4.splat(5.0000001201e-1));
  p = f32x4.add(multiplyAdd(f32x4.mul(r, r), p, r), f32x4.splat(1));
  // 2^n in two factors: the result may be subnormal, or 2^128 times something below 1.
  const k = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(k, 1);
  return f32x4.mul(f32x4.mul(p, powerOfTwo(half)), powerOfTwo(i32x4.sub(k, half)));
}

/** 2^k for whole k from -126 to 127. */
function powerOfTwo(k: v128): v128 {
  return i32x4.shl(i32x4.add(k, i32x4.splat(127)), 23);
}

export function sigmoid(x: v128): v128 {
  const e = exp(f32x4.neg(f32x4.abs(x)));
  const numerator = v128.bitselect(e, f32x4.splat(1), f32x4.lt(x, f32x4.splat(0)));
  return f32x4.div(numerator, f32x4.add(f32x4.splat(1), e));
}

export function tanh(x: v128): v128 {
  const size = f32x4.abs(x);
  const e = exp(f32x4.add(size, size));
  const far = f32x4.sub(f32x4.splat(1), f32x4.div(f32x4.splat(2), f32x4.add(e, f32x4.splat(1))));
  const square = f32x4.mul(x, x);
  let p = multiplyAdd(f32x4.splat(-5.70498872745e-3), square, f32x4.splat(2.06390887954e-2));
  p = multiplyAdd(p, square, f32x4.splat(-5.37397155531e-2));
  p = multiplyAdd(p, square, f32x4.splat(1.33314422036e-1));
  p = multiplyAdd(p, square, f32x4.splat(-3.33332819422e-1));
  const near = multiplyAdd(f32x4.mul(p, square), x, x);
  const signed = v128.bitselect(x, far, f32x4.splat(-0.0));
  return v128.bitselect(signed, near, f32x4.gt(size, f32x4.splat(0.625)));
}
