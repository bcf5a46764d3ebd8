/**
 * The adding problem (Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation 9, 1997, section 5.4):
 * of a long sequence of numbers two are marked, and the answer, asked for at the end, is their sum. In the form that
 * later papers use (Martens and Sutskever 2011; Arjovsky, Shah and Bengio 2016): sequences of one length, one mark in
 * either half, the sum itself as target.
 *
 *     value        -0.3   0.9  -0.5   0.2   0.7  -0.1
 *     mark            0     1     0     0     0     1     ->  0.8
 *
 * Published in 1997, their Table 7: of 2,560 sequences of about 100 steps all but one are answered with an error below
 * .16, after 74,000 sequences of training (their target is a quarter of the sum, and its error to be below .04).
 * Always answering 0 has a mean squared error of 2/3.
 */
import { checkInteger } from '../../core/options.js';
import { tensor } from '../../core/tensor.js';
import { type Dataset, type DatasetOptions, generatorOf } from './dataset.js';

export interface AddingProblemOptions extends DatasetOptions {
  /** How long the sequences are, at least 2; 100 by default. */
  readonly steps?: number;
}

/**
 * Draws sequences of the adding problem.
 *
 * @param rows  how many
 * @returns x `[rows, steps, 2]`: a number from -1 to 1, and 1 where it is marked; y `[rows, 1]`: the sum of the two
 *   marked numbers, one in either half
 * @throws ConfigError for sizes that make no sense
 *
 * @example
 * const { x, y } = addingProblem(1000, { steps: 50, seed: 1 });
 * await model.fit(x, y, { epochs: 20 });
 */
export function addingProblem(rows: number, options: AddingProblemOptions = {}): Dataset {
  const random = generatorOf('addingProblem', options, ['steps']);
  checkInteger('addingProblem: rows', rows);
  const steps = checkInteger('addingProblem: steps', options.steps ?? 100, { min: 2 });
  const half = Math.floor(steps / 2);
  const x = new Float32Array(rows * steps * 2);
  const y = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const start = row * steps;
    for (let t = start; t < start + steps; t++) x[2 * t] = 2 * random.uniform() - 1;
    const first = start + random.below(half);
    const second = start + half + random.below(steps - half);
    x[2 * first + 1] = 1;
    x[2 * second + 1] = 1;
    y[row] = (x[2 * first] as number) + (x[2 * second] as number);
  }
  return { x: tensor(x, [rows, steps, 2]), y: tensor(y, [rows, 1]) };
}
