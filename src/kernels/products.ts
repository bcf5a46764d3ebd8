/**
 * The matrix products that a cell is made of. A cell without a twin of its own takes them as a parameter: where a
 * backend has faster ones, they are nearly all of its time.
 */
import { denseBackward, denseForward } from './dense.js';
import { matmul, matmulTransposeA, matmulTransposeB } from './matmul.js';

export const referenceProducts = { denseBackward, denseForward, matmul, matmulTransposeA, matmulTransposeB };

export type Products = typeof referenceProducts;
