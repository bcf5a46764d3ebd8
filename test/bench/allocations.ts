/** Counts the typed arrays and buffers that are made while something runs, by standing in for what makes them. */

const constructors = [
  'ArrayBuffer',
  'SharedArrayBuffer',
  'DataView',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
] as const;

const arrayMethods = ['subarray', 'slice', 'map', 'filter', 'toReversed', 'toSorted', 'with'];
const bufferMethods = ['slice', 'transfer', 'transferToFixedLength'];

/** How many were made, by the name of the constructor or method; empty when none. */
export type Allocations = Record<string, number>;

// biome-ignore lint/complexity/noBannedTypes: what stands under a global name or a method's is called in any way
type Callable = Function;
type Holder = Record<string, Callable | undefined>;

export async function countAllocations(work: () => unknown): Promise<Allocations> {
  const made: Allocations = {};
  const count = (name: string) => {
    made[name] = (made[name] ?? 0) + 1;
  };
  const restores: (() => void)[] = [];
  const replace = (holder: object, name: string, substitute: (original: Callable) => Callable) => {
    const original = (holder as Holder)[name];
    if (original === undefined) return;
    (holder as Holder)[name] = substitute(original);
    restores.push(() => {
      (holder as Holder)[name] = original;
    });
  };
  const replaceMethods = (prototype: object, names: readonly string[]) => {
    for (const name of names) {
      replace(
        prototype,
        name,
        (original) =>
          function (this: unknown, ...parameters: unknown[]) {
            count(name);
            return original.apply(this, parameters);
          },
      );
    }
  };
  replaceMethods(Object.getPrototypeOf(Float32Array.prototype), arrayMethods);
  replaceMethods(ArrayBuffer.prototype, bufferMethods);
  for (const name of constructors) {
    replace(globalThis, name, (original) => {
      const construct = (target: Callable, parameters: unknown[], newTarget: Callable) => {
        count(name);
        return Reflect.construct(target, parameters, newTarget);
      };
      return new Proxy(original, { construct });
    });
  }
  try {
    await work();
  } finally {
    for (const restore of restores) restore();
  }
  return made;
}

/** How many were made in all. */
export function total(made: Allocations): number {
  return Object.values(made).reduce((sum, count) => sum + count, 0);
}
