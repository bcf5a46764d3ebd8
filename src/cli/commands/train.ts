/** `longhand train FILE`: from a table, a series, an event log or a text in a file to a model in a file. */
import { DataError } from '../../core/errors.js';
import { readCsv } from '../../index.js';
import { writeFileWhole } from '../../node/files.js';
import { trainOnText } from '../characters/train.js';
import type { Given } from '../command.js';
import { trainOnEvents } from '../events/train.js';
import { nameOf, readFrom } from '../input.js';
import { EXIT_INTERRUPTED, endAtOnce, onInterrupt } from '../interrupt.js';
import { showProgress, tell } from '../progress.js';
import { trainOnSeries } from '../series/train.js';
import { trainOnTable } from '../table/train.js';
import type { Trained, TrainingSettings } from '../training.js';

export async function run(given: Given): Promise<void> {
  const path = given.operands[0] as string;
  const out = given.text('out') ?? 'model.safetensors';
  let interrupted = false;
  const settings: TrainingSettings = {
    source: nameOf(path),
    units: given.whole('units', 1, 4096),
    epochs: given.whole('epochs', 1, 100_000),
    learningRate: given.number('rate', 0, 1),
    seed: given.whole('seed', 0) ?? 42,
    testShare: given.number('test', 0.01, 0.9) ?? 0.2,
    onProgress: showProgress(),
    onStart: (model) => {
      model.stopTraining = interrupted;
      tell(`model: ${model.layers.map((layer) => layer.name).join(', ')}`);
      onInterrupt(() => {
        interrupted = true;
        model.stopTraining = true;
        onInterrupt(endAtOnce);
      });
    },
  };
  const { bytes, lines, facts } = given.has('entity')
    ? await trainOnEvents(path, given, settings)
    : await readFrom(path, (file) => train(file, given, settings));
  onInterrupt(() => {}); // what is left takes a moment, and half of it would be of no use
  await writeFileWhole(out, bytes);
  if (given.has('json')) console.log(JSON.stringify({ out, interrupted, ...facts }));
  else {
    for (const line of lines) console.log(line);
    console.log(`${interrupted ? 'interrupted; the model as it was then is' : 'written'} in ${out}`);
  }
  if (interrupted) process.exitCode = EXIT_INTERRUPTED;
}

function train(file: Uint8Array, given: Given, settings: TrainingSettings): Promise<Trained> {
  if (!given.has('target')) return trainOnText(textOf(file, settings.source), settings);
  const missing = ['', ...given.texts('missing')];
  const table = readCsv(file, { name: settings.source, missing });
  return given.has('horizon') ? trainOnSeries(table, given, settings) : trainOnTable(table, given, settings);
}

function textOf(file: Uint8Array, source: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(file);
  } catch {
    throw new DataError(
      `${source} is not text in UTF-8; for a table name the column to learn with --target COLUMN`,
    );
  }
}
