/**
 * What every metric is. One is made by a function that does two things:
 *
 *     precision({ threshold: 0.3 })       the metric with these options, for `compile`
 *     precision(yTrue, yPred, options)    its value of predictions from anywhere
 *
 * A metric adds up batch by batch and divides once, at the end, so that it is exact over all rows. Masked steps and
 * steps of weight 0 are left out; other weights weigh.
 */
import { ConfigError } from '../../core/errors.js';
import { log } from '../../core/math.js';
import { checkOptions, describe } from '../../core/options.js';
import type { FloatArray } from '../../core/tensor.js';
import { counts } from '../../kernels/losses.js';
import type { TargetKind } from '../losses.js';
import { type Predictions, type PredictionWeights, type Table, toTable } from './table.js';

/** A metric at work. */
export interface Metric {
  /** The name under which it is reported. */
  readonly name: string;
  /** Whether it keeps every row, so that its value is long in the making. */
  readonly keepsRows?: true;
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

/** What a metric does, whatever its name. */
export type Accumulator = Omit<Metric, 'name'>;

/** What a metric has to know of the loss whose targets and outputs it sees. */
export interface OutputKind {
  readonly name: string;
  readonly targetKind: TargetKind;
  /** Whether the outputs are logits, not probabilities. */
  readonly fromLogits: boolean;
}

/** A metric with its options: what `compile` takes. */
export interface MetricSpec {
  /** The name under which it is reported: its own, or the option `name`. */
  readonly name: string;
  /** What a saved file holds: its name, or that with its options; nothing where it is a function of the user's. */
  config(): string | { readonly metric: string; readonly [option: string]: unknown } | undefined;
  /** @throws ConfigError when it cannot be computed from the targets of the loss */
  create(loss: OutputKind): Metric;
}

/** The function of a metric: without arrays it makes one for `compile`, with arrays it gives the value. */
export interface MetricFunction<O extends object = object> {
  (options?: O & { name?: string }): MetricSpec;
  (
    yTrue: Predictions,
    yPred: Predictions,
    options?: O & { readonly sampleWeight?: PredictionWeights },
  ): number;
  /** The name by which `compile` knows it. */
  readonly metric: string;
}

interface Definition<O> {
  readonly metric: string;
  /** The names of its options. */
  readonly options: readonly (keyof O & string)[];
  /** The options with their defaults, checked. */
  check(options: O): Readonly<Required<{ [K in keyof O]: unknown }>> | object;
  /** The targets that it can be computed from. */
  readonly targets: readonly TargetKind[];
  /** How as many targets as outputs, several of them, are read where no loss says it. */
  readonly table: TargetKind;
  /** Whether plain arrays may hold the classes themselves in place of scores. */
  readonly labels?: boolean;
  /** What to do instead when the targets do not fit. */
  readonly mend?: string;
  create(options: never, outputs: OutputKind): Accumulator;
}

/** Makes the function of a metric. */
export function defineMetric<O extends object = object>(definition: Definition<O>): MetricFunction<O> {
  const { metric } = definition;
  const evaluate = (yTrue: Predictions, yPred: Predictions, given: Record<string, unknown>) => {
    checkOptions(metric, given, [...definition.options, 'sampleWeight']);
    const { sampleWeight, ...options } = given as { sampleWeight?: PredictionWeights };
    const table = toTable(metric, yTrue, yPred, sampleWeight, definition.labels);
    const targetKind = kindOf(table, definition);
    const outputs: OutputKind = { name: metric, targetKind, fromLogits: false };
    return evaluateTable(specOf(definition, options).create(outputs), table);
  };
  const call = (...given: readonly unknown[]) =>
    given.length < 2
      ? specOf(definition, given[0] as O)
      : evaluate(given[0] as Predictions, given[1] as Predictions, (given[2] ?? {}) as never);
  return Object.assign(call, { metric }) as unknown as MetricFunction<O>;
}

function specOf<O extends object>(definition: Definition<O>, given: object = {}): MetricSpec {
  const { metric, targets, mend } = definition;
  checkOptions(metric, given, [...definition.options, 'name']);
  const { name = metric, ...rest } = given as { name?: string };
  if (typeof name !== 'string' || name === '')
    throw new ConfigError(`${metric}: name is a text but is ${describe(name)}`);
  const options = definition.check(rest as O);
  const isPlain = name === metric && Object.keys(rest).length === 0;
  return {
    name,
    config: () => (isPlain ? metric : { metric, ...(name === metric ? {} : { name }), ...options }),
    create: (outputs) => {
      if (targets.includes(outputs.targetKind))
        return { name, ...definition.create(options as never, outputs) };
      throw new ConfigError(
        mend === undefined
          ? `metric '${metric}' cannot be computed from the targets of ${outputs.name}`
          : `metric '${metric}' ${mend.replace('?', outputs.name)}`,
      );
    },
  };
}

/** What the targets of plain arrays are. */
function kindOf({ columns, targetColumns }: Table, { targets, table }: Definition<never>): TargetKind {
  if (targetColumns !== columns) return 'classes';
  if (columns > 1) return table;
  return targets.includes('probabilities') ? 'probabilities' : 'values';
}

/** The value of a metric over all rows of a table. */
export function evaluateTable(metric: Accumulator, table: Table): number {
  metric.reset(table.rows);
  metric.update(table.y, table.targets, table.weights, table.mask, table.rows, table.columns);
  return metric.result();
}

/** A score a row. */
export type RowScore = (y: FloatArray, targets: FloatArray, row: number, columns: number) => number;

/** A score a row, averaged over the rows by weight, and something made of the average at the end. */
export function meanOf(score: RowScore, finish: (mean: number) => number = (mean) => mean): Accumulator {
  let sum = 0;
  let total = 0;
  return {
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
    result: () => finish(sum / total),
    state: () => Float64Array.of(sum, total),
    restore: (state) => {
      [sum = 0, total = 0] = state;
    },
  };
}

/** The output that decides where there are classes: the first of the largest. */
export function indexOfLargest(values: FloatArray, row: number, columns: number): number {
  const start = row * columns;
  let largest = 0;
  for (let k = 1; k < columns; k++) {
    if ((values[start + k] as number) > (values[start + largest] as number)) largest = k;
  }
  return largest;
}

/** The class that a target names: an index, or the largest of a distribution. */
export function targetClass(isIndex: boolean, targets: FloatArray, row: number, columns: number): number {
  return isIndex ? (targets[row] as number) : indexOfLargest(targets, row, columns);
}

/**
 * What an output has to exceed for a yes: `threshold`, a probability, or the logit of that; 0 by default where outputs
 * are logits or have a sign, 0.5 otherwise.
 */
export function cutOf(
  threshold: number | undefined,
  { targetKind, fromLogits }: Omit<OutputKind, 'name'>,
): number {
  if (threshold === undefined) return fromLogits || targetKind === 'signs' ? 0 : 0.5;
  return fromLogits ? log(threshold / (1 - threshold)) : threshold;
}
