/** Scalers: what they compute, by scikit-learn's published examples and by hand, and that they take it back. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  chain,
  difference,
  log1p,
  minMaxScaler,
  type Numbers,
  restoreTransform,
  robustScaler,
  type Scaler,
  standardScaler,
  tensor,
} from '../../../src/index.js';

const scalers: Readonly<Record<string, () => Scaler>> = {
  standardScaler,
  minMaxScaler,
  'minMaxScaler from -1 to 1': () => minMaxScaler({ range: [-1, 1] }),
  robustScaler,
  log1p,
  difference,
  'difference over 3 steps': () => difference({ lag: 3 }),
  'log1p, two differences, standardScaler': () =>
    chain([log1p(), difference({ lag: 3 }), difference(), standardScaler()]),
};

const each = Object.entries(scalers);
const lost = ({ lags }: Scaler) => lags.reduce((sum, lag) => sum + lag, 0);
const again = (scaler: Scaler) => restoreTransform(JSON.parse(JSON.stringify(scaler))) as Scaler;
const arrays = (rows: Iterable<ArrayLike<number>>) => Array.from(rows, (row) => Array.from(row));

/** Series of 12 steps of one to three features, values from 0 to a million, gaps among them where there may be. */
const series = (gaps: boolean) =>
  fc.integer({ min: 1, max: 3 }).chain((features) => {
    const value = fc.integer({ min: 0, max: 1e8 }).map((hundredths) => hundredths / 100);
    const cell = gaps
      ? fc.oneof({ weight: 5, arbitrary: value }, { weight: 1, arbitrary: fc.constant(Number.NaN) })
      : value;
    const row = fc.array(cell, { minLength: features, maxLength: features });
    return fc
      .tuple(
        fc.array(fc.array(value, { minLength: features, maxLength: features }), {
          minLength: 1,
          maxLength: 1,
        }),
        fc.array(row, { minLength: 11, maxLength: 11 }),
      )
      .map(([first, rest]) => [...first, ...rest]);
  });

/** Doubles are equal up to a rounding of the largest of them. */
function expectClose(found: readonly (readonly number[])[], expected: readonly (readonly number[])[]): void {
  expect(found.length).toBe(expected.length);
  const wanted = expected.flat();
  const size = Math.max(1, ...wanted.filter(Number.isFinite).map(Math.abs));
  found.flat().forEach((value, i) => {
    const goal = wanted[i] as number;
    if (Number.isNaN(goal)) expect(value, `number ${i}`).toBeNaN();
    else expect(Math.abs(value - goal), `number ${i}: ${value}, ${goal}`).toBeLessThan(1e-12 * size);
  });
}

describe.each(each)('%s', (_name, make) => {
  test('takes back what it made', () => {
    const scaler = make();
    fc.assert(
      fc.property(series(scaler.lags.length === 0), (x) => {
        const made = scaler.fit(x).transform(x);
        expect(made.length).toBe(x.length - lost(scaler));
        const back = scaler.inverse(made, { after: x.slice(0, lost(scaler)) });
        expectClose(arrays(back), x.slice(lost(scaler)));
      }),
    );
  });

  test('goes on after the series that it was fitted on', () => {
    fc.assert(
      fc.property(series(false), (x) => {
        const scaler = make().fit(x.slice(0, 8));
        const later = scaler.transform(x).slice(8 - lost(scaler));
        expectClose(arrays(scaler.inverse(later)), x.slice(8));
      }),
    );
  });

  test('is the same after a file', () => {
    fc.assert(
      fc.property(series(make().lags.length === 0), (x) => {
        const scaler = make().fit(x);
        const loaded = again(scaler);
        expect(loaded.toJSON()).toEqual(scaler.toJSON());
        expect(loaded.isFitted).toBe(true);
        expect(loaded.transform(x)).toEqual(scaler.transform(x));
        expect(loaded.inverse(x)).toEqual(scaler.inverse(x));
      }),
    );
    expect(again(make()).toJSON()).toEqual(make().toJSON());
  });

  test('learns nothing from what it only transforms, and learns anew when fitted again', () => {
    fc.assert(
      fc.property(series(false), series(false), (a, b) => {
        const scaler = make().fit(a);
        const learned = JSON.stringify(scaler);
        if (b[0]?.length === a[0]?.length) scaler.transform(b);
        expect(JSON.stringify(scaler)).toBe(learned);
        expect(JSON.stringify(scaler.fit(b))).toBe(JSON.stringify(make().fit(b)));
      }),
    );
  });

  test('keeps the form of what it is given, and the given itself', () => {
    const x = [3, 1, 4, 1, 5, 9, 2, 6];
    const scaler = make().fit(x);
    const made = scaler.transform(x);
    expect(made).toBeInstanceOf(Float64Array);
    expect(scaler.transform(Float32Array.from(x))).toEqual(made);
    expect(scaler.transform(tensor(x, [8]))).toEqual({ data: made, shape: [made.length] });
    expect(scaler.transform(tensor(x, [8, 1]))).toEqual({ data: made, shape: [made.length, 1] });
    expect(arrays(scaler.transform(x.map((value) => [value])))).toEqual(Array.from(made, (value) => [value]));
    expect(x).toEqual([3, 1, 4, 1, 5, 9, 2, 6]);
  });

  test('refuses what it cannot take', () => {
    const scaler = make();
    if (scaler.kind !== 'log1p') {
      expect(() => make().transform([1, 2, 3, 4, 5, 6])).toThrow(/learned nothing yet: call fit/);
      expect(() => make().inverse([1, 2, 3])).toThrow(/learned nothing yet: call fit/);
      scaler.fit([1, 2, 3, 4, 5, 7]);
      expect(() => scaler.transform(Array(9).fill([1, 2]))).toThrow(/fitted on 1 feature but got 2 features/);
    }
    expect(() => scaler.fit([1, 2, Number.POSITIVE_INFINITY, 4, 5, 6])).toThrow(
      / got Infinity at step 2: numbers are finite, and a gap is NaN/,
    );
    expect(() => scaler.fit([[1, 2], [3]] as never)).toThrow(
      / expects 2 features everywhere but got 1 at row 1/,
    );
    expect(() => scaler.fit([1, 'a'] as never)).toThrow(/expects numbers but got 'a' at step 1/);
    expect(() => scaler.fit('series' as never)).toThrow(/takes a series \[steps\] or \[steps, features\]/);
    expect(() => scaler.inverse([1], { before: [1] } as never)).toThrow(
      /inverse: option 'before' is not known/,
    );
  });
});

describe('the numbers', () => {
  test("are those of scikit-learn's examples", () => {
    const standard = standardScaler().fit([
      [0, 0],
      [0, 0],
      [1, 1],
      [1, 1],
    ]);
    expect(
      arrays(
        standard.transform([
          [0, 1],
          [2, 2],
        ]),
      ),
    ).toEqual([
      [-1, 1],
      [3, 3],
    ]);
    const ranged = [
      [-1, 2],
      [-0.5, 6],
      [0, 10],
      [1, 18],
    ];
    const minMax = minMaxScaler().fit(ranged);
    expect(arrays(minMax.transform(ranged))).toEqual([
      [0, 0],
      [0.25, 0.25],
      [0.5, 0.5],
      [1, 1],
    ]);
    expect(arrays(minMax.transform([[2, 2]]))).toEqual([[1.5, 0]]);
    const wild = [
      [1, -2, 2],
      [-2, 1, 3],
      [4, 1, -2],
    ];
    expect(arrays(robustScaler().fit(wild).transform(wild))).toEqual([
      [0, -2, 0],
      [-1, 0, 0.4],
      [1, 0, -1.6],
    ]);
  });

  test('of a robust scaler lie between two values where there is no middle one', () => {
    // Sorted: 1, 2, 4, 8. Quartiles at places .75 and 2.25: 1.75 and 5; median 3.
    expect(robustScaler().fit([8, 1, 4, 2]).toJSON().learned).toEqual({ center: [3], scale: [3.25] });
  });

  test('of a logarithm are exact near 0', () => {
    expect(log1p().transform([1e-18, 0])).toEqual(Float64Array.of(1e-18, 0));
    expect(log1p().inverse([1e-18])).toEqual(Float64Array.of(1e-18));
  });

  test('of differences are those of a calculation by hand', () => {
    const x = [10, 20, 15, 13, 26, 19];
    expect(difference().fit(x).transform(x)).toEqual(Float64Array.of(10, -5, -2, 13, -7));
    const seasonal = difference({ lag: 3 }).fit(x);
    expect(seasonal.transform(x)).toEqual(Float64Array.of(3, 6, 4));
    // The last three are 13, 26, 19; the season grows by 2 each time.
    expect(seasonal.inverse([2, 2, 2, 2])).toEqual(Float64Array.of(15, 28, 21, 17));
  });
});

describe('what never changes', () => {
  test('becomes 0, or the lower end, however its sum is rounded', () => {
    const same = Array<number>(1000).fill(0.1);
    expect(new Set(standardScaler().fit(same).transform(same))).toEqual(new Set([0]));
    expect(new Set(robustScaler().fit(same).transform(same))).toEqual(new Set([0]));
    expect(
      new Set(
        minMaxScaler({ range: [2, 3] })
          .fit([5, 5, 5])
          .transform([5, 6]),
      ),
    ).toEqual(new Set([2, 3]));
    expect(robustScaler().fit([7, 7, 7, 7, 100]).transform([7, 9])).toEqual(Float64Array.of(0, 2));
  });
});

describe('gaps', () => {
  const { NaN: gap } = Number;

  test('teach nothing and stay gaps', () => {
    for (const make of [standardScaler, minMaxScaler, robustScaler]) {
      const known = make().fit([1, 2, 4, 9]);
      const gapped = make().fit([1, gap, 2, 4, gap, 9]);
      expect(gapped.toJSON()).toEqual(known.toJSON());
      expect(gapped.transform([gap, 2])).toEqual(Float64Array.of(gap, ...known.transform([2])));
    }
    expect(log1p().transform([gap, 0])).toEqual(Float64Array.of(gap, 0));
    expect(() =>
      standardScaler().fit([
        [1, gap],
        [2, gap],
      ]),
    ).toThrow('standardScaler: feature 1 has nothing but gaps to learn from');
    expect(() => standardScaler().fit([])).toThrow('standardScaler got no values to learn from');
  });

  test('leave gaps in differences wherever they take part', () => {
    const x = [1, 2, gap, 4, 6];
    const scaler = difference().fit(x);
    expect(scaler.transform(x)).toEqual(Float64Array.of(1, gap, gap, 2));
    expect(difference().fit([5, gap]).inverse([1])).toEqual(Float64Array.of(gap));
    const loaded = again(difference({ lag: 2 }).fit([5, gap, 7]));
    expect(loaded.inverse([1, 1])).toEqual(Float64Array.of(gap, 8));
  });

  test('are what padding is, whatever stands in it', () => {
    const padded = tensor([1, 2, 3, Number.POSITIVE_INFINITY, -1, -5], [2, 3, 1], { lengths: [3, 0] });
    const scaler = standardScaler().fit(padded);
    expect(scaler.toJSON()).toEqual(standardScaler().fit([1, 2, 3]).toJSON());
    expect(scaler.transform(padded).lengths).toEqual([3, 0]);
    expect(log1p().transform(padded).data.subarray(3)).toEqual(Float64Array.of(gap, gap, gap));
  });
});

test('sequences of unequal lengths are scaled by features', () => {
  const batch = [
    [
      [1, 10],
      [3, 30],
    ],
    [[2, 20]],
  ];
  const made = minMaxScaler().fit(batch).transform(batch);
  expect(made.map(arrays)).toEqual([
    [
      [0, 0],
      [1, 1],
    ],
    [[0.5, 0.5]],
  ]);
  expect(() => difference().fit(batch)).toThrow('difference takes one series, [steps] or [steps, features]');
});

test('mistakes are named', () => {
  expect(() => log1p().transform([3, -1])).toThrow(
    'log1p takes values above -1 but got -1 in feature 0 of row 1',
  );
  expect(() => minMaxScaler({ range: [1, 1] })).toThrow('range is two numbers that go up');
  expect(() => minMaxScaler({ featureRange: [0, 1] } as never)).toThrow('write range');
  expect(() => difference({ lag: 0 })).toThrow('difference: lag must be a number at least 1 but is 0');
  expect(() => difference({ lag: 12 }).fit(Array(12).fill(1))).toThrow(
    'difference: a lag of 12 takes 13 steps or more but got 12 steps',
  );
  expect(() =>
    difference({ lag: 2 })
      .fit([1, 2, 3])
      .inverse([1], { after: [1] }),
  ).toThrow('taking a lag of 2 back needs, in after, 2 steps or more but got 1 step');
  expect(() => chain([])).toThrow('chain takes scalers');
  expect(() => chain(['standardScaler'] as never)).toThrow(
    "scalers[0] is 'standardScaler', which is no scaler",
  );
  expect(() => standardScaler().fit([1e308, -1e308])).toThrow('too far apart for double precision');
});

test('a chain of chains is one chain in a file', () => {
  const nested = chain([chain([log1p(), difference()]), standardScaler()]).fit([1, 2, 4, 8]);
  expect(nested.lags).toEqual([1]);
  const kinds = (nested.toJSON().options.scalers as { kind: string }[]).map(({ kind }) => kind);
  expect(kinds).toEqual(['log1p', 'difference', 'standardScaler']);
  expect(again(nested).inverse([0.1])).toEqual(nested.inverse([0.1]));
});

describe('a file that lies', () => {
  const fitted: Numbers = [1, 2, 4];
  test.each([
    ['standardScaler', { options: {}, learned: { center: [1], scale: [0] } }],
    ['standardScaler', { options: {}, learned: { center: [1], scale: [1, 2] } }],
    ['robustScaler', { options: {}, learned: { center: ['1'], scale: [1] } }],
    ['minMaxScaler', { options: { range: [1, 0] } }],
    ['minMaxScaler', { options: { range: 'wide' } }],
    ['difference', { options: { lag: 1e15 }, learned: { features: 1, last: [1] } }],
    ['difference', { options: { lag: 1 }, learned: { features: 0, last: [] } }],
    ['difference', { options: { lag: 1 }, learned: { features: 1, last: ['1'] } }],
    ['chain', { options: {} }],
    ['chain', { options: { scalers: [chain([log1p()]).toJSON()] } }],
    ['chain', { options: { scalers: [{ kind: 'nothing', options: {} }] } }],
  ])('about a %s is a FormatError', (kind, json) => {
    expect(() => restoreTransform({ kind, ...json })).toThrow(/^the file/);
    expect(standardScaler().fit(fitted).isFitted).toBe(true);
  });
});
