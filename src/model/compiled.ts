/** How a model is trained: optimizer, loss and metrics, looked up by their names. */
import { ConfigError } from '../core/errors.js';
import { checkOptions, describe } from '../core/options.js';
import { type Loss, toLoss } from '../training/losses.js';
import type { Metric, MetricSpec } from '../training/metrics/metric.js';
import { toMetric } from '../training/metrics.js';
import type { Optimizer } from '../training/optimizers/optimizer.js';
import { toOptimizer } from '../training/optimizers.js';
import type { CompileOptions } from './options.js';

export interface Compiled {
  readonly optimizer: Optimizer;
  readonly loss: Loss;
  readonly metricSpecs: readonly MetricSpec[];
  readonly metrics: readonly Metric[];
  /** Sets of their own, so that an evaluation in the middle of training, or of its validation, disturbs nothing. */
  readonly validationMetrics: readonly Metric[];
  readonly evaluationMetrics: readonly Metric[];
}

/** @throws ConfigError for a name that is not known, or metrics that do not go with the loss */
export function toCompiled(options: CompileOptions): Compiled {
  checkOptions('compile', options, ['optimizer', 'loss', 'metrics']);
  if (options.loss === undefined) {
    throw new ConfigError("compile needs a loss, such as { loss: 'binaryCrossentropy' }");
  }
  const optimizer = toOptimizer(options.optimizer ?? 'adam');
  const loss = toLoss(options.loss);
  const metricSpecs = toList(options.metrics ?? []).map(toMetric);
  const names = ['loss', ...metricSpecs.map(({ name }) => name)];
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new ConfigError(
      `compile: metric '${twice}' is asked for twice: give one of them the option { name: ... }`,
    );
  }
  const create = () => metricSpecs.map((spec) => spec.create(loss));
  return {
    optimizer,
    loss,
    metricSpecs,
    metrics: create(),
    validationMetrics: create(),
    evaluationMetrics: create(),
  };
}

/** @throws ConfigError for metrics that are no array */
export function toList<T>(metrics: readonly T[]): readonly T[] {
  if (Array.isArray(metrics)) return metrics;
  throw new ConfigError(`compile: metrics is an array of names or functions but got ${describe(metrics)}`);
}

/** What a file holds of a metric. */
export type MetricConfig = Exclude<ReturnType<MetricSpec['config']>, undefined>;

/** @throws ConfigError for a function of the user's */
export function metricConfig(spec: MetricSpec): MetricConfig {
  const config = spec.config();
  if (config !== undefined) return config;
  throw new ConfigError(
    `metric '${spec.name}' is a function of your own, which no file can hold: compile without it to save the model`,
  );
}
