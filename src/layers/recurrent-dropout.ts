/**
 * Dropout inside a recurrent layer: one mask a sequence for the inputs and one for the previous h, the same at
 * every step and for all gates (Gal and Ghahramani 2016); or dropout of the recurrent kernel's weights.
 */
import { type Edge, type Planner, planEdge, planGradient } from '../backend/plan.js';
import type { Region } from '../core/region.js';
import { dropoutBackward, dropoutForward } from '../kernels/dropout.js';
import { drawDropoutMask } from './dropout.js';
import type { PlannedWeight } from './weights.js';

/** The layer's input with dropout on it, or the input itself where there is none. */
export function planInputDropout(
  planner: Planner,
  x: Edge,
  rate: number,
): { edge: Edge; forward: (training: boolean) => void; backward: () => void } {
  if (rate === 0 || !planner.training) return { edge: x, forward: () => {}, backward: () => {} };
  const edge = planEdge(planner, x, x.features, x.gradient !== undefined);
  const size = x.batch * x.features;
  const mask = planner.arena.floats(size);
  const kernels = planner.backend.bind({ dropoutForward, dropoutBackward });
  return {
    edge,
    forward: (training) => {
      if (training) drawDropoutMask(planner.random, mask.array, rate);
      else mask.array.fill(1);
      kernels.dropoutForward(x.value.array, mask.array, edge.value.array, x.steps, size);
    },
    backward: () => {
      if (!edge.gradient || !x.gradient) return;
      kernels.dropoutBackward(edge.gradient.array, mask.array, x.gradient.array, x.steps, size);
    },
  };
}

/** The mask on the previous h, [batch, units]: ones where nothing is dropped. */
export function planRecurrentMask(
  planner: Planner,
  size: number,
  rate: number,
): { value: Region; draw: (training: boolean) => void } {
  const value = planner.arena.floats(size);
  return {
    value,
    draw: (training) => {
      if (training && rate > 0) drawDropoutMask(planner.random, value.array, rate);
      else value.array.fill(1);
    },
  };
}

/** A weight with single numbers of it dropped, drawn anew for each batch (Merity et al. 2017), or itself where none are. */
export function planWeightDropout(
  planner: Planner,
  weight: PlannedWeight,
  rate: number,
  learns: boolean,
): { weight: PlannedWeight; forward: (training: boolean) => void; backward: () => void } {
  if (rate === 0 || !planner.training) return { weight, forward: () => {}, backward: () => {} };
  const size = weight.value.length;
  const mask = planner.arena.floats(size);
  const value = planner.arena.floats(size);
  const gradient = planGradient(planner, size, learns) ?? weight.gradient;
  const kernels = planner.backend.bind({ dropoutForward, dropoutBackward });
  return {
    weight: { value, gradient },
    forward: (training) => {
      if (training) drawDropoutMask(planner.random, mask.array, rate);
      else mask.array.fill(1);
      kernels.dropoutForward(weight.value.array, mask.array, value.array, 1, size);
    },
    backward: () => kernels.dropoutBackward(gradient.array, mask.array, weight.gradient.array, 1, size),
  };
}
