/** What layers with weights have in common. */
import type { Planner } from '../backend/plan.js';
import { ConfigError } from '../core/errors.js';
import { checkInteger } from '../core/options.js';
import type { Region } from '../core/region.js';
import { checkFirst, type LayerParameter } from './layer.js';

/** @throws ConfigError when `units` is not a whole number above 0 */
export function checkUnits(layer: string, units: unknown): number {
  checkFirst(layer, 'the number of units', 'units', units);
  return checkInteger(`${layer}: units`, units);
}

/** @throws ConfigError for a penalty on a bias that is not there */
export function checkBiasRegularizer(layer: string, useBias: boolean, regularizer: unknown): void {
  if (useBias || regularizer === undefined || regularizer === null) return;
  throw new ConfigError(`${layer}: biasRegularizer needs a bias: leave it out, or useBias: false`);
}

/**
 * The bias as the kernels want it: the layer's own, or zeros where it has none, so that a kernel needs no case
 * for that. `prepare` comes before every forward pass.
 */
export function planBias(
  planner: Planner,
  bias: LayerParameter | undefined,
  size: number,
): { value: Region; gradient: Region; prepare: () => void } {
  if (bias) return { value: bias.value, gradient: bias.gradient, prepare: () => {} };
  const value = planner.arena.floats(size);
  // What is added to this gradient is read by nobody.
  const gradient = planner.arena.floats(size);
  return { value, gradient, prepare: () => void value.array.fill(0) };
}
