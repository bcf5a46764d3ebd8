/**
 * `npm run evaluate -- [--only NAMES] [--seeds N] [--backend NAME] [--data FOLDER] [--resume]`: trains with the seeds 1 to N,
 * compares with the bars, prints a table at the end and writes docs/results.md from all that has been measured. Exit code 1
 * when a bar is missed.
 *
 * Each run is kept in results.jsonl as soon as it is through: `--resume` leaves out those that are there, of the same
 * recipe and backend. The data folder is `../shared/data` unless given; an evaluation whose data is absent is passed
 * over, with a line that says what it misses.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BackendName, type Progress, sequential } from '../../src/index.js';
import { installPackages } from '../install.js';
import { evaluations } from './all.js';
import { type Evaluation, figureFor, isReached, SEEDS } from './evaluation.js';
import { choose, missingData, type Options, readOptions } from './options.js';
import { addLine, measuredOf, placeOf, readLines } from './records.js';
import { type Results, resultsPage, terminalTable } from './report.js';

const PROJECT = fileURLToPath(new URL('../../../', import.meta.url));
const SOURCES = join(PROJECT, 'bench', 'evaluations');
const RECORDS = join(SOURCES, 'results.jsonl');
const PAGE = join(PROJECT, 'docs', 'results.md');

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  // What `auto` comes to on this machine.
  const { backend } = sequential([], { backend: options.backend });
  console.log(`on ${backend}`);
  const measured = [];
  for (const evaluation of choose(evaluations, options.only)) {
    if (await evaluate(evaluation, { ...options, backend })) measured.push(evaluation);
  }
  console.log(measured.length > 0 ? `\n${terminalTable(resultsOf(measured))}` : '\nnothing was measured');
  writePage();
  console.log('\nwritten to docs/results.md');
}

function resultsOf(some: readonly Evaluation[]): Results {
  const lines = readLines(RECORDS);
  return new Map(some.map((evaluation) => [evaluation, measuredOf(evaluation, lines)]));
}

/** Written anew after each run, so that an interruption leaves it as true as the records. */
function writePage(): void {
  writeFileSync(PAGE, resultsPage(resultsOf(evaluations)));
}

/** Runs all seeds, and the baselines; false where its data is absent. */
async function evaluate(evaluation: Evaluation, options: Options): Promise<boolean> {
  const { name, about } = evaluation;
  const folder = folderOf(evaluation, options.dataFolder);
  const absent = missingData(evaluation, folder);
  if (absent !== undefined) {
    console.log(absent);
    return false;
  }
  console.log(`${name}: ${about}`);
  const seeds = options.seeds ?? evaluation.seeds ?? SEEDS;
  const there = options.resume ? measuredOf(evaluation, readLines(RECORDS)).runs : [];
  const results: Readonly<Record<string, number>>[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const kept = there.find((run) => run.seed === seed && run.backend === options.backend);
    results.push(kept?.figures ?? (await runSeed(evaluation, seed, seeds, folder, options.backend)));
  }
  for (const baseline of (await evaluation.baselines?.(folder)) ?? []) {
    addLine(RECORDS, { evaluation: name, ...baseline });
  }
  for (const bar of evaluation.bars) {
    const figure = figureFor(
      bar,
      results.map((result) => result[bar.metric] ?? Number.NaN),
    );
    if (!isReached(bar, figure) && !bar.prize) process.exitCode = 1;
  }
  return true;
}

/** Trains with a seed, and keeps what came of it. */
async function runSeed(
  evaluation: Evaluation,
  seed: number,
  seeds: number,
  folder: string,
  backend: BackendName,
): Promise<Readonly<Record<string, number>>> {
  const start = performance.now();
  const processor = process.cpuUsage();
  const onProgress = showProgress(`  seed ${seed} of ${seeds}`);
  const figures = await evaluation.run(seed, { folder, backend, onProgress });
  const { user, system } = process.cpuUsage(processor);
  const seconds = rounded((performance.now() - start) / 1000);
  const processorSeconds = rounded((user + system) / 1e6);
  const shown = Object.entries(figures).map(([metric, value]) => `${metric}=${value.toFixed(4)}`);
  const bars = evaluation.bars.map(
    ({ metric, bar, better }) => `${metric}${better === 'higher' ? '>=' : '<='}${bar}`,
  );
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  console.log(
    `  ${evaluation.name} seed=${seed} ${shown.join(' ')} bar=${bars.join(',')} seconds=${seconds}`,
  );
  addLine(RECORDS, {
    evaluation: evaluation.name,
    recipe: evaluation.recipe,
    seed,
    figures,
    seconds,
    processorSeconds,
    ...placeOf(backend),
    date: new Date().toISOString().slice(0, 10),
  });
  writePage();
  return figures;
}

/** Where the evaluation's data is. */
function folderOf({ data, package: name }: Evaluation, dataFolder: string): string {
  if (name === undefined) return join(dataFolder, data?.folder ?? '');
  installPackages(SOURCES, name);
  return join(SOURCES, 'node_modules', name, 'data');
}

/** A line in a terminal that says how far a run is. */
function showProgress(head: string): (progress: Progress) => void {
  if (!process.stderr.isTTY) return () => {};
  return ({ epoch, epochs, batch, batches = batch, secondsLeft }) => {
    const share = Math.round((100 * (epoch + batch / batches)) / epochs);
    const left = secondsLeft === undefined ? '' : `, ${Math.round(secondsLeft)} s left`;
    process.stderr.write(`\r\x1b[K${head}: epoch ${epoch + 1} of ${epochs}, ${share} %${left}`);
  };
}

function rounded(value: number): number {
  return Math.round(10 * value) / 10;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
});
