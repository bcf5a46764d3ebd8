/** The gradients of random functional models: two inputs, a shared layer, states handed on, two outputs. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { dense, input, lstm, model, sgd } from '../../src/index.js';
import type { Network } from '../../src/model/network.js';
import { compareGradient } from '../support/gradients.js';

const choices = fc.record({
  rows: fc.integer({ min: 1, max: 3 }),
  features: fc.integer({ min: 1, max: 3 }),
  units: fc.integer({ min: 1, max: 3 }),
  handOn: fc.constantFrom('states', 'static', 'nothing'),
  sequence: fc.boolean(),
  shared: fc.boolean(),
  sameEncoder: fc.boolean(),
  weight: fc.constantFrom(0, 0.5, 2),
  seed: fc.nat(),
});

describe('gradients of functional models', () => {
  it('by every weight, lengths of each input its own', () => {
    let compared = 0;
    fc.assert(
      fc.property(
        choices,
        ({ rows, features, units, handOn, sequence, shared, sameEncoder, weight, seed }) => {
          const random = new Random(seed, 12);
          const [source, still, target] = [
            input({ shape: [null, features] }),
            input({ shape: [2] }),
            input({ shape: [null, features] }),
          ];
          const projection = dense(2, { activation: 'tanh' });
          const encoder = lstm(units, { returnState: true });
          const [h, ...states] = encoder.on(projection.on(source));
          const first = dense(units).on(still);
          const read = (shared ? projection : dense(2)).on(target);
          const begin = handOn === 'states' ? states : handOn === 'static' ? [first, first] : [];
          const decoder = lstm(units, { returnSequences: sequence, recurrentDropout: 0 });
          const decoded = decoder.on(read, ...begin);
          const side = sameEncoder ? encoder.on(read) : first;
          const built = model(
            {
              inputs: { source, still, target },
              outputs: {
                left: dense(1).on(decoded),
                right: dense(2).on(side),
                held: dense(1).on(h as never),
                last: dense(1).on(first),
              },
            },
            { seed, precision: 'float64' },
          );
          built.compile({
            loss: 'meanSquaredError',
            lossWeights: { left: 1, right: weight, held: 1, last: 0.1 },
            optimizer: sgd({ learningRate: 0 }),
          });
          const vector = (length: number) => Array.from({ length }, () => random.normal());
          const lengths = (): number[][][] =>
            Array.from({ length: rows }, () =>
              Array.from({ length: 1 + random.below(4) }, () => vector(features)),
            );
          const x = {
            source: lengths(),
            still: Array.from({ length: rows }, () => vector(2)),
            target: lengths(),
          };
          const left = sequence ? x.target.map((row) => vector(row.length)) : vector(rows);
          const y = { left, right: x.still.map(() => vector(2)), held: vector(rows), last: vector(rows) };
          for (const { value } of (built.internals.network as Network).parameters) {
            for (let k = 0; k < value.length; k++) value.array[k] = 0.5 * random.normal();
          }
          built.trainOnBatch(x, y);
          const loss = () => built.evaluate(x, y).loss as number;
          for (const { name, value, gradient } of (built.internals.network as Network).parameters) {
            compared += compareGradient(name, loss, value.array, gradient.array.slice(), random, 3).compared;
          }
        },
      ),
      { numRuns: 60 },
    );
    expect(compared).toBeGreaterThan(1500);
  });
});
