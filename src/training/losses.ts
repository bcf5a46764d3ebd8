/**
 * Losses by name: what targets each wants, and which kernels compute it. A sigmoid or softmax right before the
 * loss is seen through: the loss is computed from what went into it, and loses no digit where it saturates.
 */
import type { Edge, LogitActivation, Planner } from '../backend/plan.js';
import { ConfigError } from '../core/errors.js';
import { checkBoolean, checkNumber, checkOptions, describe, unknownName } from '../core/options.js';
import type { Region } from '../core/region.js';
import type { FloatArray } from '../core/tensor.js';
import {
  categoricalCrossentropyBackward,
  categoricalCrossentropyForward,
  sparseCategoricalCrossentropyBackward,
  sparseCategoricalCrossentropyForward,
} from '../kernels/categorical-crossentropy.js';
import * as elementwise from '../kernels/losses.js';
import {
  softmaxCrossentropyBackward,
  softmaxCrossentropyForward,
  sparseSoftmaxCrossentropyBackward,
  sparseSoftmaxCrossentropyForward,
} from '../kernels/softmax-crossentropy.js';

/**
 * What the targets of a loss are: a number an output, a probability an output, a probability a class, the index of the
 * class, one of two sides (1 and -1, or 1 and 0), or a number from 0 on.
 */
export type TargetKind = 'values' | 'probabilities' | 'distribution' | 'classes' | 'signs' | 'counts';

export type LossName =
  | 'binaryCrossentropy'
  | 'categoricalCrossentropy'
  | 'sparseCategoricalCrossentropy'
  | 'meanSquaredError'
  | 'meanAbsoluteError'
  | 'huber';

export interface Loss {
  readonly name: LossName;
  readonly targetKind: TargetKind;
  /** Whether the model's outputs are logits, not probabilities. */
  readonly fromLogits: boolean;
  /** What a saved file holds. */
  config(): { readonly name: LossName; readonly [option: string]: unknown };
  /** The kernels that compute it, from logits where `fromLogits`, or where the output's logits are known. */
  kernels(planner: Planner, fromLogits: boolean): LossKernels;
  /** The activation that the loss sees through. */
  readonly seesThrough: LogitActivation | undefined;
}

interface LossKernels {
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
}

/** A loss planned behind an output, for one shape of batch. */
export interface PlannedLoss {
  readonly output: Edge;
  /** [steps, batch, columns], columns being 1 for class indices. */
  readonly targets: Region;
  readonly targetColumns: number;
  /** [steps, batch]; a weight of 0 takes the step out altogether. */
  readonly weights: Region;
  /** How many rows or steps count. */
  count(): number;
  /** The sum of weight * loss over the rows or steps that count. */
  forward(): number;
  /** Adds `factor` times its gradient to the output's, or to that of the logits. */
  backward(factor: number): void;
}

export function planLoss(loss: Loss, output: Edge, planner: Planner): PlannedLoss {
  const { steps, batch, features, mask } = output;
  const rows = steps * batch;
  const targetColumns = loss.targetKind === 'classes' ? 1 : features;
  const targets = planner.arena.floats(rows * targetColumns);
  const weights = planner.arena.floats(rows);
  const logits =
    !loss.fromLogits && output.logits?.activation === loss.seesThrough ? output.logits : undefined;
  const { value, gradient } = logits ?? output;
  const kernels = loss.kernels(planner, loss.fromLogits || logits !== undefined);
  return {
    output,
    targets,
    targetColumns,
    weights,
    count: () => elementwise.countRows(weights.array, mask.array, rows),
    forward: () => kernels.forward(value.array, targets.array, weights.array, mask.array, rows, features),
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

function elementKernels(planner: Planner, loss: elementwise.ElementLoss): LossKernels {
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

/** `(y - t)^2`, the mean over the outputs. */
export function meanSquaredError(): Loss {
  return regressionLoss({ name: 'meanSquaredError' }, elementwise.squaredError);
}

/** `|y - t|`, the mean over the outputs. */
export function meanAbsoluteError(): Loss {
  return regressionLoss({ name: 'meanAbsoluteError' }, elementwise.absoluteError);
}

/**
 * Half the square of an error up to `delta` (1 by default), and linear beyond (Huber 1964); the mean over the
 * outputs.
 *
 * @throws ConfigError for a delta that is not above 0
 */
export function huber(options: { delta?: number } = {}): Loss {
  checkOptions('huber', options, ['delta']);
  const delta = checkNumber('huber: delta', options.delta ?? 1, { above: 0 });
  return regressionLoss({ name: 'huber', delta }, elementwise.huberError(delta));
}

function regressionLoss(config: ReturnType<Loss['config']>, element: elementwise.ElementLoss): Loss {
  return {
    name: config.name,
    targetKind: 'values',
    fromLogits: false,
    seesThrough: undefined,
    config: () => config,
    kernels: (planner) => elementKernels(planner, element),
  };
}

export interface CrossentropyOptions {
  /** Whether the model's outputs are logits, with no activation behind them; false by default. */
  fromLogits?: boolean;
}

function checkFromLogits(name: LossName, options: CrossentropyOptions): boolean {
  checkOptions(name, options, ['fromLogits'], { labelSmoothing: 'this version does not have it' });
  return checkBoolean(`${name}: fromLogits`, options.fromLogits ?? false);
}

/** `-t log p - (1 - t) log(1 - p)`, targets 0 to 1; the mean over the outputs. */
export function binaryCrossentropy(options: CrossentropyOptions = {}): Loss {
  const name = 'binaryCrossentropy';
  const fromLogits = checkFromLogits(name, options);
  return {
    name,
    targetKind: 'probabilities',
    fromLogits,
    seesThrough: 'sigmoid',
    config: () => ({ name, fromLogits }),
    kernels: (planner, ofLogits) =>
      elementKernels(
        planner,
        ofLogits ? elementwise.binaryCrossentropyOfLogit : elementwise.binaryCrossentropy,
      ),
  };
}

/** `-sum over k of t_k log p_k`, the target a distribution over the classes, such as one-hot. */
export function categoricalCrossentropy(options: CrossentropyOptions = {}): Loss {
  const name = 'categoricalCrossentropy';
  const fromLogits = checkFromLogits(name, options);
  return {
    name,
    targetKind: 'distribution',
    fromLogits,
    seesThrough: 'softmax',
    config: () => ({ name, fromLogits }),
    kernels: ({ backend }, ofLogits) => {
      if (ofLogits) {
        const bound = backend.bind({ softmaxCrossentropyForward, softmaxCrossentropyBackward });
        return { forward: bound.softmaxCrossentropyForward, backward: bound.softmaxCrossentropyBackward };
      }
      const bound = backend.bind({ categoricalCrossentropyForward, categoricalCrossentropyBackward });
      return {
        forward: bound.categoricalCrossentropyForward,
        backward: bound.categoricalCrossentropyBackward,
      };
    },
  };
}

/** `-log p_t`, the target the index t of the class. */
export function sparseCategoricalCrossentropy(options: CrossentropyOptions = {}): Loss {
  const name = 'sparseCategoricalCrossentropy';
  const fromLogits = checkFromLogits(name, options);
  return {
    name,
    targetKind: 'classes',
    fromLogits,
    seesThrough: 'softmax',
    config: () => ({ name, fromLogits }),
    kernels: ({ backend }, ofLogits) => {
      if (ofLogits) {
        const bound = backend.bind({ sparseSoftmaxCrossentropyForward, sparseSoftmaxCrossentropyBackward });
        return {
          forward: bound.sparseSoftmaxCrossentropyForward,
          backward: bound.sparseSoftmaxCrossentropyBackward,
        };
      }
      const bound = backend.bind({
        sparseCategoricalCrossentropyForward,
        sparseCategoricalCrossentropyBackward,
      });
      return {
        forward: bound.sparseCategoricalCrossentropyForward,
        backward: bound.sparseCategoricalCrossentropyBackward,
      };
    },
  };
}

const factories = {
  binaryCrossentropy,
  categoricalCrossentropy,
  sparseCategoricalCrossentropy,
  meanSquaredError,
  meanAbsoluteError,
  huber,
};

const shortNames: Readonly<Record<string, LossName>> = {
  mse: 'meanSquaredError',
  mae: 'meanAbsoluteError',
  bce: 'binaryCrossentropy',
};

/** A loss from its name, from what a saved file holds of it, or itself. */
export function toLoss(value: LossName | Loss | { readonly name: string }): Loss {
  if (typeof value === 'object' && value !== null && 'kernels' in value) return value;
  const config = typeof value === 'string' ? { name: value } : value;
  if (typeof config !== 'object' || config === null || typeof config.name !== 'string') {
    throw new ConfigError(
      `loss is a name or one itself, such as binaryCrossentropy(), but got ${describe(value)}`,
    );
  }
  const { name, ...options } = config;
  if (Object.hasOwn(shortNames, name)) {
    throw new ConfigError(`loss '${name}' is not known: write '${shortNames[name]}'`);
  }
  if (!Object.hasOwn(factories, name)) throw unknownName('loss', name, Object.keys(factories));
  return (factories[name as LossName] as (options: unknown) => Loss)(options);
}
