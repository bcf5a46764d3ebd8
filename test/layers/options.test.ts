/** Every option that is unknown, out of range, or a habit from Keras or TensorFlow.js gets one sentence that mends it. */
import { describe, expect, it } from 'vitest';
import {
  activation,
  bidirectional,
  dense,
  gru,
  input,
  l1,
  l2,
  lstm,
  masking,
  simpleRnn,
} from '../../src/index.js';
import { errorOf } from '../support/bits.js';

const anything = (value: unknown) => value as never;

const wrong: [string, () => unknown, string][] = [
  // habits from TensorFlow.js and Keras
  [
    'lstm({ units })',
    () => lstm(anything({ units: 64 })),
    'lstm takes the number of units first: write lstm(64) instead of lstm({ units: 64 })',
  ],
  [
    'lstm({ units, ... })',
    () => lstm(anything({ units: 64, returnSequences: true })),
    'lstm takes the number of units first: write lstm(64, { ... }) instead of lstm({ units: 64, ... })',
  ],
  [
    'dense({ units })',
    () => dense(anything({ units: 1, activation: 'relu' })),
    'dense takes the number of units first: write dense(1, { ... }) instead of dense({ units: 1, ... })',
  ],
  [
    'activation({ activation })',
    () => activation(anything({ activation: 'relu' })),
    "activation takes the name first: write activation('relu') instead of activation({ activation: 'relu' })",
  ],
  [
    'return_sequences',
    () => lstm(2, anything({ return_sequences: true })),
    "lstm: option 'return_sequences' is not known: did you mean 'returnSequences'?",
  ],
  [
    'recurrent_dropout',
    () => lstm(2, anything({ recurrent_dropout: 0.1 })),
    "lstm: option 'recurrent_dropout' is not known: did you mean 'recurrentDropout'?",
  ],
  [
    'numLayers',
    () => lstm(2, anything({ numLayers: 2 })),
    "lstm has no option 'numLayers': put as many layers one behind the other, all but the last with { returnSequences: true }",
  ],
  [
    'an initial state',
    () => lstm(2, { initialState: anything([1, 2]) }),
    "lstm: initialState is 'zeros' or 'learned' but is an array of 2; a state that another layer gives is a further input: layer.on(x, h)",
  ],
  [
    'zeroOutputForMask without sequences',
    () => lstm(2, { zeroOutputForMask: true }),
    'lstm: zeroOutputForMask needs returnSequences: true, for the output of the last step is never masked',
  ],
  [
    'a negative cellClip',
    () => lstm(2, { cellClip: -1 }),
    'lstm: cellClip must be a number above 0 but is -1',
  ],
  [
    'a forget bias without a bias',
    () => lstm(2, { unitForgetBias: 2, useBias: false }),
    'lstm: unitForgetBias needs a bias: leave it out, or useBias: false',
  ],
  [
    'a forget bias of text',
    () => lstm(2, { unitForgetBias: anything('one') }),
    "lstm: unitForgetBias must be true, false, a number or chrono(steps) but is 'one'",
  ],
  [
    'unroll',
    () => lstm(2, anything({ unroll: true })),
    "lstm has no option 'unroll': leave it out, every sequence is run in one call of the kernel",
  ],
  [
    'implementation',
    () => lstm(2, anything({ implementation: 2 })),
    "lstm has no option 'implementation': leave it out, there is one implementation",
  ],
  [
    'inputShape',
    () => lstm(2, anything({ inputShape: [null, 3] })),
    "lstm has no option 'inputShape': put input({ shape: [steps, features] }) before it, or let the first data decide",
  ],
  [
    'inputDim',
    () => dense(2, anything({ inputDim: 3 })),
    "dense has no option 'inputDim': put input({ shape: [features] }) before it, or let the first data decide",
  ],
  [
    'batchShape',
    () => input(anything({ batchShape: [null, 3] })),
    "input has no option 'batchShape': write shape, without the batch",
  ],
  [
    'a second argument that is no object',
    () => dense(1, anything('sigmoid')),
    "dense takes its options as an object but got 'sigmoid'",
  ],
  ['null for the options', () => lstm(1, anything(null)), 'lstm takes its options as an object but got null'],
  [
    'an array for the options',
    () => lstm(1, anything([])),
    'lstm takes its options as an object but got an array of 0',
  ],
  // names
  [
    'an activation misspelt',
    () => dense(1, { activation: anything('sigmiod') }),
    "dense: activation 'sigmiod' is not known: did you mean 'sigmoid'?",
  ],
  [
    "Keras's leaky_relu",
    () => activation(anything('leaky_relu')),
    "activation: activation 'leaky_relu' is not known: did you mean 'leakyRelu'?",
  ],
  [
    'softmax inside of an lstm',
    () => lstm(1, { activation: anything('softmax') }),
    "lstm: activation 'softmax' looks at all units together, which a gate cannot: use one of linear, sigmoid, tanh, relu, leakyRelu, elu, selu, gelu, softplus, hardSigmoid, hardSigmoidLegacy, swish",
  ],
  [
    'an activation that is nothing like any',
    () => lstm(1, { recurrentActivation: anything('xyzzy') }),
    "lstm: recurrentActivation: activation 'xyzzy' is not known: use one of linear, sigmoid, tanh, relu, leakyRelu, elu, selu, gelu, softplus, hardSigmoid, hardSigmoidLegacy, swish",
  ],
  [
    'a name of Object.prototype',
    () => dense(1, { activation: anything('toString') }),
    "dense: activation 'toString' is not known: use one of linear, sigmoid, tanh, relu, leakyRelu, elu, selu, gelu, softplus, hardSigmoid, hardSigmoidLegacy, swish, softmax",
  ],
  [
    'an unknown regularizer',
    () => dense(1, { kernelRegularizer: anything('l3') }),
    "dense: kernelRegularizer: regularizer 'l3' is not known: use one of l1, l2, l1l2",
  ],
  [
    'a regularizer that is a number',
    () => lstm(1, { recurrentRegularizer: anything(0.01) }),
    'lstm: recurrentRegularizer is a regularizer such as l2(0.01) but got 0.01',
  ],
  // ranges
  ['0 units', () => lstm(0), 'lstm: units must be a number at least 1 but is 0'],
  [
    'units that are no whole number',
    () => dense(1.5),
    'dense: units must be a whole number at least 1 but is 1.5',
  ],
  ['units as text', () => dense(anything('8')), "dense: units must be a whole number at least 1 but is '8'"],
  [
    'no units',
    () => lstm(anything(undefined)),
    'lstm: units must be a whole number at least 1 but is undefined',
  ],
  ['a negative penalty', () => l2(-0.1), 'l2: strength must be a number at least 0 but is -0.1'],
  [
    'a penalty that is no number',
    () => l1(Number.NaN),
    'l1: strength must be a number at least 0 but is NaN',
  ],
  [
    'a switch that is a number',
    () => lstm(1, { returnSequences: anything(1) }),
    'lstm: returnSequences must be true or false but is 1',
  ],
  [
    'useBias as text',
    () => dense(1, { useBias: anything('no') }),
    "dense: useBias must be true or false but is 'no'",
  ],
  [
    'a forget bias without a bias',
    () => lstm(1, { useBias: false, unitForgetBias: true }),
    'lstm: unitForgetBias needs a bias: leave it out, or useBias: false',
  ],
  [
    'a mask value that is no number',
    () => masking({ maskValue: Number.NaN }),
    'masking: maskValue must be a number but is NaN',
  ],
  [
    'units of a gru',
    () => gru(anything({ units: 3 })),
    'gru takes the number of units first: write gru(3) instead of gru({ units: 3 })',
  ],
  [
    'a cuDNN habit',
    () => gru(3, anything({ useCudnn: true })),
    "gru has no option 'useCudnn': leave it out, the model's backend decides which kernels compute",
  ],
  [
    'reset_after',
    () => gru(3, anything({ reset_after: false })),
    "gru: option 'reset_after' is not known: did you mean 'resetAfter'?",
  ],
  [
    'gates of a simple layer',
    () => simpleRnn(3, anything({ recurrentActivation: 'sigmoid' })),
    "simpleRnn has no option 'recurrentActivation': it has no gates; an lstm and a gru have",
  ],
  [
    'bidirectional({ layer })',
    () => bidirectional(anything({ layer: lstm(2) })),
    'bidirectional takes the layer first: write bidirectional(lstm(8)) instead of bidirectional({ layer: lstm(8) })',
  ],
  [
    'bidirectional of a dense',
    () => bidirectional(dense(2)),
    'bidirectional: the layer is dense, but only a recurrent layer has a direction: write bidirectional(lstm(8))',
  ],
  [
    'a merge mode of another library',
    () => bidirectional(lstm(2), { mergeMode: anything('average') }),
    "bidirectional: mergeMode 'average' is not known: use one of concat, sum, mul, ave, none",
  ],
  [
    'null for no merging',
    () => bidirectional(lstm(2), { mergeMode: anything(null) }),
    "bidirectional: option 'mergeMode' is null, which says nothing: write 'none' for two outputs",
  ],
  [
    'a forward layer that goes backwards',
    () => bidirectional(lstm(2, { goBackwards: true })),
    'bidirectional: the layer has goBackwards: true, but it is the one that goes forward: leave it out',
  ],
  [
    'a backward layer that goes forward',
    () => bidirectional(lstm(2), { backwardLayer: lstm(2) }),
    'bidirectional: backwardLayer needs goBackwards: true, for that is its direction',
  ],
  [
    'a backward layer with sequences',
    () => bidirectional(lstm(2), { backwardLayer: gru(2, { goBackwards: true, returnSequences: true }) }),
    'bidirectional: returnSequences is false in the layer and true in backwardLayer: it must be the same in both',
  ],
  [
    'a sum of directions of unequal units',
    () => bidirectional(lstm(2), { mergeMode: 'sum', backwardLayer: lstm(3, { goBackwards: true }) }),
    "bidirectional: mergeMode 'sum' needs the same units in both directions but they are 2 and 3: make them the same, or take 'concat'",
  ],
  [
    'an input without a shape',
    () => input(anything({})),
    'input: shape is [features], or [steps, features] with steps null where they vary, but got undefined',
  ],
  [
    'an input with the batch in its shape',
    () => input({ shape: [null, 5, 3] }),
    'input: shape is [features], or [steps, features] with steps null where they vary, but got [null,5,3]',
  ],
  [
    'an input of 0 features',
    () => input({ shape: [null, 0] }),
    'input: shape: the number of features must be a number at least 1 but is 0',
  ],
  [
    'an input of unknown features',
    () => input({ shape: [5, null] }),
    'input: shape: the number of features must be a whole number at least 1 but is null',
  ],
  [
    'an input of half a step',
    () => input({ shape: [0.5, 3] }),
    'input: shape: the number of steps must be a whole number at least 1 but is 0.5',
  ],
];

describe('an option of a layer', () => {
  it.each(wrong)('%s is a ConfigError', async (_what, work, message) => {
    expect(await errorOf(work)).toEqual({ name: 'ConfigError', message });
  });

  it('may be undefined, and is then the default', () => {
    const options = { activation: undefined, useBias: undefined, kernelRegularizer: undefined };
    expect(dense(2, anything(options)).config()).toEqual(dense(2).config());
    expect(lstm(2, anything({ dropout: undefined })).config()).toEqual(lstm(2).config());
  });
});
