/** What a network with an answer at every step says at the end of each row. */
import { ShapeError } from '../core/errors.js';
import { checkedTensor, formatShape, type Tensor } from '../core/tensor.js';

/**
 * The last real step of each row.
 *
 * @param values  `[rows, steps, features]` or `[rows, steps]`, such as what `predict` gives
 * @param lengths  how many steps of each row are real; by default those of the tensor, or all
 * @returns `[rows, features]`, or `[rows]`
 * @throws ShapeError for another shape, lengths that do not fit, or a row without steps
 *
 * @example
 * const test = log.test();
 * const chances = lastSteps(model.predict(test.x), test.lengths).data;
 */
export function lastSteps(values: Tensor, lengths: readonly number[] | undefined = values.lengths): Tensor {
  const { data, shape } = checkedTensor(values.data, values.shape, lengths);
  const [rows, steps, features = 1] = shape;
  if (rows === undefined || steps === undefined || shape.length > 3) {
    throw new ShapeError(
      `lastSteps takes [rows, steps, features] or [rows, steps] but got ${formatShape(shape)}`,
    );
  }
  const last =
    data instanceof Float64Array ? new Float64Array(rows * features) : new Float32Array(rows * features);
  for (let row = 0; row < rows; row++) {
    const length = lengths?.[row] ?? steps;
    if (length === 0) throw new ShapeError(`lastSteps: row ${row} has no step`);
    const from = (row * steps + length - 1) * features;
    last.set(data.subarray(from, from + features), row * features);
  }
  return { data: last, shape: shape.length === 3 ? [rows, features] : [rows] };
}
