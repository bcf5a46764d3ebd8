/** Nadam: Adam with Nesterov's momentum. */
import { exp, log } from '../../core/math.js';
import { checkNumber } from '../../core/options.js';
import { nadamUpdate } from '../../kernels/adam-variants.js';
import { type BetaOptions, checkBetas, correctionsOf } from './betas.js';
import {
  checkOptimizerOptions,
  createOptimizer,
  type Optimizer,
  type OptimizerOptions,
} from './optimizer.js';

export interface NadamOptions extends OptimizerOptions, BetaOptions {
  /**
   * How fast the momentum warms up to beta1: `mu_t = beta1 (1 - 0.5 * 0.96^(momentumDecay t))`. 1 by default, as in
   * Keras; PyTorch has 0.004, as Dozat's experiments had.
   */
  momentumDecay?: number;
}

const LOG_BASE = /* @__PURE__ */ log(0.96);

/**
 * Nadam (Dozat 2016). The defaults are Keras's, a learning rate of 0.001 among them; epsilon stands where PyTorch and
 * Keras have it, beside the root of the corrected mean square.
 *
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example nadam({ learningRate: 0.002, momentumDecay: 0.004 })
 */
export function nadam(options: NadamOptions = {}): Optimizer {
  const own = ['beta1', 'beta2', 'epsilon', 'momentumDecay'];
  const shared = checkOptimizerOptions('nadam', options, own, { learningRate: 0.001 });
  const { beta1, beta2 } = checkBetas('nadam', options, 0.999);
  const epsilon = checkNumber('nadam: epsilon', options.epsilon ?? 1e-7, { min: 0 });
  const momentumDecay = checkNumber('nadam: momentumDecay', options.momentumDecay ?? 1, { min: 0 });
  const mu = (t: number) => beta1 * (1 - 0.5 * exp(LOG_BASE * momentumDecay * t));
  return createOptimizer('nadam', shared, {
    options: { beta1, beta2, epsilon, momentumDecay },
    stateNames: ['m', 'v'],
    bind: (backend) => {
      const kernels = backend.bind({ nadamUpdate });
      const correctionsAt = correctionsOf(beta2);
      const productUpTo = runningProduct(mu);
      return ({ value: { array: w, length }, gradient: { array: g } }, state, rate, iterations) => {
        const [m, v] = state;
        const t = iterations + 1;
        const product = productUpTo(t);
        const next = mu(t + 1);
        const ahead = next / (1 - product * next);
        const now = (1 - mu(t)) / (1 - product);
        const second = correctionsAt(iterations)[0] as number;
        kernels.nadamUpdate(w, g, m.array, v.array, length, rate, beta1, beta2, epsilon, ahead, now, second);
      };
    },
  });
}

/** mu(1) mu(2) ... mu(t), from the t before where that was asked for last. */
function runningProduct(mu: (t: number) => number): (t: number) => number {
  let last = 0;
  let product = 1;
  return (t) => {
    if (t < last) {
      last = 0;
      product = 1;
    }
    while (last < t && product > 0) {
      last++;
      product *= mu(last);
    }
    return product;
  };
}
