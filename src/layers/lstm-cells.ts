/** Which kernel computes an LSTM: the plain cell, or the one with activations of the user's choice and clipping. */
import type { Planner } from '../backend/plan.js';
import { lstmBackward, lstmBackwardInput, lstmForward } from '../kernels/lstm.js';
import { lstmActivationsBackward, lstmActivationsForward } from '../kernels/lstm-activations.js';
import { type ElementwiseActivationName, elementwiseActivation } from './activations.js';
import type { CellParts, PlannedCell } from './recurrent.js';
import type { PlannedState } from './recurrent-state.js';

const gateNames = ['i', 'f', 'g', 'o'];

export function planLstmCell(
  planner: Planner,
  activation: ElementwiseActivationName,
  recurrentActivation: ElementwiseActivationName,
  cellClip: number | undefined,
  parts: CellParts,
): PlannedCell {
  const { x, kernel, recurrentKernel, bias, recurrentMask, states, dy, units } = parts;
  const [{ region: h, gradient: dh }, { region: c, gradient: dc }] = states as [PlannedState, PlannedState];
  const { arena } = planner;
  const { steps, batch, features } = x;
  const size = steps * batch * units;
  const squashedC = arena.floats(size);
  const recurrentInput = arena.floats(size);
  const gates = arena.floats(4 * size);
  const isPlain = activation === 'tanh' && recurrentActivation === 'sigmoid' && cellClip === undefined;
  const z = isPlain ? gates : arena.floats(4 * size);
  const { lstmBackwardInput: backwardInput } = planner.backend.bind({ lstmBackwardInput });

  const addInputGradient = () => {
    if (!x.gradient) return;
    backwardInput(z.array, kernel.value.array, x.gradient.array, steps, batch, features, units);
  };

  if (isPlain) {
    const kernels = planner.backend.bind({ lstmForward, lstmBackward });
    return {
      gates: { names: gateNames, region: gates, gradient: z },
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
      backward: () => {
        if (!dy) return;
        kernels.lstmBackward(
          x.value.array,
          recurrentKernel.value.array,
          recurrentMask.array,
          x.mask.array,
          c.array,
          squashedC.array,
          recurrentInput.array,
          gates.array,
          dy.array,
          dh.array,
          dc.array,
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
  // Compared with what is stored, so that a c that was clipped is found to be the bound.
  const bound = cellClip ?? Number.POSITIVE_INFINITY;
  const clip = arena.precision === 'float32' ? Math.fround(bound) : bound;
  return {
    gates: { names: gateNames, region: gates, gradient: z },
    forward: () => {
      bias.prepare();
      kernels.lstmActivationsForward(
        squash,
        gate,
        clip,
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
    backward: () => {
      if (!dy) return;
      kernels.lstmActivationsBackward(
        squash,
        gate,
        clip,
        x.value.array,
        recurrentKernel.value.array,
        recurrentMask.array,
        x.mask.array,
        c.array,
        squashedC.array,
        recurrentInput.array,
        z.array,
        gates.array,
        dy.array,
        dh.array,
        dc.array,
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
