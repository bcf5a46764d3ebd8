/** The gradients of whole models against central differences: random stacks, masks, dropout, penalties, losses. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { compareGradient } from '../support/gradients.js';
import {
  batchProblem,
  buildDataset,
  buildModel,
  inputOf,
  modelChoice,
  networkOf,
} from '../support/models.js';

describe('gradients of models', () => {
  it('by every weight and by the inputs, over random models and data', () => {
    const total = { compared: 0, kinks: 0 };
    fc.assert(
      fc.property(modelChoice, (choice) => {
        const network = networkOf(buildModel(choice));
        network.wantsInputGradient = true;
        const problem = batchProblem(network, buildDataset(choice));
        const random = new Random(choice.seed, 11);
        problem.loss();
        problem.backward();
        for (const { name, value, gradient, trainable } of network.parameters) {
          if (!trainable) continue;
          const result = compareGradient(name, problem.loss, value.array, gradient.array.slice(), random, 8);
          total.compared += result.compared;
          total.kinks += result.kinks;
        }
        const { value, gradient, mask, features } = inputOf(problem.pass);
        const dx = gradient?.array.slice() ?? new Float64Array(0);
        const real = [...mask.array.keys()].filter((step) => mask.array[step] === 1);
        for (const step of real) {
          const range = [step * features, (step + 1) * features] as const;
          const result = compareGradient(
            'x',
            problem.loss,
            value.array.subarray(...range),
            dx.subarray(...range),
            random,
            3,
          );
          total.compared += result.compared;
          total.kinks += result.kinks;
        }
      }),
      { numRuns: 400 },
    );
    expect(total.compared).toBeGreaterThan(10_000);
    expect(total.kinks / total.compared).toBeLessThan(0.03);
  });
});
