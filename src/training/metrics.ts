/**
 * Metrics, exact over all rows that a pass over the data has seen: they are added up batch by batch and divided
 * once, at the end. Masked steps and steps of weight 0 are left out; other weights weigh.
 */
import { ConfigError } from '../core/errors.js';
import { describe, unknownName } from '../core/options.js';
import type { FloatArray } from '../core/tensor.js';
import { absoluteError, counts, type ElementLoss, squaredError } from '../kernels/losses.js';
import type { Loss, TargetKind } from './losses.js';
import { Ranking } from './ranking.js';

export type MetricName =
  | 'accuracy'
  | 'binaryAccuracy'
  | 'categoricalAccuracy'
  | 'sparseCategoricalAccuracy'
  | 'auc'
  | 'meanSquaredError'
  | 'meanAbsoluteError';

export interface Metric {
  /** The name under which it is reported: the one it was asked for by. */
  readonly name: MetricName;
  /** Begins anew; `rows` is how many rows or steps may come, so that `update` allocates nothing. */
  reset(rows: number): void;
  /** Takes a batch: y [rows, columns], the targets, weights [rows] and mask [rows]. */
  update(
    y: FloatArray,
    targets: FloatArray,
    weights: FloatArray,
    mask: Uint8Array,
    rows: number,
    columns: number,
  ): void;
  /** The value over all that came since `reset`; NaN where it is not defined. */
  result(): number;
  /** All that has come since `reset`, as numbers, for a checkpoint in the middle of an epoch. */
  state(): Float64Array;
  /** Goes on from what `state` gave, after a `reset`. */
  restore(state: Float64Array): void;
}

/** A score a row, averaged over the rows by weight. */
type RowScore = (y: FloatArray, targets: FloatArray, row: number, columns: number) => number;

function meanMetric(name: MetricName, score: RowScore): Metric {
  let sum = 0;
  let total = 0;
  return {
    name,
    reset: () => {
      sum = 0;
      total = 0;
    },
    update: (y, targets, weights, mask, rows, columns) => {
      for (let row = 0; row < rows; row++) {
        if (!counts(weights, mask, row)) continue;
        sum += (weights[row] as number) * score(y, targets, row, columns);
        total += weights[row] as number;
      }
    },
    result: () => sum / total,
    state: () => Float64Array.of(sum, total),
    restore: (state) => {
      [sum = 0, total = 0] = state;
    },
  };
}

/** The share of outputs on the right side of `threshold`: 0.5 for probabilities, 0 for logits. */
function binaryScore(threshold: number): RowScore {
  return (y, targets, row, columns) => {
    let right = 0;
    for (let k = row * columns; k < (row + 1) * columns; k++) {
      if ((y[k] as number) > threshold === (targets[k] as number) > 0.5) right++;
    }
    return right / columns;
  };
}

const categoricalScore: RowScore = (y, targets, row, columns) =>
  indexOfLargest(y, row, columns) === indexOfLargest(targets, row, columns) ? 1 : 0;

const sparseCategoricalScore: RowScore = (y, targets, row, columns) =>
  indexOfLargest(y, row, columns) === targets[row] ? 1 : 0;

function elementScore(loss: ElementLoss): RowScore {
  return (y, targets, row, columns) => {
    let sum = 0;
    for (let k = row * columns; k < (row + 1) * columns; k++) {
      sum += loss.value(y[k] as number, targets[k] as number);
    }
    return sum / columns;
  };
}

function indexOfLargest(values: FloatArray, row: number, columns: number): number {
  const start = row * columns;
  let largest = 0;
  for (let k = 1; k < columns; k++) {
    if ((values[start + k] as number) > (values[start + largest] as number)) largest = k;
  }
  return largest;
}

/** The area under the ROC curve, exact by rank: the chance that a positive scores above a negative. */
function aucMetric(name: MetricName): Metric {
  const ranking = new Ranking();
  let expectedRows = 0;
  return {
    name,
    reset: (rows) => {
      expectedRows = rows;
      ranking.clear();
    },
    update: (y, targets, weights, mask, rows, columns) => {
      ranking.reserve(expectedRows * columns);
      for (let row = 0; row < rows; row++) {
        if (!counts(weights, mask, row)) continue;
        for (let k = row * columns; k < (row + 1) * columns; k++) {
          ranking.add(y[k] as number, (targets[k] as number) > 0.5, weights[row] as number);
        }
      }
    },
    result: () => ranking.areaUnderCurve(),
    state: () => ranking.state(),
    restore: (state) => ranking.restore(state),
  };
}

const targetKinds: Record<Exclude<MetricName, 'accuracy'>, readonly TargetKind[]> = {
  binaryAccuracy: ['probabilities', 'values'],
  categoricalAccuracy: ['distribution', 'values'],
  sparseCategoricalAccuracy: ['classes'],
  auc: ['probabilities', 'values', 'distribution'],
  meanSquaredError: ['probabilities', 'values', 'distribution'],
  meanAbsoluteError: ['probabilities', 'values', 'distribution'],
};

const metricNames = ['accuracy', ...Object.keys(targetKinds)] as MetricName[];

const shortNames: Readonly<Record<string, MetricName>> = {
  acc: 'accuracy',
  mse: 'meanSquaredError',
  mae: 'meanAbsoluteError',
};

/** What `accuracy` means is decided by the loss, as in Keras. */
function resolveAccuracy(loss: Loss): Exclude<MetricName, 'accuracy'> {
  if (loss.targetKind === 'classes') return 'sparseCategoricalAccuracy';
  if (loss.targetKind === 'distribution') return 'categoricalAccuracy';
  if (loss.targetKind === 'probabilities') return 'binaryAccuracy';
  throw new ConfigError(
    `metric 'accuracy' needs a loss for classes but the loss is ${loss.name}: ` +
      "name the accuracy you mean, 'binaryAccuracy' or 'categoricalAccuracy', or leave it out",
  );
}

/**
 * Makes the metric that a name stands for under a loss.
 *
 * @throws ConfigError for a name that is not known, or one that does not go with the loss's targets
 */
export function createMetric(name: MetricName, loss: Loss): Metric {
  if (typeof name !== 'string') throw new ConfigError(`a metric is a name but got ${describe(name)}`);
  if (Object.hasOwn(shortNames, name)) {
    throw new ConfigError(`metric '${name}' is not known: write '${shortNames[name]}'`);
  }
  if (!metricNames.includes(name)) throw unknownName('metric', name, metricNames);
  const kind = name === 'accuracy' ? resolveAccuracy(loss) : name;
  if (!targetKinds[kind].includes(loss.targetKind)) {
    throw new ConfigError(`metric '${name}' cannot be computed from the targets of ${loss.name}`);
  }
  switch (kind) {
    case 'binaryAccuracy':
      return meanMetric(name, binaryScore(loss.fromLogits ? 0 : 0.5));
    case 'categoricalAccuracy':
      return meanMetric(name, categoricalScore);
    case 'sparseCategoricalAccuracy':
      return meanMetric(name, sparseCategoricalScore);
    case 'auc':
      return aucMetric(name);
    case 'meanSquaredError':
      return meanMetric(name, elementScore(squaredError));
    case 'meanAbsoluteError':
      return meanMetric(name, elementScore(absoluteError));
  }
}
