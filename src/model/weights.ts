/** A model's weights as named tensors, out and in. */
import { DataError, ShapeError } from '../core/errors.js';
import { describe } from '../core/options.js';
import type { Parameter } from '../core/parameter.js';
import { type FloatArray, formatShape, isTensor, type Tensor } from '../core/tensor.js';

/** Weights by name, in the order of the layers: `lstm_1/kernel`, `lstm_1/recurrentKernel`, `lstm_1/bias` ... */
export type Weights<A extends FloatArray = FloatArray> = Record<string, Tensor<A>>;

/** Copies of all weights. */
export function readWeights(parameters: readonly Parameter[]): Weights {
  const weights: Weights = {};
  for (const { name, shape, value } of parameters)
    weights[name] = { data: value.array.slice(), shape: [...shape] };
  return weights;
}

/**
 * Copies the given weights into the model's.
 *
 * @throws DataError when a name is missing or not known, or a value is not finite
 * @throws ShapeError when a shape differs; in either case no weight has been changed
 */
export function writeWeights(
  parameters: readonly Parameter[],
  weights: Readonly<Record<string, Tensor>>,
): void {
  if (typeof weights !== 'object' || weights === null) {
    throw new DataError(`setWeights takes what getWeights returned but got ${describe(weights)}`);
  }
  const known = new Set(parameters.map(({ name }) => name));
  const strange = Object.keys(weights).find((name) => !known.has(name));
  if (strange !== undefined) {
    throw new DataError(`the model has no weight '${strange}': it has ${[...known].join(', ')}`);
  }
  for (const parameter of parameters) checkWeight(parameter, weights);
  for (const { name, value } of parameters) value.array.set((weights[name] as Tensor).data);
}

function checkWeight({ name, shape, value }: Parameter, weights: Readonly<Record<string, Tensor>>): void {
  const given = Object.hasOwn(weights, name) ? weights[name] : undefined;
  if (given === undefined) throw new DataError(`the weight '${name}' ${formatShape(shape)} is missing`);
  if (!isTensor(given))
    throw new DataError(`the weight '${name}' must be a Tensor but is ${describe(given)}`);
  if (given.shape.length !== shape.length || given.shape.some((axis, i) => axis !== shape[i])) {
    throw new ShapeError(`the weight '${name}' is ${formatShape(shape)} but got ${formatShape(given.shape)}`);
  }
  const { data } = given;
  if (data.length !== value.length) {
    throw new ShapeError(`the weight '${name}' needs ${value.length} values but got ${data.length}`);
  }
  const inSingle = value.array instanceof Float32Array;
  const bad = data.findIndex((number) => !Number.isFinite(inSingle ? Math.fround(number) : number));
  if (bad !== -1) throw new DataError(`the weight '${name}' has ${data[bad]} at index ${bad}`);
}
