/** RAdam: Adam that trusts its mean square only once it is known. */
import { power } from '../../core/math.js';
import { checkNumber } from '../../core/options.js';
import { radamUpdate } from '../../kernels/adam-variants.js';
import { type BetaOptions, checkBetas, correctionsOf } from './betas.js';
import {
  checkOptimizerOptions,
  createOptimizer,
  type Optimizer,
  type OptimizerOptions,
} from './optimizer.js';

export interface RadamOptions extends OptimizerOptions, BetaOptions {}

/**
 * Rectified Adam (Liu and others 2020, Algorithm 2), which needs no warm-up. Keras has none; the equations and
 * epsilon are PyTorch's, the defaults those of `adam`.
 *
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example radam({ learningRate: 0.001 })
 */
export function radam(options: RadamOptions = {}): Optimizer {
  const shared = checkOptimizerOptions('radam', options, ['beta1', 'beta2', 'epsilon'], {
    learningRate: 0.001,
  });
  const { beta1, beta2 } = checkBetas('radam', options, 0.999);
  const epsilon = checkNumber('radam: epsilon', options.epsilon ?? 1e-7, { min: 0 });
  return createOptimizer('radam', shared, {
    options: { beta1, beta2, epsilon },
    stateNames: ['m', 'v'],
    bind: (backend) => {
      const kernels = backend.bind({ radamUpdate });
      const correctionsAt = correctionsOf(beta1, beta2);
      return ({ value: { array: w, length }, gradient: { array: g } }, state, rate, iterations) => {
        const [m, v] = state;
        const r = rectification(beta2, iterations + 1);
        const corrections = correctionsAt(iterations);
        const first = corrections[0] as number;
        const second = corrections[1] as number;
        kernels.radamUpdate(w, g, m.array, v.array, length, rate, beta1, beta2, epsilon, first, second, r);
      };
    },
  });
}

/** The paper's r_t; 0 while the mean square is made of 5 gradients or fewer. */
function rectification(beta2: number, t: number): number {
  const decayed = power(beta2, t);
  const most = 2 / (1 - beta2) - 1;
  const length = most - (2 * t * decayed) / (1 - decayed);
  if (length <= 5) return 0;
  return Math.sqrt(((length - 4) * (length - 2) * most) / ((most - 4) * (most - 2) * length));
}
