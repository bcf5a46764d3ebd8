/** The targets of a loss of labels: for each row the labels that its sequence says, as many as there are. */
import { DataError, ShapeError } from '../core/errors.js';
import { describe } from '../core/options.js';
import { type FloatArray, isTensor, type Tensor } from '../core/tensor.js';
import { isArrayLike, newArray } from '../data/samples.js';
import { TOO_MANY_LABELS } from '../kernels/ctc.js';

/** Labels [rows, steps], and what they weigh. */
interface LabelTargets {
  readonly values: FloatArray;
  readonly steps: number;
  readonly weights: FloatArray | undefined;
}

/** The output that they are for. */
interface LabelOutput {
  readonly suffix: string;
  readonly features: number;
  readonly rows: { readonly rows: number; readonly mask: Uint8Array | undefined };
}

/** How the labels of a loss are read and checked. */
export interface LabelReading {
  read(y: unknown, what: string, rows: number, steps: number, precision: 'float32' | 'float64'): FloatArray;
  /** @throws DataError for labels that are none, or do not fit into the steps of their row */
  check(targets: LabelTargets, output: LabelOutput): void;
}

/** What stands behind the labels of a row. */
const NONE = -1;

/** The labels of each row in its first steps [rows, steps]. */
export function toLabels(
  y: unknown,
  what: string,
  rows: number,
  steps: number,
  precision: 'float32' | 'float64',
): FloatArray {
  const flat = newArray(precision, rows * steps).fill(NONE);
  const given = isTensor(y) ? labelsOfTensor(y, what) : y;
  if (!isArrayLike(given) || given.length !== rows) {
    const found = isArrayLike(given) ? `${given.length} rows` : describe(given);
    throw new ShapeError(`${what} should hold the labels of ${rows} rows but is ${found}`);
  }
  for (let row = 0; row < rows; row++) {
    const labels: unknown = given[row];
    if (!isArrayLike(labels)) {
      throw new ShapeError(`${what} should hold an array of labels at row ${row} but is ${describe(labels)}`);
    }
    if (labels.length > steps) {
      flat[row * steps] = TOO_MANY_LABELS;
      continue;
    }
    for (let k = 0; k < labels.length; k++) {
      const label: unknown = labels[k];
      if (typeof label !== 'number' || !Number.isInteger(label) || label < 0) {
        throw new DataError(`${what} is ${describe(label)} at row ${row}, label ${k}, which is no class`);
      }
      flat[row * steps + k] = label;
    }
  }
  return flat;
}

function labelsOfTensor({ data, shape, lengths }: Tensor, what: string): FloatArray[] {
  const [rows = 0, most = 0] = shape;
  if (shape.length !== 2)
    throw new ShapeError(`${what} should be labels [rows, labels] but has ${shape.length} axes`);
  return Array.from({ length: rows }, (_, row) =>
    data.subarray(row * most, row * most + (lengths?.[row] ?? most)),
  );
}

/**
 * @throws DataError for a label that is no class or the blank, and, unless they are let pass, for labels that do not fit
 * into the steps of their row
 */
export function checkLabels(
  { values: targets, steps, weights }: LabelTargets,
  output: LabelOutput,
  { blank, zeroInfinity }: { readonly blank: number; readonly zeroInfinity: boolean },
): void {
  const { suffix, features: classes } = output;
  const { rows, mask } = output.rows;
  for (let row = 0; row < rows; row++) {
    if (weights?.[row * steps] === 0) continue;
    let real = 0;
    for (let t = 0; t < steps; t++) if (mask?.[row * steps + t] !== 0) real++;
    let needed = targets[row * steps] === TOO_MANY_LABELS ? steps + 1 : 0;
    for (let k = 0; k < steps; k++) {
      const label = targets[row * steps + k] as number;
      if (label < 0) break;
      if (label >= classes || label === blank) {
        const known = `the classes are 0 to ${classes - 1}, of which ${blank} is the blank`;
        throw new DataError(`y${suffix} is ${label} at row ${row}, label ${k}, which is no label: ${known}`);
      }
      needed += k > 0 && label === targets[row * steps + k - 1] ? 2 : 1;
    }
    if (needed <= real) continue;
    if (zeroInfinity) {
      targets[row * steps] = TOO_MANY_LABELS; // a batch may see fewer steps, and so fewer labels than there are
      continue;
    }
    throw new DataError(
      `the labels of row ${row} take at least ${needed} steps, equal neighbors needing a blank between them, but x has ` +
        `${real}: give it more steps, or write ctc({ zeroInfinity: true }) to pass over such rows`,
    );
  }
}
