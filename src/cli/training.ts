/** What the kinds of training have in common. */
import type { Model } from '../index.js';
import type { Progress } from '../training/progress.js';

/** What the command line says of any of them. */
export interface TrainingSettings {
  /** What the data is called. */
  readonly source: string;
  readonly units: number | undefined;
  readonly epochs: number | undefined;
  readonly learningRate: number | undefined;
  readonly seed: number;
  /** The share of the data that is kept to measure with. */
  readonly testShare: number;
  readonly onProgress: (progress: Progress) => void;
  /** Is told each model before it is trained. */
  readonly onStart: (model: Model) => void;
}

/** What came out. */
export interface Trained {
  /** Of the file. */
  readonly bytes: Uint8Array;
  /** For people. */
  readonly lines: readonly string[];
  /** For programs. */
  readonly facts: Readonly<Record<string, unknown>>;
}
