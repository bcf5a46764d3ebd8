/**
 * Mixtures of sines, the first thing that one lets a network continue: each sequence is the mean of a few sines, their
 * frequencies and phases drawn for each, and normal noise where it is asked for. The periods lie between 5 and 50 steps.
 * With noise of deviation s nobody foretells the next value with a mean squared error below s^2; there are no other figures.
 *
 * A sine is a point that turns around a circle, (c, s) -> (c cos w - s sin w, s cos w + c sin w), with cos w and sin w
 * from the tangent of half the angle, u: (1 - u^2) / (1 + u^2) and 2u / (1 + u^2). Nothing but sums, products, quotients
 * and roots, which are the same on every machine, as Math.sin is not.
 */
import { checkInteger, checkNumber } from '../../core/options.js';
import type { Random } from '../../core/random.js';
import { tensor } from '../../core/tensor.js';
import { type Dataset, type DatasetOptions, generatorOf } from './dataset.js';

/** Tangents of half the angle by which a sine with a period of 50, and of 5, turns in a step: tan(pi / period). */
const SLOWEST = 0.0629146672536491;
const FASTEST = 0.726542528005361;

export interface SineMixturesOptions extends DatasetOptions {
  /** How long the sequences are; 50 by default. */
  readonly steps?: number;
  /** How many sines are in each; 2 by default. */
  readonly components?: number;
  /** The deviation of the noise on every value; 0 by default. */
  readonly noise?: number;
}

/**
 * Draws mixtures of sines.
 *
 * @param rows  how many
 * @returns x `[rows, steps, 1]`, within -1 and 1 but for the noise; y `[rows, steps, 1]`, the value after each
 * @throws ConfigError for sizes that make no sense
 *
 * @example
 * const { x, y } = sineMixtures(500, { steps: 100, noise: 0.05, seed: 1 });
 * const model = sequential([lstm(16, { returnSequences: true }), dense(1)]);
 */
export function sineMixtures(rows: number, options: SineMixturesOptions = {}): Dataset {
  const random = generatorOf('sineMixtures', options, ['steps', 'components', 'noise']);
  checkInteger('sineMixtures: rows', rows);
  const steps = checkInteger('sineMixtures: steps', options.steps ?? 50);
  const components = checkInteger('sineMixtures: components', options.components ?? 2);
  const noise = checkNumber('sineMixtures: noise', options.noise ?? 0, { min: 0 });
  const x = new Float32Array(rows * steps);
  const y = new Float32Array(rows * steps);
  for (let row = 0; row < rows; row++) {
    const values = drawMixture(random, steps + 1, components);
    if (noise > 0)
      for (let t = 0; t <= steps; t++) values[t] = (values[t] as number) + noise * random.normal();
    x.set(values.subarray(0, steps), row * steps);
    y.set(values.subarray(1), row * steps);
  }
  return { x: tensor(x, [rows, steps, 1]), y: tensor(y, [rows, steps, 1]) };
}

function drawMixture(random: Random, steps: number, components: number): Float64Array {
  const values = new Float64Array(steps);
  for (let k = 0; k < components; k++) {
    let [cosine, sine] = drawDirection(random);
    const u = SLOWEST + (FASTEST - SLOWEST) * random.uniform();
    const turnCosine = (1 - u * u) / (1 + u * u);
    const turnSine = (2 * u) / (1 + u * u);
    for (let t = 0; t < steps; t++) {
      values[t] = (values[t] as number) + sine / components;
      [cosine, sine] = [cosine * turnCosine - sine * turnSine, sine * turnCosine + cosine * turnSine];
    }
  }
  return values;
}

/** A point on the circle, every angle as likely as another: points of the square until one lies within it. */
function drawDirection(random: Random): [number, number] {
  for (;;) {
    const x = 2 * random.uniform() - 1;
    const y = 2 * random.uniform() - 1;
    const length = Math.sqrt(x * x + y * y);
    if (length > 0 && length < 1) return [x / length, y / length];
  }
}
