/**
 * How much each number of the input moved an output, by the gradient of the output f by the input x:
 *
 *     gradient times input:   x * df/dx
 *     integrated gradients:   (x - b) * the mean of df/dx on the straight way from the baseline b to x
 *
 * (Sundararajan et al. 2017). The second adds up to f(x) - f(b), the better the more points of the way are taken.
 */
import type { Edge } from '../backend/plan.js';
import { ConfigError } from '../core/errors.js';
import { checkInteger, checkNumber, checkOptions, unknownName } from '../core/options.js';
import type { FloatArray, Tensor } from '../core/tensor.js';
import { newArray, type Samples } from '../data/samples.js';
import { loadSamples, unloadOutput } from '../training/batches.js';
import { rowOrder, stepsOf } from '../training/run.js';
import type { Pass } from '../training/trainable.js';
import type { Network } from './network.js';
import { gradientPass } from './watched-passes.js';

export interface AttributeOptions {
  /** `'integratedGradients'` by default. */
  method?: 'integratedGradients' | 'gradientTimesInput';
  /** Which number of the output is asked about, from 0; 0 by default. Where the output has steps, their sum. */
  index?: number;
  /** Which output, from 0, where the model has several; 0 by default. */
  output?: number;
  /** What every number of the input is at the baseline; 0 by default. */
  baseline?: number;
  /** How many points of the way integrated gradients takes; 64 by default. */
  points?: number;
  /** How many rows are computed at once; 32 by default. */
  batchSize?: number;
}

const names = ['method', 'index', 'output', 'baseline', 'points', 'batchSize'];
const methods = ['integratedGradients', 'gradientTimesInput'];

/** What `attribute` says of an input that an embedding reads. */
export function idsError(suffix: string): ConfigError {
  return new ConfigError(
    `attribute: x${suffix} holds token ids, which cannot be moved a little: make a model of the layers behind the ` +
      'embedding, with input({ shape: [null, units] }) and takeWeights, and give it the vectors',
  );
}

/** What is attributed to each number of each input. */
export function attributeRows<A extends FloatArray>(
  network: Network,
  inputs: readonly Samples[],
  options: AttributeOptions,
): Tensor<A>[] {
  checkOptions('attribute', options, names);
  const { method = 'integratedGradients', index = 0, output = 0, baseline = 0, points = 64 } = options;
  const { batchSize = 32 } = options;
  if (!methods.includes(method)) throw unknownName('attribute: method', String(method), methods);
  checkInteger('attribute: output', output, { min: 0, below: network.outputShapes.length });
  checkInteger('attribute: index', index, {
    min: 0,
    below: network.outputShapes[output]?.at(-1) as number,
  });
  checkNumber('attribute: baseline', baseline);
  checkInteger('attribute: points', points);
  checkInteger('attribute: batchSize', batchSize);
  const whole = method === 'gradientTimesInput';
  if (whole && (options.baseline !== undefined || options.points !== undefined)) {
    throw new ConfigError('attribute: gradientTimesInput has neither a baseline nor points: leave them out');
  }
  const way = whole ? [1] : Array.from({ length: points }, (_, i) => (i + 0.5) / points);
  const { rows } = inputs[0] as Samples;
  const results = inputs.map(
    ({ steps, features }) => newArray(network.precision, rows * steps * features) as A,
  );
  const order = rowOrder(rows);
  const resume = network.setStateAside();
  for (let start = 0; start < rows; start += batchSize) {
    const pass = gradientPass(network, Math.min(batchSize, rows - start), stepsOf(inputs));
    loadSamples(pass, inputs, order, start);
    for (const [i, values] of attributeBatch(
      pass,
      pass.outputs[output] as Edge,
      index,
      baseline,
      way,
    ).entries()) {
      const edge = pass.inputs[i] as Edge;
      unloadOutput({ ...edge, value: { array: values, length: values.length } }, results[i] as A, start);
    }
  }
  resume();
  return inputs.map(({ sequence, steps, features, lengths }, i): Tensor<A> => {
    const data = results[i] as A;
    return sequence ? { data, shape: [rows, steps, features], lengths } : { data, shape: [rows, features] };
  });
}

/** The attribution of a batch that is loaded, laid out as its inputs are. */
function attributeBatch(pass: Pass, output: Edge, index: number, baseline: number, way: readonly number[]) {
  const inputs = pass.inputs.map(({ value }) => value.array.slice());
  const sums = inputs.map((x) => x.slice().fill(0));
  for (const share of way) {
    pass.inputs.forEach(({ value }, i) => {
      const x = inputs[i] as FloatArray;
      for (let k = 0; k < x.length; k++) value.array[k] = baseline + share * ((x[k] as number) - baseline);
    });
    pass.forward(false);
    pass.backwardFrom(() => {
      const { features, mask, gradient } = output;
      if (!gradient) return;
      mask.array.forEach((real, step) => {
        if (real === 1) gradient.array[step * features + index] = 1;
      });
    });
    pass.inputs.forEach(({ gradient }, i) => {
      const sum = sums[i] as FloatArray;
      if (!gradient) return;
      for (let k = 0; k < sum.length; k++) sum[k] = (sum[k] as number) + (gradient.array[k] as number);
    });
  }
  return sums.map((sum, i) => {
    const { features, mask } = pass.inputs[i] as Edge;
    const x = inputs[i] as FloatArray;
    return sum.map((value, k) =>
      mask.array[Math.floor(k / features)] === 1 ? (((x[k] as number) - baseline) * value) / way.length : 0,
    );
  });
}
