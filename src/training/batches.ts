/**
 * Copies rows of a data set into a pass, picked by an order, turned time-major, masked cells left out; and outputs
 * back, turned again.
 */
import type { Edge } from '../backend/plan.js';
import type { FloatArray } from '../core/tensor.js';
import { firstStep, type Samples } from '../data/samples.js';
import type { PlannedLoss } from './losses.js';
import type { Targets } from './targets.js';
import type { Pass } from './trainable.js';

/**
 * Copies the samples `order[start]` to `order[start + count - 1]` of every input into the pass. That may have fewer steps
 * than they have: what lies behind is left out.
 */
export function loadSamples(pass: Pass, inputs: readonly Samples[], order: Int32Array, start: number): void {
  pass.rowMask.array.fill(1);
  for (let b = 0; b < pass.rowNames.length; b++) pass.rowNames[b] = order[start + b] as number;
  for (let i = 0; i < inputs.length; i++) {
    loadInput(pass.inputs[i] as Edge, inputs[i] as Samples, pass.rowNames);
  }
}

function loadInput(input: Edge, samples: Samples, rowNames: Int32Array): void {
  const { batch, steps, features, value, mask } = input;
  const { data } = samples;
  const x = value.array;
  const isReal = mask.array;
  for (let b = 0; b < batch; b++) {
    const first = firstStep(samples, rowNames[b] as number);
    for (let t = 0; t < steps; t++) {
      const step = first + t;
      const from = step * features;
      const to = (t * batch + b) * features;
      const real = samples.mask === undefined ? 1 : (samples.mask[step] as number);
      isReal[t * batch + b] = real;
      for (let k = 0; k < features; k++) x[to + k] = real === 1 ? (data[from + k] as number) : 0;
    }
  }
}

/** Copies the targets and weights that go with the samples already loaded. */
export function loadTargets({ losses, rowNames }: Pass, outputs: readonly Targets[]): void {
  for (let i = 0; i < outputs.length; i++) {
    loadOutput(losses[i] as PlannedLoss, outputs[i] as Targets, rowNames);
  }
}

function loadOutput(loss: PlannedLoss, of: Targets, rowNames: Int32Array): void {
  const { values, columns, weights } = of;
  const { batch, steps } = loss.output;
  const targets = loss.targets.array;
  const weight = loss.weights.array;
  for (let b = 0; b < batch; b++) {
    const row = rowNames[b] as number;
    for (let t = 0; t < steps; t++) {
      const from = row * of.steps + t;
      const to = t * batch + b;
      weight[to] = weights === undefined ? 1 : (weights[from] as number);
      for (let k = 0; k < columns; k++) targets[to * columns + k] = values[from * columns + k] as number;
    }
  }
}

/** Copies an output of a pass to the rows from `start` on of `data` [rows, steps, features]. */
export function unloadOutput({ batch, steps, features, value }: Edge, data: FloatArray, start: number): void {
  const y = value.array;
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < steps; t++) {
      const from = (t * batch + b) * features;
      const to = ((start + b) * steps + t) * features;
      for (let k = 0; k < features; k++) data[to + k] = y[from + k] as number;
    }
  }
}
