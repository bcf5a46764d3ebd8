/**
 * Intervals that a value lies in as often as they say. Split-conformal: on origins that were learned from by nothing, how
 * far was the forecast off? The interval reaches as far as the k-th smallest of m such distances, k = ceil((m + 1) level),
 * which holds at least so often where the distances to come are like those (Vovk, Gammerman and Shafer, "Algorithmic
 * Learning in a Random World", 2005; Lei, G'Sell, Rinaldo, Tibshirani and Wasserman, "Distribution-Free Predictive Inference
 * for Regression", 2018). Around quantiles the distance is how far a value lies outside them, below 0 inside (Romano,
 * Patterson and Candès, "Conformalized Quantile Regression", 2019). Each step ahead and each feature has its own.
 *
 * A series is not exchangeable, as the theorem wants: what a backtest measures is what is known.
 */
import { ConfigError, DataError } from '../core/errors.js';

/** What is forecast from an origin, [steps, features] each. */
export interface Path {
  readonly values: Float64Array;
  /** For each quantile of the forecaster, in order. */
  readonly quantiles: readonly Float64Array[];
}

/** The lower and the upper one of two quantiles that lie at equal distances from the ends. */
export interface QuantilePair {
  readonly level: number;
  readonly lower: number;
  readonly upper: number;
}

/** Distances in ascending order, for each step ahead and feature; for each pair of quantiles, or once where there is none. */
export type Calibration = readonly (readonly Float64Array[])[];

/** The pairs among quantiles in ascending order. */
export function pairsOf(quantiles: readonly number[]): QuantilePair[] {
  return quantiles.flatMap((q, lower) => {
    const upper = quantiles.findIndex((other) => Math.abs(q + other - 1) < 1e-9);
    return q < 0.5 && upper !== -1 ? [{ level: (quantiles[upper] as number) - q, lower, upper }] : [];
  });
}

/**
 * @param truths  what came, [steps, features] for each path; a gap is NaN, and counts for nothing
 */
export function calibrate(
  paths: readonly Path[],
  truths: readonly Float64Array[],
  pairs: readonly QuantilePair[],
): Calibration {
  const distances = (distance: (path: Path, truth: number, cell: number) => number) =>
    Array.from({ length: (truths[0] as Float64Array).length }, (_, cell) =>
      Float64Array.from(paths, (path, i) => distance(path, (truths[i] as Float64Array)[cell] as number, cell))
        .filter((value) => !Number.isNaN(value))
        .sort(),
    );
  if (pairs.length === 0) {
    return [distances(({ values }, truth, cell) => Math.abs(truth - (values[cell] as number)))];
  }
  return pairs.map(({ lower, upper }) =>
    distances(({ quantiles }, truth, cell) =>
      Math.max(
        ((quantiles[lower] as Float64Array)[cell] as number) - truth,
        truth - ((quantiles[upper] as Float64Array)[cell] as number),
      ),
    ),
  );
}

/**
 * The interval around a path.
 *
 * @param steps  how many steps ahead were calibrated, for messages
 * @throws ConfigError for a level that there are no quantiles for, or nothing to make an interval of
 * @throws DataError where too few origins were calibrated
 */
export function intervalOf(
  { values, quantiles }: Path,
  level: number,
  pairs: readonly QuantilePair[],
  calibration: Calibration | undefined,
): { lower: Float64Array; upper: Float64Array } {
  const which = pairs.findIndex((pair) => Math.abs(pair.level - level) < 1e-9);
  if (pairs.length > 0 && which === -1) {
    const levels = pairs.map((pair) => Number(pair.level.toFixed(6))).join(', ');
    throw new ConfigError(
      `level ${level} has no pair of quantiles: those of the forecaster are for ${levels}`,
    );
  }
  const pair = pairs[which];
  if (calibration === undefined && pair === undefined) {
    throw new ConfigError(
      'there is nothing to make an interval of: fit with { calibration: 0.2 }, or give the forecaster quantiles',
    );
  }
  const distances = calibration?.[pair === undefined ? 0 : which];
  const reach = values.map((_, cell) => (distances ? reachOf(distances[cell], level, values.length) : 0));
  const low = pair === undefined ? values : (quantiles[pair.lower] as Float64Array);
  const high = pair === undefined ? values : (quantiles[pair.upper] as Float64Array);
  return {
    lower: low.map((value, cell) => value - (reach[cell] as number)),
    upper: high.map((value, cell) => value + (reach[cell] as number)),
  };
}

function reachOf(distances: Float64Array | undefined, level: number, cells: number): number {
  if (distances === undefined) {
    throw new ConfigError(
      `an interval for ${cells} values was asked for, which reaches further than what was calibrated: ask for fewer steps, ` +
        'or give the forecaster a larger horizon',
    );
  }
  const count = distances.length;
  const rank = Math.ceil((count + 1) * level - 1e-9);
  if (rank <= count) return distances[Math.max(0, rank - 1)] as number;
  throw new DataError(
    `an interval of level ${level} takes ${Math.ceil(level / (1 - level) - 1e-9)} calibrated origins or more but has ${count}: ` +
      'fit with a larger calibration part, or ask for a lower level',
  );
}
