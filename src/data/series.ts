/** What of series is public, apart from their forecasts: index.ts passes it on. */
export {
  type NaiveForecastOptions,
  type NaiveForecasts,
  type NaiveMethod,
  naiveForecasts,
} from './naive-forecasts.js';
export { chain } from './scalers/chain.js';
export { type DifferenceOptions, difference } from './scalers/difference.js';
export { log1p } from './scalers/log1p.js';
export { type MinMaxScalerOptions, minMaxScaler } from './scalers/min-max-scaler.js';
export type { Doubles, Numbers } from './scalers/numbers.js';
export { robustScaler } from './scalers/robust-scaler.js';
export type { InverseOptions, Scaler } from './scalers/scaler.js';
export { standardScaler } from './scalers/standard-scaler.js';
export {
  type CalendarCycle,
  calendarFeatures,
  type SeasonalFeaturesOptions,
  seasonalFeatures,
} from './seasonal-features.js';
export {
  type SeriesPart,
  type SeriesSplit,
  type SeriesSplitOptions,
  splitSeries,
} from './split-series.js';
export type { Windows } from './window-view.js';
export { type WindowsOptions, windows } from './windows.js';
