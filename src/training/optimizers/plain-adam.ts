/** Adam with nothing around its updates: the one of 'longhand/lean'. The arithmetic is kernels/optimizers.ts. */
import { checkLeanOptions, checkNumber } from '../../core/options.js';
import { adamUpdate } from '../../kernels/optimizers.js';
import { checkLearningRate, rateConfig, type Schedule } from '../schedules/schedule.js';
import { type BetaOptions, checkBetas, correctionsOf } from './betas.js';
import type { Optimizer } from './optimizer.js';

export interface PlainAdamOptions extends BetaOptions {
  /** A number, or a schedule; 0.001 by default. */
  learningRate?: number | Schedule;
}

/** Takes Adam's kernel; what is returned updates one weight. */
export function bindAdam(beta1: number, beta2: number, epsilon: number): Optimizer['bind'] {
  return (backend) => {
    const kernels = backend.bind({ adamUpdate });
    const correctionsAt = correctionsOf(beta1, beta2);
    return ({ value: { array: w, length }, gradient: { array: g } }, [m, v], rate, iterations) => {
      const corrections = correctionsAt(iterations);
      const first = corrections[0] as number;
      const second = corrections[1] as number;
      kernels.adamUpdate(w, g, m.array, v.array, length, rate, beta1, beta2, epsilon, first, second);
    };
  };
}

/**
 * Adam (Kingma and Ba 2015, Algorithm 1). The defaults are Keras's; epsilon stands outside of the bias correction, as in
 * the paper and in PyTorch. Clipping, weight decay and more has `adam` of 'longhand', which goes into the same model.
 *
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example adam({ learningRate: 3e-4 })
 */
export function adam(options: PlainAdamOptions = {}): Optimizer {
  checkLeanOptions('adam', options, ['learningRate', 'beta1', 'beta2', 'epsilon']);
  const { beta1, beta2 } = checkBetas('adam', options, 0.999);
  const epsilon = checkNumber('adam: epsilon', options.epsilon ?? 1e-7, { min: 0 });
  const learningRate = checkLearningRate('adam: learningRate', options.learningRate ?? 0.001);
  return {
    name: 'adam',
    stateNames: ['m', 'v'],
    ownStates: 2,
    initialState: 0,
    learningRate,
    config: () => ({ name: 'adam', learningRate: rateConfig(learningRate), beta1, beta2, epsilon }),
    bind: bindAdam(beta1, beta2, epsilon),
  };
}
