/** Longhand as a library to be measured: the models of the bench, on a backend of choice. */
import type { BackendName } from '../../src/backend/backend.js';
import { loadSamples, unloadOutput } from '../../src/training/batches.js';
import { Totals, trainBatch } from '../../src/training/run.js';
import { prepareModel } from '../models.js';
import type { Adapter, Subject } from './adapter.js';

const adapter: Adapter = {
  async open({ size, weights, x, targets, adam, variant }) {
    const { network, dataset, order } = prepareModel(size, variant as BackendName, adam);
    for (const { name, value } of network.parameters) value.array.set(weights[name]?.data ?? []);
    dataset.samples.data.set(x);
    dataset.targets.set(targets);
    const totals = new Totals([]);
    const forward = () => {
      const pass = network.pass(size.batch, size.steps, false);
      loadSamples(pass, dataset.samples, order, 0);
      pass.forward(false);
      return pass;
    };
    const subject: Subject = {
      about: `Longhand, ${network.backend.name}, Node ${process.versions.node}`,
      output: () => {
        const pass = forward();
        const output = new Float32Array(pass.output.value.length);
        unloadOutput(pass, output, 0);
        return output;
      },
      forward: () => void forward(),
      train: () => {
        totals.reset(size.batch * dataset.steps);
        trainBatch(network, dataset, order, 0, size.batch, totals, () => 'in the bench');
        return totals.loss;
      },
    };
    return subject;
  },
};

export default adapter;
