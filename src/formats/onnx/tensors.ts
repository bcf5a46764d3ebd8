/** The tensors of an ONNX file: weights, and the small whole numbers that shapes are made of. */
import { FormatError } from '../../core/errors.js';
import { fromSmallFloats } from '../../core/small-floats.js';
import { formatShape, sizeOf } from '../../core/tensor.js';
import { bytesField, intField, type Parts, readFields, readPackedInts, textField } from './protobuf.js';

/** The types of numbers, as ONNX numbers them. */
export const FLOAT = 1;
export const INT32 = 6;
export const INT64 = 7;
export const BOOL = 9;
const FLOAT16 = 10;
const DOUBLE = 11;
const BFLOAT16 = 16;

/** How many bytes a number of each type has. */
const WIDTHS: Readonly<Record<number, number>> = {
  [FLOAT]: 4,
  [INT32]: 4,
  [INT64]: 8,
  [BOOL]: 1,
  [FLOAT16]: 2,
  [DOUBLE]: 8,
  [BFLOAT16]: 2,
};

export interface OnnxTensor {
  readonly name: string;
  readonly type: number;
  readonly shape: readonly number[];
  /** Whole numbers of 64 bits are held as they are written, rounded beyond 2^53. */
  readonly data: Float32Array | Float64Array;
}

export function encodeTensor({ name, type, shape, data }: OnnxTensor): Parts {
  return [
    ...shape.flatMap((axis) => [...intField(1, axis)]),
    ...intField(2, type),
    ...textField(8, name),
    ...bytesField(9, [rawBytes(type, data)]),
  ];
}

function rawBytes(type: number, data: OnnxTensor['data']): Uint8Array {
  const width = WIDTHS[type] as number;
  const bytes = new Uint8Array(width * data.length);
  const view = new DataView(bytes.buffer);
  data.forEach((value, k) => {
    if (type === FLOAT) view.setFloat32(4 * k, value, true);
    else if (type === INT64) view.setBigInt64(8 * k, BigInt(value), true);
    else if (type === INT32) view.setInt32(4 * k, value, true);
    else bytes[k] = value;
  });
  return bytes;
}

/** @throws FormatError when the tensor is not what it says it is, or of a type that is not read */
export function readTensor(bytes: Uint8Array): OnnxTensor {
  const shape: number[] = [];
  let type = 0;
  let name = '';
  let raw: Uint8Array | undefined;
  const packed: { field: number; bytes: Uint8Array; number: number }[] = [];
  for (const { field, number, bytes: part } of readFields(bytes, 'a tensor')) {
    if (field === 1)
      shape.push(...(part.length > 0 ? readPackedInts(part, 'the shape of a tensor') : [number]));
    else if (field === 2) type = number;
    else if (field === 8) name = new TextDecoder().decode(part.subarray(0, 1000));
    else if (field === 9) raw = part;
    else if (field === 4 || field === 5 || field === 7 || field === 10)
      packed.push({ field, bytes: part, number });
    else if (field === 13 || (field === 14 && number !== 0)) {
      throw new FormatError(
        `the tensor '${name}' lies in another file, which is not read: save the model with its weights inside`,
      );
    }
    if (shape.length > 8) throw new FormatError(`the tensor '${name}' has more than 8 axes`);
  }
  const width = WIDTHS[type];
  if (width === undefined)
    throw new FormatError(`the tensor '${name}' holds numbers of ONNX's type ${type}, which is not read`);
  const size = sizeOf(shape);
  if (!shape.every((axis) => Number.isSafeInteger(axis) && axis >= 0) || !Number.isSafeInteger(size))
    throw new FormatError(`the tensor '${name}' has a shape ${formatShape(shape)} that no tensor has`);
  const data = raw ? fromRaw(raw, type, width) : fromFields(packed);
  if (data.length !== size || (raw !== undefined && raw.length !== size * width)) {
    throw new FormatError(`the tensor '${name}' is ${formatShape(shape)} but holds ${data.length} numbers`);
  }
  return { name, type, shape, data };
}

function fromRaw(raw: Uint8Array, type: number, width: number): OnnxTensor['data'] {
  const length = Math.floor(raw.length / width);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  if (type === FLOAT16 || type === BFLOAT16) {
    const codes = Uint16Array.from({ length }, (_, k) => view.getUint16(2 * k, true));
    return fromSmallFloats(type === FLOAT16 ? 'F16' : 'BF16', codes);
  }
  const data = type === FLOAT ? new Float32Array(length) : new Float64Array(length);
  for (let k = 0; k < length; k++) {
    if (type === FLOAT) data[k] = view.getFloat32(4 * k, true);
    else if (type === DOUBLE) data[k] = view.getFloat64(8 * k, true);
    else if (type === INT64) data[k] = Number(view.getBigInt64(8 * k, true));
    else if (type === INT32) data[k] = view.getInt32(4 * k, true);
    else data[k] = raw[k] as number;
  }
  return data;
}

/** Numbers in the fields for floats (4), 32 bits (5), 64 bits (7) and doubles (10). */
function fromFields(
  packed: readonly { field: number; bytes: Uint8Array; number: number }[],
): OnnxTensor['data'] {
  const isFloat = packed[0]?.field === 4;
  const numbers = packed.map(({ field, bytes, number }) => {
    if (bytes.length === 0) return [number];
    if (field === 5 || field === 7) return readPackedInts(bytes, 'a tensor');
    return fromRaw(bytes, field === 4 ? FLOAT : DOUBLE, field === 4 ? 4 : 8);
  });
  const data = new (isFloat ? Float32Array : Float64Array)(
    numbers.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const part of numbers) {
    data.set(part, at);
    at += part.length;
  }
  return data;
}
