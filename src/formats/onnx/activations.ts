/**
 * Activations in ONNX: as operators, and as what a recurrent operator lets its gates go through. Slopes and scales are
 * those of kernels/activations.ts.
 */
import type { ActivationName } from '../../layers/activations.js';
import type { Attribute } from './messages.js';
import { float, int, type NodeWriter } from './node-writer.js';

/** An activation of a recurrent operator: its name there, alpha and beta; NaN where it has none. */
export interface RecurrentActivation {
  readonly name: string;
  readonly alpha: number;
  readonly beta: number;
}

const recurrent: Readonly<Partial<Record<ActivationName, readonly [string, number?, number?]>>> = {
  linear: ['Affine', 1, 0],
  sigmoid: ['Sigmoid'],
  tanh: ['Tanh'],
  relu: ['Relu'],
  leakyRelu: ['LeakyRelu', 0.2],
  elu: ['Elu', 1],
  softplus: ['Softplus'],
  hardSigmoid: ['HardSigmoid', 1 / 6, 0.5],
  hardSigmoidLegacy: ['HardSigmoid', 0.2, 0.5],
};

/** What alpha and beta are where a file does not say. */
const DEFAULTS: Readonly<Record<string, readonly [number?, number?]>> = {
  LeakyRelu: [0.01],
  Elu: [1],
  HardSigmoid: [0.2, 0.5],
};

/** How a recurrent operator has the activation; nothing where it has it not. */
export function recurrentActivation(name: ActivationName): RecurrentActivation | undefined {
  const found = recurrent[name];
  if (found === undefined) return undefined;
  const [operator, alpha = Number.NaN, beta = Number.NaN] = found;
  return { name: operator, alpha, beta };
}

/** The activation that a recurrent operator names, in any case of letters; nothing where there is no such one here. */
export function fromRecurrentActivation(
  name: string,
  alpha: number | undefined,
  beta: number | undefined,
): ActivationName | undefined {
  const isSame = (given: number, wanted: number | undefined) =>
    wanted === undefined || Math.fround(given) === Math.fround(wanted);
  for (const [known, [operator, wantedAlpha, wantedBeta]] of Object.entries(recurrent)) {
    if (operator.toLowerCase() !== name.toLowerCase()) continue;
    const [defaultAlpha, defaultBeta] = DEFAULTS[operator] ?? [];
    if (
      isSame(alpha ?? defaultAlpha ?? Number.NaN, wantedAlpha) &&
      isSame(beta ?? defaultBeta ?? Number.NaN, wantedBeta)
    )
      return known as ActivationName;
  }
  return undefined;
}

/** How many of alpha and beta an activation of a recurrent operator takes from the lists of an attribute. */
export function parametersOf(name: string): { alpha: boolean; beta: boolean } {
  const one = name.toLowerCase();
  const both = ['affine', 'hardsigmoid', 'scaledtanh'].includes(one);
  return { alpha: both || ['leakyrelu', 'elu', 'thresholdedrelu'].includes(one), beta: both };
}

/** Operators of a single number, by the attributes that tell them apart. */
const operators: Readonly<
  Partial<Record<ActivationName, readonly [string, Readonly<Record<string, Attribute>>]>>
> = {
  sigmoid: ['Sigmoid', {}],
  tanh: ['Tanh', {}],
  relu: ['Relu', {}],
  leakyRelu: ['LeakyRelu', { alpha: float(0.2) }],
  elu: ['Elu', { alpha: float(1) }],
  selu: ['Selu', { alpha: float(1.6732632423543772), gamma: float(1.0507009873554805) }],
  softplus: ['Softplus', {}],
  hardSigmoid: ['HardSigmoid', { alpha: float(1 / 6), beta: float(0.5) }],
  hardSigmoidLegacy: ['HardSigmoid', { alpha: float(0.2), beta: float(0.5) }],
  softmax: ['Softmax', { axis: int(-1) }],
};

/** Writes y = activation(x). */
export function writeActivation(w: NodeWriter, activation: ActivationName, x: string, name?: string): string {
  if (activation === 'linear') return x;
  const options = name === undefined ? {} : { name };
  const found = operators[activation];
  if (found) return w.node(found[0], [x], found[1], options);
  // Runtimes need not follow a function into a graph within another.
  if (w.isFunction) return (activation === 'swish' ? writeSwish : writeGelu)(w, x);
  return w.call(activation === 'swish' ? 'Swish' : 'Gelu', [x], options)[0] as string;
}

/** x sigmoid(x) */
export const writeSwish = (w: NodeWriter, x: string) => w.node('Mul', [x, w.node('Sigmoid', [x])]);

/** x (1 + erf(x / sqrt 2)) / 2 */
export function writeGelu(w: NodeWriter, x: string): string {
  const erf = w.node('Erf', [w.node('Mul', [x, w.number(Math.SQRT1_2)])]);
  return w.node('Mul', [x, w.node('Mul', [w.node('Add', [erf, w.number(1)]), w.number(0.5)])]);
}

/** The activation that an operator is; nothing where it is none. */
export function fromOperator(
  operator: string,
  attributes: ReadonlyMap<string, Attribute>,
): ActivationName | undefined {
  const defaults: Readonly<Record<string, Readonly<Record<string, number>>>> = {
    LeakyRelu: { alpha: 0.01 },
    Elu: { alpha: 1 },
    Selu: { alpha: 1.6732632423543772, gamma: 1.0507009873554805 },
    HardSigmoid: { alpha: 0.2, beta: 0.5 },
  };
  const numberOf = (name: string) => attributes.get(name)?.value ?? defaults[operator]?.[name];
  if (operator === 'Swish') return 'swish';
  if (operator === 'Gelu' && (attributes.get('approximate')?.value ?? 'none') === 'none') return 'gelu';
  for (const [activation, [known, wanted]] of Object.entries(operators)) {
    if (known !== operator || activation === 'softmax') continue;
    const fits = Object.entries(wanted).every(
      ([name, { value }]) => Math.fround(Number(numberOf(name))) === Math.fround(value as number),
    );
    if (fits) return activation as ActivationName;
  }
  return undefined;
}
