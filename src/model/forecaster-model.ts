/** The model of a forecaster that was given none: one LSTM, and a Dense with an output for every number that is foretold. */
import { dense } from '../layers/dense.js';
import { lstm } from '../layers/lstm.js';
import { quantile } from '../training/losses/regression.js';
import { adam } from '../training/optimizers/adam.js';
import type { ForecasterSettings, ForecastModel } from './forecaster-options.js';
import { sequential } from './sequential.js';

/** How many steps ahead the model itself foretells. */
export function leadOf({ strategy, horizon }: ForecasterSettings): number {
  return strategy === 'direct' ? horizon : 1;
}

export function defaultModel(settings: ForecasterSettings, features: number, seed: number): ForecastModel {
  const { quantiles } = settings;
  const outputs = leadOf(settings) * features * Math.max(1, quantiles.length);
  const model = sequential([lstm(32), dense(outputs)], { seed });
  model.compile({
    optimizer: adam({ learningRate: 3e-3 }),
    loss: quantiles.length > 0 ? quantile({ quantiles }) : 'meanSquaredError',
  });
  return model as ForecastModel;
}
