/** What an initializer is, what fills weights by default, and the parts of it that others take (initializers.ts). */
import type { Random } from '../core/random.js';
import { type FloatArray, type Shape, sizeOf } from '../core/tensor.js';

export interface Initializer {
  /** What a saved file holds, such as `{ name: 'constant', value: 1 }`. */
  readonly config: { readonly name: InitializerName; readonly [option: string]: string | number };
  /** Writes the first values of a weight of this shape. */
  fill(values: FloatArray, shape: Shape, random: Random): void;
}

export type InitializerName =
  | 'zeros'
  | 'ones'
  | 'constant'
  | 'randomUniform'
  | 'randomNormal'
  | 'truncatedNormal'
  | 'glorotUniform'
  | 'glorotNormal'
  | 'heUniform'
  | 'heNormal'
  | 'lecunUniform'
  | 'lecunNormal'
  | 'orthogonal';

/** What every kernel begins with (Glorot and Bengio 2010). */
export const defaultKernel: Initializer = {
  config: { name: 'glorotUniform' },
  fill: (values, shape, random) => {
    const limit = Math.sqrt(3 * (1 / Math.max(1, meanFan(shape))));
    fillUniform(values, random, -limit, limit);
  },
};

/** What every recurrent kernel begins with (Saxe, McClelland and Ganguli 2014). */
export const defaultRecurrentKernel: Initializer = {
  config: { name: 'orthogonal' },
  fill: (values, shape, random) => fillOrthogonal(values, shape, random, 1),
};

export function fanIn(shape: Shape): number {
  return shape.length === 1 ? (shape[0] as number) : sizeOf(shape.slice(0, -1));
}

export function meanFan(shape: Shape): number {
  return (fanIn(shape) + (shape.at(-1) as number)) / 2;
}

export function fillUniform(values: FloatArray, random: Random, min: number, max: number): void {
  for (let k = 0; k < values.length; k++) values[k] = min + (max - min) * random.uniform();
}

/** A random matrix with orthonormal rows or columns, whichever are fewer, times `gain`. */
export function fillOrthogonal(values: FloatArray, shape: Shape, random: Random, gain: number): void {
  const rows = fanIn(shape);
  const columns = shape.at(-1) as number;
  const vectors = orthonormalVectors(Math.min(rows, columns), Math.max(rows, columns), random);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const vector = vectors[rows < columns ? i : j] as Float64Array;
      values[i * columns + j] = gain * (vector[rows < columns ? j : i] as number);
    }
  }
}

/** Gram-Schmidt on normal vectors, each projection done twice, which is enough for full precision. */
function orthonormalVectors(count: number, length: number, random: Random): Float64Array[] {
  const vectors: Float64Array[] = [];
  while (vectors.length < count) {
    const vector = Float64Array.from({ length }, () => random.normal());
    for (let pass = 0; pass < 2; pass++) {
      for (const other of vectors) {
        const overlap = dot(vector, other);
        for (let k = 0; k < length; k++) vector[k] = (vector[k] as number) - overlap * (other[k] as number);
      }
    }
    const norm = Math.sqrt(dot(vector, vector));
    for (let k = 0; k < length; k++) vector[k] = (vector[k] as number) / norm;
    vectors.push(vector);
  }
  return vectors;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k] as number) * (b[k] as number);
  return sum;
}
