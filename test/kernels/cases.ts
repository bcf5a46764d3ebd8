/**
 * One list of cases, a kernel at a time: random inputs of given sizes, how to run the kernel forward, and how to
 * run it backward. The gradient checks and the bench both go through it, and a second set of kernels will.
 */
import type { Random } from '../../src/core/random.js';
import type { FloatArray } from '../../src/core/tensor.js';
import * as reference from '../../src/kernels/index.js';
import { layerCases } from './layer-cases.js';
import { lossCases } from './loss-cases.js';
import { recurrentCases } from './recurrent-cases.js';
import { variantCases } from './variant-cases.js';

export type Sizes = Readonly<Record<string, number>>;

/** A kernel with everything it needs, ready to run any number of times. */
export interface Problem {
  /** What the outputs depend on and the backward pass gives a gradient for. */
  readonly inputs: Readonly<Record<string, FloatArray>>;
  /** What the forward pass writes; a loss is an output of one number. */
  readonly outputs: Readonly<Record<string, FloatArray>>;
  forward(): void;
  /** Given the gradient by each output, that by each input. It may be run only after `forward`. */
  backward(dOutputs: Readonly<Record<string, FloatArray>>): Record<string, FloatArray>;
}

export interface KernelCase {
  readonly name: string;
  /** The smallest and largest of each size that the checks draw. */
  readonly ranges: Readonly<Record<string, readonly [number, number]>>;
  /** Sizes of real use, for the bench. */
  readonly typical: Sizes;
  /** Floating-point operations of the forward pass, products counted as two each; the backward pass has twice. */
  readonly flops?: (sizes: Sizes) => number;
  problem(sizes: Sizes, random: Random, floats: Floats, set?: KernelSet): Problem;
}

type Floats = (length: number) => FloatArray;

/** The kernels to run, and where their masks lie. */
export interface KernelSet {
  readonly kernels: typeof reference;
  bytes(length: number): Uint8Array;
}

export const plain: KernelSet = { kernels: reference, bytes: (length) => new Uint8Array(length) };

/** Numbers spread normally around 0. */
export function normals(random: Random, array: FloatArray, deviation = 1): FloatArray {
  for (let k = 0; k < array.length; k++) array[k] = deviation * random.normal();
  return array;
}

function zerosLike(floats: Floats, array: FloatArray): FloatArray {
  return floats(array.length).fill(0);
}

/** Fills a mask, about a quarter of it 0, the first one 1. */
export function randomMask(random: Random, mask: Uint8Array): Uint8Array {
  for (let k = 0; k < mask.length; k++) mask[k] = random.uniform() < 0.25 ? 0 : 1;
  mask[0] = 1;
  return mask;
}

const product = { rows: [1, 9], inner: [1, 9], columns: [1, 11] } as const;
const typicalProduct = { rows: 32, inner: 128, columns: 512 };
const productFlops = ({ rows, inner, columns }: Sizes) =>
  2 * (rows as number) * (inner as number) * (columns as number);

const matmulCase: KernelCase = {
  name: 'matmul',
  ranges: product,
  typical: typicalProduct,
  flops: productFlops,
  problem: ({ rows = 0, inner = 0, columns = 0 }, random, floats, { kernels } = plain) => {
    const a = normals(random, floats(rows * inner));
    const b = normals(random, floats(inner * columns));
    const c = floats(rows * columns);
    return {
      inputs: { a, b },
      outputs: { c },
      forward: () => {
        c.fill(0);
        kernels.matmul(a, b, c, rows, inner, columns);
      },
      backward: ({ c: dc = c }) => {
        const da = zerosLike(floats, a);
        const db = zerosLike(floats, b);
        kernels.matmulTransposeB(dc, b, da, rows, columns, inner);
        kernels.matmulTransposeA(a, dc, db, inner, rows, columns);
        return { a: da, b: db };
      },
    };
  },
};

const matmulTransposeACase: KernelCase = {
  name: 'matmulTransposeA',
  ranges: product,
  typical: { rows: 64, inner: 1600, columns: 512 },
  flops: productFlops,
  problem: ({ rows = 0, inner = 0, columns = 0 }, random, floats, { kernels } = plain) => {
    const a = normals(random, floats(inner * rows));
    const b = normals(random, floats(inner * columns));
    const c = floats(rows * columns);
    return {
      inputs: { a, b },
      outputs: { c },
      forward: () => {
        c.fill(0);
        kernels.matmulTransposeA(a, b, c, rows, inner, columns);
      },
      backward: ({ c: dc = c }) => {
        const da = zerosLike(floats, a);
        const db = zerosLike(floats, b);
        kernels.matmulTransposeB(b, dc, da, inner, columns, rows);
        kernels.matmul(a, dc, db, inner, rows, columns);
        return { a: da, b: db };
      },
    };
  },
};

const matmulTransposeBCase: KernelCase = {
  name: 'matmulTransposeB',
  ranges: product,
  typical: { rows: 32, inner: 512, columns: 128 },
  flops: productFlops,
  problem: ({ rows = 0, inner = 0, columns = 0 }, random, floats, { kernels } = plain) => {
    const a = normals(random, floats(rows * inner));
    const b = normals(random, floats(columns * inner));
    const c = floats(rows * columns);
    return {
      inputs: { a, b },
      outputs: { c },
      forward: () => {
        c.fill(0);
        kernels.matmulTransposeB(a, b, c, rows, inner, columns);
      },
      backward: ({ c: dc = c }) => {
        const da = zerosLike(floats, a);
        const db = zerosLike(floats, b);
        kernels.matmul(dc, b, da, rows, columns, inner);
        kernels.matmulTransposeA(dc, a, db, columns, rows, inner);
        return { a: da, b: db };
      },
    };
  },
};

const denseCase: KernelCase = {
  name: 'dense',
  ranges: { rows: [1, 8], inputs: [1, 7], units: [1, 9] },
  typical: { rows: 1600, inputs: 64, units: 128 },
  flops: ({ rows = 0, inputs = 0, units = 0 }) => 2 * rows * inputs * units,
  problem: ({ rows = 0, inputs = 0, units = 0 }, random, floats, { kernels } = plain) => {
    const x = normals(random, floats(rows * inputs));
    const kernel = normals(random, floats(inputs * units));
    const bias = normals(random, floats(units));
    const y = floats(rows * units);
    return {
      inputs: { x, kernel, bias },
      outputs: { y },
      forward: () => kernels.denseForward(x, kernel, bias, y, rows, inputs, units),
      backward: ({ y: dy = y }) => {
        const dx = zerosLike(floats, x);
        const dKernel = zerosLike(floats, kernel);
        const dBias = zerosLike(floats, bias);
        kernels.denseBackward(x, dy, dKernel, dBias, rows, inputs, units);
        kernels.denseBackwardInput(dy, kernel, dx, rows, inputs, units);
        return { x: dx, kernel: dKernel, bias: dBias };
      },
    };
  },
};

const lstmRanges = { steps: [1, 6], batch: [1, 4], inputs: [1, 5], units: [1, 6] } as const;
const typicalLstm = { steps: 50, batch: 32, inputs: 64, units: 128 };
const lstmFlops = ({ steps = 0, batch = 0, inputs = 0, units = 0 }: Sizes) =>
  2 * steps * batch * (inputs + units) * 4 * units;

/** The arrays that both LSTM kernels share: inputs drawn at random, outputs y, hn and cn as parts of h and c. */
function lstmArrays(
  { steps = 0, batch = 0, inputs = 0, units = 0 }: Sizes,
  random: Random,
  floats: Floats,
  bytes: KernelSet['bytes'],
) {
  const state = batch * units;
  const h = floats((steps + 1) * state);
  const c = floats((steps + 1) * state);
  const recurrentMask = floats(state);
  for (let k = 0; k < state; k++) recurrentMask[k] = random.uniform() < 0.3 ? 0 : 1 / 0.7;
  return {
    state,
    h,
    c,
    recurrentMask,
    mask: randomMask(random, bytes(steps * batch)),
    x: normals(random, floats(steps * batch * inputs)),
    kernel: normals(random, floats(inputs * 4 * units), 0.6),
    recurrentKernel: normals(random, floats(units * 4 * units), 0.6),
    bias: normals(random, floats(4 * units), 0.5),
    h0: normals(random, floats(state), 0.5),
    c0: normals(random, floats(state), 0.7),
    squashedC: floats(steps * state),
    recurrentInput: floats(steps * state),
    gates: floats(4 * steps * state),
    outputs: { y: h.subarray(state), cn: c.subarray(steps * state) },
  };
}

const lstmCase: KernelCase = {
  name: 'lstm',
  ranges: lstmRanges,
  typical: typicalLstm,
  flops: lstmFlops,
  problem: (sizes, random, floats, { kernels, bytes } = plain) => {
    const { steps = 0, batch = 0, inputs = 0, units = 0 } = sizes;
    const p = lstmArrays(sizes, random, floats, bytes);
    return {
      inputs: {
        x: p.x,
        kernel: p.kernel,
        recurrentKernel: p.recurrentKernel,
        bias: p.bias,
        h0: p.h0,
        c0: p.c0,
      },
      outputs: p.outputs,
      forward: () => {
        p.h.set(p.h0);
        p.c.set(p.c0);
        kernels.lstmForward(
          p.x,
          p.kernel,
          p.recurrentKernel,
          p.bias,
          p.recurrentMask,
          p.mask,
          p.h,
          p.c,
          p.squashedC,
          p.recurrentInput,
          p.gates,
          steps,
          batch,
          inputs,
          units,
        );
      },
      backward: ({ y: dy = p.h, cn = p.c }) => {
        const dx = zerosLike(floats, p.x);
        const dKernel = zerosLike(floats, p.kernel);
        const dRecurrentKernel = zerosLike(floats, p.recurrentKernel);
        const dBias = zerosLike(floats, p.bias);
        const dh = floats(p.state).fill(0);
        const dc = floats(p.state);
        dc.set(cn);
        kernels.lstmBackward(
          p.x,
          p.recurrentKernel,
          p.recurrentMask,
          p.mask,
          p.c,
          p.squashedC,
          p.recurrentInput,
          p.gates,
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
        );
        kernels.lstmBackwardInput(p.gates, p.kernel, dx, steps, batch, inputs, units);
        return { x: dx, kernel: dKernel, recurrentKernel: dRecurrentKernel, bias: dBias, h0: dh, c0: dc };
      },
    };
  },
};

function lstmActivationsCase(
  activation: ElementwiseName,
  recurrentActivation: ElementwiseName,
  clip = Number.POSITIVE_INFINITY,
): KernelCase {
  const squash = reference.activations[activation];
  const gate = reference.activations[recurrentActivation];
  return {
    name: `lstm ${activation} ${recurrentActivation}${clip < 100 ? ` clipped at ${clip}` : ''}`,
    ranges: lstmRanges,
    typical: typicalLstm,
    flops: lstmFlops,
    problem: (sizes, random, floats, { kernels, bytes } = plain) => {
      const { steps = 0, batch = 0, inputs = 0, units = 0 } = sizes;
      const p = lstmArrays(sizes, random, floats, bytes);
      const z = floats(p.gates.length);
      return {
        inputs: {
          x: p.x,
          kernel: p.kernel,
          recurrentKernel: p.recurrentKernel,
          bias: p.bias,
          h0: p.h0,
          c0: p.c0,
        },
        outputs: p.outputs,
        forward: () => {
          p.h.set(p.h0);
          p.c.set(p.c0);
          kernels.lstmActivationsForward(
            squash,
            gate,
            clip,
            p.x,
            p.kernel,
            p.recurrentKernel,
            p.bias,
            p.recurrentMask,
            p.mask,
            p.h,
            p.c,
            p.squashedC,
            p.recurrentInput,
            z,
            p.gates,
            steps,
            batch,
            inputs,
            units,
          );
        },
        backward: ({ y: dy = p.h, cn = p.c }) => {
          const dx = zerosLike(floats, p.x);
          const dKernel = zerosLike(floats, p.kernel);
          const dRecurrentKernel = zerosLike(floats, p.recurrentKernel);
          const dBias = zerosLike(floats, p.bias);
          const dh = floats(p.state).fill(0);
          const dc = floats(p.state);
          dc.set(cn);
          kernels.lstmActivationsBackward(
            squash,
            gate,
            clip,
            p.x,
            p.recurrentKernel,
            p.recurrentMask,
            p.mask,
            p.c,
            p.squashedC,
            p.recurrentInput,
            z,
            p.gates,
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
          );
          kernels.lstmBackwardInput(z, p.kernel, dx, steps, batch, inputs, units);
          return { x: dx, kernel: dKernel, recurrentKernel: dRecurrentKernel, bias: dBias, h0: dh, c0: dc };
        },
      };
    },
  };
}

const elementwiseNames = [
  'linear',
  'sigmoid',
  'tanh',
  'relu',
  'leakyRelu',
  'elu',
  'selu',
  'gelu',
  'softplus',
  'hardSigmoid',
  'hardSigmoidLegacy',
  'swish',
] as const;

type ElementwiseName = (typeof elementwiseNames)[number];

function activationCase(name: ElementwiseName): KernelCase {
  const activation = reference.activations[name];
  return {
    name,
    ranges: { size: [1, 30] },
    typical: { size: 65536 },
    problem: ({ size = 0 }, random, floats, { kernels } = plain) => {
      const x = normals(random, floats(size), 2);
      const y = floats(size);
      return {
        inputs: { x },
        outputs: { y },
        forward: () => kernels.activationForward(activation, x, y, size),
        backward: ({ y: dy = y }) => {
          const dx = zerosLike(floats, x);
          kernels.activationBackward(activation, x, y, dy, dx, size);
          return { x: dx };
        },
      };
    },
  };
}

const softmaxCase: KernelCase = {
  name: 'softmax',
  ranges: { rows: [1, 6], columns: [1, 8] },
  typical: { rows: 2048, columns: 65 },
  problem: ({ rows = 0, columns = 0 }, random, floats, { kernels } = plain) => {
    const x = normals(random, floats(rows * columns), 2);
    const y = floats(rows * columns);
    return {
      inputs: { x },
      outputs: { y },
      forward: () => kernels.softmaxForward(x, y, rows, columns),
      backward: ({ y: dy = y }) => {
        const dx = zerosLike(floats, x);
        kernels.softmaxBackward(y, dy, dx, rows, columns);
        return { x: dx };
      },
    };
  },
};

const dropoutCase: KernelCase = {
  name: 'dropout',
  ranges: { steps: [1, 5], size: [1, 12] },
  typical: { steps: 50, size: 4096 },
  problem: ({ steps = 0, size = 0 }, random, floats, { kernels } = plain) => {
    const x = normals(random, floats(steps * size));
    const mask = floats(size);
    for (let k = 0; k < size; k++) mask[k] = random.uniform() < 0.4 ? 0 : 1 / 0.6;
    const y = floats(steps * size);
    return {
      inputs: { x },
      outputs: { y },
      forward: () => kernels.dropoutForward(x, mask, y, steps, size),
      backward: ({ y: dy = y }) => {
        const dx = zerosLike(floats, x);
        kernels.dropoutBackward(dy, mask, dx, steps, size);
        return { x: dx };
      },
    };
  },
};

const maskingCase: KernelCase = {
  name: 'masking',
  ranges: { rows: [1, 9], features: [1, 4] },
  typical: { rows: 1600, features: 64 },
  problem: ({ rows = 0, features = 0 }, random, floats, { kernels, bytes } = plain) => {
    const x = normals(random, floats(rows * features));
    const mask = randomMask(random, bytes(rows));
    const newMask = bytes(rows);
    const y = floats(rows * features);
    return {
      inputs: { x },
      outputs: { y },
      forward: () => kernels.maskingForward(x, mask, y, newMask, 0, rows, features),
      backward: ({ y: dy = y }) => {
        const dx = zerosLike(floats, x);
        kernels.maskingBackward(dy, newMask, dx, rows, features);
        return { x: dx };
      },
    };
  },
};

function penaltyCase(name: 'l1' | 'l2'): KernelCase {
  return {
    name,
    ranges: { size: [1, 20] },
    typical: { size: 65536 },
    problem: ({ size = 0 }, random, floats, { kernels } = plain) => {
      const penalty = name === 'l1' ? kernels.l1Penalty : kernels.l2Penalty;
      const gradient = name === 'l1' ? kernels.l1Gradient : kernels.l2Gradient;
      const w = normals(random, floats(size));
      const strength = 0.1 + random.uniform();
      const loss = floats(1);
      return {
        inputs: { w },
        outputs: { loss },
        forward: () => {
          loss[0] = penalty(w, size, strength);
        },
        backward: ({ loss: [factor = 1] = [] }) => {
          const dw = zerosLike(floats, w);
          gradient(w, dw, size, strength * factor);
          return { w: dw };
        },
      };
    },
  };
}

export const kernelCases: readonly KernelCase[] = [
  matmulCase,
  matmulTransposeACase,
  matmulTransposeBCase,
  denseCase,
  lstmCase,
  lstmActivationsCase('tanh', 'hardSigmoid'),
  lstmActivationsCase('tanh', 'hardSigmoidLegacy'),
  lstmActivationsCase('relu', 'sigmoid'),
  lstmActivationsCase('softplus', 'swish'),
  lstmActivationsCase('gelu', 'tanh'),
  lstmActivationsCase('linear', 'sigmoid'),
  lstmActivationsCase('elu', 'softplus'),
  lstmActivationsCase('selu', 'hardSigmoid'),
  lstmActivationsCase('swish', 'leakyRelu'),
  lstmActivationsCase('tanh', 'sigmoid', 0.3),
  ...recurrentCases,
  ...variantCases,
  ...elementwiseNames.map(activationCase),
  softmaxCase,
  dropoutCase,
  maskingCase,
  ...layerCases,
  penaltyCase('l1'),
  penaltyCase('l2'),
  ...lossCases,
];
