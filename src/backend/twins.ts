/**
 * The twins of the reference kernels, each bound by a line that passes where its arrays lie. All arrays must lie
 * in the instance's memory.
 */
import type * as reference from '../kernels/index.js';

/** The names of the kernels that have a twin in kernels/simd. */
type TwinName =
  | 'adamUpdate'
  | 'denseBackward'
  | 'denseBackwardInput'
  | 'denseForward'
  | 'dropoutBackward'
  | 'dropoutForward'
  | 'lstmBackward'
  | 'lstmBackwardInput'
  | 'lstmForward'
  | 'matmul'
  | 'matmulTransposeA'
  | 'matmulTransposeB'
  | 'momentumUpdate'
  | 'scale'
  | 'sgdUpdate'
  | 'sumOfSquares';

export type Twins = Pick<typeof reference, TwinName>;

/** Arguments with numbers in the place of arrays. */
type Pointers<P extends readonly unknown[]> = { [K in keyof P]: P[K] extends object ? number : P[K] };

type OnPointers<F> = F extends (...parameters: infer P) => infer R
  ? (...parameters: Pointers<P>) => R
  : never;

export type SimdExports = { readonly [N in TwinName]: OnPointers<Twins[N]> } & {
  /** How many bytes they need to work, beside a matrix of weights that they pack. */
  scratchBytes(): number;
  /** Where they may work, beyond all arrays. */
  useScratch(at: number): void;
};

export function createTwins(simd: SimdExports): Twins {
  return {
    adamUpdate: (w, g, m, v, size, learningRate, beta1, beta2, epsilon, correction1, correction2) =>
      simd.adamUpdate(
        w.byteOffset,
        g.byteOffset,
        m.byteOffset,
        v.byteOffset,
        size,
        learningRate,
        beta1,
        beta2,
        epsilon,
        correction1,
        correction2,
      ),
    denseBackward: (x, dy, dKernel, dBias, rows, inputs, units) =>
      simd.denseBackward(
        x.byteOffset,
        dy.byteOffset,
        dKernel.byteOffset,
        dBias.byteOffset,
        rows,
        inputs,
        units,
      ),
    denseBackwardInput: (dy, kernel, dx, rows, inputs, units) =>
      simd.denseBackwardInput(dy.byteOffset, kernel.byteOffset, dx.byteOffset, rows, inputs, units),
    denseForward: (x, kernel, bias, y, rows, inputs, units) =>
      simd.denseForward(x.byteOffset, kernel.byteOffset, bias.byteOffset, y.byteOffset, rows, inputs, units),
    dropoutBackward: (dy, mask, dx, steps, size) =>
      simd.dropoutBackward(dy.byteOffset, mask.byteOffset, dx.byteOffset, steps, size),
    dropoutForward: (x, mask, y, steps, size) =>
      simd.dropoutForward(x.byteOffset, mask.byteOffset, y.byteOffset, steps, size),
    lstmBackward: (
      x,
      recurrentKernel,
      recurrentMask,
      mask,
      c,
      tanhC,
      recurrentInput,
      gates,
      dy,
      dh,
      dc,
      dKernel,
      dRecurrentKernel,
      dBias,
      steps,
      batch,
      inputs,
      units,
    ) =>
      simd.lstmBackward(
        x.byteOffset,
        recurrentKernel.byteOffset,
        recurrentMask.byteOffset,
        mask.byteOffset,
        c.byteOffset,
        tanhC.byteOffset,
        recurrentInput.byteOffset,
        gates.byteOffset,
        dy.byteOffset,
        dh.byteOffset,
        dc.byteOffset,
        dKernel.byteOffset,
        dRecurrentKernel.byteOffset,
        dBias.byteOffset,
        steps,
        batch,
        inputs,
        units,
      ),
    lstmBackwardInput: (dz, kernel, dx, steps, batch, inputs, units) =>
      simd.lstmBackwardInput(dz.byteOffset, kernel.byteOffset, dx.byteOffset, steps, batch, inputs, units),
    lstmForward: (
      x,
      kernel,
      recurrentKernel,
      bias,
      recurrentMask,
      mask,
      h,
      c,
      tanhC,
      recurrentInput,
      gates,
      steps,
      batch,
      inputs,
      units,
    ) =>
      simd.lstmForward(
        x.byteOffset,
        kernel.byteOffset,
        recurrentKernel.byteOffset,
        bias.byteOffset,
        recurrentMask.byteOffset,
        mask.byteOffset,
        h.byteOffset,
        c.byteOffset,
        tanhC.byteOffset,
        recurrentInput.byteOffset,
        gates.byteOffset,
        steps,
        batch,
        inputs,
        units,
      ),
    matmul: (a, b, c, rows, inner, columns, aOffset = 0, cOffset = 0) =>
      simd.matmul(a.byteOffset + 4 * aOffset, b.byteOffset, c.byteOffset + 4 * cOffset, rows, inner, columns),
    matmulTransposeA: (a, b, c, rows, inner, columns) =>
      simd.matmulTransposeA(a.byteOffset, b.byteOffset, c.byteOffset, rows, inner, columns),
    matmulTransposeB: (a, b, c, rows, inner, columns, aOffset = 0, cOffset = 0) =>
      simd.matmulTransposeB(
        a.byteOffset + 4 * aOffset,
        b.byteOffset,
        c.byteOffset + 4 * cOffset,
        rows,
        inner,
        columns,
      ),
    momentumUpdate: (w, g, velocity, size, learningRate, momentum, nesterov) =>
      simd.momentumUpdate(
        w.byteOffset,
        g.byteOffset,
        velocity.byteOffset,
        size,
        learningRate,
        momentum,
        nesterov,
      ),
    scale: (g, size, factor) => simd.scale(g.byteOffset, size, factor),
    sgdUpdate: (w, g, size, learningRate) => simd.sgdUpdate(w.byteOffset, g.byteOffset, size, learningRate),
    sumOfSquares: (g, size) => simd.sumOfSquares(g.byteOffset, size),
  };
}
