/**
 * Two weeks of a shop's sales, with what is not known of them: an LSTM foretells the 10 %, 50 % and 90 % quantiles of each
 * day from the eight weeks before it and the calendar. A backtest compares it with the forecasts that cost nothing, and
 * counts how often its intervals hold.
 */
import { writeFileSync } from 'node:fs';
import {
  adam,
  backtest,
  calendarFeatures,
  chain,
  cosineDecay,
  dense,
  difference,
  forecaster,
  lineChart,
  log1p,
  lstm,
  quantile,
  sequential,
  standardScaler,
} from 'longhand';

const short = process.argv.includes('--short');
const YEARS = short ? 2 : 4;
const EPOCHS = short ? 2 : 20;
const HORIZON = 14;
const INPUT = 56;
const QUANTILES = [0.1, 0.5, 0.9];

// The sales are made up, by the same numbers each time: a week, a year, growth, campaigns that are
// planned ahead, and chance that lasts for some days.
let state = 1;
/** About normal: the sum of twelve uniform numbers (Lehmer's generator). */
function chance(): number {
  let sum = -6;
  for (let k = 0; k < 12; k++) {
    state = (state * 48271) % 2147483647;
    sum += state / 2147483647;
  }
  return sum;
}
const WEEK = [1.05, 0.9, 0.92, 1.0, 1.25, 1.5, 0.4];
const days = Array.from({ length: 365 * YEARS }, (_, t) => new Date(Date.UTC(2020, 0, 6 + t)));
/** Campaigns of five days, at no regular distances. */
const isCampaign = new Uint8Array(days.length + HORIZON);
for (let t = 9; t < days.length; t += 20 + Math.abs(Math.round(6 * chance()))) isCampaign.fill(1, t, t + 5);
let mood = 0;
const sales = days.map((day, t) => {
  mood = 0.7 * mood + 0.04 * chance();
  const year = 1 + 0.25 * Math.sin((2 * Math.PI * (day.getUTCMonth() + day.getUTCDate() / 31)) / 12);
  return Math.round(
    200 *
      (1 + t / 2000) *
      (WEEK[t % 7] as number) *
      year *
      (isCampaign[t] ? 1.6 : 1) *
      Math.exp(mood + 0.05 * chance()),
  );
});

/** Known beforehand for every day: its place in the week and the year, and whether there is a campaign. */
const covariates = calendarFeatures(days, ['week', 'year']).map((place, t) => [
  ...place,
  isCampaign[t] as number,
]);
const firstTested = days.length - (short ? 60 : 364);

/** A forecaster that has learned nothing yet. */
function make() {
  const model = sequential([lstm(32), dense(HORIZON * QUANTILES.length)], { seed: 1 });
  const decaySteps = EPOCHS * Math.ceil(firstTested / 32);
  model.compile({
    optimizer: adam({ learningRate: cosineDecay({ initialLearningRate: 1e-2, decaySteps }) }),
    loss: quantile({ quantiles: QUANTILES }),
  });
  return forecaster({
    input: INPUT,
    horizon: HORIZON,
    quantiles: QUANTILES,
    // Sales grow by factors, and so do their errors; what is foretold is the change over two weeks.
    scaler: chain([log1p(), difference({ lag: HORIZON }), standardScaler()]),
    model,
  });
}

const report = await backtest(make, sales, {
  period: 7,
  from: firstTested,
  stride: 7,
  level: 0.8,
  covariates,
  fit: { epochs: EPOCHS, calibration: short ? 60 : 180 },
});
console.log(String(report));

const last = report.forecasts.at(-1);
if (!last) throw new Error('there is no forecast');
const BEFORE = 28;
const from = last.origin - BEFORE;
const ahead = Array.from({ length: HORIZON }, (_, h) => BEFORE + h);
writeFileSync(
  'picture.svg',
  lineChart({
    title: 'Two weeks of sales, foretold',
    subtitle: 'the day of the forecast is day 28; the band is to hold on 80 % of the days',
    xLabel: 'day',
    yLabel: 'sales',
    lines: [
      { name: 'forecast', x: ahead, y: last.values },
      { name: 'what came', y: sales.slice(from, last.origin + HORIZON) },
    ],
    bands: [{ name: '80 %', x: ahead, lower: last.lower as Float64Array, upper: last.upper as Float64Array }],
  }),
);
