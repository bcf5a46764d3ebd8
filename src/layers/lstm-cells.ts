/** Which kernel computes an LSTM: the plain cell, or the one with activations of the user's choice. */
import type { Edge, Planner } from '../backend/plan.js';
import type { Region } from '../core/region.js';
import type { FloatArray } from '../core/tensor.js';
import { lstmBackward, lstmBackwardInput, lstmForward } from '../kernels/lstm.js';
import { lstmActivationsBackward, lstmActivationsForward } from '../kernels/lstm-activations.js';
import { type ElementwiseActivationName, elementwiseActivation } from './activations.js';
import type { LayerParameter } from './layer.js';

interface CellParts {
  readonly x: Edge;
  readonly kernel: LayerParameter;
  readonly recurrentKernel: LayerParameter;
  readonly bias: { readonly value: Region; readonly gradient: Region; readonly prepare: () => void };
  readonly recurrentMask: Region;
  readonly h: Region;
  readonly c: Region;
  readonly units: number;
}

interface PlannedCell {
  /** Runs all steps from slot 0 of h and c. */
  forward(): void;
  /** dy, dh and dc as in kernels/lstm.ts; adds to the gradients of the weights, and of x where it has one. */
  backward(dy: FloatArray, dh: FloatArray, dc: FloatArray): void;
}

export function planLstmCell(
  planner: Planner,
  activation: ElementwiseActivationName,
  recurrentActivation: ElementwiseActivationName,
  parts: CellParts,
): PlannedCell {
  const { x, kernel, recurrentKernel, bias, recurrentMask, h, c, units } = parts;
  const { arena } = planner;
  const { steps, batch, features } = x;
  const size = steps * batch * units;
  const squashedC = arena.floats(size);
  const recurrentInput = arena.floats(size);
  const gates = arena.floats(4 * size);
  const isPlain = activation === 'tanh' && recurrentActivation === 'sigmoid';
  const z = isPlain ? gates : arena.floats(4 * size);
  const { lstmBackwardInput: backwardInput } = planner.backend.bind({ lstmBackwardInput });

  const addInputGradient = () => {
    if (!x.gradient) return;
    backwardInput(z.array, kernel.value.array, x.gradient.array, steps, batch, features, units);
  };

  if (isPlain) {
    const kernels = planner.backend.bind({ lstmForward, lstmBackward });
    return {
      forward: () => {
        bias.prepare();
        kernels.lstmForward(
          x.value.array,
          kernel.value.array,
          recurrentKernel.value.array,
          bias.value.array,
          recurrentMask.array,
          x.mask.array,
          h.array,
          c.array,
          squashedC.array,
          recurrentInput.array,
          gates.array,
          steps,
          batch,
          features,
          units,
        );
      },
      backward: (dy, dh, dc) => {
        kernels.lstmBackward(
          x.value.array,
          recurrentKernel.value.array,
          recurrentMask.array,
          x.mask.array,
          c.array,
          squashedC.array,
          recurrentInput.array,
          gates.array,
          dy,
          dh,
          dc,
          kernel.gradient.array,
          recurrentKernel.gradient.array,
          bias.gradient.array,
          steps,
          batch,
          features,
          units,
        );
        addInputGradient();
      },
    };
  }

  const kernels = planner.backend.bind({ lstmActivationsForward, lstmActivationsBackward });
  const squash = elementwiseActivation(activation);
  const gate = elementwiseActivation(recurrentActivation);
  return {
    forward: () => {
      bias.prepare();
      kernels.lstmActivationsForward(
        squash,
        gate,
        x.value.array,
        kernel.value.array,
        recurrentKernel.value.array,
        bias.value.array,
        recurrentMask.array,
        x.mask.array,
        h.array,
        c.array,
        squashedC.array,
        recurrentInput.array,
        z.array,
        gates.array,
        steps,
        batch,
        features,
        units,
      );
    },
    backward: (dy, dh, dc) => {
      kernels.lstmActivationsBackward(
        squash,
        gate,
        x.value.array,
        recurrentKernel.value.array,
        recurrentMask.array,
        x.mask.array,
        c.array,
        squashedC.array,
        recurrentInput.array,
        z.array,
        gates.array,
        dy,
        dh,
        dc,
        kernel.gradient.array,
        recurrentKernel.gradient.array,
        bias.gradient.array,
        steps,
        batch,
        features,
        units,
      );
      addInputGradient();
    },
  };
}
