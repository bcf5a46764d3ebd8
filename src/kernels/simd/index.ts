/**
 * The kernels that have a twin in SIMD. These files are AssemblyScript: build.js compiles them to WebAssembly, in
 * a plain and a relaxed variant. A twin has the name and the arguments of its reference kernel, a pointer in the
 * place of each array; what it computes is written there, and here only how.
 */
export { denseBackward, denseBackwardInput, denseForward } from './dense.js';
export { dropoutBackward, dropoutForward } from './dropout.js';
export { lstmBackward, lstmBackwardInput, lstmForward } from './lstm.js';
export { matmul, matmulTransposeA, matmulTransposeB } from './matmul.js';
export { adamUpdate, momentumUpdate, scale, sgdUpdate, sumOfSquares } from './optimizers.js';
export { scratchBytes, useScratch } from './scratch.js';
