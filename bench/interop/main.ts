/**
 * `npm run interop`: files of other systems, beside those systems themselves. Random models go out and are run by the
 * other system, and what it writes comes in and is run here; both must give the same numbers. Options, behind `--`:
 *
 *     --only TEXT   only comparisons that have TEXT in their name
 *     --runs N      how many random models each, 200 by default
 *     --seed N      other models
 *     --fixtures    writes the golden files of test/fixtures anew
 *
 * The other systems are those of bench/peers' own package, which is installed first, and PyTorch, which PYTHON has (by
 * default /usr/bin/python3). One that cannot be had is named as missing. It ends with 1 where a difference
 * is larger than it should be.
 */
import { parseArgs } from 'node:util';
import { installPeers } from '../peers/install.js';
import { compareOnnx } from './onnx.js';
import { comparePytorch } from './pytorch.js';
import { compareTfjs } from './tfjs.js';

/** What a comparison found. */
export interface Finding {
  readonly name: string;
  readonly models: number;
  /** The largest difference between two numbers that should be the same. */
  readonly worst: number;
  readonly bound: number;
  /** Why nothing was compared: what is not there, and how to have it. */
  readonly missing?: string;
}

export interface ComparisonOptions {
  readonly runs: number;
  readonly seed: number;
  /** Whether golden files are written. */
  readonly fixtures: boolean;
}

const comparisons: Readonly<Record<string, (options: ComparisonOptions) => Promise<Finding[]>>> = {
  onnx: compareOnnx,
  tfjs: compareTfjs,
  pytorch: comparePytorch,
};

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    runs: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    fixtures: { type: 'boolean', default: false },
  },
});

installPeers();
const options = { runs: Number(flags.runs), seed: Number(flags.seed), fixtures: flags.fixtures };
const found: Finding[] = [];
for (const [name, compare] of Object.entries(comparisons)) {
  if (!name.includes(flags.only)) continue;
  console.error(`${name} ...`);
  found.push(...(await compareOr(name, compare)));
}
const rows = found.map(({ name, models, worst, bound, missing }) =>
  missing === undefined
    ? [
        name,
        String(models),
        worst.toExponential(1),
        bound.toExponential(0),
        worst <= bound ? 'same' : 'OTHER',
      ]
    : [name, '', '', '', `missing: ${missing}`],
);
for (const line of columns([['from and to', 'models', 'worst difference', 'bound', ''], ...rows]))
  console.log(line);
if (found.some(({ worst, bound, missing }) => missing === undefined && !(worst <= bound)))
  process.exitCode = 1;

/** Columns as wide as what is in them. */
function columns(table: readonly (readonly string[])[]): string[] {
  const widths = (table[0] as readonly string[]).map((_, k) =>
    Math.max(...table.map((row) => (row[k] as string).length)),
  );
  return table.map((row) =>
    row
      .map((cell, k) => cell.padEnd(widths[k] as number))
      .join('  ')
      .trimEnd(),
  );
}

/** What a comparison found, or that its package is missing. */
async function compareOr(
  name: string,
  compare: (options: ComparisonOptions) => Promise<Finding[]>,
): Promise<Finding[]> {
  try {
    return await compare(options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    const [missing = ''] = String((error as Error).message).split('\n');
    return [{ name, models: 0, worst: 0, bound: 0, missing }];
  }
}
