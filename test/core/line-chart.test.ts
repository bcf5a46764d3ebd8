/** Charts of users' numbers: well-formed, true to the numbers, and an error for numbers that do not fit. */
import { describe, expect, test } from 'vitest';
import { lineChart } from '../../src/index.js';
import { checkXml } from '../support/xml.js';

const base = { title: 'A & B', xLabel: 'step', yLabel: 'value' };

/** The corners of the first shape of this kind. */
function pointsOf(svg: string, shape: 'polyline' | 'polygon'): number[][] {
  const [, points] = new RegExp(`<${shape} points="([^"]*)"`).exec(svg) as unknown as [string, string];
  return points.split(' ').map((point) => point.split(',').map(Number));
}

describe('lineChart', () => {
  test('draws lines, bands and marks as one well-formed element', () => {
    const svg = lineChart({
      ...base,
      lines: [
        { name: '<truth>', y: [1, 2, 4] },
        { name: 'forecast', x: [1, 2], y: Float32Array.of(2, 3.5) },
      ],
      bands: [{ name: '80 %', x: [1, 2], lower: [1, 3], upper: [3, 4] }],
      marks: [{ x: 2, y: 4, text: 'the last' }],
    });
    checkXml(svg);
    for (const text of ['A &amp; B', '&lt;truth&gt;', 'forecast', '80 %', 'the last', 'step', 'value']) {
      expect(svg).toContain(text);
    }
  });

  test('puts numbers where they belong', () => {
    const line = pointsOf(lineChart({ ...base, lines: [{ name: 'a', y: [0, 1, 4] }] }), 'polyline');
    const [[x0, y0], [x1, y1], [x2, y2]] = line as [number[], number[], number[]] as [
      [number, number],
      [number, number],
      [number, number],
    ];
    expect(x1 - x0).toBeCloseTo(x2 - x1, 5);
    expect(y0 - y2).toBeCloseTo(4 * (y0 - y1), 0);
  });

  test('goes around a band, above and back below', () => {
    const bands = [{ name: 'b', lower: [0, 1], upper: [2, 3] }];
    const corners = pointsOf(lineChart({ ...base, lines: [{ name: 'a', y: [1, 2] }], bands }), 'polygon');
    const [above, , , below] = corners as [[number, number], number[], number[], [number, number]];
    expect(corners).toHaveLength(4);
    expect(above[0]).toBe(below[0]);
    expect(above[1]).toBeLessThan(below[1]);
  });

  test('leaves out what is not finite', () => {
    const svg = lineChart({
      ...base,
      lines: [{ name: 'a', y: [0, Number.NaN, 2, Number.POSITIVE_INFINITY] }],
    });
    expect(pointsOf(svg, 'polyline')).toHaveLength(2);
    expect(svg).not.toContain('NaN,');
  });

  test('says what does not fit', () => {
    expect(() => lineChart({ ...base, lines: [] })).toThrow('lines takes one line or more');
    expect(() => lineChart({ ...base, lines: [{ name: 'a', y: [1, 2], x: [1] }] })).toThrow(
      "the line 'a' has 2 numbers in one place and 1 in another",
    );
    const bands = [{ name: 'b', lower: [1], upper: [] }];
    expect(() => lineChart({ ...base, lines: [{ name: 'a', y: [1] }], bands })).toThrow("the band 'b'");
    expect(() => lineChart({ ...base, color: 'red' } as never)).toThrow("'color'");
  });
});
