/**
 * `npm run bench:memory`: whether training, predicting and streaming keep memory. A small model makes 10,000 training
 * steps, 100,000 predictions and 1,000,000 steps of a stream on one shape, through the public methods; then 10,000
 * models are built, trained for a step and dropped, without a turn of the event loop in between. The process is
 * weighed when all is warm and ten times on the way, after forced collections; growth is the difference between the
 * least weights of the first and of the second half. It fails (exit code 1) where that is more than the tolerance.
 *
 * The engine compiles code and drops it again as long as a process runs, which moves a single weighing of the
 * heap by up to 200,000 bytes; the least of five repeats within some 20,000. The tolerance is 50,000 bytes:
 * nothing that is kept fits into it, since the smallest object takes 16 bytes, and one such each training step is
 * 80,000 from half to half. Outside of the heap, where the data of all but the smallest arrays lie, nothing
 * moves, and the tolerance is 1,000 bytes. What the process has of the machine moves by some 2,000,000 bytes, and
 * 5,000 models that are kept take 300,000,000: there the tolerance is 20,000,000.
 */
import { setImmediate } from 'node:timers/promises';
import { dense, lstm, sequential, tensor } from '../src/index.js';
import { classIndices, normals } from './case.js';

const TRAINING_STEPS = 10_000;
const PREDICTIONS = 100_000;
const STREAMED_STEPS = 1_000_000;
const MODELS = 10_000;
const HALF = 5;
const HEAP_TOLERANCE = 50_000;
const OUTSIDE_TOLERANCE = 1_000;
const RESIDENT_TOLERANCE = 20_000_000;

const [batch, steps, features] = [32, 5, 4];
const x = tensor(normals(batch * steps * features), [batch, steps, features]);
const y = tensor(classIndices(batch, 2), [batch]);
const model = newModel();

function newModel() {
  const layers = [lstm(4), dense(1, { activation: 'sigmoid' })];
  const compiled = { optimizer: 'adam', loss: 'binaryCrossentropy', metrics: ['accuracy'] } as const;
  return sequential(layers, { seed: 1 }).compile(compiled);
}

/** Half of the steps by `fit`, a step an epoch, and half by `trainOnBatch`. */
async function train(count: number): Promise<void> {
  await model.fit(x, y, { epochs: count / 2, batchSize: batch });
  for (let i = 0; i < count / 2; i++) model.trainOnBatch(x, y);
}

async function predict(count: number): Promise<void> {
  for (let i = 0; i < count; i++) model.predict(x);
}

const live = model.build([null, features]).stream();
const step = normals(features);
const output = new Float32Array(1);

async function stream(count: number): Promise<void> {
  for (let i = 0; i < count; i++) live.push(step, output);
}

/**
 * What a million streamed steps allocate, collected again or not: ten times the median of ten parts, since the engine
 * allocates too, now and then. A part is too short for a collection on the way.
 */
async function allocatedByStreaming(): Promise<number> {
  const parts: number[] = [];
  for (let part = 0; part < 2 * HALF; part++) {
    await weigh();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < STREAMED_STEPS / 10; i++) live.push(step, output);
    parts.push(process.memoryUsage().heapUsed - before);
  }
  return 10 * (parts.sort((a, b) => a - b)[HALF] as number);
}

async function build(count: number): Promise<void> {
  for (let i = 0; i < count; i++) newModel().trainOnBatch(x, y);
}

interface Weight {
  readonly heap: number;
  readonly outside: number;
  /** Part of what is outside. */
  readonly arrayBuffers: number;
  /** What the process has of the machine's memory, WebAssembly's with it, which the others leave out. */
  readonly resident: number;
}

/** What the process holds after several collections, with turns of the event loop for what is freed late. */
async function weigh(): Promise<Weight> {
  if (globalThis.gc === undefined)
    throw new Error('run it as npm run bench:memory, which gives node --expose-gc');
  for (let i = 0; i < 5; i++) {
    await globalThis.gc();
    await setImmediate();
  }
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
  return { heap: heapUsed, outside: external, arrayBuffers, resident: rss };
}

/** Does `count` of the work in ten parts; the weights before and after each. */
async function watch(work: (count: number) => Promise<void>, count: number): Promise<Weight[]> {
  const weights = [await weigh()];
  for (let part = 0; part < 2 * HALF; part++) {
    await work(count / (2 * HALF));
    weights.push(await weigh());
  }
  return weights;
}

function least(weights: readonly Weight[]): Weight {
  return {
    heap: Math.min(...weights.map(({ heap }) => heap)),
    outside: Math.min(...weights.map(({ outside }) => outside)),
    arrayBuffers: Math.min(...weights.map(({ arrayBuffers }) => arrayBuffers)),
    resident: Math.min(...weights.map(({ resident }) => resident)),
  };
}

/** The first weight is left out: collections with no work in between make the engine drop code that comes back. */
function growthOf(weights: readonly Weight[]): Weight {
  const before = least(weights.slice(1, HALF + 1));
  const after = least(weights.slice(HALF + 1));
  return {
    heap: after.heap - before.heap,
    outside: after.outside - before.outside,
    arrayBuffers: after.arrayBuffers - before.arrayBuffers,
    resident: after.resident - before.resident,
  };
}

/** Prints the weights and their growth, and says whether it is within the tolerance. */
function report(what: string, count: number, weights: readonly Weight[]): boolean {
  weights.forEach((weight, part) => {
    console.log(formatRow(`${formatNumber((part * count) / (2 * HALF))} ${what}`, weight));
  });
  const growth = growthOf(weights);
  console.log(`${formatRow('growth', growth)}\n`);
  const isHeld = growth.heap <= HEAP_TOLERANCE && growth.outside <= OUTSIDE_TOLERANCE;
  return isHeld && growth.resident <= RESIDENT_TOLERANCE;
}

function formatRow(label: string, { heap, outside, arrayBuffers, resident }: Weight): string {
  return formatCells(label, [heap, outside, arrayBuffers, resident].map(formatNumber));
}

function formatCells(label: string, cells: readonly string[]): string {
  return label.padEnd(24) + cells.map((cell) => cell.padStart(15)).join('');
}

function formatNumber(value: number): string {
  return value.toLocaleString('en-US');
}

// Warm: every function has run so often that the engine has compiled it for good.
await watch(train, TRAINING_STEPS / 2);
await watch(predict, PREDICTIONS / 5);
const training = await watch(train, TRAINING_STEPS);
const predicting = await watch(predict, PREDICTIONS);
await watch(stream, STREAMED_STEPS / 5);
const streaming = await watch(stream, STREAMED_STEPS);
const allocated = await allocatedByStreaming();
await watch(build, MODELS / 5);
const building = await watch(build, MODELS);

console.log(formatCells('bytes', ['heap', 'outside of it', 'array buffers', 'resident']));
const held = [
  report('training steps', TRAINING_STEPS, training),
  report('predictions', PREDICTIONS, predicting),
  report('streamed steps', STREAMED_STEPS, streaming),
  report('models', MODELS, building),
  allocated <= HEAP_TOLERANCE,
];
console.log(
  `${formatNumber(STREAMED_STEPS)} streamed steps in a row allocate ${formatNumber(allocated)} bytes.`,
);
const limits =
  `${formatNumber(HEAP_TOLERANCE)} bytes of the heap, ${formatNumber(OUTSIDE_TOLERANCE)} outside ` +
  `and ${formatNumber(RESIDENT_TOLERANCE)} in all`;
if (held.every(Boolean)) {
  console.log(`No growth: it stays within ${limits}.`);
} else {
  console.error(`The process grows by more than ${limits}.`);
  process.exitCode = 1;
}
