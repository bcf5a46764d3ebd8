/**
 * What a bench measures, and the yardstick beside it: the plain triple loop of a matrix product, as a first
 * draft would have it. Its speed goes up and down with the machine's, so that a ratio to it, taken in the same
 * run, says more than milliseconds do.
 */
import { Random } from '../src/core/random.js';

/** The sizes of a matrix product, [rows, inner] by [inner, columns]. */
export interface ProductSize {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

export interface BenchCase {
  readonly name: string;
  /** What it is a part of: cases of one subject are measured in one process, all others in others. */
  readonly subject: string;
  /** Its sizes, in words. */
  readonly sizes: string;
  /** How many floating-point operations its products make, a multiplication and an addition being two; or 0. */
  readonly flops: number;
  /** The product that the plain loop is measured on: the case's own, or the one it makes most of. */
  readonly product: ProductSize | undefined;
  /** How many numbers it goes through, where it makes no product; else 0. */
  readonly numbers: number;
  /** Makes the data, and returns what is measured. */
  readonly prepare: () => () => void;
}

/** What one product makes: 2 m k n. */
export function productFlops({ rows, inner, columns }: ProductSize): number {
  return 2 * rows * inner * columns;
}

/** C += A B. Of the orders that three loops can have, this one reads and writes along the rows. */
function plainProduct(a: Float32Array, b: Float32Array, c: Float32Array, size: ProductSize): void {
  const { rows, inner, columns } = size;
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inner; k++) {
      const factor = a[i * inner + k] as number;
      for (let j = 0; j < columns; j++) {
        c[i * columns + j] = (c[i * columns + j] as number) + factor * (b[k * columns + j] as number);
      }
    }
  }
}

export function preparePlainProduct(size: ProductSize): () => void {
  const { rows, inner, columns } = size;
  const a = normals(rows * inner);
  const b = normals(inner * columns);
  const c = new Float32Array(rows * columns);
  return () => plainProduct(a, b, c, size);
}

const random = new Random(1);

export function normals(length: number): Float32Array {
  return Float32Array.from({ length }, () => random.normal());
}

/** Class indices, as numbers of an array of targets. */
export function classIndices(length: number, classes: number): Float32Array {
  return Float32Array.from({ length }, () => random.below(classes));
}
