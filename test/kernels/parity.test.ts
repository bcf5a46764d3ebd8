/**
 * Every kernel that has a twin, both sets in single precision against the reference in double precision, over random
 * sizes with every remainder of a tile, masks, and values from subnormal to 1e4, in a memory full of poison.
 *
 * Errors are in units in the last place of the largest number of an array. A sum of n terms may lose half a unit
 * with each, of a partial sum that may be larger than the result: hence a bound for sums, and one for the others. In an
 * array of few numbers all may be small beside the terms that they are made of.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import type { FloatArray } from '../../src/core/tensor.js';
import { GuardedMemory, kernelSets } from '../support/guarded-memory.js';
import { type KernelCase, kernelCases, type Sizes } from './cases.js';
import { updateCases } from './update-cases.js';

/** Past two tiles of rows and of columns, past a block of rows or of the inner index, and past a vector. */
const size = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 75 }));
const inner = fc.oneof(size, fc.integer({ min: 250, max: 530 }));
const wider: Readonly<Record<string, fc.Arbitrary<number>>> = {
  rows: inner,
  inner,
  columns: size,
  inputs: fc.integer({ min: 1, max: 20 }),
  units: fc.integer({ min: 1, max: 21 }),
  batch: fc.integer({ min: 1, max: 9 }),
  steps: fc.integer({ min: 1, max: 6 }),
  size: fc.integer({ min: 1, max: 75 }),
  features: fc.integer({ min: 1, max: 9 }),
};

/** The most units in the last place that a kernel may be off, sums of `terms` terms aside. */
const MOST = 6;
/** Arrays of fewer numbers than this get more room. */
const FEW = 8;
/** What may be multiplied by any factor: an LSTM in saturation is chaotic, and so is an update by a large gradient. */
const SCALABLE = /^(matmul|dense|dropout)/;

/** The cases of kernels that have a twin. */
const cases = [
  ...kernelCases.filter(({ name }) => /^(matmul|dense|lstm$|dropout)/.test(name)),
  ...updateCases,
];

const factors = [1, 1, 1e4, 1e-20, 1e-40];

function sizesOf(ranges: KernelCase['ranges']): fc.Arbitrary<Sizes> {
  return fc.record(
    Object.fromEntries(Object.keys(ranges).map((name) => [name, wider[name] as fc.Arbitrary<number>])),
  );
}

/** How many terms the longest sum has. */
function termsOf(name: string, sizes: Sizes): number {
  const { rows = 1, inner: terms = 1, columns = 1, inputs = 1, units = 1, batch = 1, steps = 1 } = sizes;
  // The steps multiply what the sums before them have lost, and a small gradient is a difference of large ones.
  if (name === 'lstm') return 16 * (4 * units + inputs + batch * steps);
  return Math.max(rows, terms, columns, inputs, units);
}

function units(found: FloatArray, expected: FloatArray): number {
  let largest = 2 ** -126;
  for (const value of expected) largest = Math.max(largest, Math.abs(value));
  const unit = 2 ** (Math.floor(Math.log2(largest)) - 23);
  let worst = 0;
  for (let k = 0; k < expected.length; k++) {
    const error = Math.abs((found[k] as number) - (expected[k] as number)) / unit;
    if (!(error <= worst)) worst = error; // NaN too
  }
  return worst;
}

/** Arrays in double precision, kept in the order in which they were asked for. */
function recorder() {
  const arrays: Float64Array[] = [];
  const floats = (length: number) => {
    const array = new Float64Array(length);
    arrays.push(array);
    return array;
  };
  return { arrays, floats };
}

describe.each(kernelSets)('%s against the oracle', (set) => {
  const memory = new GuardedMemory(set);
  it.each(cases)('$name', ({ name, ranges, problem }) => {
    let worst = 0;
    fc.assert(
      fc.property(sizesOf(ranges), fc.nat(), fc.constantFrom(...factors), (sizes, seed, factor) => {
        memory.clear();
        const exact = recorder();
        const oracle = problem(sizes, new Random(seed), exact.floats);
        const tested = problem(sizes, new Random(seed), memory.floats, memory);
        const begin = (values: Readonly<Record<string, FloatArray>>) => {
          for (const array of Object.values(values)) {
            if (SCALABLE.test(name))
              for (let k = 0; k < array.length; k++) array[k] = (array[k] as number) * factor;
          }
        };
        begin(oracle.inputs);
        begin(tested.inputs);
        // The oracle starts from the same numbers, and they have been rounded.
        for (const array of exact.arrays) array.set(Float32Array.from(array));
        for (const [input, array] of Object.entries(tested.inputs))
          array.set(oracle.inputs[input] as FloatArray);

        const most = MOST + termsOf(name, sizes);
        const compare = (what: string, found: FloatArray, expected: FloatArray) => {
          const error = units(found, expected) / (expected.length < FEW ? 64 : 1);
          worst = Math.max(worst, error);
          expect(error, `${what} of ${name} ${JSON.stringify(sizes)}`).toBeLessThanOrEqual(most);
        };
        oracle.forward();
        tested.forward();
        for (const [output, array] of Object.entries(tested.outputs)) {
          compare(output, array, oracle.outputs[output] as FloatArray);
        }
        const random = new Random(seed, 1);
        const above = Object.fromEntries(
          Object.entries(tested.outputs).map(([output, { length }]) => [
            output,
            memory.floats(length).map(() => random.normal()),
          ]),
        );
        const inPlace = Object.fromEntries(
          Object.entries(above).map(([output, values]) => {
            const array = memory.floats(values.length);
            array.set(values);
            return [output, array];
          }),
        );
        const expected = oracle.backward(
          Object.fromEntries(
            Object.entries(above).map(([output, values]) => [output, Float64Array.from(values)]),
          ),
        );
        for (const [input, gradient] of Object.entries(tested.backward(inPlace))) {
          compare(`gradient by ${input}`, gradient, expected[input] as FloatArray);
        }
        memory.check();
      }),
      { numRuns: 60, seed: Number(process.env.SEED ?? 1) },
    );
    if (process.env.WORST) console.log(set, name, worst.toFixed(2));
  });
});
