/**
 * Mean 0 and deviation 1: (x - mean) / deviation, the deviation being that of the values themselves (divided by n, not
 * n - 1), as in scikit-learn's StandardScaler.
 */
import type { TransformJSON } from '../transform.js';
import { affineScaler, type Line, orOne, readLines } from './affine-scaler.js';
import type { Scaler } from './scaler.js';

const KIND = 'standardScaler';

/**
 * Scales each feature to mean 0 and deviation 1. A feature that never changes becomes 0.
 *
 * @example
 * const scaler = standardScaler().fit(series.slice(0, cut));
 * const scaled = scaler.transform(series);
 */
export function standardScaler(): Scaler {
  return affineScaler(KIND, {}, learnStandard);
}

/** @throws FormatError for what no scaler wrote */
export function restoreStandardScaler(json: TransformJSON): Scaler {
  return affineScaler(KIND, {}, learnStandard, readLines(json));
}

function learnStandard(known: Float64Array): Line {
  const [first] = known as unknown as [number];
  // Asked of the values, since the sum of many equal ones may be rounded.
  if (known.every((value) => value === first)) return { center: first, scale: 1 };
  const center = first + meanOf(known, (value) => value - first);
  return { center, scale: orOne(Math.sqrt(meanOf(known, (value) => (value - center) ** 2))) };
}

function meanOf(values: Float64Array, of: (value: number) => number): number {
  return values.reduce((sum, value) => sum + of(value), 0) / values.length;
}
