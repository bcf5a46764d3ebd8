/** Backtests: errors by hand, the naive forecasts always beside them, and intervals that hold as often as they say. */
import { describe, expect, test } from 'vitest';
import { Random } from '../../src/core/random.js';
import {
  backtest,
  chain,
  dense,
  difference,
  forecaster,
  lstm,
  mackeyGlass,
  naiveForecasts,
  quantile,
  sequential,
  standardScaler,
  type Tensor,
} from '../../src/index.js';

const { NaN: gap } = Number;
const quick = { epochs: 1, onWarning: () => {} };

/** Says nothing but zeros: behind a difference that is persistence. */
const silent = (outputs: number) => {
  const model = sequential([lstm(1), dense(outputs, { kernelInitializer: 'zeros' })], { seed: 1 });
  model.compile({ loss: 'meanSquaredError', optimizer: 'sgd' });
  for (const layer of model.layers) layer.trainable = false;
  return model;
};
const persistent = (horizon = 2) =>
  forecaster({ input: 2, horizon, scaler: difference(), model: silent(horizon) });

describe('a backtest', () => {
  test('has the errors of a calculation by hand', async () => {
    // Forecasts from steps 6 and 8: 3 and 3, then 7 and 7; what came is 5, 7, then 6, 9.
    const series = [1, 2, 1, 3, 2, 3, 5, 7, 6, 9];
    const { forecasts, features } = await backtest(persistent, series, { period: 1, from: 6, fit: quick });
    expect(forecasts.map(({ origin, values, truth }) => [origin, ...values, ...truth])).toEqual([
      [6, 3, 3, 5, 7],
      [8, 7, 7, 6, 9],
    ]);
    const [{ model, naive, coverage }] = features as [(typeof features)[0]];
    // Errors -2, -4, 1, -2; the steps before step 6 change by 1, 1, 2, 1, 1.
    expect(model.meanAbsoluteError).toBe(9 / 4);
    expect(model.rootMeanSquaredError).toBe(Math.sqrt(25 / 4));
    expect(model.meanAbsoluteScaledError).toBeCloseTo(9 / 4 / 1.2, 12);
    expect(model.byStep).toEqual(Float64Array.of(Math.sqrt(5 / 2), Math.sqrt(20 / 2)));
    expect(model.byOrigin).toEqual(Float64Array.of(Math.sqrt(20 / 2), Math.sqrt(5 / 2)));
    expect(naive.persistence).toEqual(model);
    expect(naive.seasonal).toBeUndefined();
    expect(coverage).toBeUndefined();
  });

  test('has the naive forecasts from the same steps, from nothing but what is before them', async () => {
    const series = Float64Array.from(mackeyGlass(60, { seed: 1 }), (value, t) => value + (t % 5));
    const { forecasts, features } = await backtest(persistent, series, {
      period: 5,
      from: 40,
      stride: 3,
      fit: quick,
    });
    const [{ naive }] = features as [(typeof features)[0]];
    for (const method of ['persistence', 'seasonal', 'mean', 'drift'] as const) {
      let [sum, count] = [0, 0];
      for (const { origin, truth } of forecasts) {
        const made = naiveForecasts(series.slice(0, origin), 2, { period: 5 })[method];
        made.forEach((value, h) => {
          sum += Math.abs(value - (truth[h] as number));
          count++;
        });
      }
      expect(naive[method]?.meanAbsoluteError, method).toBeCloseTo(sum / count, 10);
    }
  });

  test('prints no result without the naive ones beside it', async () => {
    const series = [1, 2, 1, 3, 2, 3, 5, 7, 6, 9];
    // The steps before step 6 change by 0, 1, 1, 0 over a period. Errors of the seasonal forecasts are -3, -4, -1, -2, of
    // the means 2 and 3 -3, -5, -3, -6, of lines that rise by 2/5 and 6/7 a step -1.6, -3.2, 1.857, -.286.
    const report = await backtest(persistent, series, { period: 2, from: 6, fit: quick });
    expect(String(report)).toBe(
      [
        '2 forecasts of 2 steps, from step 6 on, one every 2',
        '',
        '              RMSE    MAE   MASE',
        'model        2.500  2.250  4.500',
        'persistence  2.500  2.250  4.500',
        'seasonal, 2  2.739  2.500  5.000',
        'mean         4.444  4.250  8.500',
        'drift        2.021  1.736  3.471',
      ].join('\n'),
    );
    const two = await backtest(
      persistent,
      series.map((value) => [value, -value]),
      { period: 1, from: 8, fit: quick },
    ).catch((error: Error) => error.message);
    expect(two).toContain('y should be of shape');
    const pair = () => forecaster({ input: 2, scaler: difference(), model: silent(2) });
    const both = await backtest(
      pair,
      series.map((value) => [value, 10 * value]),
      { period: 1, from: 9, fit: quick },
    );
    expect(
      String(both)
        .split('\n')
        .filter((line) => /feature|model|persistence/.test(line)),
    ).toEqual([
      'feature 0',
      'model        3.000  3.000  2.182',
      'persistence  3.000  3.000  2.182',
      'feature 1',
      'model        30.00  30.00  2.182',
      'persistence  30.00  30.00  2.182',
    ]);
  });

  test('counts no gaps', async () => {
    const series = [1, 2, 1, 3, 2, 3, gap, 7, 6, 9];
    const make = () => forecaster({ input: 2, horizon: 2, model: silent(2), missing: 'mask' });
    const { features } = await backtest(make, series, { period: 1, from: 6, fit: quick });
    const [{ model }] = features as [(typeof features)[0]];
    expect(model.byOrigin.every(Number.isFinite)).toBe(true);
    expect(model.byOrigin[0]).toBe(Math.abs(7 - 2));
    await expect(
      backtest(make, [...series.slice(0, 6), gap, gap], { period: 1, from: 6, fit: quick }),
    ).rejects.toThrow('nothing but gaps');
  });

  test('goes on from where a fitted forecaster ends, and not before', async () => {
    const series = mackeyGlass(60, { seed: 2 });
    const model = persistent();
    await model.fit(series.slice(0, 50), quick);
    const { forecasts } = await backtest(model, series, { period: 1 });
    expect(forecasts.map(({ origin }) => origin)).toEqual([50, 52, 54, 56, 58]);
    await expect(backtest(model, series, { period: 1, from: 49 })).rejects.toThrow(
      'step 49 is among the 50 that the forecaster was fitted to: begin at 50 or later',
    );
    await expect(backtest(model, series, { period: 1, fit: quick })).rejects.toThrow(
      'give a function that makes one',
    );
  });

  test('fits anew as often as is asked for, each time to what is before', async () => {
    const series = mackeyGlass(60, { seed: 3 });
    const seen: number[] = [];
    const make = () => {
      const model = persistent();
      const learn = model.fit.bind(model);
      model.fit = (given, options) => {
        seen.push((given as Tensor).shape[0] as number);
        return learn(given, options);
      };
      return model;
    };
    await backtest(make, series, { period: 1, from: 50, refitEvery: 2, fit: quick });
    expect(seen).toEqual([50, 54, 58]);
  });

  test('changes with nothing that comes later, and takes covariates', async () => {
    const series = mackeyGlass(60, { seed: 4 });
    const covariates = Array.from({ length: 60 }, (_, t) => t % 4);
    const make = () => {
      const model = sequential([lstm(3), dense(2)], { seed: 1 });
      model.compile({ loss: 'meanSquaredError' });
      return forecaster({ input: 4, horizon: 2, model });
    };
    const options = {
      period: 1,
      from: 50,
      covariates,
      refitEvery: 3,
      level: 0.5,
      fit: { ...quick, calibration: 10, validation: 4 },
    };
    const one = await backtest(make, series, options);
    const other = await backtest(
      make,
      series.map((value, t) => (t < 56 ? value : 9)),
      options,
    );
    expect(other.forecasts.slice(0, 4).map(({ truth: _, ...rest }) => rest)).toEqual(
      one.forecasts.slice(0, 4).map(({ truth: _, ...rest }) => rest),
    );
    expect(other.forecasts.slice(4)).not.toEqual(one.forecasts.slice(4));
  });

  test('names mistakes', async () => {
    const series = mackeyGlass(30, { seed: 5 });
    await expect(backtest(persistent, series, {} as never)).rejects.toThrow(
      'backtest: period must be a whole number',
    );
    await expect(backtest(persistent, series, { period: 1, from: 29 })).rejects.toThrow(
      'the first forecast is of 29 to 30',
    );
    await expect(backtest('model' as never, series, { period: 1 })).rejects.toThrow(
      'a function that makes one, but got',
    );
    await expect(backtest(persistent, series, { period: 1, step: 2 } as never)).rejects.toThrow(
      "option 'step'",
    );
  });
});

describe('intervals', () => {
  /** A season of four steps, and noise whose size is that of a normal distribution. */
  function noisy(steps: number, seed: number): Float64Array {
    const random = new Random(seed, 1);
    return Float64Array.from({ length: steps }, (_, t) => 3 * (t % 4) + random.normal());
  }

  test('by split-conformal calibration hold as often as they say', async () => {
    const make = () => forecaster({ input: 4, horizon: 2, scaler: difference({ lag: 4 }), model: silent(2) });
    for (const level of [0.5, 0.9]) {
      const report = await backtest(make, noisy(3000, 7), {
        period: 4,
        from: 1000,
        level,
        fit: { ...quick, calibration: 500 },
      });
      const [{ coverage }] = report.features as [(typeof report.features)[0]];
      expect(Math.abs((coverage?.share as number) - level)).toBeLessThan(0.035);
      expect(coverage?.count).toBe(2000);
      expect(coverage?.byStep.length).toBe(2);
      // The difference of two normal numbers has a deviation of root 2.
      const z = level === 0.9 ? 1.645 : 0.674;
      expect(Math.abs((coverage?.width as number) - 2 * z * Math.SQRT2)).toBeLessThan(0.4);
      expect(String(report)).toMatch(new RegExp(`intervals for ${level * 100} %: .* held, .* of 2000`));
    }
  });

  test('by quantiles hold about as often, and by both as often as they say', async () => {
    const series = noisy(900, 8);
    const quantiles = [0.1, 0.5, 0.9];
    const make = () => {
      const model = sequential([lstm(8), dense(3)], { seed: 2 });
      model.compile({ optimizer: 'adam', loss: quantile({ quantiles }) });
      return forecaster({ input: 4, quantiles, model, scaler: chain([standardScaler()]) });
    };
    const asked = { period: 4, from: 600, level: 0.8 };
    const plain = await backtest(make, series, { ...asked, fit: { epochs: 12 } });
    const calibrated = await backtest(make, series, { ...asked, fit: { epochs: 12, calibration: 200 } });
    const share = (report: typeof plain) => report.features[0]?.coverage?.share as number;
    expect(Math.abs(share(plain) - 0.8)).toBeLessThan(0.15);
    expect(Math.abs(share(calibrated) - 0.8)).toBeLessThan(0.07);
  });
});
