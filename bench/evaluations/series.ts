/**
 * Evaluation 6: one step ahead on three series, root mean squared error in the original unit.
 *
 *     temperatures  daily minimum in Melbourne, the last 365 of 3,650 days: an LSTM on 30 days; and with the sine
 *                   and cosine of the day of the year beside them
 *     sunspots      monthly, the last 820 of 2,820: half the change that a mean of three LSTMs sees in 72 months
 *                   of sqrt(y + 10), half an autoregression of order 24, the two being wrong at different times
 *     airline       monthly passengers, the last 48 of 144: a mean of five LSTMs on 13 months of the logarithm,
 *                   differenced at 12 and 1
 *
 * All were chosen on the part before the test; statistics for scaling are of that part alone.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readDelimited } from '../../src/data/csv.js';
import { adam, cosineDecay, dense, dropout, lstm, sequential, type Tensor, tensor } from '../../src/index.js';
import type { Evaluation } from './evaluation.js';
import { autoregression, meanAndDeviation, rootMeanSquaredError } from './statistics.js';

/** What the networks of a forecast are, and how they are trained. */
interface Recipe {
  /** How many steps they see. */
  readonly window: number;
  readonly units: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Whether the learning rate falls to 0 on a cosine. */
  readonly cosine: boolean;
  readonly dropout: number;
  /** How many networks' forecasts are averaged. */
  readonly members: number;
}

interface Series {
  readonly dates: readonly string[];
  readonly values: readonly number[];
}

/** What is forecast: `values`, standardized; further features by the step that is to come; and a first guess. */
interface Task {
  readonly values: readonly number[];
  readonly features?: (step: number) => readonly number[];
  /** What the networks need only correct; the mean of the training part where it is left out. */
  readonly guess?: (step: number) => number;
}

const temperatures: Recipe = {
  window: 30,
  units: 16,
  epochs: 20,
  batchSize: 32,
  learningRate: 3e-3,
  cosine: true,
  dropout: 0,
  members: 1,
};
const temperaturesWithSeason: Recipe = { ...temperatures, epochs: 10 };
const sunspots: Recipe = { ...temperatures, window: 72, units: 32, epochs: 30, members: 3 };
const airline: Recipe = {
  window: 13,
  units: 32,
  epochs: 150,
  batchSize: 32,
  learningRate: 1e-3,
  cosine: false,
  dropout: 0.2,
  members: 5,
};

const SUNSPOT_ORDER = 24;
/** Sunspots are counts: their root varies by as much when there are many as when there are few. */
const SUNSPOT_SHIFT = 10;

async function readSeries(folder: string, file: string): Promise<Series> {
  const text = await readFile(join(folder, file), 'utf8');
  const [, ...rows] = Array.from(readDelimited(text), ({ fields }) => fields);
  const whole = rows.filter(({ length }) => length === 2);
  return { dates: whole.map(([date]) => date as string), values: whole.map(([, value]) => Number(value)) };
}

/** Forecasts of the steps `from` to `to - 1`, each from the true values before it, by networks that saw none of them. */
async function forecast(
  task: Task,
  from: number,
  to: number,
  recipe: Recipe,
  seed: number,
): Promise<number[]> {
  const { window, units, epochs, batchSize, members } = recipe;
  const known = task.values.slice(0, from);
  const { mean, deviation } = meanAndDeviation(known);
  const guess = task.guess ?? (() => mean);
  const first = window + 1;
  const errors = known.map((value, step) => value - guess(step)).slice(first);
  const scale = meanAndDeviation(errors).deviation;
  const x = windowsOf(task, first, from, window, mean, deviation);
  const y = tensor(
    errors.map((error) => error / scale),
    [from - first, 1],
  );
  const xAsked = windowsOf(task, from, to, window, mean, deviation);
  const steps = epochs * Math.ceil((from - first) / batchSize);
  const sums = new Float64Array(to - from);
  for (let member = 0; member < members; member++) {
    const head = recipe.dropout > 0 ? [dropout(recipe.dropout), dense(1)] : [dense(1)];
    const model = sequential([lstm(units), ...head], { seed: 100 * seed + member });
    const { learningRate, cosine } = recipe;
    model.compile({
      optimizer: adam({
        learningRate: cosine
          ? cosineDecay({ initialLearningRate: learningRate, decaySteps: steps })
          : learningRate,
      }),
      loss: 'meanSquaredError',
    });
    await model.fit(x, y, { epochs, batchSize });
    model.predict(xAsked, { batchSize: 512 }).data.forEach((value, row) => {
      sums[row] = (sums[row] as number) + value / members;
    });
  }
  return Array.from(sums, (sum, row) => guess(from + row) + scale * sum);
}

/** [to - from, window, 1 + features]: the standardized values before each step. */
function windowsOf(
  { values, features }: Task,
  from: number,
  to: number,
  window: number,
  mean: number,
  deviation: number,
): Tensor<Float32Array> {
  const rows: number[] = [];
  for (let step = from; step < to; step++) {
    for (let k = step - window; k < step; k++) {
      rows.push(((values[k] as number) - mean) / deviation, ...(features?.(k + 1) ?? []));
    }
  }
  return tensor(rows, [to - from, window, rows.length / (window * (to - from))]);
}

/** Sine and cosine of the day of the year, of any step, the one after the last too. */
function seasonOf({ dates }: Series): (step: number) => readonly number[] {
  const DAY = 86_400_000;
  return (step) => {
    const past = Math.min(step, dates.length - 1);
    const time = Date.parse(`${dates[past]}T00:00Z`) + (step - past) * DAY;
    const yearBegan = Date.UTC(new Date(time).getUTCFullYear(), 0, 1);
    const angle = (2 * Math.PI * (time - yearBegan)) / DAY / 365.25;
    return [Math.sin(angle), Math.cos(angle)];
  };
}

/** Forecasts of the sunspots: by the networks, by the autoregression, and the mean of the two. */
async function forecastSunspots(
  { values }: Series,
  from: number,
  to: number,
  recipe: Recipe,
  seed: number,
): Promise<{ networks: number[]; autoregression: number[]; both: number[] }> {
  const roots = values.map((value) => Math.sqrt(value + SUNSPOT_SHIFT));
  const back = (root: number) => root * root - SUNSPOT_SHIFT;
  const last = (step: number) => roots[Math.max(0, step - 1)] as number;
  const networks = await forecast({ values: roots, guess: last }, from, to, recipe, seed);
  const linear = autoregression(roots, SUNSPOT_ORDER, from);
  const lines = networks.map((_, row) => linear(from + row));
  return {
    networks: networks.map(back),
    autoregression: lines.map(back),
    both: networks.map((value, row) => back((value + (lines[row] as number)) / 2)),
  };
}

/** Forecasts of the passengers: the logarithm, differenced at 12 and 1, is undone from what is known. */
async function forecastAirline(
  { values }: Series,
  from: number,
  to: number,
  recipe: Recipe,
  seed: number,
): Promise<number[]> {
  const LOST = 13;
  const logs = values.map(Math.log);
  const log = (step: number) => logs[step] as number;
  const known = (step: number) => log(step - 1) + log(step - 12) - log(step - 13);
  const differences = logs.slice(LOST).map((value, row) => value - known(row + LOST));
  const changes = await forecast({ values: differences }, from - LOST, to - LOST, recipe, seed);
  return changes.map((change, row) => Math.exp(change + known(from + row)));
}

const files = {
  temperatures: { file: 'daily-min-temperatures.csv', tested: 365 },
  sunspots: { file: 'monthly-sunspots.csv', tested: 820 },
  airline: { file: 'airline-passengers.csv', tested: 48 },
};

async function readAll(folder: string) {
  const read = async ({ file, tested }: { file: string; tested: number }) => {
    const series = await readSeries(folder, file);
    const to = series.values.length;
    return { series, from: to - tested, to, truth: series.values.slice(to - tested) };
  };
  return {
    temperatures: await read(files.temperatures),
    sunspots: await read(files.sunspots),
    airline: await read(files.airline),
  };
}

export const series: Evaluation = {
  name: 'series',
  about: 'One step ahead on three series, root mean squared error in the original unit',
  data: 'series',
  bars: [
    { metric: 'temperatures', bar: 2.25, better: 'lower' },
    { metric: 'temperatures-with-season', bar: 2.21, better: 'lower' },
    { metric: 'sunspots', bar: 17.1, better: 'lower' },
    { metric: 'airline', bar: 14.3, better: 'lower' },
  ],
  run: async (folder, seed) => {
    const all = await readAll(folder);
    const { series: days, from, to, truth } = all.temperatures;
    const { values } = days;
    const season = { values, features: seasonOf(days) };
    const { sunspots: spots, airline: months } = all;
    const { both } = await forecastSunspots(spots.series, spots.from, spots.to, sunspots, seed);
    const passengers = await forecastAirline(months.series, months.from, months.to, airline, seed);
    return {
      temperatures: rootMeanSquaredError(await forecast({ values }, from, to, temperatures, seed), truth),
      'temperatures-with-season': rootMeanSquaredError(
        await forecast(season, from, to, temperaturesWithSeason, seed),
        truth,
      ),
      sunspots: rootMeanSquaredError(both, spots.truth),
      airline: rootMeanSquaredError(passengers, months.truth),
    };
  },
  baselines: async (folder) => {
    const all = await readAll(folder);
    return Object.entries(all).map(
      ([
        name,
        {
          series: { values },
          from,
          truth,
        },
      ]) => {
        const persistence = rootMeanSquaredError(values.slice(from - 1, -1), truth);
        return `${name}: persistence=${persistence.toFixed(3)}`;
      },
    );
  },
};
