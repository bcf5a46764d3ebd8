/**
 * How good forecasts would have been: from one step of a series after another, each from nothing but what was before it,
 * and beside them the naive forecasts from the same steps. A result never stands alone (Tashman, "Out-of-sample tests of
 * forecasting accuracy", International Journal of Forecasting 16, 2000).
 */
import { ConfigError, DataError } from '../core/errors.js';
import { checkInteger, checkOptions, describe } from '../core/options.js';
import { type NaiveMethod, naiveForecast } from '../data/naive-forecasts.js';
import type { Numbers } from '../data/scalers/numbers.js';
import { stepsOf } from '../data/split-series.js';
import {
  type Backtest,
  type BacktestForecast,
  type Coverage,
  type FeatureBacktest,
  formatBacktest,
} from './backtest-report.js';
import { measureErrors, naiveScale } from './forecast-errors.js';
import { Forecaster } from './forecaster.js';
import type { FitSeriesOptions } from './forecaster-options.js';
import { readCovariates, readSteps, type Steps } from './forecaster-rows.js';

export interface BacktestOptions {
  /** After how many steps the series repeats, for the seasonal forecast and the scale of errors; 1 where it does not. */
  period: number;
  /**
   * The first step that is forecast: a share of the series below 1, or a number. By default .8 of it, or where the
   * forecaster has been fitted, the step behind what it has seen.
   */
  from?: number;
  /** How many steps ahead; the forecaster's horizon by default. */
  horizon?: number;
  /** How many steps lie between two forecasts; the horizon by default. */
  stride?: number;
  /** A row for each step of the series; none by default. */
  covariates?: Numbers;
  /** How often intervals are to hold, 0.9 say; without it there are none. */
  level?: number;
  /** After how many forecasts a new forecaster is fitted to all that is before; it is fitted once by default. */
  refitEvery?: number;
  /** How each is fitted: epochs, validation, calibration and the like. */
  fit?: Omit<FitSeriesOptions, 'covariates'>;
}

const names = ['period', 'from', 'horizon', 'stride', 'covariates', 'level', 'refitEvery', 'fit'];

/**
 * Forecasts from one step after another, and measures the errors beside those of the naive forecasts.
 *
 * @param forecaster  one that has been fitted to the beginning of the series, or a function that makes one, which is fitted
 *   to what is before the first forecast
 * @param series  `[steps]` or `[steps, features]`, what the forecaster was fitted to included
 * @throws ConfigError for options that do not go together, and for a first forecast of steps that were learned from
 * @throws DataError for a series that is too short
 *
 * @example
 * const report = await backtest(() => forecaster({ input: 24, horizon: 12 }), series, { period: 12, from: 0.8 });
 * console.log(String(report));
 */
export async function backtest(
  forecaster: Forecaster | (() => Forecaster),
  series: Numbers,
  options: BacktestOptions,
): Promise<Backtest> {
  checkOptions('backtest', options, names);
  const period = checkInteger('backtest: period', options.period);
  const isMade = typeof forecaster === 'function';
  if (!isMade && !(forecaster instanceof Forecaster)) {
    throw new ConfigError(
      `backtest takes a fitted forecaster, or a function that makes one, but got ${describe(forecaster)}`,
    );
  }
  if (!isMade && (options.fit !== undefined || options.refitEvery !== undefined)) {
    throw new ConfigError(
      'backtest: fit and refitEvery are for forecasters that are made anew: give a function that makes one',
    );
  }
  let current = isMade ? forecaster() : forecaster;
  const steps = readSteps(series, 'the series', current.settings.missing);
  const horizon = checkInteger('backtest: horizon', options.horizon ?? current.settings.horizon);
  const stride = checkInteger('backtest: stride', options.stride ?? horizon);
  const seen = isMade ? 0 : current.steps;
  const from =
    options.from === undefined && !isMade ? seen : stepsOf('backtest: from', options.from ?? 0.8, steps.rows);
  if (from < seen) {
    throw new ConfigError(
      `backtest: step ${from} is among the ${seen} that the forecaster was fitted to: begin at ${seen} or later`,
    );
  }
  const count = Math.floor((steps.rows - horizon - from) / stride) + 1;
  if (count < 1) {
    throw new DataError(
      `backtest: the series has ${steps.rows} steps, and the first forecast is of ${from} to ${from + horizon - 1}: ` +
        'begin earlier, or give a longer series',
    );
  }
  const origins = Array.from({ length: count }, (_, k) => from + k * stride);
  const every =
    options.refitEvery === undefined ? count : checkInteger('backtest: refitEvery', options.refitEvery);
  const covariates = options.covariates && readCovariates(options.covariates, 'backtest: covariates');
  const forecasts: BacktestForecast[] = [];
  for (let start = 0; start < count; start += every) {
    if (isMade) {
      if (start > 0) current = forecaster();
      await fitTo(current, steps, covariates, origins[start] as number, options.fit);
    }
    const some = origins.slice(start, start + every);
    const made = current.forecastAt(tensorOf(steps, steps.rows), some, horizon, {
      ...(covariates && { covariates: tensorOf(covariates, covariates.rows) }),
      ...(options.level !== undefined && { level: options.level }),
    });
    made.forEach((forecast, i) => {
      const origin = some[i] as number;
      const truth = steps.data.slice(origin * steps.features, (origin + horizon) * steps.features);
      forecasts.push({ ...forecast, origin, truth });
    });
  }
  const features = Array.from({ length: steps.features }, (_, k) =>
    measureFeature(steps, k, forecasts, { horizon, period, from, level: options.level }),
  );
  const report = { horizon, stride, period, forecasts, features };
  return { ...report, toString: () => formatBacktest(report) };
}

async function fitTo(
  forecaster: Forecaster,
  series: Steps,
  covariates: Steps | undefined,
  end: number,
  options: BacktestOptions['fit'],
): Promise<void> {
  await forecaster.fit(tensorOf(series, end), {
    ...options,
    ...(covariates && { covariates: tensorOf(covariates, end) }),
  });
}

function tensorOf({ data, features }: Steps, rows: number) {
  return { data: data.subarray(0, rows * features), shape: [rows, features] };
}

interface Measured {
  readonly horizon: number;
  readonly period: number;
  readonly from: number;
  readonly level: number | undefined;
}

function measureFeature(
  series: Steps,
  feature: number,
  forecasts: readonly BacktestForecast[],
  { horizon, period, from, level }: Measured,
): FeatureBacktest {
  const { features } = series;
  const column = Float64Array.from(
    { length: series.rows },
    (_, t) => series.data[t * features + feature] as number,
  );
  const pick = (values: Float64Array) =>
    Float64Array.from({ length: horizon }, (_, h) => values[h * features + feature] as number);
  const truths = forecasts.map(({ truth }) => pick(truth));
  const scale = naiveScale(column.subarray(0, from), period);
  const naive = (method: NaiveMethod) =>
    measureErrors(
      forecasts.map(({ origin }) => naiveForecast(method, column, origin, 1, horizon, period)),
      truths,
      scale,
    );
  const made = forecasts.map(({ values }) => pick(values));
  return {
    model: measureErrors(made, truths, scale),
    naive: {
      persistence: naive('persistence'),
      ...(period > 1 && { seasonal: naive('seasonal') }),
      mean: naive('mean'),
      drift: naive('drift'),
    },
    ...(level !== undefined && { coverage: measureCoverage(forecasts, truths, pick, horizon, level) }),
  };
}

function measureCoverage(
  forecasts: readonly BacktestForecast[],
  truths: readonly Float64Array[],
  pick: (values: Float64Array) => Float64Array,
  horizon: number,
  level: number,
): Coverage {
  const held = new Float64Array(horizon);
  const counted = new Float64Array(horizon);
  let width = 0;
  forecasts.forEach(({ lower, upper }, i) => {
    const [low, high] = [pick(lower as Float64Array), pick(upper as Float64Array)];
    (truths[i] as Float64Array).forEach((truth, h) => {
      if (Number.isNaN(truth)) return;
      const [bottom, top] = [low[h] as number, high[h] as number];
      counted[h] = (counted[h] as number) + 1;
      if (truth >= bottom && truth <= top) held[h] = (held[h] as number) + 1;
      width += top - bottom;
    });
  });
  const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);
  const count = sum(counted);
  return {
    level,
    share: sum(held) / count,
    byStep: held.map((value, h) => value / (counted[h] as number)),
    count,
    width: width / count,
  };
}
