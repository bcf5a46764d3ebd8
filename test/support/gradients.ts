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
 * The derivative of `loss` by `array[index]`: central differences at `step`, a half and a quarter of it, combined
 * to fourth order (Richardson 1911). It is undefined where there is none to be had: where the combinations
 * disagree, or the bend does not shrink with the step, there is a kink within it, of the loss or of its slope; and
 * where the loss is very large its rounding drowns the difference.
 */
function derivative(
  loss: () => number,
  array: FloatArray,
  index: number,
  scale: number,
  step: number,
): number | undefined {
  const value = array[index] as number;
  const middle = loss();
  const probe = (h: number) => {
    array[index] = value + h;
    const above = loss();
    array[index] = value - h;
    const below = loss();
    array[index] = value;
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
    const errors: string[] = [];
    const isRight = STEPS.some((step) => {
      const expected = derivative(loss, array, index, typical, step);
      if (expected === undefined) return false;
      const error =
        Math.abs(found - expected) / Math.max(Math.abs(found), Math.abs(expected), typical, SMALLEST_SIZE);
      errors.push(`${expected} at step ${step}, error ${error}`);
      return error < RELATIVE_ERROR;
    });
    if (isRight) comparison.compared++;
    else if (errors.length === 0) comparison.kinks++;
    else throw new Error(`${what}[${index}]: gradient ${found}, central differences ${errors.join('; ')}`);
  }
  return comparison;
}
