/** Stochastic gradient descent. */
import { ConfigError } from '../../core/errors.js';
import { checkBoolean, checkNumber } from '../../core/options.js';
import { momentumUpdate, sgdUpdate } from '../../kernels/optimizers.js';
import {
  checkOptimizerOptions,
  createOptimizer,
  type Optimizer,
  type OptimizerOptions,
} from './optimizer.js';

export interface SgdOptions extends OptimizerOptions {
  /** How much of the last step is added to the next; 0 by default. */
  momentum?: number;
  /** Whether the gradient counts as taken after the momentum's step (Nesterov 1983); false by default. */
  nesterov?: boolean;
}

/**
 * Stochastic gradient descent, with momentum and Nesterov's variant of it. The learning rate is 0.01 by default.
 *
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true })
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  const shared = checkOptimizerOptions('sgd', options, ['momentum', 'nesterov'], { learningRate: 0.01 });
  const momentum = checkNumber('sgd: momentum', options.momentum ?? 0, { min: 0, max: 1 });
  const nesterov = checkBoolean('sgd: nesterov', options.nesterov ?? false);
  if (nesterov && momentum === 0) throw new ConfigError('sgd: nesterov needs a momentum: { momentum: 0.9 }');
  return createOptimizer('sgd', shared, {
    options: { momentum, nesterov },
    stateNames: momentum === 0 ? [] : ['velocity'],
    bind: (backend) => {
      const kernels = backend.bind({ sgdUpdate, momentumUpdate });
      if (momentum === 0) {
        return ({ value, gradient }, _state, rate) =>
          kernels.sgdUpdate(value.array, gradient.array, value.length, rate);
      }
      return ({ value, gradient }, [velocity], rate) => {
        const { array: w, length } = value;
        kernels.momentumUpdate(w, gradient.array, velocity.array, length, rate, momentum, nesterov);
      };
    },
  });
}
