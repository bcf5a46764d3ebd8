/**
 * The product of a dense layer whose kernel is another layer's table transposed (Press and Wolf 2017): the same vectors
 * stand for a token where it comes in and where it is predicted.
 *
 *     y = x Eᵀ + b                                     x [rows, inputs], E [units, inputs], b [units]
 *     dE += dyᵀ x    db += sum over rows of dy    dx += dy E
 */
import type { Backend } from '../backend/kernel-set.js';
import { ConfigError } from '../core/errors.js';
import { describe } from '../core/options.js';
import { addColumnSums } from '../kernels/dense.js';
import { matmul, matmulTransposeA, matmulTransposeB } from '../kernels/matmul.js';
import { Layer } from './layer.js';
import type { ProductKernels } from './product.js';

/** What the kernels of a dense layer do, with the table in the place of the kernel. */
export function bindTied(backend: Backend): ProductKernels {
  const kernels = backend.bind({ matmul, matmulTransposeA, matmulTransposeB, addColumnSums });
  return {
    denseForward: (x, table, bias, y, rows, inputs, units) => {
      for (let row = 0; row < rows; row++) y.set(bias, row * units);
      kernels.matmulTransposeB(x, table, y, rows, inputs, units);
    },
    denseBackward: (x, dy, dTable, dBias, rows, inputs, units) => {
      kernels.matmulTransposeA(dy, x, dTable, units, rows, inputs);
      kernels.addColumnSums(dy, dBias, rows, units);
    },
    denseBackwardInput: (dy, table, dx, rows, inputs, units) => {
      kernels.matmul(dy, table, dx, rows, units, inputs);
    },
  };
}

/** @throws ConfigError for what is neither an embedding nor a name */
export function checkTiedTo(value: unknown): Layer | string {
  if (typeof value === 'string' || (value instanceof Layer && value.type === 'embedding')) return value;
  const found = value instanceof Layer ? `a layer of type ${value.type}` : describe(value);
  throw new ConfigError(`dense: tiedTo is an embedding of the model, or its name, but got ${found}`);
}

/** The embedding among the layers of the model. */
export function findTied(
  name: string,
  units: number,
  tiedTo: Layer | string,
  layers: readonly Layer[],
): Layer {
  const found = layers.find((layer) => layer === tiedTo || layer.name === tiedTo);
  const asked = typeof tiedTo === 'string' ? `'${tiedTo}'` : 'an embedding';
  if (found?.type !== 'embedding') {
    throw new ConfigError(`${name} is tied to ${asked}, which is no embedding of this model`);
  }
  if (found.idsBelow === units) return found;
  throw new ConfigError(
    `${name} has ${units} units and is tied to ${found.name}, whose vocabulary is ${found.idsBelow}: ` +
      `write dense(${found.idsBelow}, ...)`,
  );
}
