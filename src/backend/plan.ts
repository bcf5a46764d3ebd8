/**
 * A planned pass: what every layer does for a batch of one shape, with all its arrays placed beforehand, so that
 * nothing is allocated while it runs.
 *
 * Sequences are kept time-major, [steps, batch, features], so that a step is contiguous; a batch without a time
 * axis is the case of one step. Gradients add up: the pass sets them to zero, and whoever reads an edge adds its
 * share, so that an edge may have several readers.
 */
import type { Random } from '../core/random.js';
import type { MaskRegion, Region } from '../core/region.js';
import type { Backend } from './kernel-set.js';
import type { Arena } from './memory.js';

/** The activations that a loss can see through, to compute from what went into them. */
export type LogitActivation = 'sigmoid' | 'softmax';

/** What flows from one layer to the next, for one shape of batch. */
export interface Edge {
  readonly batch: number;
  /** 1 where there is no time axis. */
  readonly steps: number;
  readonly features: number;
  /** Whether there is a time axis. */
  readonly sequence: boolean;
  /** [steps, batch, features] */
  readonly value: Region;
  /** The same shape; missing where nothing below learns. */
  readonly gradient: Region | undefined;
  /** [steps, batch] */
  readonly mask: MaskRegion;
  /** The activation that `value` went through last, where one is known: a loss that it does not suit refuses it. */
  readonly activation?: string;
  /** When `value` is an activation of something: what, so that a loss can start from there. */
  readonly logits?: {
    readonly activation: LogitActivation;
    readonly value: Region;
    readonly gradient: Region | undefined;
  };
}

/** Where the gates of a recurrent layer lie, for whoever wants to look at them. */
export interface GateProbe {
  readonly names: readonly string[];
  /** [steps, batch, gates, units]: after a forward pass the gates, after a backward pass maybe not. */
  readonly region: Region;
  /** The same shape: after a backward pass the gradient by what went into them. */
  readonly gradient: Region;
  readonly units: number;
  readonly mask: MaskRegion;
}

export interface PlannedLayer {
  readonly output: Edge;
  /** What a layer gives beside its output: the last states of a recurrent one, say. */
  readonly moreOutputs?: readonly Edge[];
  /** Of a recurrent layer, one for each direction. */
  readonly probes?: readonly GateProbe[];
  /** Computes the output; dropout is drawn anew and applied when `training`. */
  forward(training: boolean): void;
  /** Adds to the gradients of the input and of the weights. */
  backward(): void;
}

/** A part of the state of a recurrent layer: what a pass takes up, and what it leaves. */
export interface CarriedState {
  /** The layer's name and its own: `lstm_1/h`. */
  readonly name: string;
  /** [batch, units] before the first step: the pass reads it. */
  readonly first: Region;
  /** [batch, units] after the last step: the pass writes it. */
  readonly last: Region;
  /** Writes the state in which a sequence begins to `first`. */
  begin(): void;
}

/** What a recurrent layer computes at every step, for a trace of it. */
export interface TracedLayer {
  readonly name: string;
  readonly steps: number;
  readonly batch: number;
  readonly units: number;
  /** Whether it reads the steps from the last to the first; what follows is in that order. */
  readonly isReversed: boolean;
  readonly mask: MaskRegion;
  /** [steps, batch, gates, units]; what stands at masked steps means nothing. */
  readonly gates: { readonly names: readonly string[]; readonly region: Region } | undefined;
  /** [steps, batch, width] each, after the step. */
  readonly states: readonly { readonly name: string; readonly width: number; readonly region: Region }[];
}

/** A mean or a variance of the batch at hand, and the moving one of all batches that it becomes a part of. */
export interface BatchStatistic {
  /** What is wrong with that of the batch, where a number in it is not finite. */
  mistake(): string | undefined;
  /** Lets that of the batch become a part of the moving one. */
  update(): void;
}

/** What a layer's output costs, part of the loss. */
export interface ActivityPenalty {
  /** The sum over the batch, after the forward pass. */
  sum(): number;
  /** After `sum`: adds its gradient times `factor` to that of the output. */
  backward(factor: number): void;
}

/** What a layer needs to plan itself. */
export interface Planner {
  readonly arena: Arena;
  readonly backend: Backend;
  /** Where dropout takes its random numbers from. */
  readonly random: Random;
  /** Ones, [batch]: the mask of an edge that has no time axis. */
  readonly rowMask: MaskRegion;
  /** Which row of the user's data a row of the batch is, for messages. */
  readonly rowNames: { readonly [row: number]: number };
  /** Whether this pass goes backward too. */
  readonly training: boolean;
  /** Whether dropout alone is as in training, for predictions that are drawn: statistics are those of prediction. */
  readonly drawn?: boolean | undefined;
  /** All gradients of the pass, which are set to zero before it goes backward. */
  readonly gradients: Region[];
  /** The statistics of the batch that become a part of moving ones, once the batch has changed the weights. */
  readonly statistics: BatchStatistic[];
  /** What the outputs of layers cost. */
  readonly penalties: ActivityPenalty[];
  /**
   * In a pass of a stream: where recurrent layers say what they carry from step to step, which they find in its place
   * then. In all others every sequence begins anew.
   */
  readonly carried: CarriedState[] | undefined;
  /** In a pass that is traced: where recurrent layers say what they compute. */
  readonly traced?: TracedLayer[] | undefined;
}

/** Places a gradient of `size` numbers; none where nothing learns. */
export function planGradient(planner: Planner, size: number, learns: boolean): Region | undefined {
  if (!planner.training || !learns) return undefined;
  const gradient = planner.arena.floats(size);
  planner.gradients.push(gradient);
  return gradient;
}

/** Places an edge of the same batch and steps as `like`, with `features` features. */
export function planEdge(planner: Planner, like: Edge, features: number, learns: boolean): Edge {
  const size = like.steps * like.batch * features;
  return {
    batch: like.batch,
    steps: like.steps,
    features,
    sequence: like.sequence,
    value: planner.arena.floats(size),
    gradient: planGradient(planner, size, learns),
    mask: like.mask,
  };
}

/** Places an edge without a time axis. */
export function planRows(planner: Planner, batch: number, features: number, learns: boolean): Edge {
  const size = batch * features;
  return {
    batch,
    steps: 1,
    features,
    sequence: false,
    value: planner.arena.floats(size),
    gradient: planGradient(planner, size, learns),
    mask: planner.rowMask,
  };
}

/** Places an edge of other steps than any, with a mask of its own, which whoever plans it fills. */
export function planSteps(
  planner: Planner,
  batch: number,
  steps: number,
  features: number,
  learns: boolean,
): Edge {
  const size = steps * batch * features;
  return {
    batch,
    steps,
    features,
    sequence: true,
    value: planner.arena.floats(size),
    gradient: planGradient(planner, size, learns),
    mask: planner.arena.bytes(steps * batch),
  };
}
