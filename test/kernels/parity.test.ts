/**
 * Every kernel, of both SIMD variants and of the reference in single precision, against the reference in double
 * precision, over random sizes with every remainder of a tile, masks, and values from subnormal to 1e4, in a memory
 * full of poison.
 *
 * An error is measured against what rounding explains, number by number: in units of 2^-24 (half a unit in the last
 * place) of a scale. Where all results are sums of products of the inputs, the scale of each is the sum of the
 * absolute values of its terms, for the sum of n terms in any order is off by n such units at most (Higham 2002,
 * section 4.2). For all others it is the result itself, or how far it moves when all that it is computed from, and
 * between forward and backward all that was kept, is moved by up to one such unit at random, where that is more: what
 * cancels, and what saturates, shows in it. Of such units an error may take as many as the longest sum has terms, and
 * eight more. `WORST=1` prints the most that each kernel takes, and what share that is.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import type { FloatArray } from '../../src/core/tensor.js';
import type * as reference from '../../src/kernels/index.js';
import { GuardedMemory, kernelSets } from '../support/guarded-memory.js';
import { type KernelCase, kernelCases, type Problem, type Sizes } from './cases.js';
import { updateCases } from './update-cases.js';

/** Past two tiles of rows and of columns, past a block of rows or of the inner index, and past a vector. */
const size = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 75 }));
const inner = fc.oneof(size, fc.integer({ min: 250, max: 530 }));
const wider: Readonly<Record<string, fc.Arbitrary<number>>> = {
  rows: size,
  inner,
  columns: size,
  inputs: fc.integer({ min: 1, max: 20 }),
  units: fc.integer({ min: 1, max: 21 }),
  batch: fc.integer({ min: 1, max: 9 }),
  steps: fc.integer({ min: 1, max: 6 }),
  size: fc.integer({ min: 1, max: 75 }),
  features: fc.integer({ min: 1, max: 9 }),
};

/** What a rounding to single precision moves a number by, at most: in proportion, or below the smallest normal one. */
const UNIT = 2 ** -24;
const SMALLEST_NORMAL = 2 ** -126;
/** How often everything is moved at random. */
const MOVES = 6;
/** How many random configurations a kernel is tried on. */
const RUNS = 40;

/** Kernels whose results are sums of products of their inputs. */
const SUMS = /^(matmul|dense|dropout)/;

/** What the inputs are multiplied by. */
const FACTORS = [1, 1, 1e4, 1e-20, 1e-40];

/** Cells with activations of the user's choice: nothing bounds their state, which grows from step to step. */
function isUnbounded({ name, ranges }: KernelCase): boolean {
  return 'steps' in ranges && 'units' in ranges && name !== 'lstm';
}

function factorsOf(kernelCase: KernelCase): number[] {
  return isUnbounded(kernelCase) ? FACTORS.map((factor) => Math.min(factor, 0.2)) : FACTORS;
}

/** The wide sizes, or what the case itself draws. */
function sizesOf(kernelCase: KernelCase): fc.Arbitrary<Sizes> {
  const draws = Object.entries(kernelCase.ranges).map(([name, [min, max]]) => {
    const own = fc.integer({ min, max });
    if (isUnbounded(kernelCase)) return [name, own];
    return [name, name === 'rows' && SUMS.test(kernelCase.name) ? inner : (wider[name] ?? own)];
  });
  return fc.record(Object.fromEntries(draws) as Record<string, fc.Arbitrary<number>>);
}

/** How many terms the longest sum may have. Sums over all of an array, whose size is `size`, are added up in double. */
function termsOf({ batch = 1, steps = 1, rows = 1, size: _size, ...others }: Sizes): number {
  return Math.max(rows, batch * steps, ...Object.values(others));
}

type Results = Map<string, FloatArray>;

/** A case in double precision, with all its arrays. */
function exactly(kernelCase: KernelCase, sizes: Sizes, seed: number) {
  const arrays: Float64Array[] = [];
  const floats = (length: number) => {
    const array = new Float64Array(length);
    arrays.push(array);
    return array;
  };
  const problem = kernelCase.problem(sizes, new Random(seed), floats);
  return { problem, arrays: [...arrays] };
}

/** All that a problem computes: its outputs, and the gradients by its inputs for these by its outputs. */
function run(
  problem: Problem,
  above: (output: string, length: number) => FloatArray,
  between: () => void = () => {},
) {
  problem.forward();
  const results: Results = new Map();
  for (const [name, array] of Object.entries(problem.outputs)) results.set(name, array.slice());
  between();
  const gradients = problem.backward(
    Object.fromEntries(
      Object.entries(problem.outputs).map(([name, { length }]) => [name, above(name, length)]),
    ),
  );
  for (const [name, array] of Object.entries(gradients)) results.set(`gradient by ${name}`, array);
  return results;
}

/** The largest error, in units of its scale, which is `least` at least; NaN counts as the largest. */
function worstOf(found: FloatArray, expected: FloatArray, scale: FloatArray, least: number): number {
  let worst = 0;
  for (let k = 0; k < found.length; k++) {
    const error =
      Math.abs((found[k] as number) - (expected[k] as number)) /
      (UNIT * Math.max(scale[k] as number, least, SMALLEST_NORMAL));
    if (Number.isNaN(error)) return Infinity;
    worst = Math.max(worst, error);
  }
  return worst;
}

function each(array: FloatArray, change: (value: number) => number): void {
  for (let k = 0; k < array.length; k++) array[k] = change(array[k] as number);
}

/** Moves numbers by up to what a rounding moves them, at random. */
function moved(random: Random): (value: number) => number {
  return (value) => value + UNIT * Math.max(Math.abs(value), SMALLEST_NORMAL) * (2 * random.uniform() - 1);
}

/** Of each result: its size, or how many units it moves with all that it comes from, if that is more. */
function scalesOf(expected: Results, runMoved: () => Results): Results {
  const scales = new Map([...expected].map(([name, values]) => [name, values.map(Math.abs)]));
  for (let move = 0; move < MOVES; move++) {
    for (const [name, values] of runMoved()) {
      const from = expected.get(name) as FloatArray;
      const scale = scales.get(name) as FloatArray;
      for (let k = 0; k < scale.length; k++) {
        const distance = Math.abs((values[k] as number) - (from[k] as number)) / UNIT;
        scale[k] = Math.max(scale[k] as number, distance);
      }
    }
  }
  return scales;
}

/** The names of the kernels that a case runs. */
function kernelsOf({ problem, ranges }: KernelCase, memory: GuardedMemory): Set<string> {
  const names = new Set<string>();
  const kernels = new Proxy(memory.kernels, {
    get(target, name) {
      names.add(String(name));
      return target[name as keyof typeof reference];
    },
  });
  memory.clear();
  const sizes = Object.fromEntries(Object.entries(ranges).map(([name, [min]]) => [name, min]));
  const { floats, bytes } = memory;
  run(problem(sizes, new Random(1), floats, { kernels, bytes }), (_name, length) => floats(length));
  return names;
}

const oracle = new GuardedMemory('reference').kernels as unknown as Record<string, unknown>;

describe.each(kernelSets)('%s against the oracle', (set) => {
  const memory = new GuardedMemory(set);
  const kernels = memory.kernels as unknown as Record<string, unknown>;
  const isOwn = (name: string) => set === 'reference' || kernels[name] !== oracle[name];
  const cases = [...kernelCases, ...updateCases].filter((kernelCase) =>
    [...kernelsOf(kernelCase, memory)].some(isOwn),
  );

  it.each(cases)('$name', (kernelCase) => {
    const { name, problem } = kernelCase;
    let worst = 0;
    let share = 0;
    fc.assert(
      fc.property(
        sizesOf(kernelCase),
        fc.nat(),
        fc.constantFrom(...factorsOf(kernelCase)),
        (sizes, seed, drawn) => {
          memory.clear();
          const { problem: exact, arrays } = exactly(kernelCase, sizes, seed);
          const tested = problem(sizes, new Random(seed), memory.floats, memory);
          // What a loss makes of extreme numbers may be infinite, and is tested with the losses.
          const isLoss = 'loss' in exact.outputs;
          const factor = isLoss ? 1 : drawn;
          for (const inputs of [exact.inputs, tested.inputs]) {
            for (const array of Object.values(inputs)) each(array, (value) => value * factor);
          }
          // The oracle starts from the same numbers, and they have been rounded.
          for (const array of arrays) each(array, Math.fround);
          for (const [input, array] of Object.entries(tested.inputs))
            array.set(exact.inputs[input] as FloatArray);
          const start = arrays.map((array) => array.slice());
          const random = new Random(seed, 1);
          const moves = new Random(seed, 2);
          const above: Record<string, Float64Array> = {};
          for (const [output, { length }] of Object.entries(exact.outputs))
            above[output] = Float64Array.from({ length }, () => Math.fround(random.normal()));

          /** The oracle's results once all that it starts from, or keeps, is changed. */
          const runChanged = (change: (value: number) => number, changeable: readonly Float64Array[]) => {
            arrays.forEach((array, a) => void array.set(start[a] as Float64Array));
            const changeAll = () => {
              for (const array of changeable) each(array, change);
            };
            changeAll();
            return run(exact, (output) => (above[output] as Float64Array).map(change), changeAll);
          };
          const expected = runChanged((value) => value, []);
          // Whole numbers that nobody computed may be indices, and stay.
          const changeable = arrays.filter(
            (array, a) => !array.every(Number.isInteger) || array.some((value, k) => value !== start[a]?.[k]),
          );
          const scales = SUMS.test(name)
            ? runChanged(Math.abs, arrays)
            : scalesOf(expected, () => runChanged(moved(moves), changeable));
          // Its gradients are differences of probabilities and the like, which may be 1 where nothing is left of them.
          const least = isLoss ? Math.abs(above.loss?.[0] ?? 0) : 0;
          const found = run(tested, (output, length) => {
            const array = memory.floats(length);
            array.set(above[output] as Float64Array);
            return array;
          });
          const most = 8 + termsOf(sizes);
          for (const [result, values] of found) {
            const error = worstOf(
              values,
              expected.get(result) as FloatArray,
              scales.get(result) as FloatArray,
              result === 'loss' ? 0 : least,
            );
            worst = Math.max(worst, error);
            share = Math.max(share, error / most);
            expect(
              error,
              `${result} of ${name} ${JSON.stringify(sizes)} times ${factor}`,
            ).toBeLessThanOrEqual(most);
          }
          memory.check();
        },
      ),
      { numRuns: RUNS },
    );
    if (process.env.WORST) console.log(`${set} ${name}: ${worst.toFixed(2)}, ${(100 * share).toFixed(0)} %`);
  });
});
