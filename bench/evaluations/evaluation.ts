/** What an evaluation is: a run on real data with a seed, and the bars that its figures must reach. */
import type { BackendName } from '../../src/index.js';

export interface Bar {
  readonly metric: string;
  /** The figure to reach. */
  readonly bar: number;
  /** Whether more is better, or less. */
  readonly better: 'higher' | 'lower';
}

export interface Evaluation {
  readonly name: string;
  /** What it is, in a line. */
  readonly about: string;
  readonly bars: readonly Bar[];
  /** Lines on other models, computed in the same run or published. */
  baselines(folder: string): Promise<readonly string[]>;
  /** The folder of data it needs, below the data folder; skipped with a message where it is absent. */
  readonly data: string;
  /** Trains with the seed, on the backend, and returns a figure for every bar. */
  run(folder: string, seed: number, backend: BackendName): Promise<Readonly<Record<string, number>>>;
}

export function isReached({ bar, better }: Bar, value: number): boolean {
  return better === 'higher' ? value >= bar : value <= bar;
}
