/** The numbers of a stored tensor as the library computes with them, and tensors as they are stored. */
import { DataError, FormatError } from '../core/errors.js';
import { describe, unknownName } from '../core/options.js';
import type { StoredTensor } from '../core/safetensors.js';
import { fromSmallFloats, toSmallFloats } from '../core/small-floats.js';
import { checkedTensor, type FloatArray, isTensor, type Tensor } from '../core/tensor.js';

/** Tensors by name: the library's, or stored ones of any kind of number. */
export type NamedTensors =
  | ReadonlyMap<string, Tensor | StoredTensor>
  | Readonly<Record<string, Tensor | StoredTensor>>;

/** What numbers can be written as. */
export type FloatDtype = 'F64' | 'F32' | 'F16' | 'BF16';

const FLOAT_DTYPES: readonly FloatDtype[] = ['F64', 'F32', 'F16', 'BF16'];

/**
 * A stored tensor as one that the library computes with. F64 and what single precision cannot hold, whole numbers of 32
 * and 64 bits, come in double precision, all else in single precision; not one number is rounded.
 *
 * @param name  what a message calls it
 * @throws DataError for a whole number beyond 2^53, which double precision would round
 * @throws FormatError for complex numbers, and F4 and F6, whose order in a byte the format does not say
 *
 * @example const { data, shape } = toTensor(tensors.get('lstm.weight_ih_l0'));
 */
export function toTensor(stored: StoredTensor, name = 'the tensor'): Tensor {
  return checkedTensor(numbersOf(stored, name), stored.shape);
}

function numbersOf(stored: StoredTensor, name: string): FloatArray {
  switch (stored.dtype) {
    case 'F32':
    case 'F64':
      return stored.data.slice();
    case 'F16':
    case 'BF16':
    case 'F8_E5M2':
    case 'F8_E4M3':
    case 'F8_E8M0':
    case 'F8_E4M3FNUZ':
    case 'F8_E5M2FNUZ':
      return fromSmallFloats(stored.dtype, stored.data);
    case 'BOOL':
      return Float32Array.from(stored.data, (byte) => (byte === 0 ? 0 : 1));
    case 'U8':
    case 'I8':
    case 'U16':
    case 'I16':
      return Float32Array.from(stored.data);
    case 'U32':
    case 'I32':
      return Float64Array.from(stored.data);
    case 'U64':
    case 'I64':
      return Float64Array.from(stored.data as ArrayLike<bigint>, (value, i) => toSafe(value, name, i));
    default:
      throw new FormatError(
        `${name} holds numbers of ${stored.dtype}, which this library does not compute with`,
      );
  }
}

function toSafe(value: bigint, name: string, index: number): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new DataError(`${name} holds ${value} at index ${index}, which double precision would round`);
}

/**
 * A tensor as it is stored: its numbers as they are, or rounded to the nearest of another kind, to even in the middle.
 *
 * @param dtype  by default F32 or F64, as the array is
 * @throws DataError when a finite number would become infinite
 */
export function toStored({ data, shape }: Tensor, dtype?: FloatDtype, name = 'the tensor'): StoredTensor {
  const own = data instanceof Float32Array ? 'F32' : 'F64';
  const kind = dtype ?? own;
  const stored = storeAs(kind, data, shape);
  if (kind === own || kind === 'F64') return stored;
  const back =
    kind === 'F32' ? (stored.data as Float32Array) : fromSmallFloats(kind, stored.data as Uint16Array);
  let bad = -1;
  for (let i = 0; i < back.length && bad === -1; i++) {
    if (!Number.isFinite(back[i]) && Number.isFinite(data[i])) bad = i;
  }
  if (bad !== -1)
    throw new DataError(`${name} holds ${data[bad]} at index ${bad}, which ${kind} cannot hold`);
  return stored;
}

function storeAs(dtype: FloatDtype, data: FloatArray, shape: readonly number[]): StoredTensor {
  if (dtype === 'F64') return { dtype, shape, data: Float64Array.from(data) };
  if (dtype === 'F32') return { dtype, shape, data: Float32Array.from(data) };
  return { dtype, shape, data: toSmallFloats(dtype, data) };
}

/** @throws ConfigError for anything else */
export function checkFloatDtype(where: string, dtype: unknown): FloatDtype | undefined {
  if (dtype === undefined || FLOAT_DTYPES.includes(dtype as FloatDtype))
    return dtype as FloatDtype | undefined;
  throw unknownName(where, String(dtype), FLOAT_DTYPES);
}

/** Tensors of either sort, by name, as stored ones; those that are stored already stay as they are. */
export function storedTensors(
  where: string,
  tensors: NamedTensors,
  dtype: FloatDtype | undefined,
): Map<string, StoredTensor> {
  const isObject = typeof tensors === 'object' && tensors !== null && !Array.isArray(tensors);
  if (!isObject || ArrayBuffer.isView(tensors)) {
    throw new DataError(`${where} takes tensors by name, a Map or an object, but got ${describe(tensors)}`);
  }
  const entries = tensors instanceof Map ? [...tensors] : Object.entries(tensors as Record<string, unknown>);
  return new Map(
    entries.map(([name, tensor]) => {
      const isStored = typeof tensor === 'object' && tensor !== null && 'dtype' in tensor;
      if (isStored) return [name, tensor as StoredTensor];
      if (isTensor(tensor)) return [name, toStored(tensor, dtype, `'${name}'`)];
      throw new DataError(`${where}: '${name}' is a tensor({ data, shape }) but is ${describe(tensor)}`);
    }),
  );
}
