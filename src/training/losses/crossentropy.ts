/** Cross-entropies, and the divergence that is one without the entropy of its target. */
import type { Planner } from '../../backend/plan.js';
import { checkBoolean, checkNumber, checkOptions } from '../../core/options.js';
import {
  categoricalCrossentropyBackward,
  categoricalCrossentropyForward,
  sparseCategoricalCrossentropyBackward,
  sparseCategoricalCrossentropyForward,
} from '../../kernels/categorical-crossentropy.js';
import { smoothed } from '../../kernels/element-losses.js';
import {
  binaryCrossentropyOfLogit,
  binaryCrossentropy as binaryElement,
  type ElementLoss,
} from '../../kernels/losses.js';
import { entropy } from '../../kernels/row-losses.js';
import {
  softmaxCrossentropyBackward,
  softmaxCrossentropyForward,
  sparseSoftmaxCrossentropyBackward,
  sparseSoftmaxCrossentropyForward,
} from '../../kernels/softmax-crossentropy.js';
import {
  uniformCrossentropyBackward,
  uniformCrossentropyForward,
  uniformSoftmaxCrossentropyBackward,
  uniformSoftmaxCrossentropyForward,
} from '../../kernels/uniform-crossentropy.js';
import { elementKernels, type Loss, type LossKernels } from './loss.js';
import { probabilityLoss } from './probability-loss.js';
import { classes, distribution, probabilities } from './target-rules.js';

export interface LogitOptions {
  /** Whether the model's outputs are logits, with no activation behind them; false by default. */
  fromLogits?: boolean;
}

export interface CrossentropyOptions extends LogitOptions {
  /**
   * How much of each target is given to all classes alike (to a half, of a single output): 0 by default. A target t of K
   * classes becomes `t (1 - s) + s / K` (Szegedy and others 2016).
   */
  labelSmoothing?: number;
}

/** @throws ConfigError for an option that is unknown or out of range */
export function checkFromLogits(
  name: string,
  options: LogitOptions,
  others: readonly string[] = [],
): boolean {
  checkOptions(name, options, ['fromLogits', ...others]);
  return checkBoolean(`${name}: fromLogits`, options.fromLogits ?? false);
}

function checkOptionsOf(name: string, options: CrossentropyOptions) {
  const fromLogits = checkFromLogits(name, options, ['labelSmoothing']);
  const { labelSmoothing = 0 } = options;
  checkNumber(`${name}: labelSmoothing`, labelSmoothing, { min: 0, below: 1 });
  return labelSmoothing === 0 ? { name, fromLogits } : { name, fromLogits, labelSmoothing };
}

/** `-t log p - (1 - t) log(1 - p)`, targets 0 to 1; the mean over the outputs. */
export function binaryCrossentropy(options: CrossentropyOptions = {}): Loss {
  const config = checkOptionsOf('binaryCrossentropy', options);
  const { labelSmoothing = 0 } = config;
  const smooth = (loss: ElementLoss) => (labelSmoothing === 0 ? loss : smoothed(loss, labelSmoothing));
  return probabilityLoss(config, 'sigmoid', probabilities, (planner, ofLogits) =>
    elementKernels(planner, smooth(ofLogits ? binaryCrossentropyOfLogit : binaryElement)),
  );
}

/** `-sum over k of t_k log p_k`, the target a distribution over the classes, such as one-hot. */
export function categoricalCrossentropy(options: CrossentropyOptions = {}): Loss {
  const config = checkOptionsOf('categoricalCrossentropy', options);
  return probabilityLoss(config, 'softmax', distribution, (planner, ofLogits) =>
    withSmoothing(distributionKernels(planner, ofLogits), config.labelSmoothing, planner, ofLogits),
  );
}

/** `-log p_t`, the target the index t of the class. */
export function sparseCategoricalCrossentropy(options: CrossentropyOptions = {}): Loss {
  const config = checkOptionsOf('sparseCategoricalCrossentropy', options);
  return probabilityLoss(config, 'softmax', classes, (planner, ofLogits) =>
    withSmoothing(indexKernels(planner, ofLogits), config.labelSmoothing, planner, ofLogits),
  );
}

/**
 * How much a distribution p falls short of the target's, `sum over k of t_k log(t_k / p_k)` (Kullback and Leibler 1951):
 * the cross-entropy without the entropy of the target, and with its gradient.
 */
export function klDivergence(options: LogitOptions = {}): Loss {
  const name = 'klDivergence';
  const fromLogits = checkFromLogits(name, options);
  return probabilityLoss({ name, fromLogits }, 'softmax', distribution, (planner, ofLogits) => {
    const { forward, backward } = distributionKernels(planner, ofLogits);
    const kernels = planner.backend.bind({ entropy });
    return {
      forward: (y, target, weights, mask, rows, columns) =>
        forward(y, target, weights, mask, rows, columns) -
        kernels.entropy(target, weights, mask, rows, columns),
      backward,
    };
  });
}

function distributionKernels({ backend }: Planner, ofLogits: boolean): LossKernels {
  if (ofLogits) {
    const bound = backend.bind({ softmaxCrossentropyForward, softmaxCrossentropyBackward });
    return { forward: bound.softmaxCrossentropyForward, backward: bound.softmaxCrossentropyBackward };
  }
  const bound = backend.bind({ categoricalCrossentropyForward, categoricalCrossentropyBackward });
  return { forward: bound.categoricalCrossentropyForward, backward: bound.categoricalCrossentropyBackward };
}

function indexKernels({ backend }: Planner, ofLogits: boolean): LossKernels {
  if (ofLogits) {
    const bound = backend.bind({ sparseSoftmaxCrossentropyForward, sparseSoftmaxCrossentropyBackward });
    return {
      forward: bound.sparseSoftmaxCrossentropyForward,
      backward: bound.sparseSoftmaxCrossentropyBackward,
    };
  }
  const bound = backend.bind({
    sparseCategoricalCrossentropyForward,
    sparseCategoricalCrossentropyBackward,
  });
  return {
    forward: bound.sparseCategoricalCrossentropyForward,
    backward: bound.sparseCategoricalCrossentropyBackward,
  };
}

/** 1 - s of a cross-entropy and s of that with the uniform distribution. */
function withSmoothing(
  { forward, backward }: LossKernels,
  smoothing: number | undefined,
  { backend }: Planner,
  ofLogits: boolean,
): LossKernels {
  if (smoothing === undefined) return { forward, backward };
  const bound = ofLogits
    ? backend.bind({ uniformSoftmaxCrossentropyForward, uniformSoftmaxCrossentropyBackward })
    : backend.bind({ uniformCrossentropyForward, uniformCrossentropyBackward });
  const [uniformForward, uniformBackward] =
    'uniformCrossentropyForward' in bound
      ? [bound.uniformCrossentropyForward, bound.uniformCrossentropyBackward]
      : [bound.uniformSoftmaxCrossentropyForward, bound.uniformSoftmaxCrossentropyBackward];
  return {
    forward: (y, target, weights, mask, rows, columns) =>
      (1 - smoothing) * forward(y, target, weights, mask, rows, columns) +
      smoothing * uniformForward(y, weights, mask, rows, columns),
    backward: (y, target, weights, mask, dy, rows, columns, factor) => {
      backward(y, target, weights, mask, dy, rows, columns, (1 - smoothing) * factor);
      uniformBackward(y, weights, mask, dy, rows, columns, smoothing * factor);
    },
  };
}
