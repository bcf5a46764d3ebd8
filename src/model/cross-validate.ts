/** Cross-validation: a model trained anew for each fold, and evaluated on the rows that it has not seen. */
import { ConfigError, DataError } from '../core/errors.js';
import { checkInteger, checkOptions, describe } from '../core/options.js';
import { Random } from '../core/random.js';
import type { FloatArray } from '../core/tensor.js';
import { isArrayLike } from '../data/samples.js';
import type { Logs } from '../training/run.js';
import type { FitOptions } from './options.js';
import type { Sequential } from './sequential.js';

export interface CrossValidateOptions {
  /** How many times a model is trained; 5 by default. */
  folds?: number;
  /**
   * `'row'` (the default) deals the rows out at random. With `'time'` the rows are in the order of time: they are cut
   * into one block more than there are folds, and each block but the first validates a model trained on all before it.
   */
  by?: 'row' | 'time';
  /** A name or number a row; rows of one group are never on both sides. Left out, each row stands for itself. */
  groups?: ArrayLike<string | number>;
  /** Decides how rows or groups are dealt out; 0 by default. */
  seed?: number;
  /** How each model is trained: epochs, batchSize, callbacks and the like. */
  fit?: Omit<FitOptions, 'validationSplit' | 'validationData' | 'sampleWeight'>;
}

export interface CrossValidation {
  /** What `evaluate` says of each fold's model. */
  readonly folds: readonly Logs[];
  /** The mean over the folds, by name. */
  readonly mean: Logs;
  /** The standard deviation over the folds, by name; 0 for one fold. */
  readonly deviation: Logs;
}

/**
 * Trains and evaluates a model for each fold.
 *
 * @param build  makes a new compiled model
 * @param x  a row of features or steps for each row, as nested arrays
 * @param y  a target for each row
 * @throws ConfigError for options that do not go together, DataError for fewer rows or groups than it takes
 *
 * @example const { mean, deviation } = await crossValidate(build, x, y, { folds: 5, groups: customers });
 */
export async function crossValidate<R, T>(
  build: () => Sequential<FloatArray>,
  x: readonly R[],
  y: ArrayLike<T>,
  options: CrossValidateOptions = {},
): Promise<CrossValidation> {
  checkOptions('crossValidate', options, ['folds', 'by', 'groups', 'seed', 'fit']);
  const { folds = 5, by = 'row', groups, seed = 0, fit = {} } = options;
  if (!Array.isArray(x) || !isArrayLike(y) || x.length !== y.length) {
    throw new DataError(
      `crossValidate takes rows and a target for each, as arrays, but got ${describe(x)} and ${describe(y)}`,
    );
  }
  if (groups !== undefined && groups.length !== x.length) {
    throw new DataError(`crossValidate needs a group for each of ${x.length} rows but got ${groups.length}`);
  }
  checkInteger('crossValidate: seed', seed, { min: 0 });
  const logs: Logs[] = [];
  for (const { train, validate } of splitFolds(x.length, folds, by, groups, seed)) {
    const model = build();
    const pick = (rows: readonly number[]) =>
      [rows.map((row) => x[row]), rows.map((row) => y[row])] as [never, never];
    await model.fit(...pick(train), fit);
    logs.push(model.evaluate(...pick(validate)));
  }
  const names = Object.keys(logs[0] as Logs);
  const mean = fromNames(names, (name) => logs.reduce((sum, log) => sum + (log[name] as number), 0) / folds);
  const deviation = fromNames(names, (name) => {
    const squares = logs.reduce((sum, log) => sum + ((log[name] as number) - (mean[name] as number)) ** 2, 0);
    return folds === 1 ? 0 : Math.sqrt(squares / (folds - 1));
  });
  return { folds: logs, mean, deviation };
}

function fromNames(names: readonly string[], value: (name: string) => number): Logs {
  return Object.fromEntries(names.map((name) => [name, value(name)]));
}

interface Fold {
  readonly train: readonly number[];
  readonly validate: readonly number[];
}

/** Which rows train and which validate, in each fold. */
export function splitFolds(
  rows: number,
  folds: number,
  by: 'row' | 'time',
  groups: ArrayLike<string | number> | undefined,
  seed: number,
): Fold[] {
  if (by !== 'row' && by !== 'time') {
    throw new ConfigError(`crossValidate: by is 'row' or 'time' but is ${describe(by)}`);
  }
  checkInteger('crossValidate: folds', folds, { min: by === 'time' ? 1 : 2 });
  if (by === 'time' && groups !== undefined) {
    throw new ConfigError("crossValidate: groups and by: 'time' do not go together: one of the two");
  }
  const all = Array.from({ length: rows }, (_, row) => row);
  const units = groups === undefined ? all : [...new Set(Array.from(groups))];
  const blocks = by === 'time' ? folds + 1 : folds;
  if (units.length < blocks) {
    const what = groups === undefined ? 'rows' : 'groups';
    throw new DataError(
      `crossValidate with ${folds} folds takes ${blocks} ${what} or more but got ${units.length}`,
    );
  }
  const blockOf = (place: number) => Math.floor((place * blocks) / units.length);
  if (by === 'time') {
    return Array.from({ length: folds }, (_, fold) => ({
      train: all.filter((row) => blockOf(row) <= fold),
      validate: all.filter((row) => blockOf(row) === fold + 1),
    }));
  }
  const order = Int32Array.from(units.keys());
  new Random(seed, 0).shuffle(order);
  const foldOf = new Map(Array.from(order, (unit, place) => [units[unit], blockOf(place)]));
  const rowFold = all.map((row) => foldOf.get(groups === undefined ? row : (groups[row] as string | number)));
  return Array.from({ length: folds }, (_, fold) => ({
    train: all.filter((row) => rowFold[row] !== fold),
    validate: all.filter((row) => rowFold[row] === fold),
  }));
}
