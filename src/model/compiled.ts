/** How a model is trained: optimizer, loss and metrics, looked up by their names. */
import { ConfigError } from '../core/errors.js';
import { checkOptions, describe } from '../core/options.js';
import { type Loss, toLoss } from '../training/losses.js';
import { createMetric, type Metric, type MetricName } from '../training/metrics.js';
import type { Optimizer } from '../training/optimizers/optimizer.js';
import { toOptimizer } from '../training/optimizers.js';
import type { CompileOptions } from './options.js';

export interface Compiled {
  readonly optimizer: Optimizer;
  readonly loss: Loss;
  readonly metricNames: readonly MetricName[];
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
  const metricNames = options.metrics ?? [];
  if (!Array.isArray(metricNames)) {
    throw new ConfigError(`compile: metrics is an array of names but got ${describe(metricNames)}`);
  }
  const twice = metricNames.find((name, i) => metricNames.indexOf(name) !== i);
  if (twice !== undefined) throw new ConfigError(`compile: metric '${twice}' is asked for twice`);
  const create = () => metricNames.map((name) => createMetric(name, loss));
  return {
    optimizer,
    loss,
    metricNames,
    metrics: create(),
    validationMetrics: create(),
    evaluationMetrics: create(),
  };
}
