/**
 * The Mackey-Glass equation (Mackey and Glass, "Oscillation and Chaos in Physiological Control Systems", Science 197,
 * 1977), a chaotic series for forecasts:
 *
 *     x'(t) = 0.2 x(t - tau) / (1 + x(t - tau)^10) - 0.1 x(t)
 *
 * It is chaotic for tau above 16.8; tau = 17 is the usual choice. Solved with the classical Runge-Kutta method at a step of
 * .1, and what lies tau ago, between two steps, by the cubic through both and their slopes, so that all of it is of
 * fourth order. Sums, products and quotients alone: the series is the same on every machine.
 *
 * Published: Gers, Eck and Schmidhuber, "Applying LSTM to Time Series Predictable through Time-Window Approaches", 2001:
 * an LSTM that reads one value at a time foretells it worse than a perceptron that sees a window. Jaeger and Haas,
 * "Harnessing Nonlinearity", Science 304, 2004: an echo state network, 84 steps ahead, within 10^-4.2 of the deviation.
 */
import { checkInteger } from '../../core/options.js';
import { type DatasetOptions, generatorOf } from './dataset.js';

const STEPS_PER_UNIT = 10;
const H = 1 / STEPS_PER_UNIT;

export interface MackeyGlassOptions extends DatasetOptions {
  /** The delay, a whole number; 17 by default. */
  readonly tau?: number;
  /** How many units of time lie between two values of the series; 1 by default, 6 in many comparisons. */
  readonly every?: number;
  /** How many units of time pass before the first value, while the beginning is forgotten; 0 by default. */
  readonly skip?: number;
}

/**
 * Solves the Mackey-Glass equation. Until time 0 x is constant, at a value between 1.1 and 1.3 that the seed decides.
 *
 * @param steps  how many values
 * @returns the series, x at 0, `every`, `2 every` and so on, after `skip`
 * @throws ConfigError for sizes that make no sense
 *
 * @example const series = mackeyGlass(3000, { tau: 17, skip: 500, seed: 1 });
 */
export function mackeyGlass(steps: number, options: MackeyGlassOptions = {}): Float64Array {
  const random = generatorOf('mackeyGlass', options, ['tau', 'every', 'skip']);
  checkInteger('mackeyGlass: steps', steps);
  const tau = checkInteger('mackeyGlass: tau', options.tau ?? 17);
  const every = checkInteger('mackeyGlass: every', options.every ?? 1);
  const skip = checkInteger('mackeyGlass: skip', options.skip ?? 0, { min: 0 });
  const fine = solve(1.1 + 0.2 * random.uniform(), tau, (skip + (steps - 1) * every) * STEPS_PER_UNIT);
  return Float64Array.from({ length: steps }, (_, k) => fine[(skip + k * every) * STEPS_PER_UNIT] as number);
}

/** x at 0, H, 2H and so on, `count` steps of it. */
function solve(start: number, tau: number, count: number): Float64Array {
  const delay = tau * STEPS_PER_UNIT;
  const x = new Float64Array(count + 1).fill(start, 0, 1);
  const slopes = new Float64Array(count + 1);
  for (let k = 0; k < count; k++) {
    const now = x[k] as number;
    // Constant until 0, where the slope jumps: no cubic reaches over that.
    let [before, between, after] = [start, start, start];
    if (k >= delay) {
      before = x[k - delay] as number;
      after = x[k - delay + 1] as number;
      const bend = (slopes[k - delay] as number) - (slopes[k - delay + 1] as number);
      between = (before + after) / 2 + (H / 8) * bend;
    }
    const k1 = slope(now, before);
    const k2 = slope(now + (H / 2) * k1, between);
    const k3 = slope(now + (H / 2) * k2, between);
    const k4 = slope(now + H * k3, after);
    slopes[k] = k1;
    x[k + 1] = now + (H / 6) * (k1 + 2 * k2 + 2 * k3 + k4);
  }
  return x;
}

function slope(now: number, delayed: number): number {
  const square = delayed * delayed;
  const tenth = square * square * square * square * square;
  return (0.2 * delayed) / (1 + tenth) - 0.1 * now;
}
