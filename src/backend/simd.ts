/**
 * The kernels in WebAssembly: compiled once, instantiated for each model on a memory of its own. What is embedded
 * is small enough to be compiled synchronously, on a page's main thread too (Chromium allows 8 MB there since 2023
 * and allowed 4 kB before; where it throws, `auto` takes the reference kernels).
 */
import { ConfigError } from '../core/errors.js';
import { decodeBase64 } from './base64.js';
import { ALIGNMENT, type Block } from './memory.js';
import { relaxedSimd, simd } from './simd-binaries.js';
import { createTwins, type SimdExports } from './twins.js';

const binaries = { relaxedSimd, simd };

export type SimdVariant = keyof typeof binaries;

const PAGE = 65536;
/** What the kernels need beside the matrix that they pack whole: see kernels/simd/scratch.ts. */
const SCRATCH_BYTES = 128 + 128 + 8192 + 262144;

const modules = new Map<SimdVariant, WebAssembly.Module | undefined>();

/** The compiled kernels; undefined where the engine lacks what they need, or is forbidden to compile. */
function compiled(variant: SimdVariant): WebAssembly.Module | undefined {
  if (!modules.has(variant)) modules.set(variant, compile(variant));
  return modules.get(variant);
}

function compile(variant: SimdVariant): WebAssembly.Module | undefined {
  try {
    return new WebAssembly.Module(decodeBase64(binaries[variant]));
  } catch {
    return undefined;
  }
}

export function canRun(variant: SimdVariant): boolean {
  return compiled(variant) !== undefined;
}

/** A memory with an instance of the kernels on it. */
export function createSimd(variant: SimdVariant): { block: Block; bind<K extends object>(kernels: K): K } {
  const memory = new WebAssembly.Memory({ initial: 0 });
  const instance = new WebAssembly.Instance(compiled(variant) as WebAssembly.Module, { env: { memory } });
  const kernels = instance.exports as unknown as SimdExports;
  const twins = createTwins(kernels) as Readonly<Record<string, unknown>>;
  return {
    block: {
      get buffer() {
        return memory.buffer;
      },
      reserve(bytes, largest) {
        const scratch = Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
        grow(memory, scratch + SCRATCH_BYTES + packedBytes(largest));
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
    throw new ConfigError(
      `the model and its batch need ${Math.ceil(bytes / 2 ** 20)} MiB in one block, and a WebAssembly memory has ` +
        "at most 4096: use a smaller batch, shorter sequences or fewer units, or backend 'reference'",
    );
  }
}
