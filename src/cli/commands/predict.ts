/** `longhand predict MODEL FILE`: the rows of a table with what a model says of each, or the steps of a series to come. */
import { readCsv, type Table, type TableRow, writeCsv } from '../../index.js';
import { writeFileWhole } from '../../node/files.js';
import { type Given, UsageError } from '../command.js';
import { nameOf, readFrom, STANDARD_INPUT } from '../input.js';
import { forecastRows, isSeriesModel, readSeriesModel } from '../series/forecasts.js';
import { answers, probabilities, readTableModel, type TableModel } from '../table/model.js';

export async function run(given: Given): Promise<void> {
  const [modelPath, path] = given.operands as [string, string?];
  const missing = ['', ...given.texts('missing')];
  const readTable = (from: string) =>
    readFrom(from, (bytes) => readCsv(bytes, { name: nameOf(from), missing }));
  const model = await readFrom(modelPath, (bytes) =>
    isSeriesModel(bytes) ? readSeriesModel(bytes) : readTableModel(bytes),
  );
  if ('pipe' in model && given.has('steps')) {
    throw new UsageError('--steps is for the model of a series, and this one is of a table');
  }
  const rows =
    'pipe' in model
      ? predictRows(model, await readTable(path ?? STANDARD_INPUT))
      : forecastRows(
          model,
          given.whole('steps', 1) ?? model.forecaster.settings.horizon,
          path === undefined ? undefined : await readTable(path),
        );
  const text = given.has('json')
    ? rows.map((row) => `${JSON.stringify(row)}\n`).join('')
    : writeCsv(rows, { lineBreak: '\n' });
  const out = given.text('out');
  if (out === undefined || out === STANDARD_INPUT) process.stdout.write(text);
  else await writeFileWhole(out, text);
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
