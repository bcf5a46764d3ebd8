/**
 * Keras 3, Keras 2 and TensorFlow.js describe layers by the same names, and mean other things by some of them:
 *
 *                                       Keras 3            Keras 2            TensorFlow.js
 *     hard_sigmoid                      x/6 + 1/2          x/5 + 1/2          x/5 + 1/2
 *     recurrent_activation, left out    sigmoid            sigmoid            hard_sigmoid
 *     reset_after, left out             true               false              false
 */
import type { ActivationName } from '../../layers/activations.js';

export interface Dialect {
  readonly name: 'Keras 3' | 'Keras 2' | 'TensorFlow.js';
  /** What the activations are called that are called otherwise than here; missing are those that it has not. */
  readonly activations: Readonly<Partial<Record<ActivationName, string>>>;
  /** What gates go through where a file does not say. */
  readonly recurrentActivation: ActivationName;
  readonly resetAfter: boolean;
  /** Layers that it has not. */
  readonly lacks: readonly string[];
}

const shared = {
  linear: 'linear',
  sigmoid: 'sigmoid',
  tanh: 'tanh',
  relu: 'relu',
  elu: 'elu',
  selu: 'selu',
  softplus: 'softplus',
  softmax: 'softmax',
  gelu: 'gelu',
} as const;

export const keras3: Dialect = {
  name: 'Keras 3',
  activations: { ...shared, swish: 'silu', hardSigmoid: 'hard_sigmoid', leakyRelu: 'leaky_relu' },
  recurrentActivation: 'sigmoid',
  resetAfter: true,
  lacks: [],
};

export const keras2: Dialect = {
  name: 'Keras 2',
  activations: { ...shared, swish: 'swish', hardSigmoidLegacy: 'hard_sigmoid' },
  recurrentActivation: 'sigmoid',
  resetAfter: false,
  lacks: [],
};

export const tfjs: Dialect = {
  name: 'TensorFlow.js',
  activations: { ...shared, swish: 'swish', hardSigmoidLegacy: 'hard_sigmoid' },
  recurrentActivation: 'hardSigmoidLegacy',
  resetAfter: false,
  lacks: ['attention', 'additiveAttention', 'activityRegularization'],
};
