/** How a model is to be trained, looked up by the names of optimizer, losses and metrics. */
import { ConfigError } from '../core/errors.js';
import { checkNumber, checkOptions, describe } from '../core/options.js';
import { type Loss, type LossInput, toLoss } from '../training/losses.js';
import type { MetricSpec } from '../training/metrics/metric.js';
import { type MetricInput, toMetric } from '../training/metrics.js';
import { toOptimizer } from '../training/optimizers.js';
import { type Compiled, type CompiledOutput, checkMetricNames, createCompiled } from './compiled.js';
import type { CompileOptions } from './options.js';
import { list, type Ports, type SymbolicPorts } from './ports.js';

/** @throws ConfigError for a name that is not known, or metrics that do not go with the loss */
export function toCompiled<O extends SymbolicPorts>(options: CompileOptions<O>, ports: Ports): Compiled {
  checkOptions('compile', options, ['optimizer', 'loss', 'lossWeights', 'metrics']);
  if (options.loss === undefined) {
    throw new ConfigError("compile needs a loss, such as { loss: 'binaryCrossentropy' }");
  }
  const optimizer = toOptimizer(options.optimizer ?? 'adam');
  return createCompiled(optimizer, toOutputs(options, ports), ports);
}

function toOutputs<O extends SymbolicPorts>(options: CompileOptions<O>, ports: Ports): CompiledOutput[] {
  const losses = forEachPort('compile: loss', ports, options.loss, isLoss);
  const weights = forEachPort('compile: lossWeights', ports, options.lossWeights, isNumber);
  const metrics = forEachPort('compile: metrics', ports, options.metrics, isList);
  const outputs: CompiledOutput[] = [];
  losses.forEach((loss, output) => {
    const suffix = ports.suffix(output);
    if (loss !== undefined) {
      const weight = checkNumber(`compile: lossWeights${suffix}`, weights[output] ?? 1, { min: 0 });
      const metricSpecs = toMetrics(`compile: metrics${suffix}`, metrics[output] ?? []);
      outputs.push({ output, loss: toLoss(loss as LossInput), weight, metricSpecs });
    } else if (weights[output] !== undefined || (metrics[output] !== undefined && !isList(options.metrics))) {
      throw new ConfigError(
        `compile: the output ${ports.names[output]} has no loss, so it can have neither metrics nor a weight: ` +
          `give loss${suffix} one`,
      );
    }
  });
  if (outputs.length === 0) {
    throw new ConfigError(
      `compile: loss names no output that it is for: give one of ${list(ports.names)} a loss`,
    );
  }
  return outputs;
}

/** The value for each port: the one for all, or those in the form of the ports. */
function forEachPort(
  what: string,
  ports: Ports,
  given: unknown,
  isOne: (value: unknown) => boolean,
): unknown[] {
  if (given === undefined || ports.form === 'one' || isOne(given)) return ports.names.map(() => given);
  try {
    return ports.read(what, given);
  } catch (error) {
    throw new ConfigError((error as Error).message);
  }
}

function isLoss(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return 'kernels' in value || 'forward' in value || 'backward' in value;
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number';
}

function isList(value: unknown): boolean {
  return Array.isArray(value) && !value.some(Array.isArray);
}

function toMetrics(what: string, metrics: unknown): readonly MetricSpec[] {
  if (!Array.isArray(metrics)) {
    throw new ConfigError(`${what} is an array of names or functions but got ${describe(metrics)}`);
  }
  return checkMetricNames((metrics as readonly MetricInput[]).map(toMetric));
}

/** What a file holds of a metric. */
export type MetricConfig = Exclude<ReturnType<MetricSpec['config']>, undefined>;

/** @throws ConfigError for a function of the user's */
export function metricConfig(spec: MetricSpec): MetricConfig {
  const config = spec.config();
  if (config !== undefined) return config;
  throw new ConfigError(
    `metric '${spec.name}' is a function of your own: make it known by registerMetric, or save the model with { includeOptimizer: false }`,
  );
}

/** What a file holds of a loss. */
export type LossConfig = NonNullable<ReturnType<Loss['config']>>;

/** @throws ConfigError for a loss of the user's */
export function lossConfig(loss: Loss): LossConfig {
  const config = loss.config();
  if (config !== undefined) return config;
  throw new ConfigError(
    `loss '${loss.name}' is your own: make it known by registerLoss, or save the model with { includeOptimizer: false }`,
  );
}
