// @ts-check
/** How long TensorFlow.js takes from its import to the first trained batch, in milliseconds. */
import { build, start } from './tensorflow.js';

const { size, adam } = JSON.parse(String(process.argv[2]));
const { batch, steps, inputs } = size;
const x = Float32Array.from({ length: batch * steps * inputs }, (_, i) => Math.sin(i));
const y = Float32Array.from({ length: batch }, (_, i) => i % 2);

const begin = performance.now();
const tf = await start('wasm');
const model = build(tf, size, adam);
await model.trainOnBatch(tf.tensor3d(x, [batch, steps, inputs]), tf.tensor2d(y, [batch, 1]));
process.stdout.write(`${performance.now() - begin}\n`);
