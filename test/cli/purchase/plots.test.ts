import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calibrationSvg, trainingSvg } from '../../../src/cli/purchase/plots.js';
import { roundAxis, roundStep } from '../../../src/core/chart.js';
import { checkXml } from '../../support/xml.js';

const bins = (shares: readonly number[]) =>
  shares.map((share, i) => ({ count: 12, meanPredicted: i / 10, share }));

describe('trainingSvg', () => {
  const history = { loss: [0.5, 0.42, 0.4, 0.39], validationLoss: [0.45, 0.41, 0.4, 0.405] };

  it('draws both losses and marks the best epoch', () => {
    const svg = trainingSvg(history);
    checkXml(svg);
    expect(svg.match(/<polyline /g)).toHaveLength(2);
    expect(svg).toContain('best: 0.4000 after epoch 3');
    expect(svg).toContain('validation customers');
    expect(svg).toContain('training customers: 0.4200 after epoch 2');
  });

  it.each([
    ['no epoch', { loss: [], validationLoss: [] }],
    ['one epoch', { loss: [0.5], validationLoss: [0.4] }],
    ['a loss that does not move', { loss: [0.5, 0.5], validationLoss: [0.5, 0.5] }],
    [
      'losses that are not finite',
      { loss: [Number.NaN, 1], validationLoss: [Number.POSITIVE_INFINITY, Number.NaN] },
    ],
    ['a thousand epochs', { loss: Array(1000).fill(0.3), validationLoss: Array(1000).fill(0.2) }],
  ])('is well-formed with %s', (_, some) => {
    const svg = trainingSvg(some);
    checkXml(svg);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });
});

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
