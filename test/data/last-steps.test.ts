import { describe, expect, it } from 'vitest';
import { ShapeError } from '../../src/core/errors.js';
import { tensor } from '../../src/core/tensor.js';
import { lastSteps } from '../../src/data/last-steps.js';

describe('lastSteps', () => {
  const values = tensor([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [2, 3, 2], { lengths: [1, 3] });

  it('takes the last real step of each row', () => {
    expect(lastSteps(values)).toEqual(tensor([1, 2, 11, 12], [2, 2]));
    expect(lastSteps(values, [2, 1])).toEqual(tensor([3, 4, 7, 8], [2, 2]));
    expect(lastSteps(tensor(Float64Array.of(1, 2, 3, 4), [2, 2]))).toEqual(
      tensor(Float64Array.of(2, 4), [2]),
    );
  });

  it('refuses what has no last step', () => {
    expect(() => lastSteps(values, [0, 1])).toThrow('lastSteps: row 0 has no step');
    expect(() => lastSteps(values, [1])).toThrow(ShapeError);
    expect(() => lastSteps(tensor([1], [1]))).toThrow(
      'takes [rows, steps, features] or [rows, steps] but got [1]',
    );
  });
});
