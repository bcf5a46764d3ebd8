/** What a model predicts, batch by batch, dropout off. */
import type { Edge } from '../backend/plan.js';
import type { FloatArray, Tensor } from '../core/tensor.js';
import type { Samples } from '../data/samples.js';
import { loadSamples, unloadOutput } from '../training/batches.js';
import { forEachBatch } from '../training/run.js';
import type { OutputShape } from '../training/targets.js';
import { emptyOutput } from './feeding.js';
import type { Network } from './network.js';

/** The outputs for all rows. */
export function predictBatches<A extends FloatArray>(
  network: Network,
  inputs: readonly Samples[],
  shapes: readonly OutputShape[],
  batchSize: number,
  signal: AbortSignal | undefined,
): Tensor<A>[] {
  const outputs = shapes.map((shape) => emptyOutput<A>(shape, network.precision));
  forEachBatch(network, inputs, batchSize, signal, (pass, order, start) => {
    loadSamples(pass, inputs, order, start);
    pass.forward(false);
    outputs.forEach(({ data }, i) => void unloadOutput(pass.outputs[i] as Edge, data, start));
  });
  return outputs;
}
