/**
 * How the recipe of characters-prize was chosen: `npx tsc -p bench && node .build/bench/evaluations/characters-choice.js
 * [FOLDER]` trains smaller networks for fewer epochs on the first nine tenths of the text that is learned from, and asks
 * for the last tenth. The validation text is left out of it.
 */
import { join } from 'node:path';
import { LEARNED, natsOf, readText, train } from './character-model.js';

const SMALL = { embedded: 64, units: 128, epochs: 3 };
const CANDIDATES = [
  { ...SMALL, streams: 32, dropped: 0.2 },
  { ...SMALL, streams: 16, dropped: 0.2 },
  { ...SMALL, streams: 16, dropped: 0.1 },
  { ...SMALL, streams: 8, dropped: 0.2 },
];
const ASKED_FROM = Math.floor(0.9 * LEARNED);

const text = await readText(process.argv[2] ?? join('..', 'shared', 'data', 'tinyshakespeare'));
for (const recipe of CANDIDATES) {
  const began = performance.now();
  const options = { backend: 'auto', onProgress: () => {} } as const;
  const model = await train(text, recipe, 1, options, ASKED_FROM);
  const nats = natsOf(model, text.ids, ASKED_FROM, LEARNED);
  const seconds = (performance.now() - began) / 1000;
  console.log(
    `streams ${recipe.streams}, dropout ${recipe.dropped}: nats=${nats.toFixed(4)} seconds=${seconds.toFixed(0)}`,
  );
}
