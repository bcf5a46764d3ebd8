/** A training step and a forward pass make no array: their memory is planned before, once for each shape. */
import { describe, expect, it } from 'vitest';
import { selectBackend } from '../../src/backend/backend.js';
import { Random } from '../../src/core/random.js';
import {
  activation,
  adam,
  bidirectional,
  dense,
  dropout,
  type FitOptions,
  gru,
  type Layer,
  type LossName,
  l2,
  lstm,
  type MetricName,
  masking,
  type Optimizer,
  sequential,
  sgd,
  simpleRnn,
  tensor,
} from '../../src/index.js';
import { chain, nameLayers } from '../../src/model/graph.js';
import { Network } from '../../src/model/network.js';
import { loadSamples } from '../../src/training/batches.js';
import { toLoss } from '../../src/training/losses.js';
import { toMetric } from '../../src/training/metrics.js';
import { rowOrder, Totals, trainBatch } from '../../src/training/run.js';
import type { Dataset } from '../../src/training/targets.js';
import { countAllocations, total } from './allocations.js';

const ROWS = 24;
const STEPS = 5;
const FEATURES = 3;
const random = new Random(11);
const x = Float32Array.from({ length: ROWS * STEPS * FEATURES }, () => random.normal());

interface Subject {
  readonly name: string;
  readonly layers: () => Layer[];
  readonly loss: LossName;
  readonly metrics: MetricName[];
  readonly optimizer: Optimizer;
  /** Whether the output has steps. */
  readonly sequence?: boolean;
}

const subjects: readonly Subject[] = [
  {
    name: 'an LSTM and a sigmoid, Adam, metrics',
    layers: () => [lstm(6), dense(1, { activation: 'sigmoid' })],
    loss: 'binaryCrossentropy',
    metrics: ['accuracy', 'auc'],
    optimizer: adam(),
  },
  {
    name: 'a stack with dropout and penalties, a softmax a step, clipped momentum',
    layers: () => [
      masking(),
      lstm(4, { returnSequences: true, dropout: 0.2, recurrentDropout: 0.2, kernelRegularizer: l2(0.01) }),
      dropout(0.2),
      lstm(4, { returnSequences: true }),
      dense(3, { activation: 'softmax' }),
    ],
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
    optimizer: sgd({ momentum: 0.9, globalClipNorm: 1 }),
    sequence: true,
  },
  {
    name: 'other activations, no bias, a huber loss',
    layers: () => [
      lstm(4, { activation: 'relu', recurrentActivation: 'hardSigmoid', useBias: false }),
      dense(4, { useBias: false }),
      activation('gelu'),
      dense(1),
    ],
    loss: 'huber',
    metrics: ['meanAbsoluteError'],
    optimizer: adam({ clipNorm: 1 }),
  },
  {
    name: 'two directions, another cell, a learned state, a layer that goes backwards',
    layers: () => [
      bidirectional(gru(3, { returnSequences: true }), { mergeMode: 'mul' }),
      lstm(4, { goBackwards: true, initialState: 'learned', cellClip: 1, returnSequences: true }),
      bidirectional(simpleRnn(3, { dropout: 0.2 })),
      dense(1),
    ],
    loss: 'meanSquaredError',
    metrics: [],
    optimizer: adam(),
  },
];

function prepare({ layers: makeLayers, loss: lossName, metrics, optimizer, sequence = false }: Subject) {
  const layers = makeLayers();
  nameLayers(layers);
  const network = new Network(chain(layers), [[null, FEATURES]], {
    seed: 5,
    backend: selectBackend('reference', 'float32'),
    precision: 'float32',
    initialize: true,
  });
  const loss = toLoss(lossName);
  network.compile(optimizer, [{ loss, output: 0 }]);
  const steps = sequence ? STEPS : 1;
  const dataset: Dataset = {
    rows: ROWS,
    steps: [STEPS],
    inputs: [
      {
        data: x,
        rows: ROWS,
        steps: STEPS,
        features: FEATURES,
        sequence: true,
        mask: undefined,
        lengths: undefined,
      },
    ],
    outputs: [
      {
        values: Float32Array.from({ length: ROWS * steps }, () => random.below(2)),
        columns: 1,
        steps,
        weights: undefined,
      },
    ],
  };
  const totals = new Totals([
    { prefix: '', weight: 1, metrics: metrics.map((name) => toMetric(name).create(loss)) },
  ]);
  return { network, dataset, totals, order: rowOrder(ROWS) };
}

describe.each(subjects)('$name', (subject) => {
  it('trains without making an array, in batches of two shapes', async () => {
    const { network, dataset, totals, order } = prepare(subject);
    const epoch = () => {
      totals.reset(dataset);
      trainBatch(network, dataset, order, 0, 16, totals, () => 'in a test');
      trainBatch(network, dataset, order, 16, 8, totals, () => 'in a test');
    };
    epoch();
    const before = totals.loss;
    const made = await countAllocations(() => {
      for (let i = 0; i < 50; i++) epoch();
    });
    expect(made).toEqual({});
    expect(totals.loss).not.toBe(before);
  });

  it('runs forward without making an array', async () => {
    const { network, dataset, order } = prepare(subject);
    const forward = () => {
      const pass = network.pass(ROWS, [STEPS], false);
      loadSamples(pass, dataset.inputs, order, 0);
      pass.forward(false);
    };
    forward();
    const made = await countAllocations(() => {
      for (let i = 0; i < 50; i++) forward();
    });
    expect(made).toEqual({});
  });
});

describe('fit', () => {
  const inputs = tensor(x, [ROWS, STEPS, FEATURES]);
  const targets = tensor(
    Array.from({ length: ROWS }, (_, row) => row % 2),
    [ROWS],
  );

  function madeByFit(options: FitOptions, metrics: MetricName[]) {
    const model = sequential([lstm(4), dense(1, { activation: 'sigmoid' })], { seed: 3 });
    model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy', metrics });
    return countAllocations(() => model.fit(inputs, targets, options));
  }

  it('makes as many arrays in one epoch as in twenty', async () => {
    const options: FitOptions = { batchSize: 8, verbose: 0 };
    const one = await madeByFit({ ...options, epochs: 1 }, ['accuracy']);
    expect(total(one)).toBeGreaterThan(0);
    expect(await madeByFit({ ...options, epochs: 20 }, ['accuracy'])).toEqual(one);
  });

  it('makes as many arrays with two batches as with twelve, validation and ranks included', async () => {
    const options: FitOptions = { epochs: 3, validationData: [inputs, targets] };
    const few = await madeByFit({ ...options, batchSize: 12 }, ['auc']);
    expect(await madeByFit({ ...options, batchSize: 2 }, ['auc'])).toEqual(few);
  });
});

describe('countAllocations', () => {
  it('sees every way of making an array, and leaves nothing behind', async () => {
    const originals = [
      Float32Array,
      ArrayBuffer,
      Float32Array.prototype.subarray,
      ArrayBuffer.prototype.slice,
    ];
    const made = await countAllocations(async () => {
      const array = new Float32Array(4);
      Float64Array.from([1, 2]);
      Uint8Array.of(1);
      new Int32Array(new ArrayBuffer(8));
      array.subarray(1);
      array.slice(1).map((value) => value + 1);
      array.set([1, 2]);
      await Promise.resolve();
      new DataView(array.buffer.slice(0));
      expect(array).toBeInstanceOf(Float32Array);
    });
    expect(made).toEqual({
      Float32Array: 1,
      Float64Array: 1,
      Uint8Array: 1,
      Int32Array: 1,
      ArrayBuffer: 1,
      DataView: 1,
      subarray: 1,
      slice: 2,
      map: 1,
    });
    const now = [Float32Array, ArrayBuffer, Float32Array.prototype.subarray, ArrayBuffer.prototype.slice];
    expect(now).toEqual(originals);
  });
});
