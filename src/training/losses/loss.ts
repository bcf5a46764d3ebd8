/**
 * What every loss is, and how one is planned behind an output. A sigmoid or softmax right before the loss is seen
 * through: the loss is computed from what went into it, and loses no digit where it saturates.
 */
import type { Edge, LogitActivation, Planner } from '../../backend/plan.js';
import { ConfigError } from '../../core/errors.js';
import type { Region } from '../../core/region.js';
import type { FloatArray } from '../../core/tensor.js';
import * as elementwise from '../../kernels/losses.js';
import type { LabelReading } from '../labels.js';
import type { OutputRange } from './output-ranges.js';
import { type TargetKind, type TargetRule, values } from './target-rules.js';

export type { TargetKind } from './target-rules.js';

export interface Loss {
  readonly name: string;
  readonly targetKind: TargetKind;
  /** How its targets are checked. */
  readonly targets: TargetRule;
  /** Whether the model's outputs are logits, not probabilities. */
  readonly fromLogits: boolean;
  /** What the outputs are; any number by default. */
  readonly range?: OutputRange;
  /** What the model's last layer is to have where its outputs do not fit the range. */
  readonly mend: string;
  /** What a saved file holds; nothing for a loss of the user's. */
  config(): { readonly name: string; readonly [option: string]: unknown } | undefined;
  /** How many numbers the target of a row or step has. */
  targetColumns(outputs: number): number;
  /** The kernels that compute it, from logits where `fromLogits`, or where the output's logits are known. */
  kernels(planner: Planner, fromLogits: boolean, output: Edge): LossKernels;
  /** The activation that the loss sees through. */
  readonly seesThrough: LogitActivation | undefined;
  /** How the labels of each row are read and checked, of a loss of labels. */
  readonly labels?: LabelReading;
}

export interface LossKernels {
  forward(
    y: FloatArray,
    target: FloatArray,
    weights: FloatArray,
    mask: Uint8Array,
    rows: number,
    columns: number,
  ): number;
  backward(
    y: FloatArray,
    target: FloatArray,
    weights: FloatArray,
    mask: Uint8Array,
    dy: FloatArray,
    rows: number,
    columns: number,
    factor: number,
  ): void;
  /** How many rows or steps count, where it is not those with a mask of 1 and a weight. */
  count?(weights: FloatArray, mask: Uint8Array): number;
}

/** The loss of a batch. */
export interface LossResult {
  /** weight * loss, added up over the rows or steps that count. */
  sum: number;
  /** How many rows or steps count. */
  count: number;
}

/** A loss planned behind an output, for one shape of batch. */
export interface PlannedLoss {
  readonly output: Edge;
  /** [steps, batch, columns], columns being 1 for class indices. */
  readonly targets: Region;
  readonly targetColumns: number;
  /** [steps, batch]; a weight of 0 takes the step out altogether. */
  readonly weights: Region;
  /** Of the last `forward`. */
  readonly result: LossResult;
  /** Computes `result`. */
  forward(): void;
  /** Adds `factor` times its gradient to the output's, or to that of the logits. */
  backward(factor: number): void;
}

/** @throws ConfigError where the output cannot be what the loss takes */
export function planLoss(loss: Loss, output: Edge, planner: Planner): PlannedLoss {
  checkOutput(loss, output);
  const { steps, batch, features, mask } = output;
  const rows = steps * batch;
  const targetColumns = loss.targetColumns(features);
  const targets = planner.arena.floats(rows * targetColumns);
  const weights = planner.arena.floats(rows);
  const logits =
    !loss.fromLogits && output.logits?.activation === loss.seesThrough ? output.logits : undefined;
  const { value, gradient } = logits ?? output;
  const kernels = loss.kernels(planner, loss.fromLogits || logits !== undefined, output);
  const result: LossResult = { sum: 0, count: 0 };
  return {
    output,
    targets,
    targetColumns,
    weights,
    result,
    forward: () => {
      const { array: weight } = weights;
      result.count = kernels.count?.(weight, mask.array) ?? elementwise.countRows(weight, mask.array, rows);
      result.sum = kernels.forward(value.array, targets.array, weight, mask.array, rows, features);
    },
    backward: (factor) => {
      if (!gradient) return;
      kernels.backward(
        value.array,
        targets.array,
        weights.array,
        mask.array,
        gradient.array,
        rows,
        features,
        factor,
      );
    },
  };
}

function checkOutput({ name, range, mend, targets }: Loss, { activation, features }: Edge): void {
  if (!range) return;
  if (activation !== undefined && range.escapes.includes(activation))
    throw new ConfigError(`${name} ${range.mistake(activation)}: ${mend}`);
  if (features === 1 && targets.mixedUp) {
    throw new ConfigError(
      `${name} is of several classes but the model has one output: give it one a class, or use binaryCrossentropy`,
    );
  }
}

/** What a loss of one function of output and target binds. */
export function elementKernels(planner: Planner, loss: elementwise.ElementLoss): LossKernels {
  const { elementLossForward, elementLossBackward } = planner.backend.bind({
    elementLossForward: elementwise.elementLossForward,
    elementLossBackward: elementwise.elementLossBackward,
  });
  return {
    forward: (y, target, weights, mask, rows, columns) =>
      elementLossForward(loss, y, target, weights, mask, rows, columns),
    backward: (y, target, weights, mask, dy, rows, columns, factor) =>
      elementLossBackward(loss, y, target, weights, mask, dy, rows, columns, factor),
  };
}

type Config = NonNullable<ReturnType<Loss['config']>>;

/** A loss of outputs that need no squashing; the rest of it is in `more`. */
export function plainLoss(
  config: Config,
  kernels: Loss['kernels'],
  more: Partial<Pick<Loss, 'targets' | 'range' | 'mend' | 'targetColumns'>> = {},
): Loss {
  const { targets = values } = more;
  return {
    name: config.name,
    targetKind: targets.kind,
    targets,
    fromLogits: false,
    mend: '',
    seesThrough: undefined,
    config: () => config,
    targetColumns: (outputs) => outputs,
    kernels,
    ...more,
  };
}
