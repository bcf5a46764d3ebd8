/** Central differences in double precision, and how far a gradient may be from them. */
import { expect } from 'vitest';
import type { Random } from '../../src/core/random.js';
import type { FloatArray } from '../../src/core/tensor.js';

/** The largest relative error that a gradient may have. */
export const RELATIVE_ERROR = 1e-6;

/** Gradients below this are compared as if they were of this size: the loss is rounded to about 1e-16 of itself. */
const SMALLEST_SIZE = 1e-4;

/**
 * Steps of the differences: wide ones, where rounding matters least, and closer ones, to keep clear of a kink. A
 * kink can lie so that it deceives at one step; a wrong gradient is wrong at all of them.
 */
const STEPS = [1e-3, 1e-5, 3.3e-4, 4.7e-6, 1.1e-4];

/**
 * The derivative of `loss` along a path, which `move` goes to a place of: central differences at `step`, a half and a quarter of it, combined
 * to fourth order (Richardson 1911). It is undefined where there is none to be had: where the combinations
 * disagree, or the bend does not shrink with the step, there is a kink within it, of the loss or of its slope; and
 * where the loss is very large its rounding drowns the difference.
 */
function derivative(
  loss: () => number,
  move: (to: number) => void,
  scale: number,
  step: number,
): number | undefined {
  move(0);
  const middle = loss();
  const probe = (h: number) => {
    move(h);
    const above = loss();
    move(-h);
    const below = loss();
    move(0);
    return { slope: (above - below) / (2 * h), bend: Math.abs(above + below - 2 * middle) / h };
  };
  const whole = probe(step);
  const half = probe(step / 2);
  const quarter = probe(step / 4);
  const wide = (4 * half.slope - whole.slope) / 3;
  const narrow = (4 * quarter.slope - half.slope) / 3;
  const allowed = 0.3 * RELATIVE_ERROR * Math.max(scale, Math.abs(narrow), SMALLEST_SIZE);
  const isRounded = (4 * Number.EPSILON * Math.abs(middle)) / step > allowed;
  const isBent = quarter.bend > allowed && quarter.bend > 0.5 * whole.bend;
  return Math.abs(wide - narrow) < allowed && !isRounded && !isBent ? narrow : undefined;
}

export interface Comparison {
  compared: number;
  /** Elements at a kink, or lost in rounding, where there is nothing to compare with. */
  kinks: number;
}

/** Whether a derivative is that of central differences, of one step at least; undefined where there are none to be had. */
function isDerivative(
  what: () => string,
  loss: () => number,
  move: (to: number) => void,
  found: number,
  typical: number,
): boolean | undefined {
  const errors: string[] = [];
  const isRight = STEPS.some((step) => {
    const expected = derivative(loss, move, typical, step);
    if (expected === undefined) return false;
    const error =
      Math.abs(found - expected) / Math.max(Math.abs(found), Math.abs(expected), typical, SMALLEST_SIZE);
    errors.push(`${expected} at step ${step}, error ${error}`);
    return error < RELATIVE_ERROR;
  });
  if (isRight) return true;
  if (errors.length === 0) return undefined;
  throw new Error(`${what()}: gradient ${found}, central differences ${errors.join('; ')}`);
}

/**
 * Compares a gradient with central differences along a random direction: whatever element of it is wrong, the slope
 * along nearly every direction is. The error is relative to the size of the gradient.
 */
export function compareDirection(
  what: string,
  loss: () => number,
  array: FloatArray,
  gradient: FloatArray,
  random: Random,
): Comparison {
  expect(gradient.length, what).toBe(array.length);
  const start = array.slice();
  const direction = array.map(() => random.normal());
  let slope = 0;
  let squares = 0;
  gradient.forEach((value, k) => {
    slope += value * (direction[k] as number);
    squares += value * value;
  });
  const move = (to: number) => {
    for (let k = 0; k < array.length; k++) array[k] = (start[k] as number) + to * (direction[k] as number);
  };
  const isRight = isDerivative(() => what, loss, move, slope, Math.sqrt(squares));
  return { compared: isRight ? 1 : 0, kinks: isRight ? 0 : 1 };
}

/**
 * Compares a gradient with central differences at up to `most` elements, drawn at random. The error of an
 * element is relative to the larger of its own size and the root mean square of the gradient.
 */
export function compareGradient(
  what: string,
  loss: () => number,
  array: FloatArray,
  gradient: FloatArray,
  random: Random,
  most = 24,
): Comparison {
  expect(gradient.length, what).toBe(array.length);
  let squares = 0;
  for (let k = 0; k < gradient.length; k++) squares += (gradient[k] as number) ** 2;
  const typical = Math.sqrt(squares / gradient.length);
  const comparison: Comparison = { compared: 0, kinks: 0 };
  for (let n = 0; n < Math.min(most, array.length); n++) {
    const index = array.length <= most ? n : random.below(array.length);
    const found = gradient[index] as number;
    const value = array[index] as number;
    const move = (to: number) => {
      array[index] = value + to;
    };
    if (isDerivative(() => `${what}[${index}]`, loss, move, found, typical)) comparison.compared++;
    else comparison.kinks++;
  }
  return comparison;
}
