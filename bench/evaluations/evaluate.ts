/**
 * `npm run evaluate -- [--only NAME] [--seeds N] [--backend NAME] [--data FOLDER]`: trains and compares the
 * means over the seeds 1 to N with the bars. Exit code 1 when a bar is missed. The data folder is
 * `../shared/data` unless given; an evaluation whose data is absent is skipped, with a line that says so.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type BackendName, sequential } from '../../src/index.js';
import { installPackages } from '../install.js';
import { cdnow } from './cdnow.js';
import { characters } from './characters.js';
import { chorales } from './chorales.js';
import { classic } from './classic.js';
import { digits } from './digits.js';
import { type Evaluation, figureFor, isReached } from './evaluation.js';
import { japaneseVowels } from './japanese-vowels.js';
import { series } from './series.js';
import { variants } from './variants.js';

const evaluations: readonly Evaluation[] = [
  cdnow,
  characters,
  chorales,
  japaneseVowels,
  ...digits,
  series,
  ...classic,
  variants,
];

const SEEDS = 5;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      seeds: { type: 'string' },
      backend: { type: 'string', default: 'auto' },
      data: { type: 'string', default: join('..', 'shared', 'data') },
    },
  });
  const seeds = values.seeds === undefined ? undefined : Number(values.seeds);
  if (seeds !== undefined && !(Number.isInteger(seeds) && seeds >= 1))
    throw new Error(`--seeds takes a whole number but got '${values.seeds}'`);
  const chosen = evaluations.filter(({ name, group }) =>
    [undefined, name, group ?? name].includes(values.only),
  );
  if (chosen.length === 0) {
    const names = new Set(evaluations.flatMap(({ name, group }) => [name, group ?? name]));
    throw new Error(`--only ${values.only} is none of ${[...names].join(', ')}`);
  }
  const backend = values.backend as BackendName;
  console.log(`on ${sequential([], { backend }).backend}`);
  for (const evaluation of chosen) {
    const folder = folderOf(evaluation, values.data);
    await evaluate(evaluation, folder, seeds ?? evaluation.seeds ?? SEEDS, backend);
  }
}

/** Where the evaluation's data is, if anywhere. */
function folderOf({ data = '', package: name }: Evaluation, dataFolder: string): string {
  if (name === undefined) return join(dataFolder, data);
  const sources = fileURLToPath(new URL('../../../bench/evaluations/', import.meta.url));
  installPackages(sources, name);
  return join(sources, 'node_modules', name, 'data');
}

async function evaluate(
  evaluation: Evaluation,
  folder: string,
  seeds: number,
  backend: BackendName,
): Promise<void> {
  const { name, about, bars, data, package: from } = evaluation;
  if ((data ?? from) !== undefined && !(await stat(folder).catch(() => undefined))) {
    const mend = from === undefined ? 'give its place with --data' : `it comes with the npm package ${from}`;
    console.log(`${name} skipped: its data is not in ${folder}; ${mend}`);
    return;
  }
  console.log(about);
  const results: Readonly<Record<string, number>>[] = [];
  const began = performance.now();
  for (let seed = 1; seed <= seeds; seed++) {
    const start = performance.now();
    const result = await evaluation.run(folder, seed, backend);
    results.push(result);
    const figures = Object.entries(result).map(([metric, value]) => `${metric}=${value.toFixed(4)}`);
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
    const figure = figureFor(bar, values);
    const reached = isReached(bar, figure);
    const what = bar.of === 'worst' ? `${bar.metric}-worst` : bar.metric;
    const sign = bar.better === 'higher' ? '>=' : '<=';
    console.log(
      `${name} ${what}=${figure.toFixed(4)} bar${sign}${bar.bar} seconds=${seconds(began)} ${reached ? 'held' : 'MISSED'}`,
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
