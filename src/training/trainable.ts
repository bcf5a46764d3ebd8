/** What training knows of a model: weights, and passes planned for batches. It does not know of layers. */
import type { Backend } from '../backend/backend.js';
import type { Edge } from '../backend/plan.js';
import type { Parameter } from '../core/parameter.js';
import type { Random } from '../core/random.js';
import type { PlannedLoss } from './losses.js';
import type { OptimizerState } from './update.js';

/** All that is done with one batch of a certain number of rows, every array of it in place. */
export interface Pass {
  readonly input: Edge;
  readonly output: Edge;
  /** Missing where the model is not compiled. */
  readonly loss: PlannedLoss | undefined;
  /** [batch]: ones. */
  readonly rowMask: { readonly array: Uint8Array };
  /** Which row of the data each row of the batch is. */
  readonly rowNames: Int32Array;
  /** Computes the output; dropout is on when `training`. */
  forward(training: boolean): void;
  /**
   * Sets all gradients to zero and adds up those of the loss times `factor` and of the penalties. Only passes
   * planned for training have it.
   */
  backward(factor: number): void;
}

export interface Trainable {
  readonly backend: Backend;
  readonly parameters: readonly Parameter[];
  readonly optimizer: OptimizerState;
  /** Decides the order of the rows. */
  readonly shuffling: Random;
  /** The pass for `rows` rows of `steps` steps; the same object each time, good until the next call. */
  pass(rows: number, steps: number, training: boolean): Pass;
  /** Set to end training after the batch at hand. */
  stopTraining: boolean;
}
