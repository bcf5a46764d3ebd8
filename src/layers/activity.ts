/**
 * What the output of a layer costs, part of the loss: the penalty of a regularizer on its values, those of masked steps
 * left out. The sum over a batch is divided by what its loss is divided by, the rows or steps that count, so that the
 * loss of an epoch does not depend on the size of the batches.
 */
import type { Edge, Planner } from '../backend/plan.js';
import type { Regularizer } from '../core/parameter.js';
import type { FloatArray } from '../core/tensor.js';
import { scale } from '../kernels/optimizers.js';
import { temporalDifferenceBackward, temporalDifferenceForward } from '../kernels/temporal-difference.js';
import { zeroMaskedBackward, zeroMaskedForward } from '../kernels/zero-masked.js';

/** Lets the output cost what the regularizer says of its numbers, if there is one. */
export function planActivity(planner: Planner, regularizer: Regularizer | undefined, output: Edge): void {
  if (!regularizer) return;
  const { value, mask, features } = output;
  const rows = output.steps * output.batch;
  const kernels = planner.backend.bind({ zeroMaskedForward, zeroMaskedBackward });
  planPenalty(planner, regularizer, output, {
    forward: (real) => kernels.zeroMaskedForward(value.array, mask.array, real, rows, features),
    backward: (slope, dOutput) => kernels.zeroMaskedBackward(slope, mask.array, dOutput, rows, features),
  });
}

/** Lets it cost what the regularizer says of its differences from step to step, if there is one. */
export function planMovement(planner: Planner, regularizer: Regularizer | undefined, output: Edge): void {
  if (!regularizer) return;
  const { value, mask, steps, batch, features } = output;
  const kernels = planner.backend.bind({ temporalDifferenceForward, temporalDifferenceBackward });
  planPenalty(planner, regularizer, output, {
    forward: (d) => kernels.temporalDifferenceForward(value.array, mask.array, d, steps, batch, features),
    backward: (slope, dOutput) =>
      kernels.temporalDifferenceBackward(slope, mask.array, dOutput, steps, batch, features),
  });
}

/** What of an output costs something, as an array of its size. */
interface Measure {
  forward(measured: FloatArray): void;
  backward(dMeasured: FloatArray, dOutput: FloatArray): void;
}

function planPenalty(planner: Planner, regularizer: Regularizer, output: Edge, measure: Measure): void {
  if (planner.carried) return;
  const measured = planner.arena.floats(output.value.length);
  const slope = planner.arena.floats(output.value.length);
  const kernels = planner.backend.bind({ scale });
  planner.penalties.push({
    sum: () => {
      measure.forward(measured.array);
      return regularizer.penalty(measured.array);
    },
    backward: (factor) => {
      if (!output.gradient) return;
      slope.array.fill(0);
      regularizer.addGradient(measured.array, slope.array);
      kernels.scale(slope.array, slope.length, factor);
      measure.backward(slope.array, output.gradient.array);
    },
  });
}
