/** Activations by name. */
import type { Edge, PlannedLayer, Planner } from '../backend/plan.js';
import { ConfigError } from '../core/errors.js';
import { unknownName } from '../core/options.js';
import * as activations from '../kernels/activations.js';
import { planElementwise, planSoftmax } from './planned-activation.js';

const elementwise = {
  linear: activations.linear,
  sigmoid: activations.sigmoid,
  tanh: activations.tanh,
  relu: activations.relu,
  leakyRelu: activations.leakyRelu,
  elu: activations.elu,
  selu: activations.selu,
  gelu: activations.gelu,
  softplus: activations.softplus,
  hardSigmoid: activations.hardSigmoid,
  hardSigmoidLegacy: activations.hardSigmoidLegacy,
  swish: activations.swish,
};

/** An activation that looks at one number at a time: what an LSTM's gates can have. */
export type ElementwiseActivationName = keyof typeof elementwise;

export type ActivationName = ElementwiseActivationName | 'softmax';

const elementwiseNames = Object.keys(elementwise) as ElementwiseActivationName[];

function unknownActivation(where: string, name: unknown, known: readonly string[]): ConfigError {
  if (name === 'silu') return new ConfigError(`${where}: activation 'silu' is not known: write 'swish'`);
  return unknownName(`${where}: activation`, String(name), known);
}

/** @throws ConfigError for a name that is not known */
export function checkActivation(where: string, name: ActivationName): ActivationName {
  if (name === 'softmax') return name;
  if (!Object.hasOwn(elementwise, name)) {
    throw unknownActivation(where, name, [...elementwiseNames, 'softmax']);
  }
  return name;
}

/** @throws ConfigError for a name that is not known, softmax among them */
export function checkElementwise(where: string, name: ElementwiseActivationName): ElementwiseActivationName {
  if ((name as ActivationName) === 'softmax') {
    throw new ConfigError(
      `${where}: activation 'softmax' looks at all units together, which a gate cannot: use one of ${elementwiseNames.join(', ')}`,
    );
  }
  if (!Object.hasOwn(elementwise, name)) {
    throw unknownActivation(where, name, elementwiseNames);
  }
  return name;
}

export function elementwiseActivation(name: ElementwiseActivationName): activations.Activation {
  return elementwise[name];
}

/** Plans y = activation(x) behind the edge x. `linear` needs no plan: it is x itself. */
export function planActivation(
  name: Exclude<ActivationName, 'linear'>,
  x: Edge,
  planner: Planner,
): PlannedLayer {
  if (name === 'softmax') return planSoftmax(x, planner);
  return planElementwise(name, elementwise[name], x, planner);
}
