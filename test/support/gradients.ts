/** Central differences in double precision, and how far a gradient may be from them. */
import { expect } from 'vitest';
import type { Random } from '../../src/core/random.js';
import type { FloatArray } from '../../src/core/tensor.js';

/** The largest relative error that a gradient may have. */
export const RELATIVE_ERROR = 1e-6;

/** Gradients below this are compared as if they were of this size: the loss is rounded to about 1e-16 of itself. */
const SMALLEST_SIZE = 1e-4;

/** Steps of the differences: wide ones, where rounding matters least, and close ones, to keep clear of a kink. */
const STEPS = [1e-3, 1e-5];

/**
 * The derivative of `loss` by `array[index]`: central differences at a step, a half and a quarter of it, combined
 * to fourth order (Richardson 1911). Where the two combinations disagree there is a kink within the steps, of the
 * loss or of its slope; where even close steps disagree the answer is undefined.
 */
function derivative(loss: () => number, array: FloatArray, index: number, scale: number): number | undefined {
  const value = array[index] as number;
  const difference = (step: number) => {
    array[index] = value + step;
    const above = loss();
    array[index] = value - step;
    const below = loss();
    array[index] = value;
    return (above - below) / (2 * step);
  };
  for (const step of STEPS) {
    const half = difference(step / 2);
    const wide = (4 * half - difference(step)) / 3;
    const narrow = (4 * difference(step / 4) - half) / 3;
    if (Math.abs(wide - narrow) < 0.3 * RELATIVE_ERROR * Math.max(scale, Math.abs(narrow), SMALLEST_SIZE))
      return narrow;
  }
  return undefined;
}

export interface Comparison {
  compared: number;
  /** Elements at a kink, where there is no derivative. */
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
  const squares = gradient.reduce((sum: number, g: number) => sum + g * g, 0);
  const typical = Math.sqrt(squares / gradient.length);
  const comparison: Comparison = { compared: 0, kinks: 0 };
  for (let n = 0; n < Math.min(most, array.length); n++) {
    const index = array.length <= most ? n : random.below(array.length);
    const expected = derivative(loss, array, index, typical);
    if (expected === undefined) {
      comparison.kinks++;
      continue;
    }
    comparison.compared++;
    const found = gradient[index] as number;
    const size = Math.max(Math.abs(found), Math.abs(expected), typical, SMALLEST_SIZE);
    const error = Math.abs(found - expected) / size;
    if (!(error < RELATIVE_ERROR)) {
      throw new Error(
        `${what}[${index}]: gradient ${found}, central differences ${expected}, error ${error}`,
      );
    }
  }
  return comparison;
}
