/**
 * What an LSTM has learned on many sequences helps where there are few: trained to tell four waves apart, frozen, and
 * given a new last layer, it tells three other waves apart from a handful of examples of each. Beside it the same network
 * that begins from nothing, and one whose LSTM learns on, slowly, once the new layer has found its place.
 */
import { writeFileSync } from 'node:fs';
import { adam, dense, lineChart, lstm, type Sequential, sequential } from 'longhand';

const short = process.argv.includes('--short');
const STEPS = 48;
const UNITS = 24;
const EXAMPLES = short ? [2, 8] : [1, 2, 4, 8, 16, 32];
/** Which examples a network is given is chance: the mean is over several draws. */
const DRAWS = short ? 1 : 3;

/** Of a phase from 0 to 1, what a wave is then, from -1 to 1. */
const known: ((phase: number) => number)[] = [
  (phase) => Math.sin(2 * Math.PI * phase),
  (phase) => (phase < 0.5 ? 1 : -1),
  (phase) => 2 * phase - 1,
  (phase) => 4 * Math.abs(phase - 0.5) - 1,
];
const unknown: ((phase: number) => number)[] = [
  (phase) => 1 - 2 * phase,
  (phase) => (phase < 0.2 ? 1 : -1),
  (phase) => 2 * Math.abs(Math.sin(Math.PI * phase)) - 1,
];

/** `each` noisy examples of each wave, of any length, speed and beginning, and which wave each is. */
function draw(waves: ((phase: number) => number)[], each: number, seed: number) {
  const random = randomOf(seed);
  const x: number[][][] = [];
  const y: number[] = [];
  for (let row = 0; row < each * waves.length; row++) {
    const kind = row % waves.length;
    const begin = random();
    const cycles = 2 + 3 * random();
    const noise = () => 0.5 * (random() + random() + random() - 1.5);
    const wave = waves[kind] as (phase: number) => number;
    const length = STEPS - Math.floor(12 * random());
    x.push(Array.from({ length }, (_, t) => [wave((begin + (cycles * t) / STEPS) % 1) + noise()]));
    y.push(kind);
  }
  return { x, y };
}

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function network(classes: number, { trainable = true, seed = 1 } = {}): Sequential {
  const reader = lstm(UNITS, { name: 'reader', trainable });
  const model = sequential([reader, dense(classes, { activation: 'softmax', name: `head_of_${classes}` })], {
    seed,
  });
  compile(model, 0.01);
  return model.build([null, 1]);
}

function compile(model: Sequential, learningRate: number): void {
  model.compile({
    optimizer: adam({ learningRate, globalClipNorm: 1 }),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  });
}

const accuracyOf = (model: Sequential, { x, y }: ReturnType<typeof draw>) =>
  model.evaluate(x, y, { batchSize: 256 }).accuracy as number;

// 1. Many examples of the waves that are known.
const source = draw(known, short ? 100 : 500, 1);
const pretrained = network(known.length);
await pretrained.fit(source.x, source.y, { epochs: short ? 4 : 20, batchSize: 32 });
const right = accuracyOf(pretrained, draw(known, 200, 2));
console.log(`known waves: ${(100 * right).toFixed(1)} % of new examples are right`);

// 2. A few of the others: with the LSTM frozen, with it learning on, and from nothing.
const test = draw(unknown, 300, 3);
const epochs = short ? 20 : 60;
const results = { frozen: [] as number[], 'learning on': [] as number[], 'from nothing': [] as number[] };
console.log(`\nother waves, ${test.y.length} new examples`);
console.log('  examples of each    frozen    learning on    from nothing');
for (const each of EXAMPLES) {
  const sums = { frozen: 0, 'learning on': 0, 'from nothing': 0 };
  for (let seed = 1; seed <= DRAWS; seed++) {
    const { x, y } = draw(unknown, each, 100 * each + seed);
    const fit = { epochs, batchSize: 8 };

    const transferred = network(unknown.length, { trainable: false, seed });
    transferred.takeWeights(pretrained.getWeights());
    await transferred.fit(x, y, fit);
    sums.frozen += accuracyOf(transferred, test) / DRAWS;

    const tuned = network(unknown.length, { seed });
    tuned.takeWeights(transferred.getWeights());
    compile(tuned, 0.001);
    await tuned.fit(x, y, fit);
    sums['learning on'] += accuracyOf(tuned, test) / DRAWS;

    const scratch = network(unknown.length, { seed });
    await scratch.fit(x, y, fit);
    sums['from nothing'] += accuracyOf(scratch, test) / DRAWS;
  }
  for (const name of ['frozen', 'learning on', 'from nothing'] as const) results[name].push(100 * sums[name]);
  const shown = Object.values(sums).map((sum) => `${(100 * sum).toFixed(1)} %`.padStart(14));
  console.log(`${String(each).padStart(18)}${shown.join('')}`);
}

writeFileSync(
  'picture.svg',
  lineChart({
    title: 'Few examples go further after many of another kind',
    subtitle: `three waves it has not seen, ${test.y.length} test examples, mean of ${DRAWS} draws`,
    xLabel: 'examples of each wave to learn from',
    yLabel: 'right, %',
    lines: (['learning on', 'frozen', 'from nothing'] as const).map((name) => ({
      name,
      x: EXAMPLES,
      y: results[name],
    })),
  }),
);
