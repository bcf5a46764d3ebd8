/** What a backtest found, and its table: the model's errors, and those of the naive forecasts below them. */
import type { NaiveMethod } from '../data/naive-forecasts.js';
import type { ForecastErrors } from './forecast-errors.js';
import type { Forecast } from './forecaster-options.js';

/** A forecast beside what came. */
export interface BacktestForecast extends Forecast {
  /** The first step that is forecast. */
  readonly origin: number;
  /** What came, [steps, features]; a gap is NaN, and counts for nothing. */
  readonly truth: Float64Array;
}

/** How often intervals held. */
export interface Coverage {
  readonly level: number;
  /** The share of the values that lay within. */
  readonly share: number;
  /** The share for each step ahead. */
  readonly byStep: Float64Array;
  /** How many values were looked at. */
  readonly count: number;
  /** The mean distance of the two ends. */
  readonly width: number;
}

/** One feature of the series. */
export interface FeatureBacktest {
  readonly model: ForecastErrors;
  /** The naive forecasts from the same steps; `seasonal` is there where there is a period. */
  readonly naive: Readonly<Record<Exclude<NaiveMethod, 'seasonal'>, ForecastErrors>> & {
    readonly seasonal?: ForecastErrors;
  };
  /** Where a level was asked for. */
  readonly coverage?: Coverage;
}

export interface Backtest {
  readonly horizon: number;
  readonly stride: number;
  readonly period: number;
  readonly forecasts: readonly BacktestForecast[];
  /** For each feature of the series. */
  readonly features: readonly FeatureBacktest[];
  /** A table of all of it, the naive forecasts beside the model's. */
  toString(): string;
}

export function formatBacktest(report: Omit<Backtest, 'toString'>): string {
  const { forecasts, features, horizon, stride } = report;
  const first = forecasts[0]?.origin;
  const many = forecasts.length === 1 ? '1 forecast' : `${forecasts.length} forecasts`;
  const ahead = horizon === 1 ? '1 step' : `${horizon} steps`;
  const from = forecasts.length === 1 ? `from step ${first}` : `from step ${first} on, one every ${stride}`;
  const blocks = features.map((feature, k) => {
    const lines = formatFeature(feature, report.period);
    return features.length === 1 ? lines : [`feature ${k}`, ...lines];
  });
  return [`${many} of ${ahead}, ${from}`, ...blocks.flatMap((lines) => ['', ...lines])].join('\n');
}

function formatFeature({ model, naive, coverage }: FeatureBacktest, period: number): string[] {
  const { persistence, seasonal, mean, drift } = naive;
  const rows: [string, ForecastErrors][] = [
    ['model', model],
    ['persistence', persistence],
    ...(seasonal ? [[`seasonal, ${period}`, seasonal] as [string, ForecastErrors]] : []),
    ['mean', mean],
    ['drift', drift],
  ];
  const cells = rows.map(([name, errors]) => [
    name,
    significant(errors.rootMeanSquaredError),
    significant(errors.meanAbsoluteError),
    significant(errors.meanAbsoluteScaledError),
  ]);
  const lines = table([['', 'RMSE', 'MAE', 'MASE'], ...cells]);
  if (!coverage) return lines;
  const { level, share, count, width } = coverage;
  const held = Math.round(share * count);
  return [
    ...lines,
    '',
    `intervals for ${percent(level)}: ${percent(share)} held, ${held} of ${count}, their mean width ${significant(width)}`,
  ];
}

/** The first column on the left, numbers on the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] as readonly string[]).map((_, k) =>
    Math.max(...rows.map((row) => (row[k] as string).length)),
  );
  return rows.map(([name, ...numbers]) =>
    [
      (name as string).padEnd(widths[0] as number),
      ...numbers.map((text, k) => text.padStart(widths[k + 1] as number)),
    ].join('  '),
  );
}

function significant(value: number): string {
  if (Number.isNaN(value)) return '-';
  const decimals = Math.max(0, 3 - Math.floor(Math.log10(Math.max(Math.abs(value), 1e-12))));
  return decimals > 9 ? value.toExponential(3) : value.toFixed(decimals);
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`;
}
