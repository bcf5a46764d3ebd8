/**
 * exp, log and their kin, written out so that the same input gives the same bits in every engine and on every
 * machine (the language leaves the last digits of Math.exp to the engine). All are in double precision and
 * accurate to one to three units in the last place (erf to fifteen, near 6); rounded to single precision they are
 * right to the last digit but in the rarest ties. Square root is not here: IEEE 754 fixes it.
 *
 * Method: W. J. Cody and W. Waite, "Software Manual for the Elementary Functions" (1980): reduce the argument
 * with ln 2 in two parts, so that the reduction is exact, then a short polynomial; the coefficients of
 * the polynomials are those of fdlibm (Sun Microsystems, 1993).
 */

/** ln 2 in two parts: the high one has trailing zeros enough that `k * LN2_HIGH` is exact. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

/** Bernoulli-number coefficients of r coth(r/2) = 2 + r^2/6 - r^4/360 + ..., made minimax on |r| <= ln2/2. */
const P1 = 0.16666666666666602;
const P2 = -0.0027777777777015593;
const P3 = 0.00006613756321437934;
const P4 = -0.0000016533902205465252;
const P5 = 4.1381367970572385e-8;

/** 2^k for every k that a double can be scaled by, subnormal powers included. */
const SMALLEST_EXPONENT = -1074;
const POWERS_OF_TWO = /* @__PURE__ */ powersOfTwo();

function powersOfTwo(): Float64Array {
  const powers = new Float64Array(1023 - SMALLEST_EXPONENT + 1);
  let power = 2 ** SMALLEST_EXPONENT;
  for (let i = 0; i < powers.length; i++, power *= 2) powers[i] = power;
  return powers;
}

function powerOfTwo(k: number): number {
  return POWERS_OF_TWO[k - SMALLEST_EXPONENT] as number;
}

/** e^r - 1 for |r| <= ln2/2, from e^r = 1 + 2r / (r coth(r/2) - r). */
function expm1Reduced(r: number): number {
  const square = r * r;
  const c = r - square * (P1 + square * (P2 + square * (P3 + square * (P4 + square * P5))));
  return r + (r * c) / (2 - c);
}

/** e^x. */
export function exp(x: number): number {
  if (x > 709.782712893384) return Number.POSITIVE_INFINITY;
  if (x < -745.1332191019411) return 0;
  if (Number.isNaN(x)) return x;
  const k = Math.floor(x * Math.LOG2E + 0.5);
  const y = 1 + expm1Reduced(x - k * LN2_HIGH - k * LN2_LOW);
  if (k >= SMALLEST_EXPONENT && k <= 1023) return y * powerOfTwo(k);
  // 2^1024 is not a double, and a subnormal result must be rounded once only: scale in two steps there.
  return k > 0 ? y * 2 * powerOfTwo(k - 1) : y * powerOfTwo(k + 1000) * powerOfTwo(-1000);
}

/** e^x - 1, exact near 0 where `exp(x) - 1` would lose the digits. */
export function expm1(x: number): number {
  if (x > 709) return exp(x);
  if (x < -38) return -1;
  if (x === 0 || Number.isNaN(x)) return x;
  const k = Math.floor(x * Math.LOG2E + 0.5);
  const power = powerOfTwo(k);
  return power * expm1Reduced(x - k * LN2_HIGH - k * LN2_LOW) + (power - 1);
}

/** 1 / (1 + e^-x), the gate of an LSTM. Small results keep their relative precision: e^x is never 1 - something. */
export function sigmoid(x: number): number {
  const e = exp(-Math.abs(x));
  return (x < 0 ? e : 1) / (1 + e);
}

/** (1 - e^-2x) / (1 + e^-2x). */
export function tanh(x: number): number {
  const t = expm1(-2 * Math.abs(x));
  const y = -t / (t + 2);
  return x < 0 ? -y : x === 0 ? x : y;
}

/** log(1 + f) = f - f^2/2 + s (f^2/2 + R), s = f / (2 + f); the coefficients of R in s^2, minimax. */
const L1 = 0.6666666666666735;
const L2 = 0.3999999999940942;
const L3 = 0.2857142874366239;
const L4 = 0.22222198432149784;
const L5 = 0.1818357216161805;
const L6 = 0.15313837699209373;
const L7 = 0.14798198605116586;

/** The natural logarithm of m 2^k with m close to 1: log(1 + f) + k ln 2. */
function logParts(f: number, k: number, correction: number): number {
  const s = f / (2 + f);
  const z = s * s;
  const r = z * (L1 + z * (L2 + z * (L3 + z * (L4 + z * (L5 + z * (L6 + z * L7))))));
  const half = 0.5 * f * f;
  return k * LN2_HIGH - (half - (s * (half + r) + (k * LN2_LOW + correction)) - f);
}

const bits = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(8));

/** The natural logarithm: -Infinity at 0, NaN below. */
export function log(x: number): number {
  if (!(x > 0) || x === Number.POSITIVE_INFINITY)
    return x === 0 ? Number.NEGATIVE_INFINITY : x < 0 ? Number.NaN : x;
  let k = 0;
  let m = x;
  if (m < 2.2250738585072014e-308) {
    m *= 2 ** 54;
    k = -54;
  }
  bits.setFloat64(0, m);
  const high = bits.getUint32(0);
  k += (high >>> 20) - 1023;
  bits.setUint32(0, (high & 0x000f_ffff) | 0x3ff0_0000);
  m = bits.getFloat64(0);
  if (m > Math.SQRT2) {
    m /= 2;
    k += 1;
  }
  return logParts(m - 1, k, 0);
}

/** log(1 + x), exact near 0. */
export function log1p(x: number): number {
  if (x > -0.29 && x < 0.41) return x === 0 ? x : logParts(x, 0, 0);
  const u = 1 + x;
  if (u <= 0 || u === Number.POSITIVE_INFINITY) return log(u);
  return log(u) + (x - (u - 1)) / u;
}

/** log(1 + e^x) without overflow. */
export function softplus(x: number): number {
  return Math.max(0, x) + log1p(exp(-Math.abs(x)));
}

const TWO_OVER_SQRT_PI = 1.1283791670955126;

/**
 * The error function, by its series erf(x) = 2/sqrt(pi) e^(-x^2) (x + 2x^3/3 + 4x^5/15 + ...), whose terms are
 * all of one sign, so that nothing cancels (Abramowitz and Stegun 7.1.6).
 */
export function erf(x: number): number {
  if (x > 6 || x < -6) return Math.sign(x);
  const square = 2 * x * x;
  let term = x;
  let sum = x;
  for (let n = 3; Math.abs(term) > 1e-17 * Math.abs(sum); n += 2) {
    term *= square / n;
    sum += term;
  }
  return Math.max(-1, Math.min(1, TWO_OVER_SQRT_PI * exp(-x * x) * sum));
}

/** base^exponent for a whole exponent of at least 0, by repeated squaring. */
export function power(base: number, exponent: number): number {
  let result = 1;
  let factor = base;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= factor;
    factor *= factor;
  }
  return result;
}

/** base^exponent for a base of at least 0 and any exponent. */
export function raise(base: number, exponent: number): number {
  if (Number.isInteger(exponent) && exponent >= 0 && exponent <= 16) return power(base, exponent);
  return exponent === 0 ? 1 : exp(exponent * log(base));
}

/** What the double nearest to pi lacks of it. */
const PI_LOW = 1.2246467991473532e-16;

/** cos(x) for 0 <= x <= pi, by its series around the nearer of 0, pi/2 and pi. */
export function cosine(x: number): number {
  if (x > 0.75 * Math.PI) return -cosineSeries(Math.PI - x + PI_LOW);
  if (x > 0.25 * Math.PI) return sineSeries(0.5 * Math.PI - x + PI_LOW / 2);
  return cosineSeries(x);
}

function cosineSeries(x: number): number {
  return alternatingSeries(1, x, 1);
}

function sineSeries(x: number): number {
  return alternatingSeries(x, x, 2);
}

/** first - first x^2/(n(n+1)) + ...: the series of sine and cosine; eleven terms suffice for |x| <= pi/4. */
function alternatingSeries(first: number, x: number, n: number): number {
  let term = first;
  let sum = first;
  for (let i = n; i < n + 22; i += 2) {
    term *= (-x * x) / (i * (i + 1));
    sum += term;
  }
  return sum;
}
