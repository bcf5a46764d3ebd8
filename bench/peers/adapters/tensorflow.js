// @ts-check
/**
 * TensorFlow.js's layers, on its wasm backend (one thread, SIMD) or its cpu backend. Its LSTM has Keras's layout of
 * weights and order of gates; the gates are told to be sigmoids, since hard ones are its default. Its Adam puts
 * epsilon outside the bias correction, as ours does.
 *
 * @import { Adapter, Setup, Subject } from '../adapter.js'
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** @param {'wasm' | 'cpu'} backend */
export async function start(backend) {
  const tf = (await import('@tensorflow/tfjs')).default;
  if (backend === 'wasm') {
    const wasm = await import('@tensorflow/tfjs-backend-wasm');
    const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
    wasm.setWasmPaths(join(dirname(entry), '/'));
    wasm.setThreadsCount(1);
  }
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js has no backend '${backend}' here`);
  await tf.ready();
  return tf;
}

/**
 * @param {Awaited<ReturnType<typeof start>>} tf
 * @param {Setup['size']} size
 * @param {Setup['adam']} adam
 */
export function build(tf, { steps, inputs, units, outputs, everyStep }, adam) {
  const model = tf.sequential();
  units.forEach((count, i) => {
    model.add(
      tf.layers.lstm({
        units: count,
        returnSequences: everyStep || i + 1 < units.length,
        recurrentActivation: 'sigmoid',
        ...(i === 0 ? { inputShape: [steps, inputs] } : {}),
      }),
    );
  });
  model.add(tf.layers.dense({ units: outputs, activation: outputs === 1 ? 'sigmoid' : 'softmax' }));
  model.compile({
    optimizer: tf.train.adam(adam.learningRate, adam.beta1, adam.beta2, adam.epsilon),
    loss: outputs === 1 ? 'binaryCrossentropy' : 'sparseCategoricalCrossentropy',
  });
  return model;
}

/** @type {Adapter} */
const adapter = {
  async open({ size, weights, x, targets, adam, variant }) {
    const tf = await start(variant === 'cpu' ? 'cpu' : 'wasm');
    const { batch, steps, inputs, everyStep } = size;
    const model = build(tf, size, adam);
    model.setWeights(Object.values(weights).map(({ data, shape }) => tf.tensor(data, [...shape])));
    const inputTensor = tf.tensor3d(x, [batch, steps, inputs]);
    const targetTensor = tf.tensor(targets, everyStep ? [batch, steps, 1] : [batch, 1]);
    const predict = () => /** @type {import('@tensorflow/tfjs').Tensor} */ (model.predict(inputTensor));
    /** @type {Subject} */
    const subject = {
      about: `TensorFlow.js ${tf.version.tfjs}, ${tf.getBackend()}`,
      output: () => {
        const output = predict();
        const values = /** @type {Float32Array} */ (output.dataSync());
        output.dispose();
        return values;
      },
      forward: () => {
        const output = predict();
        output.dataSync();
        output.dispose();
      },
      train: async () => Number(await model.trainOnBatch(inputTensor, targetTensor)),
    };
    return subject;
  },
};

export default adapter;
