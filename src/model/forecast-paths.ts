/** Forecasts from any steps of a series, in its own unit: by one look at the model, or step by step. */
import { DataError, ShapeError } from '../core/errors.js';
import { checkInteger } from '../core/options.js';
import type { FloatArray, Tensor } from '../core/tensor.js';
import type { Scaler } from '../data/scalers/scaler.js';
import { windowsOf } from '../data/window-view.js';
import type { Path } from './forecast-intervals.js';
import type { ForecasterSettings, ForecastModel } from './forecaster-options.js';
import { type LaidOut, type Steps, sliceSteps } from './forecaster-rows.js';

/** How many rows are computed at once. */
const BATCH = 256;

export interface Predictor {
  readonly model: ForecastModel;
  readonly scaler: Scaler;
  readonly settings: ForecasterSettings;
}

/**
 * The forecasts from each origin, which is the first step that is forecast: nothing from it on is looked at but covariates.
 * Where a gap hides what differences are added to, they are NaN.
 *
 * @param steps  how many steps ahead, no more than the horizon of a direct model
 */
export function pathsFrom(
  { model, scaler, settings }: Predictor,
  series: Steps,
  laidOut: LaidOut,
  origins: Int32Array,
  steps: number,
): Path[] {
  const { quantiles, strategy } = settings;
  const { features } = series;
  const made =
    strategy === 'direct'
      ? predictAtOnce(model, laidOut, origins, settings, features)
      : predictByStep(model, laidOut, origins, settings, features, steps);
  const each = Math.max(1, quantiles.length);
  const perRow = made.length / origins.length;
  return Array.from(origins, (origin, row): Path => {
    const row0 = row * perRow;
    const before = sliceSteps(series, Math.max(0, origin - laidOut.lost), origin);
    const inUnit = (k: number) => {
      const scaled = Float64Array.from(
        { length: steps * features },
        (_, cell) => made[row0 + cell * each + k] as number,
      );
      const ready: Tensor<Float64Array> = { data: scaled, shape: [steps, features] };
      return scaler.inverse(ready, { after: before }).data;
    };
    if (quantiles.length === 0) return { values: inUnit(0), quantiles: [] };
    sortEach(made, row0, row0 + perRow, each);
    const all = quantiles.map((_, k) => inUnit(k));
    return { values: all[quantiles.indexOf(0.5)] as Float64Array, quantiles: all };
  });
}

/** Whether the model sees anything before an origin: a step without a gap. */
export function seesAnything({ matrix, lost }: LaidOut, origin: number, input: number): boolean {
  const width = matrix.shape[1] as number;
  for (let step = origin - lost - input; step < origin - lost; step++) {
    if (!matrix.data.subarray(step * width, (step + 1) * width).some(Number.isNaN)) return true;
  }
  return false;
}

/** Where quantiles cross, they change places (Chernozhukov, Fernández-Val and Galichon, 2010). */
function sortEach(values: FloatArray, from: number, to: number, each: number): void {
  for (let at = from; at < to; at += each) values.subarray(at, at + each).sort();
}

/** [origins, horizon * features * quantiles]. */
function predictAtOnce(
  model: ForecastModel,
  { matrix, lost }: LaidOut,
  origins: Int32Array,
  { input, horizon, quantiles, missing }: ForecasterSettings,
  features: number,
): FloatArray {
  const x = windowsOf(
    matrix,
    origins.map((origin) => origin - lost - input),
    input,
  );
  const { data, shape } = model.predict(x, { batchSize: BATCH, missing });
  checkOutputs(shape, horizon * features * Math.max(1, quantiles.length));
  return data.slice();
}

/** [origins, steps * features]: each step is put behind the series, with its covariates, to foretell the next. */
function predictByStep(
  model: ForecastModel,
  { matrix, lost, covariates }: LaidOut,
  origins: Int32Array,
  { input, missing }: ForecasterSettings,
  features: number,
  steps: number,
): FloatArray {
  const width = matrix.shape[1] as number;
  const known = width - features;
  const made = new Float64Array(origins.length * steps * features);
  for (let start = 0; start < origins.length; start += BATCH) {
    const some = origins.subarray(start, start + BATCH);
    const rows = windowsOf(
      matrix,
      some.map((origin) => origin - lost - input),
      input,
    );
    const x = rows.toTensor() as Tensor<Float64Array>;
    const size = input * width;
    for (let h = 0; h < steps; h++) {
      const { data, shape } = model.predict(x, { batchSize: BATCH, missing });
      checkOutputs(shape, features);
      some.forEach((origin, row) => {
        const next = data.subarray(row * features, (row + 1) * features);
        made.set(next, ((start + row) * steps + h) * features);
        x.data.copyWithin(row * size, row * size + width, (row + 1) * size);
        const last = (row + 1) * size - width;
        x.data.set(next, last);
        // The model looks one step ahead: behind this step it foretells the one after it.
        const after = (origin + h + 1) * known;
        x.data.set(covariates.subarray(after, after + known), last + features);
      });
    }
  }
  return made;
}

function checkOutputs(shape: readonly number[], outputs: number): void {
  if (shape.length === 2 && shape[1] === outputs) return;
  throw new ShapeError(
    `forecaster: the model should give ${outputs} numbers a row but gives ${shape.slice(1).join(' x ')}: end it with dense(${outputs})`,
  );
}

/**
 * @throws DataError for an origin that has too little before it
 */
export function checkOrigins(
  asked: ArrayLike<number>,
  series: Steps,
  { input }: ForecasterSettings,
  lost: number,
): Int32Array {
  const needed = input + lost;
  return Int32Array.from(asked, (origin) => {
    checkInteger('forecast: an origin', origin, { min: 0 });
    if (origin >= needed && origin <= series.rows) return origin;
    const found = origin > series.rows ? `the series ends at ${series.rows}` : `there are ${origin}`;
    throw new DataError(`a forecast from step ${origin} takes the ${needed} steps before it, and ${found}`);
  });
}
