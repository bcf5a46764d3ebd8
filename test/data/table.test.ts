import { describe, expect, it } from 'vitest';
import { ConfigError, DataError } from '../../src/core/errors.js';
import { table } from '../../src/data/table.js';

describe('table', () => {
  const people = table({
    age: [31, null, 44],
    city: ['Oslo', 'Rome', null],
    member: [true, null, false],
    born: [new Date(0), null, new Date(5)],
  });

  it('has columns of four kinds, with what is missing', () => {
    expect(people.names).toEqual(['age', 'city', 'member', 'born']);
    expect(people.length).toBe(3);
    expect(people.numbers('age')).toEqual(Float64Array.of(31, Number.NaN, 44));
    expect(people.strings('city')).toEqual(['Oslo', 'Rome', null]);
    expect(people.booleans('member')).toEqual([true, null, false]);
    expect(people.column('born')).toEqual({ type: 'date', values: Float64Array.of(0, Number.NaN, 5) });
    expect([...people.rows()][1]).toEqual({ age: Number.NaN, city: 'Rome', member: null, born: Number.NaN });
  });

  it('picks rows in the order given', () => {
    expect([...people.pick([2, 0, 0]).rows()].map(({ born }) => born)).toEqual([5, 0, 0]);
    expect(people.pick(Int32Array.of()).length).toBe(0);
    expect(() => people.pick([3])).toThrow(DataError);
  });

  it('says what is wrong', () => {
    expect(() => people.numbers('aeg')).toThrow(ConfigError);
    expect(() => people.numbers('agee')).toThrow("the column 'agee' is not known: did you mean 'age'?");
    expect(() => people.strings('age')).toThrow(
      "the column 'age' has values of type number and none of string",
    );
    expect(() => table({ a: [1], b: [1, 2] })).toThrow("'a' has 1 values and 'b' 2");
    expect(() => table({ a: [null, 1, 'x'] })).toThrow(
      "begins with values of type number but has 'x' in row 2",
    );
    expect(() => table({ a: [{}] as never })).toThrow("the column 'a' holds numbers, texts");
    expect(() => table({ a: 5 as never })).toThrow("the column 'a' must be an array but is 5");
  });
});
