/** Longhand as a library to be measured: the models of the bench, on a backend of choice. */
import type { BackendName } from '../../src/backend/backend.js';
import type { Edge } from '../../src/backend/plan.js';
import type { Network } from '../../src/model/network.js';
import { openStream } from '../../src/model/stream.js';
import { loadSamples, unloadOutput } from '../../src/training/batches.js';
import { Totals, trainBatch } from '../../src/training/run.js';
import { prepareModel } from '../models.js';
import type { Adapter, Subject } from './adapter.js';

const adapter: Adapter = {
  async open({ size, weights, x, targets, adam, streamed, variant }) {
    const { network, dataset, order } = prepareModel(size, variant as BackendName, adam);
    for (const { name, value } of network.parameters) value.array.set(weights[name]?.data ?? []);
    dataset.inputs[0]?.data.set(x);
    dataset.outputs[0]?.values.set(targets);
    const totals = new Totals([{ prefix: '', weight: 1, metrics: [] }]);
    const forward = () => {
      const pass = network.pass(size.batch, [size.steps], false);
      loadSamples(pass, dataset.inputs, order, 0);
      pass.forward(false);
      return pass;
    };
    const subject: Subject = {
      about: network.backend.name,
      output: () => {
        const edge = forward().outputs[0] as Edge;
        const output = new Float32Array(edge.value.length);
        unloadOutput(edge, output, 0);
        return output;
      },
      forward: () => void forward(),
      train: () => {
        totals.reset(dataset);
        trainBatch(network, dataset, order, 0, size.batch, totals, () => 'in the bench');
        return totals.loss;
      },
    };
    return streamed ? { ...subject, ...openPushes(network, x) } : subject;
  },
};

/** `model.stream().push`, one step after the other, the output written where it was the last time. */
function openPushes(network: Network, x: Float32Array): Pick<Subject, 'reset' | 'push'> {
  const live = openStream<Float32Array>(network, {});
  const inputs = network.inputShapes[0]?.at(-1) as number;
  const steps = Array.from({ length: x.length / inputs }, (_, i) => x.slice(i * inputs, (i + 1) * inputs));
  const out = new Float32Array(network.outputShapes[0]?.at(-1) as number);
  return {
    reset: () => live.reset(),
    push: (step) => live.push(steps[step % steps.length] as Float32Array, out),
  };
}

export default adapter;
