/** Numbers compared by their bits, nested arrays of random ones, and errors as plain data. */
import { Random } from '../../src/core/random.js';
import type { FloatArray } from '../../src/core/tensor.js';
import type { Logs, Sequential, Tensor } from '../../src/index.js';

/** The bytes of the numbers, in hexadecimal: NaN equals NaN, and -0 is not 0. */
export function bitsOf(values: FloatArray | readonly number[]): string {
  const array = ArrayBuffer.isView(values) ? values : Float64Array.from(values);
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('hex');
}

/** The bits of every weight, by name. */
export function weightBits(model: Sequential<FloatArray>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(model.getWeights()).map(([name, { data }]) => [name, bitsOf(data)]),
  );
}

/** The bits of every value that is reported, by name. */
export function logBits(logs: Logs | Record<string, number[]>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(logs).map(([name, value]) => [name, bitsOf(typeof value === 'number' ? [value] : value)]),
  );
}

/** Rows of steps of features, each row of its own length, normally distributed. */
export function randomSequences(seed: number, lengths: readonly number[], features: number): number[][][] {
  const random = new Random(seed, 77);
  return lengths.map((length) =>
    Array.from({ length }, () => Array.from({ length: features }, () => random.normal())),
  );
}

/** Row `row` of a tensor, as a view. */
export function rowOf({ data, shape }: Tensor, row: number): FloatArray {
  const size = shape.slice(1).reduce((product, axis) => product * axis, 1);
  return data.subarray(row * size, (row + 1) * size);
}

/** The name and message of the error that `work` ends in; a failure of the test when there is none. */
export async function errorOf(work: () => unknown): Promise<{ name: string; message: string }> {
  try {
    await work();
  } catch (error) {
    const { name, message } = error as Error;
    return { name, message };
  }
  throw new Error('nothing was thrown');
}

/** Expects `found` to be `expected` up to a relative (or, near 0, absolute) error. */
export function isClose(found: number, expected: number, tolerance = 1e-12): boolean {
  return Math.abs(found - expected) <= tolerance * Math.max(1, Math.abs(expected));
}
