/** A sequence from its end to its beginning, as an edge of its own. */
import { type Edge, type PlannedLayer, type Planner, planEdge } from '../backend/plan.js';
import { reverseBackward, reverseForward } from '../kernels/reverse.js';

/** The steps of x in reverse order, each with its mask. */
export function planReversed(planner: Planner, x: Edge): PlannedLayer {
  const { steps, batch, features } = x;
  const mask = planner.arena.bytes(steps * batch);
  const output = { ...planEdge(planner, x, features, x.gradient !== undefined), mask };
  const size = batch * features;
  const kernels = planner.backend.bind({ reverseForward, reverseBackward });
  return {
    output,
    forward: () => {
      kernels.reverseForward(x.value.array, output.value.array, steps, size);
      kernels.reverseForward(x.mask.array, mask.array, steps, batch);
    },
    backward: () => {
      if (!output.gradient || !x.gradient) return;
      kernels.reverseBackward(output.gradient.array, x.gradient.array, steps, size);
    },
  };
}
