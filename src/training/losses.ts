/** Losses by their names. Each family is in a file of its own in losses/. */
import { ConfigError } from '../core/errors.js';
import { describe, unknownName } from '../core/options.js';
import {
  binaryCrossentropy,
  categoricalCrossentropy,
  klDivergence,
  sparseCategoricalCrossentropy,
} from './losses/crossentropy.js';
import { ctc } from './losses/ctc.js';
import { binaryFocalCrossentropy, categoricalFocalCrossentropy } from './losses/focal.js';
import type { Loss } from './losses/loss.js';
import { categoricalHinge, hinge, squaredHinge } from './losses/margin.js';
import { keepLoss, type OwnLoss, type OwnLossFunction, ownLoss, registeredLoss } from './losses/own.js';
import {
  cosineSimilarity,
  gaussianNegativeLogLikelihood,
  huber,
  logCosh,
  meanAbsoluteError,
  meanSquaredError,
  poisson,
  quantile,
} from './losses/regression.js';

export { type Loss, type PlannedLoss, planLoss, type TargetKind } from './losses/loss.js';

const factories = {
  binaryCrossentropy,
  categoricalCrossentropy,
  sparseCategoricalCrossentropy,
  binaryFocalCrossentropy,
  categoricalFocalCrossentropy,
  klDivergence,
  meanSquaredError,
  meanAbsoluteError,
  huber,
  logCosh,
  poisson,
  quantile,
  gaussianNegativeLogLikelihood,
  cosineSimilarity,
  hinge,
  squaredHinge,
  categoricalHinge,
  ctc,
};

export type LossName = keyof typeof factories;

/** A loss by its name, with its options, or one of your own. */
export type LossInput = LossName | Loss | OwnLoss | OwnLossFunction;

const shortNames: Readonly<Record<string, LossName>> = {
  mse: 'meanSquaredError',
  mae: 'meanAbsoluteError',
  bce: 'binaryCrossentropy',
  pinball: 'quantile',
  kld: 'klDivergence',
  logcosh: 'logCosh',
};

/** A loss from its name, from what a saved file holds of it, itself, or one of the user's. */
export function toLoss(value: LossInput | string | { readonly name: string }): Loss {
  if (typeof value === 'function') {
    const isOurs = (Object.values(factories) as unknown[]).includes(value);
    return isOurs ? (value as () => Loss)() : ownLoss(value as OwnLossFunction);
  }
  if (typeof value === 'object' && value !== null) {
    if ('kernels' in value && typeof value.kernels === 'function') return value;
    if ('forward' in value || 'backward' in value) return ownLoss(value as OwnLoss);
  }
  const config = typeof value === 'string' ? { name: value } : value;
  if (typeof config !== 'object' || config === null || typeof config.name !== 'string') {
    throw new ConfigError(
      `loss is a name or one itself, such as binaryCrossentropy(), but got ${describe(value)}`,
    );
  }
  const { name, ...options } = config;
  if (Object.hasOwn(shortNames, name)) {
    throw new ConfigError(`loss '${name}' is not known: write '${shortNames[name]}'`);
  }
  if (Object.hasOwn(factories, name))
    return (factories[name as LossName] as (options: unknown) => Loss)(options);
  const own = registeredLoss(name);
  if (own) return own;
  throw unknownName('loss', name, Object.keys(factories));
}

/**
 * Makes a loss of your own known by its name, so that files and checkpoints of models that are trained with it can be written
 * and read.
 *
 * @throws ConfigError for what is no loss, or has the name of one of this library
 *
 * @example registerLoss(lopsided); // in every program that trains with it, or loads a model that was
 */
export function registerLoss(loss: OwnLoss | OwnLossFunction): void {
  const name = loss?.name;
  if (typeof name === 'string' && (Object.hasOwn(factories, name) || Object.hasOwn(shortNames, name))) {
    throw new ConfigError(`registerLoss: '${name}' is a loss of this library: give yours another name`);
  }
  if ((typeof loss !== 'object' && typeof loss !== 'function') || loss === null) {
    throw new ConfigError(`registerLoss takes a loss of your own but got ${describe(loss)}`);
  }
  keepLoss(loss);
}
