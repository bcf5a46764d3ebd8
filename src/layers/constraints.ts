/**
 * Bounds that a weight is brought back to after every update: see kernels/constraints.ts for the equations. Names,
 * defaults and axes are Keras's: the norms of a kernel `[inputs, units]` along axis 0 are those of the weights that
 * come into each unit; of an embedding `[vocabulary, units]`, those along axis 1 are the lengths of its vectors.
 */
import { ConfigError } from '../core/errors.js';
import { checkInteger, checkNumber, checkOptions, describe, unknownName } from '../core/options.js';
import type { Constraint } from '../core/parameter.js';
import { type Shape, sizeOf } from '../core/tensor.js';
import { boundBelowByZero, boundNorms } from '../kernels/constraints.js';

interface NormBounds {
  readonly minValue: number;
  readonly maxValue: number;
  readonly rate: number;
  readonly axis: number;
}

function normConstraint(
  { minValue, maxValue, rate, axis }: NormBounds,
  config: ReturnType<Constraint['config']>,
): Constraint {
  checkInteger(`${config.name}: axis`, axis, { min: 0, max: 1 });
  return {
    axis,
    apply: (w, shape: Shape) => {
      const before = sizeOf(shape.slice(0, axis));
      const after = sizeOf(shape.slice(axis + 1));
      boundNorms(w, before, shape[axis] as number, after, minValue, maxValue, rate);
    },
    config: () => config,
  };
}

/** Norms of `maxValue` at most, 2 by default, along `axis`, 0 by default (Srivastava et al. 2014). */
export function maxNorm(options: { maxValue?: number; axis?: number } = {}): Constraint {
  checkOptions('maxNorm', options, ['maxValue', 'axis']);
  const { maxValue = 2, axis = 0 } = options;
  checkNumber('maxNorm: maxValue', maxValue, { min: 0 });
  return normConstraint({ minValue: 0, maxValue, rate: 1, axis }, { name: 'maxNorm', maxValue, axis });
}

/**
 * Norms between `minValue`, 0 by default, and `maxValue`, 1 by default, along `axis`, 0 by default. A `rate` below 1
 * goes only that share of the way at each update.
 */
export function minMaxNorm(
  options: { minValue?: number; maxValue?: number; rate?: number; axis?: number } = {},
): Constraint {
  checkOptions('minMaxNorm', options, ['minValue', 'maxValue', 'rate', 'axis']);
  const { minValue = 0, maxValue = 1, rate = 1, axis = 0 } = options;
  checkNumber('minMaxNorm: minValue', minValue, { min: 0 });
  checkNumber('minMaxNorm: maxValue', maxValue, { min: minValue });
  checkNumber('minMaxNorm: rate', rate, { min: 0, max: 1 });
  const bounds = { minValue, maxValue, rate, axis };
  return normConstraint(bounds, { name: 'minMaxNorm', ...bounds });
}

/** Norms of 1 along `axis`, 0 by default. */
export function unitNorm(options: { axis?: number } = {}): Constraint {
  checkOptions('unitNorm', options, ['axis']);
  const { axis = 0 } = options;
  return normConstraint({ minValue: 1, maxValue: 1, rate: 1, axis }, { name: 'unitNorm', axis });
}

/** No number below 0: those that are become 0. */
export function nonNegative(): Constraint {
  return {
    axis: undefined,
    apply: (w) => boundBelowByZero(w, w.length),
    config: () => ({ name: 'nonNegative' }),
  };
}

const factories = { maxNorm, minMaxNorm, unitNorm, nonNegative };

/** Each name is the function of that name with its defaults. */
export type ConstraintName = keyof typeof factories;

type ConstraintOptions = { readonly name: string; readonly [option: string]: unknown };

/** A constraint from its name, from what a saved file holds of it, or itself. */
export function toConstraint(
  where: string,
  value: ConstraintName | Constraint | ConstraintOptions | undefined | null,
): Constraint | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'object' && 'apply' in value) return value as Constraint;
  const config = typeof value === 'string' ? { name: value } : (value as ConstraintOptions);
  if (typeof config !== 'object' || typeof config.name !== 'string') {
    throw new ConfigError(`${where} is a constraint such as maxNorm() but got ${describe(value)}`);
  }
  const { name, ...options } = config;
  if (!Object.hasOwn(factories, name))
    throw unknownName(`${where}: constraint`, name, Object.keys(factories));
  return (factories[name as ConstraintName] as (options: object) => Constraint)(options);
}
