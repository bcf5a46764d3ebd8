/** Learning rates that fall on a cosine, once or again and again. Names and meanings are Keras's. */
import { ConfigError } from '../../core/errors.js';
import { power } from '../../core/math.js';
import { checkInteger, checkNumber, checkOptions } from '../../core/options.js';
import { between, halfCosine, type Schedule } from './schedule.js';

/**
 * Half a cosine from `initialLearningRate` down to `alpha` times it (0 by default) in `decaySteps` updates, and
 * there it stays (Loshchilov and Hutter 2017, without restarts). With a `warmupTarget` the rate first rises in a line
 * from `initialLearningRate` to it in `warmupSteps` updates, and the cosine falls from there.
 *
 * @throws ConfigError for a value out of range
 *
 * @example cosineDecay({ initialLearningRate: 0, warmupTarget: 1e-3, warmupSteps: 500, decaySteps: 9500 })
 */
export function cosineDecay(options: {
  initialLearningRate: number;
  decaySteps: number;
  alpha?: number;
  warmupTarget?: number;
  warmupSteps?: number;
}): Schedule {
  const names = ['initialLearningRate', 'decaySteps', 'alpha', 'warmupTarget', 'warmupSteps'];
  checkOptions('cosineDecay', options, names);
  const { initialLearningRate, decaySteps, alpha = 0, warmupTarget, warmupSteps } = options;
  checkNumber('cosineDecay: initialLearningRate', initialLearningRate, { min: 0 });
  checkInteger('cosineDecay: decaySteps', decaySteps);
  checkNumber('cosineDecay: alpha', alpha, { min: 0, max: 1 });
  if ((warmupTarget === undefined) !== (warmupSteps === undefined)) {
    throw new ConfigError('cosineDecay takes warmupTarget and warmupSteps together or neither');
  }
  const peak = checkNumber('cosineDecay: warmupTarget', warmupTarget ?? initialLearningRate, { min: 0 });
  const rising = warmupSteps === undefined ? 0 : checkInteger('cosineDecay: warmupSteps', warmupSteps);
  return {
    at: (iterations) => {
      if (iterations < rising) return between(initialLearningRate, peak, iterations / rising);
      const done = Math.min(iterations - rising, decaySteps) / decaySteps;
      return peak * ((1 - alpha) * halfCosine(done) + alpha);
    },
    config: () => ({
      name: 'cosineDecay',
      initialLearningRate,
      decaySteps,
      alpha,
      ...(warmupSteps === undefined ? {} : { warmupTarget: peak, warmupSteps }),
    }),
  };
}

/**
 * Half a cosine from `initialLearningRate` down to `alpha` times it (0 by default) in `firstDecaySteps` updates, then
 * again and again, each period `tMul` times as long as the one before (2 by default) and beginning `mMul` times as
 * high (1 by default): Loshchilov and Hutter 2017.
 *
 * @throws ConfigError for a value out of range
 */
export function cosineDecayRestarts(options: {
  initialLearningRate: number;
  firstDecaySteps: number;
  tMul?: number;
  mMul?: number;
  alpha?: number;
}): Schedule {
  const names = ['initialLearningRate', 'firstDecaySteps', 'tMul', 'mMul', 'alpha'];
  checkOptions('cosineDecayRestarts', options, names);
  const { initialLearningRate, firstDecaySteps, tMul = 2, mMul = 1, alpha = 0 } = options;
  checkNumber('cosineDecayRestarts: initialLearningRate', initialLearningRate, { min: 0 });
  checkInteger('cosineDecayRestarts: firstDecaySteps', firstDecaySteps);
  checkNumber('cosineDecayRestarts: tMul', tMul, { min: 1 });
  checkNumber('cosineDecayRestarts: mMul', mMul, { min: 0 });
  checkNumber('cosineDecayRestarts: alpha', alpha, { min: 0, max: 1 });
  return {
    at: (iterations) => {
      let start = 0;
      let length = firstDecaySteps;
      let height = 1;
      if (tMul === 1) {
        const periods = Math.floor(iterations / length);
        start = periods * length;
        height = power(mMul, periods);
      }
      while (iterations >= start + length) {
        start += length;
        length *= tMul;
        height *= mMul;
      }
      const done = (iterations - start) / length;
      return initialLearningRate * ((1 - alpha) * height * halfCosine(done) + alpha);
    },
    config: () => ({
      name: 'cosineDecayRestarts',
      initialLearningRate,
      firstDecaySteps,
      tMul,
      mMul,
      alpha,
    }),
  };
}
