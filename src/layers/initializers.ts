/**
 * What a weight is before training. Names, ranges and the truncation of normals are Keras 3's.
 *
 * For a matrix [fanIn, fanOut], with scale s and mode n (fanIn, or their mean for Glorot):
 *
 *     uniform on [-limit, limit], limit = sqrt(3 s / n)
 *     normal of deviation sqrt(s / n), truncated at two deviations and widened so that sqrt(s / n) remains
 *
 * A `seed` of its own makes an initializer draw the same numbers whatever the model's seed is; without one they are the
 * model's.
 *
 *     glorot: s = 1, n = (fanIn + fanOut) / 2 (Glorot and Bengio 2010)
 *     he: s = 2, n = fanIn (He et al. 2015)       lecun: s = 1, n = fanIn (LeCun et al. 1998)
 */
import { ConfigError } from '../core/errors.js';
import { checkInteger, checkNumber, checkOptions, describe, unknownName } from '../core/options.js';
import { Random } from '../core/random.js';
import type { Shape } from '../core/tensor.js';
import {
  fanIn,
  fillOrthogonal,
  fillUniform,
  type Initializer,
  type InitializerName,
  meanFan,
} from './plain-initializers.js';

export type { Initializer, InitializerName } from './plain-initializers.js';

/** Every weight 0. */
export function zeros(): Initializer {
  return { config: { name: 'zeros' }, fill: (values) => void values.fill(0) };
}

/** Every weight 1. */
export function ones(): Initializer {
  return { config: { name: 'ones' }, fill: (values) => void values.fill(1) };
}

/** Every weight the same value, 0 by default. */
export function constant(value = 0): Initializer {
  checkNumber('constant: value', value);
  return { config: { name: 'constant', value }, fill: (values) => void values.fill(value) };
}

/** What any initializer that draws random numbers may be given. */
export interface SeedOption {
  /** Draws from numbers of its own, the same for every weight that it fills; the model's by default. */
  seed?: number;
}

/** An initializer that draws random numbers: from the model's, or from its own where it has a seed. */
function drawing(
  config: Initializer['config'],
  { seed }: SeedOption,
  fill: Initializer['fill'],
): Initializer {
  if (seed === undefined) return { config, fill };
  checkInteger(`${config.name}: seed`, seed, { min: 0 });
  return {
    config: { ...config, seed },
    fill: (values, shape) => fill(values, shape, new Random(seed)),
  };
}

/** Uniform between `min` (-0.05 by default) and `max` (0.05). */
export function randomUniform(options: SeedOption & { min?: number; max?: number } = {}): Initializer {
  const hints = { minval: 'write min', maxval: 'write max' };
  checkOptions('randomUniform', options, ['min', 'max', 'seed'], hints);
  const { min = -0.05, max = 0.05 } = options;
  checkNumber('randomUniform: min', min);
  checkNumber('randomUniform: max', max, { min });
  return drawing({ name: 'randomUniform', min, max }, options, (values, _shape, random) =>
    fillUniform(values, random, min, max),
  );
}

/** Normal with `mean` 0 and `stddev` 0.05 by default, not truncated. */
export function randomNormal(options: SeedOption & { mean?: number; stddev?: number } = {}): Initializer {
  return normalInitializer('randomNormal', options, (random) => random.normal());
}

/** The same, with what lies beyond two deviations drawn again. */
export function truncatedNormal(options: SeedOption & { mean?: number; stddev?: number } = {}): Initializer {
  return normalInitializer('truncatedNormal', options, normalWithinTwo);
}

function normalInitializer(
  name: 'randomNormal' | 'truncatedNormal',
  options: SeedOption & { mean?: number; stddev?: number },
  draw: (random: Random) => number,
): Initializer {
  checkOptions(name, options, ['mean', 'stddev', 'seed']);
  const { mean = 0, stddev = 0.05 } = options;
  checkNumber(`${name}: mean`, mean);
  checkNumber(`${name}: stddev`, stddev, { min: 0 });
  return drawing({ name, mean, stddev }, options, (values, _shape, random) => {
    for (let k = 0; k < values.length; k++) values[k] = mean + stddev * draw(random);
  });
}

/** Uniform, for layers between sigmoids or tanhs. The default of every kernel. */
export const glorotUniform = (options: SeedOption = {}): Initializer =>
  varianceScaling('glorotUniform', options, 1, meanFan, 'uniform');
export const glorotNormal = (options: SeedOption = {}): Initializer =>
  varianceScaling('glorotNormal', options, 1, meanFan, 'normal');
/** For layers of rectifiers. */
export const heUniform = (options: SeedOption = {}): Initializer =>
  varianceScaling('heUniform', options, 2, fanIn, 'uniform');
export const heNormal = (options: SeedOption = {}): Initializer =>
  varianceScaling('heNormal', options, 2, fanIn, 'normal');
export const lecunUniform = (options: SeedOption = {}): Initializer =>
  varianceScaling('lecunUniform', options, 1, fanIn, 'uniform');
export const lecunNormal = (options: SeedOption = {}): Initializer =>
  varianceScaling('lecunNormal', options, 1, fanIn, 'normal');

/** The deviation of a standard normal truncated at two deviations. */
const TRUNCATED_DEVIATION = 0.87962566103423978;

function varianceScaling(
  name: InitializerName,
  options: SeedOption,
  scale: number,
  fan: (shape: Shape) => number,
  distribution: 'uniform' | 'normal',
): Initializer {
  checkOptions(name, options, ['seed']);
  return drawing({ name }, options, (values, shape, random) => {
    const variance = scale / Math.max(1, fan(shape));
    if (distribution === 'uniform') {
      const limit = Math.sqrt(3 * variance);
      fillUniform(values, random, -limit, limit);
      return;
    }
    const deviation = Math.sqrt(variance) / TRUNCATED_DEVIATION;
    for (let k = 0; k < values.length; k++) values[k] = deviation * normalWithinTwo(random);
  });
}

function normalWithinTwo(random: Random): number {
  for (;;) {
    const x = random.normal();
    if (x >= -2 && x <= 2) return x;
  }
}

/**
 * A random matrix with orthonormal rows or columns, whichever are fewer, times `gain` (Saxe, McClelland and
 * Ganguli 2014): the default of recurrent kernels, since products of such matrices neither vanish nor explode.
 */
export function orthogonal(options: SeedOption & { gain?: number } = {}): Initializer {
  checkOptions('orthogonal', options, ['gain', 'seed']);
  const { gain = 1 } = options;
  checkNumber('orthogonal: gain', gain);
  return drawing({ name: 'orthogonal', gain }, options, (values, shape, random) =>
    fillOrthogonal(values, shape, random, gain),
  );
}

type InitializerOptions = { readonly name: string; readonly [option: string]: unknown };

const factories: Record<InitializerName, (options: never) => Initializer> = {
  zeros,
  ones,
  constant: ({ value }: { value: number }) => constant(value),
  randomUniform,
  randomNormal,
  truncatedNormal,
  glorotUniform,
  glorotNormal,
  heUniform,
  heNormal,
  lecunUniform,
  lecunNormal,
  orthogonal,
};

/** An initializer from its name, from what a saved file holds of it, or itself. */
export function toInitializer(
  where: string,
  value: InitializerName | Initializer | InitializerOptions,
): Initializer {
  if (typeof value === 'object' && value !== null && 'fill' in value) return value as Initializer;
  const config = typeof value === 'string' ? { name: value } : value;
  if (typeof config !== 'object' || config === null || typeof config.name !== 'string') {
    throw new ConfigError(`${where} is the name of an initializer or one itself but got ${describe(value)}`);
  }
  const { name, ...options } = config;
  if (!Object.hasOwn(factories, name)) {
    throw unknownName(`${where}: initializer`, name, Object.keys(factories));
  }
  return (factories[name as InitializerName] as (options: unknown) => Initializer)(options);
}

/** The same for a bias, which is no matrix. */
export function toBiasInitializer(
  where: string,
  value: InitializerName | Initializer | InitializerOptions,
): Initializer {
  const initializer = toInitializer(where, value);
  if (initializer.config.name !== 'orthogonal') return initializer;
  throw new ConfigError(
    `${where}: orthogonal initializes matrices, not a bias; use zeros or constant(value)`,
  );
}
