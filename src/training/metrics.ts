/** Metrics by their names. Each family is in a file of its own in metrics/. */
import { ConfigError } from '../core/errors.js';
import { describe, unknownName } from '../core/options.js';
import {
  accuracy,
  binaryAccuracy,
  categoricalAccuracy,
  sparseCategoricalAccuracy,
  topKAccuracy,
} from './metrics/accuracy.js';
import { cohenKappa, f1, matthews, precision, recall, specificity } from './metrics/decisions.js';
import type { MetricFunction, MetricSpec } from './metrics/metric.js';
import { keepMetric, type OwnMetric, ownMetric, registeredMetric } from './metrics/own.js';
import { brierScore, expectedCalibrationError, logLoss, perplexity } from './metrics/probability.js';
import { auc, averagePrecision } from './metrics/ranked.js';
import {
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanAbsoluteScaledError,
  meanSquaredError,
  quantileLoss,
  r2Score,
  rootMeanSquaredError,
  symmetricMeanAbsolutePercentageError,
} from './metrics/regression.js';

const metrics = {
  accuracy,
  binaryAccuracy,
  categoricalAccuracy,
  sparseCategoricalAccuracy,
  topKAccuracy,
  auc,
  averagePrecision,
  precision,
  recall,
  f1,
  specificity,
  cohenKappa,
  matthews,
  logLoss,
  perplexity,
  brierScore,
  expectedCalibrationError,
  meanSquaredError,
  rootMeanSquaredError,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  symmetricMeanAbsolutePercentageError,
  meanAbsoluteScaledError,
  r2Score,
  quantileLoss,
};

export type MetricName = keyof typeof metrics;

/** A metric by its name, with its options, as its function, or as a function of your own. */
export type MetricInput = MetricName | MetricSpec | MetricFunction | OwnMetric;

const shortNames: Readonly<Record<string, MetricName>> = {
  acc: 'accuracy',
  mse: 'meanSquaredError',
  rmse: 'rootMeanSquaredError',
  mae: 'meanAbsoluteError',
  mape: 'meanAbsolutePercentageError',
  smape: 'symmetricMeanAbsolutePercentageError',
  mase: 'meanAbsoluteScaledError',
  r2: 'r2Score',
  mcc: 'matthews',
  ece: 'expectedCalibrationError',
  pinball: 'quantileLoss',
};

/**
 * The metric that a name, a function, or what a saved file holds stands for.
 *
 * @throws ConfigError for a name that is not known, or options that do not fit
 */
export function toMetric(value: MetricInput | string | { readonly metric: string }): MetricSpec {
  if (typeof value === 'function') return 'metric' in value ? value() : ownMetric(value);
  if (isSpec(value)) return value;
  const config: object = typeof value === 'string' ? { metric: value } : (value ?? {});
  const { metric: name, ...options } = config as { metric?: unknown };
  if (typeof name !== 'string') {
    throw new ConfigError(`a metric is a name or a function but got ${describe(value)}`);
  }
  if (Object.hasOwn(shortNames, name)) {
    throw new ConfigError(`metric '${name}' is not known: write '${shortNames[name]}'`);
  }
  if (Object.hasOwn(metrics, name)) return (metrics[name as MetricName] as MetricFunction)(options);
  const own = registeredMetric(name);
  if (own) return own;
  throw unknownName('metric', name, Object.keys(metrics));
}

/**
 * Makes a metric of your own known by its name, so that files and checkpoints of models that report it can be written and
 * read.
 *
 * @throws ConfigError for what is no function with a name, or has the name of a metric of this library
 *
 * @example registerMetric(largestError);
 */
export function registerMetric(metric: OwnMetric): void {
  if (typeof metric !== 'function') {
    throw new ConfigError(`registerMetric takes a function but got ${describe(metric)}`);
  }
  if (Object.hasOwn(metrics, metric.name) || Object.hasOwn(shortNames, metric.name)) {
    throw new ConfigError(
      `registerMetric: '${metric.name}' is a metric of this library: give yours another name`,
    );
  }
  keepMetric(metric);
}

/** A live metric; what a file holds has no functions. */
function isSpec(value: unknown): value is MetricSpec {
  return typeof value === 'object' && value !== null && typeof (value as MetricSpec).create === 'function';
}
