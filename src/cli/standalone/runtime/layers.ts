/** The layers of a standalone module that look at one step at a time, or at all of them at once. */
import { type Activation, activationForward } from '../../../kernels/activations.js';
import { batchNormForward } from '../../../kernels/batch-norm.js';
import { denseForward } from '../../../kernels/dense.js';
import { embeddingForward } from '../../../kernels/embedding.js';
import { layerNormForward } from '../../../kernels/layer-norm.js';
import { maskingForward } from '../../../kernels/masking.js';
import { averagePoolingForward, maxPoolingForward } from '../../../kernels/pooling.js';
import { softmaxForward } from '../../../kernels/softmax.js';
import { type Layer, type Value, vector } from './value.js';

export function dense(units: number, kernel: Float32Array, bias: Float32Array): Layer {
  return (value) => {
    const x = new Float32Array(value.steps * units);
    denseForward(value.x, kernel, bias, x, value.steps, value.features, units);
    return { ...value, x, features: units };
  };
}

export function elementwise(activation: Activation): Layer {
  return (value) => {
    const x = new Float32Array(value.x.length);
    activationForward(activation, value.x, x, x.length);
    return { ...value, x };
  };
}

export function softmax(value: Value): Value {
  const x = new Float32Array(value.x.length);
  softmaxForward(value.x, x, value.steps, value.features);
  return { ...value, x };
}

export function embedding(vocabulary: number, units: number, table: Float32Array, maskZero: boolean): Layer {
  return ({ x: ids, steps, mask: given, sequence }) => {
    const mask = maskZero ? given.map((real, t) => (real === 1 && ids[t] !== 0 ? 1 : 0)) : given;
    for (const [t, id] of ids.entries()) {
      if (Number.isInteger(id) && id >= 0 && id < vocabulary) continue;
      throw new RangeError(`step ${t} has the id ${id}: ids are whole numbers from 0 to ${vocabulary - 1}`);
    }
    const x = new Float32Array(steps * units);
    embeddingForward(ids, mask, table, x, steps, units);
    return { x, steps, features: units, mask, sequence };
  };
}

export function masking(maskValue: number): Layer {
  return (value) => {
    const x = new Float32Array(value.x.length);
    const mask = new Uint8Array(value.steps);
    maskingForward(value.x, value.mask, x, mask, Math.fround(maskValue), value.steps, value.features);
    return { ...value, x, mask };
  };
}

export function batchNormalization(
  mean: Float32Array,
  variance: Float32Array,
  gamma: Float32Array,
  beta: Float32Array,
  epsilon: number,
): Layer {
  return (value) => {
    const x = new Float32Array(value.x.length);
    batchNormForward(value.x, mean, variance, gamma, beta, x, value.steps, value.features, epsilon);
    return { ...value, x };
  };
}

export function layerNormalization(gamma: Float32Array, beta: Float32Array, epsilon: number): Layer {
  return (value) => {
    const { steps, features } = value;
    const x = new Float32Array(value.x.length);
    const [mean, reciprocal] = [new Float32Array(steps), new Float32Array(steps)];
    layerNormForward(value.x, gamma, beta, x, mean, reciprocal, steps, features, epsilon);
    return { ...value, x };
  };
}

export function averagePooling({ x, mask, steps, features }: Value): Value {
  const y = new Float32Array(features);
  averagePoolingForward(x, mask, y, steps, 1, features);
  return vector(y);
}

export function maxPooling({ x, mask, steps, features }: Value): Value {
  const y = new Float32Array(features);
  maxPoolingForward(x, mask, y, steps, 1, features);
  return vector(y);
}

export function repeatVector(steps: number): Layer {
  return ({ x, features }) => {
    const repeated = new Float32Array(steps * features);
    for (let t = 0; t < steps; t++) repeated.set(x, t * features);
    return { x: repeated, steps, features, mask: new Uint8Array(steps).fill(1), sequence: true };
  };
}
