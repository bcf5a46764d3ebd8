/** Sets of kernels as values: what a model is given to compute with, and a bundle holds no others. */
import { arrayBlock, type Block } from './memory.js';

export type KernelSetName = 'relaxedSimd' | 'simd' | 'reference';

/** A set of kernels, and the memory of one model that they work in. */
export interface Backend {
  readonly name: KernelSetName;
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

/** Kernels that a model can be given: `reference`, `simd`, `relaxedSimd`, or the `fastest` of several. */
export interface KernelSet {
  /**
   * The kernels for one model.
   *
   * @throws ConfigError where this engine cannot run them
   */
  create(): Backend;
}

/** Plain TypeScript, which runs everywhere. */
export const reference: KernelSet = {
  create: () => ({ name: 'reference', block: arrayBlock(), bind: (kernels) => kernels }),
};

/**
 * The first of the sets that this engine can run.
 *
 * @throws ConfigError, when a model is made, where it can run none of them
 *
 * @example sequential(layers, { backend: fastest(relaxedSimd, simd, reference) })
 */
export function fastest(first: KernelSet, ...others: readonly KernelSet[]): KernelSet {
  return {
    create: () => {
      const [next, ...rest] = others;
      if (next === undefined) return first.create();
      try {
        return first.create();
      } catch {
        return fastest(next, ...rest).create();
      }
    },
  };
}
