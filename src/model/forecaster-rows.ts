/**
 * A series and what is known of its future, laid out for a model. A step of the input holds what the scaler made of the
 * series at that step, and the covariates of the step that lies `lead` later: so that in the last steps before an origin
 * stands what is known of the steps behind it.
 */
import { DataError, ShapeError } from '../core/errors.js';
import type { Tensor } from '../core/tensor.js';
import type { Missing } from '../data/samples.js';
import { type Numbers, readNumbers } from '../data/scalers/numbers.js';
import type { Scaler } from '../data/scalers/scaler.js';

/** A series, [steps, features]. */
export interface Steps {
  readonly data: Float64Array;
  readonly rows: number;
  readonly features: number;
}

export interface LaidOut {
  /** [steps - lost, features + covariates]; the covariates that nobody knows are NaN. */
  readonly matrix: Tensor<Float64Array>;
  /** [steps known, covariates], scaled; empty where there are none. */
  readonly covariates: Float64Array;
  /** How many steps at the beginning of the series have none here, since differences were taken. */
  readonly lost: number;
}

/**
 * @param missing  whether NaN is an error
 * @throws ShapeError for what is no series, or has other features than before
 */
export function readSteps(values: Numbers, what: string, missing: Missing, features?: number): Steps {
  const { data, rows, features: found, rank } = readNumbers(values, what);
  if (rank === 3)
    throw new ShapeError(`${what} is one series, [steps] or [steps, features], but has three axes`);
  if (features !== undefined && found !== features && rows > 0) {
    throw new ShapeError(`${what} has ${found} features where fit saw ${features}`);
  }
  const at = missing === 'error' ? data.findIndex(Number.isNaN) : -1;
  if (at === -1) return { data, rows, features: found };
  throw new DataError(
    `${what} has NaN at step ${Math.floor(at / found)}, feature ${at % found}: mend it, or make the forecaster with ` +
      "{ missing: 'mask' } to take it for a gap",
  );
}

/** Covariates, every one of them known. */
export function readCovariates(values: Numbers, what: string, features?: number): Steps {
  const steps = readSteps(values, what, 'mask', features);
  const at = steps.data.findIndex(Number.isNaN);
  if (at === -1) return steps;
  throw new DataError(
    `${what} has NaN at step ${Math.floor(at / steps.features)}, feature ${at % steps.features}: a covariate is known for every step`,
  );
}

/** Steps `from` to `to` as a Tensor, a view. */
export function sliceSteps({ data, features }: Steps, from: number, to: number): Tensor<Float64Array> {
  return { data: data.subarray(from * features, to * features), shape: [to - from, features] };
}

export function lostBy({ lags }: Scaler): number {
  return lags.reduce((sum, lag) => sum + lag, 0);
}

/**
 * @param covariates  a row for each step of the series, and for those to come that are known
 * @param lead  how many steps ahead the model sees
 */
export function layOut(
  series: Steps,
  scaler: Scaler,
  covariates: Steps | undefined,
  covariateScaler: Scaler | undefined,
  lead: number,
): LaidOut {
  const lost = lostBy(scaler);
  const scaled = scaler.transform(sliceSteps(series, 0, series.rows)).data;
  const rows = series.rows - lost;
  if (!covariates || !covariateScaler) {
    return {
      matrix: { data: scaled, shape: [rows, series.features] },
      covariates: new Float64Array(0),
      lost,
    };
  }
  const known = covariateScaler.transform(sliceSteps(covariates, 0, covariates.rows)).data;
  const { features } = series;
  const width = features + covariates.features;
  const data = new Float64Array(rows * width).fill(Number.NaN);
  for (let row = 0; row < rows; row++) {
    data.set(scaled.subarray(row * features, (row + 1) * features), row * width);
    const later = (row + lost + lead) * covariates.features;
    data.set(known.subarray(later, later + covariates.features), row * width + features);
  }
  return { matrix: { data, shape: [rows, width] }, covariates: known, lost };
}
