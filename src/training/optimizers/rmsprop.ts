/** RMSprop. */
import { checkBoolean, checkNumber } from '../../core/options.js';
import { centeredRmspropUpdate, rmspropUpdate } from '../../kernels/adagrad-variants.js';
import {
  checkOptimizerOptions,
  createOptimizer,
  type Optimizer,
  type OptimizerOptions,
} from './optimizer.js';

export interface RmspropOptions extends OptimizerOptions {
  /** The decay of the mean square of the gradients; 0.9 by default (PyTorch's alpha, 0.99). */
  rho?: number;
  /** How much of the last step is added to the next; 0 by default. */
  momentum?: number;
  /** Added to the root of the mean square; 1e-7 by default. */
  epsilon?: number;
  /** Whether the variance of the gradients takes the place of their mean square; false by default. */
  centered?: boolean;
}

/**
 * RMSprop (Tieleman and Hinton 2012; centered: Graves 2013). The defaults are Keras's, a learning rate of 0.001 among
 * them, and so is the momentum, with the learning rate inside; epsilon stands outside of the root, as in PyTorch
 * (Keras has it inside).
 *
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example rmsprop({ learningRate: 1e-3, rho: 0.99, centered: true, momentum: 0.9 })
 */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  const own = ['rho', 'momentum', 'epsilon', 'centered'];
  const shared = checkOptimizerOptions('rmsprop', options, own, { learningRate: 0.001 });
  const rho = checkNumber('rmsprop: rho', options.rho ?? 0.9, { min: 0, below: 1 });
  const momentum = checkNumber('rmsprop: momentum', options.momentum ?? 0, { min: 0, max: 1 });
  // A gradient of 0, or a constant one where it is centered, would otherwise be divided by 0.
  const epsilon = checkNumber('rmsprop: epsilon', options.epsilon ?? 1e-7, { above: 0 });
  const centered = checkBoolean('rmsprop: centered', options.centered ?? false);
  return createOptimizer('rmsprop', shared, {
    options: { rho, momentum, epsilon, centered },
    stateNames: centered ? ['v', 'velocity', 'mean'] : ['v', 'velocity'],
    bind: (backend) => {
      const kernels = backend.bind({ rmspropUpdate, centeredRmspropUpdate });
      return ({ value: { array: w, length }, gradient: { array: g } }, state, rate) => {
        const [v, velocity, mean] = state;
        if (centered)
          kernels.centeredRmspropUpdate(
            w,
            g,
            v.array,
            mean.array,
            velocity.array,
            length,
            rate,
            rho,
            momentum,
            epsilon,
          );
        else kernels.rmspropUpdate(w, g, v.array, velocity.array, length, rate, rho, momentum, epsilon);
      };
    },
  });
}
