/** What of forecasts is public: index.ts passes it on. */
export { type BacktestOptions, backtest } from './backtest.js';
export type { Backtest, BacktestForecast, Coverage, FeatureBacktest } from './backtest-report.js';
export type { ForecastErrors } from './forecast-errors.js';
export { type Forecaster, forecaster } from './forecaster.js';
export { deserializeForecaster, serializeForecaster } from './forecaster-file.js';
export type {
  FitSeriesOptions,
  Forecast,
  ForecasterOptions,
  ForecastModel,
  ForecastOptions,
  ForecastStrategy,
} from './forecaster-options.js';
