/** Transforms from what a model's file holds of them: a line for each kind, which checks all that the file says. */
import { ConfigError, FormatError, LonghandError } from '../core/errors.js';
import { describe } from '../core/options.js';
import { restoreCategoryIds } from './encoders/category-ids.js';
import { restoreLabels } from './encoders/class-labels.js';
import { restoreNumeric } from './encoders/numeric.js';
import { restoreOneHot } from './encoders/one-hot.js';
import { restoreChain } from './scalers/chain.js';
import { restoreDifference } from './scalers/difference.js';
import { log1p } from './scalers/log1p.js';
import { restoreMinMaxScaler } from './scalers/min-max-scaler.js';
import { restoreRobustScaler } from './scalers/robust-scaler.js';
import { restoreStandardScaler } from './scalers/standard-scaler.js';
import { restoreTableEncoder } from './table-encoder.js';
import { restoreTextVectorizer } from './text/text-vectorizer.js';
import type { AnyTransform, Transform, TransformJSON } from './transform.js';

/** Makes a transform again from JSON of its kind. It trusts nothing, and throws a LonghandError for what it cannot take. */
type Restore = (json: TransformJSON) => Transform<unknown, unknown>;

/** The kinds in alphabetical order, found by a name that a file gives: own properties only. */
const kinds: ReadonlyMap<string, Restore> = new Map<string, Restore>([
  ['categoryIds', restoreCategoryIds],
  ['chain', (json) => restoreChain(json, restoreTransform)],
  ['classLabels', restoreLabels.classLabels],
  ['difference', restoreDifference],
  ['log1p', log1p],
  ['minMaxScaler', restoreMinMaxScaler],
  ['numeric', (json) => restoreNumeric(json, restoreTransform)],
  ['oneHot', restoreOneHot],
  ['oneHotLabels', restoreLabels.oneHotLabels],
  ['robustScaler', restoreRobustScaler],
  ['standardScaler', restoreStandardScaler],
  ['stepLabels', restoreLabels.stepLabels],
  ['tableEncoder', (json) => restoreTableEncoder(json, restoreTransform)],
  ['textVectorizer', restoreTextVectorizer],
]);

/** The transforms of users, by their kind. */
const registered = new Map<string, Restore>();

/**
 * Makes a transform of your own known, so that files with it load.
 *
 * @param kind  the transform's `kind`
 * @param restore  makes it again of what its `toJSON` gave; it is given what a file says, and should trust nothing
 * @throws ConfigError for the kind of a transform of this library
 *
 * @example registerTransform('celsius', () => celsius());
 */
export function registerTransform(kind: string, restore: (json: TransformJSON) => AnyTransform): void {
  if (typeof kind !== 'string' || kind === '' || typeof restore !== 'function') {
    throw new ConfigError(
      `registerTransform takes a kind and a function but got ${describe(kind)} and ${describe(restore)}`,
    );
  }
  if (kinds.has(kind)) {
    throw new ConfigError(
      `registerTransform: '${kind}' is a transform of this library: give yours another kind`,
    );
  }
  registered.set(kind, restore as Restore);
}

/**
 * The transform that `toJSON` described, with all it had learned.
 *
 * @throws FormatError for what no transform wrote
 */
export function restoreTransform(json: unknown): Transform<unknown, unknown> {
  const { kind, options, learned } = (isObject(json) ? json : {}) as Partial<TransformJSON>;
  const restore = typeof kind === 'string' ? (kinds.get(kind) ?? registered.get(kind)) : undefined;
  if (restore === undefined) {
    const known = [...kinds.keys()].join(', ');
    throw new FormatError(
      `the file holds a transform of kind ${describe(kind)}, which this version does not know: it knows ${known}, and those of your own by registerTransform`,
    );
  }
  if (!isObject(options) || !(learned === undefined || isObject(learned))) {
    throw new FormatError(
      `the file's ${kind} has no options that are an object, or has learned what is none`,
    );
  }
  try {
    return restore(json as TransformJSON);
  } catch (error) {
    if (error instanceof FormatError || !(error instanceof LonghandError)) throw error;
    throw new FormatError(`the file's ${kind} is not sound: ${error.message}`);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
