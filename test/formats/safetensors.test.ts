import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DTYPES, type Dtype } from '../../src/core/dtypes.js';
import { ConfigError, DataError, FormatError } from '../../src/core/errors.js';
import { tensor } from '../../src/core/tensor.js';
import {
  readSafetensors,
  type StoredTensor,
  toStored,
  toTensor,
  writeSafetensors,
} from '../../src/formats/index.js';

const fixture = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url));

describe('the official library', () => {
  const bytes = fixture('safetensors-dtypes.safetensors');

  test('writes every kind of number, and they are read as they lie there', () => {
    const { tensors, metadata } = readSafetensors(bytes);
    expect(metadata).toEqual({ note: 'quotes " and \\ and é' });
    const kinds = [...tensors.values()].map(({ dtype }) => dtype);
    const missing = Object.keys(DTYPES).filter((dtype) => !kinds.includes(dtype as Dtype));
    expect(missing).toEqual(['F6_E2M3', 'F6_E3M2']);
    expect(tensors.get('w.uint64')?.data[0]).toBe(readUint64(bytes));
    expect(tensors.get('é')?.shape).toEqual([]);
    expect(tensors.get('é.empty')?.data.length).toBe(0);
    expect(tensors.get('z.bool')?.data).toEqual(Uint8Array.of(0, 1, 0, 1, 0, 1, 0, 1));
  });

  test('would write the same bytes', () => {
    const { tensors, metadata } = readSafetensors(bytes);
    const shuffled = new Map([...tensors].sort(([a], [b]) => (a < b ? 1 : -1)));
    expect(Buffer.from(writeSafetensors(shuffled, { metadata })).equals(bytes)).toBe(true);
  });

  test.each(['stacked', 'gated', 'projected'])('and PyTorch would write the same state dict: %s', (name) => {
    const theirs = fixture(`torch-${name}.safetensors`);
    const { tensors, metadata } = readSafetensors(theirs);
    expect(Buffer.from(writeSafetensors(new Map([...tensors].reverse()), { metadata })).equals(theirs)).toBe(
      true,
    );
  });
});

/** The first number behind the header, whose length is the first number of the file. */
function readUint64(bytes: Buffer): bigint {
  return bytes.readBigUInt64LE(8 + Number(bytes.readBigUInt64LE(0)));
}

describe('numbers of four and six bits', () => {
  test('share bytes, so that as many as fill them are whole', () => {
    const tensors = new Map<string, StoredTensor>([
      ['four', { dtype: 'F4', shape: [3, 2], data: Uint8Array.of(1, 2, 3) }],
      ['six', { dtype: 'F6_E2M3', shape: [4], data: Uint8Array.of(4, 5, 6) }],
    ]);
    expect(readSafetensors(writeSafetensors(tensors)).tensors).toEqual(new Map([...tensors].reverse()));
  });

  test('that end inside a byte are refused', () => {
    const write = () => writeSafetensors({ w: { dtype: 'F4', shape: [3], data: new Uint8Array(2) } });
    expect(write).toThrow(FormatError);
    expect(write).toThrow(/tensor 'w' ends inside a byte: \[3\] of F4 takes 1.5 bytes/);
  });
});

describe('a stored tensor as numbers', () => {
  const data = {
    BOOL: Uint8Array.of(0, 1, 7),
    U8: Uint8Array.of(0, 255, 1),
    I8: Int8Array.of(-128, 127, 0),
    U16: Uint16Array.of(65535, 0, 1),
    I16: Int16Array.of(-32768, 1, 0),
    U32: Uint32Array.of(2 ** 32 - 1, 0, 1),
    I32: Int32Array.of(-(2 ** 31), 1, 0),
    U64: BigUint64Array.of(2n ** 53n - 1n, 0n, 1n),
    I64: BigInt64Array.of(-(2n ** 53n) + 1n, 1n, 0n),
    F16: Uint16Array.of(0x3c00, 0xc000, 0x0001),
    BF16: Uint16Array.of(0x3f80, 0xc000, 0x0001),
    F8_E4M3: Uint8Array.of(0x38, 0xb8, 0),
    F32: Float32Array.of(0.1, -2, 3),
    F64: Float64Array.of(0.1, -2, 3),
  } as const;
  const values: Record<keyof typeof data, number[]> = {
    BOOL: [0, 1, 1],
    U8: [0, 255, 1],
    I8: [-128, 127, 0],
    U16: [65535, 0, 1],
    I16: [-32768, 1, 0],
    U32: [2 ** 32 - 1, 0, 1],
    I32: [-(2 ** 31), 1, 0],
    U64: [2 ** 53 - 1, 0, 1],
    I64: [-(2 ** 53) + 1, 1, 0],
    F16: [1, -2, 2 ** -24],
    BF16: [1, -2, 2 ** -133],
    F8_E4M3: [1, -1, 0],
    F32: [Math.fround(0.1), -2, 3],
    F64: [0.1, -2, 3],
  };

  test.each(Object.keys(data) as (keyof typeof data)[])('%s', (dtype) => {
    const stored = { dtype, shape: [3], data: data[dtype] } as StoredTensor;
    const found = toTensor(stored);
    expect([...found.data]).toEqual(values[dtype]);
    expect(found.shape).toEqual([3]);
    expect(found.data).not.toBe(stored.data);
  });

  test('that would have to be rounded, or are none, are refused by name', () => {
    const large: StoredTensor = { dtype: 'I64', shape: [2], data: BigInt64Array.of(0n, 2n ** 53n) };
    expect(() => toTensor(large, "'steps'")).toThrow(DataError);
    expect(() => toTensor(large, "'steps'")).toThrow(/'steps' holds 9007199254740992 at index 1/);
    const complex: StoredTensor = { dtype: 'C64', shape: [1], data: Float32Array.of(1, 2) };
    expect(() => toTensor(complex)).toThrow(/holds numbers of C64/);
    expect(() => toTensor({ dtype: 'F4', shape: [2], data: Uint8Array.of(1) })).toThrow(FormatError);
  });
});

describe('tensors of the library', () => {
  test('are stored as they are, or rounded where that is asked for', () => {
    const single = tensor([0.1, -2], [2]);
    const double = tensor(Float64Array.of(0.1), [1]);
    const kinds = (dtype?: 'F16' | 'BF16' | 'F64') =>
      [...readSafetensors(writeSafetensors({ single, double }, dtype ? { dtype } : {})).tensors].map(
        ([name, stored]) => [name, stored.dtype, [...toTensor(stored).data]],
      );
    expect(kinds()).toEqual([
      ['double', 'F64', [0.1]],
      ['single', 'F32', [Math.fround(0.1), -2]],
    ]);
    expect(kinds('F16')).toEqual([
      ['double', 'F16', [0.0999755859375]],
      ['single', 'F16', [0.0999755859375, -2]],
    ]);
    expect(kinds('BF16')).toEqual([
      ['double', 'BF16', [0.10009765625]],
      ['single', 'BF16', [0.10009765625, -2]],
    ]);
    expect(kinds('F64')[1]).toEqual(['single', 'F64', [Math.fround(0.1), -2]]);
  });

  test('that would become infinite are refused by name, those that are so already are not', () => {
    expect(() => writeSafetensors({ w: tensor([1, 65520], [2]) }, { dtype: 'F16' })).toThrow(
      /'w' holds 65520 at index 1, which F16 cannot hold/,
    );
    expect(() => toStored(tensor(Float64Array.of(1e39), [1]), 'F32')).toThrow(DataError);
    const infinite = toStored(tensor([Number.POSITIVE_INFINITY, Number.NaN], [2]), 'BF16');
    expect([...infinite.data]).toEqual([0x7f80, 0x7fc0]);
  });

  test('come back to the bit', () => {
    fc.assert(
      fc.property(fc.float64Array({ minLength: 0, maxLength: 20 }), fc.string(), (data, name) => {
        fc.pre(name !== '__metadata__');
        const bytes = writeSafetensors(new Map([[name, tensor(data, [data.length])]]));
        expect(toTensor(readSafetensors(bytes).tensors.get(name) as StoredTensor).data).toEqual(data);
      }),
      { numRuns: 50 },
    );
  });
});

test('what is no set of tensors, no kind and no bytes is named', () => {
  expect(() => writeSafetensors([] as never)).toThrow(DataError);
  expect(() => writeSafetensors({ w: [1, 2] as never })).toThrow(
    /'w' is a tensor\(\{ data, shape \}\) but is an array/,
  );
  expect(() => writeSafetensors({}, { dtype: 'F15' as never })).toThrow(ConfigError);
  expect(() => writeSafetensors({}, { type: 'F16' } as never)).toThrow(/option 'type' is not known/);
  expect(() => readSafetensors(new ArrayBuffer(8) as never)).toThrow(/write new Uint8Array\(buffer\)/);
});
