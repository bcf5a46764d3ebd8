/** What layers with weights have in common. */
import type { Planner } from '../backend/plan.js';
import { ConfigError } from '../core/errors.js';
import { checkInteger } from '../core/options.js';
import type { Region } from '../core/region.js';
import { toConstraint } from './constraints.js';
import { type InitializerName, toBiasInitializer, toInitializer } from './initializers.js';
import { checkFirst, type LayerParameter, type WeightRules } from './layer.js';
import { toRegularizer } from './regularizers.js';

/** @throws ConfigError when `units` is not a whole number above 0 */
export function checkUnits(layer: string, units: unknown): number {
  checkFirst(layer, 'the number of units', 'units', units);
  return checkInteger(`${layer}: units`, units);
}

/** The names of the options of such weights: of a kernel `kernelInitializer`, `kernelRegularizer`, `kernelConstraint`. */
export function weightOptionNames(...weights: string[]): string[] {
  return weights.flatMap((weight) => [`${weight}Initializer`, `${weight}Regularizer`, `${weight}Constraint`]);
}

/**
 * What the options say of one weight.
 *
 * @param first  the initializer where they name none
 * @param axes  how many axes the weight has: a vector is not orthogonal, and its only norm is along axis 0
 */
export function toWeightRules(
  layer: string,
  weight: string,
  options: object,
  first: InitializerName,
  axes: 1 | 2,
): WeightRules {
  const { [`${weight}Initializer`]: initializer = first, ...others } = options as Record<string, never>;
  const where = `${layer}: ${weight}`;
  const constraint = toConstraint(`${where}Constraint`, others[`${weight}Constraint`]);
  if ((constraint?.axis ?? 0) >= axes) {
    throw new ConfigError(`${where}Constraint: the ${weight} has no axis 1, its norm is along axis 0`);
  }
  const toFirst = axes === 1 ? toBiasInitializer : toInitializer;
  return {
    initializer: toFirst(`${where}Initializer`, initializer),
    regularizer: toRegularizer(`${where}Regularizer`, others[`${weight}Regularizer`]),
    constraint,
  };
}

/** The same options for a saved file. */
export function weightConfig(
  weight: string,
  { initializer, regularizer, constraint }: WeightRules,
): Record<string, unknown> {
  return {
    [`${weight}Initializer`]: initializer.config,
    [`${weight}Regularizer`]: regularizer?.config() ?? null,
    [`${weight}Constraint`]: constraint?.config() ?? null,
  };
}

/** @throws ConfigError for a penalty or a bound on a weight that the layer is told not to have */
export function checkAbsent(layer: string, weight: string, options: object, without: string): void {
  for (const name of [`${weight}Regularizer`, `${weight}Constraint`]) {
    const value = (options as Record<string, unknown>)[name];
    if (value === undefined || value === null) continue;
    throw new ConfigError(`${layer}: ${name} needs a ${weight}: leave it out, or ${without}`);
  }
}

/** A weight as the kernels see it. */
export interface PlannedWeight {
  readonly value: Region;
  readonly gradient: Region;
}

/** One whose `prepare` comes before every forward pass. */
export interface PreparedWeight extends PlannedWeight {
  readonly prepare: () => void;
}

/** A weight that needs no preparation. */
export function ready({ value, gradient }: PlannedWeight): PreparedWeight {
  return { value, gradient, prepare: () => {} };
}

/** The layer's own weight or, where it has none, a constant in its place, so that a kernel needs no case for that. */
export function planWeight(
  planner: Planner,
  weight: LayerParameter | undefined,
  size: number,
  constant: number,
): PreparedWeight {
  if (weight) return ready(weight);
  const value = planner.arena.floats(size);
  // What is added to this gradient is read by nobody.
  const gradient = planner.arena.floats(size);
  return { value, gradient, prepare: () => void value.array.fill(constant) };
}

/** The bias, or zeros where there is none. */
export function planBias(planner: Planner, bias: LayerParameter | undefined, size: number): PreparedWeight {
  return planWeight(planner, bias, size, 0);
}
