/**
 * Copies rows of a data set into a pass, picked by an order, turned time-major, masked cells left out; and outputs
 * back, turned again.
 */
import type { Edge } from '../backend/plan.js';
import type { FloatArray } from '../core/tensor.js';
import type { Samples } from '../data/samples.js';
import type { PlannedLoss } from './losses.js';
import type { Dataset } from './targets.js';
import type { Pass } from './trainable.js';

/** Copies the samples `order[start]` to `order[start + count - 1]` into the pass. */
export function loadSamples(pass: Pass, samples: Samples, order: Int32Array, start: number): void {
  const { batch, steps, features, value, mask } = pass.input;
  const { data } = samples;
  const x = value.array;
  const isReal = mask.array;
  pass.rowMask.array.fill(1);
  for (let b = 0; b < batch; b++) {
    const row = order[start + b] as number;
    pass.rowNames[b] = row;
    for (let t = 0; t < steps; t++) {
      const from = (row * steps + t) * features;
      const to = (t * batch + b) * features;
      const real = samples.mask === undefined ? 1 : (samples.mask[row * steps + t] as number);
      isReal[t * batch + b] = real;
      for (let k = 0; k < features; k++) x[to + k] = real === 1 ? (data[from + k] as number) : 0;
    }
  }
}

/** Copies the targets and weights that go with the samples already loaded. */
export function loadTargets(loss: PlannedLoss, output: Edge, dataset: Dataset, rowNames: Int32Array): void {
  const { batch, steps } = output;
  const { columns, weights } = dataset;
  const targets = loss.targets.array;
  const weight = loss.weights.array;
  for (let b = 0; b < batch; b++) {
    const row = rowNames[b] as number;
    for (let t = 0; t < steps; t++) {
      const from = row * steps + t;
      const to = t * batch + b;
      weight[to] = weights === undefined ? 1 : (weights[from] as number);
      for (let k = 0; k < columns; k++)
        targets[to * columns + k] = dataset.targets[from * columns + k] as number;
    }
  }
}

/** Copies the pass's output to the rows from `start` on of `data` [rows, steps, features]. */
export function unloadOutput({ output }: Pass, data: FloatArray, start: number): void {
  const { batch, steps, features, value } = output;
  const y = value.array;
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < steps; t++) {
      const from = (t * batch + b) * features;
      const to = ((start + b) * steps + t) * features;
      for (let k = 0; k < features; k++) data[to + k] = y[from + k] as number;
    }
  }
}
