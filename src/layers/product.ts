/** The product of a dense layer, x W + b, planned. */
import type { Edge, PlannedLayer } from '../backend/plan.js';
import type { denseBackward, denseBackwardInput, denseForward } from '../kernels/dense.js';
import type { PlannedWeight, PreparedWeight } from './weights.js';

/** The kernels of a product. */
export interface ProductKernels {
  readonly denseForward: typeof denseForward;
  readonly denseBackward: typeof denseBackward;
  readonly denseBackwardInput: typeof denseBackwardInput;
}

/** @param isLearned  whether kernel or bias are */
export function planProduct(
  x: Edge,
  output: Edge,
  kernel: PlannedWeight,
  bias: PreparedWeight,
  kernels: ProductKernels,
  isLearned: boolean,
): PlannedLayer {
  const rows = x.steps * x.batch;
  const units = output.features;
  return {
    output,
    forward: () => {
      bias.prepare();
      kernels.denseForward(
        x.value.array,
        kernel.value.array,
        bias.value.array,
        output.value.array,
        rows,
        x.features,
        units,
      );
    },
    backward: () => {
      if (!output.gradient) return;
      const dy = output.gradient.array;
      const dKernel = kernel.gradient.array;
      if (isLearned)
        kernels.denseBackward(x.value.array, dy, dKernel, bias.gradient.array, rows, x.features, units);
      if (x.gradient)
        kernels.denseBackwardInput(dy, kernel.value.array, x.gradient.array, rows, x.features, units);
    },
  };
}
