/**
 * What the bias of a forget gate begins with. At 1 an untrained LSTM remembers for a few steps (Jozefowicz et al.
 * 2015); by chrono initialization (Tallec and Ollivier 2018) its units remember for between 1 and T steps, drawn for
 * each: b_f = log(u), u uniform on [1, T - 1], and b_i = -b_f where the cell has an input gate of its own.
 */

import { ConfigError } from '../core/errors.js';
import { log } from '../core/math.js';
import { checkInteger, checkOptions, describe } from '../core/options.js';
import type { Initializer } from './initializers.js';
import type { RecurrentOptions } from './recurrent-options.js';

/** Made by `chrono`. */
export interface Chrono {
  /** How many steps the longest dependence goes over. */
  readonly chrono: number;
}

export type ForgetBias = boolean | number | Chrono;

export interface ForgetBiasOption {
  /** What the forget gate's bias begins with, whatever the initializer says: true (the default) is 1, as Jozefowicz
   * et al. 2015 advise, a number is that number, `chrono(steps)` draws it, and the input gate's, for dependences of up
   * to so many steps; false leaves it to `biasInitializer`. */
  unitForgetBias?: ForgetBias;
}

/**
 * Chrono initialization (Tallec and Ollivier 2018), for `unitForgetBias`: biases of the forget and input gates with
 * which the units remember for between 1 and `steps` steps.
 *
 * @param steps  the longest dependence to be learned, at least 2
 * @throws ConfigError for fewer steps
 *
 * @example lstm(64, { unitForgetBias: chrono(784) })
 */
export function chrono(steps: number): Chrono {
  return { chrono: checkInteger('chrono: steps', steps, { min: 2 }) };
}

/** @throws ConfigError for what is none, or for one where there is no bias */
export function checkForgetBias(layer: string, options: ForgetBiasOption & RecurrentOptions): ForgetBias {
  const { unitForgetBias = true, useBias = true } = options;
  if (!useBias && options.unitForgetBias !== undefined && unitForgetBias !== false) {
    throw new ConfigError(`${layer}: unitForgetBias needs a bias: leave it out, or useBias: false`);
  }
  if (typeof unitForgetBias === 'boolean' || Number.isFinite(unitForgetBias)) return unitForgetBias;
  if (typeof unitForgetBias === 'object' && unitForgetBias !== null && 'chrono' in unitForgetBias) {
    checkOptions(`${layer}: unitForgetBias`, unitForgetBias, ['chrono']);
    return chrono(unitForgetBias.chrono);
  }
  throw new ConfigError(
    `${layer}: unitForgetBias must be true, false, a number or chrono(steps) but is ${describe(unitForgetBias)}`,
  );
}

/** The initializer of a bias [G, units] with that of its forget gate; `gates` are the letters in their order: 'ifgo'. */
export function withForgetBias(
  initializer: Initializer,
  forgetBias: ForgetBias,
  gates: string,
  units: number,
): Initializer {
  if (forgetBias === false) return initializer;
  const forget = units * gates.indexOf('f');
  const input = units * gates.indexOf('i');
  return {
    config: initializer.config,
    fill: (values, shape, random) => {
      initializer.fill(values, shape, random);
      if (typeof forgetBias !== 'object') {
        values.fill(Number(forgetBias), forget, forget + units);
        return;
      }
      for (let j = 0; j < units; j++) {
        const bias = log(1 + (forgetBias.chrono - 2) * random.uniform());
        values[forget + j] = bias;
        if (input >= 0) values[input + j] = -bias;
      }
    },
  };
}
