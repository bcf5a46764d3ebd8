/**
 * From a series to forecasts in its own unit: scaling, windows, a model, and what undoes the scaling, in one. What is
 * learned is learned from the training part alone, the first part of the series: the scaler too. What comes behind it
 * stops the training, if asked for, and calibrates intervals.
 */
import { ConfigError, DataError } from '../core/errors.js';
import { checkInteger, checkNumber, checkOptions } from '../core/options.js';
import type { Numbers } from '../data/scalers/numbers.js';
import type { Scaler } from '../data/scalers/scaler.js';
import { standardScaler } from '../data/scalers/standard-scaler.js';
import { stepsOf } from '../data/split-series.js';
import { restoreTransform } from '../data/transforms.js';
import { windows } from '../data/windows.js';
import type { History } from '../training/history.js';
import { type Calibration, calibrate, intervalOf, type Path, pairsOf } from './forecast-intervals.js';
import { checkOrigins, pathsFrom, seesAnything } from './forecast-paths.js';
import { defaultModel, leadOf } from './forecaster-model.js';
import {
  checkForecasterOptions,
  type FitSeriesOptions,
  type Forecast,
  type ForecasterOptions,
  type ForecasterSettings,
  type ForecastModel,
  type ForecastOptions,
} from './forecaster-options.js';
import {
  type LaidOut,
  layOut,
  lostBy,
  readCovariates,
  readSteps,
  type Steps,
  sliceSteps,
} from './forecaster-rows.js';

/** What `fit` has learned. */
export interface Fitted {
  readonly model: ForecastModel;
  readonly scaler: Scaler;
  /** Where there are covariates. */
  readonly covariateScaler: Scaler | undefined;
  readonly features: number;
  /** How many steps the series had. */
  readonly steps: number;
  /** The end of the series, as much as a forecast needs. */
  readonly tail: Steps;
  readonly covariateTail: Steps | undefined;
  readonly calibration: Calibration | undefined;
}

/** Forecasts a series. Made by `forecaster`. */
export class Forecaster {
  /** @internal what a file is made from, and restored to */
  fitted: Fitted | undefined;

  /** @internal use `forecaster` */
  constructor(
    readonly settings: ForecasterSettings,
    private readonly given: { scaler: Scaler; model: ForecastModel | undefined; seed: number } | undefined,
    fitted?: Fitted,
  ) {
    this.fitted = fitted;
  }

  get isFitted(): boolean {
    return this.fitted !== undefined;
  }

  /** How many steps the series of `fit` had: a forecast goes on from there. */
  get steps(): number {
    return this.learned('steps').steps;
  }

  /** @throws ConfigError before `fit` */
  get model(): ForecastModel {
    return this.learned('model').model;
  }

  /** The scaler, fitted on the training part. */
  get scaler(): Scaler {
    return this.learned('scaler').scaler;
  }

  /**
   * Learns from a series: first comes the training part, then what validates, then what calibrates.
   *
   * @param series  `[steps]` or `[steps, features]`; every feature is forecast
   * @returns the loss and metrics of every epoch, on scaled values
   * @throws DataError for a series that is too short, or holds NaN that is not masked; ConfigError for a second `fit`
   *
   * @example await model.fit(series, { epochs: 30, validation: 0.1, calibration: 0.2 });
   */
  async fit(series: Numbers, options: FitSeriesOptions = {}): Promise<History> {
    const { settings, given } = this;
    if (this.fitted || !given) throw new ConfigError('a forecaster is fitted once: make another one');
    const { covariates: known, validation = 0, calibration = 0, epochs = 30, ...rest } = options;
    const steps = readSteps(series, 'the series', settings.missing);
    const { rows, features } = steps;
    const calibrated = stepsOf('fit: calibration', calibration, rows);
    const end = rows - calibrated;
    const cut = end - stepsOf('fit: validation', validation, rows);
    const scaler = restoreTransform(given.scaler.toJSON()) as Scaler;
    const needed = lostBy(scaler) + settings.input + leadOf(settings);
    if (cut < needed) {
      throw new DataError(
        `fit: the training part has ${Math.max(0, cut)} steps of ${rows}, and a single row to learn from takes ${needed}: ` +
          'a longer series, or a smaller input or horizon',
      );
    }
    scaler.fit(sliceSteps(steps, 0, cut));
    const covariates = this.readKnown(known, rows, settings);
    const covariateScaler = covariates && standardScaler().fit(sliceSteps(covariates, 0, cut));
    const laidOut = layOut(steps, scaler, covariates, covariateScaler, leadOf(settings));
    const rowsOf = (from: number, to: number) => rowsBetween(laidOut, settings, features, from, to);
    const model = given.model ?? defaultModel(settings, features, given.seed);
    const train = rowsOf(0, cut);
    const history = await model.fit(train.x, train.y, {
      ...rest,
      epochs,
      missing: settings.missing,
      ...(end > cut && { validationData: validationRows(rowsOf(cut, end)) }),
    });
    const reach = Math.min(rows, settings.input + laidOut.lost);
    const tailOf = ({ data, features: width }: Steps): Steps => ({
      data: data.slice((rows - reach) * width),
      rows: reach,
      features: width,
    });
    const fitted = { model, scaler, covariateScaler, features, steps: rows };
    this.fitted = {
      ...fitted,
      tail: tailOf(steps),
      covariateTail: covariates && tailOf(covariates),
      calibration: calibrated === 0 ? undefined : this.calibrateOn({ ...fitted }, steps, laidOut, end),
    };
    return history;
  }

  /**
   * The steps after the series, in its unit.
   *
   * @param steps  how many; the horizon by default, and no more than it where the forecaster is direct
   * @throws ConfigError before `fit`, and for a level that there is nothing to make an interval of
   * @throws DataError for a history that is too short, covariates that are missing
   *
   * @example const { values, lower, upper } = model.forecast(12, { level: 0.9 });
   */
  forecast(steps: number = this.settings.horizon, options: ForecastOptions = {}): Forecast {
    checkOptions('forecast', options, ['history', 'covariates', 'level']);
    const { tail, covariateTail, features } = this.learned('forecast');
    const { history, covariates, level } = options;
    if (history !== undefined) {
      const { rows } = readSteps(history, 'the history', this.settings.missing, features);
      return this.forecastAt(history, [rows], steps, options)[0] as Forecast;
    }
    const future =
      covariateTail && covariates !== undefined
        ? readCovariates(covariates, 'forecast: covariates', covariateTail.features)
        : undefined;
    const all = future && covariateTail ? behind(covariateTail, future) : undefined;
    if (covariates !== undefined && !covariateTail) throw noCovariates();
    return this.forecastSteps(tail, all, [tail.rows], steps, level)[0] as Forecast;
  }

  /**
   * Forecasts from several steps of a series, as if nothing from them on were known: of a backtest, say.
   *
   * @param origins  the first step that is forecast, for each forecast
   * @param options.covariates  a row for each step of the series, and for those behind it that are forecast
   * @throws as `forecast` does
   */
  forecastAt(
    series: Numbers,
    origins: ArrayLike<number>,
    steps: number = this.settings.horizon,
    options: Omit<ForecastOptions, 'history'> = {},
  ): Forecast[] {
    const { features, covariateTail } = this.learned('forecastAt');
    const { covariates: known, level } = options;
    if (known !== undefined && !covariateTail) throw noCovariates();
    const covariates =
      known === undefined
        ? undefined
        : readCovariates(known, 'forecast: covariates', covariateTail?.features);
    return this.forecastSteps(
      readSteps(series, 'the history', this.settings.missing, features),
      covariates,
      origins,
      steps,
      level,
    );
  }

  private forecastSteps(
    series: Steps,
    covariates: Steps | undefined,
    asked: ArrayLike<number>,
    steps: number,
    level: number | undefined,
  ): Forecast[] {
    const { settings } = this;
    const fitted = this.learned('forecast');
    checkInteger('forecast: steps', steps);
    if (level !== undefined) checkNumber('forecast: level', level, { above: 0, below: 1 });
    if (settings.strategy === 'direct' && steps > settings.horizon) {
      throw new ConfigError(
        `forecast: ${steps} steps are more than the horizon of ${settings.horizon} that a direct forecaster foretells: ` +
          "make it with a larger one, or with strategy 'recursive'",
      );
    }
    const origins = checkOrigins(asked, series, settings, lostBy(fitted.scaler));
    if (fitted.covariateTail) {
      const needed = Math.max(...origins) + (settings.strategy === 'direct' ? settings.horizon : steps);
      const found = covariates?.rows ?? 0;
      if (found < needed) {
        const more = needed - series.rows;
        throw new DataError(
          `forecast: covariates are needed for ${more} steps to come, and ${Math.max(0, found - series.rows)} are there`,
        );
      }
    }
    const laidOut = layOut(series, fitted.scaler, covariates, fitted.covariateScaler, leadOf(settings));
    const blind = origins.find((origin) => !seesAnything(laidOut, origin, settings.input));
    if (blind !== undefined) {
      throw new DataError(
        `forecast: the ${settings.input} steps that the model would see before step ${blind} are nothing but gaps`,
      );
    }
    const paths = pathsFrom({ ...fitted, settings }, series, laidOut, origins, steps);
    const pairs = pairsOf(settings.quantiles);
    return paths.map((path, i) => {
      if (path.values.some(Number.isNaN)) {
        throw new DataError(
          `forecast: a gap among the ${laidOut.lost} steps before forecast ${i} hides what differences are added to: ` +
            'go on from another step, or fill it',
        );
      }
      return level === undefined ? path : { ...path, ...intervalOf(path, level, pairs, fitted.calibration) };
    });
  }

  /** Forecasts from every step of the part at the end that has a horizon behind it, beside what came. */
  private calibrateOn(
    fitted: Pick<Fitted, 'model' | 'scaler' | 'features'>,
    series: Steps,
    laidOut: LaidOut,
    from: number,
  ): Calibration {
    const { settings } = this;
    const { horizon, input } = settings;
    const count = series.rows - horizon - from + 1;
    if (count < 1) {
      throw new DataError(
        `fit: the calibration part has ${series.rows - from} steps, fewer than the horizon of ${horizon}`,
      );
    }
    const { data, features } = series;
    const origins = Int32Array.from({ length: count }, (_, k) => from + k).filter((origin) =>
      seesAnything(laidOut, origin, input),
    );
    if (origins.length === 0)
      throw new DataError('fit: before every step of the calibration part is nothing but gaps');
    const paths = pathsFrom({ ...fitted, settings }, series, laidOut, origins, horizon);
    const truths = Array.from(origins, (origin) =>
      data.subarray(origin * features, (origin + horizon) * features),
    );
    return calibrate(paths as Path[], truths, pairsOf(settings.quantiles));
  }

  private readKnown(
    covariates: Numbers | undefined,
    rows: number,
    { input }: ForecasterSettings,
  ): Steps | undefined {
    if (covariates === undefined) return undefined;
    const known = readCovariates(covariates, 'fit: covariates');
    if (known.rows !== rows) {
      throw new DataError(
        `fit: covariates have ${known.rows} rows and the series has ${rows} steps: give one for each`,
      );
    }
    if (leadOf(this.settings) <= input) return known;
    throw new ConfigError(
      `a direct forecaster sees covariates of as many steps ahead as its input is long: make input, ${input}, ` +
        `at least the horizon, ${leadOf(this.settings)}`,
    );
  }

  private learned(method: string): Fitted {
    if (this.fitted) return this.fitted;
    throw new ConfigError(`${method}: the forecaster has learned nothing yet: call fit with a series first`);
  }
}

/**
 * Makes a forecaster.
 *
 * @throws ConfigError for an option that is unknown or out of range, or does not go with another
 *
 * @example
 * const model = forecaster({ input: 24, horizon: 12, scaler: chain([log1p(), standardScaler()]) });
 * await model.fit(series, { epochs: 30, calibration: 0.2 });
 * const { values, lower, upper } = model.forecast(12, { level: 0.9 });
 */
export function forecaster(options: ForecasterOptions): Forecaster {
  const { settings, ...given } = checkForecasterOptions(options);
  return new Forecaster(settings, given);
}

/** Rows whose targets are the steps `from` to `to - 1` of the series. */
function rowsBetween(
  { matrix, lost }: LaidOut,
  settings: ForecasterSettings,
  features: number,
  from: number,
  to: number,
) {
  const { input, missing } = settings;
  return windows(matrix, {
    input,
    horizon: leadOf(settings),
    targets: Array.from({ length: features }, (_, k) => k),
    from: Math.max(0, from - lost),
    to: to - lost,
    missing,
  });
}

function validationRows({ x, y }: ReturnType<typeof windows>): [typeof x, typeof y] {
  return [x, y];
}

function behind(before: Steps, after: Steps): Steps {
  const data = new Float64Array(before.data.length + after.data.length);
  data.set(before.data);
  data.set(after.data, before.data.length);
  return { data, rows: before.rows + after.rows, features: before.features };
}

function noCovariates(): ConfigError {
  return new ConfigError('forecast: covariates were given, which fit saw none of: leave them out');
}
