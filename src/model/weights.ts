/** A model's weights as named tensors, out and in. */
import { DataError, ShapeError } from '../core/errors.js';
import { checkOptions, describe } from '../core/options.js';
import type { Parameter } from '../core/parameter.js';
import { type FloatArray, formatShape, isTensor, type Shape, type Tensor } from '../core/tensor.js';

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

export interface TakeOptions {
  /** What layers of the given weights are called in the model: `{ lstm_1: 'encoder' }`; the same by default. */
  rename?: Readonly<Record<string, string>>;
}

/** What `takeWeights` did with each of the weights. */
export interface WeightsReport {
  /** The weights of the model that were given. */
  readonly taken: readonly string[];
  /** Those that were not: they are as before. */
  readonly missing: readonly string[];
  /** The names that were given and are none of the model's. */
  readonly unexpected: readonly string[];
  /** Those that were given in another shape: they are as before. */
  readonly wrongShape: readonly { readonly name: string; readonly shape: Shape; readonly given: Shape }[];
}

/**
 * Copies those of the given weights into the model's that have their names and shapes.
 *
 * @throws DataError for what is no tensor, or a value that is not finite; no weight has been changed then
 */
export function takeWeights(
  parameters: readonly Parameter[],
  weights: Readonly<Record<string, Tensor>>,
  options: TakeOptions,
): WeightsReport {
  checkOptions('takeWeights', options, ['rename'], { strict: 'setWeights is strict, takeWeights is not' });
  const { rename = {} } = options;
  if (typeof weights !== 'object' || weights === null) {
    throw new DataError(`takeWeights takes what getWeights returned but got ${describe(weights)}`);
  }
  const given = new Map(Object.entries(weights).map(([name, tensor]) => [renamed(name, rename), tensor]));
  const known = new Set(parameters.map(({ name }) => name));
  const wrongShape: { name: string; shape: Shape; given: Shape }[] = [];
  const taken: Parameter[] = [];
  const missing: string[] = [];
  for (const parameter of parameters) {
    const { name, shape } = parameter;
    const tensor = given.get(name);
    if (tensor === undefined) missing.push(name);
    else if (isTensor(tensor) && !hasShape(tensor, shape))
      wrongShape.push({ name, shape, given: tensor.shape });
    else taken.push(parameter);
  }
  for (const parameter of taken)
    checkWeight(parameter, { [parameter.name]: given.get(parameter.name) as Tensor });
  for (const { name, value } of taken) value.array.set((given.get(name) as Tensor).data);
  const unexpected = [...given.keys()].filter((name) => !known.has(name));
  return { taken: taken.map(({ name }) => name), missing, unexpected, wrongShape };
}

/** The name with the layer, or part of one, in front exchanged. */
function renamed(name: string, rename: Readonly<Record<string, string>>): string {
  const layer = Object.keys(rename).find((from) => name.startsWith(`${from}/`));
  return layer === undefined ? name : rename[layer] + name.slice(layer.length);
}

function hasShape(tensor: Tensor, shape: Shape): boolean {
  return tensor.shape.length === shape.length && tensor.shape.every((axis, i) => axis === shape[i]);
}

function checkWeight({ name, shape, value }: Parameter, weights: Readonly<Record<string, Tensor>>): void {
  const given = Object.hasOwn(weights, name) ? weights[name] : undefined;
  if (given === undefined) throw new DataError(`the weight '${name}' ${formatShape(shape)} is missing`);
  if (!isTensor(given))
    throw new DataError(`the weight '${name}' must be a Tensor but is ${describe(given)}`);
  if (!hasShape(given, shape)) {
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
