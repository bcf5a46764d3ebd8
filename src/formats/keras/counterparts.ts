/** Each layer beside its counterpart in Keras: the class, the names of its options, and those of its weights. */

/** How the value of an option is carried over. */
export type OptionKind = 'plain' | 'activation' | 'initializer' | 'regularizer' | 'constraint';

/** Our name, theirs, and how; what is named alike needs one name. */
export type OptionPair = readonly [string, string, OptionKind];

export interface Counterpart {
  readonly className: string;
  readonly options: readonly OptionPair[];
  /** Our name of each weight, and theirs, in their order. */
  readonly weights: readonly (readonly [string, string])[];
  /** Options that change what is computed and have no counterpart, with the value that they may have. */
  readonly fixed?: Readonly<Record<string, unknown>>;
  /** The same of theirs. */
  readonly fixedThere?: Readonly<Record<string, readonly unknown[]>>;
}

const plain = (...pairs: [string, string][]): OptionPair[] =>
  pairs.map(([ours, theirs]): OptionPair => [ours, theirs, 'plain']);

/** `kernelInitializer` and so on. */
const ofWeights = (...names: string[]): OptionPair[] =>
  names.flatMap((name): OptionPair[] => [
    [`${name}Initializer`, `${snakeCase(name)}_initializer`, 'initializer'],
    [`${name}Regularizer`, `${snakeCase(name)}_regularizer`, 'regularizer'],
    [`${name}Constraint`, `${snakeCase(name)}_constraint`, 'constraint'],
  ]);

export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

const activity: OptionPair = ['activityRegularizer', 'activity_regularizer', 'regularizer'];
const activation: OptionPair = ['activation', 'activation', 'activation'];

const recurrent: readonly OptionPair[] = [
  ...plain(['units', 'units']),
  activation,
  ...plain(['useBias', 'use_bias']),
  ...ofWeights('kernel', 'recurrent', 'bias'),
  activity,
  ...plain(
    ['dropout', 'dropout'],
    ['recurrentDropout', 'recurrent_dropout'],
    ['returnSequences', 'return_sequences'],
    ['returnState', 'return_state'],
    ['goBackwards', 'go_backwards'],
    ['stateful', 'stateful'],
    ['zeroOutputForMask', 'zero_output_for_mask'],
  ),
];

const recurrentWeights = [
  ['kernel', 'kernel'],
  ['recurrentKernel', 'recurrent_kernel'],
  ['bias', 'bias'],
] as const;

const recurrentFixed = { initialState: 'zeros', weightDropout: 0 };

const gate: OptionPair = ['recurrentActivation', 'recurrent_activation', 'activation'];

const normalization: readonly OptionPair[] = [
  ...plain(['epsilon', 'epsilon'], ['center', 'center'], ['scale', 'scale']),
  ...ofWeights('beta', 'gamma'),
];

const merging = { options: [], weights: [] };

/** By our type. `bidirectional` and `timeDistributed` hold another layer, `input` a shape: see layers.ts. */
export const counterparts: Readonly<Record<string, Counterpart>> = {
  lstm: {
    className: 'LSTM',
    options: [...recurrent, gate, ...plain(['unitForgetBias', 'unit_forget_bias'])],
    weights: recurrentWeights,
    fixed: { ...recurrentFixed, cellClip: undefined },
  },
  gru: {
    className: 'GRU',
    options: [...recurrent, gate, ...plain(['resetAfter', 'reset_after'])],
    weights: recurrentWeights,
    fixed: recurrentFixed,
  },
  simpleRnn: { className: 'SimpleRNN', options: recurrent, weights: recurrentWeights, fixed: recurrentFixed },
  dense: {
    className: 'Dense',
    options: [
      ...plain(['units', 'units'], ['useBias', 'use_bias']),
      activation,
      activity,
      ...ofWeights('kernel', 'bias'),
    ],
    weights: [
      ['kernel', 'kernel'],
      ['bias', 'bias'],
    ],
    fixed: { tiedTo: undefined },
  },
  embedding: {
    className: 'Embedding',
    options: [
      ...plain(['vocabulary', 'input_dim'], ['units', 'output_dim'], ['maskZero', 'mask_zero']),
      ...ofWeights('embeddings'),
      activity,
    ],
    weights: [['embeddings', 'embeddings']],
  },
  batchNormalization: {
    className: 'BatchNormalization',
    options: [
      ...plain(['momentum', 'momentum']),
      ...normalization,
      ['movingMeanInitializer', 'moving_mean_initializer', 'initializer'],
      ['movingVarianceInitializer', 'moving_variance_initializer', 'initializer'],
    ],
    weights: [
      ['gamma', 'gamma'],
      ['beta', 'beta'],
      ['movingMean', 'moving_mean'],
      ['movingVariance', 'moving_variance'],
    ],
  },
  layerNormalization: {
    className: 'LayerNormalization',
    options: normalization,
    weights: [
      ['gamma', 'gamma'],
      ['beta', 'beta'],
    ],
    fixedThere: { rms_scaling: [undefined, false] },
  },
  activation: { className: 'Activation', options: [activation], weights: [] },
  dropout: {
    className: 'Dropout',
    options: plain(['rate', 'rate']),
    weights: [],
    fixedThere: { noise_shape: [undefined, null] },
  },
  spatialDropout1d: { className: 'SpatialDropout1D', options: plain(['rate', 'rate']), weights: [] },
  gaussianNoise: { className: 'GaussianNoise', options: plain(['stddev', 'stddev']), weights: [] },
  masking: { className: 'Masking', options: plain(['maskValue', 'mask_value']), weights: [] },
  repeatVector: { className: 'RepeatVector', options: plain(['times', 'n']), weights: [] },
  reshape: { className: 'Reshape', options: plain(['shape', 'target_shape']), weights: [] },
  flatten: { className: 'Flatten', ...merging },
  globalMaxPooling1d: {
    className: 'GlobalMaxPooling1D',
    ...merging,
    fixedThere: { keepdims: [undefined, false], data_format: [undefined, null, 'channels_last'] },
  },
  globalAveragePooling1d: {
    className: 'GlobalAveragePooling1D',
    ...merging,
    fixedThere: { keepdims: [undefined, false], data_format: [undefined, null, 'channels_last'] },
  },
  concatenate: { className: 'Concatenate', options: plain(['axis', 'axis']), weights: [] },
  add: { className: 'Add', ...merging },
  multiply: { className: 'Multiply', ...merging },
  attention: {
    className: 'Attention',
    options: plain(['dropout', 'dropout']),
    weights: [['scale', 'scale']],
    fixed: { causal: false },
    fixedThere: { score_mode: [undefined, 'dot'] },
  },
  additiveAttention: {
    className: 'AdditiveAttention',
    options: plain(['useScale', 'use_scale'], ['dropout', 'dropout']),
    weights: [['scale', 'scale']],
    fixed: { causal: false },
  },
};
