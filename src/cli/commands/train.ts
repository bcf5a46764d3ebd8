/** `longhand train FILE --target COLUMN`: from a table in a file to a model in a file. */
import { DataError } from '../../core/errors.js';
import { readCsv } from '../../index.js';
import { writeFileWhole } from '../../node/files.js';
import type { Given } from '../command.js';
import { nameOf, readFrom } from '../input.js';
import { EXIT_INTERRUPTED, endAtOnce, onInterrupt } from '../interrupt.js';
import { showProgress, tell } from '../progress.js';
import { chooseInputs } from '../table/columns.js';
import { trainTable } from '../table/model.js';
import { scoreLines } from '../table/scores.js';
import { chooseTask, readTarget, type Task } from '../table/target.js';

/** Fewer rows than this are no data to learn from and to measure on. */
const FEWEST_ROWS = 20;

export async function run(given: Given): Promise<void> {
  const path = given.operands[0] as string;
  const name = given.text('target') as string;
  const out = given.text('out') ?? 'model.safetensors';
  const settings = {
    units: given.whole('units', 1, 4096) ?? 32,
    epochs: given.whole('epochs', 1, 100_000) ?? 100,
    learningRate: given.number('rate', 0, 1) ?? 0.003,
    seed: given.whole('seed', 0) ?? 42,
    testShare: given.number('test', 0.01, 0.9) ?? 0.2,
  };
  const missing = ['', ...given.texts('missing')];
  const table = await readFrom(path, (bytes) => readCsv(bytes, { name: nameOf(path), missing }));
  if (table.length < FEWEST_ROWS) {
    throw new DataError(
      `${nameOf(path)} has ${table.length} rows, and to learn and to measure takes ${FEWEST_ROWS}`,
    );
  }
  const inputs = chooseInputs(table, {
    target: name,
    text: given.text('text'),
    ignored: given.texts('ignore'),
  });
  const task = (given.text('task') as Task | undefined) ?? chooseTask(table, name);
  const target = readTarget(table, name, task);
  const classes = target.task === 'classify' ? new Set(target.values) : undefined;
  tell(
    `${nameOf(path)}: ${table.length} rows; ${Math.round(100 * settings.testShare)} % of them are kept to measure with`,
    classes ? `target: ${name}, one of ${classes.size} classes` : `target: ${name}, a number`,
    ...inputs.lines,
  );

  let interrupted = false;
  const { bytes, scores, epochs, layers } = await trainTable(
    table,
    inputs,
    { name, target },
    {
      ...settings,
      onProgress: showProgress(),
      onStart: (model) => {
        tell(`model: ${model.layers.map((layer) => layer.name).join(', ')}`);
        onInterrupt(() => {
          interrupted = true;
          model.stopTraining = true;
          onInterrupt(endAtOnce);
        });
      },
    },
  );
  onInterrupt(() => {}); // what is left takes a moment, and half of it would be of no use
  await writeFileWhole(out, bytes);
  if (given.has('json')) {
    console.log(
      JSON.stringify({ out, rows: table.length, target: name, task, layers, epochs, interrupted, scores }),
    );
  } else {
    console.log(`on ${Math.round(settings.testShare * table.length)} rows that it has not seen:`);
    for (const line of scoreLines(scores)) console.log(`  ${line}`);
    console.log(`${interrupted ? 'interrupted; the model as it was then is' : 'written'} in ${out}`);
  }
  if (interrupted) process.exitCode = EXIT_INTERRUPTED;
}
