/** What `npm run evaluate` is told, and which evaluations that means. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { BackendName } from '../../src/index.js';
import type { Evaluation } from './evaluation.js';
import { needs } from './report.js';

export interface Options {
  /** Names of evaluations or groups with commas between them; all where it is left out. */
  readonly only: string | undefined;
  /** As many as each evaluation has where it is left out. */
  readonly seeds: number | undefined;
  readonly backend: BackendName;
  readonly dataFolder: string;
  readonly resume: boolean;
}

export function readOptions(parameters: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...parameters],
    options: {
      only: { type: 'string' },
      seeds: { type: 'string' },
      backend: { type: 'string', default: 'auto' },
      data: { type: 'string', default: join('..', 'shared', 'data') },
      resume: { type: 'boolean', default: false },
    },
  });
  const seeds = values.seeds === undefined ? undefined : Number(values.seeds);
  if (seeds !== undefined && !(Number.isInteger(seeds) && seeds >= 1))
    throw new Error(`--seeds takes a whole number from 1 on but got '${values.seeds}'`);
  const { only, data, resume } = values;
  return { only, seeds, backend: values.backend as BackendName, dataFolder: data, resume };
}

/** Those whose names, or whose groups' names, are listed. */
export function choose(evaluations: readonly Evaluation[], list: string | undefined): readonly Evaluation[] {
  if (list === undefined) return evaluations;
  const names = list.split(',').map((name) => name.trim());
  const known = new Set(evaluations.flatMap(({ name, group }) => [group ?? name, name]));
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined)
    throw new Error(`--only takes names of evaluations but got '${unknown}': ${[...known].join(', ')}`);
  return evaluations.filter(({ name, group }) => names.includes(name) || names.includes(group ?? name));
}

/** What an evaluation misses in the folder of its data, in a line; undefined where all is there. */
export function missingData({ name, data }: Evaluation, folder: string): string | undefined {
  const absent = (data?.files ?? []).filter((file) => !existsSync(join(folder, file)));
  if (data === undefined || absent.length === 0) return undefined;
  return `${name} skipped: it needs ${needs({ ...data, files: absent })}, which is not in ${folder}; --data gives the folder of all data`;
}
