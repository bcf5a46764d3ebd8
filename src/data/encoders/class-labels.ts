/**
 * The names of classes as numbers for a loss, and a model's probabilities as names again: one label a row, one a step, or
 * one a row as a row of zeros and a one.
 */
import { DataError } from '../../core/errors.js';
import { describe } from '../../core/options.js';
import { isTensor, type Tensor, tensor } from '../../core/tensor.js';
import type { Transform, TransformJSON } from '../transform.js';
import {
  type Classes,
  type ClassProbability,
  createClasses,
  type Label,
  type LabelOptions,
  type Outputs,
  readOutputs,
} from './classes.js';

/** What all encoders of labels know. */
interface Encoder<L extends Label> {
  /** The classes in the order of their numbers. @throws ConfigError before they are known */
  readonly classes: readonly L[];
  /** How many classes there are, for `dense(labels.size, { activation: 'softmax' })`. */
  readonly size: number;
}

/** See `classLabels`. */
export interface ClassLabels<L extends Label = Label> extends Encoder<L>, Transform<readonly L[], number[]> {
  readonly kind: 'classLabels';
  /** @throws DataError for a label that is no class */
  transform(labels: readonly L[]): number[];
  /**
   * The likeliest class of each row.
   *
   * @param predictions  a Tensor `[batch, classes]`, or `[batch, 1]` with the chance of the second of two; or an array of
   *   class numbers
   */
  inverse(predictions: Tensor | readonly number[]): L[];
  /** The classes of each row with their probabilities, the likeliest first. */
  rank(predictions: Tensor): ClassProbability<L>[][];
}

/** See `oneHotLabels`. */
export interface OneHotLabels<L extends Label = Label>
  extends Encoder<L>,
    Transform<readonly L[], number[][]> {
  readonly kind: 'oneHotLabels';
  /** @throws DataError for a label that is no class */
  transform(labels: readonly L[]): number[][];
  /** The likeliest class of each row, of a Tensor `[batch, classes]` or such arrays. */
  inverse(predictions: Tensor | readonly (readonly number[])[]): L[];
  /** The classes of each row with their probabilities, the likeliest first. */
  rank(predictions: Tensor): ClassProbability<L>[][];
}

/** See `stepLabels`. */
export interface StepLabels<L extends Label = Label>
  extends Encoder<L>,
    Transform<readonly (readonly L[])[], number[][]> {
  readonly kind: 'stepLabels';
  /** @throws DataError for a label that is no class */
  transform(labels: readonly (readonly L[])[]): number[][];
  /**
   * The likeliest class of each real step.
   *
   * @param predictions  a Tensor `[batch, steps, classes]`, or `[batch, steps, 1]` with the chance of the second of two; or
   *   arrays of class numbers
   */
  inverse(predictions: Tensor | readonly (readonly number[])[]): L[][];
  /** The classes of each real step with their probabilities, the likeliest first. */
  rank(predictions: Tensor): ClassProbability<L>[][][];
}

/**
 * One label a row: `transform` gives the number of its class, for `sparseCategoricalCrossentropy`, or for
 * `binaryCrossentropy` where there are two; `inverse` gives the name of the likeliest class, `rank` the probabilities too.
 *
 * @throws ConfigError for an option that is unknown or out of range; DataError for fewer than two classes
 *
 * @example
 * const labels = classLabels().fit(['spam', 'ham', 'spam']); // classes: ham, spam
 * labels.transform(['spam']); // [1]
 * labels.inverse(model.predict(x)); // ['ham', 'spam', ...]
 */
export function classLabels<L extends Label = string>(options: LabelOptions<L> = {}): ClassLabels<L> {
  return makeClassLabels(createClasses('classLabels', options));
}

/**
 * One label a row, as `classLabels` has it, but a row of zeros and a one for each: what `categoricalCrossentropy` and other
 * losses of distributions take.
 *
 * @throws as `classLabels` does
 *
 * @example oneHotLabels().fit(['a', 'b', 'c']).transform(['b']); // [[0, 1, 0]]
 */
export function oneHotLabels<L extends Label = string>(options: LabelOptions<L> = {}): OneHotLabels<L> {
  return makeOneHotLabels(createClasses('oneHotLabels', options));
}

/**
 * One label a step, in rows of unequal lengths too: the numbers of their classes, and names again of what a model that
 * returns sequences predicts.
 *
 * @throws as `classLabels` does
 *
 * @example
 * const tags = stepLabels().fit([['noun', 'verb'], ['noun']]);
 * tags.transform([['verb', 'noun', 'noun']]); // [[1, 0, 0]]
 */
export function stepLabels<L extends Label = string>(options: LabelOptions<L> = {}): StepLabels<L> {
  return makeStepLabels(createClasses('stepLabels', options));
}

/** Those that `toJSON` described, by their kind. */
export const restoreLabels = {
  classLabels: (json: TransformJSON) => makeClassLabels(createClasses('classLabels', json.options, json)),
  oneHotLabels: (json: TransformJSON) => makeOneHotLabels(createClasses('oneHotLabels', json.options, json)),
  stepLabels: (json: TransformJSON) => makeStepLabels(createClasses('stepLabels', json.options, json)),
};

function makeClassLabels<L extends Label>(classes: Classes<L>): ClassLabels<L> {
  return makeEncoder('classLabels', classes, {
    learn: (labels: readonly L[]) => classes.learn(checkArray('classLabels', labels)),
    transform: (labels: readonly L[]) => numbersOf('classLabels', classes, labels),
    inverse: (predictions: Tensor | readonly number[]) =>
      isTensor(predictions)
        ? readRows('classLabels', classes, predictions, classes.decide).map((k) => classes.all[k] as L)
        : checkArray('classLabels: inverse', predictions).map((k, row) =>
            classes.labelOf(k, () => `row ${row}`),
          ),
    rank: (predictions: Tensor) => readRows('classLabels', classes, predictions, classes.rank),
  });
}

function makeOneHotLabels<L extends Label>(classes: Classes<L>): OneHotLabels<L> {
  return makeEncoder('oneHotLabels', classes, {
    learn: (labels: readonly L[]) => classes.learn(checkArray('oneHotLabels', labels)),
    transform: (labels: readonly L[]) =>
      numbersOf('oneHotLabels', classes, labels).map((index) =>
        classes.all.map((_, k) => Number(k === index)),
      ),
    inverse: (predictions: Tensor | readonly (readonly number[])[]) =>
      readRows('oneHotLabels', classes, toTensor(predictions), classes.decide).map(
        (k) => classes.all[k] as L,
      ),
    rank: (predictions: Tensor) => readRows('oneHotLabels', classes, predictions, classes.rank),
  });
}

function makeStepLabels<L extends Label>(classes: Classes<L>): StepLabels<L> {
  const each = <T>(what: string, rows: readonly (readonly T[])[]) =>
    checkArray(what, rows).map((row, i) => checkArray(`${what}: row ${i}`, row));
  return makeEncoder('stepLabels', classes, {
    learn: (labels: readonly (readonly L[])[]) => classes.learn(each('stepLabels', labels).flat()),
    transform: (labels: readonly (readonly L[])[]) =>
      each('stepLabels', labels).map((row, i) => numbersOf('stepLabels', classes, row, `row ${i}, `)),
    inverse: (predictions: Tensor | readonly (readonly number[])[]) =>
      isTensor(predictions)
        ? readSteps(classes, predictions, classes.decide).map((row) => row.map((k) => classes.all[k] as L))
        : each('stepLabels: inverse', predictions).map((row, i) =>
            row.map((k, step) => classes.labelOf(k, () => `row ${i}, step ${step}`)),
          ),
    rank: (predictions: Tensor) => readSteps(classes, predictions, classes.rank),
  });
}

interface Methods<Raw> {
  learn(labels: Raw): void;
}

/** What all encoders have, around what is each one's own. */
function makeEncoder<K extends string, L extends Label, Raw, M extends Methods<Raw>>(
  kind: K,
  classes: Classes<L>,
  { learn, ...methods }: M & Methods<Raw>,
) {
  return {
    ...methods,
    kind,
    get isFitted() {
      return classes.isFitted;
    },
    get classes() {
      return classes.all;
    },
    get size() {
      return classes.all.length;
    },
    fit(labels: Raw) {
      learn(labels);
      return this;
    },
    toJSON: classes.toJSON,
  };
}

function numbersOf(kind: string, classes: Classes<Label>, labels: readonly unknown[], row = ''): number[] {
  const what = row === '' ? 'row' : 'step';
  return checkArray(kind, labels).map((label, i) => classes.indexOf(label, () => `${row}${what} ${i}`));
}

/** What is read of each row of `[batch, classes]`. */
function readRows<T>(
  kind: string,
  classes: Classes<Label>,
  predictions: Tensor,
  read: (outputs: Outputs, row: number) => T,
): T[] {
  const outputs = readOutputs(kind, predictions, classes.all.length, 2);
  return Array.from({ length: outputs.rows }, (_, row) => read(outputs, row));
}

/** What is read of each real step of `[batch, steps, classes]`. */
function readSteps<T>(
  classes: Classes<Label>,
  predictions: Tensor,
  read: (outputs: Outputs, row: number) => T,
): T[][] {
  const outputs = readOutputs('stepLabels', predictions, classes.all.length, 3);
  const { rows, steps, lengths } = outputs;
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: lengths?.[row] ?? steps }, (_, step) => read(outputs, row * steps + step)),
  );
}

/** Rows of numbers as a Tensor. @throws ShapeError for rows of unequal lengths */
function toTensor(predictions: Tensor | readonly (readonly number[])[]): Tensor {
  if (isTensor(predictions)) return predictions;
  const rows = checkArray('oneHotLabels: inverse', predictions);
  return tensor(Float64Array.from(rows.flat()), [rows.length, rows[0]?.length ?? 0]);
}

function checkArray<T>(what: string, values: readonly T[]): readonly T[] {
  if (Array.isArray(values)) return values;
  const hint = typeof values === 'string' ? ': for one label write [label]' : '';
  throw new DataError(`${what} takes an array but got ${describe(values)}${hint}`);
}
