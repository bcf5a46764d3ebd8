/**
 * Keras's files as a whole, an archive with HDF5 in it. HDF5 alone, `.h5`, is not fuzzed: h5wasm, which reads it, loops for
 * ever over some texts that were changed on purpose, as SECURITY.md says.
 */
import { fromKeras, toKerasJson } from '../../../src/formats/index.js';
import { readZip } from '../../../src/formats/zip.js';
import { writeZip } from '../../../src/formats/zip-writer.js';
import { dense, lstm, sequential, type Tensor } from '../../../src/index.js';
import type { FuzzReader } from '../fuzz-reader.js';
import { mutate, pick } from '../mutate.js';
import { writeHdf5 } from '../write-hdf5.js';

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

const LAYERS = {
  'lstm_1/kernel': 0,
  'lstm_1/recurrentKernel': 1,
  'lstm_1/bias': 2,
  'dense_1/kernel': 0,
  'dense_1/bias': 1,
};

async function seeds(): Promise<Uint8Array[]> {
  const model = sequential([lstm(2), dense(1)], { seed: 1 }).build([null, 2]);
  const weights = model.getWeights();
  const named = (nameOf: (weight: string, index: number) => string) =>
    Object.fromEntries(
      Object.entries(LAYERS).map(([name, index]) => [nameOf(name, index), weights[name] as Tensor]),
    );
  const archive = writeZip(
    new Map([
      ['metadata.json', encode({ keras_version: '3.15.1' })],
      ['config.json', new TextEncoder().encode(toKerasJson(model))],
      [
        'model.weights.h5',
        await writeHdf5(
          named((name, index) =>
            name.startsWith('lstm') ? `layers/lstm/cell/vars/${index}` : `layers/dense/vars/${index}`,
          ),
        ),
      ],
    ]),
  );
  return [archive];
}

export const kerasFileReader: FuzzReader = {
  name: 'keras file',
  seeds,
  // Behind the checksums of the archive too.
  craft: (random, [archive]) => {
    const { names, contents } = entriesOf(archive as Uint8Array);
    const changed = pick(random, names);
    return writeZip(
      new Map(
        names.map((name) => {
          const content = contents.get(name) as Uint8Array;
          return [name, name === changed ? mutate(random, content, [content]) : content];
        }),
      ),
    );
  },
  read: (bytes) => fromKeras(bytes),
};

/** What lies in an archive that `writeZip` made, which stores it as it is. */
function entriesOf(archive: Uint8Array): { names: string[]; contents: Map<string, Uint8Array> } {
  const { names } = readZip(archive, 'the seed');
  const view = new DataView(archive.buffer, archive.byteOffset);
  const contents = new Map<string, Uint8Array>();
  let at = 0;
  for (const name of names) {
    const size = view.getUint32(at + 18, true);
    const begin = at + 30 + view.getUint16(at + 26, true) + view.getUint16(at + 28, true);
    contents.set(name, archive.slice(begin, begin + size));
    at = begin + size;
  }
  return { names: [...names], contents };
}
