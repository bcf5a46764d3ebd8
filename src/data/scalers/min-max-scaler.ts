/** The smallest value becomes the lower end of a range and the largest the upper one, as in scikit-learn's MinMaxScaler. */
import { ConfigError } from '../../core/errors.js';
import { checkOptions, describe } from '../../core/options.js';
import type { TransformJSON } from '../transform.js';
import { affineScaler, type Line, orOne, readLines } from './affine-scaler.js';
import type { Scaler } from './scaler.js';

const KIND = 'minMaxScaler';

export interface MinMaxScalerOptions {
  /** What the smallest and the largest value become; `[0, 1]` by default. */
  range?: readonly [number, number];
}

/**
 * Scales each feature linearly so that the values seen by `fit` fill a range. Others may lie beyond it: nothing is
 * clipped. A feature that never changes becomes the lower end.
 *
 * @throws ConfigError for a range that does not go up
 *
 * @example minMaxScaler({ range: [-1, 1] }).fit(train)
 */
export function minMaxScaler(options: MinMaxScalerOptions = {}): Scaler {
  return makeMinMaxScaler(options);
}

/** @throws FormatError, ConfigError for what no scaler wrote */
export function restoreMinMaxScaler(json: TransformJSON): Scaler {
  return makeMinMaxScaler(json.options as MinMaxScalerOptions, readLines(json));
}

function makeMinMaxScaler(options: MinMaxScalerOptions, fitted?: readonly Line[]): Scaler {
  checkOptions(KIND, options, ['range'], { featureRange: 'write range' });
  const { range = [0, 1] } = options;
  const isRange = Array.isArray(range) && range.length === 2 && range.every((end) => Number.isFinite(end));
  if (!isRange || !(range[0] < range[1])) {
    throw new ConfigError(
      `${KIND}: range is two numbers that go up, such as [-1, 1], but is ${describe(range)}`,
    );
  }
  const [low, high] = range;
  const learn = (known: Float64Array): Line => {
    const smallest = known.reduce((least, value) => Math.min(least, value));
    const largest = known.reduce((most, value) => Math.max(most, value));
    const scale = orOne((largest - smallest) / (high - low));
    return { center: smallest - low * scale, scale };
  };
  return affineScaler(KIND, { range: [low, high] }, learn, fitted);
}
