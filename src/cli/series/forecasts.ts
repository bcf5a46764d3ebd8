/** A forecaster in a file, and what it says. */
import { FormatError } from '../../core/errors.js';
import {
  deserializeForecaster,
  type Forecaster,
  readPreparation,
  type Table,
  type TableRow,
} from '../../index.js';
import type { SeriesAbout } from './train.js';

export interface SeriesModel {
  readonly forecaster: Forecaster;
  readonly about: SeriesAbout;
}

/** Whether a file holds a forecaster. */
export function isSeriesModel(bytes: Uint8Array): boolean {
  const { forecaster } = (readPreparation(bytes) ?? {}) as { readonly forecaster?: unknown };
  return forecaster !== undefined;
}

/** @throws FormatError for a file that holds no forecaster of `longhand train` */
export function readSeriesModel(bytes: Uint8Array): SeriesModel {
  const forecaster = deserializeForecaster(bytes);
  const { about } = readPreparation(bytes) as { readonly about?: Partial<SeriesAbout> };
  const { job, target, period } = about ?? {};
  if (job === 'series' && typeof target === 'string' && Number.isInteger(period)) {
    return { forecaster, about: { job, target, period: period as number } };
  }
  throw new FormatError('it holds a forecaster, but not one that longhand train made');
}

/**
 * The steps to come, with the ends of an interval that holds nine times of ten.
 *
 * @param history  the series to go on from; the one that was learned from where there is none
 */
export function forecastRows(
  { forecaster, about }: SeriesModel,
  steps: number,
  history: Table | undefined,
): TableRow[] {
  const given = history?.numbers(about.target);
  const { values, lower, upper } = forecaster.forecast(steps, {
    level: 0.9,
    ...(given ? { history: given } : {}),
  });
  return Array.from(values, (value, i) => ({
    step: i + 1,
    [about.target]: value,
    low: lower?.[i] ?? null,
    high: upper?.[i] ?? null,
  }));
}
