/** The two directions of a bidirectional layer made into one output. */
import { type Edge, type PlannedLayer, type Planner, planEdge } from '../backend/plan.js';
import type { Region } from '../core/region.js';
import {
  bidirectionalConcatBackward,
  bidirectionalConcatForward,
  bidirectionalProductBackward,
  bidirectionalProductForward,
  bidirectionalSumBackward,
  bidirectionalSumForward,
} from '../kernels/bidirectional.js';

/** How two outputs become one; `'none'` leaves them two. */
export type MergeMode = 'concat' | 'sum' | 'mul' | 'ave' | 'none';

export const mergeModes: readonly MergeMode[] = ['concat', 'sum', 'mul', 'ave', 'none'];

/** Plans one output from two edges of the same batch and steps. */
export function planMerge(
  planner: Planner,
  mode: Exclude<MergeMode, 'none'>,
  a: Edge,
  b: Edge,
): PlannedLayer {
  const rows = a.steps * a.batch;
  const size = rows * a.features;
  const width = mode === 'concat' ? a.features + b.features : a.features;
  const output = planEdge(planner, a, width, a.gradient !== undefined);
  const merge = planKernels(planner, mode, rows, a.features, b.features, size);
  return {
    output,
    forward: () => merge.forward(a.value, b.value, output.value),
    backward: () => {
      if (!output.gradient || !a.gradient || !b.gradient) return;
      merge.backward(a, b, output.gradient, a.gradient, b.gradient);
    },
  };
}

function planKernels(
  planner: Planner,
  mode: Exclude<MergeMode, 'none'>,
  rows: number,
  aWidth: number,
  bWidth: number,
  size: number,
) {
  if (mode === 'concat') {
    const kernels = planner.backend.bind({ bidirectionalConcatForward, bidirectionalConcatBackward });
    return {
      forward: (a: Region, b: Region, y: Region) =>
        kernels.bidirectionalConcatForward(a.array, b.array, y.array, rows, aWidth, bWidth),
      backward: (_a: Edge, _b: Edge, dy: Region, da: Region, db: Region) =>
        kernels.bidirectionalConcatBackward(dy.array, da.array, db.array, rows, aWidth, bWidth),
    };
  }
  if (mode === 'mul') {
    const kernels = planner.backend.bind({ bidirectionalProductForward, bidirectionalProductBackward });
    return {
      forward: (a: Region, b: Region, y: Region) =>
        kernels.bidirectionalProductForward(a.array, b.array, y.array, size),
      backward: (a: Edge, b: Edge, dy: Region, da: Region, db: Region) =>
        kernels.bidirectionalProductBackward(
          a.value.array,
          b.value.array,
          dy.array,
          da.array,
          db.array,
          size,
        ),
    };
  }
  const factor = mode === 'ave' ? 0.5 : 1;
  const kernels = planner.backend.bind({ bidirectionalSumForward, bidirectionalSumBackward });
  return {
    forward: (a: Region, b: Region, y: Region) =>
      kernels.bidirectionalSumForward(a.array, b.array, y.array, size, factor),
    backward: (_a: Edge, _b: Edge, dy: Region, da: Region, db: Region) =>
      kernels.bidirectionalSumBackward(dy.array, da.array, db.array, size, factor),
  };
}
