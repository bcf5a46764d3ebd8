/** A memory for a set of kernels in which every array stands between guard zones, and all else is poison. */
import { expect } from 'vitest';
import { reference as referenceSet } from '../../src/backend/kernel-set.js';
import type { Block } from '../../src/backend/memory.js';
import { relaxedSimd, type SimdName, simd } from '../../src/backend/simd.js';
import * as reference from '../../src/kernels/index.js';
import type { KernelSet } from '../kernels/cases.js';

const BYTES = 1 << 22;
const GUARD = 64;
/** A NaN that no arithmetic makes: read, it spoils what is computed; overwritten, it is missed. */
const POISON = 0x7fc0_babe;

const simdSets = { simd, relaxedSimd };

export const kernelSets = (['reference', 'simd', 'relaxedSimd'] as const).filter(
  (name) => name === 'reference' || simdSets[name].canRun(),
);

export class GuardedMemory implements KernelSet {
  readonly kernels: typeof reference;
  private readonly block: Block;
  private end = 0;
  private readonly guards: number[] = [];

  constructor(name: 'reference' | SimdName) {
    const { block, bind } = (name === 'reference' ? referenceSet : simdSets[name]).create();
    block.reserve(BYTES, BYTES);
    this.block = block;
    this.kernels = bind({ ...reference });
  }

  /** Forgets all arrays and poisons the memory anew. */
  clear(): void {
    new Uint32Array(this.block.buffer, 0, BYTES / 4).fill(POISON);
    this.end = GUARD;
    this.guards.length = 0;
    this.guards.push(0);
  }

  /** An array that begins at a multiple of its elements' size and of nothing more. */
  floats = (length: number): Float32Array<ArrayBuffer> => {
    return new Float32Array(this.block.buffer, this.reserve(4 * length), length).fill(0);
  };

  bytes = (length: number): Uint8Array => new Uint8Array(this.block.buffer, this.reserve(length), length);

  private reserve(bytes: number): number {
    const start = this.end;
    const guard = start + Math.ceil(bytes / 4) * 4;
    this.guards.push(guard);
    this.end = guard + GUARD + 4 * (this.guards.length % 4);
    if (this.end > BYTES) throw new Error('the guarded memory is full');
    return start;
  }

  /** @throws when something has been written between the arrays */
  check(): void {
    const words = new Uint32Array(this.block.buffer, 0, BYTES / 4);
    for (const guard of this.guards) {
      for (let word = guard / 4; word < (guard + GUARD) / 4; word++) {
        if (words[word] !== POISON) expect.fail(`something was written outside the arrays, at ${4 * word}`);
      }
    }
    for (let word = this.end / 4; word < words.length; word++) {
      if (words[word] !== POISON) expect.fail(`something was written behind the arrays, at ${4 * word}`);
    }
  }
}
