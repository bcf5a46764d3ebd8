/** Forecasts: in the unit of the series, from nothing that lies ahead, the same after a file. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  adam,
  chain,
  dense,
  deserializeForecaster,
  deserializeModel,
  difference,
  type Forecaster,
  type ForecasterOptions,
  forecaster,
  log1p,
  lstm,
  minMaxScaler,
  naiveForecasts,
  sequential,
  serializeForecaster,
  standardScaler,
} from '../../src/index.js';

const { NaN: gap } = Number;

/** A trend, a season of six steps and something that looks like noise. */
const season = (steps: number) =>
  Float64Array.from({ length: steps }, (_, t) => 40 + 0.1 * t + 9 * ((t % 6) - 2.5) + ((t * 7919) % 13) / 6);

const small = (outputs: number, units = 3, learningRate = 0.001) => {
  const model = sequential([lstm(units), dense(outputs)], { seed: 1 });
  model.compile({ optimizer: adam({ learningRate }), loss: 'meanSquaredError' });
  return model;
};

const quick = { epochs: 1, onWarning: () => {} };

/** A model that says nothing but zeros: what is forecast then is what the scaler makes of them. */
const silent = (outputs: number) => {
  const model = sequential([lstm(1), dense(outputs, { kernelInitializer: 'zeros' })], { seed: 1 });
  model.compile({ loss: 'meanSquaredError', optimizer: 'sgd' });
  for (const layer of model.layers) layer.trainable = false;
  return model;
};

describe('a forecast', () => {
  test('of zeros is what the scaler makes of them: the mean, or the last season', async () => {
    const series = season(40);
    const flat = forecaster({ input: 4, horizon: 3, model: silent(3) });
    await flat.fit(series, quick);
    const mean = series.reduce((sum, value) => sum + value, 0) / 40;
    expect(Array.from(flat.forecast().values)).toEqual(
      [mean, mean, mean].map((value) => expect.closeTo(value, 10)),
    );
    for (const strategy of ['direct', 'recursive'] as const) {
      const same = forecaster({
        input: 4,
        horizon: 8,
        strategy,
        scaler: difference({ lag: 6 }),
        model: silent(strategy === 'direct' ? 8 : 1),
      });
      await same.fit(series, quick);
      const expected = naiveForecasts(series, 8, { period: 6 }).seasonal;
      expect(Array.from(same.forecast().values)).toEqual(
        Array.from(expected, (value) => expect.closeTo(value, 10)),
      );
    }
  });

  test('learns: it beats the naive ones where there is something to learn', async () => {
    const series = season(300);
    const truth = series.subarray(288);
    const model = forecaster({
      input: 12,
      horizon: 12,
      model: small(12, 8, 0.01),
      scaler: chain([difference({ lag: 6 }), standardScaler()]),
    });
    await model.fit(series.subarray(0, 288), { epochs: 40, validation: 0.1 });
    const error = (values: Float64Array) =>
      values.reduce((sum, value, h) => sum + Math.abs(value - (truth[h] as number)), 0);
    const { seasonal, drift } = naiveForecasts(series.subarray(0, 288), 12, { period: 6 });
    expect(error(model.forecast().values)).toBeLessThan(Math.min(error(seasonal), error(drift)));
  });

  const kinds: Readonly<
    Record<string, Partial<ForecasterOptions> & { features?: number; covariates?: boolean }>
  > = {
    direct: { horizon: 3 },
    recursive: { horizon: 3, strategy: 'recursive' },
    'of differences of logarithms': {
      horizon: 2,
      scaler: chain([log1p(), difference({ lag: 2 }), difference(), minMaxScaler()]),
    },
    'of two features': { horizon: 2, features: 2, scaler: difference() },
    'of two features, step by step': { horizon: 2, features: 2, strategy: 'recursive' },
    'with covariates': { horizon: 3, covariates: true },
    'with covariates, step by step': {
      horizon: 3,
      covariates: true,
      strategy: 'recursive',
      scaler: difference({ lag: 2 }),
    },
    'of quantiles': { horizon: 2, quantiles: [0.1, 0.5, 0.9], covariates: true },
    'with gaps': { horizon: 2, missing: 'mask' },
  };
  const each = Object.entries(kinds);

  /** A series of 40 steps, and covariates for these and 5 to come. */
  function draw(values: readonly number[], features: number, missing: boolean) {
    const series = Array.from({ length: 40 }, (_, t) =>
      Array.from({ length: features }, (_, k) =>
        missing && t % 9 === 4 ? gap : 20 + t + (values[(t * features + k) % values.length] as number),
      ),
    );
    const covariates = Array.from({ length: 45 }, (_, t) => [
      t % 4,
      values[(t * 3) % values.length] as number,
    ]);
    return { series, covariates };
  }

  async function fitted(
    options: (typeof kinds)[string],
    series: readonly number[][],
    covariates: readonly number[][],
    parts: object = {},
  ): Promise<Forecaster> {
    const { features: _, covariates: has, ...rest } = options as Record<string, unknown>;
    const model = forecaster({ input: 5, seed: 1, ...rest });
    await model.fit(series, {
      ...quick,
      ...parts,
      ...(has ? { covariates: covariates.slice(0, series.length) } : {}),
    });
    return model;
  }

  const known = (options: (typeof kinds)[string], covariates: readonly number[][]) =>
    options.covariates ? { covariates } : {};
  const noise = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 31, maxLength: 31 });

  test.each(each)('%s does not know what comes', async (_name, options) => {
    await fc.assert(
      fc.asyncProperty(
        noise,
        fc.integer({ min: 30, max: 39 }),
        fc.integer({ min: 0, max: 1000 }),
        async (values, changed, to) => {
          const { series, covariates } = draw(values, options.features ?? 1, options.missing === 'mask');
          const other = series.map((row, t) => (t === changed ? row.map(() => to) : row));
          const model = await fitted(options, series.slice(0, 30), covariates);
          const [one, two] = [series, other].map((given) =>
            model.forecastAt(given, [20, changed], 2, known(options, covariates)),
          );
          expect(two).toEqual(one);
        },
      ),
      { numRuns: 4 },
    );
  });

  test.each(each)(
    '%s: what validates and calibrates teaches neither the scaler nor the model',
    async (_name, options) => {
      await fc.assert(
        fc.asyncProperty(
          noise,
          fc.integer({ min: 24, max: 39 }),
          fc.integer({ min: 0, max: 1000 }),
          async (values, changed, to) => {
            const { series, covariates } = draw(values, options.features ?? 1, options.missing === 'mask');
            const other = series.map((row, t) => (t === changed ? row.map(() => to) : row));
            const parts = { validation: 6, calibration: 10 };
            const [one, two] = await Promise.all(
              [series, other].map((given) => fitted(options, given, covariates, parts)),
            );
            const learned = ({ scaler }: Forecaster) => JSON.stringify(scaler);
            expect(learned(two as Forecaster)).toEqual(learned(one as Forecaster));
            expect((two as Forecaster).model.getWeights()).toEqual((one as Forecaster).model.getWeights());
          },
        ),
        { numRuns: 3 },
      );
    },
  );

  test.each(each)('%s is the same from a history, at an origin, and after a file', async (_name, options) => {
    const { series, covariates } = draw(
      [3, 1, 4, 1, 5, 9, 2, 6],
      options.features ?? 1,
      options.missing === 'mask',
    );
    const level = options.quantiles ? 0.8 : 0.5;
    const model = await fitted(options, series, covariates, { calibration: 10 });
    const future = known(options, covariates.slice(40));
    const one = model.forecast(2, { ...future, level });
    expect(one.values.length).toBe(2 * (options.features ?? 1));
    expect(one.values.every(Number.isFinite)).toBe(true);
    const from = model.forecast(2, { history: series, ...known(options, covariates), level });
    expect(from).toEqual(one);
    expect(model.forecastAt(series, [40], 2, { ...known(options, covariates), level })).toEqual([one]);
    const loaded = deserializeForecaster(serializeForecaster(model));
    expect(loaded.forecast(2, { ...future, level })).toEqual(one);
    expect(loaded.steps).toBe(40);
    expect(deserializeModel(serializeForecaster(model)).getWeights()).toEqual(model.model.getWeights());
  });

  test('goes step by step as far as one likes, each step being the next forecast of what is there', async () => {
    const series = season(40);
    const model = forecaster({ input: 6, strategy: 'recursive', model: small(1), scaler: difference() });
    await model.fit(series, quick);
    const far = model.forecast(9).values;
    const grown = Array.from(series);
    for (let h = 0; h < 9; h++) {
      const [next] = model.forecast(1, { history: grown }).values as unknown as [number];
      expect(far[h]).toBeCloseTo(next, 4);
      grown.push(next);
    }
  });

  test('sees covariates of the steps that it foretells', async () => {
    // The series is nothing but what the covariates say of the same step.
    const signal = Array.from({ length: 206 }, (_, t) => ((t * t * 31) % 17) / 8 - 1);
    for (const strategy of ['direct', 'recursive'] as const) {
      const model = forecaster({
        input: 4,
        horizon: 3,
        strategy,
        model: small(strategy === 'direct' ? 3 : 1, 10, 0.01),
      });
      await model.fit(signal.slice(0, 200), { epochs: 60, covariates: signal.slice(0, 200) });
      const { values } = model.forecast(3, { covariates: signal.slice(200, 203) });
      for (const [h, value] of values.entries())
        expect(Math.abs(value - (signal[200 + h] as number)), strategy).toBeLessThan(0.3);
    }
  });
});

describe('intervals', () => {
  test('reach as far as the forecasts were off where they were calibrated', async () => {
    // Zeros, from a scaler that does nothing: what is forecast is 0, and the distances are the values.
    const series = [...Array(20).fill(0), 5, -1, 2, -4, 3];
    const model = forecaster({ input: 2, scaler: difference({ lag: 1 }), model: silent(1) });
    await model.fit([...Array(20).fill(0), 1, 3, 6, 10, 15], { ...quick, calibration: 5 });
    // Persistence is off by 1, 2, 3, 4, 5: for half of the time the third of five.
    const half = model.forecast(1, { level: 0.5 });
    expect([half.values[0], half.lower?.[0], half.upper?.[0]]).toEqual([15, 12, 18]);
    expect(model.forecast(1, { level: 0.8 }).upper?.[0]).toBe(20);
    expect(() => model.forecast(1, { level: 0.9 })).toThrow(
      'an interval of level 0.9 takes 9 calibrated origins or more but has 5',
    );
    expect(series.length).toBe(25);
  });

  test('of quantiles need a pair of them, and are moved by calibration', async () => {
    const options = { input: 4, quantiles: [0.1, 0.5, 0.9] };
    const plain = forecaster(options);
    const series = season(60);
    await plain.fit(series, quick);
    const { lower, upper, quantiles, values } = plain.forecast(1, { level: 0.8 });
    expect([lower, values, upper]).toEqual(quantiles);
    expect(() => plain.forecast(1, { level: 0.9 })).toThrow(
      'level 0.9 has no pair of quantiles: those of the forecaster are for 0.8',
    );
    const calibrated = forecaster(options);
    await calibrated.fit(series, { ...quick, calibration: 20 });
    const moved = calibrated.forecast(1, { level: 0.8 });
    const widths = [moved.lower?.[0], moved.upper?.[0]].map((end, i) =>
      Math.abs((end as number) - (moved.quantiles[2 * i]?.[0] as number)),
    );
    expect(widths[0]).toBeCloseTo(widths[1] as number, 9);
    expect(widths[0]).toBeGreaterThan(0);
  });

  test('are errors where there is nothing to make them of', async () => {
    const model = forecaster({ input: 3, strategy: 'recursive', model: small(1) });
    await model.fit(season(30), quick);
    expect(() => model.forecast(1, { level: 0.9 })).toThrow(
      'nothing to make an interval of: fit with { calibration: 0.2 }',
    );
    const far = forecaster({ input: 3, horizon: 2, strategy: 'recursive', model: small(1) });
    await far.fit(season(30), { ...quick, calibration: 10 });
    expect(() => far.forecast(4, { level: 0.5 })).toThrow('reaches further than what was calibrated');
    expect(far.forecast(2, { level: 0.5 }).lower?.length).toBe(2);
  });
});

describe('gaps', () => {
  test('are masked where that was asked for, and else an error that says where', async () => {
    const series = Array.from(season(40));
    series[33] = gap;
    series[12] = gap;
    const model = forecaster({ input: 4, horizon: 2, model: small(2) });
    await expect(model.fit(series, quick)).rejects.toThrow(
      "the series has NaN at step 12, feature 0: mend it, or make the forecaster with { missing: 'mask' }",
    );
    const masked = forecaster({ input: 8, horizon: 2, model: small(2), missing: 'mask' });
    await masked.fit(series, { ...quick, calibration: 10 });
    expect(masked.forecast(2, { level: 0.5 }).values.every(Number.isFinite)).toBe(true);
  });

  test('may be all that there is before some steps, of which nothing is forecast then', async () => {
    const series = Array.from(season(60));
    // Every other step is a gap, so that no difference is known from step 40 to 52.
    for (let t = 40; t < 52; t += 2) series[t] = gap;
    const make = () => forecaster({ input: 4, scaler: difference(), model: small(1), missing: 'mask' });
    const model = make();
    await model.fit(series, { ...quick, calibration: 20 });
    expect(model.forecast(1, { level: 0.5 }).values.every(Number.isFinite)).toBe(true);
    expect(() => model.forecastAt(series, [60, 48])).toThrow(
      'forecast: the 4 steps that the model would see before step 48 are nothing but gaps',
    );
    await expect(
      make().fit([...series.slice(0, 46), gap, 3, gap, 4, gap], { ...quick, calibration: 5 }),
    ).rejects.toThrow('before every step of the calibration part is nothing but gaps');
  });

  test('hide what differences are added to', async () => {
    const series = Array.from(season(40));
    const model = forecaster({
      input: 4,
      horizon: 2,
      scaler: difference({ lag: 3 }),
      model: small(2),
      missing: 'mask',
    });
    await model.fit(series, quick);
    series[38] = gap;
    expect(() => model.forecast(2, { history: series })).toThrow(
      'a gap among the 3 steps before forecast 0 hides what differences are added to',
    );
  });
});

describe('mistakes are named:', () => {
  const options = { input: 4, horizon: 3 };
  test.each<[object, string]>([
    [{}, 'forecaster: input must be a whole number'],
    [{ window: 4 }, 'write input'],
    [{ ...options, strategy: 'recursiv' }, "did you mean 'recursive'?"],
    [{ ...options, scaler: 'standard' }, "scaler is one such as standardScaler() but is 'standard'"],
    [{ ...options, model: sequential([lstm(1), dense(3)]) }, 'the model is not compiled'],
    [{ ...options, model: small(3), seed: 1 }, 'seed is for the default model'],
    [{ ...options, quantiles: [0.1, 0.9] }, '0.5 must be among the quantiles'],
    [{ ...options, quantiles: [0.5, 0.1] }, 'quantiles[1] must be a number above 0.5'],
    [
      { ...options, quantiles: [0.5], strategy: 'recursive' },
      'quantiles of one step say nothing of the next ones',
    ],
    [
      { ...options, quantiles: [0.5], scaler: difference({ lag: 2 }) },
      'differences over 2 steps are added up over a horizon of 3',
    ],
    [{ ...options, missing: 'drop' }, "missing is 'error' or 'mask'"],
  ])('%#', (given, message) => {
    expect(() => forecaster(given as ForecasterOptions)).toThrow(message);
  });

  test('before, in and after fit', async () => {
    const model = forecaster({ ...options, model: small(3) });
    expect(() => model.forecast()).toThrow(
      'forecast: the forecaster has learned nothing yet: call fit with a series first',
    );
    expect(() => serializeForecaster(model)).toThrow('learned nothing yet');
    await expect(model.fit(season(6))).rejects.toThrow(
      'the training part has 6 steps of 6, and a single row to learn from takes 7',
    );
    await expect(model.fit(season(30), { calibration: 2 })).rejects.toThrow(
      'the calibration part has 2 steps, fewer than the horizon of 3',
    );
    await expect(forecaster(options).fit(season(30), { covariates: season(29) })).rejects.toThrow(
      'covariates have 29 rows and the series has 30 steps',
    );
    await expect(
      forecaster({ input: 2, horizon: 3 }).fit(season(30), { covariates: season(30) }),
    ).rejects.toThrow('make input, 2, at least the horizon, 3');
    await model.fit(season(30), quick);
    await expect(model.fit(season(30), quick)).rejects.toThrow('fitted once');
    expect(() => model.forecast(4)).toThrow('4 steps are more than the horizon of 3');
    expect(() => model.forecast(3, { history: season(3) })).toThrow(
      'a forecast from step 3 takes the 4 steps before it, and there are 3',
    );
    expect(() =>
      model.forecast(3, {
        history: [
          [1, 2],
          [3, 4],
        ],
      }),
    ).toThrow('the history has 2 features where fit saw 1');
    expect(() => model.forecast(3, { covariates: [1, 2, 3] })).toThrow('which fit saw none of');
    expect(() => model.forecast(3, { level: 2 })).toThrow('forecast: level must be a number');
    expect(() => model.forecastAt(season(9), [10])).toThrow('the series ends at 9');
    const known = forecaster(options);
    await known.fit(season(30), { ...quick, covariates: season(30) });
    expect(() => known.forecast(3, { covariates: [1, 2] })).toThrow(
      'covariates are needed for 3 steps to come, and 2 are there',
    );
    expect(() => known.forecast(3, { covariates: [1, gap, 2] })).toThrow(
      'a covariate is known for every step',
    );
    const wrong = forecaster({ ...options, model: small(2) });
    await expect(wrong.fit(season(30), quick)).rejects.toThrow('y should be of shape');
  });
});

describe('a file that lies', () => {
  test('is a FormatError', async () => {
    const model = forecaster({ input: 4, horizon: 2, model: small(2) });
    await model.fit(season(30), { ...quick, calibration: 10 });
    const bytes = serializeForecaster(model);
    const text = new TextDecoder('latin1').decode(bytes);
    /** Another text of the same length in the place of one. */
    const forged = (from: string, to: string) => {
      const at = text.indexOf(from);
      expect(at, from).toBeGreaterThan(0);
      expect(to.length).toBe(from.length);
      const copy = bytes.slice();
      copy.set(new TextEncoder().encode(to), at);
      return copy;
    };
    const lies: [string, string][] = [
      ['\\"input\\":4', '\\"input\\":5'],
      ['\\"horizon\\":2', '\\"horizon\\":3'],
      ['\\"direct\\"', '\\"dirext\\"'],
      ['\\"missing\\":\\"error\\"', '\\"missing\\":\\"wrong\\"'],
      ['\\"steps\\":30', '\\"steps\\":-1'],
      ['\\"standardScaler\\"', '\\"standardScalar\\"'],
      ['\\"features\\":1', '\\"features\\":2'],
      ['\\"calibration\\":[[[', '\\"calibration\\":[[{'],
      ['\\"forecaster\\":', '\\"forecastor\\":'],
    ];
    for (const [from, to] of lies)
      expect(() => deserializeForecaster(forged(from, to)), to).toThrow(/^the file/);
    expect(() => deserializeForecaster(bytes.subarray(0, bytes.length - 9))).toThrow();
  });
});
