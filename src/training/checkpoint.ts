/** What is kept of a `fit` that runs, so that it can go on with the same bits after it has been stopped. */
import type { RandomState } from '../core/random.js';
import type { TrainedModel } from './callbacks.js';
import type { EpochRecord } from './epoch-history.js';
import type { TotalsState } from './totals-state.js';

/** Where a `fit` stands: after a whole batch, its callbacks included. Weights and optimizer are the model's. */
export interface FitState {
  readonly epoch: number;
  /** How many batches of the epoch are done. */
  readonly batch: number;
  /** How many batches were done in the epochs before it. */
  readonly before: number;
  /** What sums up the batches of the epoch so far, where they came one by one. */
  readonly mark: number | undefined;
  /** The generator before it put the rows of the epoch in order: so that the order comes out again. */
  readonly order: RandomState;
  /** The sums of the epoch so far. */
  readonly totals: TotalsState;
  readonly records: readonly EpochRecord[];
  /** What each callback gave as its state. */
  readonly callbacks: readonly unknown[];
  /** Whether training was told to end, by a callback or by `stopTraining`. */
  readonly stopped: boolean;
  /** Whether it has ended, `onTrainEnd` included. */
  readonly finished: boolean;
  /** What has to be the same when it goes on. */
  readonly plan: FitPlan;
}

/** Options and data by name, in numbers. */
export type FitPlan = Readonly<Record<string, number | boolean | null>>;

/** Where `fit` keeps its state, and how often. Made by `checkpoint`, or by `fileCheckpoint` of `longhand/node`. */
export interface Checkpoint {
  /** After how many batches, counted over all epochs. */
  readonly everySteps: number | undefined;
  /** After how many seconds, at the end of the batch at hand. */
  readonly everySeconds: number | undefined;
  /** @internal writes the model and the state */
  write(model: TrainedModel, state: FitState): Promise<void>;
  /** @internal sets the model to what was written, and returns the state; nothing where nothing was written */
  read(model: TrainedModel): Promise<FitState | undefined>;
}
