/**
 * The state of a recurrent layer before the first step, and what becomes of it after the last. It is zeros, learned,
 * or given by another layer; a stream carries it from step to step, a stateful layer from batch to batch.
 */
import { type Edge, type Planner, planGradient } from '../backend/plan.js';
import { ConfigError } from '../core/errors.js';
import type { Region } from '../core/region.js';
import type { FloatArray } from '../core/tensor.js';
import { addColumnSums } from '../kernels/dense.js';
import type { LayerParameter } from './layer.js';

/** What a stateful layer keeps between batches. */
export class KeptState {
  /** How many rows the state is of; 0 where the next batch begins anew. */
  rows = 0;
  /** [rows, width] of each state. */
  arrays: FloatArray[] = [];

  keep(states: readonly PlannedState[], rows: number): void {
    states.forEach(({ region, last }, i) => {
      const from = last.array;
      if (this.arrays[i]?.length !== from.length) this.arrays[i] = region.array.slice(0, from.length);
      (this.arrays[i] as FloatArray).set(from);
    });
    this.rows = rows;
  }

  restore(states: readonly PlannedState[]): void {
    states.forEach(({ first }, i) => void first.array.set(this.arrays[i] as FloatArray));
  }
}

/** One of the arrays that make up the state, such as h. */
export interface PlannedState {
  /** `h` */
  readonly name: string;
  /** How many numbers it is in a row of the batch. */
  readonly width: number;
  /** [steps + 1, batch, width]: slot 0 before the first step, slot t + 1 after step t. */
  readonly region: Region;
  /** Slot 0, [batch, width]. */
  readonly first: Region;
  /** The last slot. */
  readonly last: Region;
  /** [batch, width]: the gradient by the last slot, and after the backward pass that by slot 0. */
  readonly gradient: Region;
  /** Writes to slot 0 the state in which a sequence begins. */
  begin(): void;
  /** Hands the gradient by slot 0 on to what it came from. */
  backward(): void;
}

/** Where a state begins: with what another layer gives, with weights [width], or else with zeros. */
export interface Beginning {
  readonly given?: Edge | undefined;
  readonly learned?: LayerParameter | undefined;
}

export function planState(
  planner: Planner,
  name: string,
  steps: number,
  batch: number,
  width: number,
  { given, learned }: Beginning = {},
): PlannedState {
  const { arena } = planner;
  const size = batch * width;
  const region = arena.floats((steps + 1) * size);
  const gradient = arena.floats(size);
  return {
    name,
    width,
    region,
    first: arena.part(region, 0, size),
    last: arena.part(region, steps * size, size),
    gradient,
    begin: () => {
      if (given) region.array.set(given.value.array);
      else if (learned) {
        for (let k = 0; k < size; k += width) region.array.set(learned.value.array, k);
      } else region.array.fill(0, 0, size);
    },
    backward: () => {
      if (given?.gradient) addInto(given.gradient.array, gradient.array);
      if (learned) addColumnSums(gradient.array, learned.gradient.array, batch, width);
    },
  };
}

/** A state after the last step, as an output without a time axis. */
export function planLast(
  planner: Planner,
  batch: number,
  units: number,
  value: Region,
  hasGradient: boolean,
): Edge {
  const gradient = planGradient(planner, batch * units, hasGradient);
  return { batch, steps: 1, features: units, sequence: false, value, gradient, mask: planner.rowMask };
}

/** y += x */
export function addInto(y: FloatArray, x: FloatArray): void {
  for (let k = 0; k < y.length; k++) y[k] = (y[k] as number) + (x[k] as number);
}

/** @throws ConfigError when a batch has not as many rows as the state that the layer carries on */
export function checkKeptRows(layer: string, kept: number, rows: number): void {
  if (kept === rows) return;
  throw new ConfigError(
    `${layer} is stateful and carries on the state of ${kept} rows but got ${rows}: ` +
      'give it batches of one size, or begin anew with model.resetStates()',
  );
}
