/** Learning rates that change with the number of updates made. Names and meanings are Keras's. */

import { ConfigError } from '../core/errors.js';
import { cosine, exp, log } from '../core/math.js';
import {
  checkBoolean,
  checkInteger,
  checkNumber,
  checkOptions,
  describe,
  unknownName,
} from '../core/options.js';

export interface Schedule {
  /** The learning rate of the update after `iterations` updates: 0 for the first. */
  at(iterations: number): number;
  /** What a saved file holds. */
  config(): { readonly name: ScheduleName; readonly [option: string]: unknown };
}

export type ScheduleName = 'exponentialDecay' | 'cosineDecay' | 'piecewiseConstant';

/**
 * `initialLearningRate * decayRate ^ (iterations / decaySteps)`; with `staircase` the exponent is rounded down.
 *
 * @throws ConfigError for a value out of range
 */
export function exponentialDecay(options: {
  initialLearningRate: number;
  decaySteps: number;
  decayRate: number;
  staircase?: boolean;
}): Schedule {
  checkOptions('exponentialDecay', options, ['initialLearningRate', 'decaySteps', 'decayRate', 'staircase']);
  const { initialLearningRate, decaySteps, decayRate, staircase = false } = options;
  checkNumber('exponentialDecay: initialLearningRate', initialLearningRate, { min: 0 });
  checkInteger('exponentialDecay: decaySteps', decaySteps);
  checkNumber('exponentialDecay: decayRate', decayRate, { above: 0 });
  checkBoolean('exponentialDecay: staircase', staircase);
  const logRate = log(decayRate);
  return {
    at: (iterations) => {
      const exponent = iterations / decaySteps;
      return initialLearningRate * exp(logRate * (staircase ? Math.floor(exponent) : exponent));
    },
    config: () => ({ name: 'exponentialDecay', initialLearningRate, decaySteps, decayRate, staircase }),
  };
}

/**
 * Half a cosine from `initialLearningRate` down to `alpha` times it (0 by default) in `decaySteps` updates, and
 * there it stays (Loshchilov and Hutter 2017, without restarts).
 *
 * @throws ConfigError for a value out of range
 */
export function cosineDecay(options: {
  initialLearningRate: number;
  decaySteps: number;
  alpha?: number;
}): Schedule {
  checkOptions('cosineDecay', options, ['initialLearningRate', 'decaySteps', 'alpha']);
  const { initialLearningRate, decaySteps, alpha = 0 } = options;
  checkNumber('cosineDecay: initialLearningRate', initialLearningRate, { min: 0 });
  checkInteger('cosineDecay: decaySteps', decaySteps);
  checkNumber('cosineDecay: alpha', alpha, { min: 0, max: 1 });
  return {
    at: (iterations) => {
      const done = Math.min(iterations, decaySteps) / decaySteps;
      const wave = 0.5 * (1 + cosine(Math.PI * done));
      return initialLearningRate * ((1 - alpha) * wave + alpha);
    },
    config: () => ({ name: 'cosineDecay', initialLearningRate, decaySteps, alpha }),
  };
}

/**
 * `values[0]` up to and including iteration `boundaries[0]`, then `values[1]`, and so on.
 *
 * @throws ConfigError unless boundaries rise and there is one value more than boundaries
 */
export function piecewiseConstant(options: {
  boundaries: readonly number[];
  values: readonly number[];
}): Schedule {
  checkOptions('piecewiseConstant', options, ['boundaries', 'values']);
  const { boundaries, values } = options;
  if (!Array.isArray(boundaries) || !Array.isArray(values) || values.length !== boundaries.length + 1) {
    throw new ConfigError(
      `piecewiseConstant needs one value more than boundaries but got ${describe(values)} for ${describe(boundaries)}`,
    );
  }
  values.forEach((value, i) => void checkNumber(`piecewiseConstant: values[${i}]`, value, { min: 0 }));
  boundaries.forEach((boundary, i) => {
    const min = i === 0 ? 0 : (boundaries[i - 1] as number) + 1;
    checkInteger(`piecewiseConstant: boundaries[${i}]`, boundary, { min });
  });
  return {
    at: (iterations) => {
      const piece = boundaries.findIndex((boundary) => iterations <= boundary);
      return values[piece === -1 ? boundaries.length : piece] as number;
    },
    config: () => ({ name: 'piecewiseConstant', boundaries: [...boundaries], values: [...values] }),
  };
}

const factories: Record<ScheduleName, (options: never) => Schedule> = {
  exponentialDecay,
  cosineDecay,
  piecewiseConstant,
};

/** A learning rate: a number, a schedule, or what a saved file holds of one. */
export function toLearningRate(where: string, value: unknown): number | Schedule {
  if (typeof value === 'number') return checkNumber(where, value, { min: 0 });
  if (typeof value === 'object' && value !== null) {
    if ('at' in value) return value as Schedule;
    const { name, ...options } = value as { name?: unknown };
    if (typeof name === 'string') {
      if (!Object.hasOwn(factories, name))
        throw unknownName(`${where}: schedule`, name, Object.keys(factories));
      return (factories[name as ScheduleName] as (options: unknown) => Schedule)(options);
    }
  }
  throw new ConfigError(`${where} is a number or a schedule such as cosineDecay but got ${describe(value)}`);
}
