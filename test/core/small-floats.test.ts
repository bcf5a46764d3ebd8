import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromSmallFloats, type SmallFloatName, toSmallFloats } from '../../src/core/small-floats.js';

const ALL = Uint16Array.from({ length: 65536 }, (_, code) => code);

/** Every NaN as one, so that only what is a number is compared to the bit. */
function hashOf(values: Float32Array): string {
  const bits = Uint32Array.from(new Uint32Array(values.buffer), (word, i) =>
    Number.isNaN(values[i]) ? 0x7fc00000 : word,
  );
  return createHash('sha256').update(new Uint8Array(bits.buffer)).digest('hex');
}

/** Made with numpy 1.24's float16 and PyTorch 1.13's float16 and bfloat16, all codes from 0 to 65535 as float32. */
const HASHES = {
  F16: '385ff5fe69182797cda5f1827e20cf423f4416bc9246f27d0eec27cac9039259',
  BF16: 'f12e27efe34841dfd6391497b86f389096b03a376586e1d9691bba0a8de3980a',
} as const;

describe.each(['F16', 'BF16'] as const)('%s', (kind) => {
  const numbers = fromSmallFloats(kind, ALL);
  const sign = 0x8000;
  const infinity = numbers.indexOf(Number.POSITIVE_INFINITY);

  test('has the numbers of numpy and PyTorch, all 65,536 of them', () => {
    expect(hashOf(numbers)).toBe(HASHES[kind]);
  });

  test('gives every code back, and NaN as NaN', () => {
    const again = toSmallFloats(kind, numbers);
    const twice = fromSmallFloats(kind, again);
    const wrong = ALL.filter((code) =>
      Number.isNaN(numbers[code]) ? !Number.isNaN(twice[code]) : again[code] !== code,
    );
    expect([...wrong.slice(0, 9)]).toEqual([]);
  });

  test('rounds to the nearest, in the middle to the even one, between all neighbors', () => {
    const wrong: string[] = [];
    const check = (value: number, code: number) => {
      const found = toSmallFloats(kind, [value, -value]);
      if (found[0] !== code || found[1] !== (code | sign)) wrong.push(`${value}: ${found} where ${code} is`);
    };
    for (let code = 0; code + 1 < infinity; code++) {
      const [low, high] = [numbers[code] as number, numbers[code + 1] as number];
      const middle = (low + high) / 2;
      const step = (high - low) * 2 ** -30;
      check(middle - step, code);
      check(middle, code % 2 === 0 ? code : code + 1);
      check(middle + step, code + 1);
    }
    expect(wrong.slice(0, 5)).toEqual([]);
  });

  test('makes infinite what is beyond the last number by half a step, and no sooner', () => {
    const [before, last] = [numbers[infinity - 2] as number, numbers[infinity - 1] as number];
    const edge = last + (last - before) / 2;
    expect(toSmallFloats(kind, [edge * (1 - 2 ** -40), edge, -edge, Number.MAX_VALUE])).toEqual(
      Uint16Array.of(infinity - 1, infinity, infinity | sign, infinity),
    );
    expect(toSmallFloats(kind, [Number.MIN_VALUE, -Number.MIN_VALUE, -0])).toEqual(
      Uint16Array.of(0, sign, sign),
    );
  });

  test('rounds any double like a search of the nearest', () => {
    const positive = numbers.subarray(0, infinity);
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) => {
        const size = Math.abs(value);
        let code = 0;
        while (code + 1 < infinity && (positive[code + 1] as number) <= size) code++;
        const next = code + 1 < infinity ? (positive[code + 1] as number) : 2 * size;
        const isUp = next - size < size - (positive[code] as number);
        const isMiddle = next - size === size - (positive[code] as number);
        const last = positive[infinity - 1] as number;
        const edge = last + (last - (positive[infinity - 2] as number)) / 2;
        const nearest = size >= edge ? infinity : isUp || (isMiddle && code % 2 === 1) ? code + 1 : code;
        const isNegative = Object.is(value, -0) || value < 0;
        expect(toSmallFloats(kind, [value])[0]).toBe(Math.min(nearest, infinity) | (isNegative ? sign : 0));
      }),
      { numRuns: 50 },
    );
  });
});

describe('kinds of eight bits', () => {
  /** The table of the OCP specification, section 5.1, and those of the papers. */
  const cases: [SmallFloatName, number, number][] = [
    ['F8_E5M2', 0x7b, 57344],
    ['F8_E5M2', 0x7c, Number.POSITIVE_INFINITY],
    ['F8_E5M2', 0xfc, Number.NEGATIVE_INFINITY],
    ['F8_E5M2', 0x7d, Number.NaN],
    ['F8_E5M2', 0x04, 2 ** -14],
    ['F8_E5M2', 0x01, 2 ** -16],
    ['F8_E4M3', 0x7e, 448],
    ['F8_E4M3', 0xfe, -448],
    ['F8_E4M3', 0x7f, Number.NaN],
    ['F8_E4M3', 0xff, Number.NaN],
    ['F8_E4M3', 0x08, 2 ** -6],
    ['F8_E4M3', 0x01, 2 ** -9],
    ['F8_E4M3', 0x38, 1],
    ['F8_E4M3FNUZ', 0x7f, 240],
    ['F8_E4M3FNUZ', 0x80, Number.NaN],
    ['F8_E4M3FNUZ', 0x01, 2 ** -10],
    ['F8_E5M2FNUZ', 0x7f, 57344],
    ['F8_E5M2FNUZ', 0x80, Number.NaN],
    ['F8_E5M2FNUZ', 0x01, 2 ** -17],
    ['F8_E8M0', 0x00, 2 ** -127],
    ['F8_E8M0', 0x7f, 1],
    ['F8_E8M0', 0xfe, 2 ** 127],
    ['F8_E8M0', 0xff, Number.NaN],
  ];

  test.each(cases)('%s %i is %f', (kind, code, value) => {
    expect(fromSmallFloats(kind, Uint8Array.of(code))[0]).toBe(value);
  });

  test('have no number twice, but for NaN and the zeros of kinds with two', () => {
    const codes = Uint8Array.from({ length: 256 }, (_, code) => code);
    const different = (kind: SmallFloatName) => new Set(fromSmallFloats(kind, codes)).size;
    expect(different('F8_E5M2')).toBe(256 - 5 - 1);
    expect(different('F8_E4M3')).toBe(256 - 1 - 1);
    expect(different('F8_E4M3FNUZ')).toBe(256);
    expect(different('F8_E5M2FNUZ')).toBe(256);
    expect(different('F8_E8M0')).toBe(256);
  });
});
