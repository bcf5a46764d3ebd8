/** Which set of kernels computes, by its name: the reference, or its twins in WebAssembly. */
import { ConfigError } from '../core/errors.js';
import { unknownName } from '../core/options.js';
import { type Backend, type KernelSetName, reference } from './kernel-set.js';
import type { Precision } from './memory.js';
import { reasonAgainst, relaxedSimd, simd } from './simd.js';

const backendNames = ['auto', 'relaxedSimd', 'simd', 'reference'] as const;

/**
 * `relaxedSimd` is WebAssembly with fused multiply-add, `simd` without, `reference` plain TypeScript; `auto` takes
 * the first of them that the engine has.
 */
export type BackendName = (typeof backendNames)[number];

/** In WebAssembly, what `auto` takes, the faster first. */
const variants = { relaxedSimd, simd };

/** What `auto` stands for is decided. */
export type ChosenBackend = KernelSetName;

/**
 * A backend for one model.
 *
 * @throws ConfigError for a name that is not known, a precision that is not, or a backend that cannot be had here
 */
export function selectBackend(name: BackendName, precision: Precision): Backend {
  if (!backendNames.includes(name)) throw unknownName('backend', String(name), backendNames);
  if (precision !== 'float32' && precision !== 'float64') {
    throw new ConfigError(`precision must be 'float32' or 'float64' but is '${String(precision)}'`);
  }
  if (name === 'reference' || (name === 'auto' && precision === 'float64')) return reference.create();
  if (name === 'auto') return auto();
  if (precision === 'float64') {
    throw new ConfigError(`backend '${name}' computes in float32: for float64 take backend 'reference'`);
  }
  return variants[name].create();
}

/** The backend of this name where it can be had here, else `auto`: what goes on with the same bits if anything does. */
export function sameBackend(name: string, precision: Precision): BackendName {
  if (name === 'reference') return name;
  const isOurs = name === 'simd' || name === 'relaxedSimd';
  return isOurs && precision === 'float32' && variants[name].canRun() ? name : 'auto';
}

function auto(): Backend {
  const variant = Object.values(variants).find(({ canRun }) => canRun());
  if (variant === undefined) return slow(reasonAgainst('simd'));
  try {
    return variant.create();
  } catch {
    return slow('this process may not reserve the address space of a WebAssembly memory');
  }
}

/** The reference in place of what is faster. */
function slow(reason: string): Backend {
  const notice = `training runs on the reference kernels, which are slower: ${reason}`;
  return { ...reference.create(), notice };
}
