/** Lion: the sign of a momentum. */
import { lionUpdate } from '../../kernels/adam-variants.js';
import { type BetaOptions, checkBetas } from './betas.js';
import {
  checkOptimizerOptions,
  createOptimizer,
  type Optimizer,
  type OptimizerOptions,
} from './optimizer.js';

export interface LionOptions extends OptimizerOptions, Omit<BetaOptions, 'epsilon'> {}

/**
 * Lion (Chen and others 2023): every weight moves by the learning rate, in the direction of the sign of a mean
 * gradient. It wants a learning rate 3 to 10 times smaller than Adam's, and a weight decay as much larger. The defaults
 * are Keras's: 0.001, `beta1` 0.9, `beta2` 0.99.
 *
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example lion({ learningRate: 1e-4, weightDecay: 0.1 })
 */
export function lion(options: LionOptions = {}): Optimizer {
  const shared = checkOptimizerOptions('lion', options, ['beta1', 'beta2'], { learningRate: 0.001 });
  const { beta1, beta2 } = checkBetas('lion', options, 0.99);
  return createOptimizer('lion', shared, {
    options: { beta1, beta2 },
    stateNames: ['m'],
    bind: (backend) => {
      const kernels = backend.bind({ lionUpdate });
      return ({ value: { array: w, length }, gradient: { array: g } }, state, rate) => {
        const [m] = state;
        kernels.lionUpdate(w, g, m.array, length, rate, beta1, beta2);
      };
    },
  });
}
