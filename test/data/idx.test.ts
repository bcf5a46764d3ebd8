import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FormatError, readIdx } from '../../src/index.js';

/** For each type: its code, its array, and how a value is written. */
const types = [
  { code: 8, bytes: 1, Type: Uint8Array, write: 'setUint8' },
  { code: 9, bytes: 1, Type: Int8Array, write: 'setInt8' },
  { code: 11, bytes: 2, Type: Int16Array, write: 'setInt16' },
  { code: 12, bytes: 4, Type: Int32Array, write: 'setInt32' },
  { code: 13, bytes: 4, Type: Float32Array, write: 'setFloat32' },
  { code: 14, bytes: 8, Type: Float64Array, write: 'setFloat64' },
] as const;

/** An IDX file, somewhere in the middle of a buffer. */
function fileOf(
  { code, bytes, write }: (typeof types)[number],
  shape: number[],
  values: number[],
): Uint8Array {
  const start = 4 + 4 * shape.length;
  const file = new Uint8Array(3 + start + values.length * bytes).subarray(3);
  file.set([0, 0, code, shape.length]);
  const view = new DataView(file.buffer, 3);
  shape.forEach((size, axis) => void view.setUint32(4 + 4 * axis, size));
  values.forEach((value, k) => void view[write](start + k * bytes, value));
  return file;
}

const images = fileOf(types[0], [2, 2, 3], [0, 1, 2, 3, 4, 5, 255, 254, 253, 252, 251, 250]);

describe('readIdx', () => {
  test('reads images and labels as MNIST gives them, byte by byte', () => {
    expect(Array.from(images.subarray(0, 16))).toEqual([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3]);
    expect(readIdx(images)).toEqual({
      data: Uint8Array.of(0, 1, 2, 3, 4, 5, 255, 254, 253, 252, 251, 250),
      shape: [2, 2, 3],
    });
    expect(readIdx(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4)).data).toEqual(Uint8Array.of(5, 0, 4));
    expect(readIdx(Buffer.from(images)).shape).toEqual([2, 2, 3]);
  });

  test('reads every type, wherever the file lies in its buffer', () => {
    const files = fc.record({
      type: fc.constantFrom(...types),
      shape: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 3 }),
      numbers: fc.array(fc.double({ noNaN: true }), { minLength: 64, maxLength: 64 }),
    });
    fc.assert(
      fc.property(files, ({ type, shape, numbers }) => {
        const length = shape.reduce((product, size) => product * size, 1);
        const data = type.Type.from(numbers.slice(0, length));
        expect(readIdx(fileOf(type, shape, Array.from(data)))).toEqual({ data, shape });
      }),
    );
  });

  test('names what is wrong with a file', () => {
    const messageOf = (file: Uint8Array) => {
      try {
        readIdx(file, { name: 'digits' });
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
        return (error as Error).message;
      }
      return 'read';
    };
    expect(messageOf(images.subarray(0, 20))).toBe(
      'digits is cut short: an array [2, 2, 3] takes 28 bytes but there are 20',
    );
    expect(messageOf(Uint8Array.of(...images, 1))).toBe(
      'digits is too long: an array [2, 2, 3] takes 28 bytes but there are 29',
    );
    expect(messageOf(images.subarray(0, 9))).toBe(
      'digits ends within the sizes of its 3 axes, after 9 bytes',
    );
    expect(messageOf(Uint8Array.of(0x1f, 0x8b, 8, 0))).toMatch(/^digits is packed by gzip: unpack it first/);
    expect(messageOf(Uint8Array.of())).toMatch(/^digits is no IDX file/);
    expect(messageOf(Uint8Array.of(0, 0, 8))).toMatch(/^digits is no IDX file/);
    expect(messageOf(new TextEncoder().encode('a,b\n1,2\n'))).toMatch(/^digits is no IDX file/);
    expect(messageOf(Uint8Array.of(0, 0, 10, 1, 0, 0, 0, 0))).toBe(
      'digits has values of type 10: IDX knows 8, 9, 11, 12, 13, 14',
    );
    expect(messageOf(Uint8Array.of(0, 0, 8, 0))).toBe('digits has no axes, and so no values');
    // 255 axes of 4 billion: no memory is asked for.
    const huge = new Uint8Array(4 + 4 * 255).fill(255);
    huge.set([0, 0, 14, 255]);
    expect(messageOf(huge)).toMatch(/^digits is cut short: .* takes Infinity bytes but there are 1024$/);
    expect(() => readIdx('file' as unknown as Uint8Array)).toThrow("from a Uint8Array but got 'file'");
  });

  test('gives what 10,000 damaged files say, or an error', () => {
    const damage = fc.array(fc.tuple(fc.nat({ max: 30 }), fc.nat({ max: 255 })), { maxLength: 4 });
    fc.assert(
      fc.property(damage, fc.nat({ max: 30 }), (bytes, end) => {
        const file = images.slice(0, end);
        for (const [at, value] of bytes) if (at < file.length) file[at] = value;
        try {
          const { data, shape } = readIdx(file);
          expect(data.length).toBe(shape.reduce((product, size) => product * size, 1));
          expect(4 + 4 * shape.length + data.byteLength).toBe(file.length);
        } catch (error) {
          if (!(error instanceof FormatError)) throw error;
        }
      }),
      { numRuns: 10_000 },
    );
  });
});
