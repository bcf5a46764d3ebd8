/** `longhand evaluate MODEL FILE`: how good a model is on a table, a series or a log that has the answers. */
import { backtest, readCsv, type Table } from '../../index.js';
import { readAnyModel } from '../any-model.js';
import { type Given, UsageError } from '../command.js';
import { evaluateEvents } from '../events/predict.js';
import { nameOf, readFrom, STANDARD_INPUT } from '../input.js';
import type { SeriesModel } from '../series/forecasts.js';
import { scoreTable } from '../table/model.js';
import { type Score, scoreLines } from '../table/scores.js';

export async function run(given: Given): Promise<void> {
  const [modelPath, path = STANDARD_INPUT] = given.operands as [string, string?];
  const model = await readFrom(modelPath, readAnyModel);
  const asJson = given.has('json');
  if (!('pipe' in model || 'forecaster' in model)) {
    if (path === STANDARD_INPUT)
      throw new UsageError('an event log is read twice: give the path of a file behind the model');
    const scores = await evaluateEvents(model, path);
    return print(`the last ${model.about.horizon} weeks of ${path}:`, model.about, scores, asJson);
  }
  const missing = ['', ...given.texts('missing')];
  const table = await readFrom(path, (bytes) => readCsv(bytes, { name: nameOf(path), missing }));
  if ('forecaster' in model) return evaluateSeries(model, table, asJson);
  const facts = { rows: table.length, target: model.about.target };
  print(`${model.about.target} of ${table.length} rows:`, facts, scoreTable(model, table), asJson);
}

function print(title: string, facts: object, scores: readonly Score[], asJson: boolean): void {
  const lines = [title, ...scoreLines(scores).map((line) => `  ${line}`)];
  console.log(asJson ? JSON.stringify({ ...facts, scores }) : lines.join('\n'));
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
