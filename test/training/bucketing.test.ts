/** Rows of about one length in a batch: which rows a batch has, how much of it is padding, and what comes out. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import {
  type Callback,
  checkpoint,
  ctc,
  dense,
  type FitOptions,
  lstm,
  sequential,
  serializeModel,
  sgd,
} from '../../src/index.js';
import { Buckets } from '../../src/training/bucketing.js';
import { type Batch, Rows } from '../../src/training/feed.js';
import type { Dataset } from '../../src/training/targets.js';
import { errorOf, randomSequences } from '../support/bits.js';

/** A data set of rows of these lengths in one input. */
function datasetOf(lengths: readonly number[]): Dataset {
  const steps = Math.max(...lengths);
  const mask = new Uint8Array(lengths.length * steps);
  lengths.forEach((length, row) => void mask.fill(1, row * steps, row * steps + length));
  const data = new Float32Array(mask.length);
  const rows = lengths.length;
  const inputs = [{ data, rows, steps, features: 1, sequence: true as const, mask, lengths }];
  return { rows, inputs, steps: [steps], outputs: [] };
}

function epochOf(feed: Buckets | Rows, epoch = 0): Batch[] {
  feed.begin(epoch, 0);
  const batches: Batch[] = [];
  for (let batch = feed.next(); batch; batch = feed.next()) batches.push(batch);
  return batches;
}

const rowsOf = ({ order, start, count }: Batch) => Array.from(order.subarray(start, start + count));

/** The share of the steps computed that is padding. */
function padding(batches: readonly Batch[], lengths: readonly number[]): number {
  const computed = batches.reduce((sum, { steps: [steps = 0], count }) => sum + steps * count, 0);
  return 1 - lengths.reduce((sum, length) => sum + length, 0) / computed;
}

const someLengths = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 150 });

describe('the batches of an epoch', () => {
  it('have every row once, of batchSize each but one, with steps for the longest', () => {
    fc.assert(
      fc.property(someLengths, fc.integer({ min: 1, max: 20 }), fc.integer(), (lengths, batchSize, seed) => {
        const feed = new Buckets(datasetOf(lengths), batchSize, new Random(seed), [false]);
        for (let epoch = 0; epoch < 3; epoch++) {
          const batches = epochOf(feed);
          const rows = batches.flatMap(rowsOf);
          expect(rows.sort((a, b) => a - b)).toEqual(lengths.map((_, row) => row));
          expect(batches.length).toBe(feed.batches);
          const odd = batches.filter(({ count }) => count !== batchSize);
          expect(odd.map(({ count }) => count)).toEqual(
            lengths.length % batchSize === 0 ? [] : [lengths.length % batchSize],
          );
          for (const batch of batches) {
            const longest = Math.max(...rowsOf(batch).map((row) => lengths[row] as number));
            expect(batch.steps[0]).toBeGreaterThanOrEqual(longest);
          }
        }
      }),
    );
  });

  it('are in another order and of other rows each epoch, and the same from the same seed', () => {
    const lengths = Array.from({ length: 96 }, (_, row) => 1 + (row % 12));
    const make = () => new Buckets(datasetOf(lengths), 4, new Random(3), [false]);
    const [one, same] = [make(), make()];
    const first = epochOf(one).map(rowsOf);
    expect(epochOf(same).map(rowsOf)).toEqual(first);
    const second = epochOf(one).map(rowsOf);
    expect(second).not.toEqual(first);
    const lengthsOf = (batches: number[][]) => batches.map(([row = 0]) => lengths[row]);
    expect(lengthsOf(second)).not.toEqual(lengthsOf(first));
    expect(new Set(second.map(String))).not.toEqual(new Set(first.map(String)));
  });

  it('go on in the middle of an epoch', () => {
    const lengths = Array.from({ length: 50 }, (_, row) => 1 + ((7 * row) % 23));
    const expected = epochOf(new Buckets(datasetOf(lengths), 4, new Random(3), [false])).map(rowsOf);
    const feed = new Buckets(datasetOf(lengths), 4, new Random(3), [false]);
    feed.begin(0, 5);
    expect(rowsOf(feed.next() as Batch)).toEqual(expected[5]);
  });

  it('without a generator go from the short rows to the long ones', () => {
    const lengths = [5, 1, 3, 1, 5, 2];
    const batches = epochOf(new Buckets(datasetOf(lengths), 4, undefined, [false]));
    expect(batches.map(rowsOf)).toEqual([
      [1, 3, 5, 2],
      [0, 4],
    ]);
    expect(batches.map(({ steps }) => steps[0])).toEqual([3, 5]);
  });

  it('keep all steps where a model is built for so many, and as many in inputs that go together', () => {
    const lengths = [1, 2, 3, 4];
    const one = datasetOf(lengths);
    const reversed = datasetOf([4, 4, 1, 1]);
    const two = { ...one, inputs: [...one.inputs, ...reversed.inputs] };
    const fixed = epochOf(new Buckets(two, 2, undefined, [true, false]));
    expect(fixed.every(({ steps }) => steps.every((n) => n === 4))).toBe(true);
    for (const { steps } of epochOf(new Buckets(two, 1, undefined, [false, false]))) {
      expect(steps[0]).toBe(steps[1]);
    }
  });

  it('have few shapes, and little padding: docs/training.md says how little', () => {
    const random = new Random(1);
    const lengths = Array.from({ length: 2000 }, () => 1 + Math.floor(-20 * Math.log(1 - random.uniform())));
    const dataset = datasetOf(lengths);
    const plain = padding(epochOf(new Rows(dataset, 32, new Random(2))), lengths);
    const batches = epochOf(new Buckets(dataset, 32, new Random(2), [false]));
    const shares = [plain, padding(batches, lengths)].map((share) => `${Math.round(100 * share)}%`);
    expect(shares).toEqual(['89%', '18%']);
    expect(new Set(batches.map(({ steps: [steps] }) => steps)).size).toBeLessThanOrEqual(12);
  });
});

describe('fit with bucketByLength', () => {
  const lengths = Array.from({ length: 23 }, (_, row) => 1 + ((5 * row) % 9));
  const x = randomSequences(4, lengths, 2);
  const y = x.map((steps) => (steps.reduce((sum, [value = 0]) => sum + value, 0) > 0 ? 1 : 0));
  const make = (precision?: 'float64') => {
    const model = sequential([lstm(3), dense(1, { activation: 'sigmoid' })], {
      seed: 5,
      ...(precision ? { precision } : {}),
    } as object);
    return model.compile({
      loss: 'binaryCrossentropy',
      optimizer: sgd({ learningRate: 0.1 }),
      metrics: ['auc'],
    });
  };

  it('computes what whole batches give: a batch of all rows makes the same update', async () => {
    const [plain, bucketed] = [make('float64'), make('float64')];
    const options: FitOptions = { epochs: 3, batchSize: 23, validationData: [x, y] };
    const expected = await plain.fit(x, y, options);
    const found = await bucketed.fit(x, y, { ...options, bucketByLength: true });
    for (const [name, values] of Object.entries(expected.history)) {
      values.forEach((value, k) => void expect(found.history[name]?.[k]).toBeCloseTo(value, 12));
    }
    const weights = plain.getWeights();
    for (const [name, { data }] of Object.entries(bucketed.getWeights())) {
      data.forEach((value, k) => void expect(value).toBeCloseTo(weights[name]?.data[k] as number, 12));
    }
  });

  it('goes on with the same bits after it was broken off', async () => {
    const whole = make();
    const options: FitOptions = { epochs: 3, batchSize: 4, bucketByLength: true, validationSplit: 0.2 };
    await whole.fit(x, y, options);
    for (const after of [0, 3, 7, 13]) {
      let kept: Uint8Array | undefined;
      const save = (bytes: Uint8Array) => {
        kept = bytes;
      };
      const store = checkpoint({ everySteps: 1, save, load: () => kept });
      let left = after;
      const crash: Callback = {
        onBatchBegin: () => {
          if (left-- === 0) throw new Error('crash');
        },
      };
      await errorOf(() => make().fit(x, y, { ...options, callbacks: [crash], checkpoint: store }));
      const again = make();
      const calm = [{ onEpochEnd: () => {} }];
      await again.fit(x, y, { ...options, callbacks: calm, checkpoint: store, resume: true });
      expect(Buffer.compare(serializeModel(again), serializeModel(whole)), `after ${after}`).toBe(0);
    }
  });

  it('serves outputs and targets a step, and labels of which some do not fit', async () => {
    const tagger = sequential([lstm(3, { returnSequences: true }), dense(3, { activation: 'softmax' })], {
      seed: 1,
    });
    tagger.compile({ loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
    const tags = x.map((steps) => steps.map(([value = 0]) => (value > 0 ? 1 : 2)));
    const options: FitOptions = { epochs: 2, batchSize: 4, bucketByLength: true };
    expect((await tagger.fit(x, tags, options)).history.loss?.every(Number.isFinite)).toBe(true);

    const losses: number[] = [];
    for (const bucketByLength of [false, true]) {
      const reader = sequential([lstm(3, { returnSequences: true }), dense(3, { activation: 'softmax' })], {
        seed: 1,
        precision: 'float64',
      });
      reader.compile({ loss: ctc({ zeroInfinity: true }), optimizer: sgd({ learningRate: 1e-9 }) });
      const labels = x.map((_, row) => (row % 3 === 0 ? [1, 2, 1, 2, 1, 2] : [1]));
      const { history } = await reader.fit(x, labels, { batchSize: 4, bucketByLength });
      losses.push(history.loss?.[0] as number);
    }
    expect(losses[1]).toBeCloseTo(losses[0] as number, 6);
  });

  it.each<[string, FitOptions, unknown, string]>([
    [
      'rows without steps',
      {},
      [[1], [2]],
      'fit: bucketByLength is for sequences but the rows of x have no steps: leave it out',
    ],
    [
      'an order to keep',
      { shuffle: false },
      [[[1]], [[2]]],
      'fit: bucketByLength changes the order of the rows, which shuffle: false keeps: one of the two',
    ],
    [
      'a number',
      { bucketByLength: 10 as never },
      [[[1]], [[2]]],
      'fit: bucketByLength must be true or false but is 10',
    ],
  ])('%s: a ConfigError', async (_, more, rows, message) => {
    const isFlat = !Array.isArray((rows as unknown[][])[0]?.[0]);
    const model = sequential(isFlat ? [dense(1)] : [lstm(1)], { seed: 1 });
    model.compile({ loss: 'meanSquaredError' });
    const found = await errorOf(() =>
      model.fit(rows as number[][], [0, 1], { bucketByLength: true, ...more }),
    );
    expect(found).toEqual({ name: 'ConfigError', message });
  });
});
