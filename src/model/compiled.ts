/** How a model is trained: optimizer, losses and metrics. */
import { ConfigError } from '../core/errors.js';
import type { MetricSpec } from '../training/metrics/metric.js';
import type { Optimizer } from '../training/optimizers/optimizer.js';
import type { OutputReport } from '../training/run.js';
import type { Goal } from '../training/trainable.js';
import type { Ports } from './ports.js';

/** An output that has a loss. */
export interface CompiledOutput extends Goal {
  /** How much the loss weighs in that of the model. */
  readonly weight: number;
  readonly metricSpecs: readonly MetricSpec[];
}

export interface Compiled {
  readonly optimizer: Optimizer;
  /** In the order of the model's outputs; those without a loss are left out. */
  readonly outputs: readonly CompiledOutput[];
  readonly reports: readonly OutputReport[];
  /** Sets of their own, so that an evaluation in the middle of training, or of its validation, disturbs nothing. */
  readonly validationReports: readonly OutputReport[];
  readonly evaluationReports: readonly OutputReport[];
}

/** @throws ConfigError for metrics that do not go with the loss */
export function createCompiled(
  optimizer: Optimizer,
  outputs: readonly CompiledOutput[],
  ports: Ports,
): Compiled {
  const create = () => createReports(outputs, ports);
  return {
    optimizer,
    outputs,
    reports: create(),
    validationReports: create(),
    evaluationReports: create(),
  };
}

/** What is to be reported of each output, with metrics that have seen nothing yet. */
export function createReports(outputs: readonly CompiledOutput[], ports: Ports): OutputReport[] {
  return outputs.map(({ output, loss, weight, metricSpecs }) => ({
    prefix: ports.names.length === 1 ? '' : `${ports.names[output]}_`,
    weight,
    metrics: metricSpecs.map((spec) => spec.create(loss)),
  }));
}

/** @throws ConfigError for two metrics of one name */
export function checkMetricNames(specs: readonly MetricSpec[]): readonly MetricSpec[] {
  const names = ['loss', ...specs.map(({ name }) => name)];
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return specs;
  throw new ConfigError(
    `compile: metric '${twice}' is asked for twice: give one of them the option { name: ... }`,
  );
}
