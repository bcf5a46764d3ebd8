/**
 * What is unlike all that was normal: an LSTM reads a window of a signal into its state, another one writes the window again,
 * and where what is written is far from what was read, something is wrong. It has seen nothing but normal windows; the
 * threshold is chosen on normal windows that it has not learned from. Beside it, two rules without any learning.
 */
import { writeFileSync } from 'node:fs';
import {
  adam,
  cosineDecay,
  dense,
  lineChart,
  lstm,
  repeatVector,
  sequential,
  splitSeries,
  standardScaler,
  windows,
} from 'longhand';

const short = process.argv.includes('--short');
const STEPS = short ? 1500 : 6000;
const EPOCHS = short ? 2 : 40;
const UNITS = short ? 8 : 24;
const WINDOW = 24;
/** One in a hundred normal windows may be called wrong. */
const FALSE_ALARMS = 0.01;

// A machine: two oscillations and noise, by the same numbers each time (Lehmer's generator).
let state = 7;
function chance(): number {
  let sum = -6;
  for (let k = 0; k < 12; k++) {
    state = (state * 48271) % 2147483647;
    sum += state / 2147483647;
  }
  return sum;
}
const clean = (t: number) => Math.sin((2 * Math.PI * t) / 24) + 0.5 * Math.sin((2 * Math.PI * t) / 8);
const signal = Float64Array.from({ length: STEPS }, (_, t) => clean(t) + 0.1 * chance());
const { train, validation, test } = splitSeries(signal, { validation: 0.2, test: 0.4 });

// What goes wrong in the test: none of it leaves the range that is normal.
const isWrong = new Uint8Array(STEPS);
const faults: ((t: number, from: number) => number)[] = [
  (_t, from) => clean(from), // stuck
  (t) => clean(1.4 * t), // too fast
  (t) => Math.sin((2 * Math.PI * t) / 24), // one oscillation fails
  (t) => clean(-t), // backwards
  (t) => 0.6 * clean(t), // weak
];
const LENGTH = 30;
const every = Math.floor((test.to - test.from) / (faults.length * 2 + 1));
for (let k = 0; k < faults.length * 2; k++) {
  const from = test.from + (k + 1) * every - LENGTH;
  for (let t = from; t < from + LENGTH; t++) {
    signal[t] = (faults[k % faults.length] as (typeof faults)[0])(t, from) + 0.1 * chance();
    isWrong[t] = 1;
  }
}

const scaled = standardScaler().fit(signal.subarray(0, train.to)).transform(signal);
const rowsOf = ({ from, to }: { from: number; to: number }, stride = 1) =>
  windows(scaled, { input: WINDOW, horizon: 0, from: from + WINDOW, to, stride }).x;

const model = sequential(
  [lstm(UNITS), repeatVector(WINDOW), lstm(UNITS, { returnSequences: true }), dense(1)],
  { seed: 1 },
);
const learned = rowsOf({ from: 0, to: train.to });
const decaySteps = EPOCHS * Math.ceil(learned.shape[0] / 64);
model.compile({
  optimizer: adam({
    learningRate: cosineDecay({ initialLearningRate: 5e-3, decaySteps }),
    globalClipNorm: 1,
  }),
  loss: 'meanSquaredError',
});
await model.fit(learned, learned, { epochs: EPOCHS, batchSize: 64 });

/** How far each window is from what is written of it: the root of the mean squared error. */
function reconstructionErrors(rows: typeof learned): number[] {
  const { data } = model.predict(rows, { batchSize: 256 });
  return Array.from({ length: rows.shape[0] }, (_, row) => {
    const read = Array.from(rows.row(row).data);
    const squares = read.reduce(
      (sum, value, t) => sum + (value - (data[row * WINDOW + t] as number)) ** 2,
      0,
    );
    return Math.sqrt(squares / WINDOW);
  });
}

/** A rule: how far the value of a window that is furthest from the mean is from it, in deviations. */
const furthest = (rows: typeof learned) =>
  Array.from({ length: rows.shape[0] }, (_, row) => Math.max(...Array.from(rows.row(row).data, Math.abs)));

/** Another: how far a window is from the one a period before, which it has to be told. */
const PERIOD = 24;
const fromLastPeriod = (rows: typeof learned) =>
  Array.from(rows.starts, (start) => {
    let squares = 0;
    for (let t = start; t < start + WINDOW; t++)
      squares += ((scaled[t] as number) - (scaled[t - PERIOD] as number)) ** 2;
    return Math.sqrt(squares / WINDOW);
  });

const normal = rowsOf(validation);
const asked = rowsOf(test);
// A window is wrong when a third of its steps are or more; those with fewer are left out, being neither.
const wrongSteps = Array.from(asked.starts, (start) =>
  isWrong.subarray(start, start + WINDOW).reduce((sum, wrong) => sum + wrong, 0),
);
const counts = wrongSteps.map((wrong) => wrong === 0 || wrong >= WINDOW / 3);

function judge(
  name: string,
  score: (rows: typeof learned) => number[],
): { scores: number[]; threshold: number } {
  const sorted = score(normal).sort((a, b) => a - b);
  const threshold = sorted[Math.floor((1 - FALSE_ALARMS) * sorted.length)] as number;
  const scores = score(asked);
  const among = (wrong: boolean, called: boolean) =>
    scores.filter(
      (value, row) =>
        counts[row] && (wrongSteps[row] as number) > 0 === wrong && value > threshold === called,
    ).length;
  const [hits, alarms, missed] = [among(true, true), among(false, true), among(true, false)];
  const precision = hits / (hits + alarms);
  const recall = hits / (hits + missed);
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`.padStart(9);
  console.log(
    `${name.padEnd(24)}${percent(precision)}${percent(recall)}${threshold.toFixed(3).padStart(11)}`,
  );
  return { scores, threshold };
}

console.log(
  `${learned.shape[0]} normal windows to learn from, ${normal.shape[0]} to choose the threshold by,`,
);
console.log(
  `${asked.shape[0]} to be tested on, with ${faults.length * 2} faults of ${LENGTH} steps in them\n`,
);
console.log(`${''.padEnd(24)}precision   recall  threshold`);
const { scores, threshold } = judge('LSTM autoencoder', reconstructionErrors);
judge('from a period before', fromLastPeriod);
judge('furthest from the mean', furthest);

const shown = Math.min(scores.length, short ? 400 : 1200);
const at = Array.from({ length: shown }, (_, row) => (asked.starts[row] as number) + WINDOW - 1);
writeFileSync(
  'picture.svg',
  lineChart({
    title: 'How far a window is from what an LSTM writes of it',
    subtitle: 'it has learned from normal windows alone; the line below is up where a fault is',
    xLabel: 'last step of the window',
    yLabel: 'error, in deviations',
    lines: [
      { name: 'error', x: at, y: scores.slice(0, shown) },
      { name: 'threshold', x: [at[0] as number, at.at(-1) as number], y: [threshold, threshold] },
      { name: 'a fault', x: at, y: at.map((t) => 0.15 * (isWrong[t] as number) - 0.3) },
    ],
  }),
);
