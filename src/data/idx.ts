/**
 * IDX, the format in which the MNIST digits and their successors are given away (LeCun, Cortes and Burges, "The MNIST
 * Database"): an array of any number of axes, row-major, every number with its high byte first.
 *
 *     0 0  type  axes  size of each axis (4 bytes each)  values
 *
 * where type is 8 for unsigned bytes, 9 for signed ones, 11 and 12 for whole numbers of 2 and 4 bytes, 13 and 14 for
 * floating-point numbers of 4 and 8.
 */
import { FormatError } from '../core/errors.js';
import { describe } from '../core/options.js';

export interface IdxArray {
  /** The values, row-major, in the type of the file. */
  readonly data: Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
  /** The size of every axis, outermost first. */
  readonly shape: readonly number[];
}

interface ValueType {
  readonly bytes: number;
  /** An array for so many values, and how one is read from a view. */
  make(length: number): IdxArray['data'];
  read(view: DataView, offset: number): number;
}

const TYPES: Readonly<Record<number, ValueType>> = {
  8: { bytes: 1, make: (n) => new Uint8Array(n), read: (view, at) => view.getUint8(at) },
  9: { bytes: 1, make: (n) => new Int8Array(n), read: (view, at) => view.getInt8(at) },
  11: { bytes: 2, make: (n) => new Int16Array(n), read: (view, at) => view.getInt16(at) },
  12: { bytes: 4, make: (n) => new Int32Array(n), read: (view, at) => view.getInt32(at) },
  13: { bytes: 4, make: (n) => new Float32Array(n), read: (view, at) => view.getFloat32(at) },
  14: { bytes: 8, make: (n) => new Float64Array(n), read: (view, at) => view.getFloat64(at) },
};

const HEADER = 4;
const SIZE = 4;
const GZIP = [0x1f, 0x8b] as const;

/**
 * Reads an IDX file, such as `train-images-idx3-ubyte`.
 *
 * @param bytes  the whole file, unpacked
 * @param options.name  what the file is called in an error
 * @returns the values in the type of the file, and the shape: `[images, rows, columns]`, or `[labels]`
 * @throws FormatError for a file that is cut short, too long, packed, or no IDX file
 *
 * @example
 * const { data, shape } = readIdx(await readFile('train-images-idx3-ubyte'));
 * const x = tensor(Float32Array.from(data, (gray) => gray / 255), shape);
 */
export function readIdx(bytes: Uint8Array, options: { readonly name?: string } = {}): IdxArray {
  const name = options.name ?? 'the file';
  if (!(bytes instanceof Uint8Array)) {
    throw new FormatError(`an IDX file is read from a Uint8Array but got ${describe(bytes)}`);
  }
  const { type, axes } = readHeader(bytes, name);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = HEADER + SIZE * axes;
  if (bytes.length < start) {
    throw new FormatError(`${name} ends within the sizes of its ${axes} axes, after ${bytes.length} bytes`);
  }
  const shape = Array.from({ length: axes }, (_, axis) => view.getUint32(HEADER + SIZE * axis));
  const length = shape.reduce((product, size) => product * size, 1);
  const expected = start + length * type.bytes;
  // Before anything is allocated: the sizes are whatever the file says.
  if (bytes.length !== expected) {
    const found = bytes.length < expected ? 'is cut short' : 'is too long';
    throw new FormatError(
      `${name} ${found}: an array [${shape.join(', ')}] takes ${expected} bytes but there are ${bytes.length}`,
    );
  }
  const data = type.make(length);
  if (type.bytes === 1) data.set(bytes.subarray(start));
  else for (let k = 0; k < length; k++) data[k] = type.read(view, start + k * type.bytes);
  return { data, shape };
}

function readHeader(bytes: Uint8Array, name: string): { type: ValueType; axes: number } {
  if (GZIP.every((byte, k) => bytes[k] === byte)) {
    throw new FormatError(`${name} is packed by gzip: unpack it first, with gunzip or DecompressionStream`);
  }
  const [first, second, code = 0, axes = 0] = bytes;
  if (bytes.length < HEADER || first !== 0 || second !== 0) {
    throw new FormatError(
      `${name} is no IDX file: it does not begin with two zero bytes, a type and the axes`,
    );
  }
  const type = Object.hasOwn(TYPES, code) ? TYPES[code] : undefined;
  if (type === undefined) {
    throw new FormatError(`${name} has values of type ${code}: IDX knows ${Object.keys(TYPES).join(', ')}`);
  }
  if (axes === 0) throw new FormatError(`${name} has no axes, and so no values`);
  return { type, axes };
}
