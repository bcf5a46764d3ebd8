/** Which set of kernels computes. */
import { ConfigError } from '../core/errors.js';
import { unknownName } from '../core/options.js';
import type { Precision } from './memory.js';

const backendNames = ['auto', 'reference'] as const;

/** `auto` takes the fastest that this engine has: the reference kernels, the only set so far. */
export type BackendName = (typeof backendNames)[number];

export interface Backend {
  readonly name: Exclude<BackendName, 'auto'>;
  /**
   * The kernels to use in place of the reference ones given: this backend's own where it has them. A layer names
   * the kernels it needs here, so that a bundle holds no others.
   */
  bind<K extends object>(kernels: K): K;
}

const reference: Backend = { name: 'reference', bind: (kernels) => kernels };

/** @throws ConfigError for a name that is not known, or a precision that is not */
export function selectBackend(name: BackendName, precision: Precision): Backend {
  if (!backendNames.includes(name)) throw unknownName('backend', String(name), backendNames);
  if (precision !== 'float32' && precision !== 'float64') {
    throw new ConfigError(`precision must be 'float32' or 'float64' but is '${String(precision)}'`);
  }
  return reference;
}
