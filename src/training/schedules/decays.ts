/** Learning rates that fall by a formula, or in steps. Names and meanings are Keras's. */
import { ConfigError } from '../../core/errors.js';
import { exp, log } from '../../core/math.js';
import { checkBoolean, checkInteger, checkNumber, checkOptions, describe } from '../../core/options.js';
import type { Schedule } from './schedule.js';

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
 * `initialLearningRate / (1 + decayRate * iterations / decaySteps)`; with `staircase` the quotient is rounded down.
 *
 * @throws ConfigError for a value out of range
 */
export function inverseTimeDecay(options: {
  initialLearningRate: number;
  decaySteps: number;
  decayRate: number;
  staircase?: boolean;
}): Schedule {
  checkOptions('inverseTimeDecay', options, ['initialLearningRate', 'decaySteps', 'decayRate', 'staircase']);
  const { initialLearningRate, decaySteps, decayRate, staircase = false } = options;
  checkNumber('inverseTimeDecay: initialLearningRate', initialLearningRate, { min: 0 });
  checkInteger('inverseTimeDecay: decaySteps', decaySteps);
  checkNumber('inverseTimeDecay: decayRate', decayRate, { min: 0 });
  checkBoolean('inverseTimeDecay: staircase', staircase);
  return {
    at: (iterations) => {
      const periods = iterations / decaySteps;
      return initialLearningRate / (1 + decayRate * (staircase ? Math.floor(periods) : periods));
    },
    config: () => ({ name: 'inverseTimeDecay', initialLearningRate, decaySteps, decayRate, staircase }),
  };
}

/**
 * `(initialLearningRate - endLearningRate) * (1 - iterations / decaySteps) ^ power + endLearningRate`, and from
 * `decaySteps` on `endLearningRate` (0.0001 by default). `power` 1, the default, is a straight line. With `cycle`,
 * `decaySteps` is doubled, tripled and so on whenever it is reached, so that the rate rises again.
 *
 * @throws ConfigError for a value out of range
 */
export function polynomialDecay(options: {
  initialLearningRate: number;
  decaySteps: number;
  endLearningRate?: number;
  power?: number;
  cycle?: boolean;
}): Schedule {
  const names = ['initialLearningRate', 'decaySteps', 'endLearningRate', 'power', 'cycle'];
  checkOptions('polynomialDecay', options, names);
  const {
    initialLearningRate,
    decaySteps,
    endLearningRate = 1e-4,
    power: exponent = 1,
    cycle = false,
  } = options;
  checkNumber('polynomialDecay: initialLearningRate', initialLearningRate, { min: 0 });
  checkInteger('polynomialDecay: decaySteps', decaySteps);
  checkNumber('polynomialDecay: endLearningRate', endLearningRate, { min: 0 });
  checkNumber('polynomialDecay: power', exponent, { above: 0 });
  checkBoolean('polynomialDecay: cycle', cycle);
  return {
    at: (iterations) => {
      const length = cycle ? decaySteps * Math.max(1, Math.ceil(iterations / decaySteps)) : decaySteps;
      const left = 1 - Math.min(iterations, length) / length;
      const share = left === 0 || exponent === 1 ? left : exp(exponent * log(left));
      return (initialLearningRate - endLearningRate) * share + endLearningRate;
    },
    config: () => ({
      name: 'polynomialDecay',
      initialLearningRate,
      decaySteps,
      endLearningRate,
      power: exponent,
      cycle,
    }),
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
