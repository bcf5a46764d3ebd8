/**
 * What makes data ready for a model and takes its answers back: scalers, vectorizers, encoders. Each is learned from the
 * training part by `fit`, applied by `transform` and undone by `inverse`; what it was given and has learned is plain
 * JSON, so that it travels in the model's file and the model answers in its user's own units and names.
 */
import { ConfigError } from '../core/errors.js';

/** Plain JSON: what a file can hold. Numbers are finite; doubles come back with the same bits. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** All that makes a transform again: see `restoreTransform`. */
export interface TransformJSON {
  /** The name of the function that makes it. */
  readonly kind: string;
  /** What that function was given. */
  readonly options: { readonly [name: string]: Json };
  /** What `fit` has learned; missing before that. */
  readonly learned?: { readonly [name: string]: Json };
}

/**
 * @typeParam Raw  data as a user has it: texts, temperatures, names
 * @typeParam Ready  the same as a model takes it
 */
export interface Transform<Raw, Ready> {
  /** The name of the function that makes it: `standardScaler`, `textVectorizer`. */
  readonly kind: string;
  /** Whether it has learned what it needs; true from the start where there is nothing to learn. */
  readonly isFitted: boolean;
  /**
   * Learns from the training part, and from it alone: what is learned from all the data tells the model of the test.
   * Learning again forgets what was learned before.
   *
   * @throws DataError for data it cannot learn from
   */
  fit(raw: Raw): this;
  /** @throws ConfigError before `fit`, where there is something to learn */
  transform(raw: Raw): Ready;
  /** Back to what `transform` was given, as far as the transform kept it. */
  inverse(ready: Ready): Raw;
  toJSON(): TransformJSON;
}

/** A transform of whatever data: what a pipeline takes. */
export interface AnyTransform {
  readonly kind: string;
  readonly isFitted: boolean;
  fit(raw: never): unknown;
  transform(raw: never): unknown;
  inverse(ready: never): unknown;
  toJSON(): TransformJSON;
}

/** What a transform has learned, where it has; the error says what to do where it has not. */
export function learnedBy<Learned>(kind: string, learned: Learned | undefined): Learned {
  if (learned !== undefined) return learned;
  throw new ConfigError(`${kind} has learned nothing yet: call fit with the training part first`);
}
