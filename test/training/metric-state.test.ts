/** The sums of a pass that is not over can be taken out, and gone on from, with the same bits. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { categoricalCrossentropy } from '../../src/index.js';
import { toLoss } from '../../src/training/losses.js';
import { createMetric, type MetricName } from '../../src/training/metrics.js';
import { Totals } from '../../src/training/run.js';
import { bitsOf } from '../support/bits.js';

const names: [MetricName, ReturnType<typeof toLoss>][] = [
  ['accuracy', toLoss('binaryCrossentropy')],
  ['binaryAccuracy', toLoss('binaryCrossentropy')],
  ['categoricalAccuracy', categoricalCrossentropy()],
  ['sparseCategoricalAccuracy', toLoss('sparseCategoricalCrossentropy')],
  ['auc', toLoss('binaryCrossentropy')],
  ['meanSquaredError', toLoss('meanSquaredError')],
  ['meanAbsoluteError', toLoss('meanSquaredError')],
];

/** Gives a metric a batch of 5 rows of 3 outputs. */
function feed(totals: Totals, seed: number) {
  const random = new Random(seed);
  const numbers = (length: number, of: () => number) => Float64Array.from({ length }, of);
  const value = { array: numbers(15, () => random.uniform()), length: 15 };
  const targets = { array: numbers(15, () => random.below(2)), length: 15 };
  const weights = { array: numbers(5, () => random.uniform()), length: 5 };
  const mask = { array: Uint8Array.of(1, 1, 0, 1, 1), length: 5 };
  const output = { value, mask, steps: 1, batch: 5, features: 3 };
  totals.add({ output } as never, { targets, weights } as never, random.uniform(), 4, 0.1);
}

describe.each(names)('%s', (name, loss) => {
  it('goes on from its state', () => {
    const make = () => {
      const totals = new Totals([createMetric(name, loss)]);
      totals.reset(20);
      return totals;
    };
    const whole = make();
    for (const seed of [1, 2, 3]) feed(whole, seed);
    const first = make();
    for (const seed of [1, 2]) feed(first, seed);
    const second = make();
    feed(second, 9);
    second.reset(20);
    second.restore(first.state());
    feed(second, 3);
    expect(bitsOf(Object.values(second.logs()))).toBe(bitsOf(Object.values(whole.logs())));
    expect(Object.keys(whole.logs())).toEqual(whole.names);
  });
});
