import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  derivatives,
  fitLogistic,
  type Matrix,
  predictLogistic,
  scaledDesign,
} from '../../../src/cli/purchase/logistic-regression.js';
import { sigmoid } from '../../../src/core/math.js';
import { Random } from '../../../src/core/random.js';

const matrix = (rows: readonly (readonly number[])[]): Matrix => ({
  data: Float64Array.from(rows.flat()),
  rows: rows.length,
  columns: rows[0]?.length ?? 0,
});

/** The largest part of the gradient at the fitted weights. */
function gradientAtFit(features: Matrix, labels: readonly number[]): number {
  const model = fitLogistic(features, labels);
  const design = scaledDesign(features, model.means, model.scales);
  return Math.max(...derivatives(design, labels, model.weights).gradient.map(Math.abs));
}

describe('fitLogistic', () => {
  it('ends where the gradient is zero, also on data that are separable, collinear or constant', () => {
    const row = fc.tuple(
      fc.integer({ min: 0, max: 1 }),
      fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 3, maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 30 }), (rows) => {
        const features = matrix(
          rows.map(([, [a, b, c]]) => [
            a as number,
            b as number,
            c as number,
            (a as number) + (b as number),
            7,
          ]),
        );
        expect(
          gradientAtFit(
            features,
            rows.map(([label]) => label),
          ),
        ).toBeLessThan(1e-10);
      }),
    );
  });

  it('has the gradient of its loss, by central differences', () => {
    const random = new Random(4);
    const rows = Array.from({ length: 30 }, () => [random.normal(), random.normal()]);
    const labels = rows.map(() => random.below(2));
    const design = scaledDesign(matrix(rows), Float64Array.of(0, 0), Float64Array.of(1, 1));
    const weights = Float64Array.of(0.3, -0.7, 1.1);
    const { gradient, hessian } = derivatives(design, labels, weights);
    const h = 1e-5;
    for (let i = 0; i < 3; i++) {
      const moved = (by: number) =>
        derivatives(
          design,
          labels,
          weights.map((w, j) => (i === j ? w + by : w)),
        ).gradient;
      for (let j = i; j < 3; j++) {
        const slope = ((moved(h)[j] as number) - (moved(-h)[j] as number)) / (2 * h);
        expect(hessian[j * 3 + i]).toBeCloseTo(slope, 8);
      }
    }
    const loss = (at: Float64Array) =>
      rows.reduce(
        (sum, row, r) => {
          const z =
            (at[0] as number) +
            (at[1] as number) * (row[0] as number) +
            (at[2] as number) * (row[1] as number);
          return sum + (Math.log1p(Math.exp(z)) - (labels[r] as number) * z) / 30;
        },
        (1e-6 / 2) * at.reduce((sum, w) => sum + w * w, 0),
      );
    for (let i = 0; i < 3; i++) {
      const moved = (by: number) => loss(weights.map((w, j) => (i === j ? w + by : w)));
      expect(gradient[i]).toBeCloseTo((moved(h) - moved(-h)) / (2 * h), 8);
    }
  });

  it('finds the coefficients that made the data', () => {
    const random = new Random(5);
    const rows = Array.from({ length: 50_000 }, () => [random.normal(), 10 * random.normal() + 3]);
    const labels = rows.map(([a, b]) =>
      random.uniform() < sigmoid(-1 + 0.8 * (a as number) - 0.05 * (b as number)) ? 1 : 0,
    );
    const { weights, means, scales } = fitLogistic(matrix(rows), labels);
    const slopes = [1, 2].map((i) => (weights[i] as number) * (scales[i - 1] as number));
    const intercept =
      (weights[0] as number) - slopes.reduce((sum, slope, i) => sum + slope * (means[i] as number), 0);
    expect(intercept).toBeCloseTo(-1, 1);
    expect(slopes[0]).toBeCloseTo(0.8, 1);
    expect(slopes[1]).toBeCloseTo(-0.05, 2);
  });

  it('predicts the mean label on average, and the labels themselves where they are separable', () => {
    const features = matrix([[1], [2], [3], [4], [5]]);
    const mixed = [0, 1, 0, 1, 1];
    const mean = predictLogistic(fitLogistic(features, mixed), features).reduce((sum, p) => sum + p, 0) / 5;
    expect(mean).toBeCloseTo(0.6, 5);
    const separate = predictLogistic(fitLogistic(features, [0, 0, 0, 1, 1]), features);
    expect([...separate].map(Math.round)).toEqual([0, 0, 0, 1, 1]);
  });

  it('predicts one probability where nothing varies', () => {
    const features = matrix([[2], [2], [2], [2]]);
    const p = predictLogistic(fitLogistic(features, [1, 0, 0, 0]), features);
    for (const each of p) expect(each).toBeCloseTo(0.25, 5);
  });
});
