/** What a user gives as sample weights, made into flat arrays that lie beside the targets. */
import { DataError } from '../core/errors.js';
import { type FloatArray, isTensor } from '../core/tensor.js';
import { newArray, rankOf } from '../data/samples.js';
import { type Placement, placeOf, toFlat } from './targets.js';

/** @throws ShapeError when they do not fit, DataError for one below 0 or not finite, where it counts */
export function toWeights(weights: unknown, place: Placement): FloatArray {
  const { outer, rows: of, what } = place;
  const [rows, steps] = outer as [number, number | undefined];
  const aRow = isTensor(weights) ? weights.shape.length === 1 : rankOf(weights) === 1;
  const flat = toFlat(weights, aRow ? { ...place, outer: [rows] } : place);
  const spread = aRow && steps !== undefined ? spreadOverSteps(flat, steps, place.precision) : flat;
  for (let k = 0; k < spread.length; k++) {
    if (of.mask !== undefined && !aRow && of.mask[k] === 0) continue;
    if ((spread[k] as number) >= 0 && Number.isFinite(spread[k])) continue;
    throw new DataError(`${what} must be at least 0 everywhere but is ${spread[k]} at ${placeOf(k, steps)}`);
  }
  return spread;
}

function spreadOverSteps(weights: FloatArray, steps: number, precision: 'float32' | 'float64'): FloatArray {
  const spread = newArray(precision, weights.length * steps);
  weights.forEach((weight, row) => void spread.fill(weight, row * steps, (row + 1) * steps));
  return spread;
}
