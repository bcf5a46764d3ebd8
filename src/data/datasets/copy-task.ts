/**
 * The copy task (Hochreiter and Schmidhuber 1997, in spirit; in this form Arjovsky, Shah and Bengio, "Unitary Evolution
 * Recurrent Neural Networks", 2016, section 5.1): a few symbols are shown, then nothing for a long time, then a sign
 * upon which they are to be repeated.
 *
 *     x    3 1 4 . . . . . . : . .
 *     y    . . . . . . . . . 3 1 4
 *
 * Published in 2016 for 10 of 8 symbols: with delays from 100 on an LSTM does hardly better than to foretell nothing and to
 * guess at the end, a cross-entropy of length * ln(symbols) / steps, which that paper's network gets below.
 */
import { checkInteger } from '../../core/options.js';
import { type Dataset, type DatasetOptions, generatorOf } from './dataset.js';
import { hotTensor, stepTensor } from './symbols.js';

export interface CopyTaskOptions extends DatasetOptions {
  /** How many symbols are to be repeated; 10 by default. */
  readonly length?: number;
  /** How many steps lie between the last symbol and the first of its repetition, the sign the last of them; 100 by default. */
  readonly delay?: number;
  /** How many symbols there are to choose among; 8 by default. */
  readonly symbols?: number;
}

/**
 * Draws sequences to repeat, `2 length + delay` steps long.
 *
 * @param rows  how many
 * @returns x `[rows, steps, symbols + 2]`, one-hot: the symbols, then nothing, id `symbols`, then the sign, id
 *   `symbols + 1`; y `[rows, steps]`, ids: nothing, and behind the sign the symbols
 * @throws ConfigError for sizes that make no sense
 *
 * @example
 * const { x, y } = copyTask(1000, { length: 5, delay: 20, seed: 1 });
 * const model = sequential([lstm(64, { returnSequences: true }), dense(9, { activation: 'softmax' })]);
 */
export function copyTask(rows: number, options: CopyTaskOptions = {}): Dataset {
  const random = generatorOf('copyTask', options, ['length', 'delay', 'symbols']);
  checkInteger('copyTask: rows', rows);
  const length = checkInteger('copyTask: length', options.length ?? 10);
  const delay = checkInteger('copyTask: delay', options.delay ?? 100);
  const symbols = checkInteger('copyTask: symbols', options.symbols ?? 8);
  const nothing = symbols;
  const sign = symbols + 1;
  const blanks = (count: number): number[] => new Array(count).fill(nothing);
  const shown: number[][] = Array.from({ length: rows }, () =>
    Array.from({ length }, () => random.below(symbols)),
  );
  const inputs = shown.map((row) => [...row, ...blanks(delay - 1), sign, ...blanks(length)]);
  return {
    x: hotTensor(
      inputs.map((row) => row.map((id) => [id])),
      symbols + 2,
    ),
    y: stepTensor(shown.map((row) => [...blanks(length + delay), ...row])),
  };
}
