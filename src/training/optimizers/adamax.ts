/** Adamax: Adam with the largest gradient in the place of the mean square. */
import { checkNumber } from '../../core/options.js';
import { adamaxUpdate } from '../../kernels/adam-variants.js';
import { type BetaOptions, checkBetas, correctionsOf } from './betas.js';
import {
  checkOptimizerOptions,
  createOptimizer,
  type Optimizer,
  type OptimizerOptions,
} from './optimizer.js';

export interface AdamaxOptions extends OptimizerOptions, BetaOptions {}

/**
 * Adamax (Kingma and Ba 2015, Algorithm 2). The defaults are Keras's, a learning rate of 0.001 among them; epsilon is
 * added to the gradient before the largest is taken, as in PyTorch (Keras adds it to the largest).
 *
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example adamax({ learningRate: 0.002 })
 */
export function adamax(options: AdamaxOptions = {}): Optimizer {
  const shared = checkOptimizerOptions('adamax', options, ['beta1', 'beta2', 'epsilon'], {
    learningRate: 0.001,
  });
  const { beta1, beta2 } = checkBetas('adamax', options, 0.999);
  // A weight whose gradient has always been 0 would otherwise be divided by 0.
  const epsilon = checkNumber('adamax: epsilon', options.epsilon ?? 1e-7, { above: 0 });
  return createOptimizer('adamax', shared, {
    options: { beta1, beta2, epsilon },
    stateNames: ['m', 'u'],
    bind: (backend) => {
      const kernels = backend.bind({ adamaxUpdate });
      const correctionsAt = correctionsOf(beta1);
      return ({ value: { array: w, length }, gradient: { array: g } }, state, rate, iterations) => {
        const [m, u] = state;
        const first = correctionsAt(iterations)[0] as number;
        kernels.adamaxUpdate(w, g, m.array, u.array, length, rate, beta1, beta2, epsilon, first);
      };
    },
  });
}
