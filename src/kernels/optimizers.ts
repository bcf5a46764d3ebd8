/**
 * What SGD and Adam do to one array of weights w, given its gradient g, and what is done to weights and gradients
 * around any optimizer. Arrays are updated in place. Other optimizers: adam-variants.ts and adagrad-variants.ts.
 */
import type { FloatArray } from '../core/tensor.js';

/** w -= learningRate g */
export function sgdUpdate(w: FloatArray, g: FloatArray, size: number, learningRate: number): void {
  for (let k = 0; k < size; k++) w[k] = (w[k] as number) - learningRate * (g[k] as number);
}

/**
 * v = momentum v - learningRate g, then w += v, or with Nesterov's look ahead w += momentum v - learningRate g
 * (Sutskever, Martens, Dahl and Hinton 2013), the learning rate inside of v, as in Keras.
 */
export function momentumUpdate(
  w: FloatArray,
  g: FloatArray,
  velocity: FloatArray,
  size: number,
  learningRate: number,
  momentum: number,
  nesterov: boolean,
): void {
  for (let k = 0; k < size; k++) {
    const step = learningRate * (g[k] as number);
    const v = momentum * (velocity[k] as number) - step;
    velocity[k] = v;
    w[k] = (w[k] as number) + (nesterov ? momentum * v - step : v);
  }
}

/**
 * Adam (Kingma and Ba 2015, Algorithm 1), epsilon outside the bias correction:
 *
 *     m = beta1 m + (1 - beta1) g            v = beta2 v + (1 - beta2) g^2
 *     w -= learningRate * (m / correction1) / (sqrt(v / correction2) + epsilon)
 *
 * where correction1 = 1 - beta1^t and correction2 = 1 - beta2^t at the t-th update.
 */
export function adamUpdate(
  w: FloatArray,
  g: FloatArray,
  m: FloatArray,
  v: FloatArray,
  size: number,
  learningRate: number,
  beta1: number,
  beta2: number,
  epsilon: number,
  correction1: number,
  correction2: number,
): void {
  for (let k = 0; k < size; k++) {
    const gradient = g[k] as number;
    const mean = beta1 * (m[k] as number) + (1 - beta1) * gradient;
    const square = beta2 * (v[k] as number) + (1 - beta2) * gradient * gradient;
    m[k] = mean;
    v[k] = square;
    w[k] =
      (w[k] as number) - (learningRate * (mean / correction1)) / (Math.sqrt(square / correction2) + epsilon);
  }
}

/** The sum of squares of a gradient, in double precision: the square of its L2 norm. */
export function sumOfSquares(g: FloatArray, size: number): number {
  let sum = 0;
  for (let k = 0; k < size; k++) sum += (g[k] as number) * (g[k] as number);
  return sum;
}

/** g *= factor */
export function scale(g: FloatArray, size: number, factor: number): void {
  for (let k = 0; k < size; k++) g[k] = (g[k] as number) * factor;
}

/** Each number of g moved into [-limit, limit]. */
export function clip(g: FloatArray, size: number, limit: number): void {
  for (let k = 0; k < size; k++) g[k] = Math.max(-limit, Math.min(limit, g[k] as number));
}

/** mean = share * mean + (1 - share) * x: a moving average, or the mean of what came in parts. */
export function blend(mean: FloatArray, x: FloatArray, size: number, share: number): void {
  for (let k = 0; k < size; k++) mean[k] = share * (mean[k] as number) + (1 - share) * (x[k] as number);
}
