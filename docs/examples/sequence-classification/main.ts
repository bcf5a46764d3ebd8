/**
 * Which movement is it? Four kinds of them, drawn by a hand that is never quite as fast, as large or as steady as before, come
 * as series of x and y of 12 to 40 steps. A bidirectional LSTM learns to tell them apart, beside the nearest neighbor among
 * the series it learns from; and then it is shown only the first part of each.
 */
import { writeFileSync } from 'node:fs';
import {
  adam,
  bidirectional,
  dense,
  lineChart,
  lstm,
  pickRows,
  readTimeSeries,
  sequential,
  standardScaler,
  stratifiedSplit,
  type Tensor,
  tensor,
} from 'longhand';

const short = process.argv.includes('--short');
const CASES = short ? 120 : 800;
const EPOCHS = short ? 2 : 25;
const KINDS = ['circle', 'backwards', 'eight', 'swing'];

/** The same numbers in every run: a linear congruential generator will do for a drawing. */
let state = 1;
function random(): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state / 2 ** 32;
}
const noise = () => random() + random() + random() - 1.5;

/** Where the hand is, at a part of a movement from 0 to 1. */
function position(kind: string, part: number): [number, number] {
  const angle = 2 * Math.PI * part;
  if (kind === 'circle') return [Math.cos(angle), Math.sin(angle)];
  if (kind === 'backwards') return [Math.cos(angle), -Math.sin(angle)];
  if (kind === 'eight') return [Math.cos(angle), Math.sin(2 * angle)];
  return [Math.cos(angle), 0.2 * Math.sin(angle)];
}

/** A movement as a line of a `.ts` file, the format of the UCR and UEA archives. */
function drawCase(kind: string): string {
  const steps = 12 + Math.floor(29 * random());
  const [size, start, tilt] = [0.6 + 0.8 * random(), random(), 0.8 * noise()];
  const points = Array.from({ length: steps }, (_, step) => {
    const [x, y] = position(kind, start + step / steps);
    const turned = [x * Math.cos(tilt) - y * Math.sin(tilt), x * Math.sin(tilt) + y * Math.cos(tilt)];
    return turned.map((value) => (size * value + 0.3 * noise()).toFixed(3));
  });
  return `${points.map(([x]) => x).join(',')}:${points.map(([, y]) => y).join(',')}:${kind}`;
}

const cases = Array.from({ length: CASES }, (_, k) => drawCase(KINDS[k % KINDS.length] as string));
const header = `@problemName Movements
@dimensions 2
@equalLength false
@classLabel true ${KINDS.join(' ')}
@data`;

// From here on it is any file of the archives: read it with `readFile`.
const { x, lengths, labels, classes } = readTimeSeries(`${header}\n${cases.join('\n')}`);
const split = stratifiedSplit(Array.from(labels), { testShare: 0.25, seed: 1 });
const part = (rows: Int32Array) => ({ x: pickRows(x, rows), y: pickRows(Array.from(labels), rows) });
const [train, test] = [part(split.train), part(split.test)];
console.log(
  `${CASES} movements of ${Math.min(...lengths)} to ${Math.max(...lengths)} steps: ${classes.join(', ')}`,
);
console.log(`learns from ${train.y.length}, is tested on ${test.y.length}\n`);

/** The class of the series with the smallest distance, both padded with zeros behind. */
function nearestNeighbor(row: number): number {
  const size = (x.shape[1] as number) * 2;
  let best = Number.POSITIVE_INFINITY;
  let label = 0;
  for (const [other, candidate] of train.y.entries()) {
    let distance = 0;
    for (let k = 0; k < size; k++) {
      distance += ((test.x.data[row * size + k] as number) - (train.x.data[other * size + k] as number)) ** 2;
    }
    if (distance < best) [best, label] = [distance, candidate];
  }
  return label;
}

const scaler = standardScaler().fit(train.x);
const model = sequential([bidirectional(lstm(16)), dense(classes.length, { activation: 'softmax' })], {
  seed: 1,
});
model.compile({
  optimizer: adam({ learningRate: 0.01, globalClipNorm: 1 }),
  loss: 'sparseCategoricalCrossentropy',
  metrics: ['accuracy'],
});
await model.fit(scaler.transform(train.x), train.y, { epochs: EPOCHS, batchSize: 32 });

const percent = (share: number) => `${(100 * share).toFixed(1)} %`.padStart(8);
const accuracyOn = (series: Tensor) => model.evaluate(scaler.transform(series), test.y).accuracy as number;
const right = test.y.filter((label, row) => nearestNeighbor(row) === label).length / test.y.length;
console.log(`nearest neighbor on padded series ${percent(right)}`);
console.log(`bidirectional LSTM of 16 units    ${percent(accuracyOn(test.x))}\n`);

// A series of which only the beginning is known is the same series with a smaller length.
console.log('seen of each movement    right');
const parts = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100];
const accuracies = parts.map((seen) => {
  const known = (test.x.lengths ?? []).map((length) => Math.ceil((length * seen) / 100));
  const accuracy = accuracyOn(tensor(Float64Array.from(test.x.data), test.x.shape, { lengths: known }));
  if (seen % 20 === 0) console.log(`${`${seen} %`.padStart(21)}${percent(accuracy).padStart(9)}`);
  return 100 * accuracy;
});

writeFileSync(
  'picture.svg',
  lineChart({
    title: 'How much of a movement does it need?',
    subtitle: `accuracy on ${test.y.length} movements of four kinds, of which only the beginning is shown`,
    xLabel: 'seen of each movement, %',
    yLabel: 'right, %',
    lines: [
      { name: 'bidirectional LSTM', x: parts, y: accuracies },
      { name: 'nearest neighbor, all of it', x: [10, 100], y: [100 * right, 100 * right] },
    ],
  }),
);
