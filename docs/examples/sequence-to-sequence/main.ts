/**
 * From a sequence to another: `47+8` is read symbol by symbol, and `55` is written. One LSTM reads the question into its
 * state, `repeatVector` hands that state to every step of the answer, and a second LSTM writes. Questions that it has
 * never seen are put to it as it learns.
 */
import { writeFileSync } from 'node:fs';
import {
  ADDITION_SYMBOLS,
  adam,
  additionAsText,
  cosineDecay,
  dense,
  lambdaCallback,
  lineChart,
  lstm,
  repeatVector,
  sequential,
  type Tensor,
} from 'longhand';

const short = process.argv.includes('--short');
const LEARNED = short ? 400 : 4500;
const EPOCHS = short ? 4 : 36;
const SHOWN_EVERY = short ? 2 : 6;
const UNITS = short ? 16 : 80;
const BATCH = 32;
const ASKED = 5;

// All questions of two digits that are drawn are different ones: the first are learned, the others are the test.
const { x, y, questions, answers } = additionAsText(LEARNED + 500, { digits: 2, seed: 1 });
const rows = (tensor: Tensor, from: number, to: number): Tensor => {
  const [count, ...rest] = tensor.shape as [number, ...number[]];
  const size = tensor.data.length / count;
  return {
    data: Float32Array.from(tensor.data.subarray(from * size, to * size)),
    shape: [to - from, ...rest],
  };
};
const all = questions.length;
const test = { x: rows(x, LEARNED, all), y: rows(y, LEARNED, all) };

const [, symbolsOfAnswer] = y.shape as [number, number];
const model = sequential(
  [
    lstm(UNITS),
    repeatVector(symbolsOfAnswer),
    lstm(UNITS, { returnSequences: true }),
    dense(ADDITION_SYMBOLS.length, { activation: 'softmax' }),
  ],
  { seed: 1 },
);
const decaySteps = EPOCHS * Math.ceil(LEARNED / BATCH);
model.compile({
  optimizer: adam({
    learningRate: cosineDecay({ initialLearningRate: 5e-3, decaySteps }),
    globalClipNorm: 1,
  }),
  loss: 'sparseCategoricalCrossentropy',
  metrics: ['accuracy'],
});

/** The likeliest symbol of each step, as text. */
function answersTo(asked: Tensor): string[] {
  const { data, shape } = model.predict(asked, { batchSize: 256 });
  const [count, steps, symbols] = shape as [number, number, number];
  return Array.from({ length: count }, (_, row) => {
    let text = '';
    for (let step = 0; step < steps; step++) {
      const from = (row * steps + step) * symbols;
      const chances = data.subarray(from, from + symbols);
      text += ADDITION_SYMBOLS[chances.indexOf(Math.max(...chances))];
    }
    return text.trimEnd();
  });
}

const wanted = answers.slice(LEARNED);
const column = (text: string) => text.padStart(8);
console.log(`${LEARNED} questions to learn from, ${wanted.length} others to be tested on\n`);
console.log(
  `${column('epoch')}${questions
    .slice(LEARNED, LEARNED + ASKED)
    .map(column)
    .join('')}   sums right`,
);

const epochs: number[] = [];
const shares: number[] = [];
function ask(epoch: number): void {
  const given = answersTo(test.x);
  const share = given.filter((answer, row) => answer === wanted[row]).length / wanted.length;
  epochs.push(epoch);
  shares.push(100 * share);
  if (epoch % SHOWN_EVERY > 0) return;
  // What is wrong is marked.
  const shown = given
    .slice(0, ASKED)
    .map((answer, row) => column(answer === wanted[row] ? answer : `${answer}?`));
  console.log(`${column(String(epoch))}${shown.join('')}${`${(100 * share).toFixed(1)} %`.padStart(13)}`);
}

ask(0);
await model.fit(rows(x, 0, LEARNED), rows(y, 0, LEARNED), {
  epochs: EPOCHS,
  batchSize: BATCH,
  callbacks: [lambdaCallback({ onEpochEnd: (epoch) => ask(epoch + 1) })],
});
console.log(`${column('truth')}${wanted.slice(0, ASKED).map(column).join('')}`);

const { accuracy } = model.evaluate(test.x, test.y);
console.log(`\nsymbols right: ${(100 * (accuracy as number)).toFixed(1)} %`);

writeFileSync(
  'picture.svg',
  lineChart({
    title: 'Addition, learned from examples alone',
    subtitle: `of ${wanted.length} sums that it has not seen, how many are right to the last digit`,
    xLabel: 'epoch',
    yLabel: 'right, %',
    lines: [{ name: 'whole sums right', x: epochs, y: shares }],
  }),
);
