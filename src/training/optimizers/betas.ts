/** What Adam and its relatives share: two decays, and the corrections of means that began at 0. */
import { power } from '../../core/math.js';
import { checkNumber } from '../../core/options.js';

export interface BetaOptions {
  /** The decay of the mean of gradients; 0.9 by default. */
  beta1?: number;
  /** The decay of the mean of their squares; 0.999 by default. */
  beta2?: number;
  /** Added to the root of the mean square, after its bias is corrected; 1e-7 by default. */
  epsilon?: number;
}

export function checkBetas(
  where: string,
  { beta1 = 0.9, beta2 }: BetaOptions,
  defaultBeta2: number,
): { readonly beta1: number; readonly beta2: number } {
  return {
    beta1: checkNumber(`${where}: beta1`, beta1, { min: 0, below: 1 }),
    beta2: checkNumber(`${where}: beta2`, beta2 ?? defaultBeta2, { min: 0, below: 1 }),
  };
}

/**
 * Gives 1 - beta^t of each beta at the update after `iterations` others, computed once an update and not once a weight. It
 * is the same array each time: a number that a function returns may need memory of its own.
 */
export function correctionsOf(...betas: readonly number[]): (iterations: number) => Float64Array {
  const kept = new Float64Array(betas.length);
  let latest = -1;
  return (iterations) => {
    if (iterations !== latest) {
      for (let i = 0; i < betas.length; i++) kept[i] = 1 - power(betas[i] as number, iterations + 1);
    }
    latest = iterations;
    return kept;
  };
}
