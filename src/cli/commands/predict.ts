/** `longhand predict MODEL FILE`: the rows of a table with what a model says of each, the steps of a series to come, or who of a log will be
 * back. */
import { readCsv, type Table, type TableRow, writeCsv } from '../../index.js';
import { writeFileWhole } from '../../node/files.js';
import { type AnyModel, readAnyModel } from '../any-model.js';
import { type Given, UsageError } from '../command.js';
import { predictEvents } from '../events/predict.js';
import { nameOf, readFrom, STANDARD_INPUT } from '../input.js';
import { forecastRows } from '../series/forecasts.js';
import { answers, probabilities, type TableModel } from '../table/model.js';

export async function run(given: Given): Promise<void> {
  const [modelPath, path] = given.operands as [string, string?];
  const missing = ['', ...given.texts('missing')];
  const readTable = (from: string) =>
    readFrom(from, (bytes) => readCsv(bytes, { name: nameOf(from), missing }));
  const model = await readFrom(modelPath, readAnyModel);
  if (!('forecaster' in model) && given.has('steps')) {
    throw new UsageError('--steps is for the model of a series, and this one is of something else');
  }
  const rows = await rowsOf(model, path, given.whole('steps', 1), readTable);
  const text = given.has('json')
    ? rows.map((row) => `${JSON.stringify(row)}\n`).join('')
    : writeCsv(rows, { lineBreak: '\n' });
  const out = given.text('out');
  if (out === undefined || out === STANDARD_INPUT) process.stdout.write(text);
  else await writeFileWhole(out, text);
}

async function rowsOf(
  model: AnyModel,
  path: string | undefined,
  steps: number | undefined,
  readTable: (from: string) => Promise<Table>,
): Promise<TableRow[]> {
  if ('pipe' in model) return predictRows(model, await readTable(path ?? STANDARD_INPUT));
  if ('forecaster' in model) {
    const history = path === undefined ? undefined : await readTable(path);
    return forecastRows(model, steps ?? model.forecaster.settings.horizon, history);
  }
  if (path === undefined)
    throw new UsageError('the model of an event log needs a log: give its path behind the model');
  return predictEvents(model, path);
}

/** The rows as they came, with two columns more: the answer, and of a class how likely it is. */
function predictRows(model: TableModel, table: Table): TableRow[] {
  const { about } = model;
  const said = answers(model, table);
  const likely =
    about.task === 'classify' ? probabilities(model, table).map((each) => Math.max(...each)) : undefined;
  const column = freeName(`predicted ${about.target}`, table);
  const more = freeName('probability', table);
  return Array.from(table.rows(), (row, i) => ({
    ...row,
    [column]: said[i] as string | number,
    ...(likely ? { [more]: Number((likely[i] as number).toPrecision(6)) } : {}),
  }));
}

/** A name that no column has yet. */
function freeName(name: string, { names }: Table): string {
  return names.includes(name) ? freeName(`${name} 2`, { names } as Table) : name;
}
