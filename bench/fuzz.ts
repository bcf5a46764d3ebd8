/**
 * `npm run fuzz -- --cases 100000`: every reader of files on as many hostile files (see fuzz/run.ts for what is good).
 * Options, behind `--`:
 *
 *     --cases N      how many files of each reader, 10,000 by default
 *     --only NAME    one reader
 *     --seed N       other files; 1 by default
 *     --case N       that file alone, of the reader that --only names; it is written to the folder for temporary files
 *
 * Each reader runs in a thread of its own. A file that takes longer than a while is a hang: the thread is ended, and the
 * file named. It fails (exit code 1) where any file is not good.
 */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import type { FuzzReader } from './fuzz/fuzz-reader.js';
import { readers } from './fuzz/readers.js';
import { caseOf, type FuzzResult, fuzz, seedsOf } from './fuzz/run.js';

const HANG_MILLISECONDS = 15_000;
const MOST_HEAP_MB = 1024;
const SHOWN_FAILURES = 5;

interface Task {
  readonly name: string;
  readonly cases: number;
  readonly seed: number;
  readonly first: number;
  /** The case at hand, for whoever watches. */
  readonly at: Int32Array<SharedArrayBuffer>;
}

if (isMainThread) await main();
else {
  const { name, cases, seed, first, at } = workerData as Task;
  const result = await fuzz(
    readerNamed(name),
    { cases, seed, first },
    (index) => void Atomics.store(at, 0, index),
  );
  parentPort?.postMessage(result);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: '10000' },
      only: { type: 'string' },
      seed: { type: 'string', default: '1' },
      case: { type: 'string' },
    },
  });
  const seed = Number(values.seed);
  const chosen = values.only === undefined ? readers : [readerNamed(values.only)];
  const first = Number(values.case ?? 0);
  const cases = values.case === undefined ? Number(values.cases) : 1;
  if (![seed, first, cases].every((number) => Number.isSafeInteger(number) && number >= 0)) {
    throw new Error('--cases, --seed and --case are whole numbers');
  }
  let isGood = true;
  for (const reader of chosen) {
    if (values.case !== undefined) {
      const path = join(tmpdir(), `fuzz-${reader.name.replaceAll(' ', '-')}-${first}`);
      writeFileSync(path, caseOf(reader, await seedsOf(reader), seed, first));
      console.log(`written to ${path}`);
    }
    const result = await inThread({
      name: reader.name,
      cases,
      seed,
      first,
      at: new Int32Array(new SharedArrayBuffer(4)),
    });
    if (!report(reader, result)) isGood = false;
  }
  if (!isGood) process.exitCode = 1;
}

function readerNamed(name: string): FuzzReader {
  const reader = readers.find((candidate) => candidate.name === name);
  if (reader) return reader;
  throw new Error(
    `there is no reader '${name}': there are ${readers.map((candidate) => candidate.name).join(', ')}`,
  );
}

/** The result of a reader in a thread of its own, or in what case it hung or ended. */
function inThread(task: Task): Promise<FuzzResult | string> {
  return new Promise((resolve) => {
    const worker = new Worker(fileURLToPath(import.meta.url), {
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: MOST_HEAP_MB },
    });
    let last = -1;
    const watch = setInterval(() => {
      const index = Atomics.load(task.at, 0);
      if (index === last) finish(`case ${index} hangs`);
      last = index;
    }, HANG_MILLISECONDS);
    const finish = (result: FuzzResult | string) => {
      clearInterval(watch);
      void worker.terminate();
      resolve(result);
    };
    worker.on('message', finish);
    worker.on('error', (error) =>
      finish(`case ${Atomics.load(task.at, 0)} ended the thread: ${String(error)}`),
    );
  });
}

/** Prints a line, and what failed; whether all was good. */
function report({ name }: FuzzReader, result: FuzzResult | string): boolean {
  if (typeof result === 'string') {
    console.log(`${name}: ${result}`);
    return false;
  }
  const { cases, read, refused, slowest, memory, failures } = result;
  console.log(
    `${name}: ${cases} files, ${read} read, ${refused} refused, ${failures.length} failures; the slowest took ` +
      `${slowest.milliseconds.toFixed(0)} ms (case ${slowest.index}), the largest ${memory.toFixed(0)} MB`,
  );
  for (const { index, why } of failures.slice(0, SHOWN_FAILURES)) console.log(`  case ${index}: ${why}`);
  return failures.length === 0;
}
