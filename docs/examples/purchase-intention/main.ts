/**
 * Who will buy again? A log of purchases becomes a sequence of weeks for each customer, and an LSTM learns from the first
 * half year, at the end of every week, who buys within the next thirteen. It is asked about customers that it has not seen, in
 * weeks that it has not seen, beside two simpler answers: who bought last, and who bought most often.
 */
import { writeFileSync } from 'node:fs';
import {
  adam,
  auc,
  cosineDecay,
  dense,
  dropout,
  groupEvents,
  lastSteps,
  lineChart,
  lstm,
  purchaseLog,
  sequential,
  splitByGroup,
} from 'longhand';

const short = process.argv.includes('--short');
const CUSTOMERS = short ? 300 : 4000;
const EPOCHS = short ? 2 : 20;
const BATCH = 64;
const HORIZON = 13;
const WEEK = 7 * 86_400_000;
/** The log has 52 weeks from here. */
const START = Date.UTC(2024, 0, 1);
const CUT = START + 39 * WEEK;

// A log drawn from a model of buying. One of yours comes from `streamCsv` instead, as large as it may be.
const purchases = purchaseLog(CUSTOMERS, { seed: 1 });
const log = await groupEvents(purchases, {
  entity: 'customer',
  time: 'date',
  period: 'week',
  cut: CUT,
  horizon: HORIZON,
  features: {
    purchases: { take: 'count', map: 'log1p' },
    spent: { take: 'sum', column: 'amount', map: 'log1p' },
    isFirst: { take: 'isFirst' },
  },
  label: { ask: 'occurs' },
  end: START + 52 * WEEK,
});

const split = splitByGroup(log.entities, { testShare: 0.2, seed: 1 });
const some = (places: Int32Array) => Array.from(places, (place) => log.entities[place] as string);
const train = log.train({ entities: some(split.train) });
const test = log.test({ entities: some(split.test) });
console.log(`${purchases.length} purchases of ${log.entities.length} customers`);
console.log(`learns from ${train.entities.length} of them, in weeks 1 to 26, with labels to week 39`);
console.log(`is tested on ${test.entities.length} others: at week 39, who buys until week 52?\n`);

const model = sequential(
  [lstm(32, { returnSequences: true }), dropout(0.2), dense(1, { activation: 'sigmoid' })],
  { seed: 1 },
);
const decaySteps = EPOCHS * Math.ceil(train.entities.length / BATCH);
model.compile({
  optimizer: adam({ learningRate: cosineDecay({ initialLearningRate: 1e-2, decaySteps }) }),
  loss: 'binaryCrossentropy',
});
const { history } = await model.fit(train.x, train.y, {
  epochs: EPOCHS,
  batchSize: BATCH,
  sampleWeight: train.weights,
});
console.log(
  `loss ${history.loss?.[0]?.toFixed(4)} in the first epoch, ${history.loss?.at(-1)?.toFixed(4)} in the last`,
);

// What it says at the end of a customer's last week.
const chances = Array.from(lastSteps(model.predict(test.x), test.lengths).data);

// The simpler answers, from the same weeks: how long ago the last purchase was, and how many there were.
const before = new Map<string, { last: number; count: number }>();
for (const { customer, date } of purchases) {
  if (date >= CUT) continue;
  const known = before.get(customer);
  before.set(customer, { last: date, count: (known?.count ?? 0) + 1 });
}
const of = (what: 'last' | 'count') => test.entities.map((id) => before.get(id as string)?.[what] ?? 0);
// As numbers from 0 to 1, which is all that a ranking needs.
const ranked = (values: number[]) => values.map((value) => value / (2 * Math.max(...values)));

const answers = { LSTM: chances, recency: ranked(of('last')), frequency: ranked(of('count')) };
const labels = Array.from(test.labels);
console.log('\narea under the ROC curve (1 is best, .5 a guess)');
for (const [name, answer] of Object.entries(answers)) {
  console.log(`  ${name.padEnd(10)} ${auc(labels, answer).toFixed(3)}`);
}

const order = (answer: number[]) =>
  answer.map((_, row) => row).sort((a, b) => (answer[b] ?? 0) - (answer[a] ?? 0));
console.log('\nmost likely to come back      did they?');
for (const row of order(chances).slice(0, 5)) {
  const chance = `${(100 * (chances[row] ?? 0)).toFixed(0)} %`.padStart(5);
  console.log(
    `  ${test.entities[row]}  ${chance}${labels[row] === 1 ? 'yes' : 'no'}`.replace('%', '%'.padEnd(15)),
  );
}

// Of all who come back, how many are among the first so many that one would write to?
const buyers = labels.filter((label) => label === 1).length;
function reached(answer: number[]): number[] {
  let found = 0;
  const after = order(answer).map((row) => {
    found += labels[row] ?? 0;
    return (100 * found) / buyers;
  });
  return [0, ...after];
}
const shares = [0, ...labels.map((_, place) => (100 * (place + 1)) / labels.length)];
writeFileSync(
  'picture.svg',
  lineChart({
    title: 'Whom to write to',
    subtitle: `of ${buyers} among ${labels.length} customers who buy again, how many are reached`,
    xLabel: 'customers written to, the likeliest first, %',
    yLabel: 'of those who buy again, %',
    lines: [
      ...Object.entries(answers).map(([name, answer]) => ({ name, x: shares, y: reached(answer) })),
      { name: 'at random', x: [0, 100], y: [0, 100] },
    ],
  }),
);
