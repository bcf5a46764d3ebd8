/** Derivatives by central differences, and how far a gradient is from them. */
import type { FloatArray } from '../core/tensor.js';

/** Gradients below this are compared as if they were of this size: a loss is rounded to about 1e-16 of itself. */
const SMALLEST_SIZE = 1e-4;

/** How far a gradient is from the central differences of one number. */
export interface Difference {
  readonly gradient: number;
  readonly difference: number;
  /** Relative to the largest of both and the gradient's root mean square. */
  readonly error: number;
}

/**
 * Compares a gradient with the derivative of `loss` by `array[index]`: central differences at `step` and a half of it,
 * combined to fourth order (Richardson 1911). At a kink, where they deceive, smaller steps are tried; a wrong gradient is
 * wrong at all of them.
 *
 * @param typical  the gradient's root mean square
 */
export function compareAt(
  loss: () => number,
  array: FloatArray,
  index: number,
  gradient: number,
  typical: number,
  step: number,
): Difference {
  let best: Difference | undefined;
  for (const h of [step, step / 30, step / 300]) {
    const wide = slopeAt(loss, array, index, h);
    const difference = (4 * slopeAt(loss, array, index, h / 2) - wide) / 3;
    const size = Math.max(Math.abs(gradient), Math.abs(difference), typical, SMALLEST_SIZE);
    const error = Math.abs(gradient - difference) / size;
    if (best === undefined || !(error >= best.error)) best = { gradient, difference, error };
    if (error < 1e-8) break;
  }
  return best as Difference;
}

function slopeAt(loss: () => number, array: FloatArray, index: number, step: number): number {
  const value = array[index] as number;
  array[index] = value + step;
  const above = loss();
  array[index] = value - step;
  const below = loss();
  array[index] = value;
  return (above - below) / (2 * step);
}
