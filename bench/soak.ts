/**
 * `npm run soak -- --minutes 10`: fits, evaluates and predicts in turn, on models and shapes that change all the
 * time, in one process. Every half minute, or tenth of the time where that is less, the process is weighed after
 * forced collections; the curve of heap and of memory outside of it is printed, and it fails (exit code 1) where the
 * least weight of the last third exceeds that of the middle third by more than the tolerance. The first third is the
 * engine's, for compiling.
 */
import { setImmediate } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Random } from '../src/core/random.js';
import { dense, dropout, type Layer, lstm, type Sequential, sequential, tensor } from '../src/index.js';

const TOLERANCE_MB = 2;
/** So many rounds a model lives before another takes its place. */
const LIFE = 25;
const WEIGHINGS = 30;

interface Weight {
  readonly seconds: number;
  readonly rounds: number;
  readonly heap: number;
  readonly outside: number;
}

const random = new Random(1);

function randomModel(features: number): Sequential {
  const units = 1 + random.below(24);
  const layers: Layer[] =
    random.uniform() < 0.5
      ? [lstm(units, { returnSequences: true, recurrentDropout: 0.1 }), dropout(0.2), lstm(units)]
      : [lstm(units)];
  const model = sequential([...layers, dense(1, { activation: 'sigmoid' })], { seed: random.below(1000) });
  model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy', metrics: ['accuracy', 'auc'] });
  return model.build([null, features]);
}

/** A fit, an evaluation and a prediction on data of a new shape. */
async function round(model: Sequential, features: number): Promise<void> {
  const [rows, steps] = [2 + random.below(40), 1 + random.below(30)];
  const numbers = Float32Array.from({ length: rows * steps * features }, () => random.normal());
  const x = tensor(numbers, [rows, steps, features]);
  const y = Array.from({ length: rows }, (_, row) => row % 2);
  await model.fit(x, y, {
    epochs: 1 + random.below(2),
    batchSize: 1 + random.below(rows),
    validationSplit: 0.2,
  });
  model.evaluate(x, y, { batchSize: 1 + random.below(rows) });
  model.predict(x, { batchSize: 1 + random.below(rows) });
}

async function weigh(began: number, rounds: number): Promise<Weight> {
  if (globalThis.gc === undefined) throw new Error('run it as npm run soak, which gives node --expose-gc');
  for (let i = 0; i < 5; i++) {
    await globalThis.gc();
    await setImmediate();
  }
  const { heapUsed, external } = process.memoryUsage();
  return {
    seconds: (performance.now() - began) / 1000,
    rounds,
    heap: heapUsed / 1e6,
    outside: external / 1e6,
  };
}

function print({ seconds, rounds, heap, outside }: Weight, scale: number): void {
  const bar = '█'.repeat(Math.round((40 * (heap + outside)) / scale));
  const cells = [seconds.toFixed(0), rounds, heap.toFixed(2), outside.toFixed(2)];
  console.log(`${cells.map((cell) => String(cell).padStart(9)).join('')}  ${bar}`);
}

function growthOf(weights: readonly Weight[], part: 'heap' | 'outside'): number {
  const third = Math.floor(weights.length / 3);
  const least = (some: readonly Weight[]) => Math.min(...some.map((weight) => weight[part]));
  return least(weights.slice(2 * third)) - least(weights.slice(third, 2 * third));
}

const { values: flags } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
const minutes = Number(flags.minutes);
if (!(minutes > 0)) throw new Error(`--minutes takes a number above 0 but got '${flags.minutes}'`);

const began = performance.now();
const pause = Math.min(30_000, (minutes * 60_000) / WEIGHINGS);
const weights: Weight[] = [];
let rounds = 0;
let next = began + pause;
let features = 1;
let model = randomModel(features);
console.log('  seconds   rounds  heap MB  outside');
while (performance.now() - began < minutes * 60_000) {
  if (rounds % LIFE === 0) {
    features = 1 + random.below(12);
    model = randomModel(features);
  }
  await round(model, features);
  rounds++;
  if (performance.now() < next) continue;
  const weight = await weigh(began, rounds);
  weights.push(weight);
  print(weight, 1.5 * ((weights[0] as Weight).heap + (weights[0] as Weight).outside));
  next = performance.now() + pause;
}
for (const part of ['heap', 'outside'] as const) {
  const growth = growthOf(weights, part);
  const verdict = growth <= TOLERANCE_MB ? 'flat' : 'GROWS';
  console.log(`${part}: ${growth.toFixed(2)} MB more in the last third than in the middle one: ${verdict}`);
  if (!(growth <= TOLERANCE_MB)) process.exitCode = 1;
}
console.log(`${3 * rounds} fits, evaluations and predictions in ${minutes} minutes`);
