/**
 * The reference kernels: the arithmetic of the library as plain loops over flat arrays, generic over single and
 * double precision. They write into the arrays they are given, allocate nothing and check nothing.
 */
export * as activations from './activations.js';
export { activationBackward, activationForward } from './activations.js';
export * from './adagrad-variants.js';
export * from './adam-variants.js';
export * from './attention.js';
export * from './batch-norm.js';
export * from './bidirectional.js';
export * from './categorical-crossentropy.js';
export * from './constraints.js';
export * from './ctc.js';
export * from './dense.js';
export * from './distribution-losses.js';
export * from './dropout.js';
export * from './element-losses.js';
export * from './embedding.js';
export * from './focal-crossentropy.js';
export * from './gru.js';
export * from './gru-reset-before.js';
export * from './layer-norm.js';
export * from './losses.js';
export * from './lstm.js';
export * from './lstm-activations.js';
export * from './masking.js';
export * from './matmul.js';
export * from './merging.js';
export * from './optimizers.js';
export * from './penalties.js';
export * from './pooling.js';
export * from './products.js';
export * from './reshape.js';
export * from './reverse.js';
export * from './row-losses.js';
export * from './simple-rnn.js';
export * from './softmax.js';
export * from './softmax-crossentropy.js';
export * from './uniform-crossentropy.js';
export * from './zero-masked.js';
