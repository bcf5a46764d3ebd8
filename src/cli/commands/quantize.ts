/** `longhand quantize MODEL OUT`: weights in fewer bits, and what that costs on given data. */
import { stat } from 'node:fs/promises';
import { readCsv, type WeightFormat } from '../../index.js';
import type { Given } from '../command.js';
import { loadAny, saveAs } from '../convert/models.js';
import { nameOf, readBytes, readFrom } from '../input.js';
import { readTableModel, scoreTable } from '../table/model.js';

export async function run(given: Given): Promise<void> {
  const [path, out] = given.operands as [string, string];
  const weights = (given.text('to') ?? 'int8') as WeightFormat;
  const data = given.text('data');
  const missing = ['', ...given.texts('missing')];
  const table =
    data === undefined
      ? undefined
      : await readFrom(data, (bytes) => readCsv(bytes, { name: nameOf(data), missing }));
  const before = table && scoreTable(await readFrom(path, readTableModel), table);
  await saveAs(await loadAny(path, undefined), out, 'longhand', weights);
  const after = table && scoreTable(await readFrom(out, readTableModel), table);
  const bytes = { before: (await readBytes(path)).length, after: (await stat(out)).size };
  const scores = before?.map(({ metric, value }, i) => ({ metric, before: value, after: after?.[i]?.value }));
  if (given.has('json')) {
    console.log(JSON.stringify({ out, weights, bytes, ...(scores ? { scores } : {}) }));
    return;
  }
  console.log(`${out}: ${bytes.after} bytes for ${bytes.before}, weights in ${weights}`);
  for (const { metric, before: was, after: is } of scores ?? []) {
    console.log(`  ${metric} ${short(was)}, now ${short(is as number)}`);
  }
}

function short(value: number): string {
  return Number(value.toPrecision(5)).toString();
}
