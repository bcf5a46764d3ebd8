/** Adadelta. */
import { checkNumber } from '../../core/options.js';
import { adadeltaUpdate } from '../../kernels/adagrad-variants.js';
import {
  checkOptimizerOptions,
  createOptimizer,
  type Optimizer,
  type OptimizerOptions,
} from './optimizer.js';

export interface AdadeltaOptions extends OptimizerOptions {
  /** The decay of the mean squares of gradients and steps; 0.95 by default (PyTorch: 0.9). */
  rho?: number;
  /** Added to both mean squares, inside of the root; 1e-7 by default (PyTorch: 1e-6). */
  epsilon?: number;
}

/**
 * Adadelta (Zeiler 2012), epsilon inside of the roots as in the paper, Keras and PyTorch. The defaults are Keras's; its
 * learning rate of 0.001 is small: the paper has none, which is `learningRate: 1`.
 *
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example adadelta({ learningRate: 1 })
 */
export function adadelta(options: AdadeltaOptions = {}): Optimizer {
  const shared = checkOptimizerOptions('adadelta', options, ['rho', 'epsilon'], { learningRate: 0.001 });
  const rho = checkNumber('adadelta: rho', options.rho ?? 0.95, { min: 0, below: 1 });
  // The steps begin at 0, and without it they would stay there.
  const epsilon = checkNumber('adadelta: epsilon', options.epsilon ?? 1e-7, { above: 0 });
  return createOptimizer('adadelta', shared, {
    options: { rho, epsilon },
    stateNames: ['v', 'u'],
    bind: (backend) => {
      const kernels = backend.bind({ adadeltaUpdate });
      return ({ value: { array: w, length }, gradient: { array: g } }, state, rate) => {
        const [v, u] = state;
        kernels.adadeltaUpdate(w, g, v.array, u.array, length, rate, rho, epsilon);
      };
    },
  });
}
