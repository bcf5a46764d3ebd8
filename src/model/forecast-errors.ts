/**
 * Errors of forecasts. The mean absolute scaled error is the mean absolute error over that of the seasonal naive forecast
 * one period ahead on what is before the first forecast: below 1 the forecasts are better than that (Hyndman and Koehler,
 * "Another look at measures of forecast accuracy", International Journal of Forecasting 22, 2006).
 */
import { DataError } from '../core/errors.js';

export interface ForecastErrors {
  readonly rootMeanSquaredError: number;
  readonly meanAbsoluteError: number;
  /** NaN where the scale is 0: a series that did not change over a period. */
  readonly meanAbsoluteScaledError: number;
  /** The root mean squared error for each step ahead; NaN where nothing came. */
  readonly byStep: Float64Array;
  /** The root mean squared error of each forecast; NaN where nothing came. */
  readonly byOrigin: Float64Array;
}

/**
 * @param forecasts  [origins][steps]
 * @param truths  the same of what came; a gap is NaN, and counts for nothing
 * @param scale  what the mean absolute error is divided by
 * @throws DataError where nothing came
 */
export function measureErrors(
  forecasts: readonly Float64Array[],
  truths: readonly Float64Array[],
  scale: number,
): ForecastErrors {
  const steps = (truths[0] as Float64Array).length;
  const byStep = Array.from({ length: steps }, newMean);
  const byOrigin = forecasts.map(newMean);
  const absolute = newMean();
  const squared = newMean();
  forecasts.forEach((forecast, i) => {
    for (let h = 0; h < steps; h++) {
      const error = (forecast[h] as number) - ((truths[i] as Float64Array)[h] as number);
      if (Number.isNaN(error)) continue;
      absolute.add(Math.abs(error));
      for (const mean of [squared, byStep[h] as Mean, byOrigin[i] as Mean]) mean.add(error * error);
    }
  });
  if (Number.isNaN(absolute.value())) {
    throw new DataError(
      'backtest: there are nothing but gaps where forecasts could be compared with what came',
    );
  }
  const meanAbsoluteError = absolute.value();
  return {
    rootMeanSquaredError: Math.sqrt(squared.value()),
    meanAbsoluteError,
    meanAbsoluteScaledError: scale > 0 ? meanAbsoluteError / scale : Number.NaN,
    byStep: Float64Array.from(byStep, (mean) => Math.sqrt(mean.value())),
    byOrigin: Float64Array.from(byOrigin, (mean) => Math.sqrt(mean.value())),
  };
}

/** The mean absolute change over a period; NaN where there is none. */
export function naiveScale(series: Float64Array, period: number): number {
  const mean = newMean();
  for (let t = period; t < series.length; t++) {
    const change = Math.abs((series[t] as number) - (series[t - period] as number));
    if (!Number.isNaN(change)) mean.add(change);
  }
  return mean.value();
}

interface Mean {
  add(value: number): void;
  /** NaN where nothing was added. */
  value(): number;
}

function newMean(): Mean {
  let sum = 0;
  let count = 0;
  return {
    add: (value) => {
      sum += value;
      count++;
    },
    value: () => sum / count,
  };
}
