/** The generated numbers: parity, sines and the Mackey-Glass equation. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mackeyGlass, parity, sineMixtures } from '../../../src/index.js';

describe('parity', () => {
  test('says whether the number of ones is odd, at each step and at the end', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.nat(), (steps, seed) => {
        const { x, y, running } = parity(4, { steps, seed });
        expect([x.shape, y.shape, running.shape]).toEqual([
          [4, steps, 1],
          [4, 1],
          [4, steps],
        ]);
        for (let row = 0; row < 4; row++) {
          const bits = Array.from(x.data.subarray(row * steps, (row + 1) * steps));
          expect(bits.every((bit) => bit === 0 || bit === 1)).toBe(true);
          const odd = bits.map((_, t) => bits.slice(0, t + 1).filter((bit) => bit === 1).length % 2);
          expect(Array.from(running.data.subarray(row * steps, (row + 1) * steps))).toEqual(odd);
          expect(y.data[row]).toBe(odd.at(-1));
        }
      }),
    );
    expect(parity(3, { seed: 1 })).toEqual(parity(3, { seed: 1 }));
    expect(parity(9, { seed: 1 })).not.toEqual(parity(9, { seed: 2 }));
  });
});

describe('sineMixtures', () => {
  test('y is the value after each of x', () => {
    const { x, y } = sineMixtures(3, { steps: 20, noise: 0.1, seed: 1 });
    for (let row = 0; row < 3; row++) {
      const start = 20 * row;
      expect(y.data.subarray(start, start + 19)).toEqual(x.data.subarray(start + 1, start + 20));
    }
  });

  // A sum of two sines obeys z(t+2) + z(t-2) = a (z(t+1) + z(t-1)) + b z(t), with a and b of its two frequencies alone.
  test('is made of as many sines as it says, with periods of 5 to 50 steps', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const { x } = sineMixtures(1, { steps: 60, components: 1, seed });
        const z = Array.from(x.data);
        const peak = Math.max(...z.map(Math.abs));
        expect(peak).toBeLessThanOrEqual(1 + 1e-6);
        // The largest value has the least rounding: 2 cos w from it and its neighbors.
        const at = z
          .slice(1, -1)
          .reduce((best, v, k) => (Math.abs(v) > Math.abs(z[best] as number) ? k + 1 : best), 1);
        const twoCosine = ((z[at - 1] as number) + (z[at + 1] as number)) / (z[at] as number);
        for (let t = 1; t < 59; t++) {
          const next = twoCosine * (z[t] as number) - (z[t - 1] as number);
          expect(Math.abs((z[t + 1] as number) - next)).toBeLessThan(1e-5);
        }
        const period = (2 * Math.PI) / Math.acos(twoCosine / 2);
        expect(period).toBeGreaterThan(4.99);
        expect(period).toBeLessThan(50.1);
      }),
    );
  });

  test('noise has the deviation that was asked for', () => {
    const [clean, noisy] = [0, 0.2].map(
      (noise) => sineMixtures(400, { steps: 25, components: 3, noise, seed: 9 }).x.data,
    );
    expect(Math.max(...(clean as Float32Array))).toBeLessThanOrEqual(1 + 1e-6);
    const power = (values: Float32Array) => values.reduce((sum, v) => sum + v * v, 0) / values.length;
    expect(power(noisy as Float32Array) - power(clean as Float32Array)).toBeGreaterThan(0.02);
    expect(power(noisy as Float32Array) - power(clean as Float32Array)).toBeLessThan(0.06);
    expect(() => sineMixtures(1, { noise: -1 })).toThrow(
      'sineMixtures: noise must be a number at least 0 but is -1',
    );
  });
});

describe('mackeyGlass', () => {
  /** The equation by Euler's method in steps of 1/n, x constant before time 0: another method, and far finer. */
  function euler(start: number, tau: number, units: number, n: number): number[] {
    const x = [start];
    for (let k = 0; k < units * n; k++) {
      const now = x[k] as number;
      const delayed = x[Math.max(0, k - tau * n)] as number;
      x.push(now + ((0.2 * delayed) / (1 + delayed ** 10) - 0.1 * now) / n);
    }
    return x.filter((_, k) => k % n === 0);
  }

  test('solves its equation', () => {
    for (const tau of [17, 30]) {
      const series = mackeyGlass(121, { tau, seed: tau });
      const [start] = series as unknown as [number];
      // Euler's error is halved with the step, so that twice the finer minus the coarser has none to first order.
      const [coarse, fine] = [500, 1000].map((n) => euler(start, tau, 120, n)) as [number[], number[]];
      series.forEach((value, t) => {
        expect(Math.abs(value - (2 * (fine[t] as number) - (coarse[t] as number))), `t = ${t}`).toBeLessThan(
          1e-6,
        );
      });
    }
  });

  test('begins where the seed says, skips, and takes every so many units', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 9 }), fc.nat({ max: 50 }), (seed, every, skip) => {
        const all = mackeyGlass(skip + 9 * every + 1, { seed });
        expect(all[0]).toBeGreaterThanOrEqual(1.1);
        expect(all[0]).toBeLessThan(1.3);
        expect(Array.from(mackeyGlass(10, { seed, every, skip }))).toEqual(
          Array.from({ length: 10 }, (_, k) => all[skip + k * every]),
        );
      }),
      { numRuns: 20 },
    );
    expect(mackeyGlass(5, { seed: 1 })).not.toEqual(mackeyGlass(5, { seed: 2 }));
  });

  test('stays within the bounds that are known of it', () => {
    const series = mackeyGlass(2000, { skip: 300, seed: 1 });
    expect(Math.min(...series)).toBeGreaterThan(0.2);
    expect(Math.max(...series)).toBeLessThan(1.4);
  });

  test('refuses what makes no sense', () => {
    expect(() => mackeyGlass(0)).toThrow('mackeyGlass: steps must be a number at least 1 but is 0');
    expect(() => mackeyGlass(5, { tau: 1.5 })).toThrow(
      'mackeyGlass: tau must be a whole number at least 1 but is 1.5',
    );
  });
});
