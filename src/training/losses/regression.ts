/** Losses of numbers. */
import { ConfigError } from '../../core/errors.js';
import { checkBoolean, checkNumber, checkOptions, describe } from '../../core/options.js';
import {
  gaussianLossBackward,
  gaussianLossForward,
  quantileLossBackward,
  quantileLossForward,
} from '../../kernels/distribution-losses.js';
import {
  logCosh as logCoshElement,
  poisson as poissonElement,
  poissonOfLog,
} from '../../kernels/element-losses.js';
import { absoluteError, type ElementLoss, huberError, squaredError } from '../../kernels/losses.js';
import { cosineSimilarityBackward, cosineSimilarityForward } from '../../kernels/row-losses.js';
import { elementKernels, type Loss, plainLoss } from './loss.js';
import { positive } from './output-ranges.js';
import { counts, outcomes } from './target-rules.js';

const LOG_TWO_PI = 1.8378770664093453;

function elementLoss(config: { name: string; [option: string]: unknown }, element: ElementLoss): Loss {
  return plainLoss(config, (planner) => elementKernels(planner, element));
}

/** `(y - t)^2`, the mean over the outputs. */
export function meanSquaredError(): Loss {
  return elementLoss({ name: 'meanSquaredError' }, squaredError);
}

/** `|y - t|`, the mean over the outputs. */
export function meanAbsoluteError(): Loss {
  return elementLoss({ name: 'meanAbsoluteError' }, absoluteError);
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
  return elementLoss({ name: 'huber', delta }, huberError(delta));
}

/** `log cosh (y - t)`, the mean over the outputs: half the square of a small error, the size of a large one. */
export function logCosh(): Loss {
  return elementLoss({ name: 'logCosh' }, logCoshElement);
}

export interface PoissonOptions {
  /** Whether the outputs are logarithms of rates, not rates; false by default, as in Keras (PyTorch: true). */
  logInput?: boolean;
  /** What is added to a rate before its logarithm; 1e-7 by default. */
  epsilon?: number;
}

/**
 * `y - t log y`, the negative log-likelihood of a count t under a Poisson distribution of rate y, without the terms that
 * do not depend on y; the mean over the outputs. Outputs have to be above 0, unless they are logarithms.
 *
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example poisson({ logInput: true })
 */
export function poisson(options: PoissonOptions = {}): Loss {
  checkOptions('poisson', options, ['logInput', 'epsilon']);
  const logInput = checkBoolean('poisson: logInput', options.logInput ?? false);
  const epsilon = checkNumber('poisson: epsilon', options.epsilon ?? 1e-7, { above: 0 });
  const element = logInput ? poissonOfLog : poissonElement(epsilon);
  return plainLoss(
    logInput ? { name: 'poisson', logInput } : { name: 'poisson', logInput, epsilon },
    (planner) => elementKernels(planner, element),
    {
      targets: counts,
      ...(logInput ? {} : { range: positive }),
      mend: "give it { activation: 'softplus' }, or the loss { logInput: true }",
    },
  );
}

/**
 * Minus the cosine of the angle between outputs and targets: -1 where they point the same way, 0 for one without a
 * length.
 */
export function cosineSimilarity(): Loss {
  return plainLoss({ name: 'cosineSimilarity' }, ({ backend }) => {
    const kernels = backend.bind({ cosineSimilarityForward, cosineSimilarityBackward });
    return { forward: kernels.cosineSimilarityForward, backward: kernels.cosineSimilarityBackward };
  });
}

export interface QuantileOptions {
  /** The quantiles that the outputs are meant to be; the median alone by default. */
  quantiles?: readonly number[];
}

/**
 * The loss whose minimum is a quantile, `max(q e, (q - 1) e)` of an error `e = t - y` (Koenker and Bassett 1978). A model
 * has an output for each quantile, and for several targets those of the first target come first; the mean over the
 * outputs.
 *
 * @throws ConfigError for what is no array of numbers between 0 and 1
 *
 * @example quantile({ quantiles: [0.1, 0.5, 0.9] }) // behind dense(3)
 */
export function quantile(options: QuantileOptions = {}): Loss {
  checkOptions('quantile', options, ['quantiles']);
  const { quantiles = [0.5] } = options;
  if (!Array.isArray(quantiles) || quantiles.length === 0) {
    throw new ConfigError(
      `quantile: quantiles is an array such as [0.1, 0.5, 0.9] but is ${describe(quantiles)}`,
    );
  }
  const levels = Float64Array.from(quantiles, (q, k) =>
    checkNumber(`quantile: quantiles[${k}]`, q, { above: 0, below: 1 }),
  );
  return plainLoss(
    { name: 'quantile', quantiles: [...levels] },
    ({ backend }) => {
      const kernels = backend.bind({ quantileLossForward, quantileLossBackward });
      return {
        forward: (y, target, weights, mask, rows, columns) =>
          kernels.quantileLossForward(y, target, weights, mask, levels, rows, columns),
        backward: (y, target, weights, mask, dy, rows, columns, factor) =>
          kernels.quantileLossBackward(y, target, weights, mask, levels, dy, rows, columns, factor),
      };
    },
    {
      targets: outcomes,
      targetColumns: (outputs) => divided('quantile', outputs, levels.length, 'one for each quantile'),
    },
  );
}

function divided(name: string, outputs: number, each: number, what: string): number {
  if (outputs % each === 0) return outputs / each;
  throw new ConfigError(`${name} needs ${each} outputs a target, ${what}, but the model has ${outputs}`);
}

export interface GaussianOptions {
  /** Whether the constant log(2 pi) / 2 is part of the loss; false by default, as in PyTorch. */
  full?: boolean;
}

/**
 * The negative log-likelihood of a target under a normal distribution, `(v + (t - m)^2 e^-v) / 2` (Nix and Weigend 1994).
 * A model has two outputs for each target: first the means m, then the logarithms v of the variances.
 *
 * @throws ConfigError for an option that is unknown
 *
 * @example gaussianNegativeLogLikelihood() // behind dense(2): mean and log variance
 */
export function gaussianNegativeLogLikelihood(options: GaussianOptions = {}): Loss {
  const name = 'gaussianNegativeLogLikelihood';
  checkOptions(name, options, ['full']);
  const full = checkBoolean(`${name}: full`, options.full ?? false);
  const constant = full ? LOG_TWO_PI : 0;
  return plainLoss(
    { name, full },
    ({ backend }) => {
      const kernels = backend.bind({ gaussianLossForward, gaussianLossBackward });
      return {
        forward: (y, target, weights, mask, rows, columns) =>
          kernels.gaussianLossForward(y, target, weights, mask, rows, columns / 2, constant),
        backward: (y, target, weights, mask, dy, rows, columns, factor) =>
          kernels.gaussianLossBackward(y, target, weights, mask, dy, rows, columns / 2, factor),
      };
    },
    {
      targets: outcomes,
      targetColumns: (outputs) => divided(name, outputs, 2, 'a mean and a log variance'),
    },
  );
}
