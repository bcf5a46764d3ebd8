/** Which set of kernels computes: the reference, or its twins in WebAssembly. */
import { ConfigError } from '../core/errors.js';
import { unknownName } from '../core/options.js';
import { arrayBlock, type Block, type Precision } from './memory.js';
import { canRun, createSimd, mayCompile, type SimdVariant } from './simd.js';

const backendNames = ['auto', 'relaxedSimd', 'simd', 'reference'] as const;

/**
 * `relaxedSimd` is WebAssembly with fused multiply-add, `simd` without, `reference` plain TypeScript; `auto` takes
 * the first of them that the engine has.
 */
export type BackendName = (typeof backendNames)[number];

/** What `auto` takes, the faster first. */
const variants = ['relaxedSimd', 'simd'] as const;

/** What `auto` stands for is decided. */
export type ChosenBackend = Exclude<BackendName, 'auto'>;

export interface Backend {
  readonly name: ChosenBackend;
  /** The bytes that the kernels work in: the arrays given to them must lie there. */
  readonly block: Block;
  /** Where `auto` had to take the reference: a sentence that says why, for who watches the training. */
  readonly notice?: string;
  /**
   * The kernels to use in place of the reference ones given: this backend's own where it has them. A layer names
   * the kernels it needs here, so that a bundle holds no others.
   */
  bind<K extends object>(kernels: K): K;
}

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
  if (name === 'reference' || (name === 'auto' && precision === 'float64')) return reference();
  if (name === 'auto') return fastest();
  if (precision === 'float64') {
    throw new ConfigError(`backend '${name}' computes in float32: for float64 take backend 'reference'`);
  }
  if (!canRun(name)) {
    throw new ConfigError(
      `backend '${name}' cannot be had here: ${reasonAgainst(name)}; take backend 'auto'`,
    );
  }
  return { name, ...createSimd(name) };
}

/** The backend of this name where it can be had here, else `auto`: what goes on with the same bits if anything does. */
export function sameBackend(name: string, precision: Precision): BackendName {
  if (name === 'reference') return name;
  const isOurs = name === 'simd' || name === 'relaxedSimd';
  return isOurs && precision === 'float32' && canRun(name) ? name : 'auto';
}

function reference(): Backend {
  return { name: 'reference', block: arrayBlock(), bind: (kernels) => kernels };
}

function fastest(): Backend {
  const variant = variants.find(canRun);
  if (variant === undefined) return slow(reasonAgainst('simd'));
  try {
    return { name: variant, ...createSimd(variant) };
  } catch {
    return slow('this process may not reserve the address space of a WebAssembly memory');
  }
}

/** The reference in place of what is faster. */
function slow(reason: string): Backend {
  return { ...reference(), notice: `training runs on the reference kernels, which are slower: ${reason}` };
}

function reasonAgainst(variant: SimdVariant): string {
  if (typeof WebAssembly === 'undefined') return 'this engine has no WebAssembly';
  if (!mayCompile())
    return "WebAssembly may not be compiled, for which a page's policy needs 'wasm-unsafe-eval'";
  if (variant === 'relaxedSimd' && canRun('simd')) return 'this engine has no relaxed SIMD, only simd';
  return 'this engine has no WebAssembly SIMD';
}
