/** The gradients of whole models against central differences: random stacks, masks, dropout, penalties, losses. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { compareDirection } from '../support/gradients.js';
import {
  batchProblem,
  buildDataset,
  buildModel,
  inputOf,
  modelChoice,
  networkOf,
} from '../support/models.js';

it('gradients of models, by every weight and by the input, over random stacks and data', () => {
  const total = { compared: 0, kinks: 0 };
  fc.assert(
    fc.property(modelChoice, (choice) => {
      const network = networkOf(buildModel(choice));
      network.wantsInputGradient = true;
      const { pass, loss, backward } = batchProblem(network, buildDataset(choice));
      const random = new Random(choice.seed, 11);
      loss();
      backward();
      const learned = network.parameters.filter(({ trainable }) => trainable);
      for (const { name, value, gradient } of [...learned, { name: 'x', ...inputOf(pass) }]) {
        if (!gradient) throw new Error(`${name} has no gradient`);
        const { compared, kinks } = compareDirection(name, loss, value.array, gradient.array.slice(), random);
        total.compared += compared;
        total.kinks += kinks;
      }
    }),
    { numRuns: 700 },
  );
  expect(total.compared).toBeGreaterThan(4000);
  expect(total.kinks / total.compared).toBeLessThan(0.05);
});
