/** Adam, with AMSGrad, and AdamW. */
import { checkBoolean, checkNumber } from '../../core/options.js';
import { amsgradUpdate } from '../../kernels/adam-variants.js';
import { type BetaOptions, checkBetas, correctionsOf } from './betas.js';
import {
  checkOptimizerOptions,
  createOptimizer,
  type Optimizer,
  type OptimizerOptions,
} from './optimizer.js';
import { bindAdam } from './plain-adam.js';

export interface AdamOptions extends OptimizerOptions, BetaOptions {
  /** Whether the largest mean square so far takes the place of the last (Reddi and others 2018); false by default. */
  amsgrad?: boolean;
}

/**
 * Adam (Kingma and Ba 2015, Algorithm 1). The defaults are Keras's, a learning rate of 0.001 among them; epsilon
 * stands outside of the bias correction, as in the paper and in PyTorch.
 *
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example adam({ learningRate: 3e-4, globalClipNorm: 1 })
 */
export function adam(options: AdamOptions = {}): Optimizer {
  return createAdam('adam', options, 0);
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019): each update takes `learningRate * weightDecay`
 * times itself from every weight, beside Adam's step. The decay is 0.004 by default, as in Keras (PyTorch: 0.01).
 *
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example adamW({ weightDecay: 0.01, excludeFromWeightDecay: ['bias'] })
 */
export function adamW(options: AdamOptions = {}): Optimizer {
  return createAdam('adamW', options, 0.004);
}

function createAdam(name: 'adam' | 'adamW', options: AdamOptions, weightDecay: number): Optimizer {
  const own = ['beta1', 'beta2', 'epsilon', 'amsgrad'];
  const shared = checkOptimizerOptions(name, options, own, { learningRate: 0.001, weightDecay });
  const { beta1, beta2 } = checkBetas(name, options, 0.999);
  const epsilon = checkNumber(`${name}: epsilon`, options.epsilon ?? 1e-7, { min: 0 });
  const amsgrad = checkBoolean(`${name}: amsgrad`, options.amsgrad ?? false);
  return createOptimizer(name, shared, {
    options: { beta1, beta2, epsilon, amsgrad },
    stateNames: amsgrad ? ['m', 'v', 'largest'] : ['m', 'v'],
    bind: amsgrad ? bindAmsgrad(beta1, beta2, epsilon) : bindAdam(beta1, beta2, epsilon),
  });
}

function bindAmsgrad(beta1: number, beta2: number, epsilon: number): Optimizer['bind'] {
  return (backend) => {
    const kernels = backend.bind({ amsgradUpdate });
    const correctionsAt = correctionsOf(beta1, beta2);
    return ({ value: { array: w, length }, gradient: { array: g } }, [m, v, largest], rate, iterations) => {
      const corrections = correctionsAt(iterations);
      const first = corrections[0] as number;
      const second = corrections[1] as number;
      kernels.amsgradUpdate(
        w,
        g,
        m.array,
        v.array,
        largest.array,
        length,
        rate,
        beta1,
        beta2,
        epsilon,
        first,
        second,
      );
    };
  };
}
