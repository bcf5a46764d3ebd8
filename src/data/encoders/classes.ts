/**
 * The classes that labels name: which there are, their numbers, and what a model's probabilities say of them. It is what
 * the encoders of labels have in common.
 */
import { ConfigError, DataError, ShapeError } from '../../core/errors.js';
import { checkNumber, checkOptions, describe } from '../../core/options.js';
import { formatShape, isTensor, type Tensor } from '../../core/tensor.js';
import { checkTensor } from '../samples.js';
import { learnedBy, type TransformJSON } from '../transform.js';

/** The name of a class. */
export type Label = string | number | boolean;

export interface LabelOptions<L extends Label = Label> {
  /** The classes in the order of their numbers; by default those that `fit` finds, sorted. */
  classes?: readonly L[];
  /** From which chance on the second of two classes is named, where a model has one output for both; 0.5 by default. */
  threshold?: number;
}

/** A class, and how likely a model finds it. */
export interface ClassProbability<L extends Label = Label> {
  readonly label: L;
  readonly probability: number;
}

/** What encoders of labels are made from. */
export interface Classes<L extends Label> {
  readonly isFitted: boolean;
  /** By their numbers. @throws ConfigError before `learn` */
  readonly all: readonly L[];
  learn(labels: Iterable<unknown>): void;
  /** @throws DataError for a label of no class; `where` is for the message */
  indexOf(label: unknown, where: () => string): number;
  /** @throws DataError for what is no number of a class */
  labelOf(index: unknown, where: () => string): L;
  /** The number of the class that the outputs of a row or step speak for, which begin at `at`. */
  decide(outputs: Outputs, row: number): number;
  /** All classes, the likeliest first. @throws DataError for outputs that are no probabilities */
  rank(outputs: Outputs, row: number): ClassProbability<L>[];
  toJSON(): TransformJSON;
}

/** A model's outputs: for each row or step a number a class, or the chance of the second of two. */
export interface Outputs {
  readonly data: ArrayLike<number>;
  readonly rows: number;
  /** 1 where there is no axis of steps. */
  readonly steps: number;
  readonly width: number;
  readonly lengths: readonly number[] | undefined;
}

/**
 * @param kind  the encoder, for messages
 * @param json  what a file holds, where it is made from one
 * @throws ConfigError for options out of range, and classes that are none
 */
export function createClasses<L extends Label>(
  kind: string,
  options: LabelOptions<L>,
  json?: TransformJSON,
): Classes<L> {
  checkOptions(kind, options, ['classes', 'threshold']);
  const { threshold = 0.5 } = options;
  checkNumber(`${kind}: threshold`, threshold, { min: 0, max: 1 });
  const fixed = options.classes && checkClasses(kind, options.classes);
  let learned = fixed ?? (json?.learned && checkClasses(kind, json.learned.classes as readonly L[]));
  const known = () => learnedBy(kind, learned);
  return {
    get isFitted() {
      return learned !== undefined;
    },
    get all() {
      return known().all;
    },
    learn: (labels) => {
      const found = [...collect(kind, labels)];
      if (fixed === undefined) learned = checkClasses(kind, found.sort(inOrder) as L[]);
      else for (const label of found) fixed.indexOf(label, () => 'what it learns from');
    },
    indexOf: (label, where) => known().indexOf(label, where),
    labelOf: (index, where) => {
      const { all } = known();
      const label = typeof index === 'number' ? all[index] : undefined;
      if (label !== undefined) return label;
      throw new DataError(
        `${kind}: ${where()} is ${describe(index)}, and the classes have the numbers 0 to ${all.length - 1}`,
      );
    },
    decide: (outputs, row) => decide(kind, outputs, row, threshold),
    rank: (outputs, row) => rank(kind, known().all, outputs, row),
    toJSON: () => ({
      kind,
      options: { ...(fixed ? { classes: fixed.all } : {}), threshold },
      ...(learned && !fixed ? { learned: { classes: learned.all } } : {}),
    }),
  };
}

interface Known<L extends Label> {
  readonly all: readonly L[];
  indexOf(label: unknown, where: () => string): number;
}

function checkClasses<L extends Label>(kind: string, classes: readonly L[]): Known<L> {
  if (!Array.isArray(classes)) {
    throw new ConfigError(`${kind}: classes are an array of labels but are ${describe(classes)}`);
  }
  const all = Object.freeze([...classes]) as readonly L[];
  const indices = new Map<unknown, number>();
  all.forEach((label, index) => {
    checkLabel(kind, label, all[0], () => `class ${index}`);
    if (indices.has(label)) throw new ConfigError(`${kind}: the class ${describe(label)} stands there twice`);
    indices.set(label, index);
  });
  if (all.length < 2) {
    const found = all.length === 0 ? 'there is none' : `there is only ${describe(all[0])}`;
    throw new DataError(`${kind} tells two classes or more apart but ${found}`);
  }
  return {
    all,
    indexOf: (label, where) => {
      const index = indices.get(label);
      if (index !== undefined) return index;
      const shown = all.slice(0, 10).map(describe).join(', ');
      throw new DataError(
        `${kind}: ${where()} is ${describe(label)}, which is none of the classes ${shown}${all.length > 10 ? ', ...' : ''}`,
      );
    },
  };
}

/** The labels, each once. */
function collect(kind: string, labels: Iterable<unknown>): Set<unknown> {
  const found = new Set<unknown>();
  let first: unknown;
  let count = 0;
  for (const label of labels) {
    first ??= label;
    const row = count++;
    if (!found.has(label)) found.add(checkLabel(kind, label, first, () => `label ${row}`));
  }
  return found;
}

/** @throws DataError for what is no label, or one of another type than the first */
function checkLabel(kind: string, label: unknown, first: unknown, where: () => string): unknown {
  const isLabel = ['string', 'boolean'].includes(typeof label) || Number.isFinite(label);
  if (isLabel && typeof label === typeof first) return label;
  const wanted = isLabel
    ? `and the first is ${describe(first)}`
    : 'and labels are texts, numbers or booleans';
  throw new DataError(`${kind}: ${where()} is ${describe(label)}, ${wanted}: labels are of one type`);
}

/** Numbers by size, texts by their code units, false before true. */
function inOrder(a: unknown, b: unknown): number {
  return (a as number) < (b as number) ? -1 : 1;
}

/**
 * A model's outputs, if they can be of these classes.
 *
 * @param ranks  the numbers of axes that they may have, 2 or 3
 */
export function readOutputs(kind: string, predictions: Tensor, classes: number, rank: 2 | 3): Outputs {
  if (!isTensor(predictions)) {
    throw new DataError(`${kind} reads what a model predicts, a Tensor, but got ${describe(predictions)}`);
  }
  const { data, shape, lengths } = checkTensor(predictions);
  const width = shape.at(-1) as number;
  if (shape.length !== rank || (width !== classes && !(width === 1 && classes === 2))) {
    const expected = formatShape([...(rank === 2 ? ['batch'] : ['batch', 'steps']), classes] as never);
    const single =
      classes === 2 ? ', the last axis 1 where one output is the chance of the second class,' : '';
    throw new ShapeError(`${kind} reads outputs ${expected}${single} but got ${formatShape(shape)}`);
  }
  return { data, rows: shape[0] as number, steps: rank === 3 ? (shape[1] as number) : 1, width, lengths };
}

function decide(kind: string, outputs: Outputs, row: number, threshold: number): number {
  const { data, width } = outputs;
  if (width === 1) return probabilityAt(kind, outputs, row) >= threshold ? 1 : 0;
  const at = row * width;
  let best = 0;
  for (let k = 0; k < width; k++) {
    const output = data[at + k] as number;
    if (Number.isNaN(output)) throw new DataError(`${kind}: output ${k} of ${placeOf(outputs, row)} is NaN`);
    if (output > (data[at + best] as number)) best = k;
  }
  return best;
}

function rank<L extends Label>(
  kind: string,
  classes: readonly L[],
  outputs: Outputs,
  row: number,
): ClassProbability<L>[] {
  const { width } = outputs;
  const chance = (k: number) => probabilityAt(kind, outputs, row * width + k);
  const second = width === 1 ? chance(0) : undefined;
  const ranked = classes.map((label, k) => ({
    label,
    probability: second === undefined ? chance(k) : k === 1 ? second : 1 - second,
  }));
  const sum = ranked.reduce((total, { probability }) => total + probability, 0);
  if (Math.abs(sum - 1) > 1e-3) {
    throw new DataError(
      `${kind}: the outputs of ${placeOf(outputs, row)} sum to ${sum}, so they are no probabilities: end the model with ` +
        "{ activation: 'softmax' }",
    );
  }
  return ranked.sort((a, b) => b.probability - a.probability);
}

function probabilityAt(kind: string, outputs: Outputs, i: number): number {
  const value = outputs.data[i] as number;
  if (value >= 0 && value <= 1) return value;
  throw new DataError(
    `${kind}: an output of ${placeOf(outputs, Math.floor(i / outputs.width))} is ${value}, which is no probability: end the ` +
      "model with { activation: 'sigmoid' }, or 'softmax' for an output a class",
  );
}

function placeOf({ steps }: Outputs, row: number): string {
  return steps === 1 ? `row ${row}` : `row ${Math.floor(row / steps)}, step ${row % steps}`;
}
