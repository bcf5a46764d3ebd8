/** `longhand generate MODEL`: a model of characters writes on. */

import { readCharacters, writeOn } from '../characters/characters.js';
import type { Given } from '../command.js';
import { readFrom } from '../input.js';

export async function run(given: Given): Promise<void> {
  const pipe = await readFrom(given.operands[0] as string, readCharacters);
  const prompt = given.text('prompt') ?? '\n';
  const topK = given.whole('top-k', 1);
  const topP = given.number('top-p', 0, 1);
  const seed = given.whole('seed', 0);
  const text = writeOn(pipe, prompt, {
    length: given.whole('length', 1, 1_000_000) ?? 300,
    temperature: given.number('temperature', 0, 100) ?? 0.8,
    ...(topK === undefined ? {} : { topK }),
    ...(topP === undefined ? {} : { topP }),
    ...(seed === undefined ? {} : { seed }),
  });
  if (given.has('json')) console.log(JSON.stringify({ prompt, text }));
  else console.log(`${given.has('prompt') ? prompt : ''}${text}`);
}
