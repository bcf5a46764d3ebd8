/**
 * Logistic regression, p = sigmoid(b0 + b x), by Newton's method (iteratively reweighted least squares; McCullagh
 * and Nelder, "Generalized Linear Models", 1989, section 2.5), in double precision.
 *
 * Minimized is mean log-loss + ridge/2 |b|^2 over features that are scaled to mean 0 and variance 1:
 *
 *   gradient g = X'(p - y)/n + ridge b,   Hessian H = X' diag(p (1 - p)) X/n + ridge I,   b <- b - H^-1 g.
 *
 * The ridge is small against what any real feature says, but keeps H positive definite and the optimum finite where
 * features are collinear or separate the classes. A step that raises the loss is halved until it does not.
 */
import { sigmoid, softplus } from '../../core/math.js';

/** Row-major and flat: a row for each customer, a column for each feature. */
export interface Matrix {
  readonly data: Float64Array;
  readonly rows: number;
  readonly columns: number;
}

export interface LogisticModel {
  /** The weights of the scaled features; the intercept comes first. */
  readonly weights: Float64Array;
  readonly means: Float64Array;
  /** 1 over each feature's deviation; 0 for a feature that is constant. */
  readonly scales: Float64Array;
}

export const RIDGE = 1e-6;
const TOLERANCE = 1e-10;
/** How far two losses may differ by rounding alone: near the optimum a good step changes the loss by less. */
const ROUNDING = 1e-13;
const MOST_STEPS = 100;
const MOST_HALVINGS = 40;

/** The model with the smallest penalized loss. */
export function fitLogistic(features: Matrix, labels: ArrayLike<number>): LogisticModel {
  const { means, scales } = measure(features);
  const design = scaledDesign(features, means, scales);
  const size = features.columns + 1;
  const weights = new Float64Array(size);
  for (let step = 0; step < MOST_STEPS; step++) {
    const { gradient, hessian } = derivatives(design, labels, weights);
    if (gradient.every((g) => Math.abs(g) < TOLERANCE)) break;
    if (!descend(design, labels, weights, solve(hessian, gradient))) break;
  }
  return { weights, means, scales };
}

/** The probability of each row. */
export function predictLogistic({ weights, means, scales }: LogisticModel, features: Matrix): Float64Array {
  return logits(scaledDesign(features, means, scales), weights).map(sigmoid);
}

/** Gradient and Hessian of the penalized loss at `weights`. */
export function derivatives(
  design: Matrix,
  labels: ArrayLike<number>,
  weights: Float64Array,
): { gradient: Float64Array; hessian: Float64Array } {
  const { data, rows, columns: size } = design;
  const gradient = weights.map((weight) => RIDGE * weight);
  const hessian = new Float64Array(size * size);
  for (let i = 0; i < size; i++) hessian[i * size + i] = RIDGE;
  const z = logits(design, weights);
  for (let row = 0; row < rows; row++) {
    const p = sigmoid(z[row] as number);
    const error = (p - (labels[row] as number)) / rows;
    const curvature = (p * (1 - p)) / rows;
    for (let i = 0; i < size; i++) {
      const x = data[row * size + i] as number;
      gradient[i] = (gradient[i] as number) + error * x;
      for (let j = 0; j <= i; j++) {
        const at = i * size + j;
        hessian[at] = (hessian[at] as number) + curvature * x * (data[row * size + j] as number);
      }
    }
  }
  return { gradient, hessian };
}

/** Moves the weights against `direction`, as far as the loss does not rise; says whether there was such a step. */
function descend(
  design: Matrix,
  labels: ArrayLike<number>,
  weights: Float64Array,
  direction: Float64Array,
): boolean {
  const before = penalizedLoss(design, labels, weights);
  for (let halving = 0, length = 1; halving < MOST_HALVINGS; halving++, length /= 2) {
    const next = weights.map((weight, i) => weight - length * (direction[i] as number));
    if (penalizedLoss(design, labels, next) <= before + ROUNDING) {
      weights.set(next);
      return true;
    }
  }
  return false;
}

function penalizedLoss(design: Matrix, labels: ArrayLike<number>, weights: Float64Array): number {
  const z = logits(design, weights);
  const loss = z.reduce((sum, logit, row) => sum + softplus(logit) - (labels[row] as number) * logit, 0);
  const square = weights.reduce((sum, weight) => sum + weight * weight, 0);
  return loss / design.rows + (RIDGE / 2) * square;
}

function logits({ data, rows, columns }: Matrix, weights: Float64Array): Float64Array {
  const z = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let i = 0; i < columns; i++) sum += (data[row * columns + i] as number) * (weights[i] as number);
    z[row] = sum;
  }
  return z;
}

function measure({ data, rows, columns }: Matrix): { means: Float64Array; scales: Float64Array } {
  const means = new Float64Array(columns);
  const scales = new Float64Array(columns);
  for (let i = 0; i < columns; i++) {
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += data[row * columns + i] as number;
    const mean = sum / rows;
    let square = 0;
    for (let row = 0; row < rows; row++) {
      const difference = (data[row * columns + i] as number) - mean;
      square += difference * difference;
    }
    means[i] = mean;
    scales[i] = square > 1e-20 * rows * (1 + mean * mean) ? 1 / Math.sqrt(square / rows) : 0;
  }
  return { means, scales };
}

/** A column of ones, then the scaled features. */
export function scaledDesign(features: Matrix, means: Float64Array, scales: Float64Array): Matrix {
  const size = features.columns + 1;
  const data = new Float64Array(features.rows * size);
  for (let row = 0; row < features.rows; row++) {
    data[row * size] = 1;
    for (let i = 0; i < features.columns; i++) {
      const value = features.data[row * features.columns + i] as number;
      data[row * size + i + 1] = (value - (means[i] as number)) * (scales[i] as number);
    }
  }
  return { data, rows: features.rows, columns: size };
}

/** Solves A x = b for a positive definite A, given by its lower triangle, which becomes its Cholesky factor. */
function solve(A: Float64Array, b: Float64Array): Float64Array {
  const size = b.length;
  const at = (i: number, j: number) => A[i * size + j] as number;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = at(i, j);
      for (let k = 0; k < j; k++) rest -= at(i, k) * at(j, k);
      A[i * size + j] = i === j ? Math.sqrt(rest) : rest / at(j, j);
    }
  }
  const x = b.slice();
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) x[i] = (x[i] as number) - at(i, k) * (x[k] as number);
    x[i] = (x[i] as number) / at(i, i);
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) x[i] = (x[i] as number) - at(k, i) * (x[k] as number);
    x[i] = (x[i] as number) / at(i, i);
  }
  return x;
}
