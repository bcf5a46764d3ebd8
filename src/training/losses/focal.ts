/** Focal losses (Lin and others 2017): cross-entropies that make little of what is right already. */
import { checkNumber } from '../../core/options.js';
import { binaryFocal, binaryFocalOfLogit } from '../../kernels/element-losses.js';
import {
  focalCrossentropyBackward,
  focalCrossentropyForward,
  focalSoftmaxCrossentropyBackward,
  focalSoftmaxCrossentropyForward,
} from '../../kernels/focal-crossentropy.js';
import { checkFromLogits, type LogitOptions } from './crossentropy.js';
import { elementKernels, type Loss } from './loss.js';
import { probabilityLoss } from './probability-loss.js';
import { distribution, probabilities } from './target-rules.js';

export interface FocalOptions extends LogitOptions {
  /** The power of how far an answer is off that its loss is multiplied by; 2 by default, 0 is the cross-entropy. */
  gamma?: number;
  /**
   * Of binaryFocalCrossentropy: the weight of the class 1, that of 0 being 1 - alpha; both are 1 by default. Of
   * categoricalFocalCrossentropy: what all is multiplied by; 0.25 by default, as in Keras.
   */
  alpha?: number;
}

/**
 * `a q^gamma` times the binary cross-entropy, q being how far the probability is from the target and a the weight of the
 * class; the mean over the outputs.
 *
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example binaryFocalCrossentropy({ gamma: 2, alpha: 0.25 }) // the paper's choice
 */
export function binaryFocalCrossentropy(options: FocalOptions = {}): Loss {
  const name = 'binaryFocalCrossentropy';
  const fromLogits = checkFromLogits(name, options, ['gamma', 'alpha']);
  const gamma = checkNumber(`${name}: gamma`, options.gamma ?? 2, { min: 0 });
  const { alpha } = options;
  if (alpha !== undefined) checkNumber(`${name}: alpha`, alpha, { min: 0, max: 1 });
  const config = { name, fromLogits, gamma, ...(alpha === undefined ? {} : { alpha }) };
  return probabilityLoss(config, 'sigmoid', probabilities, (planner, ofLogits) =>
    elementKernels(planner, ofLogits ? binaryFocalOfLogit(gamma, alpha) : binaryFocal(gamma, alpha)),
  );
}

/**
 * `alpha sum over k of t_k (1 - p_k)^gamma (-log p_k)`, the target a distribution over the classes, such as one-hot.
 *
 * @throws ConfigError for an option that is unknown or out of range
 */
export function categoricalFocalCrossentropy(options: FocalOptions = {}): Loss {
  const name = 'categoricalFocalCrossentropy';
  const fromLogits = checkFromLogits(name, options, ['gamma', 'alpha']);
  const gamma = checkNumber(`${name}: gamma`, options.gamma ?? 2, { min: 0 });
  const alpha = checkNumber(`${name}: alpha`, options.alpha ?? 0.25, { above: 0 });
  return probabilityLoss(
    { name, fromLogits, gamma, alpha },
    'softmax',
    distribution,
    ({ backend }, ofLogits) => {
      const bound = backend.bind({
        focalSoftmaxCrossentropyForward,
        focalSoftmaxCrossentropyBackward,
        focalCrossentropyForward,
        focalCrossentropyBackward,
      });
      const forward = ofLogits ? bound.focalSoftmaxCrossentropyForward : bound.focalCrossentropyForward;
      const backward = ofLogits ? bound.focalSoftmaxCrossentropyBackward : bound.focalCrossentropyBackward;
      return {
        forward: (y, target, weights, mask, rows, columns) =>
          forward(y, target, weights, mask, rows, columns, gamma, alpha),
        backward: (y, target, weights, mask, dy, rows, columns, factor) =>
          backward(y, target, weights, mask, dy, rows, columns, factor, gamma, alpha),
      };
    },
  );
}
