/** A flat array with a shape, row-major: the last index varies fastest. */
import { DataError, ShapeError } from './errors.js';
import { describe } from './options.js';

/** What the kernels compute on: single precision in production, double precision to check it. */
export type FloatArray = Float32Array | Float64Array;

/** The size of every axis, outermost first. */
export type Shape = readonly number[];

export interface Tensor<A extends FloatArray = FloatArray> {
  /** The values; `data.length` is the product of `shape`. */
  readonly data: A;
  readonly shape: Shape;
  /**
   * For padded sequences `[batch, steps, ...]`: how many steps of each row are real. The rest is padding behind
   * them, which is masked wherever the tensor is used.
   */
  readonly lengths?: readonly number[] | undefined;
}

/** How many numbers a shape holds. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const axis of shape) size *= axis;
  return size;
}

/** A shape as people write it: `[32, 10, 3]`, with `?` for an axis that varies. */
export function formatShape(shape: readonly (number | null)[]): string {
  return `[${shape.map((axis) => axis ?? '?').join(', ')}]`;
}

/**
 * Makes a Tensor.
 *
 * @param data  the values, row-major; a typed array is used as it is (not copied), other numbers become Float32
 * @param shape  the size of every axis; a single -1 is inferred
 * @param options.lengths  how many steps of each row are real, for padded sequences `[batch, steps, ...]`
 * @throws ShapeError when the sizes do not multiply to the number of values, or lengths do not fit
 * @throws DataError when `data` is no array of numbers
 *
 * @example tensor([1, 2, 3, 4, 5, 6], [2, 3]) // two rows of three
 */
export function tensor(
  data: Float64Array,
  shape: Shape,
  options?: { lengths?: readonly number[] },
): Tensor<Float64Array>;
export function tensor(
  data: Float32Array | ArrayLike<number>,
  shape: Shape,
  options?: { lengths?: readonly number[] },
): Tensor<Float32Array>;
export function tensor(
  data: ArrayLike<number>,
  shape: Shape,
  options: { lengths?: readonly number[] } = {},
): Tensor {
  const values = data instanceof Float32Array || data instanceof Float64Array ? data : floats(data);
  return checkedTensor(values, inferAxis(shape, values.length), options.lengths);
}

/**
 * A tensor of these values, whose shape is known as a whole.
 *
 * @throws ShapeError when the sizes do not multiply to the number of values, or lengths do not fit
 */
export function checkedTensor(data: FloatArray, shape: Shape, lengths?: readonly number[]): Tensor {
  if (!shape.every((axis) => Number.isSafeInteger(axis) && axis >= 0))
    throw new ShapeError(`a shape is made of whole numbers but got ${formatShape(shape)}`);
  if (sizeOf(shape) !== data.length) {
    throw new ShapeError(
      `a tensor of shape ${formatShape(shape)} holds ${sizeOf(shape)} values but got ${data.length}`,
    );
  }
  if (lengths === undefined) return { data, shape };
  checkLengths(lengths, shape);
  return { data, shape, lengths: [...lengths] };
}

/** Whether a value looks like a Tensor. */
export function isTensor(value: unknown): value is Tensor {
  if (typeof value !== 'object' || value === null || !('data' in value) || !('shape' in value)) return false;
  return (
    (value.data instanceof Float32Array || value.data instanceof Float64Array) && Array.isArray(value.shape)
  );
}

function floats(data: ArrayLike<number>): Float32Array {
  if (data === null || typeof data !== 'object' || typeof data.length !== 'number') {
    throw new DataError(`a tensor is made from an array of numbers but got ${describe(data)}`);
  }
  const values = Float32Array.from(data);
  for (let i = 0; i < values.length; i++) {
    if (typeof data[i] !== 'number') {
      throw new DataError(`a tensor is made from numbers but value ${i} is ${describe(data[i])}`);
    }
  }
  return values;
}

function inferAxis(shape: Shape, length: number): number[] {
  if (!Array.isArray(shape)) throw new ShapeError(`a shape is an array of sizes but got ${describe(shape)}`);
  const unknown = shape.indexOf(-1);
  const known = shape.filter((_, axis) => axis !== unknown);
  if (known.some((axis) => !Number.isSafeInteger(axis) || axis < 0)) {
    throw new ShapeError(
      `a shape is made of whole numbers, one of them -1 at most, but got ${formatShape(shape)}`,
    );
  }
  if (unknown === -1) return [...shape];
  const inferred = length / sizeOf(known);
  if (!Number.isSafeInteger(inferred)) {
    throw new ShapeError(`${length} values do not divide into a tensor of shape ${formatShape(shape)}`);
  }
  return shape.map((axis, i) => (i === unknown ? inferred : axis));
}

function checkLengths(lengths: readonly number[], shape: Shape): void {
  const [rows, steps] = shape;
  if (rows === undefined || steps === undefined) {
    throw new ShapeError(
      `lengths go with a tensor [batch, steps, ...] but its shape is ${formatShape(shape)}`,
    );
  }
  if (lengths.length !== rows) {
    throw new ShapeError(`a tensor of ${rows} rows needs ${rows} lengths but got ${lengths.length}`);
  }
  lengths.forEach((length, row) => {
    if (Number.isSafeInteger(length) && length >= 0 && length <= steps) return;
    throw new ShapeError(
      `lengths[${row}] must be a whole number from 0 to ${steps} but is ${describe(length)}`,
    );
  });
}
