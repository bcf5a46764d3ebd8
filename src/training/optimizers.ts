/** Optimizers: their options, and what each does to one weight. The arithmetic is kernels/optimizers.ts. */
import type { Backend } from '../backend/backend.js';
import { ConfigError } from '../core/errors.js';
import { power } from '../core/math.js';
import { checkBoolean, checkNumber, checkOptions, describe, unknownName } from '../core/options.js';
import type { Parameter } from '../core/parameter.js';
import type { Region } from '../core/region.js';
import { adamUpdate, momentumUpdate, sgdUpdate } from '../kernels/optimizers.js';
import { type Schedule, toLearningRate } from './schedules.js';

/** At most one of the three limits of gradients, with Keras's meanings. */
export interface ClipOptions {
  /** The largest norm that the gradient of each weight may have: `g * min(1, clipNorm / norm)`. */
  clipNorm?: number;
  /** The largest norm that the gradients of all weights together may have. */
  globalClipNorm?: number;
  /** The largest absolute value that a number of a gradient may have. */
  clipValue?: number;
}

const clipNames = ['clipNorm', 'globalClipNorm', 'clipValue'] as const;

export interface Optimizer {
  readonly name: OptimizerName;
  /** The arrays it keeps beside every weight: Adam's `m` and `v`. */
  readonly stateNames: readonly string[];
  readonly learningRate: number | Schedule;
  readonly clip: Readonly<ClipOptions>;
  /** What a saved file holds. */
  config(): { readonly name: OptimizerName; readonly [option: string]: unknown };
  /** Takes what it needs of the backend's kernels; the function returned updates one weight in place. */
  bind(backend: Backend): UpdateParameter;
}

/** Updates one weight from its gradient, at the update after `iterations` others. */
export type UpdateParameter = (
  parameter: Parameter,
  state: readonly Region[],
  learningRate: number,
  iterations: number,
) => void;

export interface SgdOptions extends ClipOptions {
  /** A number, or a schedule; 0.01 by default. */
  learningRate?: number | Schedule;
  /** How much of the last step is added to the next; 0 by default. */
  momentum?: number;
  /** Whether the gradient counts as taken after the momentum's step (Nesterov 1983); false by default. */
  nesterov?: boolean;
}

export interface AdamOptions extends ClipOptions {
  /** A number, or a schedule; 0.001 by default. */
  learningRate?: number | Schedule;
  /** The decay of the mean of gradients; 0.9 by default. */
  beta1?: number;
  /** The decay of the mean of their squares; 0.999 by default. */
  beta2?: number;
  /** Added to the root of the mean square, after its bias is corrected; 1e-7 by default. */
  epsilon?: number;
}

const hints = {
  lr: 'write learningRate',
  decay: 'give learningRate a schedule',
  weightDecay: 'give the layers a kernelRegularizer: l2(...)',
};

/**
 * Stochastic gradient descent, with momentum and Nesterov's variant of it.
 *
 * @throws ConfigError for an option that is unknown or out of range
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  checkOptions('sgd', options, ['learningRate', 'momentum', 'nesterov', ...clipNames], hints);
  const learningRate = toLearningRate('sgd: learningRate', options.learningRate ?? 0.01);
  const momentum = checkNumber('sgd: momentum', options.momentum ?? 0, { min: 0, max: 1 });
  const nesterov = checkBoolean('sgd: nesterov', options.nesterov ?? false);
  const clip = checkClip('sgd', options);
  if (nesterov && momentum === 0) throw new ConfigError('sgd: nesterov needs a momentum: { momentum: 0.9 }');
  return {
    name: 'sgd',
    stateNames: momentum === 0 ? [] : ['velocity'],
    learningRate,
    clip,
    config: () => ({ name: 'sgd', learningRate: rateConfig(learningRate), momentum, nesterov, ...clip }),
    bind: (backend) => {
      const kernels = backend.bind({ sgdUpdate, momentumUpdate });
      return ({ value, gradient }, [velocity], rate) => {
        if (velocity === undefined) kernels.sgdUpdate(value.array, gradient.array, value.length, rate);
        else {
          const { array: w, length } = value;
          kernels.momentumUpdate(w, gradient.array, velocity.array, length, rate, momentum, nesterov);
        }
      };
    },
  };
}

/**
 * Adam (Kingma and Ba 2015, Algorithm 1). The defaults are Keras's; epsilon stands outside of the bias
 * correction, as in the paper and in PyTorch.
 *
 * @throws ConfigError for an option that is unknown or out of range
 */
export function adam(options: AdamOptions = {}): Optimizer {
  checkOptions('adam', options, ['learningRate', 'beta1', 'beta2', 'epsilon', ...clipNames], {
    ...hints,
    amsgrad: 'this version does not have it',
  });
  const learningRate = toLearningRate('adam: learningRate', options.learningRate ?? 0.001);
  const beta1 = checkNumber('adam: beta1', options.beta1 ?? 0.9, { min: 0, below: 1 });
  const beta2 = checkNumber('adam: beta2', options.beta2 ?? 0.999, { min: 0, below: 1 });
  const epsilon = checkNumber('adam: epsilon', options.epsilon ?? 1e-7, { min: 0 });
  const clip = checkClip('adam', options);
  return {
    name: 'adam',
    stateNames: ['m', 'v'],
    learningRate,
    clip,
    config: () => ({ name: 'adam', learningRate: rateConfig(learningRate), beta1, beta2, epsilon, ...clip }),
    bind: (backend) => {
      const kernels = backend.bind({ adamUpdate });
      return ({ value, gradient }, state, rate, iterations) => {
        const [m, v] = state as readonly [Region, Region];
        kernels.adamUpdate(
          value.array,
          gradient.array,
          m.array,
          v.array,
          value.length,
          rate,
          beta1,
          beta2,
          epsilon,
          1 - power(beta1, iterations + 1),
          1 - power(beta2, iterations + 1),
        );
      };
    },
  };
}

function rateConfig(learningRate: number | Schedule): unknown {
  return typeof learningRate === 'number' ? learningRate : learningRate.config();
}

function checkClip(where: string, options: ClipOptions): ClipOptions {
  const given = clipNames.filter((name) => options[name] !== undefined);
  if (given.length > 1) {
    throw new ConfigError(`${where} takes one of ${clipNames.join(', ')} but got ${given.join(' and ')}`);
  }
  const [name] = given;
  if (name === undefined) return {};
  return { [name]: checkNumber(`${where}: ${name}`, options[name], { above: 0 }) };
}

const factories = { sgd, adam };

/** `'sgd'` and `'adam'` are each with its defaults. */
export type OptimizerName = keyof typeof factories;

/** An optimizer from its name, from what a saved file holds of it, or itself. */
export function toOptimizer(value: OptimizerName | Optimizer | { readonly name: string }): Optimizer {
  if (typeof value === 'object' && value !== null && 'bind' in value) return value;
  const config = typeof value === 'string' ? { name: value } : value;
  if (typeof config !== 'object' || config === null || typeof config.name !== 'string') {
    throw new ConfigError(`optimizer is a name or one itself, such as adam(), but got ${describe(value)}`);
  }
  const { name, ...options } = config;
  if (!Object.hasOwn(factories, name)) throw unknownName('optimizer', name, Object.keys(factories));
  return (factories[name as OptimizerName] as (options: unknown) => Optimizer)(options);
}
