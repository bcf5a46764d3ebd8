/**
 * What Adagrad and its relatives do to one array of weights w, given its gradient g: each number's step is divided
 * by the size that its gradients have had. Arrays are updated in place. Epsilon stands where PyTorch has it.
 */
import type { FloatArray } from '../core/tensor.js';

/**
 * Adagrad (Duchi, Hazan and Singer 2011).
 *
 *     sum += g^2        w -= learningRate * g / (sqrt(sum) + epsilon)
 */
export function adagradUpdate(
  w: FloatArray,
  g: FloatArray,
  sum: FloatArray,
  size: number,
  learningRate: number,
  epsilon: number,
): void {
  for (let k = 0; k < size; k++) {
    const gradient = g[k] as number;
    const squares = (sum[k] as number) + gradient * gradient;
    sum[k] = squares;
    w[k] = (w[k] as number) - (learningRate * gradient) / (Math.sqrt(squares) + epsilon);
  }
}

/**
 * RMSprop (Tieleman and Hinton 2012), with momentum.
 *
 *     v = rho v + (1 - rho) g^2
 *     velocity = momentum velocity + learningRate * g / (sqrt(v) + epsilon)        w -= velocity
 */
export function rmspropUpdate(
  w: FloatArray,
  g: FloatArray,
  v: FloatArray,
  velocity: FloatArray,
  size: number,
  learningRate: number,
  rho: number,
  momentum: number,
  epsilon: number,
): void {
  for (let k = 0; k < size; k++) {
    const gradient = g[k] as number;
    const square = rho * (v[k] as number) + (1 - rho) * gradient * gradient;
    const step =
      momentum * (velocity[k] as number) + (learningRate * gradient) / (Math.sqrt(square) + epsilon);
    v[k] = square;
    velocity[k] = step;
    w[k] = (w[k] as number) - step;
  }
}

/**
 * RMSprop by the variance of the gradients (Graves 2013, equations 38 to 41): the square of their mean is taken off.
 *
 *     v = rho v + (1 - rho) g^2        m = rho m + (1 - rho) g
 *     velocity = momentum velocity + learningRate * g / (sqrt(v - m^2) + epsilon)        w -= velocity
 *
 * Rounding can leave v below m^2 where a gradient is constant; the variance is 0 then.
 */
export function centeredRmspropUpdate(
  w: FloatArray,
  g: FloatArray,
  v: FloatArray,
  m: FloatArray,
  velocity: FloatArray,
  size: number,
  learningRate: number,
  rho: number,
  momentum: number,
  epsilon: number,
): void {
  for (let k = 0; k < size; k++) {
    const gradient = g[k] as number;
    const square = rho * (v[k] as number) + (1 - rho) * gradient * gradient;
    const mean = rho * (m[k] as number) + (1 - rho) * gradient;
    const deviation = Math.sqrt(Math.max(0, square - mean * mean));
    const step = momentum * (velocity[k] as number) + (learningRate * gradient) / (deviation + epsilon);
    v[k] = square;
    m[k] = mean;
    velocity[k] = step;
    w[k] = (w[k] as number) - step;
  }
}

/**
 * Adadelta (Zeiler 2012, Algorithm 1): the step is as large as the steps before it have been.
 *
 *     v = rho v + (1 - rho) g^2        delta = g * sqrt(u + epsilon) / sqrt(v + epsilon)
 *     u = rho u + (1 - rho) delta^2    w -= learningRate * delta
 */
export function adadeltaUpdate(
  w: FloatArray,
  g: FloatArray,
  v: FloatArray,
  u: FloatArray,
  size: number,
  learningRate: number,
  rho: number,
  epsilon: number,
): void {
  for (let k = 0; k < size; k++) {
    const gradient = g[k] as number;
    const square = rho * (v[k] as number) + (1 - rho) * gradient * gradient;
    const delta = gradient * (Math.sqrt((u[k] as number) + epsilon) / Math.sqrt(square + epsilon));
    v[k] = square;
    u[k] = rho * (u[k] as number) + (1 - rho) * delta * delta;
    w[k] = (w[k] as number) - learningRate * delta;
  }
}
