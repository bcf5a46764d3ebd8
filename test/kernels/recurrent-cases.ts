/** The cases of what recurrent layers are made of beside the LSTM. */
import type { Random } from '../../src/core/random.js';
import type { FloatArray } from '../../src/core/tensor.js';
import * as reference from '../../src/kernels/index.js';
import { type KernelCase, type KernelSet, normals, plain, randomMask, type Sizes } from './cases.js';

type ActivationName = 'tanh' | 'sigmoid' | 'elu' | 'hardSigmoid' | 'relu' | 'softplus';

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

const bidirectionalConcatCase: KernelCase = {
  name: 'bidirectionalConcat',
  ranges: { rows: [1, 6], aWidth: [1, 4], bWidth: [1, 4] },
  typical: { rows: 1600, aWidth: 64, bWidth: 64 },
  problem: ({ rows = 0, aWidth = 0, bWidth = 0 }, random, floats, { kernels } = plain) => {
    const a = normals(random, floats(rows * aWidth));
    const b = normals(random, floats(rows * bWidth));
    const y = floats(rows * (aWidth + bWidth));
    return {
      inputs: { a, b },
      outputs: { y },
      forward: () => kernels.bidirectionalConcatForward(a, b, y, rows, aWidth, bWidth),
      backward: ({ y: dy = y }) => {
        const [da, db] = [zerosLike(floats, a), zerosLike(floats, b)];
        kernels.bidirectionalConcatBackward(dy, da, db, rows, aWidth, bWidth);
        return { a: da, b: db };
      },
    };
  },
};

function mergeCase(name: 'bidirectionalSum' | 'bidirectionalProduct'): KernelCase {
  return {
    name,
    ranges: { size: [1, 12] },
    typical: { size: 65536 },
    problem: ({ size = 0 }, random, floats, { kernels } = plain) => {
      const a = normals(random, floats(size));
      const b = normals(random, floats(size));
      const y = floats(size);
      return {
        inputs: { a, b },
        outputs: { y },
        forward: () =>
          name === 'bidirectionalSum'
            ? kernels.bidirectionalSumForward(a, b, y, size, 0.5)
            : kernels.bidirectionalProductForward(a, b, y, size),
        backward: ({ y: dy = y }) => {
          const [da, db] = [zerosLike(floats, a), zerosLike(floats, b)];
          if (name === 'bidirectionalSum') kernels.bidirectionalSumBackward(dy, da, db, size, 0.5);
          else kernels.bidirectionalProductBackward(a, b, dy, da, db, size);
          return { a: da, b: db };
        },
      };
    },
  };
}

const cellRanges = { steps: [1, 6], batch: [1, 4], inputs: [1, 5], units: [1, 6] } as const;
const typicalCell = { steps: 50, batch: 32, inputs: 64, units: 128 };
const cellFlops =
  (gates: number) =>
  ({ steps = 0, batch = 0, inputs = 0, units = 0 }: Sizes) =>
    2 * steps * batch * (inputs + units) * gates * units;

/** What all cells share: inputs drawn at random, y and hn as parts of h. Garbage lies where a pass is to write. */
function cellArrays(
  gates: number,
  biases: number,
  { steps = 0, batch = 0, inputs = 0, units = 0 }: Sizes,
  random: Random,
  floats: Floats,
  bytes: KernelSet['bytes'],
) {
  const state = batch * units;
  const recurrentMask = floats(state);
  for (let k = 0; k < state; k++) recurrentMask[k] = random.uniform() < 0.3 ? 0 : 1 / 0.7;
  const h = floats((steps + 1) * state).fill(Number.NaN);
  const room = (width: number) => floats(width * steps * state).fill(Number.NaN);
  return {
    state,
    h,
    room,
    recurrentMask,
    mask: randomMask(random, bytes(steps * batch)),
    inputs: {
      x: normals(random, floats(steps * batch * inputs)),
      kernel: normals(random, floats(inputs * gates * units), 0.6),
      recurrentKernel: normals(random, floats(units * gates * units), 0.6),
      bias: normals(random, floats(biases * gates * units), 0.5),
      h0: normals(random, floats(state), 0.5),
    },
    outputs: { y: h.subarray(state) },
    zeros: () => ({
      x: floats(steps * batch * inputs).fill(0),
      kernel: floats(inputs * gates * units).fill(0),
      recurrentKernel: floats(units * gates * units).fill(0),
      bias: floats(biases * gates * units).fill(0),
      h0: floats(state).fill(0),
    }),
    sizes: [steps, batch, inputs, units] as const,
  };
}

function gruCase(activation: ActivationName, recurrentActivation: ActivationName): KernelCase {
  const squash = reference.activations[activation];
  const gate = reference.activations[recurrentActivation];
  return {
    name: `gru ${activation} ${recurrentActivation}`,
    ranges: cellRanges,
    typical: typicalCell,
    flops: cellFlops(3),
    problem: (sizes, random, floats, { kernels, bytes } = plain) => {
      const p = cellArrays(3, 2, sizes, random, floats, bytes);
      const { x, kernel, recurrentKernel, bias, h0 } = p.inputs;
      const { h, recurrentMask, mask, state, outputs } = p;
      const [u, inner, z, gates] = [p.room(1), p.room(3), p.room(3), p.room(3)];
      return {
        inputs: p.inputs,
        outputs,
        forward: () => {
          h.set(h0);
          // biome-ignore format: one call, its arguments as the kernel lists them
          kernels.gruForward(kernels, squash, gate, x, kernel, recurrentKernel, bias, recurrentMask, mask, h, u, inner, z, gates,
            ...p.sizes);
        },
        backward: ({ y: dy = h }) => {
          const d = p.zeros();
          // biome-ignore format: one call, its arguments as the kernel lists them
          kernels.gruBackward(kernels, squash, gate, x, recurrentKernel, recurrentMask, mask, h, u, inner, z, gates, dy, d.h0,
            floats(state), d.kernel, d.recurrentKernel, d.bias, ...p.sizes);
          const [steps, batch, features, units] = p.sizes;
          kernels.denseBackwardInput(z, kernel, d.x, steps * batch, features, 3 * units);
          return d;
        },
      };
    },
  };
}

function gruResetBeforeCase(activation: ActivationName, recurrentActivation: ActivationName): KernelCase {
  const squash = reference.activations[activation];
  const gate = reference.activations[recurrentActivation];
  return {
    name: `gruResetBefore ${activation} ${recurrentActivation}`,
    ranges: cellRanges,
    typical: typicalCell,
    flops: cellFlops(3),
    problem: (sizes, random, floats, { kernels, bytes } = plain) => {
      const p = cellArrays(3, 1, sizes, random, floats, bytes);
      const { x, kernel, recurrentKernel, bias, h0 } = p.inputs;
      const { h, recurrentMask, mask, state, outputs } = p;
      const [u, v, inner, candidate] = [p.room(1), p.room(1), p.room(3), p.room(3)];
      const [z, gates] = [p.room(3), p.room(3)];
      return {
        inputs: p.inputs,
        outputs,
        forward: () => {
          h.set(h0);
          // biome-ignore format: one call, its arguments as the kernel lists them
          kernels.gruResetBeforeForward(kernels, squash, gate, x, kernel, recurrentKernel, bias, recurrentMask, mask, h, u, v,
            inner, candidate, z, gates, ...p.sizes);
        },
        backward: ({ y: dy = h }) => {
          const d = p.zeros();
          // biome-ignore format: one call, its arguments as the kernel lists them
          kernels.gruResetBeforeBackward(kernels, squash, gate, x, recurrentKernel, recurrentMask, mask, h, u, v, inner,
            candidate, z, gates, dy, d.h0, floats(state), floats(state), d.kernel, d.recurrentKernel, d.bias,
            ...p.sizes);
          const [steps, batch, features, units] = p.sizes;
          kernels.denseBackwardInput(z, kernel, d.x, steps * batch, features, 3 * units);
          return d;
        },
      };
    },
  };
}

function simpleRnnCase(activation: ActivationName): KernelCase {
  const squash = reference.activations[activation];
  return {
    name: `simpleRnn ${activation}`,
    ranges: cellRanges,
    typical: typicalCell,
    flops: cellFlops(1),
    problem: (sizes, random, floats, { kernels, bytes } = plain) => {
      const p = cellArrays(1, 1, sizes, random, floats, bytes);
      const { x, kernel, recurrentKernel, bias, h0 } = p.inputs;
      const { h, recurrentMask, mask, outputs } = p;
      const [u, z] = [p.room(1), p.room(1)];
      return {
        inputs: p.inputs,
        outputs,
        forward: () => {
          h.set(h0);
          kernels.simpleRnnForward(
            kernels,
            squash,
            x,
            kernel,
            recurrentKernel,
            bias,
            recurrentMask,
            mask,
            h,
            u,
            z,
            ...p.sizes,
          );
        },
        backward: ({ y: dy = h }) => {
          const d = p.zeros();
          // biome-ignore format: one call, its arguments as the kernel lists them
          kernels.simpleRnnBackward(kernels, squash, x, recurrentKernel, recurrentMask, mask, h, u, z, dy, d.h0, d.kernel,
            d.recurrentKernel, d.bias, ...p.sizes);
          const [steps, batch, features, units] = p.sizes;
          kernels.denseBackwardInput(z, kernel, d.x, steps * batch, features, units);
          return d;
        },
      };
    },
  };
}

export const recurrentCases: readonly KernelCase[] = [
  reverseCase,
  zeroMaskedCase,
  bidirectionalConcatCase,
  mergeCase('bidirectionalSum'),
  mergeCase('bidirectionalProduct'),
  gruCase('tanh', 'sigmoid'),
  gruCase('elu', 'hardSigmoid'),
  gruResetBeforeCase('tanh', 'sigmoid'),
  gruResetBeforeCase('relu', 'softplus'),
  simpleRnnCase('tanh'),
  simpleRnnCase('relu'),
];
