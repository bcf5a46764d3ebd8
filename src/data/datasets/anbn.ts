/**
 * The languages a^n b^n and a^n b^n c^n, which no machine with a fixed number of states knows: it has to count (Gers and
 * Schmidhuber, "LSTM Recurrent Networks Learn Simple Context-Free and Context-Sensitive Languages", IEEE Transactions on
 * Neural Networks 12, 2001). The next symbol is to be foretold, from the start S to the end T: among the a's an a or a
 * b may come, and from the first b on there is one way to go.
 *
 *     S a a a b b b T
 *
 * Published in 2001: peephole LSTMs that have seen n up to 10 go on to n = 1,000 at best, and with c to n = 500 after n up to 40.
 */
import { ConfigError } from '../../core/errors.js';
import { checkInteger, describe } from '../../core/options.js';
import type { Tensor } from '../../core/tensor.js';
import { type Dataset, type DatasetOptions, generatorOf } from './dataset.js';
import { hotTensor, idsOf, stepTensor } from './symbols.js';

export interface AnbnOptions extends DatasetOptions {
  /** The smallest n; 1 by default. */
  readonly from?: number;
  /** The largest n; 10 by default. */
  readonly to?: number;
  /** 2 for a^n b^n, the default, or 3 for a^n b^n c^n. */
  readonly letters?: 2 | 3;
}

export interface AnbnDataset extends Dataset {
  /** `[rows, steps, symbols]`: 1 for each symbol that may come next. */
  readonly allowed: Tensor<Float32Array>;
  /** The strings from S to T, the last symbol being a target only. */
  readonly texts: readonly string[];
}

/**
 * Draws strings of a^n b^n, each n of a range as likely as another.
 *
 * @param rows  how many
 * @returns x `[rows, steps, 4]`, one-hot in the order `STab`, with lengths (5 and `STabc` with three letters); y
 *   `[rows, steps]`, the id of the symbol that comes next; and what may come next
 * @throws ConfigError for sizes that make no sense
 *
 * @example
 * const { x, y } = anbn(1000, { to: 10, seed: 1 });
 * const longer = anbn(50, { from: 11, to: 60, seed: 2 });
 */
export function anbn(rows: number, options: AnbnOptions = {}): AnbnDataset {
  const random = generatorOf('anbn', options, ['from', 'to', 'letters']);
  checkInteger('anbn: rows', rows);
  const from = checkInteger('anbn: from', options.from ?? 1);
  const to = checkInteger('anbn: to', options.to ?? 10, { min: from });
  const { letters = 2 } = options;
  if (letters !== 2 && letters !== 3) {
    throw new ConfigError(`anbn: letters is 2 or 3 but is ${describe(letters)}`);
  }
  const used = 'abc'.slice(0, letters);
  const symbols = `ST${used}`;
  const counts = Array.from({ length: rows }, () => from + random.below(to - from + 1));
  const texts = counts.map((n) => `S${Array.from(used, (letter) => letter.repeat(n)).join('')}T`);
  const ids = texts.map((text) => idsOf(text, symbols));
  const [a, b] = idsOf('ab', symbols) as [number, number];
  return {
    x: hotTensor(
      ids.map((row) => row.slice(0, -1).map((id) => [id])),
      symbols.length,
    ),
    y: stepTensor(ids.map((row) => row.slice(1))),
    allowed: hotTensor(
      ids.map((row) => row.slice(1).map((next, t) => (row[t] === a ? [a, b] : [next]))),
      symbols.length,
    ),
    texts,
  };
}
