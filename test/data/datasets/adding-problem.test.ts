import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addingProblem, ConfigError } from '../../../src/index.js';

test('the answer is the sum of the two marked numbers, one in either half', () => {
  const sizes = fc.record({
    rows: fc.integer({ min: 1, max: 8 }),
    steps: fc.integer({ min: 2, max: 40 }),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(sizes, ({ rows, steps, seed }) => {
      const { x, y } = addingProblem(rows, { steps, seed });
      expect([x.shape, y.shape]).toEqual([
        [rows, steps, 2],
        [rows, 1],
      ]);
      for (let row = 0; row < rows; row++) {
        const cells = Array.from(x.data.subarray(2 * row * steps, 2 * (row + 1) * steps));
        const values = cells.filter((_, k) => k % 2 === 0);
        const marks = cells.filter((_, k) => k % 2 === 1);
        expect(values.every((value) => value >= -1 && value < 1)).toBe(true);
        expect(marks.every((mark) => mark === 0 || mark === 1)).toBe(true);
        const [first, second, ...others] = [...marks.keys()].filter((t) => marks[t] === 1) as number[];
        expect(others).toEqual([]);
        expect(first).toBeLessThan(Math.floor(steps / 2));
        expect(second).toBeGreaterThanOrEqual(Math.floor(steps / 2));
        const sum = (values[first as number] as number) + (values[second as number] as number);
        expect(y.data[row]).toBe(Math.fround(sum));
      }
    }),
  );
});

test('values, marks and sums are spread as they should be', () => {
  const { x, y } = addingProblem(4000, { steps: 10, seed: 3 });
  const meanOf = (values: ArrayLike<number>) =>
    Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
  expect(meanOf(y.data.map((sum) => sum * sum))).toBeCloseTo(2 / 3, 1);
  expect(meanOf(y.data)).toBeCloseTo(0, 1);
  for (let t = 0; t < 10; t++) {
    const marks = Array.from({ length: 4000 }, (_, row) => x.data[2 * (10 * row + t) + 1] as number);
    expect(Math.abs(meanOf(marks) - 0.2)).toBeLessThan(0.03);
  }
});

test('a seed decides all of it, and another one draws others', () => {
  const draw = (seed?: number) => addingProblem(3, { steps: 5, ...(seed !== undefined && { seed }) });
  expect(draw(7)).toEqual(draw(7));
  expect(draw()).toEqual(draw(0));
  expect(draw(7)).not.toEqual(draw(8));
});

test('sizes that make no sense are refused', () => {
  expect(() => addingProblem(0)).toThrow(
    new ConfigError('addingProblem: rows must be a number at least 1 but is 0'),
  );
  expect(() => addingProblem(1, { steps: 1 })).toThrow(
    'addingProblem: steps must be a number at least 2 but is 1',
  );
  expect(() => addingProblem(1, { seed: 0.5 })).toThrow(
    'addingProblem: seed must be a whole number at least 0 but is 0.5',
  );
  expect(() => addingProblem(1, { step: 5 } as object)).toThrow("did you mean 'steps'?");
});
