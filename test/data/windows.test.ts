/** Windows: the rows that they are, that they share the memory of their series, and that a model sees the same in them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  activation,
  bidirectional,
  dense,
  embedding,
  type Layer,
  lambdaCallback,
  lstm,
  masking,
  type SampleInput,
  sequential,
  tensor,
  windows,
} from '../../src/index.js';

const { NaN: gap } = Number;
const numbers = (data: ArrayLike<number>) => Array.from(data);

/** The rows as nested arrays: what windows stand for. */
function copied(given: ReturnType<typeof windows>['x']): number[][][] {
  const [rows, steps, features] = given.shape;
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: steps }, (_, t) =>
      numbers(given.row(row).data.subarray(t * features, (t + 1) * features)),
    ),
  );
}

const wave = (steps: number) =>
  Float32Array.from({ length: steps }, (_, t) => Math.sin(t / 3) + 0.1 * (t % 7));

describe('windows', () => {
  test('are the steps of the series, with those behind them', () => {
    const { x, y } = windows([0, 1, 2, 3, 4, 5, 6], { input: 3, horizon: 2, stride: 2 });
    expect([x.shape, y.shape]).toEqual([
      [2, 3, 1],
      [2, 2, 1],
    ]);
    expect(copied(x)).toEqual([
      [[0], [1], [2]],
      [[2], [3], [4]],
    ]);
    expect(copied(y)).toEqual([
      [[3], [4]],
      [[5], [6]],
    ]);
  });

  test('are all that there are, and no more', () => {
    const sizes = {
      input: fc.integer({ min: 1, max: 6 }),
      horizon: fc.integer({ min: 0, max: 4 }),
      stride: fc.integer({ min: 1, max: 5 }),
      from: fc.nat(20),
      length: fc.nat(20),
    };
    fc.assert(
      fc.property(fc.record(sizes), ({ input, horizon, stride, from, length }) => {
        const to = Math.min(20, from + length);
        const starts: number[] = [];
        for (let start = Math.max(0, from - input); start + input + horizon <= to; start += stride)
          starts.push(start);
        const make = () =>
          windows(
            Float64Array.from({ length: 20 }, (_, t) => t),
            { input, horizon, stride, from, to },
          );
        if (starts.length === 0) {
          expect(make).toThrow(/hold no row/);
          return;
        }
        const { x, y } = make();
        expect(numbers(x.starts)).toEqual(starts);
        for (const [row, start] of starts.entries()) {
          expect(numbers(x.row(row).data)).toEqual(Array.from({ length: input }, (_, t) => start + t));
          expect(numbers(y.row(row).data)).toEqual(
            Array.from({ length: horizon }, (_, t) => start + input + t),
          );
          expect(start + input).toBeGreaterThanOrEqual(Math.min(from, input + start));
        }
      }),
    );
  });

  test('share the memory of the series and of each other', () => {
    for (const series of [wave(50), Float64Array.from(wave(50))]) {
      const { x, y } = windows(series, { input: 10, horizon: 3 });
      expect([x, y].map((given) => given.row(4).data.buffer)).toEqual([series.buffer, series.buffer]);
      series[20] = 99;
      expect(x.row(11).data[9]).toBe(99);
      expect(y.row(10).data[0]).toBe(99);
    }
    const several = tensor(wave(60), [20, 3]);
    expect(windows(several, { input: 4 }).x.row(2).data.buffer).toBe(several.data.buffer);
  });

  test('have the features that are asked for in y', () => {
    const { x, y } = windows(
      [
        [1, 10, 100],
        [2, 20, 200],
        [3, 30, 300],
      ],
      { input: 1, horizon: 2, targets: [2, 0] },
    );
    expect(copied(x)).toEqual([[[1, 10, 100]]]);
    expect(copied(y)).toEqual([
      [
        [200, 2],
        [300, 3],
      ],
    ]);
  });

  test('leave out rows that gaps leave nothing of', () => {
    const series = [1, gap, gap, 4, 5, gap, 7, 8];
    expect(() => windows(series, { input: 2 })).toThrow(
      "windows: the series has NaN at step 1, feature 0: mend it, or take it for a gap with { missing: 'mask' }",
    );
    const { x, y } = windows(series, { input: 2, missing: 'mask' });
    // Behind [1, gap] and [4, 5] is a gap, and [gap, gap] holds nothing.
    expect(copied(x)).toEqual([
      [[gap], [4]],
      [[5], [gap]],
      [[gap], [7]],
    ]);
    expect(copied(y)).toEqual([[[5]], [[7]], [[8]]]);
    expect(() => windows([gap, gap, gap], { input: 1, missing: 'mask' })).toThrow('leave not a single row');
    expect(windows([gap, 1, 2, 3], { input: 1, from: 2 }).x.shape).toEqual([2, 1, 1]);
  });

  test('name mistakes', () => {
    expect(() => windows(wave(9), { input: 9 })).toThrow(
      'windows: steps 0 to 9 of the series hold no row of 9 steps with 1 behind them',
    );
    expect(() => windows(wave(9), {} as never)).toThrow('windows: input must be a whole number');
    expect(() => windows(wave(9), { input: 2, step: 2 } as never)).toThrow('write stride');
    expect(() => windows(wave(9), { input: 2, targets: [1] })).toThrow(
      'windows: targets[0] must be a number',
    );
    expect(() => windows(wave(9), { input: 2, targets: [] })).toThrow(
      'windows: targets are features such as [0]',
    );
    expect(() => windows([[[1]]] as never, { input: 1 })).toThrow('windows takes one series');
    expect(() => windows(wave(9), { input: 2, missing: 'drop' } as never)).toThrow(
      "missing is 'error' or 'mask'",
    );
    expect(() => windows(wave(9), { input: 2 }).x.row(7)).toThrow('windows: row must be a number');
  });
});

describe('a model', () => {
  const options = { epochs: 2, batchSize: 8, validationSplit: 0.25, missing: 'mask' } as const;
  type Kind = {
    layers: () => Layer[];
    series: Float32Array;
    columns?: number;
    loss?: 'sparseCategoricalCrossentropy';
    sequence?: boolean;
  };
  const gapped = wave(60);
  for (const t of [5, 20, 21, 22, 40]) gapped[t] = gap;
  const kinds: Readonly<Record<string, Kind>> = {
    'one number': { layers: () => [lstm(4), dense(3)], series: wave(60) },
    gaps: { layers: () => [lstm(4), dense(3)], series: gapped },
    'both directions and gaps': { layers: () => [bidirectional(lstm(3)), dense(3)], series: gapped },
    'a value that is masked': {
      layers: () => [masking({ maskValue: 7 }), lstm(4), dense(3)],
      series: wave(60).map((value, t) => (t % 5 === 0 ? 7 : value)),
    },
    'targets a step': {
      layers: () => [lstm(4, { returnSequences: true }), dense(1)],
      series: wave(60),
      sequence: true,
    },
    'targets a step and gaps': {
      layers: () => [lstm(4, { returnSequences: true }), dense(1)],
      series: gapped,
      sequence: true,
    },
    ids: {
      layers: () => [embedding(5, 3), lstm(4), dense(5), activation('softmax')],
      series: Float32Array.from({ length: 60 }, (_, t) => (t * t) % 5),
      loss: 'sparseCategoricalCrossentropy',
    },
  };

  test.each(Object.entries(kinds))(
    'sees the same in windows and in copies: %s',
    async (_name, { layers, series, loss, sequence }) => {
      const horizon = loss ? 1 : sequence ? 6 : 3;
      const given = windows(series, { input: 6, horizon, stride: 2, missing: 'mask' });
      const x = loss ? copied(given.x).map((row) => row.flat()) : copied(given.x);
      const y = loss
        ? copied(given.y).map((row) => row.flat()[0] as number)
        : sequence
          ? copied(given.y)
          : copied(given.y).map((row) => row.flat());
      const results = await Promise.all(
        (
          [
            [x, y],
            [given.x, given.y],
          ] as [SampleInput, never][]
        ).map(async ([inputs, targets]) => {
          const model = sequential(layers(), { seed: 3 });
          model.compile({ loss: loss ?? 'meanSquaredError', metrics: loss ? [] : ['meanAbsoluteError'] });
          const { history } = await model.fit(inputs, targets, { ...options, onWarning: () => {} });
          const asked = { missing: 'mask' } as const;
          const traced = model.trace(inputs, asked);
          return {
            history,
            weights: model.getWeights(),
            evaluation: model.evaluate(inputs, targets, asked),
            predictions: model.predict(inputs, asked).data,
            traced,
          };
        }),
      );
      expect(results[1]).toEqual(results[0]);
    },
  );

  test('puts rows of about one length together, and attributes, by windows too', async () => {
    const { x, y } = windows(gapped, { input: 6, horizon: 1, missing: 'mask' });
    const clean = windows(wave(30), { input: 6, horizon: 0 }).x;
    const [one, other] = await Promise.all(
      [
        [x, clean],
        [copied(x), copied(clean)],
      ].map(async ([rows, asked]) => {
        const model = sequential([lstm(3), dense(1)], { seed: 1 });
        model.compile({ loss: 'meanSquaredError' });
        await model.fit(rows as SampleInput, y, { bucketByLength: true, missing: 'mask', batchSize: 4 });
        return [model.getWeights(), model.attribute(asked as SampleInput, { points: 4 })];
      }),
    );
    expect(one).toEqual(other);
  });

  test('names the row and the step of what it cannot take', () => {
    const series = wave(30);
    series[17] = Number.POSITIVE_INFINITY;
    const { x } = windows(series, { input: 4, horizon: 0, stride: 3 });
    const model = sequential([lstm(2), dense(1)]);
    expect(() => model.predict(x)).toThrow('lstm_1 got Infinity in row 5, step 2, feature 0');
    const ids = windows(Float32Array.of(0, 1, 2, 9), { input: 2, horizon: 0 }).x;
    expect(() => sequential([embedding(5, 2), lstm(2)]).predict(ids)).toThrow(
      'got the id 9 in row 2, step 1',
    );
  });

  test('does not look at steps that no row has', () => {
    const series = Float32Array.of(1, gap, 2, 9, 9, 3, gap, 1, 2);
    const { x } = windows(series, { input: 1, missing: 'mask' });
    expect(numbers(x.starts)).toEqual([2, 3, 4, 7]);
    const model = sequential([lstm(2), dense(1)], { seed: 1 });
    expect(model.predict(x)).toEqual(model.predict([[[2]], [[9]], [[9]], [[1]]]));
    const ids = windows(
      series.map((value) => (Number.isNaN(value) ? 9 : value)),
      { input: 1, horizon: 0, stride: 5 },
    ).x;
    expect(() => sequential([embedding(4, 2), lstm(2)]).predict(ids)).not.toThrow();
  });

  test('says which shape of y fits', () => {
    const { x, y } = windows(wave(30), { input: 4, horizon: 3 });
    const model = sequential([lstm(2), dense(2)]);
    model.compile({ loss: 'meanSquaredError' });
    expect(() => model.evaluate(x, y)).toThrow('y should be of shape [24, 2] but is [24, 3]');
    expect(() => model.evaluate(x, windows(wave(20), { input: 4, horizon: 2 }).y)).toThrow(
      'y should be of shape',
    );
  });

  test('trains on a million windows of a thousand steps, whose copies would take four gigabytes', async () => {
    const series = new Float32Array(1_001_000).map((_, t) => (t % 100) / 100);
    const before = process.memoryUsage().arrayBuffers;
    const { x, y } = windows(series, { input: 1000, horizon: 1 });
    expect(x.shape).toEqual([1_000_000, 1000, 1]);
    const model = sequential([lstm(1), dense(1)], { seed: 1 });
    model.compile({ loss: 'meanSquaredError' });
    const controller = new AbortController();
    let most = 0;
    const stop = lambdaCallback({
      onBatchEnd: () => {
        most = process.memoryUsage().arrayBuffers - before;
        controller.abort(new Error('seen enough'));
      },
    });
    await expect(model.fit(x, y, { callbacks: [stop], signal: controller.signal })).rejects.toThrow(
      'seen enough',
    );
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(50e6);
  });
});
