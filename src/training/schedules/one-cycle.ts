/** One cycle up and down. Names and meanings are PyTorch's. */
import { ConfigError } from '../../core/errors.js';
import { checkInteger, checkNumber, checkOptions, describe } from '../../core/options.js';
import { between, halfCosine, type Schedule } from './schedule.js';

/**
 * One cycle (Smith and Topin 2018; the options are those of PyTorch's OneCycleLR): from `maxLearningRate / divFactor`
 * (25 by default) up to `maxLearningRate` in the first `pctStart` of `totalSteps` updates (0.3 by default), and down
 * to the `finalDivFactor`-th part (10,000 by default) of what it began with. `annealStrategy` is `'cos'`, the default,
 * or `'linear'`. After `totalSteps` the rate stays.
 *
 * @throws ConfigError for a value out of range
 */
export function oneCycle(options: {
  maxLearningRate: number;
  totalSteps: number;
  pctStart?: number;
  divFactor?: number;
  finalDivFactor?: number;
  annealStrategy?: 'cos' | 'linear';
}): Schedule {
  const names = [
    'maxLearningRate',
    'totalSteps',
    'pctStart',
    'divFactor',
    'finalDivFactor',
    'annealStrategy',
  ];
  checkOptions('oneCycle', options, names);
  const { maxLearningRate, totalSteps, pctStart = 0.3, divFactor = 25, finalDivFactor = 1e4 } = options;
  const { annealStrategy = 'cos' } = options;
  checkNumber('oneCycle: maxLearningRate', maxLearningRate, { min: 0 });
  checkInteger('oneCycle: totalSteps', totalSteps, { min: 2 });
  checkNumber('oneCycle: pctStart', pctStart, { above: 0, below: 1 });
  checkNumber('oneCycle: divFactor', divFactor, { min: 1 });
  checkNumber('oneCycle: finalDivFactor', finalDivFactor, { min: 1 });
  if (annealStrategy !== 'cos' && annealStrategy !== 'linear') {
    throw new ConfigError(
      `oneCycle: annealStrategy is 'cos' or 'linear' but got ${describe(annealStrategy)}`,
    );
  }
  if (pctStart * totalSteps <= 1) {
    throw new ConfigError(
      'oneCycle: pctStart * totalSteps must be above 1, so that there is an update before the peak, ' +
        `but is ${Number((pctStart * totalSteps).toPrecision(6))}`,
    );
  }
  const first = maxLearningRate / divFactor;
  const last = first / finalDivFactor;
  // As PyTorch counts: the peak is the update number pctStart * totalSteps, the last one is totalSteps.
  const peak = pctStart * totalSteps - 1;
  const end = totalSteps - 1;
  const anneal = (from: number, to: number, done: number) =>
    between(from, to, annealStrategy === 'cos' ? 1 - halfCosine(done) : done);
  return {
    at: (iterations) =>
      iterations <= peak
        ? anneal(first, maxLearningRate, iterations / peak)
        : anneal(maxLearningRate, last, (Math.min(iterations, end) - peak) / (end - peak)),
    config: () => ({
      name: 'oneCycle',
      maxLearningRate,
      totalSteps,
      pctStart,
      divFactor,
      finalDivFactor,
      annealStrategy,
    }),
  };
}
