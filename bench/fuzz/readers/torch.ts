/** Zip archives, and PyTorch's files in them. */
import { readFileSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';
import type { Random } from '../../../src/core/random.js';
import {
  modelFromStateDict,
  readSafetensors,
  readTorchFile,
  writeSafetensors,
  writeTorchFile,
} from '../../../src/formats/index.js';
import { readZip } from '../../../src/formats/zip.js';
import { ConfigError, FormatError, tensor } from '../../../src/index.js';
import { type CraftedEnd, type CraftedEntry, craftZip, crcOf } from '../craft-zip.js';
import type { FuzzReader } from '../fuzz-reader.js';
import { mutate, pick } from '../mutate.js';
import { craftHeader } from './safetensors.js';

/** Files that PyTorch itself has written; the bench and the tests run in the folder of the project. */
const FIXTURES = ['kinds-2', 'kinds-5', 'checkpoint', 'gated'].map(
  (name) => `test/fixtures/torch-${name}.pt`,
);

/** Entries of a sound archive, read from its own headers: they are stored. */
function entriesOf(file: Uint8Array): CraftedEntry[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const entries: CraftedEntry[] = [];
  for (let at = file.length - 22; at >= 0; at--) {
    if (view.getUint32(at, true) !== 0x06054b50) continue;
    let entry = view.getUint32(at + 16, true);
    for (let i = 0; i < view.getUint16(at + 10, true); i++) {
      const [nameBytes, header, size] = [
        view.getUint16(entry + 28, true),
        view.getUint32(entry + 42, true),
        view.getUint32(entry + 24, true),
      ];
      const begin = header + 30 + view.getUint16(header + 26, true) + view.getUint16(header + 28, true);
      const name = new TextDecoder().decode(file.subarray(entry + 46, entry + 46 + nameBytes));
      entries.push({ name, content: file.slice(begin, begin + size) });
      entry += 46 + nameBytes + view.getUint16(entry + 30, true) + view.getUint16(entry + 32, true);
    }
    return entries;
  }
  return entries;
}

const ZEROS = new Uint8Array(2 ** 20);
/** A megabyte in a thousand bytes. */
const BOMB: CraftedEntry = {
  name: 'bomb',
  content: ZEROS,
  packed: deflateRawSync(ZEROS),
  method: 8,
  crc: crcOf(ZEROS),
};

const SIZES = [0, 1, 0xffff, 2 ** 31, 2 ** 32 - 1];

/** An entry whose headers lie, or whose name does harm elsewhere. */
function lie(random: Random, entry: CraftedEntry): CraftedEntry {
  const lies: Partial<CraftedEntry>[] = [
    { size: pick(random, SIZES) },
    { size: pick(random, [2 ** 40, 2 ** 53, 2 ** 63]), is64: true },
    { crc: random.next() },
    { method: random.below(20) },
    { flags: random.below(0x10000) },
    { header: pick(random, SIZES) },
    { localName: 'other' },
    { name: pick(random, ['../../x', '/etc/passwd', '__proto__', 'C:\\x', 'a/../b', '']) },
    BOMB,
    { deflated: true, size: entry.content.length * 900 },
    { deflated: true, packed: entry.content },
    { hasDescriptor: true, deflated: true },
  ];
  return { ...entry, ...pick(random, lies) };
}

function lieAtEnd(random: Random): CraftedEnd {
  const lies: CraftedEnd[] = [
    { count: random.below(65_536) },
    { directory: random.below(5000) },
    { is64: true },
    { disk: 1 },
    { is64: true, count: 2 ** 40 },
    { comment: 'PK\x05\x06' },
  ];
  return pick(random, lies);
}

/** An archive of some entries, one or the archive itself lying. */
function craftArchive(random: Random, entries: readonly CraftedEntry[]): Uint8Array {
  const made = entries.map((entry) => (random.below(3) === 0 ? { ...entry, deflated: true } : entry));
  if (made.length > 0 && random.below(2) === 0) {
    const at = random.below(made.length);
    made[at] = lie(random, made[at] as CraftedEntry);
  }
  if (random.below(20) === 0)
    made.push(...Array.from({ length: 80 }, (_, i) => ({ ...BOMB, name: `bomb${i}` })));
  return craftZip(made, random.below(4) === 0 ? lieAtEnd(random) : {});
}

const ARCHIVES: readonly (readonly CraftedEntry[])[] = [
  [
    { name: 'a/', content: new Uint8Array() },
    { name: 'a/b', content: ZEROS.subarray(0, 3000), deflated: true },
    { name: 'a/c', content: Uint8Array.of(1, 2, 3), hasDescriptor: true },
  ],
  [{ name: 'x', content: Uint8Array.of(5), is64: true }],
  [],
];

export const zipReader: FuzzReader = {
  name: 'zip',
  seeds: () => [
    ...ARCHIVES.map((entries) => craftZip(entries)),
    craftZip(ARCHIVES[1] ?? [], { is64: true }),
    readFileSync('test/fixtures/torch-projected.pt'),
  ],
  words: ['PK\x03\x04', 'PK\x01\x02', 'PK\x05\x06', 'PK\x06\x06', 'PK\x06\x07'],
  craft: (random) => craftArchive(random, pick(random, ARCHIVES)),
  read: async (bytes) => {
    const archive = readZip(bytes);
    for (const name of archive.names) await archive.read(name);
  },
};

/** Opcodes with what follows them, sound and not: programs are made of them at random. */
const NAMES = [
  'torch._utils\n_rebuild_tensor_v2\n',
  'torch._utils\n_rebuild_tensor_v3\n',
  'torch._utils\n_rebuild_parameter\n',
  'collections\nOrderedDict\n',
  'torch\nFloatStorage\n',
  'torch\nSize\n',
  'os\nsystem\n',
  'builtins\neval\n',
  '__main__\nNet\n',
  'numpy.core.multiarray\nscalar\n',
];

const latin = (text: string) => Buffer.from(text, 'latin1');
const OPCODES: readonly ((random: Random) => Uint8Array)[] = [
  ...[
    '(',
    'N',
    '\x88',
    '\x89',
    ')',
    '\x85',
    '\x86',
    '\x87',
    't',
    ']',
    'a',
    'e',
    '}',
    's',
    'u',
    '\x94',
    'R',
    '\x81',
    'b',
    'Q',
    '\x93',
    '.',
    '0',
    'o',
    '2',
  ].map((code) => () => latin(code)),
  (random) => Uint8Array.of(0x4b, random.below(256)),
  (random) => Uint8Array.of(0x4a, random.below(256), random.below(256), random.below(256), random.below(256)),
  (random) => Uint8Array.of(0x8a, 8, ...Array.from({ length: 8 }, () => pick(random, [0, 0x7f, 0xff]))),
  (random) => Uint8Array.of(pick(random, [0x71, 0x68]), random.below(8)),
  (random) => latin(`c${pick(random, NAMES)}`),
  (random) => {
    const word = pick(random, ['storage', '0', 'cpu', 'w', '__proto__', 'model_state_dict', 'os', 'system']);
    return latin(`X${String.fromCharCode(word.length)}\0\0\0${word}`);
  },
  () => latin('(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x04tQ'),
  () =>
    latin(
      'ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x04tQK\0K\x04\x85K\x01\x85\x89}tR',
    ),
  () => latin('}(X\x01\0\0\0w'),
];

/** A program of opcodes that begins as a pickle does. */
function randomPickle(random: Random): Uint8Array {
  const pieces = Array.from({ length: 1 + random.below(25) }, () => pick(random, OPCODES)(random));
  return Buffer.concat([
    Uint8Array.of(0x80, 2 + random.below(4)),
    ...pieces,
    latin(pick(random, ['', '.', 's.', 'u.', 'su.'])),
  ]);
}

function craftTorch(random: Random, seeds: readonly Uint8Array[]): Uint8Array {
  if (random.below(3) === 0) {
    return craftArchive(random, [
      { name: 'x/data.pkl', content: randomPickle(random) },
      { name: 'x/data/0', content: new Uint8Array(16) },
    ]);
  }
  const entries = entriesOf(pick(random, seeds));
  const pickle = entries.find(({ name }) => name.endsWith('/data.pkl'));
  if (pickle) pickle.content = mutate(random, pickle.content, [pickle.content], NAMES);
  return random.below(3) === 0 ? craftArchive(random, entries) : craftZip(entries);
}

export const torchReader: FuzzReader = {
  name: 'torch',
  seeds: () => [
    writeTorchFile({ w: tensor([1, 2, 3, 4], [2, 2]) }),
    ...FIXTURES.map((path) => readFileSync(path)),
  ],
  craft: craftTorch,
  words: NAMES,
  // A checkpoint is read by its key, a state dict without one.
  read: async (bytes) => {
    const isCheckpoint = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(
      'model_state_dict',
    );
    await readTorchFile(bytes, isCheckpoint ? { key: 'model_state_dict' } : {});
  },
};

/** A state dict of zeros, of modules in one order. */
function stateDictOf(shapes: Readonly<Record<string, readonly number[]>>): Uint8Array {
  const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);
  const tensors = Object.entries(shapes).map(
    ([name, shape]) => [name, { data: new Float32Array(sizeOf(shape)), shape }] as const,
  );
  return writeSafetensors(new Map(tensors));
}

const GRU = {
  'gru.weight_ih_l0': [6, 3],
  'gru.weight_hh_l0': [6, 2],
  'gru.bias_ih_l0': [6],
  'gru.bias_hh_l0': [6],
};
const HEAD = { 'head.weight': [1, 2], 'head.bias': [1] };

export const stateDictReader: FuzzReader = {
  name: 'state dict',
  seeds: () => [stateDictOf({ ...GRU, ...HEAD }), stateDictOf({ 'words.weight': [5, 3], ...GRU, ...HEAD })],
  words: ['weight_ih_l1', '_reverse', 'weight_hr_l0', 'running_mean', '.weight', '[0,3]', '_l999999999'],
  craft: craftHeader,
  read: (bytes) => {
    try {
      modelFromStateDict(readSafetensors(bytes).tensors).getWeights();
    } catch (error) {
      // What fits together in several ways, or would be no layer, is a mistake of its own kind.
      throw error instanceof ConfigError ? new FormatError(error.message) : error;
    }
  },
};
