/**
 * What the relatives of Adam do to one array of weights w, given its gradient g. Arrays are updated in place. All
 * keep the running mean of the gradients, and most that of their squares:
 *
 *     m = beta1 m + (1 - beta1) g            v = beta2 v + (1 - beta2) g^2
 *
 * correction1 = 1 - beta1^t and correction2 = 1 - beta2^t at the t-th update. Epsilon stands where PyTorch has it.
 */
import type { FloatArray } from '../core/tensor.js';

/**
 * AMSGrad (Reddi, Kale and Kumar 2018): Adam whose step never grows for want of gradients.
 *
 *     largest = max(largest, v)
 *     w -= learningRate * (m / correction1) / (sqrt(largest / correction2) + epsilon)
 */
export function amsgradUpdate(
  w: FloatArray,
  g: FloatArray,
  m: FloatArray,
  v: FloatArray,
  largest: FloatArray,
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
    const most = Math.max(largest[k] as number, square);
    m[k] = mean;
    v[k] = square;
    largest[k] = most;
    w[k] =
      (w[k] as number) - (learningRate * (mean / correction1)) / (Math.sqrt(most / correction2) + epsilon);
  }
}

/**
 * Adamax (Kingma and Ba 2015, Algorithm 2): Adam with the largest gradient, discounted, for the mean square.
 *
 *     u = max(beta2 u, |g| + epsilon)        w -= learningRate * (m / correction1) / u
 */
export function adamaxUpdate(
  w: FloatArray,
  g: FloatArray,
  m: FloatArray,
  u: FloatArray,
  size: number,
  learningRate: number,
  beta1: number,
  beta2: number,
  epsilon: number,
  correction1: number,
): void {
  for (let k = 0; k < size; k++) {
    const gradient = g[k] as number;
    const mean = beta1 * (m[k] as number) + (1 - beta1) * gradient;
    const most = Math.max(beta2 * (u[k] as number), Math.abs(gradient) + epsilon);
    m[k] = mean;
    u[k] = most;
    w[k] = (w[k] as number) - (learningRate * (mean / correction1)) / most;
  }
}

/**
 * Nadam (Dozat 2016): Adam with Nesterov's look ahead.
 *
 *     w -= learningRate * (ahead m + now g) / (sqrt(v / correction2) + epsilon)
 *
 * The shares of the mean and of the gradient follow from the momenta mu_t: ahead = mu_{t+1} / (1 - mu_1 ... mu_{t+1})
 * and now = (1 - mu_t) / (1 - mu_1 ... mu_t).
 */
export function nadamUpdate(
  w: FloatArray,
  g: FloatArray,
  m: FloatArray,
  v: FloatArray,
  size: number,
  learningRate: number,
  beta1: number,
  beta2: number,
  epsilon: number,
  ahead: number,
  now: number,
  correction2: number,
): void {
  for (let k = 0; k < size; k++) {
    const gradient = g[k] as number;
    const mean = beta1 * (m[k] as number) + (1 - beta1) * gradient;
    const square = beta2 * (v[k] as number) + (1 - beta2) * gradient * gradient;
    m[k] = mean;
    v[k] = square;
    w[k] =
      (w[k] as number) -
      (learningRate * (ahead * mean + now * gradient)) / (Math.sqrt(square / correction2) + epsilon);
  }
}

/**
 * RAdam (Liu and others 2020): Adam whose step is scaled by how well the mean square is known, r, and which leaves
 * the mean square out, r = 0, as long as that is hardly known at all.
 *
 *     w -= learningRate * (m / correction1) * r sqrt(correction2) / (sqrt(v) + epsilon)        where r > 0
 *     w -= learningRate * (m / correction1)                                                    where r = 0
 */
export function radamUpdate(
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
  r: number,
): void {
  const scale = r * Math.sqrt(correction2);
  for (let k = 0; k < size; k++) {
    const gradient = g[k] as number;
    const mean = beta1 * (m[k] as number) + (1 - beta1) * gradient;
    const square = beta2 * (v[k] as number) + (1 - beta2) * gradient * gradient;
    m[k] = mean;
    v[k] = square;
    const step = (learningRate * mean) / correction1;
    w[k] = (w[k] as number) - (r === 0 ? step : (step * scale) / (Math.sqrt(square) + epsilon));
  }
}

/**
 * Lion (Chen and others 2023): a step of one size, in the direction of the sign of a mean.
 *
 *     w -= learningRate * sign(beta1 m + (1 - beta1) g)        m = beta2 m + (1 - beta2) g
 */
export function lionUpdate(
  w: FloatArray,
  g: FloatArray,
  m: FloatArray,
  size: number,
  learningRate: number,
  beta1: number,
  beta2: number,
): void {
  for (let k = 0; k < size; k++) {
    const gradient = g[k] as number;
    const mean = m[k] as number;
    w[k] = (w[k] as number) - learningRate * Math.sign(beta1 * mean + (1 - beta1) * gradient);
    m[k] = beta2 * mean + (1 - beta2) * gradient;
  }
}
