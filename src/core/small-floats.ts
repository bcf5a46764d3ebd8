/**
 * Floating-point numbers of 16 bits and fewer. A number of sign s, exponent field e and mantissa m of M bits is
 *
 *     (-1)^s 2^(e - bias) (1 + m / 2^M)        (-1)^s 2^(1 - bias) m / 2^M where e is 0
 *
 * and the kinds differ in M, in the bias, and in which of their codes are infinities and NaN:
 *
 *     F16        IEEE 754-2008 binary16
 *     BF16       the upper half of binary32
 *     F8_E5M2    as IEEE: e of all ones is an infinity (m = 0) or NaN    OCP 8-bit Floating Point Specification 1.0
 *     F8_E4M3    no infinities; all ones but the sign is NaN             the same
 *     FNUZ       no infinities, no negative zero; its code is NaN        Noune et al. 2022, arXiv:2206.02915
 *     F8_E8M0    2^(e - 127), no sign, no zero; 255 is NaN               OCP Microscaling Formats 1.0
 */

import { isLittleEndian } from './byte-order.js';

interface SmallFloat {
  readonly exponentBits: number;
  readonly mantissaBits: number;
  readonly bias: number;
  /** Which codes are infinities and NaN: see above. */
  readonly special: 'ieee' | 'allOnes' | 'negativeZero';
}

const SMALL_FLOATS = {
  F16: { exponentBits: 5, mantissaBits: 10, bias: 15, special: 'ieee' },
  BF16: { exponentBits: 8, mantissaBits: 7, bias: 127, special: 'ieee' },
  F8_E5M2: { exponentBits: 5, mantissaBits: 2, bias: 15, special: 'ieee' },
  F8_E4M3: { exponentBits: 4, mantissaBits: 3, bias: 7, special: 'allOnes' },
  F8_E5M2FNUZ: { exponentBits: 5, mantissaBits: 2, bias: 16, special: 'negativeZero' },
  F8_E4M3FNUZ: { exponentBits: 4, mantissaBits: 3, bias: 8, special: 'negativeZero' },
} as const satisfies Record<string, SmallFloat>;

export type SmallFloatName = keyof typeof SMALL_FLOATS | 'F8_E8M0';

/** The numbers of these codes; single precision holds each of them. */
export function fromSmallFloats(kind: SmallFloatName, codes: Uint8Array | Uint16Array): Float32Array {
  const decode = kind === 'F8_E8M0' ? powerOfTwo : (code: number) => decodeSmall(SMALL_FLOATS[kind], code);
  const count = codes instanceof Uint8Array ? 256 : 65536;
  if (codes.length < count) return Float32Array.from(codes, decode);
  const table = Float32Array.from({ length: count }, (_, code) => decode(code));
  const values = new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i++) values[i] = table[codes[i] as number] as number;
  return values;
}

/**
 * The codes of the numbers nearest to these; in the middle of two, of the one whose last bit is 0. What is too large
 * becomes an infinity, what is too small a zero, each with its sign, and NaN stays NaN.
 */
export function toSmallFloats(kind: 'F16' | 'BF16', values: ArrayLike<number>): Uint16Array<ArrayBuffer> {
  const { exponentBits, mantissaBits, bias } = SMALL_FLOATS[kind];
  const infinity = (2 ** exponentBits - 1) << mantissaBits;
  const notANumber = infinity | (1 << (mantissaBits - 1));
  // Below the smallest exponent of a normal number the step between two numbers stays the same.
  const smallest = 1 - bias;
  const stepsOf = Float64Array.from(
    { length: bias - smallest + 1 },
    (_, i) => 2 ** (mantissaBits - smallest - i),
  );
  const double = new Float64Array(1);
  const words = new Uint32Array(double.buffer);
  const top = isLittleEndian() ? 1 : 0;
  const codes = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    double[0] = value;
    const word = words[top] as number;
    const sign = (word >>> 16) & 0x8000;
    const exponent = Math.max(((word >>> 20) & 0x7ff) - 1023, smallest);
    if (Number.isNaN(value)) codes[i] = sign | notANumber;
    else if (exponent > bias) codes[i] = sign | infinity;
    else {
      const steps = roundToEven(Math.abs(value) * (stepsOf[exponent - smallest] as number));
      // The leading 1 of `steps` counts as one in the exponent's field, and so does a carry.
      codes[i] = sign | (((exponent - smallest) << mantissaBits) + steps);
    }
  }
  return codes;
}

/** The whole number nearest to one from 0 to 2^51: above 2^52 doubles have no fractions, and a sum is rounded so. */
function roundToEven(value: number): number {
  return value + 2 ** 52 - 2 ** 52;
}

function decodeSmall({ exponentBits, mantissaBits, bias, special }: SmallFloat, code: number): number {
  const mantissa = code & (2 ** mantissaBits - 1);
  const exponent = (code >> mantissaBits) & (2 ** exponentBits - 1);
  const isNegative = code >> (mantissaBits + exponentBits) === 1;
  const hasAllOnes = exponent === 2 ** exponentBits - 1;
  if (special === 'negativeZero' && isNegative && exponent === 0 && mantissa === 0) return Number.NaN;
  if (special === 'allOnes' && hasAllOnes && mantissa === 2 ** mantissaBits - 1) return Number.NaN;
  const sign = isNegative ? -1 : 1;
  if (special === 'ieee' && hasAllOnes) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * mantissa * 2 ** (1 - bias - mantissaBits);
  return sign * (2 ** mantissaBits + mantissa) * 2 ** (exponent - bias - mantissaBits);
}

/** A number of F8_E8M0. */
function powerOfTwo(code: number): number {
  return code === 255 ? Number.NaN : 2 ** (code - 127);
}
