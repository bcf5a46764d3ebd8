/** What the targets of losses are, and how each kind is checked. */
import type { FloatArray } from '../../core/tensor.js';

/**
 * What the targets of a loss are: a number an output, a probability an output, a probability a class, the index of the
 * class, one of two sides (1 and -1, or 1 and 0), a number from 0 on, a number that several outputs describe, or the
 * labels that a sequence says.
 */
export type TargetKind =
  | 'values'
  | 'probabilities'
  | 'distribution'
  | 'classes'
  | 'signs'
  | 'counts'
  | 'outcomes'
  | 'labels';

/** Looks at one row's or step's targets and says what is wrong with them, if anything. */
export type TargetCheck = (targets: FloatArray, start: number, columns: number) => string | undefined;

export interface TargetRule {
  readonly kind: TargetKind;
  /** How targets of the loss of this name are checked, where there are so many outputs. */
  check(loss: string, outputs: number): TargetCheck;
  /** How many axes y has beyond those of class indices when it is of the other kind of classes, and what to do then. */
  readonly mixedUp?: { readonly axes: number; readonly mend: string };
}

/** Numbers. */
export const values: TargetRule = {
  kind: 'values',
  check: checkFinite,
};

/** A number that several outputs describe. */
export const outcomes: TargetRule = { kind: 'outcomes', check: checkFinite };

/** A probability an output. */
export const probabilities: TargetRule = {
  kind: 'probabilities',
  check: (loss) =>
    eachTarget((value) => value >= 0 && value <= 1, `is not between 0 and 1, as ${loss} needs,`),
};

/** One of two sides. */
export const signs: TargetRule = {
  kind: 'signs',
  check: (loss) =>
    eachTarget(
      (value) => value === 1 || value === 0 || value === -1,
      `is neither 1 nor -1 (or 0), as ${loss} needs,`,
    ),
};

/** Numbers from 0 on. */
export const counts: TargetRule = {
  kind: 'counts',
  check: (loss) =>
    eachTarget(
      (value) => value >= 0 && Number.isFinite(value),
      `is not a finite number from 0 on, as ${loss} needs,`,
    ),
};

/** What a sequence says: labels are those of a row, and checked by row. */
export const labels: TargetRule = { kind: 'labels', check: () => () => undefined };

/** Indices of classes. */
export const classes: TargetRule = {
  kind: 'classes',
  check: (_loss, outputs) =>
    eachTarget(
      (value) => Number.isInteger(value) && value >= 0 && value < outputs,
      `is not a class from 0 to ${outputs - 1},`,
    ),
  mixedUp: { axes: 1, mend: ': for one-hot rows use categoricalCrossentropy' },
};

/** A probability a class. */
export const distribution: TargetRule = {
  kind: 'distribution',
  check: () => (targets, start, columns) => {
    let sum = 0;
    for (let k = start; k < start + columns; k++) {
      if (!((targets[k] as number) >= 0)) return `is ${targets[k]}, which is no probability,`;
      sum += targets[k] as number;
    }
    if (Math.abs(sum - 1) <= 1e-3) return undefined;
    return `sums to ${sum}, not 1, over the classes (for class indices use sparseCategoricalCrossentropy)`;
  },
  mixedUp: { axes: 0, mend: ': for class indices use sparseCategoricalCrossentropy' },
};

function checkFinite(): TargetCheck {
  return eachTarget(Number.isFinite, 'is not finite,');
}

function eachTarget(isRight: (value: number) => boolean, mistake: string): TargetCheck {
  return (targets, start, columns) => {
    for (let k = start; k < start + columns; k++) {
      if (!isRight(targets[k] as number)) return `is ${targets[k]}, which ${mistake}`;
    }
    return undefined;
  };
}
