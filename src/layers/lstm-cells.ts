/** Which kernel computes an LSTM: the plain cell, or the one with activations of the user's choice and clipping. */
import type { Planner } from '../backend/plan.js';
import { lstmBackwardInput } from '../kernels/lstm.js';
import { lstmActivationsBackward, lstmActivationsForward } from '../kernels/lstm-activations.js';
import { type ElementwiseActivationName, elementwiseActivation } from './activations.js';
import { lstmGateNames, planPlainLstmCell } from './plain-lstm-cell.js';
import type { CellParts, PlannedCell } from './recurrent.js';
import type { PlannedState } from './recurrent-state.js';

export function planLstmCell(
  planner: Planner,
  activation: ElementwiseActivationName,
  recurrentActivation: ElementwiseActivationName,
  cellClip: number | undefined,
  parts: CellParts,
): PlannedCell {
  const isPlain = activation === 'tanh' && recurrentActivation === 'sigmoid' && cellClip === undefined;
  if (isPlain) return planPlainLstmCell(planner, parts);
  const { x, kernel, recurrentKernel, bias, recurrentMask, states, dy, units } = parts;
  const [{ region: h, gradient: dh }, { region: c, gradient: dc }] = states as [PlannedState, PlannedState];
  const { arena } = planner;
  const { steps, batch, features } = x;
  const size = steps * batch * units;
  const squashedC = arena.floats(size);
  const recurrentInput = arena.floats(size);
  const gates = arena.floats(4 * size);
  const z = arena.floats(4 * size);
  const kernels = planner.backend.bind({
    lstmActivationsForward,
    lstmActivationsBackward,
    lstmBackwardInput,
  });
  const squash = elementwiseActivation(activation);
  const gate = elementwiseActivation(recurrentActivation);
  // Compared with what is stored, so that a c that was clipped is found to be the bound.
  const bound = cellClip ?? Number.POSITIVE_INFINITY;
  const clip = arena.precision === 'float32' ? Math.fround(bound) : bound;
  return {
    gates: { names: lstmGateNames, region: gates, gradient: z },
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
      if (!x.gradient) return;
      const dx = x.gradient.array;
      kernels.lstmBackwardInput(z.array, kernel.value.array, dx, steps, batch, features, units);
    },
  };
}
