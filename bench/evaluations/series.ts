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
import {
  adam,
  type BackendName,
  chain,
  cosineDecay,
  dense,
  difference,
  dropout,
  lstm,
  sequential,
  standardScaler,
  tensor,
  windows,
} from '../../src/index.js';
import { COMPUTED, type Evaluation } from './evaluation.js';
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

/** What decides the numbers of a run. */
type Draw = { readonly seed: number; readonly backend: BackendName };

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
async function forecast(task: Task, from: number, to: number, recipe: Recipe, draw: Draw): Promise<number[]> {
  const { window, units, epochs, batchSize, members } = recipe;
  const known = task.values.slice(0, from);
  const { mean } = meanAndDeviation(known);
  const guess = task.guess ?? (() => mean);
  const first = window + 1;
  const errors = known.map((value, step) => value - guess(step)).slice(first);
  const scale = meanAndDeviation(errors).deviation;
  const scaled = standardScaler().fit(known).transform(task.values);
  // What is known of the step to come stands beside the value before it.
  const seen = Array.from(scaled, (value, step) => [value, ...(task.features?.(step + 1) ?? [])]);
  const { x } = windows(seen, { input: window, from: first, to: from });
  const y = tensor(
    errors.map((error) => error / scale),
    [from - first, 1],
  );
  const { x: xAsked } = windows(seen, { input: window, from, to });
  const steps = epochs * Math.ceil((from - first) / batchSize);
  const sums = new Float64Array(to - from);
  for (let member = 0; member < members; member++) {
    const head = recipe.dropout > 0 ? [dropout(recipe.dropout), dense(1)] : [dense(1)];
    const model = sequential([lstm(units), ...head], { ...draw, seed: 100 * draw.seed + member });
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

/** Forecasts of the sunspots: the mean of what the networks say and what the autoregression says. */
async function forecastSunspots(
  { values }: Series,
  from: number,
  to: number,
  recipe: Recipe,
  draw: Draw,
): Promise<number[]> {
  const roots = values.map((value) => Math.sqrt(value + SUNSPOT_SHIFT));
  const last = (step: number) => roots[Math.max(0, step - 1)] as number;
  const networks = await forecast({ values: roots, guess: last }, from, to, recipe, draw);
  const linear = autoregression(roots, SUNSPOT_ORDER, from);
  return networks.map((value, row) => ((value + linear(from + row)) / 2) ** 2 - SUNSPOT_SHIFT);
}

/** Forecasts of the passengers: the logarithm, differenced at 12 and 1, is undone from what is known. */
async function forecastAirline(
  { values }: Series,
  from: number,
  to: number,
  recipe: Recipe,
  draw: Draw,
): Promise<number[]> {
  const LOST = 13;
  const logs = values.map(Math.log);
  const scaler = chain([difference({ lag: 12 }), difference()]).fit(logs.slice(0, from));
  const differences = Array.from(scaler.transform(logs));
  const changes = await forecast({ values: differences }, from - LOST, to - LOST, recipe, draw);
  return changes.map((change, row) => {
    const [log] = scaler.inverse([change], { after: logs.slice(0, from + row) });
    return Math.exp(log as number);
  });
}

/** A series, and what comes of its last `tested` steps. */
interface Source {
  readonly file: string;
  readonly tested: number;
  readonly unit: string;
  /** The order of the autoregression that stands beside the networks; of the logarithm where it says so. */
  readonly order: number;
  readonly logarithm?: boolean;
}

const temperatureSource = {
  file: 'daily-min-temperatures.csv',
  tested: 365,
  unit: 'degrees Celsius',
  order: 30,
};
const sunspotSource = { file: 'monthly-sunspots.csv', tested: 820, unit: 'spots', order: SUNSPOT_ORDER };
const airlineSource = {
  file: 'airline-passengers.csv',
  tested: 48,
  unit: 'thousands of passengers',
  order: 13,
  logarithm: true,
};

async function readSource(folder: string, { file, tested }: Source) {
  const series = await readSeries(folder, file);
  const to = series.values.length;
  return { series, from: to - tested, to, truth: series.values.slice(to - tested) };
}

type Forecaster = (series: Series, from: number, to: number, draw: Draw) => Promise<number[]>;

/** An evaluation of forecasts one step ahead, beside the last value and an autoregression. */
function seriesEvaluation(
  what: Pick<Evaluation, 'name' | 'recipe' | 'comparisons'> & { source: Source; bar: number },
  forecaster: Forecaster,
): Evaluation {
  const { name, recipe, comparisons, source, bar } = what;
  return {
    name,
    group: 'series',
    about: `One step ahead, the last ${source.tested} of ${source.file}: root mean squared error in ${source.unit}`,
    recipe,
    data: { folder: 'series', files: [source.file], source: 'the series of the textbooks, as CSV' },
    bars: [{ metric: 'error', bar, better: 'lower' }],
    comparisons,
    run: async (seed, { folder, backend }) => {
      const { series, from, to, truth } = await readSource(folder, source);
      return { error: rootMeanSquaredError(await forecaster(series, from, to, { seed, backend }), truth) };
    },
    baselines: async (folder) => {
      const { series, from, truth } = await readSource(folder, source);
      const { values } = series;
      const into = source.logarithm ? Math.log : (value: number) => value;
      const back = source.logarithm ? Math.exp : (value: number) => value;
      const foretell = autoregression(values.map(into), source.order, from);
      const linear = truth.map((_, row) => back(foretell(from + row)));
      const computed = { kind: 'baseline', source: 'computed by this command' } as const;
      return [
        {
          model: 'the last value',
          figures: { error: rootMeanSquaredError(values.slice(from - 1, -1), truth) },
          ...computed,
        },
        {
          model: `autoregression of order ${source.order}${source.logarithm ? ' of the logarithm' : ''}`,
          figures: { error: rootMeanSquaredError(linear, truth) },
          ...computed,
        },
      ];
    },
  };
}

export const series: readonly Evaluation[] = [
  seriesEvaluation(
    {
      name: 'temperatures',
      recipe: 'LSTM 16 on 30 days, batches of 32, Adam .003 on a cosine, 20 epochs',
      source: temperatureSource,
      bar: 2.25,
      comparisons: [
        { model: 'LSTM 16 in PyTorch', figures: { error: 2.245 }, kind: 'baseline', source: COMPUTED },
      ],
    },
    ({ values }, from, to, draw) => forecast({ values }, from, to, temperatures, draw),
  ),
  seriesEvaluation(
    {
      name: 'temperatures-with-season',
      recipe:
        'LSTM 16 on 30 days with sine and cosine of the day of the year, batches of 32, Adam .003 on a cosine, 10 epochs',
      source: temperatureSource,
      bar: 2.21,
      comparisons: [
        { model: 'the same in PyTorch', figures: { error: 2.198 }, kind: 'baseline', source: COMPUTED },
      ],
    },
    (days, from, to, draw) => {
      const task = { values: days.values, features: seasonOf(days) };
      return forecast(task, from, to, temperaturesWithSeason, draw);
    },
  ),
  seriesEvaluation(
    {
      name: 'sunspots',
      recipe:
        'half the mean of three LSTMs 32 on 72 months of sqrt(y + 10) that foretell the change (batches of 32, Adam .003 on a cosine, 30 epochs), half an autoregression of order 24 of the same',
      source: sunspotSource,
      bar: 17.1,
      comparisons: [
        {
          model: 'LSTM 32 on 36 months in PyTorch',
          figures: { error: 17.31 },
          kind: 'baseline',
          source: COMPUTED,
        },
      ],
    },
    (spots, from, to, draw) => forecastSunspots(spots, from, to, sunspots, draw),
  ),
  seriesEvaluation(
    {
      name: 'airline',
      recipe:
        'the mean of five LSTMs 32 on 13 months of the logarithm, differenced at 12 and 1, dropout .2, batches of 32, Adam .001, 150 epochs',
      source: airlineSource,
      bar: 14.3,
      comparisons: [
        { model: 'one such LSTM in PyTorch', figures: { error: 14.13 }, kind: 'baseline', source: COMPUTED },
        {
          model: 'an LSTM of tutorials',
          figures: { error: 47.5 },
          kind: 'published',
          source: 'as stated with the task; it is the error of the last value',
        },
      ],
    },
    (months, from, to, draw) => forecastAirline(months, from, to, airline, draw),
  ),
];
