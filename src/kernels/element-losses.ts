/**
 * More losses that are the mean over the outputs of a function of one output y and its target t (see losses.ts):
 *
 *     log cosh        log cosh e = |e| + log1p(e^(-2 |e|)) - log 2,  e = y - t;         slope tanh e
 *     Poisson         y - t log(y + epsilon), y a rate above 0;                         slope 1 - t / (y + epsilon)
 *       of log y      e^y - t y;                                                        slope e^y - t
 *     hinge           max(0, 1 - s y), s = 1 for a target above 0 and -1 otherwise;     slope -s within the margin
 *     squared hinge   max(0, 1 - s y)^2;                                                slope -2 s (1 - s y)
 *     binary focal    a q^g C, C the binary cross-entropy of p and t, q = t (1 - p) + (1 - t) p how far it is off,
 *                     a = t alpha + (1 - t) (1 - alpha) (Lin and others 2017);
 *                     slope by p  a (g q^(g-1) (1 - 2 t) C + q^g C'), by a logit z times p (1 - p)
 *
 * and label smoothing of the binary cross-entropy, whose target is t (1 - s) + s / 2 (Szegedy and others 2016).
 */
import { exp, log, log1p, raise, sigmoid, tanh } from '../core/math.js';
import {
  binaryCrossentropy,
  binaryCrossentropyOfLogit,
  clipProbability,
  type ElementLoss,
} from './losses.js';

/** log cosh (y - t) */
export const logCosh: ElementLoss = {
  value: (y, target) => {
    const size = Math.abs(y - target);
    return size + log1p(exp(-2 * size)) - Math.LN2;
  },
  derivative: (y, target) => tanh(y - target),
};

/** y - t log(y + epsilon), y a rate. */
export function poisson(epsilon: number): ElementLoss {
  return {
    value: (y, target) => y - (target === 0 ? 0 : target * log(y + epsilon)),
    derivative: (y, target) => 1 - target / (y + epsilon),
  };
}

/** e^y - t y, y the logarithm of a rate. */
export const poissonOfLog: ElementLoss = {
  value: (y, target) => exp(y) - target * y,
  derivative: (y, target) => exp(y) - target,
};

function signOf(target: number): number {
  return target > 0 ? 1 : -1;
}

/** max(0, 1 - s y) */
export const hinge: ElementLoss = {
  value: (y, target) => Math.max(0, 1 - signOf(target) * y),
  derivative: (y, target) => (signOf(target) * y < 1 ? -signOf(target) : 0),
};

/** max(0, 1 - s y)^2 */
export const squaredHinge: ElementLoss = {
  value: (y, target) => Math.max(0, 1 - signOf(target) * y) ** 2,
  derivative: (y, target) => -2 * signOf(target) * Math.max(0, 1 - signOf(target) * y),
};

/** The weight of a target: alpha for the one side, 1 - alpha for the other; 1 for both without an alpha. */
function balance(alpha: number | undefined, target: number): number {
  return alpha === undefined ? 1 : target * alpha + (1 - target) * (1 - alpha);
}

/** a q^gamma C of a probability. */
export function binaryFocal(gamma: number, alpha: number | undefined): ElementLoss {
  const off = (p: number, target: number) => target * (1 - p) + (1 - target) * p;
  return {
    value: (y, target) => {
      const q = off(clipProbability(y), target);
      return balance(alpha, target) * raise(q, gamma) * binaryCrossentropy.value(y, target);
    },
    derivative: (y, target) => {
      const p = clipProbability(y);
      if (p !== y) return 0;
      const q = off(p, target);
      const bend = gamma === 0 ? 0 : gamma * raise(q, gamma - 1) * (1 - 2 * target);
      const loss = binaryCrossentropy.value(y, target);
      return (
        balance(alpha, target) * (bend * loss + raise(q, gamma) * binaryCrossentropy.derivative(y, target))
      );
    },
  };
}

/** The same of a logit z, p = sigmoid(z). */
export function binaryFocalOfLogit(gamma: number, alpha: number | undefined): ElementLoss {
  const off = (z: number, target: number) => target * sigmoid(-z) + (1 - target) * sigmoid(z);
  return {
    value: (z, target) =>
      balance(alpha, target) * raise(off(z, target), gamma) * binaryCrossentropyOfLogit.value(z, target),
    derivative: (z, target) => {
      const q = off(z, target);
      const slope = sigmoid(z) * sigmoid(-z);
      const bend = gamma === 0 || slope === 0 ? 0 : gamma * raise(q, gamma - 1) * (1 - 2 * target) * slope;
      const loss = binaryCrossentropyOfLogit.value(z, target);
      const own = raise(q, gamma) * binaryCrossentropyOfLogit.derivative(z, target);
      return balance(alpha, target) * (bend * loss + own);
    },
  };
}

/** A loss whose targets are moved towards a half. */
export function smoothed(loss: ElementLoss, smoothing: number): ElementLoss {
  const smooth = (target: number) => target * (1 - smoothing) + 0.5 * smoothing;
  return {
    value: (y, target) => loss.value(y, smooth(target)),
    derivative: (y, target) => loss.derivative(y, smooth(target)),
  };
}
