/**
 * sigmoid and tanh of arrays, within two units in the last place over the whole range, subnormal results, infinities
 * and NaN included. Both rest on e^y = 2^n (1 + f), which is never put together, so that it costs no rounding:
 *
 *     n = round(y / ln 2),  r = y - n ln 2 in two parts,  f = e^r - 1 = r + r^2 P(r)        (Cody and Waite 1980)
 *     sigmoid(x) = 1 / ((1 + 2^n) + 2^n f)                   with y = -x
 *     tanh(|x|) = 1 - 2 / ((1 + 2^n) + 2^n f)                with y = 2|x|, from |x| = 0.625 on
 *     tanh(x) = x + x^3 Q(x^2)                               below
 *
 * P and Q are polynomials of the Cephes library (Moshier 1992), expf and tanhf. The sum of three terms rounds once,
 * and so does the quotient: 1.5 and 1.2 units were the worst found among a thousandth of all floats.
 *
 * The constants are read from memory, four times each: a vector constant in the code is put together from general
 * registers wherever it is used (V8 11 to 13), and a load that copies one number to four lanes takes no offset.
 * Together that was half of the time.
 */
import { loadLanes, multiplyAdd, storeLanes } from './lanes.js';

/** Where each constant lies in the table. */
const ONE: usize = 0;
const TWO: usize = 16;
const SIGN: usize = 32;
const LOG2E: usize = 48;
const MINUS_LN2_HIGH: usize = 64;
const MINUS_LN2_LOW: usize = 80;
const EXP: usize = 96;
const TANH: usize = 192;
const BORDER: usize = 272;
const ROUNDING: usize = 288;
const LARGEST: usize = 304;
const SCALE: usize = 320;
const SCALED_ROUNDING: usize = 336;
const SCALED_SMALLEST: usize = 352;
const SCALED_LARGEST: usize = 368;

/** How many bytes the table takes. */
export const TABLE_BYTES: i32 = 384;

let table: usize = 0;

/** Writes the constants at `at`. */
export function useTable(at: usize): void {
  table = at;
  constant(ONE, 1);
  constant(TWO, 2);
  constant(SIGN, -0.0);
  constant(LOG2E, Mathf.LOG2E);
  constant(MINUS_LN2_HIGH, -0.693359375); // trailing zeros enough that n times it is exact
  constant(MINUS_LN2_LOW, 2.1219444e-4);
  constant(EXP, 1.98756915e-4);
  constant(EXP + 16, 1.3981999507e-3);
  constant(EXP + 32, 8.3334519073e-3);
  constant(EXP + 48, 4.1665795894e-2);
  constant(EXP + 64, 1.6666665459e-1);
  constant(EXP + 80, 5.0000001201e-1);
  constant(TANH, -5.70498872745e-3);
  constant(TANH + 16, 2.06390887954e-2);
  constant(TANH + 32, -5.37397155531e-2);
  constant(TANH + 48, 1.33314422036e-1);
  constant(TANH + 64, -3.33332819422e-1);
  constant(BORDER, 0.625);
  // A number added to 1.5 * 2^23 is rounded to a whole one, n, which stands in the lowest bits of the sum. With the
  // exponent's bias 127 added these, moved to the place of the exponent, are the float 2^n.
  constant(ROUNDING, 12582912 + 127);
  constant(LARGEST, 20); // from here on tanh is 1
  // sigmoid(-103) is 2^-149, and e^103 too large for a float: all terms are scaled by 2^-64.
  constant(SCALE, 5.421010862427522e-20);
  constant(SCALED_ROUNDING, 12582912 + 127 - 64);
  constant(SCALED_SMALLEST, -40); // from here down e^y counts nothing beside 1
  constant(SCALED_LARGEST, 104.5); // from here on sigmoid(-y) rounds to 0
}

function constant(at: usize, value: f32): void {
  v128.store(table + at, f32x4.splat(value));
}

/** sigmoid of `size` numbers, in place. */
export function sigmoidAll(at: usize, size: i32): void {
  const t = table;
  for (let k = 0; k < size; k += 4) {
    const count = size - k;
    storeLanes(at, sigmoid(t, loadLanes(at, count)), count);
    at += 16;
  }
}

/** tanh of `size` numbers, which may be written where they are read. */
export function tanhAll(from: usize, to: usize, size: i32): void {
  const t = table;
  for (let k = 0; k < size; k += 4) {
    const count = size - k;
    storeLanes(to, tanh(t, loadLanes(from, count)), count);
    from += 16;
    to += 16;
  }
}

function sigmoid(t: usize, x: v128): v128 {
  const above = f32x4.pmax(f32x4.neg(x), v128.load(t, SCALED_SMALLEST)); // pmax and pmin keep a NaN that comes first
  const y = f32x4.pmin(above, v128.load(t, SCALED_LARGEST));
  const rounding = v128.load(t, SCALED_ROUNDING);
  const sum = multiplyAdd(y, v128.load(t, LOG2E), rounding);
  const power = i32x4.shl(sum, 23);
  const scale = v128.load(t, SCALE);
  const f = fraction(t, y, f32x4.sub(sum, rounding));
  // Where 1 and 2^n are too far apart for one float, what their sum lost goes on with the smaller term (Dekker 1971).
  const whole = f32x4.add(power, scale);
  const lost = f32x4.sub(scale, f32x4.sub(whole, power));
  return f32x4.div(scale, f32x4.add(whole, multiplyAdd(power, f, lost)));
}

function tanh(t: usize, x: v128): v128 {
  const size = f32x4.abs(x);
  const one = v128.load(t, ONE);
  const y = f32x4.pmin(f32x4.add(size, size), v128.load(t, LARGEST));
  const rounding = v128.load(t, ROUNDING);
  const sum = multiplyAdd(y, v128.load(t, LOG2E), rounding);
  const power = i32x4.shl(sum, 23);
  const f = fraction(t, y, f32x4.sub(sum, rounding));
  const far = f32x4.sub(one, f32x4.div(v128.load(t, TWO), multiplyAdd(power, f, f32x4.add(power, one))));
  const square = f32x4.mul(x, x);
  let q = multiplyAdd(v128.load(t, TANH), square, v128.load(t, TANH + 16));
  q = multiplyAdd(q, square, v128.load(t, TANH + 32));
  q = multiplyAdd(q, square, v128.load(t, TANH + 48));
  q = multiplyAdd(q, square, v128.load(t, TANH + 64));
  const near = multiplyAdd(f32x4.mul(q, square), x, x);
  const isNear = f32x4.lt(size, v128.load(t, BORDER));
  return v128.or(v128.bitselect(near, far, isNear), v128.and(x, v128.load(t, SIGN)));
}

/** f = e^r - 1 with r = y - n ln 2. */
function fraction(t: usize, y: v128, n: v128): v128 {
  const r = multiplyAdd(n, v128.load(t, MINUS_LN2_LOW), multiplyAdd(n, v128.load(t, MINUS_LN2_HIGH), y));
  let p = multiplyAdd(v128.load(t, EXP), r, v128.load(t, EXP + 16));
  p = multiplyAdd(p, r, v128.load(t, EXP + 32));
  p = multiplyAdd(p, r, v128.load(t, EXP + 48));
  p = multiplyAdd(p, r, v128.load(t, EXP + 64));
  p = multiplyAdd(p, r, v128.load(t, EXP + 80));
  return multiplyAdd(f32x4.mul(r, r), p, r);
}
