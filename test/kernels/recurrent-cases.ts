/** The cases of what recurrent layers are made of beside the LSTM. */
import type { FloatArray } from '../../src/core/tensor.js';
import { type KernelCase, normals, plain, randomMask } from './cases.js';

type Floats = (length: number) => FloatArray;

const zerosLike = (floats: Floats, { length }: FloatArray) => floats(length).fill(0);

const reverseCase: KernelCase = {
  name: 'reverse',
  ranges: { steps: [1, 6], size: [1, 9] },
  typical: { steps: 50, size: 2048 },
  problem: ({ steps = 0, size = 0 }, random, floats, { kernels } = plain) => {
    const x = normals(random, floats(steps * size));
    const y = floats(steps * size);
    return {
      inputs: { x },
      outputs: { y },
      forward: () => kernels.reverseForward(x, y, steps, size),
      backward: ({ y: dy = y }) => {
        const dx = zerosLike(floats, x);
        kernels.reverseBackward(dy, dx, steps, size);
        return { x: dx };
      },
    };
  },
};

const zeroMaskedCase: KernelCase = {
  name: 'zeroMasked',
  ranges: { rows: [1, 9], width: [1, 4] },
  typical: { rows: 1600, width: 64 },
  problem: ({ rows = 0, width = 0 }, random, floats, { kernels, bytes } = plain) => {
    const x = normals(random, floats(rows * width));
    const mask = randomMask(random, bytes(rows));
    const y = floats(rows * width);
    return {
      inputs: { x },
      outputs: { y },
      forward: () => kernels.zeroMaskedForward(x, mask, y, rows, width),
      backward: ({ y: dy = y }) => {
        const dx = zerosLike(floats, x);
        kernels.zeroMaskedBackward(dy, mask, dx, rows, width);
        return { x: dx };
      },
    };
  },
};

export const recurrentCases: readonly KernelCase[] = [reverseCase, zeroMaskedCase];
