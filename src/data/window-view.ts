/** Rows that overlap on one series, and hold no numbers of their own. */
import { checkInteger } from '../core/options.js';
import type { Tensor } from '../core/tensor.js';

/** Rows that are views of one series: what `fit`, `evaluate` and `predict` take as x, and as y. */
export interface Windows {
  /** The series that all rows look at, [its steps, features]. */
  readonly series: Tensor;
  /** At which step of the series each row begins, in ascending order. */
  readonly starts: Int32Array;
  /** [rows, steps of a row, features]. */
  readonly shape: readonly [number, number, number];
  /** A row as a tensor [steps, features] that shares the memory of the series. */
  row(index: number): Tensor;
  /**
   * All rows copied, one behind the other.
   *
   * @param hasSteps  whether to keep the axis of the steps, true by default; else rows are [steps * features]
   */
  toTensor(hasSteps?: boolean): Tensor;
}

/** Whether a value is what `windows` makes. */
export function isWindows(value: unknown): value is Windows {
  return (value as Partial<Windows> | undefined)?.starts !== undefined;
}

/** Views of a series [steps, features] that begin at certain steps. */
export function windowsOf(series: Tensor, starts: Int32Array, steps: number): Windows {
  const features = series.shape[1] as number;
  const rows = starts.length;
  const size = steps * features;
  return {
    series,
    starts,
    shape: [rows, steps, features],
    row(index) {
      checkInteger('windows: row', index, { min: 0, below: rows });
      const start = (starts[index] as number) * features;
      return { data: series.data.subarray(start, start + size), shape: [steps, features] };
    },
    toTensor(hasSteps = true) {
      const data = new (series.data.constructor as Float32ArrayConstructor)(rows * size);
      for (let row = 0; row < rows; row++) {
        const start = (starts[row] as number) * features;
        data.set(series.data.subarray(start, start + size), row * size);
      }
      return { data, shape: hasSteps ? [rows, steps, features] : [rows, size] };
    },
  };
}
