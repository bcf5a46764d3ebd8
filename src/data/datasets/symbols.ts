/** Sequences of symbols, one-hot, padded behind where they are of unequal length. */
import { type Tensor, tensor } from '../../core/tensor.js';

/** The place of each symbol of a text in the alphabet. */
export function idsOf(text: string, alphabet: string): number[] {
  return Array.from(text, (symbol) => alphabet.indexOf(symbol));
}

/** The longest of rows that are of unequal length. */
export function longest(rows: readonly { readonly length: number }[]): number {
  return rows.reduce((steps, { length }) => Math.max(steps, length), 0);
}

/** `[rows, steps, classes]`: 1 at each of the classes of a step, and lengths where rows are of unequal length. */
export function hotTensor(
  rows: readonly (readonly (readonly number[])[])[],
  classes: number,
): Tensor<Float32Array> {
  const steps = longest(rows);
  const data = new Float32Array(rows.length * steps * classes);
  rows.forEach((row, r) => {
    row.forEach((hot, t) => {
      for (const id of hot) data[(r * steps + t) * classes + id] = 1;
    });
  });
  return tensor(data, [rows.length, steps, classes], lengthsOf(rows, steps));
}

/** `[rows, steps]`: a number a step, 0 behind the last one of a row. */
export function stepTensor(rows: readonly (readonly number[])[]): Tensor<Float32Array> {
  const steps = longest(rows);
  const data = new Float32Array(rows.length * steps);
  rows.forEach((row, r) => void data.set(row, r * steps));
  return tensor(data, [rows.length, steps], lengthsOf(rows, steps));
}

function lengthsOf(rows: readonly { readonly length: number }[], steps: number): { lengths?: number[] } {
  const lengths = rows.map(({ length }) => length);
  return lengths.every((length) => length === steps) ? {} : { lengths };
}
