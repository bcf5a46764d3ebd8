/**
 * How the recipe of characters-prize was chosen: `npx tsc -p bench && node .build/bench/evaluations/characters-choice.js
 * [FOLDER]` trains smaller networks for fewer epochs on the first nine tenths of the text that is learned from, and asks
 * for the last tenth. The validation text is left out of it.
 */
import { join } from 'node:path';
import { LEARNED, natsOf, readText, train } from './character-model.js';

const SMALL = { embedded: 64, units: 128, dropped: 0.2, epochs: 2 };
const CANDIDATES = [
  { ...SMALL, streams: 32 },
  { ...SMALL, streams: 16 },
];
const ASKED_FROM = Math.floor(0.9 * LEARNED);

const text = await readText(process.argv[2] ?? join('..', 'shared', 'data', 'tinyshakespeare'));
for (const recipe of CANDIDATES) {
  const began = performance.now();
  const options = { backend: 'auto', onProgress: () => {} } as const;
  const model = await train(text, recipe, 1, options, ASKED_FROM);
  const nats = natsOf(model, text.ids, ASKED_FROM, LEARNED);
  const seconds = (performance.now() - began) / 1000;
  console.log(`${recipe.streams} streams: nats=${nats.toFixed(4)} seconds=${seconds.toFixed(0)}`);
}
