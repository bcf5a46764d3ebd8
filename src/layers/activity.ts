/**
 * What the output of a layer costs, part of the loss: the penalty of a regularizer on its values, those of masked steps
 * left out. The sum over a batch is divided by what its loss is divided by, the rows or steps that count, so that the
 * loss of an epoch does not depend on the size of the batches.
 */
import type { Edge, Planner } from '../backend/plan.js';
import type { Regularizer } from '../core/parameter.js';
import { scale } from '../kernels/optimizers.js';
import { zeroMaskedBackward, zeroMaskedForward } from '../kernels/zero-masked.js';

/** Lets the output cost what the regularizer says, if there is one. */
export function planActivity(planner: Planner, regularizer: Regularizer | undefined, output: Edge): void {
  if (!regularizer || planner.carried) return;
  const { value, mask, features } = output;
  const rows = output.steps * output.batch;
  const real = planner.arena.floats(value.length);
  const slope = planner.arena.floats(value.length);
  const kernels = planner.backend.bind({ scale, zeroMaskedForward, zeroMaskedBackward });
  planner.penalties.push({
    sum: () => {
      kernels.zeroMaskedForward(value.array, mask.array, real.array, rows, features);
      return regularizer.penalty(real.array);
    },
    backward: (factor) => {
      if (!output.gradient) return;
      slope.array.fill(0);
      regularizer.addGradient(real.array, slope.array);
      kernels.scale(slope.array, slope.length, factor);
      kernels.zeroMaskedBackward(slope.array, mask.array, output.gradient.array, rows, features);
    },
  });
}
