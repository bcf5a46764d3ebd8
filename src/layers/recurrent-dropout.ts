/**
 * Dropout inside a recurrent layer: one mask a sequence for the inputs and one for the previous h, the same at
 * every step and for all gates (Gal and Ghahramani 2016).
 */
import { type Edge, type Planner, planEdge } from '../backend/plan.js';
import type { Region } from '../core/region.js';
import { dropoutBackward, dropoutForward } from '../kernels/dropout.js';
import { drawDropoutMask } from './dropout.js';

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
