/**
 * Activations, each with its derivative beside it. `value(x)` is y; `derivative(x, y)` is dy/dx, written with
 * whichever of x and y makes it shortest. The names are Keras 3's in camelCase.
 *
 *     y = f(x)        dx += dy * f'(x)
 */
import {
  erf,
  exp,
  expm1,
  tanh as hyperbolicTangent,
  sigmoid as logistic,
  softplus as logOnePlusExp,
} from '../core/math.js';
import type { FloatArray } from '../core/tensor.js';

export interface Activation {
  readonly value: (x: number) => number;
  readonly derivative: (x: number, y: number) => number;
}

export const linear: Activation = {
  value: (x) => x,
  derivative: () => 1,
};

export const sigmoid: Activation = {
  value: logistic,
  derivative: (_x, y) => y * (1 - y),
};

export const tanh: Activation = {
  value: hyperbolicTangent,
  derivative: (_x, y) => 1 - y * y,
};

export const relu: Activation = {
  value: (x) => Math.max(0, x),
  derivative: (x) => (x > 0 ? 1 : 0),
};

const LEAK = 0.2;

/** Slope 0.2 below 0, as Keras's activation of this name (its layer has 0.3). */
export const leakyRelu: Activation = {
  value: (x) => (x > 0 ? x : LEAK * x),
  derivative: (x) => (x > 0 ? 1 : LEAK),
};

/** Clevert, Unterthiner and Hochreiter 2015, with alpha 1. */
export const elu: Activation = {
  value: (x) => (x > 0 ? x : expm1(x)),
  derivative: (x, y) => (x > 0 ? 1 : y + 1),
};

const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;

/** Klambauer, Unterthiner, Mayr and Hochreiter 2017. */
export const selu: Activation = {
  value: (x) => (x > 0 ? SELU_SCALE * x : SELU_SCALE * SELU_ALPHA * expm1(x)),
  derivative: (x, y) => (x > 0 ? SELU_SCALE : y + SELU_SCALE * SELU_ALPHA),
};

const ONE_OVER_SQRT_TWO_PI = 0.3989422804014327;

/** x times the normal distribution function (Hendrycks and Gimpel 2016), exact rather than by tanh. */
export const gelu: Activation = {
  value: (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)),
  derivative: (x) => 0.5 * (1 + erf(x * Math.SQRT1_2)) + x * ONE_OVER_SQRT_TWO_PI * exp(-0.5 * x * x),
};

export const softplus: Activation = {
  value: logOnePlusExp,
  derivative: (x) => logistic(x),
};

/** Keras 3's: x / 6 + 1/2, cut off at 0 and 1. */
export const hardSigmoid: Activation = {
  value: (x) => Math.max(0, Math.min(1, x / 6 + 0.5)),
  derivative: (x) => (x > -3 && x < 3 ? 1 / 6 : 0),
};

/** The one of TensorFlow.js and Keras 2: 0.2 x + 1/2, cut off at 0 and 1. */
export const hardSigmoidLegacy: Activation = {
  value: (x) => Math.max(0, Math.min(1, 0.2 * x + 0.5)),
  derivative: (x) => (x > -2.5 && x < 2.5 ? 0.2 : 0),
};

/** x sigmoid(x), also called SiLU (Ramachandran, Zoph and Le 2017). */
export const swish: Activation = {
  value: (x) => x * logistic(x),
  derivative: (x) => {
    const s = logistic(x);
    return s * (1 + x * (1 - s)); // in this form nothing cancels where x is large
  },
};

/** y[k] = f(x[k]). */
export function activationForward(activation: Activation, x: FloatArray, y: FloatArray, size: number): void {
  for (let k = 0; k < size; k++) y[k] = activation.value(x[k] as number);
}

/** dx[k] += dy[k] f'(x[k]). */
export function activationBackward(
  activation: Activation,
  x: FloatArray,
  y: FloatArray,
  dy: FloatArray,
  dx: FloatArray,
  size: number,
): void {
  for (let k = 0; k < size; k++) {
    const slope = activation.derivative(x[k] as number, y[k] as number);
    dx[k] = (dx[k] as number) + (dy[k] as number) * slope;
  }
}
