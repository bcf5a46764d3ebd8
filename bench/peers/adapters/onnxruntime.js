// @ts-check
/**
 * onnxruntime, native (`onnxruntime-node`) or in WebAssembly with SIMD (`onnxruntime-web`), on one thread, with the
 * model as an ONNX graph. It predicts and does not train.
 *
 * @import { Adapter, Subject } from '../adapter.js'
 * @import { InferenceSession, Tensor } from 'onnxruntime-common'
 */
import { onnxModel } from './onnx-model.js';

/** @type {InferenceSession.SessionOptions} */
const oneThread = {
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  interOpNumThreads: 1,
  intraOpNumThreads: 1,
};

/** @param {string} variant */
async function start(variant) {
  if (variant === 'node') return await import('onnxruntime-node');
  const web = await import('onnxruntime-web');
  web.env.wasm.numThreads = 1;
  return web;
}

/** @type {Adapter} */
const adapter = {
  async open(setup) {
    const { size, x, variant, streamed } = setup;
    const { batch, steps, inputs, units, outputs, everyStep } = size;
    const library = await start(variant);
    const session = await library.InferenceSession.create(onnxModel(setup), oneThread);
    const about = `onnxruntime-${variant} ${library.env.versions.common}`;
    /** @type {(data: Float32Array, shape: readonly number[]) => Tensor} */
    const tensor = (data, shape) => new library.Tensor('float32', data, shape);
    if (streamed) {
      const rows = Array.from({ length: x.length / inputs }, (_, i) =>
        tensor(x.slice(i * inputs, (i + 1) * inputs), [1, 1, inputs]),
      );
      const state = [1, 1, units[0] ?? 0];
      const zero = tensor(new Float32Array(units[0] ?? 0), state);
      let [h, c] = [zero, zero];
      /** @type {Subject} */
      const subject = {
        about,
        reset: () => {
          [h, c] = [zero, zero];
        },
        push: async (step) => {
          const results = await session.run({ x: /** @type {Tensor} */ (rows[step % rows.length]), h, c });
          h = /** @type {Tensor} */ (results.hNext);
          c = /** @type {Tensor} */ (results.cNext);
          return /** @type {Float32Array} */ (results.y?.data);
        },
      };
      return subject;
    }
    const feeds = { x: tensor(exchangeAxes(x, batch, steps, inputs), [steps, batch, inputs]) };
    const run = async () => /** @type {Float32Array} */ ((await session.run(feeds)).y?.data);
    /** @type {Subject} */
    const subject = {
      about,
      output: async () => {
        const output = await run();
        return everyStep ? exchangeAxes(output, steps, batch, outputs) : output;
      },
      forward: async () => void (await run()),
    };
    return subject;
  },
};

/**
 * [rows, columns, width] as [columns, rows, width].
 *
 * @param {Float32Array} values
 * @param {number} rows
 * @param {number} columns
 * @param {number} width
 */
function exchangeAxes(values, rows, columns, width) {
  const exchanged = new Float32Array(values.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const from = (i * columns + j) * width;
      exchanged.set(values.subarray(from, from + width), (j * rows + i) * width);
    }
  }
  return exchanged;
}

export default adapter;
