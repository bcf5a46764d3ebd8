/** What the bench of the peers does by itself, without any of them: statistics, messages and the table. */
import { describe, expect, it } from 'vitest';
import { decodeMessage, encodeMessage } from '../../bench/peers/messages.js';
import { fittedExponent, largestDifference, median } from '../../bench/peers/statistics.js';
import {
  comparisonRow,
  formatNumber,
  formatRatio,
  markdownTable,
  missingRow,
} from '../../bench/peers/table.js';

describe('statistics', () => {
  it('takes the middle of an odd number of values, and the mean of the two middle ones of an even', () => {
    expect(median([30, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it('finds the exponent of a power, whatever its factor', () => {
    const x = [8, 16, 32, 64, 128];
    const cubes = x.map((value) => 0.3 * value ** 3);
    expect(fittedExponent(x, cubes)).toBeCloseTo(3, 12);
    const constant = x.map(() => 5);
    expect(fittedExponent(x, constant)).toBeCloseTo(0, 12);
  });

  it('takes arrays for infinitely different that have another length, or no numbers', () => {
    expect(largestDifference(Float32Array.of(1, 2), Float32Array.of(1.5, 1))).toBe(1);
    expect(largestDifference(Float32Array.of(1), Float32Array.of(1, 2))).toBe(Number.POSITIVE_INFINITY);
    expect(largestDifference(Float32Array.of(Number.NaN, 2), Float32Array.of(0, 2))).toBe(
      Number.POSITIVE_INFINITY,
    );
  });
});

describe('messages', () => {
  it('carry arrays to the bit, parts of a larger buffer too, on one line', () => {
    const part = Float32Array.of(9, 1 / 3, -0, 1e-45, Number.NaN, 9).subarray(1, 5);
    const line = encodeMessage({ do: 'train', weights: { 'lstm_1/kernel': part }, none: new Float32Array() });
    expect(line.indexOf('\n')).toBe(line.length - 1);
    expect(decodeMessage(line)).toEqual({
      do: 'train',
      weights: { 'lstm_1/kernel': part },
      none: new Float32Array(),
    });
  });
});

describe('the table', () => {
  const outcome = {
    ours: { about: 'simd', milliseconds: [2, 1, 3] },
    theirs: { about: 'PyTorch 2', milliseconds: [40, 80, 44] },
    ratioOfMedians: 2 / 44,
    medianOfRatios: 1 / 20,
    outputDifference: 1e-7,
    lossDifference: 0,
  };

  it('says of a bar whether it was held', () => {
    const held = comparisonRow('small: forward', 'PyTorch', 1 / 20, outcome);
    expect(held).toMatchObject({ bar: '<= 1/20', held: true, figure: '1/22.0 (by rounds 1/20.0)' });
    expect(held.ours).toBe('2.00 ms (1.00-3.00)');
    expect(held.theirs).toBe('PyTorch: 44.0 ms (40.0-80.0)');
    expect(held.note).toBe('simd against PyTorch 2; 3 rounds; outputs within 1e-7');
    expect(comparisonRow('', 'PyTorch', 1 / 60, outcome).held).toBe(false);
    expect(comparisonRow('', 'PyTorch', undefined, outcome)).toMatchObject({ bar: '-', held: undefined });
  });

  it('names what is missing, and why', () => {
    const row = missingRow('small: forward', 'brain.js', 0.75, 'Cannot find\n module');
    expect(markdownTable([row]).split('\n')[2]).toBe(
      '| small: forward |  | brain.js | missing | <= 0.75 |  | Cannot find module |',
    );
  });

  it('keeps a bar in a cell from ending it', () => {
    expect(markdownTable([missingRow('a | b', '', undefined, '')])).toContain('| a \\| b |');
  });

  it('rounds to three digits, and writes small ratios as fractions', () => {
    expect([1234.5, 12.345, 0.0012345, 0].map(formatNumber)).toEqual(['1235', '12.3', '0.00123', '0']);
    expect([1.234, 0.5, 1 / 25].map(formatRatio)).toEqual(['1.23', '0.50', '1/25.0']);
  });
});
