/** HDF5 files with numbers at paths and texts at the root, written by h5wasm: nothing of it is written by what is tested. */
import { type H5wasm, importH5wasm } from '../../src/formats/keras/hdf5.js';
import type { Tensor } from '../../src/index.js';

interface Writable {
  create_attribute(name: string, value: string): void;
  create_group(name: string): Writable;
  create_dataset(options: { name: string; data: Float32Array; shape: readonly number[] }): void;
  get(path: string): Writable | null;
  close(): void;
}

let files = 0;

/** The bytes of a file with these numbers at these paths. */
export async function writeHdf5(
  weights: Readonly<Record<string, Tensor>>,
  attributes: Readonly<Record<string, string>> = {},
): Promise<Uint8Array> {
  const h5: H5wasm = await importH5wasm();
  const { FS } = (await h5.ready) as unknown as {
    FS: { readFile(name: string): Uint8Array; unlink(name: string): void };
  };
  const name = `written-${files++}.h5`;
  const file = new (h5.File as unknown as new (name: string, mode: string) => Writable)(name, 'w');
  for (const [key, value] of Object.entries(attributes)) file.create_attribute(key, value);
  for (const [path, { data, shape }] of Object.entries(weights)) {
    const parts = path.split('/');
    let group = file;
    parts.slice(0, -1).forEach((part, i) => {
      group = file.get(parts.slice(0, i + 1).join('/')) ?? group.create_group(part);
    });
    group.create_dataset({ name: parts.at(-1) as string, data: Float32Array.from(data), shape });
  }
  file.close();
  const bytes = Uint8Array.from(FS.readFile(name));
  FS.unlink(name);
  return bytes;
}
