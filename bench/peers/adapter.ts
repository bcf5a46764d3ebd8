/**
 * What is measured, and by what: every library is driven through an adapter that gets the same sizes, weights and
 * data, and does the same work. JavaScript ones are in `adapters/`, PyTorch's is `adapters/pytorch.py`, which speaks
 * the same messages.
 */
import type { ModelSize } from '../models.js';

export type { ModelSize };

export interface AdamSettings {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

export interface Weight {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface Setup {
  readonly size: ModelSize;
  /** By our names, in our layout and order: kernel [I, 4H], recurrentKernel [H, 4H], bias [4H]; gates i, f, g, o. */
  readonly weights: Readonly<Record<string, Weight>>;
  /** [batch, steps, inputs] */
  readonly x: Float32Array;
  /** Class indices, or 0 and 1: [batch], or [batch, steps] where the head works on every step. */
  readonly targets: Float32Array;
  readonly adam: AdamSettings;
  /** Whether steps are taken one at a time, the state carried: x is then the steps of one row. */
  readonly streamed: boolean;
  /** Which of several ways the library is run, where it has several. */
  readonly variant: string;
}

/** A library with the model in it. What it cannot do is missing. */
export interface Subject {
  /** The library, its version, and how it is set. */
  readonly about: string;
  /** The model's output, [batch, outputs] or [batch, steps, outputs]. */
  output?(): Float32Array | Promise<Float32Array>;
  /** A forward pass, its result read. */
  forward?(): void | Promise<void>;
  /** One update from the whole batch; the loss before it. */
  train?(): number | Promise<number>;
  /** Puts the carried state back to zero. */
  reset?(): void;
  /** Takes one step of one row with the state carried, the `step`-th of x; the output. */
  push?(step: number): Float32Array | Promise<Float32Array>;
}

export interface Adapter {
  open(setup: Setup): Promise<Subject>;
}

/** What is timed. */
export type Work = 'forward' | 'train' | 'push';

/** A batch of repetitions: milliseconds for each, by the clock and by the processor's time of this process. */
export interface Timing {
  readonly wall: number;
  readonly cpu: number;
}
