/** What the outputs are that a loss takes, as far as the activation before it tells. */

export interface OutputRange {
  /** The activations that are known to leave the range. */
  readonly escapes: readonly string[];
  /** What is wrong with one of them. */
  mistake(activation: string): string;
}

const unbounded = ['linear', 'tanh', 'leakyRelu', 'elu', 'selu', 'gelu', 'swish'];

export const probability: OutputRange = {
  escapes: [...unbounded, 'relu', 'softplus'],
  mistake: (activation) => `takes probabilities but the last layer's activation is '${activation}'`,
};

export const positive: OutputRange = {
  escapes: unbounded,
  mistake: (activation) => `takes numbers above 0 but the last layer's activation is '${activation}'`,
};

/** To be squashed by the loss. */
export const logits: OutputRange = {
  escapes: ['sigmoid', 'softmax', 'hardSigmoid', 'hardSigmoidLegacy'],
  mistake: (activation) => `squashes the outputs by itself but they went through '${activation}' before`,
};
