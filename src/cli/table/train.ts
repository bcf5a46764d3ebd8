/** `longhand train FILE --target COLUMN`: from a table to a model of it. */
import { DataError } from '../../core/errors.js';
import type { Table } from '../../index.js';
import type { Given } from '../command.js';
import { tell } from '../progress.js';
import type { Trained, TrainingSettings } from '../training.js';
import { chooseInputs } from './columns.js';
import { trainTable } from './model.js';
import { scoreLines } from './scores.js';
import { chooseTask, readTarget, type Task } from './target.js';

/** Fewer rows than this are no data to learn from and to measure on. */
const FEWEST_ROWS = 20;

export async function trainOnTable(table: Table, given: Given, settings: TrainingSettings): Promise<Trained> {
  const name = given.text('target') as string;
  const { testShare } = settings;
  if (table.length < FEWEST_ROWS) {
    throw new DataError(
      `${settings.source} has ${table.length} rows, and to learn and to measure takes ${FEWEST_ROWS}`,
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
    `${settings.source}: ${table.length} rows; ${Math.round(100 * testShare)} % of them are kept to measure with`,
    classes ? `target: ${name}, one of ${classes.size} classes` : `target: ${name}, a number`,
    ...inputs.lines,
  );
  const { bytes, scores, epochs } = await trainTable(
    table,
    inputs,
    { name, target },
    {
      ...settings,
      epochs: settings.epochs ?? 100,
      learningRate: settings.learningRate ?? 0.003,
      units: settings.units ?? 32,
    },
  );
  return {
    bytes,
    lines: [
      `on ${Math.round(testShare * table.length)} rows that it has not seen:`,
      ...scoreLines(scores).map((line) => `  ${line}`),
    ],
    facts: { rows: table.length, target: name, task, epochs, scores },
  };
}
