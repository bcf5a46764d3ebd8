/** What a forecaster is told when it is made, and the checks of it. */
import { ConfigError } from '../core/errors.js';
import { checkInteger, checkNumber, checkOptions, describe, unknownName } from '../core/options.js';
import type { FloatArray } from '../core/tensor.js';
import { checkMissing } from '../data/sample-hints.js';
import type { Missing } from '../data/samples.js';
import { isScaler } from '../data/scalers/chain.js';
import type { Numbers } from '../data/scalers/numbers.js';
import type { Scaler } from '../data/scalers/scaler.js';
import { standardScaler } from '../data/scalers/standard-scaler.js';
import type { SymbolicTensor } from '../layers/layer.js';
import { Model } from './model.js';
import type { FitOptions } from './options.js';

/** A model with one input and one output. */
export type ForecastModel = Model<FloatArray, SymbolicTensor, SymbolicTensor>;

export type ForecastStrategy = 'direct' | 'recursive';

export interface ForecasterOptions {
  /** How many steps the model sees. */
  input: number;
  /** How many steps ahead are forecast; 1 by default. */
  horizon?: number;
  /**
   * `'direct'` (the default): the model foretells all steps of the horizon at once. `'recursive'`: it foretells one step,
   * which is put behind the series to foretell the next, as far as one likes.
   */
  strategy?: ForecastStrategy;
  /** What the series goes through, fitted on the training part; `standardScaler()` by default. It is copied. */
  scaler?: Scaler;
  /**
   * A compiled model whose input is steps of features and whose outputs are `steps * features * quantiles` numbers a row,
   * steps being the horizon, or 1 where it is recursive. By default an `lstm(32)` and a `dense` behind it.
   */
  model?: ForecastModel;
  /**
   * The quantiles that the model foretells, in ascending order, 0.5 among them: that is the forecast. It needs the loss
   * `quantile({ quantiles })` then. None by default.
   */
  quantiles?: readonly number[];
  /** What NaN in the series is: an error (the default), or a gap that is masked. */
  missing?: Missing;
  /** Decides everything random of the default model; 0 by default. */
  seed?: number;
}

export interface FitSeriesOptions
  extends Omit<
    FitOptions,
    | 'validationSplit'
    | 'validationData'
    | 'validationSteps'
    | 'sampleWeight'
    | 'classWeight'
    | 'missing'
    | 'bucketByLength'
    | 'checkpoint'
    | 'resume'
  > {
  /** What is known of every step beforehand, the days of the week say: a row for each step of the series; none by default. */
  covariates?: Numbers;
  /** How much of the series, behind the training part, is evaluated every epoch: a share, or a number of steps; 0 by default. */
  validation?: number;
  /** How much of the series, at its end, calibrates intervals: a share, or a number of steps; 0 by default. */
  calibration?: number;
}

export interface ForecastOptions {
  /** The series that is to be gone on from; the one that `fit` saw by default. */
  history?: Numbers;
  /**
   * Of a forecaster with covariates: a row for each step to come, as many as the horizon where it is direct. With a
   * history, the rows of its steps before them.
   */
  covariates?: Numbers;
  /** How often the interval is to hold, 0.9 say; without it there is none. */
  level?: number;
}

/** Numbers [steps, features], row after row: of a series of one feature a number a step, all in its unit. */
export interface Forecast {
  readonly values: Float64Array;
  /** The lower ends of the intervals, where there is a level. */
  readonly lower?: Float64Array;
  /** The upper ends. */
  readonly upper?: Float64Array;
  /** For each quantile of the forecaster, in order. */
  readonly quantiles: readonly Float64Array[];
}

/** The options with the defaults filled in. */
export interface ForecasterSettings {
  readonly input: number;
  readonly horizon: number;
  readonly strategy: ForecastStrategy;
  readonly quantiles: readonly number[];
  readonly missing: Missing;
}

const names = ['input', 'horizon', 'strategy', 'scaler', 'model', 'quantiles', 'missing', 'seed'];
const hints = {
  window: 'write input',
  steps: 'write input for what it sees, horizon for what it foretells',
  period:
    'it is for backtest; a season is taken away by { scaler: chain([difference({ lag: 12 }), standardScaler()]) }',
};

export function checkForecasterOptions(options: ForecasterOptions): {
  settings: ForecasterSettings;
  scaler: Scaler;
  model: ForecastModel | undefined;
  seed: number;
} {
  checkOptions('forecaster', options, names, hints);
  const { scaler = standardScaler(), model, seed = 0 } = options;
  if (!isScaler(scaler)) {
    throw new ConfigError(`forecaster: scaler is one such as standardScaler() but is ${describe(scaler)}`);
  }
  if (model !== undefined && !(model instanceof Model)) {
    throw new ConfigError(`forecaster: model is a compiled model but is ${describe(model)}`);
  }
  if (model !== undefined && !model.internals.compiled) {
    throw new ConfigError(
      "forecaster: the model is not compiled: call model.compile({ loss: 'meanSquaredError' })",
    );
  }
  if (model !== undefined && options.seed !== undefined) {
    throw new ConfigError('forecaster: seed is for the default model; yours has its own');
  }
  checkInteger('forecaster: seed', seed, { min: 0 });
  return { settings: checkSettings(options, scaler.lags), scaler, model, seed };
}

/** @throws ConfigError for what does not go together */
export function checkSettings(options: ForecasterOptions, lags: readonly number[]): ForecasterSettings {
  const { strategy = 'direct', quantiles = [], missing = 'error' } = options;
  const input = checkInteger('forecaster: input', options.input);
  const horizon = checkInteger('forecaster: horizon', options.horizon ?? 1);
  checkMissing(missing);
  if (strategy !== 'direct' && strategy !== 'recursive') {
    throw unknownName('forecaster: strategy', String(strategy), ['direct', 'recursive']);
  }
  if (!Array.isArray(quantiles)) {
    throw new ConfigError(
      `forecaster: quantiles are numbers such as [0.1, 0.5, 0.9] but is ${describe(quantiles)}`,
    );
  }
  quantiles.forEach((q, i) => {
    checkNumber(`forecaster: quantiles[${i}]`, q, {
      above: i === 0 ? 0 : (quantiles[i - 1] as number),
      below: 1,
    });
  });
  if (quantiles.length > 0) checkQuantiles(quantiles, horizon, strategy, lags);
  return { input, horizon, strategy, quantiles: [...quantiles], missing };
}

function checkQuantiles(
  quantiles: readonly number[],
  horizon: number,
  strategy: ForecastStrategy,
  lags: readonly number[],
): void {
  if (!quantiles.includes(0.5)) {
    throw new ConfigError('forecaster: 0.5 must be among the quantiles: the median is the forecast');
  }
  if (strategy === 'recursive') {
    throw new ConfigError(
      "forecaster: quantiles of one step say nothing of the next ones: take strategy 'direct', or fit with a calibration part",
    );
  }
  const lag = Math.min(...lags);
  if (lag < horizon) {
    throw new ConfigError(
      `forecaster: differences over ${lag} step${lag === 1 ? '' : 's'} are added up over a horizon of ${horizon}, and quantiles cannot be: ` +
        'fit with a calibration part in their place',
    );
  }
}
