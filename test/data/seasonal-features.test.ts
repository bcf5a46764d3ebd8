/** Places in cycles: on the circle, and where the calendar says. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sineAndCosine } from '../../src/core/circle.js';
import { calendarFeatures, seasonalFeatures } from '../../src/index.js';

const turn = (features: Float64Array | undefined, k = 0) => {
  const [sine, cosine] = (features as Float64Array).subarray(2 * k, 2 * k + 2) as unknown as [number, number];
  return (Math.atan2(sine, cosine) / (2 * Math.PI) + 1) % 1;
};

test('sine and cosine of turns are those of angles, and exact at quarters', () => {
  fc.assert(
    fc.property(fc.double({ min: -3, max: 3, noNaN: true }), (x) => {
      const [sine, cosine] = sineAndCosine(x);
      expect(Math.abs(sine - Math.sin(2 * Math.PI * x))).toBeLessThan(1e-14);
      expect(Math.abs(cosine - Math.cos(2 * Math.PI * x))).toBeLessThan(1e-14);
      expect(Math.abs(sine * sine + cosine * cosine - 1)).toBeLessThan(5e-16);
    }),
  );
  expect([0, 0.25, 0.5, 0.75, 1, -0.25].map(sineAndCosine)).toEqual([
    [0, 1],
    [1, 0],
    [0, -1],
    [-1, 0],
    [0, 1],
    [-1, 0],
  ]);
  expect(sineAndCosine(1 / 12)[0]).toBeCloseTo(0.5, 15);
});

test('steps repeat after their periods, and go on where a series ends', () => {
  const rows = seasonalFeatures(30, { periods: [12, 7.5] });
  rows.slice(0, 15).forEach((row, t) => {
    expect(turn(row)).toBeCloseTo((t % 12) / 12, 12);
    expect(turn(row, 1)).toBeCloseTo((t % 7.5) / 7.5, 12);
  });
  expect(rows[24]?.subarray(0, 2)).toEqual(rows[0]?.subarray(0, 2));
  expect(seasonalFeatures(10, { periods: [12, 7.5], from: 20 })).toEqual(rows.slice(20));
});

test('dates have their place in the year, the month, the week and the day', () => {
  const [monday, noon, leap] = calendarFeatures(
    ['2024-01-01', '2023-07-02T12:00Z', new Date('2024-12-31')],
    ['year', 'month', 'week', 'day'],
  );
  expect([0, 1, 2, 3].map((k) => turn(monday, k))).toEqual([0, 0, 0, 0]);
  expect(turn(noon, 0)).toBeCloseTo(0.5, 12);
  expect(turn(noon, 1)).toBeCloseTo(1.5 / 31, 12);
  expect(turn(noon, 2)).toBeCloseTo(6.5 / 7, 12);
  expect(turn(noon, 3)).toBeCloseTo(0.5, 12);
  expect(turn(leap)).toBeCloseTo(365 / 366, 12);
  expect(calendarFeatures([0])).toEqual(calendarFeatures(['1970-01-01']));
  expect(turn(calendarFeatures([new Date(0).setUTCFullYear(99, 6, 2)])[0])).toBeCloseTo(0.5, 2);
});

test('mistakes are named', () => {
  expect(() => calendarFeatures(['1.2.2024'])).toThrow(
    "calendarFeatures: at place 0 the date '1.2.2024' is in none of the formats",
  );
  expect(() => calendarFeatures([new Date('no')])).toThrow('calendarFeatures: at place 0');
  expect(() => calendarFeatures([null] as never)).toThrow('null is no date');
  expect(() => calendarFeatures(['2024-01-01'], ['weak'] as never)).toThrow("did you mean 'week'?");
  expect(() => calendarFeatures('2024-01-01' as never, [])).toThrow('takes dates, in an array');
  expect(() => seasonalFeatures(3, { periods: [0] })).toThrow(
    'seasonalFeatures: periods[0] must be a number above 0',
  );
  expect(() => seasonalFeatures(3, { period: 12 } as never)).toThrow('write periods: [12]');
  expect(() => seasonalFeatures(3, {} as never)).toThrow('periods are numbers of steps');
});
