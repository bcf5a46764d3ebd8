/** A model of the characters of a text: trained, kept in a file, and asked to write on. */
import { DataError, FormatError } from '../../core/errors.js';
import { log } from '../../core/math.js';
import {
  adam,
  cosineDecay,
  dense,
  deserializePipeline,
  embedding,
  type GenerateOptions,
  generate,
  lstm,
  type Pipeline,
  pipeline,
  randomNormal,
  readPreparation,
  type Sequential,
  sequential,
  serializePipeline,
  type TextVectorizer,
  tensor,
  textVectorizer,
} from '../../index.js';
import type { Progress } from '../../training/progress.js';

const STREAMS = 16;
const WINDOW = 64;
const TESTED_AT_ONCE = 1000;
/** Windows of all streams, and a tenth to measure with. */
const FEWEST = 2 * STREAMS * WINDOW;

export interface CharacterSettings {
  readonly units: number;
  readonly epochs: number;
  readonly learningRate: number;
  readonly seed: number;
  readonly testShare: number;
  readonly onProgress: (progress: Progress) => void;
  readonly onStart: (model: Sequential, characters: number) => void;
}

type CharacterPipeline = Pipeline<TextVectorizer>;

/**
 * Trains on the beginning of the text, as streams that lie side by side with the state carried on, and measures on its end:
 * nats per character, beside how often each character occurs.
 */
export async function trainCharacters(
  text: string,
  settings: CharacterSettings,
): Promise<{
  readonly bytes: Uint8Array;
  readonly nats: number;
  readonly baseline: number;
  readonly tested: number;
}> {
  const { units, epochs, learningRate, seed, testShare, onProgress, onStart } = settings;
  const characters = Array.from(text);
  const cut = Math.floor((1 - testShare) * characters.length);
  if (cut < FEWEST) {
    throw new DataError(
      `the text has ${characters.length} characters, and to learn and to measure takes ${2 * FEWEST}`,
    );
  }
  const inputs = textVectorizer({ splitWords: false }).fit([characters.slice(0, cut).join('')]);
  const [ids] = inputs.transform([text]) as [number[]];
  const model = sequential(
    [
      embedding(inputs.size, 32, { embeddingsInitializer: randomNormal({ stddev: 1 }) }),
      lstm(units, { returnSequences: true, stateful: true }),
      dense(inputs.size, { activation: 'softmax' }),
    ],
    { seed },
  );
  const length = Math.floor((cut - 1) / STREAMS / WINDOW);
  const rate = cosineDecay({ initialLearningRate: learningRate, decaySteps: epochs * length });
  model.compile({
    optimizer: adam({ learningRate: rate, globalClipNorm: 1 }),
    loss: 'sparseCategoricalCrossentropy',
  });
  onStart(model, inputs.size);
  const x = streams(ids, 0, length);
  const y = streams(ids, 1, length);
  await model.fit(x, y, { epochs, batchSize: STREAMS, shuffle: false, onProgress });
  const nats = natsOf(model, ids, cut);
  model.resetStates();
  return {
    bytes: serializePipeline(pipeline({ inputs, model }), { about: { job: 'characters' } }),
    nats,
    baseline: entropyOf(ids, cut, inputs.size),
    tested: ids.length - cut,
  };
}

/** Windows of streams: first that of each stream at its beginning, then the next of each. */
function streams(ids: readonly number[], first: number, length: number): number[][] {
  const span = length * WINDOW;
  return Array.from({ length: length * STREAMS }, (_, row) => {
    const begin = first + (row % STREAMS) * span + Math.floor(row / STREAMS) * WINDOW;
    return ids.slice(begin, begin + WINDOW);
  });
}

/** The mean cross-entropy of the characters from `cut` on, each foretold from those before it from there. */
function natsOf(model: Sequential, ids: readonly number[], cut: number): number {
  model.resetStates();
  let sum = 0;
  for (let at = cut; at < ids.length; at += TESTED_AT_ONCE) {
    const end = Math.min(ids.length, at + TESTED_AT_ONCE);
    const shape = [1, end - at];
    const x = tensor(Float32Array.from(ids.slice(at - 1, end - 1)), shape);
    sum +=
      (end - at) * (model.evaluate(x, tensor(Float32Array.from(ids.slice(at, end)), shape)).loss as number);
  }
  return sum / (ids.length - cut);
}

/** The same of somebody who knows how often each character occurs in what was learned from, one added to each. */
function entropyOf(ids: readonly number[], cut: number, size: number): number {
  const counts = new Float64Array(size).fill(1);
  for (const id of ids.slice(0, cut)) counts[id] = (counts[id] as number) + 1;
  const total = cut + size;
  const tested = ids.slice(cut);
  return -tested.reduce((sum, id) => sum + log((counts[id] as number) / total), 0) / tested.length;
}

/** @throws FormatError for a file that holds no model of characters */
export function readCharacters(bytes: Uint8Array): CharacterPipeline {
  const { about } = (readPreparation(bytes) ?? {}) as { readonly about?: { readonly job?: unknown } };
  if (about?.job !== 'characters') {
    throw new FormatError(
      'it holds a model, but not one of the characters of a text that longhand train made',
    );
  }
  return deserializePipeline<CharacterPipeline>(bytes);
}

/**
 * What the model writes behind a text.
 *
 * @throws DataError for an empty one
 */
export function writeOn(
  { model, inputs }: CharacterPipeline,
  prompt: string,
  options: GenerateOptions,
): string {
  if (prompt === '') throw new DataError('what to write on from is empty: give at least a character');
  const [ids] = inputs.transform([prompt]) as [number[]];
  return inputs.inverse([generate(model as Sequential, ids, options)])[0] as string;
}
