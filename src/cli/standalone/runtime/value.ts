/** What goes from layer to layer in a standalone module: the steps of one row, one after the other. */

export interface Value {
  /** [steps, features] */
  readonly x: Float32Array;
  readonly steps: number;
  readonly features: number;
  /** [steps]: 1 where a step is real. */
  readonly mask: Uint8Array;
  /** Whether there is a time axis; else there is one step. */
  readonly sequence: boolean;
}

/** What a stream carries from step to step for one layer: its states, none before the first. */
export type Carried = Float32Array[];

/** A layer: the library's kernels on one row. Given what a stream carries, it goes on from there and leaves it there. */
export type Layer = (value: Value, carried?: Carried) => Value;

/** One step without a time axis. */
export function vector(x: Float32Array): Value {
  return { x, steps: 1, features: x.length, mask: Uint8Array.of(1), sequence: false };
}
