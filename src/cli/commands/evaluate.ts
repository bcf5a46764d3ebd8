/** `longhand evaluate MODEL FILE`: how good a model is on a table that has the answers. */
import { readCsv } from '../../index.js';
import type { Given } from '../command.js';
import { nameOf, readFrom, STANDARD_INPUT } from '../input.js';
import { readTableModel, scoreTable } from '../table/model.js';
import { scoreLines } from '../table/scores.js';

export async function run(given: Given): Promise<void> {
  const [modelPath, path = STANDARD_INPUT] = given.operands as [string, string?];
  const model = await readFrom(modelPath, readTableModel);
  const missing = ['', ...given.texts('missing')];
  const table = await readFrom(path, (bytes) => readCsv(bytes, { name: nameOf(path), missing }));
  const scores = scoreTable(model, table);
  if (given.has('json')) {
    console.log(JSON.stringify({ rows: table.length, target: model.about.target, scores }));
    return;
  }
  console.log(`${model.about.target} of ${table.length} rows:`);
  for (const line of scoreLines(scores)) console.log(`  ${line}`);
}
