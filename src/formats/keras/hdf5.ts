/**
 * HDF5 files, read by h5wasm: an optional package, which is the HDF5 library itself in WebAssembly. It works on files of
 * a file system in memory, so that bytes become a file there while they are read.
 *
 * https://github.com/usnistgov/h5wasm
 */
import { ConfigError, FormatError, LonghandError } from '../../core/errors.js';
import { describe } from '../../core/options.js';
import { type Shape, sizeOf, type Tensor } from '../../core/tensor.js';
import { checkHeaps } from './hdf5-heaps.js';

interface Group {
  keys(): string[];
  get(path: string): Group | Dataset | null;
  readonly attrs: Readonly<Record<string, { readonly value: unknown }>>;
}

interface Dataset {
  readonly shape: readonly number[] | null;
  readonly dtype: unknown;
  readonly value: unknown;
}

interface Opened extends Group {
  close(): number;
}

/** As much of h5wasm as is used: what `import('h5wasm')` gives, or its `default`. */
export interface H5wasm {
  readonly ready: Promise<{
    readonly FS: { writeFile(name: string, bytes: Uint8Array): void; unlink(name: string): void };
    activate_throwing_error_handler?(): void;
  }>;
  readonly File: new (name: string, mode: string) => Opened;
}

/** What is read of an HDF5 file. */
export interface Hdf5 {
  /** A text of the root. */
  attribute(name: string): string | undefined;
  /** The numbers at a path; undefined where there are none. */
  dataset(path: string): Tensor<Float32Array> | undefined;
  /** The paths of all numbers under a group. */
  pathsUnder(group: string): string[];
}

const DEEPEST_GROUP = 16;
const MOST_DATASETS = 10_000;
/** What all numbers may take, as a multiple of the file: no more is saved where they are compressed. */
const MOST_GROWTH = 64;

let counter = 0;

/**
 * Lets `use` read a file, which is closed afterwards.
 *
 * @param what  the file, for errors
 * @throws FormatError when the bytes are no HDF5 file
 */
export async function withHdf5<T>(
  bytes: Uint8Array,
  what: string,
  h5: H5wasm,
  use: (file: Hdf5) => T,
): Promise<T> {
  checkHeaps(bytes, what);
  const module = await h5.ready;
  const name = `longhand-${counter++}.h5`;
  let opened: Opened | undefined;
  try {
    module.activate_throwing_error_handler?.();
    module.FS.writeFile(name, bytes);
    opened = new h5.File(name, 'r');
    opened.keys();
    return use(readerOf(opened, bytes.length * MOST_GROWTH, what));
  } catch (error) {
    if (error instanceof LonghandError) throw error;
    throw new FormatError(
      `${what} is no sound HDF5 file: ${String((error as Error)?.message ?? error).slice(0, 200)}`,
    );
  } finally {
    closeQuietly(opened);
    closeQuietly({ close: () => module.FS.unlink(name) });
  }
}

/** What could not be opened cannot be closed either. */
function closeQuietly(one: { close(): unknown } | undefined): void {
  try {
    one?.close();
  } catch {
    // The error that counts has been thrown already.
  }
}

/** @throws ConfigError when it is not there */
export async function importH5wasm(): Promise<H5wasm> {
  // A name that bundlers do not follow, since the package need not be there.
  const name = 'h5wasm';
  try {
    const found = (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as {
      default?: H5wasm;
    } & H5wasm;
    return found.default ?? found;
  } catch {
    throw new ConfigError(
      "Keras's weights are in HDF5, which is read by the package h5wasm: npm install h5wasm, or hand it over as { h5wasm }",
    );
  }
}

function readerOf(file: Opened, most: number, what: string): Hdf5 {
  let taken = 0;
  return {
    attribute: (name) => {
      const value = Object.hasOwn(file.attrs, name) ? file.attrs[name]?.value : undefined;
      return typeof value === 'string' ? value : undefined;
    },
    dataset: (path) => {
      const found = file.get(path);
      if (found === null || !('shape' in found)) return undefined;
      const shape = found.shape ?? [];
      taken += 4 * sizeOf(shape);
      if (!(taken <= most))
        throw new FormatError(`${what} claims more numbers in '${path}' than a file of its size holds`);
      return toTensor(found, shape, `'${path}' of ${what}`);
    },
    pathsUnder: (group) => {
      const paths: string[] = [];
      collect(file.get(group), group, paths, 0, what);
      return paths;
    },
  };
}

function collect(
  found: Group | Dataset | null,
  path: string,
  paths: string[],
  depth: number,
  what: string,
): void {
  if (found === null) return;
  if (depth > DEEPEST_GROUP || paths.length > MOST_DATASETS)
    throw new FormatError(`${what} holds more groups and numbers than any model has`);
  if ('shape' in found) {
    paths.push(path);
    return;
  }
  for (const key of found.keys()) collect(found.get(key), `${path}/${key}`, paths, depth + 1, what);
}

function toTensor({ value, dtype }: Dataset, shape: Shape, where: string): Tensor<Float32Array> {
  const numbers = typeof value === 'number' ? [value] : value;
  const isFloats =
    numbers instanceof Float32Array || numbers instanceof Float64Array || Array.isArray(numbers);
  if (!isFloats) throw new FormatError(`${where} holds ${describe(dtype)}, where float32 or float64 is read`);
  const data = Float32Array.from(numbers as ArrayLike<number>);
  if (data.length !== sizeOf(shape))
    throw new FormatError(`${where} holds ${data.length} numbers and says another shape`);
  return { data, shape };
}
