/**
 * `npm run evaluate -- [--only NAME] [--seeds N] [--backend NAME] [--data FOLDER]`: trains on real data and compares
 * the means over the seeds 1 to N with the bars. Exit code 1 when a bar is missed. The data folder is
 * `../shared/data` unless given; an evaluation whose data is absent is skipped, with a line that says so.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type BackendName, sequential } from '../../src/index.js';
import { cdnow } from './cdnow.js';
import { type Evaluation, isReached } from './evaluation.js';
import { japaneseVowels } from './japanese-vowels.js';
import { series } from './series.js';
import { variants } from './variants.js';

const evaluations: readonly Evaluation[] = [cdnow, japaneseVowels, series, variants];

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      seeds: { type: 'string', default: '5' },
      backend: { type: 'string', default: 'auto' },
      data: { type: 'string', default: join('..', 'shared', 'data') },
    },
  });
  const seeds = Number(values.seeds);
  if (!Number.isInteger(seeds) || seeds < 1)
    throw new Error(`--seeds takes a whole number but got '${values.seeds}'`);
  const chosen = evaluations.filter(({ name }) => values.only === undefined || values.only === name);
  if (chosen.length === 0) {
    throw new Error(`--only ${values.only} is none of ${evaluations.map(({ name }) => name).join(', ')}`);
  }
  const backend = values.backend as BackendName;
  console.log(`on ${sequential([], { backend }).backend}`);
  for (const evaluation of chosen)
    await evaluate(evaluation, join(values.data, evaluation.data), seeds, backend);
}

async function evaluate(
  evaluation: Evaluation,
  folder: string,
  seeds: number,
  backend: BackendName,
): Promise<void> {
  const { name, about, bars } = evaluation;
  if (!(await stat(folder).catch(() => undefined))) {
    console.log(`${name} skipped: its data is not in ${folder}; give its place with --data`);
    return;
  }
  console.log(about);
  const results: Readonly<Record<string, number>>[] = [];
  const began = performance.now();
  for (let seed = 1; seed <= seeds; seed++) {
    const start = performance.now();
    const result = await evaluation.run(folder, seed, backend);
    results.push(result);
    const figures = bars.map(({ metric }) => `${metric}=${(result[metric] ?? Number.NaN).toFixed(4)}`);
    const left = ((performance.now() - began) / seed) * (seeds - seed);
    console.log(
      [
        `  seed ${seed} of ${seeds}:`,
        ...figures,
        `seconds=${seconds(start)}`,
        `(${(left / 1000).toFixed(0)} s left)`,
      ].join(' '),
    );
  }
  for (const line of await evaluation.baselines(folder)) console.log(`  ${line}`);
  for (const bar of bars) {
    const values = results.map((result) => result[bar.metric] ?? Number.NaN);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const reached = isReached(bar, mean);
    const sign = bar.better === 'higher' ? '>=' : '<=';
    console.log(
      `${name} ${bar.metric}=${mean.toFixed(4)} bar${sign}${bar.bar} seconds=${seconds(began)} ${reached ? 'held' : 'MISSED'}`,
    );
    if (!reached) process.exitCode = 1;
  }
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
});
