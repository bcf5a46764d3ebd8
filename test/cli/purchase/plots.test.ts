import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calibrationSvg } from '../../../src/cli/purchase/plots.js';
import { roundAxis, roundStep } from '../../../src/core/chart.js';
import { checkXml } from '../../support/xml.js';

const bins = (shares: readonly number[]) =>
  shares.map((share, i) => ({ count: 12, meanPredicted: i / 10, share }));

describe('calibrationSvg', () => {
  it('draws a line for each model and the diagonal', () => {
    const svg = calibrationSvg([
      { name: 'LSTM', calibration: bins([0, 0.1, 0.25, 0.3]) },
      { name: 'recency alone', calibration: bins([0.1, 0.1, 0.2, 0.4]) },
    ]);
    checkXml(svg);
    expect(svg.match(/<polyline /g)).toHaveLength(2);
    expect(svg).toContain('stroke-dasharray');
    expect(svg).toContain('a tenth of the 48 test customers');
    expect(svg).toContain('LSTM: 20.0 % predicted, 25.0 % of 12 bought');
  });

  it('escapes whatever a name holds', () => {
    const svg = calibrationSvg([{ name: `<b>"&'\u0007`, calibration: bins([0.1]) }]);
    checkXml(svg);
    expect(svg).toContain('&lt;b&gt;&quot;&amp;&apos;');
  });

  it('is well-formed with nothing in it', () => {
    checkXml(calibrationSvg([]));
    checkXml(calibrationSvg([{ name: 'LSTM', calibration: bins([0]) }]));
  });
});

describe('axes', () => {
  it.each([
    [0.07, 0.1],
    [0.1, 0.1],
    [0.11, 0.2],
    [0.3, 0.5],
    [3, 5],
    [7, 10],
    [1000, 1000],
  ])('have no step finer than %d but %d', (width, step) => {
    expect(roundStep(width)).toBeCloseTo(step, 12);
  });

  it('end on ticks around what they show', () => {
    const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(value, value, (a, b) => {
        const [min, max] = [Math.min(a, b), Math.max(a, b)];
        fc.pre(max - min > 1e-3 || max === min);
        const axis = roundAxis('y', min, max);
        const slack = 1e-6 * axis.step;
        expect(axis.min).toBeLessThanOrEqual(min + slack);
        expect(axis.max).toBeGreaterThanOrEqual(max - slack);
        expect(axis.max).toBeGreaterThan(axis.min);
        expect((axis.max - axis.min) / axis.step).toBeLessThan(9);
      }),
    );
  });
});
