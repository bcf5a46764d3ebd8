/** Penalties on weights, part of the loss: see kernels/penalties.ts for the equations. */
import { ConfigError } from '../core/errors.js';
import { checkNumber, checkOptions, describe, unknownName } from '../core/options.js';
import type { Regularizer } from '../core/parameter.js';
import { l1Gradient, l1Penalty, l2Gradient, l2Penalty } from '../kernels/penalties.js';

/** `strength * sum of w^2`; its gradient is `2 strength w`. The default strength is Keras's, 0.01. */
export function l2(strength = 0.01): Regularizer {
  checkNumber('l2: strength', strength, { min: 0 });
  return {
    penalty: (w) => l2Penalty(w, w.length, strength),
    addGradient: (w, dw) => l2Gradient(w, dw, w.length, strength),
    config: () => ({ name: 'l2', strength }),
  };
}

/** `strength * sum of |w|`; its gradient is `strength sign(w)`. */
export function l1(strength = 0.01): Regularizer {
  checkNumber('l1: strength', strength, { min: 0 });
  return {
    penalty: (w) => l1Penalty(w, w.length, strength),
    addGradient: (w, dw) => l1Gradient(w, dw, w.length, strength),
    config: () => ({ name: 'l1', strength }),
  };
}

/** Both penalties together. The default strengths are Keras's, 0.01 each. */
export function l1l2(options: { l1?: number; l2?: number } = {}): Regularizer {
  checkOptions('l1l2', options, ['l1', 'l2']);
  const { l1: first = 0.01, l2: second = 0.01 } = options;
  checkNumber('l1l2: l1', first, { min: 0 });
  checkNumber('l1l2: l2', second, { min: 0 });
  return {
    penalty: (w) => l1Penalty(w, w.length, first) + l2Penalty(w, w.length, second),
    addGradient: (w, dw) => {
      l1Gradient(w, dw, w.length, first);
      l2Gradient(w, dw, w.length, second);
    },
    config: () => ({ name: 'l1l2', l1: first, l2: second }),
  };
}

/** `'l1'`, `'l2'` and `'l1l2'` have Keras's strengths, 0.01. */
export type RegularizerName = 'l1' | 'l2' | 'l1l2';

const factories: Record<RegularizerName, (config: RegularizerOptions) => Regularizer> = {
  l1: ({ strength }) => l1(strength as number | undefined),
  l2: ({ strength }) => l2(strength as number | undefined),
  l1l2: ({ name, ...options }) => l1l2(options),
};

type RegularizerOptions = { readonly name: string; readonly [option: string]: unknown };

/** A regularizer from its name, from what a saved file holds of it, or itself. */
export function toRegularizer(
  where: string,
  value: RegularizerName | Regularizer | RegularizerOptions | undefined | null,
): Regularizer | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'object' && 'addGradient' in value) return value as Regularizer;
  const config: RegularizerOptions =
    typeof value === 'string' ? { name: value } : (value as RegularizerOptions);
  if (typeof config !== 'object' || typeof config.name !== 'string') {
    throw new ConfigError(`${where} is a regularizer such as l2(0.01) but got ${describe(value)}`);
  }
  if (!Object.hasOwn(factories, config.name)) {
    throw unknownName(`${where}: regularizer`, config.name, Object.keys(factories));
  }
  return factories[config.name as RegularizerName](config);
}
