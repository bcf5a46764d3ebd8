/**
 * Runs a reader on hostile files. Case i of a seed is the same file in every run, so that a failure is found again. Good
 * is a value, or a FormatError, within a second, in bounded memory, with everything global as it was.
 */
import { FormatError } from '../../src/core/errors.js';
import { Random } from '../../src/core/random.js';
import type { FuzzReader } from './fuzz-reader.js';
import { mutate, pick } from './mutate.js';

/** How long a file may take, and how many megabytes more than there were before. */
const MOST_MILLISECONDS = 1000;
const MOST_MEGABYTES = 400;

export interface Failure {
  readonly index: number;
  readonly why: string;
}

export interface FuzzResult {
  readonly cases: number;
  /** How many were read, and how many were refused. */
  readonly read: number;
  readonly refused: number;
  readonly slowest: { readonly index: number; readonly milliseconds: number };
  /** The most megabytes that a file took. */
  readonly memory: number;
  readonly failures: readonly Failure[];
}

/** The file of a case. */
export function caseOf(
  reader: FuzzReader,
  seeds: readonly Uint8Array[],
  seed: number,
  index: number,
): Uint8Array {
  const random = new Random(seed, index);
  const isCrafted = reader.craft !== undefined && random.below(2) === 0;
  if (isCrafted && reader.craft) return reader.craft(random, seeds);
  return mutate(random, pick(random, seeds), seeds, reader.words);
}

/** The sound files, as plain arrays: a slice of one of Node's own would change it. */
export async function seedsOf(reader: FuzzReader): Promise<readonly Uint8Array[]> {
  return (await reader.seeds()).map((file) => new Uint8Array(file));
}

/**
 * Reads the cases from `first` on.
 *
 * @param onCase  is told of each case before it is read
 * @throws Error when a sound file is not read
 */
export async function fuzz(
  reader: FuzzReader,
  { cases, seed, first = 0 }: { cases: number; seed: number; first?: number },
  onCase: (index: number) => void = () => {},
): Promise<FuzzResult> {
  const seeds = await seedsOf(reader);
  for (const sound of seeds) await reader.read(sound);
  const before = globals();
  const failures: Failure[] = [];
  let [read, refused, memory] = [0, 0, 0];
  let slowest = { index: first, milliseconds: 0 };
  for (let index = first; index < first + cases; index++) {
    onCase(index);
    const bytes = caseOf(reader, seeds, seed, index);
    const weight = megabytes();
    const began = performance.now();
    try {
      await reader.read(bytes);
      read++;
    } catch (error) {
      if (error instanceof FormatError) refused++;
      else failures.push({ index, why: `not a FormatError but ${describeError(error)}` });
    }
    let milliseconds = performance.now() - began;
    // On a busy machine any file may seem slow: one that is, is so again.
    for (let again = 0; again < 3 && milliseconds > MOST_MILLISECONDS; again++) {
      milliseconds = Math.min(milliseconds, await timeOf(reader, bytes));
    }
    if (milliseconds > slowest.milliseconds) slowest = { index, milliseconds };
    if (milliseconds > MOST_MILLISECONDS)
      failures.push({ index, why: `it took ${Math.round(milliseconds)} ms` });
    const taken = megabytes() - weight;
    memory = Math.max(memory, taken);
    if (taken > MOST_MEGABYTES) failures.push({ index, why: `it took ${Math.round(taken)} MB` });
    if (globals() !== before) {
      failures.push({ index, why: 'a prototype or a global is another' });
      break;
    }
  }
  return { cases, read, refused, slowest, memory, failures };
}

/** How long a file takes, read or refused. */
async function timeOf(reader: FuzzReader, bytes: Uint8Array): Promise<number> {
  const began = performance.now();
  try {
    await reader.read(bytes);
  } catch {}
  return performance.now() - began;
}

/** What must not change: the names of all globals, and of what every object and array inherits. */
function globals(): string {
  const holders = [
    globalThis,
    Object.prototype,
    Array.prototype,
    Map.prototype,
    Uint8Array.prototype,
    Function.prototype,
  ];
  return holders.map((holder) => Reflect.ownKeys(holder).length).join();
}

function megabytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 2 ** 20;
}

function describeError(error: unknown): string {
  return error instanceof Error
    ? `${error.name}: ${error.message.slice(0, 200)}\n${error.stack ?? ''}`
    : String(error);
}
