/**
 * The kinds of numbers that a safetensors file can hold, in the order of the official library, which lays tensors out
 * by it: https://docs.rs/safetensors/latest/safetensors/tensor/enum.Dtype.html
 *
 * What JavaScript has no array for is held as its bits: F16 and BF16 in 16 of them, the kinds of 8 bits and fewer in
 * bytes as they lie in the file. C64 is a real and an imaginary part in turn.
 */

/** Which array holds the numbers of each kind. */
export interface ArrayOf {
  BOOL: Uint8Array;
  F4: Uint8Array;
  F6_E2M3: Uint8Array;
  F6_E3M2: Uint8Array;
  U8: Uint8Array;
  I8: Int8Array;
  F8_E5M2: Uint8Array;
  F8_E4M3: Uint8Array;
  F8_E8M0: Uint8Array;
  F8_E4M3FNUZ: Uint8Array;
  F8_E5M2FNUZ: Uint8Array;
  I16: Int16Array;
  U16: Uint16Array;
  F16: Uint16Array;
  BF16: Uint16Array;
  I32: Int32Array;
  U32: Uint32Array;
  F32: Float32Array;
  C64: Float32Array;
  F64: Float64Array;
  I64: BigInt64Array;
  U64: BigUint64Array;
}

export type Dtype = keyof ArrayOf;

/** What makes an array of a kind, and how many bits a number takes: less than an element where several share a byte. */
interface Kind<D extends Dtype> {
  readonly array: {
    new (buffer: ArrayBuffer): ArrayOf[D];
    readonly name: string;
    readonly BYTES_PER_ELEMENT: number;
  };
  readonly bits: number;
}

export const DTYPES: { readonly [D in Dtype]: Kind<D> } = {
  BOOL: { array: Uint8Array, bits: 8 },
  F4: { array: Uint8Array, bits: 4 },
  F6_E2M3: { array: Uint8Array, bits: 6 },
  F6_E3M2: { array: Uint8Array, bits: 6 },
  U8: { array: Uint8Array, bits: 8 },
  I8: { array: Int8Array, bits: 8 },
  F8_E5M2: { array: Uint8Array, bits: 8 },
  F8_E4M3: { array: Uint8Array, bits: 8 },
  F8_E8M0: { array: Uint8Array, bits: 8 },
  F8_E4M3FNUZ: { array: Uint8Array, bits: 8 },
  F8_E5M2FNUZ: { array: Uint8Array, bits: 8 },
  I16: { array: Int16Array, bits: 16 },
  U16: { array: Uint16Array, bits: 16 },
  F16: { array: Uint16Array, bits: 16 },
  BF16: { array: Uint16Array, bits: 16 },
  I32: { array: Int32Array, bits: 32 },
  U32: { array: Uint32Array, bits: 32 },
  F32: { array: Float32Array, bits: 32 },
  C64: { array: Float32Array, bits: 64 },
  F64: { array: Float64Array, bits: 64 },
  I64: { array: BigInt64Array, bits: 64 },
  U64: { array: BigUint64Array, bits: 64 },
};

export function isDtype(value: unknown): value is Dtype {
  return typeof value === 'string' && Object.hasOwn(DTYPES, value);
}
