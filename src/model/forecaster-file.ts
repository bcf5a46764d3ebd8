/**
 * A forecaster as the bytes of its model's file: what it was told, its scalers and the end of its series travel beside the
 * model as its preparation, under the name `forecaster`, so that it goes on from there. JSON has no NaN: a gap is null.
 */
import { ConfigError, FormatError, LonghandError } from '../core/errors.js';
import { checkInteger, describe } from '../core/options.js';
import { isScaler } from '../data/scalers/chain.js';
import type { Scaler } from '../data/scalers/scaler.js';
import type { Json } from '../data/transform.js';
import { restoreTransform } from '../data/transforms.js';
import { type Calibration, pairsOf } from './forecast-intervals.js';
import { type Fitted, Forecaster } from './forecaster.js';
import { checkSettings, type ForecasterSettings, type ForecastModel } from './forecaster-options.js';
import { layOut, lostBy, type Steps } from './forecaster-rows.js';
import { deserializeModel, serializeModel } from './model-file.js';
import type { PipelineSaveOptions } from './pipeline.js';
import { readPreparation } from './preparation.js';

const KEY = 'forecaster';

type Fields = { readonly [name: string]: Json | undefined };

/**
 * The bytes of a file that holds the forecaster with its model: `deserializeModel` reads the model alone.
 *
 * @param options.includeOptimizer  whether the compile options and the optimizer's state are in it; true by default
 * @param options.about  plain JSON of your own, such as the name of a column: `readPreparation(bytes).about`
 * @throws ConfigError before `fit`; else as `serializeModel` does
 */
export function serializeForecaster(
  forecaster: Forecaster,
  options: PipelineSaveOptions = {},
): Uint8Array<ArrayBuffer> {
  if (!(forecaster instanceof Forecaster)) {
    throw new ConfigError(`a forecaster is saved, forecaster({ ... }), but got ${describe(forecaster)}`);
  }
  const { settings, fitted } = forecaster;
  if (!fitted) throw new ConfigError('the forecaster has learned nothing yet: call fit, and then save it');
  const { scaler, covariateScaler, steps, tail, covariateTail, calibration } = fitted;
  const written = {
    ...settings,
    steps,
    scaler,
    tail: toJson(tail),
    ...(covariateScaler && { covariateScaler }),
    ...(covariateTail && { covariateTail: toJson(covariateTail) }),
    ...(calibration && { calibration: calibration.map((cells) => cells.map((cell) => [...cell])) }),
  };
  const { about, ...rest } = options;
  return serializeModel(fitted.model, { ...rest, preparation: { [KEY]: written, about } });
}

/**
 * The forecaster that a file of `serializeForecaster` holds. It forecasts the same as the one that was saved.
 *
 * @throws FormatError when the bytes are cut short, hold no forecaster, or are not what they say
 *
 * @example const again = deserializeForecaster(bytes).forecast(12);
 */
export function deserializeForecaster(bytes: Uint8Array): Forecaster {
  const preparation = readPreparation(bytes);
  const fields = isFields(preparation) ? preparation[KEY] : undefined;
  if (!isFields(fields))
    throw new FormatError('the file holds a model but no forecaster: read it with deserializeModel');
  try {
    const { settings, fitted } = read(fields);
    const model = deserializeModel(bytes) as unknown as ForecastModel;
    return new Forecaster(settings, undefined, { ...fitted, model });
  } catch (error) {
    if (error instanceof FormatError || !(error instanceof LonghandError)) throw error;
    throw new FormatError(`the file does not hold a sound forecaster: ${error.message}`);
  }
}

function read(fields: Fields): { settings: ForecasterSettings; fitted: Omit<Fitted, 'model'> } {
  const scaler = readScaler(fields.scaler, 'scaler');
  const { input, horizon, strategy, quantiles, missing } = fields as unknown as ForecasterSettings;
  const settings = checkSettings({ input, horizon, strategy, quantiles, missing }, scaler.lags);
  const steps = checkInteger('steps', fields.steps);
  const reach = settings.input + lostBy(scaler);
  const tail = readSteps(fields.tail, 'tail', reach, true);
  const hasCovariates = fields.covariateScaler !== undefined;
  const covariates = hasCovariates && {
    covariateScaler: readScaler(fields.covariateScaler, 'covariateScaler'),
    covariateTail: readSteps(fields.covariateTail, 'covariateTail', reach, false),
  };
  const { covariateScaler, covariateTail } = covariates || {};
  // Throws where they do not belong together.
  layOut(tail, scaler, covariateTail, covariateScaler, 1);
  return {
    settings,
    fitted: {
      scaler,
      steps,
      tail,
      features: tail.features,
      covariateScaler,
      covariateTail,
      calibration: readCalibration(fields.calibration, settings, tail.features),
    },
  };
}

function toJson({ data, features }: Steps): Json {
  return { features, values: Array.from(data, (value) => (Number.isNaN(value) ? null : value)) };
}

function readScaler(json: Json | undefined, name: string): Scaler {
  const scaler = restoreTransform(json);
  if (isScaler(scaler) && scaler.isFitted) return scaler;
  throw new FormatError(`the file's ${name} is no scaler that was fitted`);
}

function readSteps(json: Json | undefined, name: string, rows: number, hasGaps: boolean): Steps {
  const { features, values } = (isFields(json) ? json : {}) as Fields;
  const isSound =
    Number.isSafeInteger(features) &&
    (features as number) > 0 &&
    Array.isArray(values) &&
    values.length === rows * (features as number) &&
    values.every((value) => Number.isFinite(value) || (hasGaps && value === null));
  if (!isSound) throw new FormatError(`the file's ${name} does not hold the last ${rows} steps of a series`);
  const data = Float64Array.from(values as number[], (value) => value ?? Number.NaN);
  return { data, rows, features: features as number };
}

function readCalibration(
  json: Json | undefined,
  { horizon, quantiles }: ForecasterSettings,
  features: number,
): Calibration | undefined {
  if (json === undefined) return undefined;
  const kinds = Math.max(1, pairsOf(quantiles).length);
  const isAscending = (cell: unknown) =>
    Array.isArray(cell) &&
    cell.every((value, i) => Number.isFinite(value) && (i === 0 || value >= (cell[i - 1] as number)));
  const isSound =
    Array.isArray(json) &&
    json.length === kinds &&
    json.every(
      (cells) => Array.isArray(cells) && cells.length === horizon * features && cells.every(isAscending),
    );
  if (!isSound) {
    throw new FormatError(
      "the file's calibration does not hold distances in ascending order for every step ahead",
    );
  }
  return (json as readonly (readonly (readonly number[])[])[]).map((cells) =>
    cells.map((cell) => Float64Array.from(cell)),
  );
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
