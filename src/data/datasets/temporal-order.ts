/**
 * Temporal order (Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation 9, 1997, section 5.6,
 * tasks 6a and 6b): among letters that mean nothing stand two or three that are X or Y, far apart; the class is which came in
 * which order. A sequence begins with E and ends with B.
 *
 *     E b a X d c a ... b d Y a c ... d B  ->  X Y
 *
 * In the paper sequences have 100 to 110 steps, and the letters that count stand at 10 to 20 and 50 to 60; with three of
 * them at 10 to 20, 33 to 43 and 66 to 76. Here all have the same number of steps, and the places are the same
 * shares of it: a tenth of the steps each, from a tenth, a half, and from a tenth, a third and two thirds.
 *
 * Published in 1997, their Table 9: of 2,560 sequences 1 is wrong with two letters that count, after 31,390 sequences of
 * training, and 2 with three, after 571,100. Guessing is right on a quarter of them, or an eighth.
 */
import { ConfigError } from '../../core/errors.js';
import { checkInteger, describe } from '../../core/options.js';
import { tensor } from '../../core/tensor.js';
import { type Dataset, type DatasetOptions, generatorOf } from './dataset.js';
import { hotTensor } from './symbols.js';

/** The symbols, in the order of their ids: those that mean nothing, those that count, and the first and last one. */
export const TEMPORAL_ORDER_SYMBOLS = 'abcdXYEB';
const DISTRACTORS = 4;
const X = TEMPORAL_ORDER_SYMBOLS.indexOf('X');
const FIRST = TEMPORAL_ORDER_SYMBOLS.indexOf('E');
const LAST = TEMPORAL_ORDER_SYMBOLS.indexOf('B');

/** Where the tenths begin in which letters that count stand, as shares of the steps. */
const PLACES = { 2: [0.1, 0.5], 3: [0.1, 0.33, 0.66] } as const;

export interface TemporalOrderOptions extends DatasetOptions {
  /** How long the sequences are, at least 10; 100 by default. */
  readonly steps?: number;
  /** How many letters count: 2 (the default) or 3. */
  readonly relevant?: 2 | 3;
}

/**
 * Draws sequences whose class is an order.
 *
 * @param rows  how many
 * @returns x `[rows, steps, 8]`, one-hot in the order `abcdXYEB`; y `[rows]`, the class: 0 to 3 for XX, XY, YX, YY, or
 *   0 to 7 for XXX, XXY and so on to YYY
 * @throws ConfigError for sizes that make no sense
 *
 * @example
 * const { x, y } = temporalOrder(1000, { steps: 50, seed: 1 });
 * const model = sequential([lstm(6), dense(4, { activation: 'softmax' })]);
 */
export function temporalOrder(rows: number, options: TemporalOrderOptions = {}): Dataset {
  const random = generatorOf('temporalOrder', options, ['steps', 'relevant']);
  checkInteger('temporalOrder: rows', rows);
  const steps = checkInteger('temporalOrder: steps', options.steps ?? 100, { min: 10 });
  const { relevant = 2 } = options;
  if (relevant !== 2 && relevant !== 3) {
    throw new ConfigError(`temporalOrder: relevant is 2 or 3 but is ${describe(relevant)}`);
  }
  const classes = new Float32Array(rows);
  const sequences: number[][][] = [];
  for (let row = 0; row < rows; row++) {
    const symbols = Array.from({ length: steps }, () => random.below(DISTRACTORS));
    symbols[0] = FIRST;
    symbols[steps - 1] = LAST;
    for (const place of PLACES[relevant]) {
      const bit = random.below(2);
      const at = Math.floor(place * steps) + random.below(Math.floor(steps / 10));
      symbols[at] = X + bit;
      classes[row] = 2 * (classes[row] as number) + bit;
    }
    sequences.push(symbols.map((id) => [id]));
  }
  return { x: hotTensor(sequences, TEMPORAL_ORDER_SYMBOLS.length), y: tensor(classes, [rows]) };
}
