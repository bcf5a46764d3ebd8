/** `longhand train FILE` without a target: a model of the characters of a text. */
import { tell } from '../progress.js';
import type { Trained, TrainingSettings } from '../training.js';
import { trainCharacters } from './characters.js';

export async function trainOnText(text: string, settings: TrainingSettings): Promise<Trained> {
  const { nats, baseline, tested, bytes } = await trainCharacters(text, {
    ...settings,
    units: settings.units ?? 128,
    epochs: settings.epochs ?? 5,
    learningRate: settings.learningRate ?? 0.003,
    testShare: Math.min(settings.testShare, 0.1),
    onStart: (model, characters) => {
      tell(
        `${settings.source}: a text of ${text.length} characters, ${characters} different ones; its end is kept to measure with`,
      );
      settings.onStart(model);
    },
  });
  return {
    bytes,
    lines: [
      `on the last ${tested} characters: ${nats.toFixed(3)} nats each, by how often each occurs ${baseline.toFixed(3)}${nats < baseline ? '' : ' (no better)'}`,
    ],
    facts: { characters: text.length, nats, baseline },
  };
}
