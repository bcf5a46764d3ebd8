/** Adagrad. */
import { checkNumber } from '../../core/options.js';
import { adagradUpdate } from '../../kernels/adagrad-variants.js';
import {
  checkOptimizerOptions,
  createOptimizer,
  type Optimizer,
  type OptimizerOptions,
} from './optimizer.js';

export interface AdagradOptions extends OptimizerOptions {
  /** What the sum of squares begins with; 0.1 by default (PyTorch: 0). */
  initialAccumulatorValue?: number;
  /** Added to the root of the sum of squares; 1e-7 by default. */
  epsilon?: number;
}

/**
 * Adagrad (Duchi, Hazan and Singer 2011). The defaults are Keras's, a learning rate of 0.001 among them; epsilon stands
 * outside of the root, as in PyTorch (Keras has it inside).
 *
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example adagrad({ learningRate: 0.1, initialAccumulatorValue: 0 })
 */
export function adagrad(options: AdagradOptions = {}): Optimizer {
  const own = ['initialAccumulatorValue', 'epsilon'];
  const shared = checkOptimizerOptions('adagrad', options, own, { learningRate: 0.001 });
  const { initialAccumulatorValue: initial = 0.1 } = options;
  const initialAccumulatorValue = checkNumber('adagrad: initialAccumulatorValue', initial, { min: 0 });
  // A weight whose gradient has always been 0 would otherwise be divided by 0.
  const epsilon = checkNumber('adagrad: epsilon', options.epsilon ?? 1e-7, { above: 0 });
  return createOptimizer('adagrad', shared, {
    options: { initialAccumulatorValue, epsilon },
    stateNames: ['sum'],
    initialState: initialAccumulatorValue,
    bind: (backend) => {
      const kernels = backend.bind({ adagradUpdate });
      return ({ value: { array: w, length }, gradient: { array: g } }, state, rate) => {
        const [sum] = state;
        kernels.adagradUpdate(w, g, sum.array, length, rate, epsilon);
      };
    },
  });
}
