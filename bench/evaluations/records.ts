/**
 * What was measured, a line of JSON each, in results.jsonl beside this file's source: a run of an evaluation with a seed,
 * or a baseline. docs/results.md is written from it, `--resume` goes on by it, and a run takes the place of the one before it
 * with the same seed.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import type { Comparison, Evaluation } from './evaluation.js';

/** Where a run was made. */
export interface Place {
  readonly backend: string;
  /** Node's version. */
  readonly node: string;
  /** The kind of processor, and how many cores the machine has. */
  readonly processor: string;
  readonly cores: number;
}

export interface RunRecord extends Place {
  /** The evaluation's name, and the recipe that was trained by. */
  readonly evaluation: string;
  readonly recipe: string;
  readonly seed: number;
  readonly figures: Readonly<Record<string, number>>;
  /** By the clock. */
  readonly seconds: number;
  /** Of the processor: what the clock would say where nothing else runs. */
  readonly processorSeconds: number;
  /** The day, `2026-01-31`. */
  readonly date: string;
}

export interface BaselineRecord extends Comparison {
  readonly evaluation: string;
}

export type Line = RunRecord | BaselineRecord;

/** Of an evaluation: the runs by its present recipe, in the order of their seeds, and the baselines. */
export interface Measured {
  readonly runs: readonly RunRecord[];
  readonly baselines: readonly BaselineRecord[];
}

export function placeOf(backend: string): Place {
  const [processor] = cpus();
  return {
    backend,
    node: process.versions.node,
    processor: processor?.model.trim() ?? 'unknown',
    cores: cpus().length,
  };
}

export function readLines(file: string): Line[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Line);
}

/** Writes the line in place of an earlier one of the same evaluation and seed, or model. */
export function addLine(file: string, line: Line): void {
  const others = readLines(file).filter((other) => keyOf(other) !== keyOf(line));
  const sorted = [...others, line].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  writeFileSync(file, sorted.map((each) => `${JSON.stringify(each)}\n`).join(''));
}

export function measuredOf({ name, recipe }: Evaluation, lines: readonly Line[]): Measured {
  const own = lines.filter(({ evaluation }) => evaluation === name);
  return {
    runs: own
      .filter((line): line is RunRecord => 'seed' in line && line.recipe === recipe)
      .sort((a, b) => a.seed - b.seed),
    baselines: own.filter((line): line is BaselineRecord => !('seed' in line)),
  };
}

function keyOf(line: Line): string {
  const which = 'seed' in line ? String(line.seed).padStart(6, '0') : line.model;
  return `${line.evaluation} ${which}`;
}
