/** Random models, data and masks, and the loss of a batch as a function of the weights. */
import fc from 'fast-check';
import type { Edge } from '../../src/backend/plan.js';
import { Random } from '../../src/core/random.js';
import type { FloatArray } from '../../src/core/tensor.js';
import type { Samples } from '../../src/data/samples.js';
import {
  type ActivationName,
  activation,
  activityRegularization,
  attentionPooling1d,
  batchNormalization,
  bidirectional,
  coupledLstm,
  dense,
  dropout,
  type ElementwiseActivationName,
  gateRecurrenceLstm,
  gaussianNoise,
  globalAveragePooling1d,
  globalMaxPooling1d,
  gru,
  type Layer,
  type LossName,
  l1,
  l2,
  layerNormalization,
  layerNormLstm,
  lstm,
  masking,
  noForgetGateLstm,
  noInputActivationLstm,
  noInputGateLstm,
  noOutputActivationLstm,
  noOutputGateLstm,
  peepholeLstm,
  projectedLstm,
  type RecurrentOptions,
  type Regularizer,
  type Sequential,
  sequential,
  simpleRnn,
  spatialDropout1d,
  timeDistributed,
  zoneoutLstm,
} from '../../src/index.js';
import type { Network } from '../../src/model/network.js';
import { loadSamples, loadTargets } from '../../src/training/batches.js';
import { type PlannedLoss, toLoss } from '../../src/training/losses.js';
import { rowOrder } from '../../src/training/run.js';
import type { Dataset } from '../../src/training/targets.js';
import type { Pass } from '../../src/training/trainable.js';
import { totalPenalty } from '../../src/training/update.js';

const elementwise: readonly ElementwiseActivationName[] = [
  'linear',
  'sigmoid',
  'tanh',
  'relu',
  'leakyRelu',
  'elu',
  'selu',
  'gelu',
  'softplus',
  'hardSigmoid',
  'hardSigmoidLegacy',
  'swish',
];

type RegularizerChoice = 'none' | 'l1' | 'l2';

/** Layers from sequences to sequences. */
const layerKinds = [
  'lstm',
  'variant',
  'gru',
  'simpleRnn',
  'bidirectional',
  'dense',
  'dropout',
  'activation',
  'masking',
  'batchNormalization',
  'layerNormalization',
  'gaussianNoise',
  'spatialDropout1d',
  'activityRegularization',
  'timeDistributed',
] as const;

/** Layers from sequences to rows. */
export const poolingKinds = ['lstm', 'max', 'average', 'attention'] as const;

export interface LayerChoice {
  kind: (typeof layerKinds)[number];
  units: number;
  useBias: boolean;
  isPlain: boolean;
  activityRegularizer: RegularizerChoice;
  activation: ElementwiseActivationName;
  recurrentActivation: ElementwiseActivationName;
  dropout: number;
  recurrentDropout: number;
  weightDropout: number;
  goBackwards: boolean;
  zeroOutputForMask: boolean;
  initialState: 'zeros' | 'learned';
  cellClip: number | undefined;
  resetAfter: boolean;
  /** What a bidirectional layer is made of, and what becomes of its outputs. */
  cell: 'lstm' | 'variant' | 'gru' | 'simpleRnn';
  /** Which variant of the LSTM. */
  variant: keyof typeof variants;
  mergeMode: 'concat' | 'sum' | 'mul' | 'ave';
  kernelRegularizer: RegularizerChoice;
  recurrentRegularizer: RegularizerChoice;
  biasRegularizer: RegularizerChoice;
  trainable: boolean;
}

export interface ModelChoice {
  layers: LayerChoice[];
  /** Whether the output has steps. */
  sequence: boolean;
  /** What makes rows of sequences where it has none. */
  pooling: (typeof poolingKinds)[number];
  loss: LossName;
  fromLogits: boolean;
  /** What stands before the loss: the activation that it sees through, or another one. */
  seesThrough: boolean;
  outputs: number;
  batch: number;
  steps: number;
  features: number;
  masked: boolean;
  weighted: boolean;
  seed: number;
}

const variants = {
  peepholeLstm,
  coupledLstm,
  noForgetGateLstm,
  noInputGateLstm,
  noOutputGateLstm,
  noInputActivationLstm,
  noOutputActivationLstm,
  /** Its rates are those of dropout, so that a model without dropout draws nothing. */
  zoneoutLstm: (units: number, { dropout: rate = 0, ...options }: RecurrentOptions) =>
    zoneoutLstm(units, { ...options, zoneoutH: rate, zoneoutC: rate }),
  layerNormLstm: (units: number, options: RecurrentOptions) =>
    layerNormLstm(units, { ...options, epsilon: 0.1 }),
  gateRecurrenceLstm,
  projectedLstm: (units: number, options: RecurrentOptions) => projectedLstm(units + 1, units, options),
};

const regularizer = fc.constantFrom<RegularizerChoice>('none', 'none', 'l1', 'l2');
const rate = fc.constantFrom(0, 0, 0.3);

export const layerChoice: fc.Arbitrary<LayerChoice> = fc.record({
  kind: fc.constantFrom('lstm', 'lstm', ...layerKinds),
  units: fc.integer({ min: 1, max: 4 }),
  useBias: fc.boolean(),
  isPlain: fc.boolean(),
  activation: fc.constantFrom(...elementwise),
  recurrentActivation: fc.constantFrom(...elementwise),
  dropout: rate,
  recurrentDropout: rate,
  weightDropout: rate,
  goBackwards: fc.boolean(),
  zeroOutputForMask: fc.boolean(),
  initialState: fc.constantFrom('zeros', 'learned'),
  cellClip: fc.constantFrom(undefined, undefined, 0.5),
  resetAfter: fc.boolean(),
  cell: fc.constantFrom('lstm', 'variant', 'gru', 'simpleRnn'),
  variant: fc.constantFrom(...(Object.keys(variants) as (keyof typeof variants)[])),
  mergeMode: fc.constantFrom('concat', 'sum', 'mul', 'ave'),
  kernelRegularizer: regularizer,
  activityRegularizer: regularizer,
  recurrentRegularizer: regularizer,
  biasRegularizer: regularizer,
  trainable: fc.constantFrom(true, true, true, false),
});

/** A random model with a batch of data for it; `changes` fixes parts of it. */
export const modelChoice = fc.record<ModelChoice>({
  layers: fc.array(layerChoice, { minLength: 1, maxLength: 3 }),
  sequence: fc.boolean(),
  pooling: fc.constantFrom('lstm', ...poolingKinds),
  loss: fc.constantFrom<LossName>(
    'binaryCrossentropy',
    'categoricalCrossentropy',
    'sparseCategoricalCrossentropy',
    'meanSquaredError',
    'meanAbsoluteError',
    'huber',
  ),
  fromLogits: fc.boolean(),
  seesThrough: fc.boolean(),
  outputs: fc.integer({ min: 1, max: 3 }),
  batch: fc.integer({ min: 1, max: 4 }),
  steps: fc.integer({ min: 1, max: 5 }),
  features: fc.integer({ min: 1, max: 3 }),
  masked: fc.boolean(),
  weighted: fc.boolean(),
  seed: fc.nat(),
});

function toRegularizer(choice: RegularizerChoice): { [name: string]: Regularizer } | undefined {
  return choice === 'none' ? undefined : { r: choice === 'l1' ? l1(0.05) : l2(0.05) };
}

function option(name: string, choice: RegularizerChoice): Record<string, Regularizer> {
  const found = toRegularizer(choice)?.r;
  return found ? { [name]: found } : {};
}

function toRecurrent(
  choice: LayerChoice,
  returnSequences: boolean,
  mayReverse: boolean,
  regularizers: Record<string, Regularizer>,
): Layer {
  const { kind, units, isPlain, cell, mergeMode } = choice;
  const fixed: RecurrentOptions = {
    returnSequences,
    useBias: choice.useBias,
    trainable: choice.trainable,
    dropout: choice.dropout,
    recurrentDropout: choice.recurrentDropout,
    weightDropout: choice.recurrentDropout > 0 ? 0 : choice.weightDropout,
    goBackwards: mayReverse && kind !== 'bidirectional' && choice.goBackwards,
    zeroOutputForMask: returnSequences && choice.zeroOutputForMask,
    initialState: choice.initialState,
    ...regularizers,
  };
  const shared = { ...fixed, activation: isPlain ? 'tanh' : choice.activation } as const;
  const recurrentActivation = isPlain ? 'sigmoid' : choice.recurrentActivation;
  const makers = {
    simpleRnn: () => simpleRnn(units, shared),
    gru: () => gru(units, { ...shared, recurrentActivation, resetAfter: choice.resetAfter }),
    variant: () => variants[choice.variant](units, fixed),
    lstm: () =>
      lstm(units, {
        ...shared,
        recurrentActivation,
        ...(choice.cellClip === undefined ? {} : { cellClip: choice.cellClip }),
      }),
  };
  const layer = makers[(kind === 'bidirectional' ? cell : kind) as keyof typeof makers]();
  return kind === 'bidirectional' ? bidirectional(layer, { mergeMode }) : layer;
}

export function toLayer(choice: LayerChoice, returnSequences: boolean, mayReverse: boolean): Layer {
  const { kind, units, useBias, trainable } = choice;
  const regularizers = {
    ...option('kernelRegularizer', choice.kernelRegularizer),
    ...(useBias ? option('biasRegularizer', choice.biasRegularizer) : {}),
  };
  switch (kind) {
    case 'lstm':
    case 'variant':
    case 'gru':
    case 'simpleRnn':
    case 'bidirectional':
      return toRecurrent(choice, returnSequences, mayReverse, {
        ...regularizers,
        ...option('recurrentRegularizer', choice.recurrentRegularizer),
      });
    case 'dense':
      return dense(units, {
        useBias,
        trainable,
        activation: choice.activation,
        ...regularizers,
        ...option('activityRegularizer', choice.activityRegularizer),
      });
    case 'dropout':
      return dropout(choice.dropout);
    case 'activation':
      return activation(choice.activation);
    case 'masking':
      return masking({ maskValue: 1e9 }); // no number of these models is that large
    case 'batchNormalization':
      return batchNormalization({
        epsilon: 0.1,
        scale: useBias,
        center: choice.isPlain || useBias,
        trainable,
      });
    case 'layerNormalization':
      return layerNormalization({ epsilon: 0.1, scale: choice.isPlain, center: useBias, trainable });
    case 'gaussianNoise':
      return gaussianNoise(choice.dropout);
    case 'activityRegularization':
      return activityRegularization({
        ...option('activityRegularizer', choice.activityRegularizer),
        temporalRegularizer: l2(choice.activityRegularizer === 'none' ? 0 : 0.05),
      });
    case 'spatialDropout1d':
      return spatialDropout1d(choice.dropout);
    case 'timeDistributed':
      return timeDistributed(dense(units, { useBias, activation: choice.activation, ...regularizers }), {
        trainable,
      });
  }
}

export function toPooling(kind: ModelChoice['pooling']): Layer {
  switch (kind) {
    case 'lstm':
      return lstm(2);
    case 'max':
      return globalMaxPooling1d();
    case 'average':
      return globalAveragePooling1d();
    case 'attention':
      return attentionPooling1d(2);
  }
}

/** Two outputs at least where the loss is over classes: one class is always right. */
export function outputsOf({ loss, outputs }: ModelChoice): number {
  return loss.endsWith('ategoricalCrossentropy') ? Math.max(2, outputs) : outputs;
}

function headActivation({ loss, fromLogits, seesThrough }: ModelChoice): ActivationName {
  if (loss === 'binaryCrossentropy') return fromLogits ? 'linear' : seesThrough ? 'sigmoid' : 'hardSigmoid';
  if (loss.endsWith('ategoricalCrossentropy'))
    return fromLogits ? 'linear' : seesThrough ? 'softmax' : 'sigmoid';
  return 'linear';
}

/** The model, compiled and built, in double precision. Where its output has no steps its sequences are pooled. */
export function buildModel(choice: ModelChoice): Sequential<Float64Array> {
  // Where the output has steps, those of the targets are in the order of the input's, and masked as they are.
  const hidden = choice.layers.map((layer) => toLayer(layer, true, !choice.sequence));
  if (!choice.sequence) hidden.push(toPooling(choice.pooling));
  const head = dense(outputsOf(choice), { activation: headActivation(choice) });
  const model = sequential([...hidden, head], {
    precision: 'float64',
    backend: 'reference',
    seed: choice.seed,
  });
  const withLogits = choice.fromLogits && choice.loss.includes('rossentropy');
  const loss = withLogits ? { name: choice.loss, fromLogits: true } : choice.loss;
  model.compile({ loss: toLoss(loss) });
  model.build([null, choice.features]);
  const random = new Random(choice.seed, 9);
  for (const { value } of networkOf(model).parameters) {
    for (let k = 0; k < value.length; k++) value.array[k] = 0.5 * random.normal();
  }
  return model;
}

export function networkOf(model: Sequential<FloatArray>): Network {
  return model.internals.network as Network;
}

/** The input of a pass that has one. */
export function inputOf({ inputs }: Pass): Edge {
  return inputs[0] as Edge;
}

/** The output of a pass that has one. */
export function outputOf({ outputs }: Pass): Edge {
  return outputs[0] as Edge;
}

export function normals(random: Random, length: number): Float64Array {
  return Float64Array.from({ length }, () => random.normal());
}

/** A mask with holes anywhere, at least one step of each row left. */
export function holes(random: Random, batch: number, steps: number): Uint8Array {
  const mask = Uint8Array.from({ length: batch * steps }, () => (random.uniform() < 0.3 ? 0 : 1));
  for (let row = 0; row < batch; row++) mask[row * steps + random.below(steps)] = 1;
  return mask;
}

/** Data for the model, with masks, weights of 0 among them, and whatever stands in `padding` where masked. */
export function buildDataset(choice: ModelChoice, padding = Number.NaN): Dataset {
  const { batch, steps, features, masked, weighted, sequence, loss } = choice;
  const random = new Random(choice.seed, 10);
  const mask = masked ? holes(random, batch, steps) : undefined;
  const data = normals(random, batch * steps * features);
  const outputSteps = sequence ? steps : 1;
  const outputs = outputsOf(choice);
  const columns = loss === 'sparseCategoricalCrossentropy' ? 1 : outputs;
  const targets = new Float64Array(batch * outputSteps * columns);
  for (let row = 0; row < batch * outputSteps; row++) {
    for (let k = 0; k < columns; k++) targets[row * columns + k] = random.normal();
    if (loss === 'binaryCrossentropy') {
      for (let k = 0; k < columns; k++) targets[row * columns + k] = random.below(2);
    } else if (loss === 'sparseCategoricalCrossentropy') {
      targets[row] = random.below(outputs);
    } else if (loss === 'categoricalCrossentropy') {
      targets.fill(0, row * columns, (row + 1) * columns);
      targets[row * columns + random.below(columns)] = 1;
    }
  }
  const weights = weighted
    ? Float64Array.from({ length: batch * outputSteps }, (_, k) =>
        k > 0 && random.uniform() < 0.2 ? 0 : 1 + random.uniform(),
      )
    : undefined;
  mask?.forEach((real, step) => {
    if (real === 1) return;
    data.fill(padding, step * features, (step + 1) * features);
    if (sequence) targets.fill(padding, step * columns, (step + 1) * columns);
  });
  const samples: Samples = { data, rows: batch, steps, features, sequence: true, mask, lengths: undefined };
  const output = { values: targets, columns, steps: outputSteps, weights };
  return { rows: batch, inputs: [samples], steps: [steps], outputs: [output] };
}

/** The loss of the rows as one batch, with dropout drawn the same each time, and its gradients. */
export function batchProblem(network: Network, dataset: Dataset, rows = rowOrder(dataset.rows)) {
  const pass: Pass = network.pass(rows.length, dataset.steps, true);
  const [planned] = pass.losses as [PlannedLoss];
  loadSamples(pass, dataset.inputs, rows, 0);
  loadTargets(pass, dataset.outputs);
  const drawn = network.dropout.state();
  const loss = () => {
    network.dropout.restore(drawn);
    pass.forward(true);
    planned.forward();
    const { sum, count } = planned.result;
    const activity = pass.penalties.reduce((total, penalty) => total + penalty.sum(), 0);
    const mean = count === 0 ? 0 : (sum + activity) / count;
    return mean + totalPenalty(network.parameters);
  };
  const backward = () => {
    const { count } = planned.result;
    pass.backward([count === 0 ? 0 : 1 / count], count);
  };
  return { pass, loss, backward, count: () => planned.result.count };
}
