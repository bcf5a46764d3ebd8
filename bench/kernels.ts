/**
 * `npm run bench`: whole training steps and forward passes, then every kernel by itself. Options, behind `--`:
 *
 *     --only TEXT   only what has TEXT in its name
 *     --quick       fewer samples
 *     --backend B   the kernels that models run on, auto by default; the kernels below are the reference ones
 *
 * Of each case it prints, and writes to bench/results/, the median of its milliseconds and
 *
 *     GFLOP/s     the operations of its matrix products, 2 m k n each, over that time: all else that it does
 *                 (gates, exp, Adam, copies) counts as time, not as work
 *     x plain     how many times the speed of a plain triple loop that is, measured in turns with it on the product
 *                 that the case makes most of: the ratio of the two times for the same operations
 *     ns/number   where it makes no product, the time over the size of its arrays
 */
import { fork } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { BenchCase } from './case.js';
import { kernelBenchCases } from './kernel-sizes.js';
import type { Figures, Order } from './measure.js';
import { modelCases } from './models.js';

const RESULTS = fileURLToPath(new URL('../../bench/results/', import.meta.url));
const MEASURE = fileURLToPath(new URL('./measure.js', import.meta.url));

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    quick: { type: 'boolean', default: false },
    backend: { type: 'string', default: 'auto' },
  },
});
/** The processes that measure inherit it. */
process.env.BENCH_BACKEND = flags.backend;

/** Prints a table of the cases as their figures come in. */
async function measureAll(title: string, cases: readonly BenchCase[], seconds: number): Promise<Figures[]> {
  const chosen = cases.filter(({ name }) => name.includes(flags.only));
  if (chosen.length === 0) return [];
  const format = formatter(chosen);
  console.log(format([title, 'sizes', 'ms', 'GFLOP/s', 'x plain', 'ns/number']));
  const all: Figures[] = [];
  for (const subject of new Set(chosen.map((benchCase) => benchCase.subject))) {
    const names = chosen.filter((benchCase) => benchCase.subject === subject).map(({ name }) => name);
    const order = {
      subject,
      names,
      rounds: flags.quick ? 1 : 3,
      seconds: flags.quick ? seconds / 2 : seconds,
    };
    await measureApart(order, (figures) => {
      console.log(format(rowOf(figures)));
      all.push(figures);
    });
  }
  console.log();
  return all;
}

/** Runs an order in a process of its own, whose output (benny's headings) is not shown. */
function measureApart(order: Order, take: (figures: Figures) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(MEASURE, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    child.on('message', (figures) => take(figures as Figures));
    child.on('error', reject);
    child.on('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`measuring ${order.subject} ended with code ${code}`));
    });
    child.send(order);
  });
}

function rowOf(figures: Figures): string[] {
  const { name, sizes, milliseconds, gigaflops, timesPlain, nanosecondsPerNumber } = figures;
  const digits = Math.min(4, Math.max(0, 2 - Math.floor(Math.log10(milliseconds))));
  const numbers = [gigaflops, timesPlain, nanosecondsPerNumber].map((value) => value?.toFixed(2) ?? '');
  return [name, sizes, milliseconds.toFixed(digits), ...numbers];
}

/** Sets a row of cells in columns wide enough for the cases, words to the left and numbers to the right. */
function formatter(cases: readonly BenchCase[]): (cells: readonly string[]) => string {
  const nameWidth = Math.max(...cases.map(({ name }) => name.length)) + 2;
  const sizesWidth = Math.max(...cases.map(({ sizes }) => sizes.length));
  return ([name = '', sizes = '', ...numbers]) =>
    [name.padEnd(nameWidth), sizes.padEnd(sizesWidth), ...numbers.map((cell) => cell.padStart(11))]
      .join('')
      .trimEnd();
}

function save(figures: readonly Figures[]): string {
  const date = new Date().toISOString();
  const machine = {
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    platform: process.platform,
    arch: process.arch,
  };
  const file = `${RESULTS}kernels-${date.replaceAll(/[:.]/g, '-')}.json`;
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(file, `${JSON.stringify({ date, node: process.version, machine, figures }, null, 2)}\n`);
  return file;
}

const figures = [
  ...(await measureAll('models', modelCases(), 0.5)),
  ...(await measureAll('kernels', kernelBenchCases(), 0.1)),
];
if (figures.length > 0) {
  console.log(`written to ${save(figures)}`);
} else {
  console.error(`nothing has '${flags.only}' in its name`);
  process.exitCode = 2;
}
