/**
 * Median 0 and interquartile range 1: (x - median) / (q3 - q1), which a few wild values do not move; as in scikit-learn's
 * RobustScaler. Quartiles lie between two values by linear interpolation (definition 7 of Hyndman and Fan, "Sample
 * Quantiles in Statistical Packages", 1996, the one of NumPy and R).
 */
import type { TransformJSON } from '../transform.js';
import { affineScaler, type Line, orOne, readLines } from './affine-scaler.js';
import type { Scaler } from './scaler.js';

const KIND = 'robustScaler';

/**
 * Scales each feature by its median and its interquartile range. Where half of the values or more are one and the same,
 * that range is 0, and the feature is only moved.
 *
 * @example robustScaler().fit(train)
 */
export function robustScaler(): Scaler {
  return affineScaler(KIND, {}, learnRobust);
}

/** @throws FormatError for what no scaler wrote */
export function restoreRobustScaler(json: TransformJSON): Scaler {
  return affineScaler(KIND, {}, learnRobust, readLines(json));
}

function learnRobust(known: Float64Array): Line {
  const sorted = known.slice().sort();
  const range = quantileOf(sorted, 0.75) - quantileOf(sorted, 0.25);
  return { center: quantileOf(sorted, 0.5), scale: orOne(range) };
}

/** The value below which a share of the sorted values lies. */
function quantileOf(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)] as number;
  const above = sorted[Math.ceil(place)] as number;
  return below + (above - below) * (place - Math.floor(place));
}
