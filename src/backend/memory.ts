/**
 * The one block of memory of a model. Weights, gradients and the optimizer's state live at its start and stay;
 * behind them lies the workspace, planned once for each shape of a batch. The plans of several shapes share the
 * workspace: what is in it lasts from a batch's forward pass to its backward pass and no longer.
 *
 *     | weights | gradients | optimizer state | workspace: activations, their gradients, masks |
 */
import { ConfigError } from '../core/errors.js';
import type { MaskRegion, Region } from '../core/region.js';
import type { FloatArray } from '../core/tensor.js';

export type Precision = 'float32' | 'float64';

/** Every region begins at a multiple of this many bytes: a cache line. */
export const ALIGNMENT = 64;

/** The bytes under a model's memory. Growing keeps what is in them; `buffer` may be another one then. */
export interface Block {
  readonly buffer: ArrayBuffer;
  /**
   * Makes room for `bytes` bytes and, behind them, for what the kernels need to work.
   *
   * @param largest  the length in bytes of the largest region that stays: no matrix of weights is larger
   * @throws ConfigError when there is no such room
   */
  reserve(bytes: number, largest: number): void;
}

/** A block for kernels that can work in any array. */
export function arrayBlock(): Block {
  let buffer = new ArrayBuffer(0);
  return {
    get buffer() {
      return buffer;
    },
    reserve(bytes) {
      if (bytes <= buffer.byteLength) return;
      const grown = newBuffer(bytes);
      new Uint8Array(grown).set(new Uint8Array(buffer));
      buffer = grown;
    },
  };
}

class PlacedRegion<A extends FloatArray | Uint8Array> implements Region<A> {
  array!: A;
  constructor(
    readonly offset: number,
    readonly length: number,
    private readonly view: (buffer: ArrayBuffer, byteOffset: number, length: number) => A,
  ) {}

  bind(buffer: ArrayBuffer, base: number): void {
    this.array = this.view(buffer, base + this.offset, this.length);
  }
}

/** A run of regions laid end to end: the weights and all that stays, or one shape's plan of the workspace. */
export class Arena {
  private readonly regions: { bind(buffer: ArrayBuffer, base: number): void }[] = [];
  /** How many bytes the regions take. */
  size = 0;
  /** How many bytes the largest region takes. */
  largest = 0;

  constructor(readonly precision: Precision) {}

  /** A new region of `length` numbers. */
  floats(length: number): Region {
    const width = this.precision === 'float32' ? 4 : 8;
    const offset = this.size;
    this.size = align(offset + length * width);
    this.largest = Math.max(this.largest, length * width);
    return this.place(offset, length);
  }

  /** A new region of `length` bytes. */
  bytes(length: number): MaskRegion {
    const region = new PlacedRegion(
      this.size,
      length,
      (buffer, at, size) => new Uint8Array(buffer, at, size),
    );
    this.size = align(this.size + length);
    this.regions.push(region);
    return region;
  }

  /** A part of a region, under a name of its own. */
  part(whole: Region, start: number, length: number): Region {
    const width = this.precision === 'float32' ? 4 : 8;
    return this.place((whole as PlacedRegion<FloatArray>).offset + start * width, length);
  }

  /** Points every region at `buffer`, from `base` on. */
  bind(buffer: ArrayBuffer, base: number): void {
    for (const region of this.regions) region.bind(buffer, base);
  }

  private place(offset: number, length: number): Region {
    const Floats = this.precision === 'float32' ? Float32Array : Float64Array;
    const region = new PlacedRegion<FloatArray>(
      offset,
      length,
      (buffer, at, size) => new Floats(buffer, at, size),
    );
    this.regions.push(region);
    return region;
  }
}

export class Memory {
  /** What stays: a stack, so that a new optimizer can take the place of the old one's state. */
  private readonly kept: Arena[] = [];
  private readonly plans = new Set<Arena>();
  /** How many bytes of the block have been asked for. */
  private reserved = 0;

  constructor(
    readonly precision: Precision,
    private readonly block: Block = arrayBlock(),
  ) {}

  /** How many bytes the block has now. */
  get byteLength(): number {
    return this.block.buffer.byteLength;
  }

  /**
   * Reserves what `declare` asks for, filled with zeros, until `release`.
   *
   * @throws ConfigError when there is no such room; nothing is reserved then
   */
  keep<T>(declare: (arena: Arena) => T): T {
    const arena = new Arena(this.precision);
    const result = declare(arena);
    const start = this.keptSize();
    this.kept.push(arena);
    try {
      this.rebind();
    } catch (error) {
      this.kept.pop();
      throw error;
    }
    new Uint8Array(this.block.buffer, start, arena.size).fill(0);
    return result;
  }

  /** Gives back all but the first `count` of what was kept. */
  release(count: number): void {
    if (this.kept.length <= count) return;
    this.kept.length = count;
    this.rebind();
  }

  /**
   * Plans a part of the workspace; `drop` with the arena gives it back.
   *
   * @throws ConfigError when there is no such room; nothing is planned then
   */
  plan<T>(declare: (arena: Arena) => T): { result: T; arena: Arena } {
    const arena = new Arena(this.precision);
    const result = declare(arena);
    this.plans.add(arena);
    const base = this.keptSize();
    try {
      if (base + arena.size > this.reserved) this.rebind();
      else arena.bind(this.block.buffer, base);
    } catch (error) {
      this.drop(arena);
      throw error;
    }
    return { result, arena };
  }

  drop(arena: Arena): void {
    this.plans.delete(arena);
  }

  private keptSize(): number {
    return this.kept.reduce((sum, arena) => sum + arena.size, 0);
  }

  /** Makes the block large enough and points all regions at it. */
  private rebind(): void {
    const base = this.keptSize();
    const needed = base + Math.max(0, ...[...this.plans].map((plan) => plan.size));
    if (needed > this.reserved) {
      const largest = Math.max(0, ...this.kept.map((arena) => arena.largest));
      this.block.reserve(needed, largest);
      this.reserved = needed;
    }
    const { buffer } = this.block;
    let start = 0;
    for (const arena of this.kept) {
      arena.bind(buffer, start);
      start += arena.size;
    }
    for (const plan of this.plans) plan.bind(buffer, base);
  }
}

function align(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}

function newBuffer(bytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes);
  } catch {
    throw new ConfigError(
      `the model and its batch need ${Math.ceil(bytes / 2 ** 20)} MiB in one block, more than this engine can give: ` +
        'use a smaller batch, shorter sequences or fewer units',
    );
  }
}
