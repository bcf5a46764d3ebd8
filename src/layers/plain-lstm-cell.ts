/** The plain LSTM cell, planned: that of the paper, with no other activations and no clipping. */
import type { Planner } from '../backend/plan.js';
import { lstmBackward, lstmBackwardInput, lstmForward } from '../kernels/lstm.js';
import type { CellParts, PlannedCell } from './recurrent.js';
import type { PlannedState } from './recurrent-state.js';

export const lstmGateNames = ['i', 'f', 'g', 'o'];

export function planPlainLstmCell(planner: Planner, parts: CellParts): PlannedCell {
  const { x, kernel, recurrentKernel, bias, recurrentMask, states, dy, units } = parts;
  const [{ region: h, gradient: dh }, { region: c, gradient: dc }] = states as [PlannedState, PlannedState];
  const { arena } = planner;
  const { steps, batch, features } = x;
  const size = steps * batch * units;
  const squashedC = arena.floats(size);
  const recurrentInput = arena.floats(size);
  const gates = arena.floats(4 * size);
  const kernels = planner.backend.bind({ lstmForward, lstmBackward, lstmBackwardInput });
  return {
    gates: { names: lstmGateNames, region: gates, gradient: gates },
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
      if (!x.gradient) return;
      const dx = x.gradient.array;
      kernels.lstmBackwardInput(gates.array, kernel.value.array, dx, steps, batch, features, units);
    },
  };
}
