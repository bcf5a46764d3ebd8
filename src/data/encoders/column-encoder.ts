/** What the encodings of a column have in common: n values become n rows of features. */
import { DataError, ShapeError } from '../../core/errors.js';
import { describe } from '../../core/options.js';
import { checkedTensor, formatShape, isTensor, type Tensor } from '../../core/tensor.js';
import type { Transform } from '../transform.js';

/** A transform of n values into `[n, features]`. */
export interface ColumnEncoder<Values> extends Transform<Values, Tensor> {
  transform(values: Values): Tensor<Float64Array>;
  /** The names of the features that a column of this name becomes. @throws ConfigError before `fit` */
  featureNames(column: string): readonly string[];
}

/**
 * How many rows there are to take back.
 *
 * @throws ShapeError for rows of another width; DataError for what is no Tensor
 */
export function checkRows(kind: string, ready: Tensor, width: number): number {
  if (!isTensor(ready)) throw new DataError(`${kind} takes back a Tensor but got ${describe(ready)}`);
  const { data, shape } = ready;
  checkedTensor(data, shape);
  if (shape.length === 2 && shape[1] === width) return shape[0] as number;
  throw new ShapeError(`${kind} takes back [rows, ${width}] but got ${formatShape(shape)}`);
}
