/** Every kernel's backward pass against central differences, over random sizes, masks and values. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { compareGradient } from '../support/gradients.js';
import { type KernelCase, kernelCases, type Sizes } from './cases.js';

const floats = (length: number) => new Float64Array(length);

function sizesOf(ranges: KernelCase['ranges']): fc.Arbitrary<Sizes> {
  return fc.record(
    Object.fromEntries(Object.entries(ranges).map(([name, [min, max]]) => [name, fc.integer({ min, max })])),
  );
}

describe('gradients of kernels', () => {
  it.each(kernelCases)('$name', (kernelCase) => {
    const total = { compared: 0, kinks: 0 };
    fc.assert(
      fc.property(sizesOf(kernelCase.ranges), fc.nat(), (sizes, seed) => {
        const random = new Random(seed);
        const { inputs, outputs, forward, backward } = kernelCase.problem(sizes, random, floats);
        const dOutputs = Object.fromEntries(
          Object.entries(outputs).map(([name, { length }]) => [
            name,
            Float64Array.from({ length }, () => random.normal()),
          ]),
        );
        const loss = () => {
          forward();
          let sum = 0;
          for (const [name, output] of Object.entries(outputs)) {
            const d = dOutputs[name] as Float64Array;
            for (let k = 0; k < output.length; k++) sum += (d[k] as number) * (output[k] as number);
          }
          return sum;
        };
        loss();
        const gradients = backward(dOutputs);
        expect(Object.keys(gradients)).toEqual(Object.keys(inputs));
        for (const [name, array] of Object.entries(inputs)) {
          const gradient = gradients[name] as Float64Array;
          const { compared, kinks } = compareGradient(name, loss, array, gradient, random);
          total.compared += compared;
          total.kinks += kinks;
        }
      }),
      { numRuns: 40 },
    );
    expect(total.compared).toBeGreaterThan(0);
    expect(total.kinks / total.compared).toBeLessThan(0.02);
  });
});
