/** How an activation is planned behind a layer; and activations as values, for who names none. */
import { type Edge, type PlannedLayer, type Planner, planEdge } from '../backend/plan.js';
import * as activations from '../kernels/activations.js';
import { softmaxBackward, softmaxForward } from '../kernels/softmax.js';

/** An activation as a value: what the outputs of a dense layer go through. */
export interface PlannableActivation {
  readonly name: string;
  /** @internal plans y = activation(x) behind the edge x */
  plan(x: Edge, planner: Planner): PlannedLayer;
}

/** `1 / (1 + e^-x)`: a probability. */
export const sigmoid: PlannableActivation = {
  name: 'sigmoid',
  plan: (x, planner) => planElementwise('sigmoid', activations.sigmoid, x, planner),
};

/** `(e^x - e^-x) / (e^x + e^-x)` */
export const tanh: PlannableActivation = {
  name: 'tanh',
  plan: (x, planner) => planElementwise('tanh', activations.tanh, x, planner),
};

/** `max(0, x)` */
export const relu: PlannableActivation = {
  name: 'relu',
  plan: (x, planner) => planElementwise('relu', activations.relu, x, planner),
};

/** `e^x_k / sum over j of e^x_j`: a probability a class. */
export const softmax: PlannableActivation = {
  name: 'softmax',
  plan: (x, planner) => planSoftmax(x, planner),
};

/** Plans an activation that looks at one number at a time. */
export function planElementwise(
  name: string,
  activation: activations.Activation,
  x: Edge,
  planner: Planner,
): PlannedLayer {
  const edge = { ...planEdge(planner, x, x.features, x.gradient !== undefined), activation: name };
  const output = name === 'sigmoid' ? { ...edge, logits: logitsOf(name, x) } : edge;
  const size = x.steps * x.batch * x.features;
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

/** Plans a softmax over the features. */
export function planSoftmax(x: Edge, planner: Planner): PlannedLayer {
  const output: Edge = {
    ...planEdge(planner, x, x.features, x.gradient !== undefined),
    activation: 'softmax',
    logits: logitsOf('softmax', x),
  };
  const rows = x.steps * x.batch;
  const kernels = planner.backend.bind({ softmaxForward, softmaxBackward });
  return {
    output,
    forward: () => kernels.softmaxForward(x.value.array, output.value.array, rows, x.features),
    backward: () => {
      if (!output.gradient || !x.gradient) return;
      kernels.softmaxBackward(output.value.array, output.gradient.array, x.gradient.array, rows, x.features);
    },
  };
}

function logitsOf(
  activation: NonNullable<Edge['logits']>['activation'],
  { value, gradient }: Edge,
): Edge['logits'] & object {
  return { activation, value, gradient };
}
