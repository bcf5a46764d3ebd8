/**
 * The models whose training steps and forward passes are measured. They run on the machinery that `fit` and
 * `predict` run on, one level below them, where the user's data is flat already:
 *
 *     training step: copy a batch into the pass, forward, loss, backward, Adam (training/run.ts trainBatch)
 *     forward pass:  copy a batch into the pass, forward
 */
import { type BackendName, selectBackend } from '../src/backend/backend.js';
import { bidirectional } from '../src/layers/bidirectional.js';
import { dense } from '../src/layers/dense.js';
import { gru } from '../src/layers/gru.js';
import type { Layer } from '../src/layers/layer.js';
import { layerNormLstm } from '../src/layers/layer-norm-lstm.js';
import { lstm } from '../src/layers/lstm.js';
import { chain, nameLayers } from '../src/model/graph.js';
import { Network, type NetworkOptions } from '../src/model/network.js';
import { loadSamples } from '../src/training/batches.js';
import { toLoss } from '../src/training/losses.js';
import { type AdamOptions, adam } from '../src/training/optimizers/adam.js';
import { rowOrder, Totals, trainBatch } from '../src/training/run.js';
import type { Dataset } from '../src/training/targets.js';
import { type BenchCase, classIndices, normals, productFlops } from './case.js';

const kindNames = ['bidirectional', 'masked', 'layer-norm', 'gru'] as const;

export interface ModelSize {
  readonly name: string;
  readonly batch: number;
  readonly steps: number;
  readonly inputs: number;
  /** The units of each LSTM, the first one first. */
  readonly units: readonly number[];
  /** The outputs of the Dense head: one is a sigmoid, more are a softmax. */
  readonly outputs: number;
  /** Whether the head works on every step, or on the last one only. */
  readonly everyStep: boolean;
  /** What is in the place of the LSTMs, or a mask over a quarter of the steps, behind each row. */
  readonly kind?: (typeof kindNames)[number];
}

export const modelSizes: readonly ModelSize[] = [
  { name: 'rowmnist', batch: 64, steps: 28, inputs: 28, units: [128], outputs: 10, everyStep: false },
  { name: 'keras', batch: 32, steps: 50, inputs: 64, units: [128], outputs: 1, everyStep: false },
  { name: 'char', batch: 32, steps: 64, inputs: 65, units: [256, 256], outputs: 65, everyStep: true },
  { name: 'small', batch: 32, steps: 20, inputs: 8, units: [32], outputs: 1, everyStep: false },
];

/** The work of `keras` in two directions, with a mask, and with another cell: to be compared with it. */
const kinds = kindNames.map(
  (kind): ModelSize => ({ ...(modelSizes[1] as ModelSize), name: `keras, ${kind}`, kind }),
);

/** One of them, which PyTorch has too. */
export const bidirectionalSize = kinds[0] as ModelSize;

/** One row, one step, from zero state: what a push into a stream computes. */
export const streamedStep: ModelSize = {
  name: 'streamed step',
  batch: 1,
  steps: 1,
  inputs: 8,
  units: [32],
  outputs: 1,
  everyStep: false,
};

export function modelCases(): BenchCase[] {
  return [
    ...[...modelSizes, ...kinds].flatMap((size) => [trainingCase(size), forwardCase(size)]),
    forwardCase(streamedStep),
  ];
}

function trainingCase(size: ModelSize): BenchCase {
  return {
    ...commonParts(size),
    name: `${size.name}: training step`,
    flops: trainingFlops(size),
    prepare: () => {
      const { network, dataset, order } = prepareModel(size);
      const totals = new Totals([{ prefix: '', weight: 1, metrics: [] }]);
      totals.reset(dataset);
      return () => trainBatch(network, dataset, order, 0, size.batch, totals, () => 'in the bench');
    },
  };
}

function forwardCase(size: ModelSize): BenchCase {
  return {
    ...commonParts(size),
    name: `${size.name}: forward pass`,
    flops: forwardFlops(size),
    prepare: () => {
      const { network, dataset, order } = prepareModel(size);
      return () => {
        const pass = network.pass(size.batch, [size.steps], false);
        loadSamples(pass, dataset.inputs, order, 0);
        pass.forward(false);
      };
    },
  };
}

/** The plain loop is measured on the product of one step of the recurrence, h U. */
function commonParts({ name, batch, steps, inputs, units, outputs }: ModelSize) {
  const last = units.at(-1) as number;
  return {
    subject: name.split(',')[0] as string,
    sizes: `B${batch} T${steps} I${inputs} ${units.map((size) => `H${size}`).join(' ')} K${outputs}`,
    product: { rows: batch, inner: last, columns: 4 * last },
    numbers: 0,
  };
}

/** How many columns the products of a recurrent layer have, of all its directions, for each unit. */
function columnsOf({ kind }: ModelSize): number {
  return kind === 'bidirectional' ? 8 : kind === 'gru' ? 3 : 4;
}

/** The products x W and h U of every recurrent layer and the head's. */
function forwardFlops(model: ModelSize): number {
  const { batch, steps, inputs, units, outputs, everyStep, kind } = model;
  const rows = batch * steps;
  let flops = 0;
  let below = inputs;
  for (const size of units) {
    flops += productFlops({ rows, inner: below + size, columns: columnsOf(model) * size });
    below = kind === 'bidirectional' ? 2 * size : size;
  }
  return flops + productFlops({ rows: everyStep ? rows : batch, inner: below, columns: outputs });
}

/**
 * Each product of the forward pass has two in the backward pass, the gradients by its two factors; but nobody
 * asks for that by the model's input.
 */
function trainingFlops(size: ModelSize): number {
  const { batch, steps, inputs, units } = size;
  const byInput = productFlops({
    rows: batch * steps,
    inner: inputs,
    columns: columnsOf(size) * (units[0] as number),
  });
  return 3 * forwardFlops(size) - byInput;
}

/** A model of that size, compiled, with random data for one batch. */
export function prepareModel(size: ModelSize, backend = chosenBackend(), adamOptions: AdamOptions = {}) {
  const { batch, steps, inputs, outputs } = size;
  const layers = layersOf(size);
  nameLayers(layers);
  const options: NetworkOptions = {
    seed: 1,
    backend: selectBackend(backend, 'float32'),
    precision: 'float32',
    initialize: true,
  };
  const network = new Network(chain(layers), [[steps, inputs]], options);
  const loss = toLoss(outputs === 1 ? 'binaryCrossentropy' : 'sparseCategoricalCrossentropy');
  network.compile(adam(adamOptions), [{ loss, output: 0 }]);
  return { network, dataset: randomDataset(size), order: rowOrder(batch) };
}

/** What `npm run bench -- --backend` says. */
function chosenBackend(): BackendName {
  return (process.env.BENCH_BACKEND ?? 'auto') as BackendName;
}

function layersOf({ units, outputs, everyStep, kind }: ModelSize): Layer[] {
  const recurrent = units.map((size, i) => {
    const returnSequences = everyStep || i + 1 < units.length;
    const make = kind === 'gru' ? gru : kind === 'layer-norm' ? layerNormLstm : lstm;
    const layer = make(size, { returnSequences });
    return kind === 'bidirectional' ? bidirectional(layer) : layer;
  });
  return [...recurrent, dense(outputs, { activation: outputs === 1 ? 'sigmoid' : 'softmax' })];
}

function randomDataset({ batch, steps, inputs, outputs, everyStep, kind }: ModelSize): Dataset {
  const outputSteps = everyStep ? steps : 1;
  const isMasked = kind === 'masked';
  const mask = Uint8Array.from({ length: batch * steps }, (_, k) => (4 * (k % steps) < 3 * steps ? 1 : 0));
  return {
    rows: batch,
    steps: [steps],
    inputs: [
      {
        data: normals(batch * steps * inputs),
        rows: batch,
        steps,
        features: inputs,
        sequence: true,
        mask: isMasked ? mask : undefined,
        lengths: undefined,
      },
    ],
    outputs: [
      {
        values: classIndices(batch * outputSteps, Math.max(2, outputs)),
        columns: 1,
        steps: outputSteps,
        weights: undefined,
      },
    ],
  };
}
