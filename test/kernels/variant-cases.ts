/** The cases of the LSTM's variants: a recurrence each, around a cell of its own. */
import type { Random } from '../../src/core/random.js';
import type { FloatArray } from '../../src/core/tensor.js';
import * as reference from '../../src/kernels/index.js';
import { type KernelCase, type KernelSet, normals, plain, randomMask, type Sizes } from './cases.js';

type Floats = (length: number) => FloatArray;

const ranges = { steps: [1, 6], batch: [1, 4], inputs: [1, 5], units: [1, 6] } as const;
const typical = { steps: 50, batch: 32, inputs: 64, units: 128 };
const flopsOf =
  (gates: number) =>
  ({ steps = 0, batch = 0, inputs = 0, units = 0 }: Sizes) =>
    2 * steps * batch * (inputs + units) * gates * units;

/** What they share: inputs drawn at random; y and cn are parts of h and c. Garbage lies where a pass is to write. */
function variantArrays(
  gates: number,
  { steps = 0, batch = 0, inputs = 0, units = 0 }: Sizes,
  random: Random,
  floats: Floats,
  bytes: KernelSet['bytes'],
) {
  const state = batch * units;
  const room = (length: number) => floats(length).fill(Number.NaN);
  const h = room((steps + 1) * state);
  const c = room((steps + 1) * state);
  const recurrentMask = floats(state);
  for (let k = 0; k < state; k++) recurrentMask[k] = random.uniform() < 0.3 ? 0 : 1 / 0.7;
  return {
    state,
    h,
    c,
    room,
    recurrentMask,
    mask: randomMask(random, bytes(steps * batch)),
    inputs: {
      x: normals(random, floats(steps * batch * inputs)),
      kernel: normals(random, floats(inputs * gates * units), 0.6),
      recurrentKernel: normals(random, floats(units * gates * units), 0.6),
      bias: normals(random, floats(gates * units), 0.5),
      h0: normals(random, floats(state), 0.5),
      c0: normals(random, floats(state), 0.7),
    },
    outputs: { y: h.subarray(state), cn: c.subarray(steps * state) },
    sizes: [steps, batch, inputs, units] as const,
  };
}

function zerosLike<T extends object>(floats: Floats, arrays: T): T {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, { length }]) => [name, floats(length).fill(0)]),
  ) as T;
}

/** What a cell reads beside its gates: an input with a gradient, or none. */
type OwnOf = (random: Random, floats: Floats, sizes: Sizes) => { own: FloatArray; learned: boolean };

const nothing: OwnOf = (_, floats) => ({ own: floats(0), learned: false });

const peepholes: OwnOf = (random, floats, { units = 0 }) => ({
  own: normals(random, floats(3 * units), 0.6),
  learned: true,
});

const shares: OwnOf = (random, floats, { steps = 0, batch = 0, units = 0 }) => {
  const own = floats(2 * steps * batch * units);
  for (let k = 0; k < own.length; k++) own[k] = random.uniform() < 0.7 ? random.below(2) : random.uniform();
  return { own, learned: false };
};

function cellCase(name: string, cell: reference.LstmCell, ownOf = nothing): KernelCase {
  return {
    name,
    ranges,
    typical,
    flops: flopsOf(cell.gateCount),
    problem: (sizes, random, floats, { kernels, bytes } = plain) => {
      const p = variantArrays(cell.gateCount, sizes, random, floats, bytes);
      const { own, learned } = ownOf(random, floats, sizes);
      const { x, kernel, recurrentKernel, bias, h0, c0 } = p.inputs;
      const { h, c, recurrentMask, mask, state } = p;
      const [steps, batch, features, units] = p.sizes;
      const recurrentInput = p.room(steps * state);
      const gates = p.room(cell.gateCount * steps * state);
      const inputs: typeof p.inputs & { own?: FloatArray } = learned ? { ...p.inputs, own } : p.inputs;
      return {
        inputs,
        outputs: p.outputs,
        forward: () => {
          h.set(h0);
          c.set(c0);
          // biome-ignore format: one call, its arguments as the kernel lists them
          kernels.lstmRecurrenceForward(cell, kernels, x, kernel, recurrentKernel, bias, own, recurrentMask, mask, h, c,
            recurrentInput, gates, ...p.sizes);
        },
        backward: ({ y: dy = h, cn = c }) => {
          const d = zerosLike(floats, inputs);
          d.c0.set(cn);
          // biome-ignore format: one call, its arguments as the kernel lists them
          kernels.lstmRecurrenceBackward(cell, kernels, x, recurrentKernel, own, recurrentMask, mask, c, recurrentInput,
            gates, dy, d.h0, d.c0, p.room(state), d.kernel, d.recurrentKernel, d.bias, d.own ?? own, ...p.sizes);
          kernels.denseBackwardInput(gates, kernel, d.x, steps * batch, features, cell.gateCount * units);
          return d;
        },
      };
    },
  };
}

const projectionCase: KernelCase = {
  name: 'projectedLstm',
  ranges: { ...ranges, projection: [1, 4] },
  typical: { ...typical, projection: 64 },
  flops: ({ steps = 0, batch = 0, inputs = 0, units = 0, projection = 0 }) =>
    2 * steps * batch * units * (4 * (inputs + projection) + projection),
  problem: (sizes, random, floats, { kernels, bytes } = plain) => {
    const { projection = 0 } = sizes;
    const p = variantArrays(4, sizes, random, floats, bytes);
    const [steps, batch, features, units] = p.sizes;
    const narrow = batch * projection;
    const { x, kernel, bias, c0 } = p.inputs;
    const { c, mask, state } = p;
    const recurrentMask = floats(narrow);
    for (let k = 0; k < narrow; k++) recurrentMask[k] = random.uniform() < 0.3 ? 0 : 1 / 0.7;
    const recurrentKernel = normals(random, floats(projection * 4 * units), 0.6);
    const projectionKernel = normals(random, floats(units * projection), 0.6);
    const h0 = normals(random, floats(narrow), 0.5);
    const inputs = { x, kernel, recurrentKernel, bias, projectionKernel, h0, c0 };
    const h = p.room((steps + 1) * narrow);
    const hidden = p.room(steps * state);
    const recurrentInput = p.room(steps * narrow);
    const gates = p.room(4 * steps * state);
    return {
      inputs,
      outputs: { y: h.subarray(narrow), cn: p.outputs.cn },
      forward: () => {
        h.set(h0);
        c.set(c0);
        // biome-ignore format: one call, its arguments as the kernel lists them
        kernels.lstmProjectionForward(kernels, x, kernel, recurrentKernel, bias, projectionKernel, recurrentMask, mask,
          h, c, hidden, recurrentInput, gates, ...p.sizes, projection);
      },
      backward: ({ y: dy = h, cn = c }) => {
        const d = zerosLike(floats, inputs);
        d.c0.set(cn);
        // biome-ignore format: one call, its arguments as the kernel lists them
        kernels.lstmProjectionBackward(kernels, x, recurrentKernel, projectionKernel, recurrentMask, mask, c, hidden,
          recurrentInput, gates, dy, d.h0, d.c0, p.room(steps * narrow), p.room(state), d.kernel, d.recurrentKernel,
          d.bias, d.projectionKernel, ...p.sizes, projection);
        kernels.denseBackwardInput(gates, kernel, d.x, steps * batch, features, 4 * units);
        return d;
      },
    };
  },
};

const gateRecurrenceCase: KernelCase = {
  name: 'gateRecurrenceLstm',
  ranges,
  typical,
  flops: ({ steps = 0, batch = 0, inputs = 0, units = 0 }) =>
    2 * steps * batch * units * (4 * (inputs + units) + 9 * units),
  problem: (sizes, random, floats, { kernels, bytes } = plain) => {
    const p = variantArrays(4, sizes, random, floats, bytes);
    const [steps, batch, features, units] = p.sizes;
    const { h, c, recurrentMask, mask, state } = p;
    const gateKernel = normals(random, floats(9 * units * units), 0.6);
    const q0 = floats(3 * state).map(() => random.uniform());
    const inputs = { ...p.inputs, gateKernel, q0 };
    const { x, kernel, recurrentKernel, bias, h0, c0 } = inputs;
    const q = p.room(3 * (steps + 1) * state);
    const [recurrentInput, fromGates, gates] = [
      p.room(steps * state),
      p.room(3 * steps * state),
      p.room(4 * steps * state),
    ];
    return {
      inputs,
      outputs: { ...p.outputs, qn: q.subarray(3 * steps * state) },
      forward: () => {
        h.set(h0);
        c.set(c0);
        q.set(q0);
        // biome-ignore format: one call, its arguments as the kernel lists them
        kernels.lstmGateRecurrenceForward(kernels, x, kernel, recurrentKernel, bias, gateKernel, recurrentMask, mask,
          h, c, q, recurrentInput, fromGates, gates, ...p.sizes);
      },
      backward: ({ y: dy = h, cn = c, qn = q }) => {
        const d = zerosLike(floats, inputs);
        d.c0.set(cn);
        d.q0.set(qn);
        // biome-ignore format: one call, its arguments as the kernel lists them
        kernels.lstmGateRecurrenceBackward(kernels, x, recurrentKernel, gateKernel, recurrentMask, mask, c, q,
          recurrentInput, fromGates, gates, dy, d.h0, d.c0, d.q0, p.room(state), d.kernel, d.recurrentKernel,
          d.bias, d.gateKernel, ...p.sizes);
        kernels.denseBackwardInput(gates, kernel, d.x, steps * batch, features, 4 * units);
        return d;
      },
    };
  },
};

const layerNormCase: KernelCase = {
  name: 'layerNormLstm',
  ranges,
  typical,
  flops: flopsOf(4),
  problem: (sizes, random, floats, { kernels, bytes } = plain) => {
    const p = variantArrays(4, sizes, random, floats, bytes);
    const [steps, batch, features, units] = p.sizes;
    const { x, kernel, recurrentKernel, bias, h0, c0 } = p.inputs;
    const { h, c, recurrentMask, mask, state } = p;
    const gammaX = normals(random, floats(4 * units));
    const gammaU = normals(random, floats(4 * units));
    const gammaC = normals(random, floats(units));
    const betaC = normals(random, floats(units));
    const inputs = { ...p.inputs, gammaX, gammaU, gammaC, betaC };
    const [inputHat, recurrentHat, gates] = [
      p.room(4 * steps * state),
      p.room(4 * steps * state),
      p.room(4 * steps * state),
    ];
    const [cellHat, recurrentInput, scales] = [
      p.room(steps * state),
      p.room(steps * state),
      p.room(3 * steps * batch),
    ];
    return {
      inputs,
      outputs: p.outputs,
      forward: () => {
        h.set(h0);
        c.set(c0);
        // biome-ignore format: one call, its arguments as the kernel lists them
        kernels.lstmLayerNormForward(kernels, 0.1, x, kernel, recurrentKernel, bias, gammaX, gammaU, gammaC, betaC,
          recurrentMask, mask, h, c, inputHat, recurrentHat, cellHat, scales, recurrentInput, gates, ...p.sizes);
      },
      backward: ({ y: dy = h, cn = c }) => {
        const d = zerosLike(floats, inputs);
        d.c0.set(cn);
        // biome-ignore format: one call, its arguments as the kernel lists them
        kernels.lstmLayerNormBackward(kernels, x, recurrentKernel, gammaX, gammaU, gammaC, betaC, recurrentMask, mask,
          c, inputHat, recurrentHat, cellHat, scales, recurrentInput, gates, dy, d.h0, d.c0, p.room(units),
          p.room(state), d.kernel, d.recurrentKernel, d.bias, d.gammaX, d.gammaU, d.gammaC, d.betaC, ...p.sizes);
        kernels.denseBackwardInput(inputHat, kernel, d.x, steps * batch, features, 4 * units);
        return d;
      },
    };
  },
};

const temporalDifferenceCase: KernelCase = {
  name: 'temporalDifference',
  ranges: { steps: [1, 6], batch: [1, 4], features: [1, 4] },
  typical: { steps: 50, batch: 32, features: 128 },
  problem: ({ steps = 0, batch = 0, features = 0 }, random, floats, { kernels, bytes } = plain) => {
    const x = normals(random, floats(steps * batch * features));
    const mask = randomMask(random, bytes(steps * batch));
    const d = floats(x.length);
    return {
      inputs: { x },
      outputs: { d },
      forward: () => kernels.temporalDifferenceForward(x, mask, d, steps, batch, features),
      backward: ({ d: dd = d }) => {
        const dx = floats(x.length).fill(0);
        kernels.temporalDifferenceBackward(dd, mask, dx, steps, batch, features);
        return { x: dx };
      },
    };
  },
};

const embeddingDropoutCase: KernelCase = {
  name: 'embeddingDropout',
  ranges: { rows: [1, 12], vocabulary: [1, 6], units: [1, 5] },
  typical: { rows: 1600, vocabulary: 10000, units: 64 },
  problem: ({ rows = 0, vocabulary = 0, units = 0 }, random, floats, { kernels, bytes } = plain) => {
    const mask = randomMask(random, bytes(rows));
    const ids = floats(rows).map((_, row) => (mask[row] === 0 ? Number.NaN : random.below(vocabulary)));
    const keep = floats(vocabulary).map(() => (random.uniform() < 0.3 ? 0 : 1 / 0.7));
    const x = normals(random, floats(rows * units));
    const y = floats(rows * units);
    return {
      inputs: { x },
      outputs: { y },
      forward: () => {
        y.set(x);
        kernels.embeddingDropout(ids, mask, keep, y, rows, units);
      },
      backward: ({ y: dy = y }) => {
        const dx = dy.slice();
        kernels.embeddingDropout(ids, mask, keep, dx, rows, units);
        return { x: dx };
      },
    };
  },
};

export const variantCases: readonly KernelCase[] = [
  cellCase('peepholeLstm', reference.peepholeCell, peepholes),
  cellCase('coupledLstm', reference.coupledCell),
  cellCase('noForgetGateLstm', reference.noForgetGateCell),
  cellCase('noInputGateLstm', reference.noInputGateCell),
  cellCase('noOutputGateLstm', reference.noOutputGateCell),
  cellCase('noInputActivationLstm', reference.noInputActivationCell),
  cellCase('noOutputActivationLstm', reference.noOutputActivationCell),
  cellCase('zoneoutLstm', reference.zoneoutCell, shares),
  projectionCase,
  gateRecurrenceCase,
  layerNormCase,
  temporalDifferenceCase,
  embeddingDropoutCase,
];
