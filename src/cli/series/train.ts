/** `longhand train FILE --target COLUMN --horizon N`: a forecaster of a column, measured beside the naive forecasts. */
import { DataError } from '../../core/errors.js';
import {
  adam,
  backtest,
  dense,
  type Forecaster,
  forecaster,
  lstm,
  sequential,
  serializeForecaster,
  type Table,
} from '../../index.js';
import type { Given } from '../command.js';
import { tell } from '../progress.js';
import type { Trained, TrainingSettings } from '../training.js';
import { chooseScaler, periodOf, readSeries, timeColumn } from './series.js';

/** What the file says beside the forecaster. */
export interface SeriesAbout {
  readonly job: 'series';
  readonly target: string;
  readonly period: number;
}

const LEVEL = 0.9;

/** The forecaster that is kept has learned from all of the series; what is measured is one that has not. */
export async function trainOnSeries(
  table: Table,
  given: Given,
  settings: TrainingSettings,
): Promise<Trained> {
  const target = given.text('target') as string;
  const horizon = given.whole('horizon', 1, 10_000) as number;
  const { seed, testShare, onProgress, onStart } = settings;
  const { units = 32, epochs = 60, learningRate = 0.003 } = settings;
  const time = given.text('time') ?? timeColumn(table);
  const series = readSeries(table, target, time);
  const found = periodOf(table, time);
  const period = given.whole('period', 1) ?? found.period;
  const input = given.whole('input', 1) ?? Math.max(2 * period, 2 * horizon, 10);
  const from = Math.floor((1 - testShare) * series.length);
  const { scaler, about } = chooseScaler(series.slice(0, from), period, horizon);
  const needed = input + 3 * horizon + period;
  if (from < needed) {
    throw new DataError(
      `${target} has ${series.length} steps, of which ${from} are learned from, and that takes ${needed}: give a smaller --input or --horizon`,
    );
  }
  tell(
    `series: ${target}, ${series.length} ${found.unit}${period > 1 ? `, a season of ${period}` : ''}; the last ${series.length - from} are kept to measure with`,
    `model: LSTM ${units} on ${input} steps of ${about}; ${horizon} ahead`,
  );
  const make = (): Forecaster => {
    const model = sequential([lstm(units), dense(horizon)], { seed });
    model.compile({ optimizer: adam({ learningRate, globalClipNorm: 1 }), loss: 'meanSquaredError' });
    onStart(model);
    return forecaster({ input, horizon, scaler, model, missing: 'mask' });
  };
  const fit = { epochs, calibration: Math.max(horizon + 9, Math.floor(0.15 * from)), onProgress };
  const report = await backtest(make, series, { period, from, horizon, stride: 1, level: LEVEL, fit });
  tell('measured; learning from all of it');
  const whole = make();
  await whole.fit(series, fit);
  const said: SeriesAbout = { job: 'series', target, period };
  const [feature] = report.features;
  return {
    bytes: serializeForecaster(whole, { about: { ...said } }),
    lines: String(report).split('\n'),
    facts: {
      target,
      period,
      input,
      horizon,
      model: feature?.model,
      naive: feature?.naive,
      coverage: feature?.coverage,
    },
  };
}
