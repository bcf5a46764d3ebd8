/** The options that all recurrent layers have. */
import { ConfigError } from '../core/errors.js';
import { describe } from '../core/options.js';
import type { Constraint, Regularizer } from '../core/parameter.js';
import type { ElementwiseActivationName } from './activations.js';
import type { ConstraintName } from './constraints.js';
import type { Initializer, InitializerName } from './initializers.js';
import { type LayerOptions, layerOptionNames } from './layer.js';
import type { RegularizerName } from './regularizers.js';
import { weightOptionNames } from './weights.js';

export interface RecurrentOptions extends LayerOptions {
  /** Whether the output is h of every step, `[batch, steps, units]`, or of the last one, `[batch, units]`
   * (the default). */
  returnSequences?: boolean;
  /** Whether the last states are outputs too, behind the first, each `[batch, units]`; false by default. */
  returnState?: boolean;
  /** Whether the steps are read from the last to the first; the outputs are in that order then. False by default. */
  goBackwards?: boolean;
  /** Whether row i of a batch goes on from the state of row i of the batch before, until `resetStates()`; false by
   * default. */
  stateful?: boolean;
  /** Whether the output at masked steps is zeros instead of the h carried over; it needs `returnSequences`. False by
   * default. */
  zeroOutputForMask?: boolean;
  /** Whether a sequence begins with `'zeros'` (the default) or with a state that is `'learned'`, of weights
   * `initialH` (and `initialC` in an LSTM), `[units]`. */
  initialState?: 'zeros' | 'learned';
  /** What the new values of the state go through; `tanh` by default. */
  activation?: ElementwiseActivationName;
  /** Whether there is a bias; true by default. */
  useBias?: boolean;
  /** `glorotUniform` by default. */
  kernelInitializer?: InitializerName | Initializer;
  /** `orthogonal` by default. */
  recurrentInitializer?: InitializerName | Initializer;
  /** `zeros` by default. */
  biasInitializer?: InitializerName | Initializer;
  /** None by default. */
  kernelRegularizer?: RegularizerName | Regularizer;
  /** None by default. */
  recurrentRegularizer?: RegularizerName | Regularizer;
  /** None by default. */
  biasRegularizer?: RegularizerName | Regularizer;
  /** None by default. */
  kernelConstraint?: ConstraintName | Constraint;
  /** None by default. */
  recurrentConstraint?: ConstraintName | Constraint;
  /** None by default. */
  biasConstraint?: ConstraintName | Constraint;
  /** A penalty on the output, divided by how many rows or steps count; none by default. */
  activityRegularizer?: RegularizerName | Regularizer;
  /** The share of inputs dropped while training, the same ones at every step of a sequence; 0 by default. */
  dropout?: number;
  /** The share of the previous h dropped while training, the same at every step; 0 by default. */
  recurrentDropout?: number;
  /** The share of the recurrent kernel's weights dropped while training, drawn anew for each batch (Merity et al.
   * 2017); 0 by default. */
  weightDropout?: number;
}

export const recurrentOptionNames = [
  ...layerOptionNames,
  'returnSequences',
  'returnState',
  'goBackwards',
  'stateful',
  'zeroOutputForMask',
  'initialState',
  'activation',
  'useBias',
  ...weightOptionNames('kernel', 'recurrent', 'bias'),
  'activityRegularizer',
  'dropout',
  'recurrentDropout',
  'weightDropout',
];

export const recurrentHints = {
  inputShape: 'put input({ shape: [steps, features] }) before it, or let the first data decide',
  unroll: 'leave it out, every sequence is run in one call of the kernel',
  implementation: 'leave it out, there is one implementation',
  useCudnn: "leave it out, the model's backend decides which kernels compute",
  recurrentActivation: 'it has no gates; an lstm and a gru have',
  unitForgetBias: 'it has no forget gate; an lstm has',
  cellClip: 'it has no c; an lstm has',
  resetAfter: 'it has no reset gate; a gru has',
  seed: 'give the seed to the model: sequential(layers, { seed })',
  timeMajor: 'leave it out, inputs are [batch, steps, features]',
  batchFirst: 'leave it out, inputs are [batch, steps, features]',
  numLayers: 'put as many layers one behind the other, all but the last with { returnSequences: true }',
  bidirectional: 'write bidirectional(...) around the layer',
  projSize: 'write projectedLstm(units, projection)',
  usePeepholes: 'write peepholeLstm(units)',
  layerNorm: 'write layerNormLstm(units)',
  zoneout: 'write zoneoutLstm(units, { zoneoutH, zoneoutC })',
};

/** @throws ConfigError for anything but its two values */
export function checkInitialState(layer: string, value: unknown): 'zeros' | 'learned' {
  if (value === 'zeros' || value === 'learned') return value;
  throw new ConfigError(
    `${layer}: initialState is 'zeros' or 'learned' but is ${describe(value)}; a state that another layer gives is ` +
      'a further input: layer.on(x, h)',
  );
}
