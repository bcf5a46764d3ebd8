/**
 * What a model predicts: with dropout off, or with dropout left on, drawn again and again: then their mean, and
 * how far they lie apart, say how sure the model is (Gal and Ghahramani 2016).
 */
import type { Edge } from '../backend/plan.js';
import { checkInteger } from '../core/options.js';
import { Random } from '../core/random.js';
import type { FloatArray, Tensor } from '../core/tensor.js';
import type { Samples } from '../data/samples.js';
import { loadSamples, unloadOutput } from '../training/batches.js';
import { rowOrder, stepsOf } from '../training/run.js';
import type { OutputShape } from '../training/targets.js';
import type { PredictOptions } from './data-options.js';
import { emptyOutput } from './feeding.js';
import type { Network } from './network.js';
import { predictBatches } from './predict-batches.js';
import { drawnPass } from './watched-passes.js';

/** The stream of random numbers of a seed that drawn predictions take. */
const SAMPLES_STREAM = 7;

export interface SamplesOptions extends PredictOptions {
  /** How many predictions are drawn, with dropout on; at least 2. */
  samples: number;
  /** Decides what is drawn; the model's own by default. */
  seed?: number;
}

interface PredictAsked {
  readonly samples?: number | undefined;
  readonly batchSize: number;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/** What a model predicts with dropout on. */
export interface Spread<A extends FloatArray = Float32Array> {
  readonly mean: Tensor<A>;
  /** The standard deviation of what was drawn. */
  readonly deviation: Tensor<A>;
}

/** The outputs for all rows; with `samples`, their mean and deviation. */
export function predictRows<A extends FloatArray>(
  network: Network,
  inputs: readonly Samples[],
  shapes: readonly OutputShape[],
  { samples, batchSize, seed, signal }: PredictAsked,
): readonly (Tensor<A> | Spread<A>)[] {
  if (samples === undefined) return predictBatches<A>(network, inputs, shapes, batchSize, signal);
  const outputs = shapes.map((shape) => emptyOutput<A>(shape, network.precision));
  return samplePredictions(network, inputs, outputs, { samples, batchSize, seed });
}

/**
 * Draws `samples` predictions into the outputs given. The same seed draws the same; what training draws next is not
 * moved by it.
 */
function samplePredictions<A extends FloatArray>(
  network: Network,
  inputs: readonly Samples[],
  outputs: readonly Tensor<A>[],
  { samples, batchSize, seed }: { samples: number; batchSize: number; seed: number },
): Spread<A>[] {
  checkInteger('predict: samples', samples, { min: 2 });
  checkInteger('predict: seed', seed, { min: 0 });
  const trained = network.dropout.state();
  const resume = network.setStateAside();
  network.dropout.restore(new Random(seed, SAMPLES_STREAM).state());
  const { rows } = inputs[0] as Samples;
  const order = rowOrder(rows);
  const sums = outputs.map(({ data }) => ({
    mean: new Float64Array(data.length),
    squares: new Float64Array(data.length),
  }));
  try {
    for (let n = 1; n <= samples; n++) {
      for (let start = 0; start < rows; start += batchSize) {
        const pass = drawnPass(network, Math.min(batchSize, rows - start), stepsOf(inputs));
        loadSamples(pass, inputs, order, start);
        pass.forward(true);
        outputs.forEach(({ data }, i) => void unloadOutput(pass.outputs[i] as Edge, data, start));
      }
      outputs.forEach(({ data }, i) => void addSample(sums[i] as (typeof sums)[number], data, n));
    }
  } finally {
    network.dropout.restore(trained);
    resume();
  }
  return outputs.map((output, i) => {
    const { mean, squares } = sums[i] as (typeof sums)[number];
    const deviation = output.data.map((_, k) => Math.sqrt((squares[k] as number) / (samples - 1))) as A;
    output.data.set(mean);
    return { mean: output, deviation: { ...output, data: deviation } };
  });
}

/** Welford's sums: the mean of n samples, and the squares of their distances from it. */
function addSample(
  { mean, squares }: { mean: Float64Array; squares: Float64Array },
  data: FloatArray,
  n: number,
) {
  for (let k = 0; k < data.length; k++) {
    const distance = (data[k] as number) - (mean[k] as number);
    mean[k] = (mean[k] as number) + distance / n;
    squares[k] = (squares[k] as number) + distance * ((data[k] as number) - (mean[k] as number));
  }
}
