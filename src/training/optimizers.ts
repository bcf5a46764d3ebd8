/** Optimizers by their names. Each is in a file of its own in optimizers/, its arithmetic in kernels/. */
import { ConfigError } from '../core/errors.js';
import { describe, unknownName } from '../core/options.js';
import { adadelta } from './optimizers/adadelta.js';
import { adagrad } from './optimizers/adagrad.js';
import { adam, adamW } from './optimizers/adam.js';
import { adamax } from './optimizers/adamax.js';
import { lion } from './optimizers/lion.js';
import { nadam } from './optimizers/nadam.js';
import type { Optimizer, OptimizerName } from './optimizers/optimizer.js';
import { radam } from './optimizers/radam.js';
import { rmsprop } from './optimizers/rmsprop.js';
import { sgd } from './optimizers/sgd.js';
import { toLearningRate } from './schedules.js';

const factories: Record<OptimizerName, (options: never) => Optimizer> = {
  sgd,
  adam,
  adamW,
  nadam,
  radam,
  adamax,
  rmsprop,
  adagrad,
  adadelta,
  lion,
};

/** An optimizer from its name, from what a saved file holds of it, or itself. */
export function toOptimizer(value: OptimizerName | Optimizer | { readonly name: string }): Optimizer {
  if (typeof value === 'object' && value !== null && 'bind' in value) return value;
  const config = typeof value === 'string' ? { name: value } : value;
  if (typeof config !== 'object' || config === null || typeof config.name !== 'string') {
    throw new ConfigError(`optimizer is a name or one itself, such as adam(), but got ${describe(value)}`);
  }
  const { name, ...options } = config as { name: string; learningRate?: unknown };
  if (!Object.hasOwn(factories, name)) throw unknownName('optimizer', name, Object.keys(factories));
  const { learningRate } = options;
  if (learningRate !== undefined)
    options.learningRate = toLearningRate(`${name}: learningRate`, learningRate);
  return (factories[name as OptimizerName] as (options: unknown) => Optimizer)(options);
}
