/**
 * Parity: is the number of ones in a sequence of bits odd? One bit is all there is to remember, and each further one
 * turns the answer around, so that there is no smaller error to go down along until it is solved. Bengio, Simard and Frasconi,
 * "Learning Long-Term Dependencies with Gradient Descent is Difficult", 1994, pose it; Hochreiter and Schmidhuber,
 * "LSTM Can Solve Hard Long Time Lag Problems", 1997, remark that guessing weights at random solves it too.
 *
 * Guessing is right half of the time.
 */
import { checkInteger } from '../../core/options.js';
import { type Tensor, tensor } from '../../core/tensor.js';
import { type Dataset, type DatasetOptions, generatorOf } from './dataset.js';

export interface ParityOptions extends DatasetOptions {
  /** How long the sequences are; 10 by default. */
  readonly steps?: number;
}

export interface ParityDataset extends Dataset {
  /** `[rows, steps]`: whether the number of ones up to each step is odd, which is far easier to learn from. */
  readonly running: Tensor<Float32Array>;
}

/**
 * Draws sequences of bits.
 *
 * @param rows  how many
 * @returns x `[rows, steps, 1]`, zeros and ones; y `[rows, 1]`, 1 where the number of ones is odd; and the same of each step
 * @throws ConfigError for sizes that make no sense
 *
 * @example
 * const { x, running } = parity(1000, { steps: 20, seed: 1 });
 * const model = sequential([lstm(8, { returnSequences: true }), dense(1, { activation: 'sigmoid' })]);
 */
export function parity(rows: number, options: ParityOptions = {}): ParityDataset {
  const random = generatorOf('parity', options, ['steps']);
  checkInteger('parity: rows', rows);
  const steps = checkInteger('parity: steps', options.steps ?? 10);
  const x = new Float32Array(rows * steps);
  const running = new Float32Array(rows * steps);
  const y = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    let odd = 0;
    for (let t = row * steps; t < (row + 1) * steps; t++) {
      const bit = random.below(2);
      odd ^= bit;
      x[t] = bit;
      running[t] = odd;
    }
    y[row] = odd;
  }
  return {
    x: tensor(x, [rows, steps, 1]),
    y: tensor(y, [rows, 1]),
    running: tensor(running, [rows, steps]),
  };
}
