/** What training knows of a model: weights, and passes planned for batches. It does not know of layers. */
import type { Backend } from '../backend/kernel-set.js';
import type { ActivityPenalty, BatchStatistic, Edge, GateProbe } from '../backend/plan.js';
import type { Parameter } from '../core/parameter.js';
import type { Random } from '../core/random.js';
import type { Loss, PlannedLoss } from './losses.js';
import type { Origins } from './origin.js';
import type { OptimizerState } from './update.js';

/** What a model is trained for: the loss of one of its outputs. */
export interface Goal {
  readonly loss: Loss;
  /** Which output. */
  readonly output: number;
}

/** What a layer gives in a pass: its output, and its gates where it has some. */
export interface LayerTrace {
  readonly name: string;
  readonly output: Edge;
  readonly probes: readonly GateProbe[];
}

/** All that is done with one batch of a certain number of rows, every array of it in place. */
export interface Pass {
  readonly inputs: readonly Edge[];
  readonly outputs: readonly Edge[];
  /** The layers in the order in which they run, with what they give. */
  readonly layers: readonly LayerTrace[];
  /** One for each goal; none where the model is not compiled. */
  readonly losses: readonly PlannedLoss[];
  /** What becomes a part of moving statistics once the batch has changed the weights. */
  readonly statistics: readonly BatchStatistic[];
  /** What the outputs of layers cost. */
  readonly penalties: readonly ActivityPenalty[];
  /** [batch]: ones. */
  readonly rowMask: { readonly array: Uint8Array };
  /** Which row of the data each row of the batch is. */
  readonly rowNames: Int32Array;
  /** Computes the outputs; dropout is on when `training`. */
  forward(training: boolean): void;
  /**
   * Sets all gradients to zero and adds up those of each loss times its factor, of what outputs cost for each
   * of the `counted` rows or steps, and of the penalties on weights. Only passes planned for training have it.
   */
  backward(factors: ArrayLike<number>, counted: number): void;
  /** The same for gradients of the outputs that `seed` writes, in place of those of the losses. */
  backwardFrom(seed: () => void): void;
}

/** What may be looked at more closely: see scrutiny.ts. */
export interface Scrutiny {
  /** The first output of a layer that is not finite, in words; nothing where all are. */
  originOf(pass: Origins): string;
  /** The last layer whose gradient is not finite, in words. */
  gradientOriginOf(pass: Origins): string | undefined;
  /** @throws ConfigError where a layer needs other batches */
  checkRows(model: Trainable, rows: number, batchSize: number): void;
}

export interface Trainable {
  readonly scrutiny: Scrutiny | undefined;
  readonly backend: Backend;
  readonly parameters: readonly Parameter[];
  readonly optimizer: OptimizerState;
  /** Decides the order of the rows. */
  readonly shuffling: Random;
  /** The pass for `rows` rows, of so many steps in each input; the same object each time, good until the next call. */
  pass(rows: number, steps: readonly number[], training: boolean): Pass;
  /** The name of a layer that carries its state from batch to batch; undefined where none does. */
  readonly statefulLayer: string | undefined;
  /** Lets stateful layers begin anew; what is returned takes up their state again. */
  setStateAside(): () => void;
  /** Set to end training after the batch at hand. */
  stopTraining: boolean;
}
