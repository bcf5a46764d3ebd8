/**
 * The kernels in WebAssembly: compiled once, when a model first takes them, and instantiated for each model on a
 * memory of its own, which goes when the model goes. What is embedded is small enough to be compiled synchronously,
 * on a page's main thread too (Chromium allows 8 MB there since 2023 and allowed 4 kB before; where it throws,
 * `auto` takes the reference kernels).
 */
import { ConfigError } from '../core/errors.js';
import { bytesFromText } from './byte-text.js';
import type { Backend, KernelSet } from './kernel-set.js';
import { ALIGNMENT } from './memory.js';
import * as binaries from './simd-binaries.js';
import { createTwins, type SimdExports } from './twins.js';

export type SimdName = 'relaxedSimd' | 'simd';

/** One variant of the kernels in WebAssembly. */
export interface SimdKernels extends KernelSet {
  readonly name: SimdName;
  /** Whether it can be had here: a few bytes tell, before the kernels themselves are decoded. */
  canRun(): boolean;
}

const PAGE = 65536;
/** What 32 bits can address. */
const MOST_MIB = 4096;

/** `\0asm` and the version: with it every module begins, and the smallest ends. */
const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
/** Instructions of three vectors that only engines with the variant have. */
const BITSELECT = [0xfd, 0x52];
const RELAXED_MADD = [0xfd, 0x85, 0x02];

/** WebAssembly with fused multiply-add. */
export const relaxedSimd = /* @__PURE__ */ simdKernels('relaxedSimd', RELAXED_MADD, binaries.relaxedSimd);

/** WebAssembly with vectors of four numbers. */
export const simd = /* @__PURE__ */ simdKernels('simd', BITSELECT, binaries.simd);

function simdKernels(name: SimdName, instruction: readonly number[], text: string): SimdKernels {
  /** Undefined where the engine lacks what they need, or is forbidden to compile; null before anybody asked. */
  let compiled: WebAssembly.Module | undefined | null = null;
  const compile = () => {
    if (compiled !== null) return compiled;
    compiled = tryModule(probe(instruction)) && tryModule(bytesFromText(text));
    return compiled;
  };
  return {
    name,
    canRun: () => compile() !== undefined,
    create: () => {
      const module = compile();
      if (module) return { name, ...instantiate(module) };
      throw new ConfigError(
        `backend '${name}' cannot be had here: ${reasonAgainst(name)}; take backend 'auto'`,
      );
    },
  };
}

function tryModule(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module | undefined {
  try {
    return new WebAssembly.Module(bytes);
  } catch {
    return undefined;
  }
}

/** Why a variant cannot be had here, in words. */
export function reasonAgainst(name: SimdName): string {
  if (typeof WebAssembly === 'undefined') return 'this engine has no WebAssembly';
  if (!tryModule(Uint8Array.of(...HEADER)))
    return "WebAssembly may not be compiled, for which a page's policy needs 'wasm-unsafe-eval'";
  if (name === 'relaxedSimd' && tryModule(probe(BITSELECT)))
    return 'this engine has no relaxed SIMD, only simd';
  return 'this engine has no WebAssembly SIMD';
}

/** A module of one function: it puts its only variable, a vector, there thrice for the instruction to take. */
function probe(instruction: readonly number[]): Uint8Array<ArrayBuffer> {
  const body = [1, 1, 0x7b, 0x20, 0, 0x20, 0, 0x20, 0, ...instruction, 0x1a, 0x0b];
  const types = [1, 4, 1, 0x60, 0, 0];
  const functions = [3, 2, 1, 0];
  const code = [10, body.length + 2, 1, body.length, ...body];
  return Uint8Array.of(...HEADER, ...types, ...functions, ...code);
}

/**
 * A memory with an instance of the kernels on it. The address space that it reserves (10 GB in V8, of the 128 TB of a
 * process) is given back when the model is collected, which the engine does by itself before it runs out: 10,000
 * models built and dropped in one loop need no more memory than 100 (`npm run bench:memory`).
 *
 * @throws ConfigError where not even an empty memory can be had
 */
function instantiate(module: WebAssembly.Module): Pick<Backend, 'block' | 'bind'> {
  const memory = createMemory();
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  const kernels = instance.exports as unknown as SimdExports;
  const twins = createTwins(kernels) as Readonly<Record<string, unknown>>;
  return {
    block: {
      get buffer() {
        return memory.buffer;
      },
      reserve(bytes, largest) {
        const scratch = Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
        grow(memory, scratch + kernels.scratchBytes() + packedBytes(largest));
        kernels.useScratch(scratch);
      },
    },
    bind: (reference) => {
      const bound = { ...reference } as Record<string, unknown>;
      for (const name of Object.keys(bound)) bound[name] = twins[name] ?? bound[name];
      return bound as typeof reference;
    },
  };
}

function createMemory(): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: 0 });
  } catch {
    throw new ConfigError(
      'there is no address space left for another WebAssembly memory, of which every model has one: ' +
        "let go of models, raise the limit of the process, or take backend 'reference'",
    );
  }
}

/** A bound on what a matrix takes once it is packed: its columns are filled up to a multiple of 8. */
function packedBytes(bytes: number): number {
  return 2 * bytes + 1024;
}

function grow(memory: WebAssembly.Memory, bytes: number): void {
  const missing = Math.ceil(bytes / PAGE) - memory.buffer.byteLength / PAGE;
  if (missing <= 0) return;
  try {
    memory.grow(missing);
  } catch {
    const needed = Math.ceil(bytes / 2 ** 20);
    const limit =
      needed > MOST_MIB ? `a WebAssembly memory has at most ${MOST_MIB}` : 'this engine has no room';
    throw new ConfigError(
      `the model and its batch need ${needed} MiB in one block, and ${limit}: ` +
        "use a smaller batch, shorter sequences or fewer units, or backend 'reference'",
    );
  }
}
