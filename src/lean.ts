/**
 * The entry for small programs, 'longhand/lean': everything is a value and nothing is found by its name, so that a bundler
 * leaves out whatever a program does not name. It names what is public and defines nothing.
 */
export { fastest, type KernelSet, reference } from './backend/kernel-set.js';
export { relaxedSimd, simd } from './backend/simd.js';
export type { CoreLayer as Layer } from './layers/core-layer.js';
export { dense, type PlainDenseOptions as DenseOptions } from './layers/plain-dense.js';
export { lstm, type PlainLstmOptions as LstmOptions } from './layers/plain-lstm.js';
export { type PlannableActivation, relu, sigmoid, softmax, tanh } from './layers/planned-activation.js';
export {
  type LeanCompileOptions as CompileOptions,
  type LeanFitOptions as FitOptions,
  type LeanOptions as ModelOptions,
  type LeanSequential as Sequential,
  sequential,
} from './model/lean-sequential.js';
export { binaryCrossentropy } from './training/losses/plain-crossentropy.js';
export { accuracy } from './training/metrics/plain-accuracy.js';
export { adam, type PlainAdamOptions as AdamOptions } from './training/optimizers/plain-adam.js';
