import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, DataError, FormatError, ShapeError } from '../../src/core/errors.js';
import { tensor } from '../../src/core/tensor.js';
import { categoryIds } from '../../src/data/encoders/category-ids.js';
import { numeric } from '../../src/data/encoders/numeric.js';
import { oneHot } from '../../src/data/encoders/one-hot.js';
import { difference } from '../../src/data/scalers/difference.js';
import { minMaxScaler } from '../../src/data/scalers/min-max-scaler.js';
import { standardScaler } from '../../src/data/scalers/standard-scaler.js';
import { table } from '../../src/data/table.js';
import { type TableEncoder, tableEncoder } from '../../src/data/table-encoder.js';
import { restoreTransform } from '../../src/data/transforms.js';

const rowsOf = ({ data, shape }: { data: ArrayLike<number>; shape: readonly number[] }) =>
  Array.from({ length: shape[0] as number }, (_, row) =>
    Array.from(data).slice(row * (shape[1] as number), (row + 1) * (shape[1] as number)),
  );

describe('oneHot', () => {
  it('has a feature for each category, in order, whatever the order of the rows', () => {
    const cities = oneHot().fit(['Rome', null, 'Oslo', 'Rome']);
    expect(cities.categories).toEqual(['Oslo', 'Rome', null]);
    expect(cities.featureNames('city')).toEqual(['city=Oslo', 'city=Rome', 'city=missing']);
    expect(rowsOf(cities.transform(['Rome', 'Oslo', null]))).toEqual([
      [0, 1, 0],
      [1, 0, 0],
      [0, 0, 1],
    ]);
    expect(oneHot().fit([true, 10, 9, 'a', Number.NaN, -0, 0]).categories).toEqual([
      0,
      9,
      10,
      'a',
      true,
      null,
    ]);
  });

  it('refuses an unknown category, or makes it zeros where that is wanted', () => {
    expect(() => oneHot().fit(['a']).transform(['a', 'b'])).toThrow(
      "'b' in row 1 is none of the 1 categories that it has learned; oneHot({ unknown: 'zeros' })",
    );
    const open = oneHot({ unknown: 'zeros' }).fit(['a']);
    expect(rowsOf(open.transform(['b', 'a']))).toEqual([[0], [1]]);
    expect(open.inverse(open.transform(['b', 'a']))).toEqual([null, 'a']);
  });

  it('takes the likeliest of each row back', () => {
    const letters = oneHot().fit(['a', 'b', 'c']);
    expect(letters.inverse(tensor([0.2, 0.5, 0.3, 0.9, 0.1, 0], [2, 3]))).toEqual(['b', 'a']);
    expect(() => letters.inverse(tensor([1, 0], [1, 2]))).toThrow(ShapeError);
  });

  it('says what is wrong', () => {
    expect(() => oneHot().transform(['a'])).toThrow('oneHot has learned nothing yet');
    expect(() => oneHot().fit([])).toThrow(DataError);
    expect(() => oneHot({ unknown: 'zero' as never })).toThrow(ConfigError);
    expect(() => oneHot().fit([{} as never])).toThrow('row 0 is an object');
  });
});

describe('categoryIds', () => {
  it('counts from 1, and keeps 0 for what is unknown', () => {
    const plans = categoryIds({ unknown: 'zero' }).fit(['pro', 'basic']);
    expect(rowsOf(plans.transform(['pro', 'gold', 'basic']))).toEqual([[2], [0], [1]]);
    expect(plans.inverse(tensor([2, 0, 1], [3, 1]))).toEqual(['pro', null, 'basic']);
    expect(() => plans.inverse(tensor([3], [1, 1]))).toThrow('ids go from 0 to 2 but row 0 is 3');
    expect(() => categoryIds().fit(['a']).transform(['b'])).toThrow(
      "categoryIds({ unknown: 'zero' }) makes it 0",
    );
  });
});

describe('numeric', () => {
  it('says in a second feature where a number is missing', () => {
    const ages = numeric({ scaler: standardScaler(), missing: 'indicate' }).fit([20, 40, null]);
    expect(ages.featureNames('age')).toEqual(['age', 'age missing']);
    expect(rowsOf(ages.transform([30, null, 40]))).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
    ]);
    expect(ages.inverse(ages.transform([30, null, 40]))).toEqual(Float64Array.of(30, Number.NaN, 40));
  });

  it('refuses a number that is missing, unless told otherwise', () => {
    expect(() => numeric().transform([1, Number.NaN])).toThrow('the number in row 1 is missing');
    expect(() => numeric().transform([Number.POSITIVE_INFINITY])).toThrow('row 0 is Infinity');
    expect(() => numeric({ scaler: difference() })).toThrow('scaler must be one that leaves every row');
  });
});

describe('tableEncoder', () => {
  const people = table({
    age: [20, 40, 60],
    city: ['Oslo', 'Rome', 'Oslo'],
    member: [true, false, null],
    visits: [3, 0, 7],
  });
  const make = () =>
    tableEncoder({
      columns: {
        age: minMaxScaler(),
        city: oneHot({ unknown: 'zeros' }),
        visits: 'number',
        member: numeric({ missing: 'indicate' }),
      },
    });

  it('puts the features of all columns side by side, for tables and for rows', () => {
    const encoder = make().fit(people);
    expect(encoder.featureNames).toEqual([
      'age',
      'city=Oslo',
      'city=Rome',
      'visits',
      'member',
      'member missing',
    ]);
    const rows = [
      [0, 1, 0, 3, 1, 0],
      [0.5, 0, 1, 0, 0, 0],
      [1, 1, 0, 7, 0, 1],
    ];
    expect(rowsOf(encoder.transform(people))).toEqual(rows);
    expect(rowsOf(encoder.transform([...people.rows()]))).toEqual(rows);
    expect(rowsOf(encoder.transform([{ age: 30, city: 'Paris', visits: 1, member: null }]))).toEqual([
      [0.25, 0, 0, 1, 0, 1],
    ]);
  });

  it('is fitted on the rows that it is given alone', () => {
    const some = make().fit(people.pick([0, 1]));
    expect(rowsOf(some.transform(people))[2]?.[0]).toBe(2);
  });

  it('takes features back to the columns', () => {
    const encoder = make().fit(people);
    const back = encoder.inverse(encoder.transform(people));
    expect(back.numbers('age')).toEqual(people.numbers('age'));
    expect(back.strings('city')).toEqual(people.strings('city'));
    expect(back.numbers('member')).toEqual(Float64Array.of(1, 0, Number.NaN));
  });

  it('is the same again from its JSON, before fit and after it', () => {
    const again = (encoder: TableEncoder) =>
      restoreTransform(JSON.parse(JSON.stringify(encoder))) as TableEncoder;
    const fitted = make().fit(people);
    expect(again(fitted).transform(people)).toEqual(fitted.transform(people));
    expect(again(fitted).toJSON()).toEqual(fitted.toJSON());
    expect(again(make()).isFitted).toBe(false);
    expect(again(make()).fit(people).transform(people)).toEqual(fitted.transform(people));
    const ids = categoryIds().fit(['x', null]);
    expect((restoreTransform(JSON.parse(JSON.stringify(ids))) as typeof ids).transform(['x', null])).toEqual(
      ids.transform(['x', null]),
    );
  });

  it('survives JSON that is damaged, or says no with a FormatError', () => {
    const text = JSON.stringify(make().fit(people));
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom('', 'x', '1', '[]', 'null', '"'), (at, put) => {
        let json: unknown;
        try {
          json = JSON.parse(text.slice(0, at) + put + text.slice(at + 1));
        } catch {
          return;
        }
        try {
          restoreTransform(json);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('says what is wrong, and with which column', () => {
    const encoder = make().fit(people);
    expect(() => make().transform(people)).toThrow(
      "tableEncoder, column 'age': minMaxScaler has learned nothing yet",
    );
    expect(() => encoder.transform([{ age: 1 }])).toThrow("column 'city': row 0 has no such value");
    expect(() => encoder.transform(table({ aeg: [1] }))).toThrow(
      "column 'age': the column 'age' is not known: use one of aeg",
    );
    expect(() => encoder.transform([{ age: null, city: 'x', visits: 1, member: true }])).toThrow(
      "column 'age': numeric: the number in row 0 is missing",
    );
    expect(() => tableEncoder({ columns: {} })).toThrow('tableEncoder takes columns');
    expect(() => tableEncoder({ columns: { a: 'text' as never } })).toThrow("the column 'a' is encoded by");
    expect(() => encoder.inverse(tensor([1], [1, 1]))).toThrow(ShapeError);
  });
});
