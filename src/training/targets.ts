/** What a user gives as y and as sample weights, made into flat arrays that lie beside the samples. */
import { DataError, ShapeError } from '../core/errors.js';
import { describe } from '../core/options.js';
import { type FloatArray, formatShape, isTensor, type Tensor } from '../core/tensor.js';
import {
  checkTensor,
  isArrayLike,
  type NumberRow,
  newArray,
  rankOf,
  type Samples,
  shapeOfFirst,
  sliceSamples,
} from '../data/samples.js';
import { isWindows, type Windows } from '../data/window-view.js';
import type { Loss } from './losses/loss.js';

/**
 * Numbers or class indices `[batch]`, arrays `[batch, outputs]`, and where the output has steps
 * `[batch, steps]` or `[batch, steps, outputs]`, of the lengths of x; or windows over a series, whose steps are outputs
 * where the output has none.
 */
export type TargetInput =
  | Tensor
  | Windows
  | NumberRow
  | readonly NumberRow[]
  | readonly (readonly NumberRow[])[];

/** A weight a row, or a weight a step where the output has steps. 0 takes a row or step out altogether. */
export type SampleWeightInput = Tensor | NumberRow | readonly NumberRow[];

/** The output that the targets are for. */
export interface OutputShape {
  readonly name: string;
  /** What its targets are called behind `y`, in messages: nothing where it is the only output, else `.price`. */
  readonly suffix: string;
  readonly sequence: boolean;
  /** 1 where there is no time axis. */
  readonly steps: number;
  readonly features: number;
  /** The rows that the output is of: with the mask and the lengths of the input whose steps it keeps. */
  readonly rows: Pick<Samples, 'rows' | 'mask' | 'lengths'>;
}

/** What one output is to be. */
export interface Targets {
  /** [rows, steps, columns], steps being 1 where the output has no time axis. */
  readonly values: FloatArray;
  readonly columns: number;
  /** 1 where the output has no time axis. */
  readonly steps: number;
  /** [rows, steps]; missing where all are 1. */
  readonly weights: FloatArray | undefined;
}

/** Samples with what is to be learned from them. */
export interface Dataset {
  readonly rows: number;
  /** One for each input of the model. */
  readonly inputs: readonly Samples[];
  /** How many steps each input has. */
  readonly steps: readonly number[];
  /** One for each output that has a loss. */
  readonly outputs: readonly Targets[];
}

/**
 * @throws ShapeError when y does not fit the output or the rows and steps of x
 * @throws DataError for targets that the loss cannot take, where they count
 */
export function toTargets(
  given: TargetInput,
  loss: Loss,
  output: OutputShape,
  precision: 'float32' | 'float64',
  { weights: readWeights, hint }: TargetExtras = {},
): Targets {
  const { steps, rows } = output;
  const y = isWindows(given) ? given.toTensor(output.sequence) : given;
  const columns = loss.targetColumns(output.features);
  const outer = output.sequence ? [rows.rows, steps] : [rows.rows];
  const what = `y${output.suffix}`;
  const place: Placement = { rows, outer, columns, what, precision };
  let values: FloatArray;
  try {
    values = loss.labels ? loss.labels.read(y, what, rows.rows, steps, precision) : toFlat(y, place);
  } catch (error) {
    throw error instanceof ShapeError
      ? new ShapeError(error.message + (hint?.(y, loss, output) ?? ''))
      : error;
  }
  const weights = readWeights?.({ ...place, columns: 1, what: `sampleWeight${output.suffix}` });
  const targets = { values, columns, steps, weights };
  checkTargets(targets, loss, output);
  loss.labels?.check(targets, output);
  return targets;
}

/** What may be read beside targets, and said of mistakes in them. */
export interface TargetExtras {
  /** Reads what the rows or steps weigh: see sample-weights.ts. */
  readonly weights?: ((place: Placement) => FloatArray) | undefined;
  /** What mends a y of another shape: see target-hints.ts. */
  readonly hint?: ((y: TargetInput, loss: Loss, output: OutputShape) => string) | undefined;
}

/** Where in a data set numbers of the user's belong. */
export interface Placement {
  readonly rows: OutputShape['rows'];
  /** [rows], or [rows, steps]. */
  readonly outer: readonly number[];
  readonly columns: number;
  readonly what: string;
  readonly precision: 'float32' | 'float64';
}

/** A Tensor or nested arrays of shape [...outer, columns]; the last axis may be left out where columns is 1. */
export function toFlat(y: unknown, place: Placement): FloatArray {
  const { outer, columns } = place;
  const whole = [...outer, columns];
  if (isTensor(y)) {
    const { data, shape } = checkTensor(y);
    const found = columns === 1 && shape.length === outer.length ? [...shape, 1] : shape;
    if (found.length === whole.length && found.every((axis, i) => axis === whole[i])) return data;
    throw wrongShape(formatShape(shape), place);
  }
  const rank = rankOf(y);
  if (!isArrayLike(y) || (rank !== whole.length && !(columns === 1 && rank === outer.length))) {
    throw wrongShape(isArrayLike(y) ? formatShape(shapeOfFirst(y)) : describe(y), place);
  }
  if (y.length !== outer[0]) {
    throw new ShapeError(`${place.what} has ${y.length} rows but x has ${outer[0]}`);
  }
  return flatten(y, rank === outer.length, place);
}

function flatten(y: ArrayLike<unknown>, withoutColumns: boolean, place: Placement): FloatArray {
  const { outer, columns, what } = place;
  const [rows, steps] = outer as [number, number | undefined];
  const flat = newArray(place.precision, rows * (steps ?? 1) * columns);
  const copy = (from: unknown, start: number, where: string) => {
    const values = withoutColumns ? [from] : from;
    if (!isArrayLike(values) || values.length !== columns) {
      const found = isArrayLike(values) ? `has ${values.length}` : `is ${describe(values)}`;
      const needed = columns === 1 ? '1 value' : `${columns} values`;
      throw new ShapeError(`${what} needs ${needed} at ${where} but ${found}`);
    }
    for (let k = 0; k < columns; k++) {
      const value = typeof values[k] === 'boolean' ? Number(values[k]) : values[k];
      if (typeof value !== 'number')
        throw new DataError(`${what} is ${describe(value)} at ${where}, not a number`);
      flat[start + k] = value;
    }
  };
  for (let row = 0; row < rows; row++) {
    if (steps === undefined) {
      copy(y[row], row * columns, `row ${row}`);
      continue;
    }
    const length = place.rows.lengths?.[row] ?? steps;
    const given = y[row];
    if (!isArrayLike(given) || (given.length !== length && given.length !== steps)) {
      const found = isArrayLike(given) ? `has ${given.length} steps` : `is ${describe(given)}`;
      throw new ShapeError(
        `${what} ${found} in row ${row} where x has ${length} step${length === 1 ? '' : 's'}`,
      );
    }
    for (let t = 0; t < length; t++) copy(given[t], (row * steps + t) * columns, `row ${row}, step ${t}`);
  }
  return flat;
}

export function placeOf(step: number, steps: number | undefined): string {
  return steps === undefined ? `row ${step}` : `row ${Math.floor(step / steps)}, step ${step % steps}`;
}

function checkTargets({ values, columns, weights }: Targets, loss: Loss, output: OutputShape): void {
  const { rows, steps } = output;
  const check = loss.targets.check(loss.name, output.features);
  const mask = output.sequence ? rows.mask : undefined;
  let counted = 0;
  for (let step = 0; step < rows.rows * steps; step++) {
    if (mask?.[step] === 0 || weights?.[step] === 0) continue;
    counted++;
    const mistake = check(values, step * columns, columns);
    if (mistake === undefined) continue;
    throw new DataError(
      `y${output.suffix} ${mistake} at ${placeOf(step, output.sequence ? steps : undefined)}`,
    );
  }
  if (counted === 0)
    throw new DataError(
      `every sampleWeight${output.suffix} is 0: there is nothing to learn from or to measure`,
    );
}

function wrongShape(found: string, { what, outer, columns }: Placement): ShapeError {
  const expected =
    columns === 1
      ? `${formatShape(outer)} or ${formatShape([...outer, 1])}`
      : formatShape([...outer, columns]);
  return new ShapeError(`${what} should be of shape ${expected} but is ${found}`);
}

/** How many rows are trained on where a share of them is kept from it. */
export function keptRows(rows: number, share: number): number {
  return Math.floor(rows * (1 - share));
}

/** The rows to train on and, where `share` of them, the last ones, are to be kept from it, those: as views. */
export function splitDataset(dataset: Dataset, share: number): [kept: Dataset, held: Dataset | undefined] {
  const { rows } = dataset;
  const kept = keptRows(rows, share);
  if (kept === rows) return [dataset, undefined];
  return [sliceDataset(dataset, 0, kept), sliceDataset(dataset, kept, rows)];
}

/** Rows `from` to `to` of a data set, as a view. */
function sliceDataset({ inputs, steps, outputs }: Dataset, from: number, to: number): Dataset {
  return {
    rows: to - from,
    inputs: inputs.map((samples) => sliceSamples(samples, from, to)),
    steps,
    outputs: outputs.map((targets) => sliceTargets(targets, from, to)),
  };
}

function sliceTargets({ values, columns, steps, weights }: Targets, from: number, to: number): Targets {
  return {
    values: values.subarray(from * steps * columns, to * steps * columns),
    columns,
    steps,
    weights: weights?.subarray(from * steps, to * steps),
  };
}
