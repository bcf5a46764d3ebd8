// @ts-check
/**
 * brain.js 1.6: one row at a time, by its LSTMTimeStep. It has no batches and no Adam, so that it can train none of
 * the models here. Its cell keeps `f * h + i * g` where an LSTM has `f * c + i * g` (getEquation in its
 * recurrent/lstm.js): with the same weights it computes something else, which the comparison of outputs shows.
 *
 * @import { Adapter, Subject } from '../adapter.js'
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Its names of our gates i, f, g and o, in this order. */
const GATES = ['input', 'forget', 'cellActivation', 'output'];

/** @type {Adapter} */
const adapter = {
  async open({ size, weights, x }) {
    const { version } = JSON.parse(readFileSync(require.resolve('brain.js/package.json'), 'utf8'));
    /** @type {any} what its types leave out is where the weights are */
    const { recurrent } = require('brain.js');
    const { inputs, units, outputs } = size;
    const [hidden = 0] = units;
    const net = new recurrent.LSTMTimeStep({
      inputSize: inputs,
      hiddenLayers: [hidden],
      outputSize: outputs,
    });
    net.initialize();
    // Else it does not run before it has been trained.
    net.bindEquation();
    const [layer] = net.model.hiddenLayers;
    const data = (/** @type {string} */ name) => weights[name]?.data ?? new Float32Array();
    GATES.forEach((gate, i) => {
      fill(layer[`${gate}Matrix`], data('lstm_1/kernel'), 4 * hidden, i * hidden);
      fill(layer[`${gate}Hidden`], data('lstm_1/recurrentKernel'), 4 * hidden, i * hidden);
      fill(layer[`${gate}Bias`], data('lstm_1/bias'), 4 * hidden, i * hidden);
    });
    fill(net.model.outputConnector, data('dense_1/kernel'), outputs, 0);
    fill(net.model.output, data('dense_1/bias'), outputs, 0);
    const rows = Array.from({ length: x.length / inputs }, (_, i) => x.slice(i * inputs, (i + 1) * inputs));
    const run = () => Array.from(/** @type {Iterable<number>} */ (net.run(rows)));
    /** @type {Subject} */
    const subject = {
      about: `brain.js ${version}`,
      // Its head is linear; ours has a sigmoid.
      output: () => Float32Array.from(run(), (value) => 1 / (1 + Math.exp(-value))),
      forward: () => void run(),
    };
    return subject;
  },
};

/**
 * Copies a part of one of our matrices into one of its own, which is the transpose.
 *
 * @param {{ rows: number, columns: number, weights: Record<number, number> }} matrix
 * @param {Float32Array} ours
 * @param {number} width  of our rows
 * @param {number} start  of the part within a row
 */
function fill({ rows, columns, weights }, ours, width, start) {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      weights[row * columns + column] = ours[column * width + start + row] ?? 0;
    }
  }
}

export default adapter;
