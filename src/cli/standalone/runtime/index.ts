/** All that a standalone module may be made of. What a model does not need is left out of its module. */
export {
  elu,
  gelu,
  hardSigmoid,
  hardSigmoidLegacy,
  leakyRelu,
  linear,
  relu,
  selu,
  sigmoid,
  softplus,
  swish,
  tanh,
} from '../../../kernels/activations.js';
export * from './layers.js';
export * from './model.js';
export * from './recurrent.js';
