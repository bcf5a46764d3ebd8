/**
 * The errors of this library. Every message is one sentence: what was expected, what was found, where, and
 * what mends it. Each class also carries its name, so that `error.name` tells them apart across bundles.
 */

/** The common ancestor: `catch (e) { if (e instanceof LonghandError) ... }` takes every mistake named here. */
export class LonghandError extends Error {
  override name = 'LonghandError';
}

/** An array has a rank or a size that does not fit where it is used. */
export class ShapeError extends LonghandError {
  override name = 'ShapeError';
}

/** The values are wrong, not the shape: a label out of range, NaN in the input, an empty set. */
export class DataError extends LonghandError {
  override name = 'DataError';
}

/** An option is unknown, out of range, or does not go with another. */
export class ConfigError extends LonghandError {
  override name = 'ConfigError';
}

/** A file is cut short, too large, or not what it says it is. Nothing of it has been loaded. */
export class FormatError extends LonghandError {
  override name = 'FormatError';
}

/** The arithmetic went wrong: a loss or a gradient is no longer finite. */
export class NumericError extends LonghandError {
  override name = 'NumericError';
}
