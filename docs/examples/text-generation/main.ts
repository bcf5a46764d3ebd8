/**
 * A text learned character by character, and written on: after every few epochs a sample comes out while the network learns.
 * What it has learned is measured on the end of the text, which it has not seen, in bits a character, beside what counting
 * gives. The text is the first chapters of Pride and Prejudice (Jane Austen, 1813), a paragraph a line; `--file FILE` learns
 * any other.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  adam,
  cosineDecay,
  dense,
  deserializePipeline,
  drawTokens,
  dropout,
  embedding,
  lambdaCallback,
  lineChart,
  lstm,
  type Pipeline,
  pipeline,
  type Sequential,
  sequential,
  serializePipeline,
  streamSteps,
  type TextVectorizer,
  textVectorizer,
} from 'longhand';

const short = process.argv.includes('--short');
const named = process.argv.indexOf('--file');
// The example runs in its own folder; a file is named from where the command was given.
const file =
  named === -1 ? 'text.txt' : resolve(process.env.INIT_CWD ?? '.', process.argv[named + 1] as string);
const STEPS = 64;
const UNITS = short ? 24 : 128;
const EPOCHS = short ? 2 : 12;
const SHOWN_EVERY = short ? 1 : 4;
const BATCH = 8;
const PROMPT = '"My dear';

const text = readFileSync(file, 'utf8').slice(0, short ? 8000 : undefined);
const end = Math.floor(text.length * 0.9);

// The characters of the first nine tenths; one that comes later for the first time is unknown.
const characters = textVectorizer({ splitWords: false }).fit([text.slice(0, end)]);
const [learned, held] = characters.transform([text.slice(0, end), text.slice(end)]) as [number[], number[]];

/** Rows of so many characters, and for each of them the one that follows. */
function rowsOf(ids: readonly number[], steps: number): { x: number[][]; y: number[][] } {
  const starts = Array.from({ length: Math.floor((ids.length - 1) / steps) }, (_, row) => row * steps);
  return {
    x: starts.map((start) => ids.slice(start, start + steps)),
    y: starts.map((start) => ids.slice(start + 1, start + 1 + steps)),
  };
}
const train = rowsOf(learned, STEPS);
// What it has not seen is read in one go, and so is as much of what it has.
const test = rowsOf(held, held.length - 1);
const seen = rowsOf(learned.slice(0, held.length), held.length - 1);

const model = sequential(
  [
    embedding(characters.size, 24),
    lstm(UNITS, { returnSequences: true }),
    dropout(0.2),
    dense(characters.size, { activation: 'softmax' }),
  ],
  { seed: 1 },
);
const decaySteps = EPOCHS * Math.ceil(train.x.length / BATCH);
model.compile({
  optimizer: adam({
    learningRate: cosineDecay({ initialLearningRate: 0.012, decaySteps }),
    globalClipNorm: 1,
  }),
  loss: 'sparseCategoricalCrossentropy',
});

/** Writes on from a prompt, each character as soon as it is drawn. */
function write(writer: Sequential, alphabet: TextVectorizer, prompt: string, length: number): void {
  const step = streamSteps(writer);
  process.stdout.write(prompt);
  let [said] = (alphabet.transform([prompt])[0] as number[]).reduce<[ReturnType<typeof step> | undefined]>(
    ([before], id) => [step(id, before?.state)],
    [undefined],
  );
  for (let k = 0; k < length && said; k++) {
    const [id] = drawTokens(step, said, { length: 1, temperature: 0.7, seed: k }) as [number];
    process.stdout.write(alphabet.inverse([[id]])[0] as string);
    said = step(id, said.state);
  }
  process.stdout.write('\n\n');
}

/**
 * Bits a character by counting: how often each character followed the last `order` ones, mixed with what the last
 * `order - 1` say by Witten and Bell's weight.
 */
function bitsByCounting(order: number): number {
  const followers = new Map<string, Map<number, number>>();
  const contextOf = (ids: readonly number[], at: number, length: number) => ids.slice(at - length, at).join();
  for (let at = order; at < learned.length; at++) {
    for (let length = 0; length <= order; length++) {
      const context = contextOf(learned, at, length);
      const counts = followers.get(context) ?? new Map<number, number>();
      followers.set(context, counts.set(learned[at] as number, (counts.get(learned[at] as number) ?? 0) + 1));
    }
  }
  let bits = 0;
  for (let at = order; at < held.length; at++) {
    let chance = 1 / characters.size;
    for (let length = 0; length <= order; length++) {
      const counts = followers.get(contextOf(held, at, length));
      if (counts === undefined) break;
      const total = Array.from(counts.values()).reduce((sum, count) => sum + count, 0);
      chance = ((counts.get(held[at] as number) ?? 0) + counts.size * chance) / (total + counts.size);
    }
    bits -= Math.log2(chance);
  }
  return bits / (held.length - order);
}

const epochs: number[] = [];
const bits = { seen: [] as number[], held: [] as number[] };
function look(epoch: number): void {
  const bitsOf = ({ x, y }: typeof test) => (model.evaluate(x, y).loss as number) / Math.log(2);
  epochs.push(epoch);
  bits.held.push(bitsOf(test));
  bits.seen.push(bitsOf(seen));
  if (epoch % SHOWN_EVERY > 0) return;
  console.log(`--- after ${epoch} epochs: ${(bits.held.at(-1) as number).toFixed(2)} bits a character`);
  write(model, characters, PROMPT, short ? 60 : 160);
}

console.log(`${learned.length} characters to learn from, ${characters.size - 2} different ones\n`);
look(0);
await model.fit(train.x, train.y, {
  epochs: EPOCHS,
  batchSize: BATCH,
  callbacks: [lambdaCallback({ onEpochEnd: (epoch) => look(epoch + 1) })],
});

const counted = [1, 2, 3].map((order) => ({ order, bits: bitsByCounting(order) }));
console.log(`on ${held.length} characters that it has not seen, bits a character:`);
for (const { order, bits } of counted) console.log(`  counting after the last ${order}: ${bits.toFixed(2)}`);
console.log(`  LSTM of ${UNITS}: ${(bits.held.at(-1) as number).toFixed(2)}\n`);

// The alphabet travels in the model's file: what is loaded takes text.
const bytes = serializePipeline(pipeline({ inputs: characters, model }), { includeOptimizer: false });
const loaded = deserializePipeline<Pipeline<TextVectorizer, undefined>>(bytes);
console.log(`--- from its file of ${Math.round(bytes.length / 1024)} kB`);
write(loaded.model as Sequential, loaded.inputs, 'Mrs. Bennet was', short ? 60 : 300);

const best = counted.reduce((a, b) => (b.bits < a.bits ? b : a));
writeFileSync(
  'picture.svg',
  lineChart({
    title: 'The next character',
    subtitle: `what it costs to write it down, in bits: ${learned.length} characters seen, ${held.length} not`,
    xLabel: 'epoch',
    yLabel: 'bits a character',
    lines: [
      { name: 'text that it learns from', x: epochs, y: bits.seen },
      { name: 'text that it has not seen', x: epochs, y: bits.held },
      {
        name: `counting after the last ${best.order}, not seen`,
        x: [0, EPOCHS],
        y: [best.bits, best.bits],
      },
    ],
  }),
);
