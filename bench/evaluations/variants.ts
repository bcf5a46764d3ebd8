/**
 * The LSTM and Greff's eight variants side by side on the adding problem (Hochreiter and Schmidhuber 1997, section 5.4): each step
 * has a number between -1 and 1, one step in either half is marked, and the answer is the sum of the two marked numbers.
 * Who always answers 0 has a mean squared error of .667.
 *
 * 100 steps, 8 units, batches of 32 that never come back, Adam at .01, halved every 750 of 3,000 updates, gradients
 * clipped to a norm of 1; tested on 2,000 other sequences. The figures of docs/variants.md.
 */

import { Random } from '../../src/core/random.js';
import {
  adam,
  type BackendName,
  coupledLstm,
  dense,
  gateRecurrenceLstm,
  type Layer,
  lstm,
  noForgetGateLstm,
  noInputActivationLstm,
  noInputGateLstm,
  noOutputActivationLstm,
  noOutputGateLstm,
  peepholeLstm,
  sequential,
} from '../../src/index.js';
import type { Evaluation } from './evaluation.js';

const STEPS = 100;
const UNITS = 8;
const BATCH = 32;
const UPDATES = 3000;
const HALVED_EVERY = 750;
const TEST_ROWS = 2000;

const layers: Record<string, (units: number) => Layer> = {
  lstm,
  peepholeLstm,
  coupledLstm,
  noForgetGateLstm,
  noInputGateLstm,
  noOutputGateLstm,
  noInputActivationLstm,
  noOutputActivationLstm,
  gateRecurrenceLstm,
};

/** Sequences of (number, mark), and the sums of the marked numbers. */
function addingProblem(random: Random, rows: number) {
  const x = { data: new Float32Array(rows * STEPS * 2), shape: [rows, STEPS, 2] };
  const y = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const marked = [random.below(STEPS / 2), STEPS / 2 + random.below(STEPS / 2)];
    for (let t = 0; t < STEPS; t++) {
      const at = 2 * (row * STEPS + t);
      const value = 2 * random.uniform() - 1;
      x.data[at] = value;
      if (!marked.includes(t)) continue;
      x.data[at + 1] = 1;
      y[row] = (y[row] as number) + value;
    }
  }
  return { x, y: { data: y, shape: [rows, 1] } };
}

function errorAfterTraining(name: string, seed: number, backend: BackendName): number {
  const layer = (layers[name] as (units: number) => Layer)(UNITS);
  const model = sequential([layer, dense(1)], { seed, backend });
  model.compile({ optimizer: adam({ learningRate: 0.01, globalClipNorm: 1 }), loss: 'meanSquaredError' });
  const random = new Random(seed, 1);
  for (let update = 0; update < UPDATES; update++) {
    const { x, y } = addingProblem(random, BATCH);
    model.trainOnBatch(x, y);
    if ((update + 1) % HALVED_EVERY === 0) model.learningRate /= 2;
  }
  const { x, y } = addingProblem(new Random(1000 + seed), TEST_ROWS);
  return model.evaluate(x, y).loss;
}

export const variants: Evaluation = {
  name: 'variants',
  about: `The LSTM and Greff's eight variants on the adding problem, ${STEPS} steps: mean squared error (of always 0: .667)`,
  recipe: '8 units, Adam .01 halved every 750 of 3,000 updates, clip 1, batches of 32',
  // Without an input gate or a forget gate some seeds do not learn it: those are only asked to be better than 0.
  bars: Object.keys(layers).map((metric) => ({
    metric,
    bar: /no(Input|Forget)Gate/.test(metric) ? 0.667 : 0.02,
    better: 'lower',
  })),
  run: async (seed, { backend }) =>
    Object.fromEntries(Object.keys(layers).map((name) => [name, errorAfterTraining(name, seed, backend)])),
  comparisons: [],
};
