/** Activations by name, and how one is planned behind a layer. */
import {
  type Edge,
  type LogitActivation,
  type PlannedLayer,
  type Planner,
  planEdge,
} from '../backend/plan.js';
import { ConfigError } from '../core/errors.js';
import { unknownName } from '../core/options.js';
import * as activations from '../kernels/activations.js';
import { softmaxBackward, softmaxForward } from '../kernels/softmax.js';

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
  const edge = { ...planEdge(planner, x, x.features, x.gradient !== undefined), activation: name };
  const isLogit = name === 'sigmoid' || name === 'softmax';
  const output = isLogit ? { ...edge, logits: logitsOf(name, x) } : edge;
  const rows = x.steps * x.batch;
  const size = rows * x.features;
  if (name === 'softmax') {
    const kernels = planner.backend.bind({ softmaxForward, softmaxBackward });
    return {
      output,
      forward: () => kernels.softmaxForward(x.value.array, output.value.array, rows, x.features),
      backward: () => {
        if (!output.gradient || !x.gradient) return;
        kernels.softmaxBackward(
          output.value.array,
          output.gradient.array,
          x.gradient.array,
          rows,
          x.features,
        );
      },
    };
  }
  const activation = elementwise[name];
  const kernels = planner.backend.bind({
    activationForward: activations.activationForward,
    activationBackward: activations.activationBackward,
  });
  return {
    output,
    forward: () => kernels.activationForward(activation, x.value.array, output.value.array, size),
    backward: () => {
      if (!output.gradient || !x.gradient) return;
      kernels.activationBackward(
        activation,
        x.value.array,
        output.value.array,
        output.gradient.array,
        x.gradient.array,
        size,
      );
    },
  };
}

function logitsOf(activation: LogitActivation, { value, gradient }: Edge): NonNullable<Edge['logits']> {
  return { activation, value, gradient };
}
