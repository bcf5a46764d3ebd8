/** The few things that are done to a matrix on its way from one layout to the other. All of them copy. */
import type { FloatArray, Shape, Tensor } from '../../core/tensor.js';

/** `[rows, columns]` as `[columns, rows]`. */
export function transposed({ data, shape }: Tensor): Tensor {
  const [rows, columns] = shape as [number, number];
  const turned = data.slice();
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      turned[column * rows + row] = data[row * columns + column] as number;
    }
  }
  return { data: turned, shape: [columns, rows] };
}

/** The same with its first two thirds exchanged: gates r, z, n as z, r, n, and back. */
export function firstGatesSwapped({ data, shape }: Tensor): Tensor {
  const gate = data.length / 3;
  const swapped = data.slice();
  swapped.set(data.subarray(gate, 2 * gate), 0);
  swapped.set(data.subarray(0, gate), gate);
  return { data: swapped, shape };
}

export function sum(left: Tensor, right: Tensor): Tensor {
  const data = left.data.slice();
  for (let k = 0; k < data.length; k++) data[k] = (left.data[k] as number) + (right.data[k] as number);
  return { data, shape: left.shape };
}

/** Two vectors as the rows of a matrix. */
export function stacked(first: Tensor, second: Tensor): Tensor {
  const size = first.data.length;
  const data = emptyLike(first.data, 2 * size);
  data.set(first.data, 0);
  data.set(second.data, size);
  return { data, shape: [2, size] };
}

/** A row of a matrix. */
export function rowOf({ data, shape }: Tensor, row: number): Tensor {
  const size = shape[1] as number;
  return { data: data.slice(row * size, (row + 1) * size), shape: [size] };
}

/** A tensor of one number, in the precision of another. */
export function filledLike({ data }: Tensor, shape: Shape, value: number): Tensor {
  const size = shape.reduce((product, axis) => product * axis, 1);
  return { data: emptyLike(data, size).fill(value), shape };
}

function emptyLike(data: FloatArray, size: number): FloatArray {
  return data instanceof Float32Array ? new Float32Array(size) : new Float64Array(size);
}
