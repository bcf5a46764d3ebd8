/** The gradients of random graphs of layers against central differences. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { compareDirection } from '../support/gradients.js';
import { buildGraph, graphChoice } from '../support/graphs.js';

it('gradients of functional models, by every weight and input, over random graphs and data', () => {
  const total = { compared: 0, kinks: 0 };
  fc.assert(
    fc.property(graphChoice, (choice) => {
      const { network, pass, loss, backward } = buildGraph(choice);
      const random = new Random(choice.seed, 15);
      loss();
      backward();
      const learned = network.parameters.filter(({ trainable }) => trainable);
      const [a, b, , still] = pass.inputs;
      const subjects = [...learned, ...[a, b, still].map((edge, i) => ({ name: `input ${i}`, ...edge }))];
      for (const { name, value, gradient } of subjects) {
        if (!value || !gradient) throw new Error(`${name} has no gradient`);
        const { compared, kinks } = compareDirection(name, loss, value.array, gradient.array.slice(), random);
        total.compared += compared;
        total.kinks += kinks;
      }
    }),
    { numRuns: 500 },
  );
  expect(total.compared).toBeGreaterThan(5000);
  expect(total.kinks / total.compared).toBeLessThan(0.05);
});
