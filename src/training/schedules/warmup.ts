/** A slow start before any other schedule. */
import { checkInteger, checkNumber, checkOptions } from '../../core/options.js';
import { between, checkLearningRate, rateAt, rateConfig, type Schedule } from './schedule.js';

/**
 * Rises in a line from `from` (0 by default) to what `learningRate` begins with, in `steps` updates, and goes on with
 * that: a number or another schedule, which counts its updates from there.
 *
 * @throws ConfigError for a value out of range
 *
 * @example
 * const decay = polynomialDecay({ initialLearningRate: 1e-3, decaySteps: 9500 });
 * const optimizer = adam({ learningRate: warmup({ steps: 500, learningRate: decay }) });
 */
export function warmup(options: { steps: number; learningRate: number | Schedule; from?: number }): Schedule {
  checkOptions('warmup', options, ['steps', 'learningRate', 'from']);
  const { steps, from = 0 } = options;
  checkInteger('warmup: steps', steps);
  checkNumber('warmup: from', from, { min: 0 });
  const learningRate = checkLearningRate('warmup: learningRate', options.learningRate);
  const first = rateAt(learningRate, 0);
  return {
    at: (iterations) =>
      iterations < steps
        ? between(from, first, iterations / steps)
        : rateAt(learningRate, iterations - steps),
    config: () => ({ name: 'warmup', steps, from, learningRate: rateConfig(learningRate) }),
  };
}
