/** `longhand evaluate MODEL FILE`: how good a model is on a table, or a series, that has the answers. */
import { backtest, readCsv, type Table } from '../../index.js';
import type { Given } from '../command.js';
import { nameOf, readFrom, STANDARD_INPUT } from '../input.js';
import { isSeriesModel, readSeriesModel, type SeriesModel } from '../series/forecasts.js';
import { readTableModel, scoreTable } from '../table/model.js';
import { scoreLines } from '../table/scores.js';

export async function run(given: Given): Promise<void> {
  const [modelPath, path = STANDARD_INPUT] = given.operands as [string, string?];
  const model = await readFrom(modelPath, (bytes) =>
    isSeriesModel(bytes) ? readSeriesModel(bytes) : readTableModel(bytes),
  );
  const missing = ['', ...given.texts('missing')];
  const table = await readFrom(path, (bytes) => readCsv(bytes, { name: nameOf(path), missing }));
  if (!('pipe' in model)) return evaluateSeries(model, table, given.has('json'));
  const scores = scoreTable(model, table);
  if (given.has('json')) {
    console.log(JSON.stringify({ rows: table.length, target: model.about.target, scores }));
    return;
  }
  console.log(`${model.about.target} of ${table.length} rows:`);
  for (const line of scoreLines(scores)) console.log(`  ${line}`);
}

/** The file has the series that was learned from, and what came behind it. */
async function evaluateSeries(
  { forecaster, about }: SeriesModel,
  table: Table,
  asJson: boolean,
): Promise<void> {
  const series = table.numbers(about.target);
  const report = await backtest(forecaster, series, { period: about.period, stride: 1, level: 0.9 });
  const [feature] = report.features;
  console.log(
    asJson ? JSON.stringify({ steps: series.length, target: about.target, ...feature }) : String(report),
  );
}
