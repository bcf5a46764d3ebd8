/** The sizes of the bench (models.ts) with weights and data that every library gets. */
import { type ModelSize, prepareModel } from '../models.js';
import type { Setup, Weight } from './adapter.js';

/** Adam's settings of Keras, which are also our defaults; all libraries put epsilon outside the bias correction. */
const adam = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };

/** So many different steps go round and round. */
const STREAMED_STEPS = 16;

/** Weights as our initializers draw them, and random data. */
export function setupOf(size: ModelSize): Omit<Setup, 'variant'> {
  const { network, dataset } = prepareModel(size, 'reference');
  const weights: Record<string, Weight> = {};
  for (const { name, shape, value } of network.parameters) {
    weights[name] = { shape, data: Float32Array.from(value.array) };
  }
  const x = Float32Array.from(dataset.inputs[0]?.data ?? []);
  return {
    size,
    weights,
    x,
    targets: Float32Array.from(dataset.outputs[0]?.values ?? []),
    adam,
    streamed: false,
  };
}

/** A row of steps that are taken one at a time. */
export function streamedSetup(size: ModelSize): Omit<Setup, 'variant'> {
  return { ...setupOf({ ...size, steps: STREAMED_STEPS }), streamed: true };
}
