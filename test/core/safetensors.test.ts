import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { FormatError } from '../../src/core/errors.js';
import { readSafetensors, type StoredTensor, writeSafetensors } from '../../src/core/safetensors.js';

/** A file with this header, exactly as it stands, and this data. */
function fileOf(header: string | Uint8Array, data: ArrayLike<number> = []): Uint8Array {
  const json = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const file = new Uint8Array(8 + json.length + data.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  file.set(data, 8 + json.length);
  return file;
}

/** A file with these tensors in its header and this many bytes of data. */
function fileWith(tensors: Record<string, unknown>, dataBytes: number): Uint8Array {
  return fileOf(JSON.stringify(tensors), new Uint8Array(dataBytes));
}

function refusal(bytes: Uint8Array): string {
  try {
    readSafetensors(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return (error as FormatError).message;
  }
  throw new Error('the file was read');
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const bytesOf = ({ data }: StoredTensor) =>
  hex(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));

const f32 = (shape: number[], values: number[]): StoredTensor => ({
  dtype: 'F32',
  shape,
  data: Float32Array.from(values),
});
const f64 = (shape: number[], values: number[]): StoredTensor => ({
  dtype: 'F64',
  shape,
  data: Float64Array.from(values),
});

/** 109 bytes of header padded to 112, then [1, -2] in single and 0.5 in double precision, byte for byte. */
const GOLDEN_HEADER =
  '{"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"s":{"dtype":"F64","shape":[],"data_offsets":[8,16]}}';
const GOLDEN = [
  '7000000000000000', // 112 = 109 bytes of text and 3 spaces
  Buffer.from(GOLDEN_HEADER, 'latin1').toString('hex'),
  '202020',
  '0000803f', // 1
  '000000c0', // -2
  '000000000000e03f', // 0.5
].join('');

const SAMPLE = writeSafetensors(
  new Map([
    ['lstm_1/kernel', f32([2, 3], [1, 2, 3, 4, 5, 6])],
    ['lstm_1/bias', f64([2], [0.5, -0.25])],
    ['empty', f32([0, 4], [])],
    ['step', f32([], [7])],
  ]),
  { format: 'longhand', note: 'quotes " and {braces} and "colons": \\ é 😀' },
);

afterEach(() => vi.unstubAllGlobals());

describe('the bytes', () => {
  test('are those that the specification gives', () => {
    const tensors = new Map([
      ['w', f32([1, 2], [1, -2])],
      ['s', f64([], [0.5])],
    ]);
    expect(hex(writeSafetensors(tensors))).toBe(GOLDEN);
    const read = readSafetensors(Uint8Array.from(Buffer.from(GOLDEN, 'hex')));
    expect(read).toEqual({ tensors, metadata: {} });
    expect([...read.tensors.keys()]).toEqual(['w', 's']);
  });

  test('of a file without tensors are an empty header', () => {
    expect(hex(writeSafetensors(new Map()))).toBe(
      `0800000000000000${hex(new TextEncoder().encode('{}      '))}`,
    );
    expect(readSafetensors(fileOf('{}'))).toEqual({ tensors: new Map(), metadata: {} });
  });

  test('put the metadata first', () => {
    const text = new TextDecoder().decode(writeSafetensors(new Map([['a', f32([1], [0])]]), { k: 'v' }));
    expect(text.slice(8)).toContain(
      '{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
    );
  });

  test('begin their data at a multiple of 8, whatever the header', () => {
    for (let length = 1; length < 20; length++) {
      const file = writeSafetensors(new Map([['n'.repeat(length), f64([1], [1])]]));
      expect(file.length % 8).toBe(0);
      expect(new DataView(file.buffer).getUint32(0, true) % 8).toBe(0);
    }
  });

  test('are the same on a machine that keeps the high byte first', () => {
    // There a Uint16Array of [1] lies in memory as 0, 1, and so would the floats, reversed.
    vi.stubGlobal(
      'Uint16Array',
      class {
        buffer = Uint8Array.of(0, 1).buffer;
      },
    );
    const reversed = new Float32Array(Uint8Array.of(0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0).buffer);
    const file = writeSafetensors(
      new Map<string, StoredTensor>([['w', { dtype: 'F32', shape: [2], data: reversed }]]),
    );
    expect(hex(file).endsWith('0000803f000000c0')).toBe(true);
    const read = readSafetensors(file).tensors.get('w') as StoredTensor;
    expect(hex(new Uint8Array(read.data.buffer))).toBe('3f800000c0000000');
    expect(hex(new Uint8Array(reversed.buffer))).toBe('3f800000c0000000');
  });
});

describe('a round trip', () => {
  const numbers = fc.oneof(
    fc.double(),
    fc.constantFrom(-0, 0, Infinity, -Infinity, Number.NaN, 5e-324, 1e-45),
  );
  const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
  const tensors = shapes.chain((shape) => {
    const length = shape.reduce((product, size) => product * size, 1);
    const values = fc.array(numbers, { minLength: length, maxLength: length });
    return fc
      .tuple(values, fc.boolean())
      .map(([list, single]) => (single ? f32(shape, list) : f64(shape, list)));
  });
  const names = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom(
      '__proto__',
      'constructor',
      'toString',
      '1',
      '0',
      '',
      '"',
      '\\',
      '\u0000',
      '\ud800',
      '{}',
      'a:b',
    ),
  );
  const files = fc.uniqueArray(fc.tuple(names, tensors), { maxLength: 6, selector: ([name]) => name });

  test('gives back every bit, every name and the order', () => {
    fc.assert(
      fc.property(files, fc.dictionary(names, fc.string({ unit: 'binary' })), (entries, metadata) => {
        const file = writeSafetensors(new Map(entries), metadata);
        const read = readSafetensors(file);
        const sized = (list: Iterable<[string, StoredTensor]>) =>
          [...list].filter(([, { data }]) => data.length > 0);
        expect(sized(read.tensors).map(([name]) => name)).toEqual(sized(entries).map(([name]) => name));
        expect(read.tensors.size).toBe(entries.length);
        for (const [name, tensor] of entries) {
          const found = read.tensors.get(name) as StoredTensor;
          expect([found.dtype, found.shape, bytesOf(found)]).toEqual([
            tensor.dtype,
            tensor.shape,
            bytesOf(tensor),
          ]);
        }
        expect(Object.entries(read.metadata).sort()).toEqual(Object.entries(metadata).sort());
        expect(Object.getPrototypeOf(read.metadata)).toBe(Object.prototype);
      }),
      { numRuns: 300 },
    );
  });

  test('works from any place in a buffer, shares no memory, and takes a Node Buffer', () => {
    for (const padding of [0, 1, 2, 3, 5]) {
      const around = Buffer.alloc(padding + SAMPLE.length + 3, 0xff);
      around.set(SAMPLE, padding);
      const { tensors, metadata } = readSafetensors(around.subarray(padding, padding + SAMPLE.length));
      around.fill(0xee);
      expect([...(tensors.get('lstm_1/kernel') as StoredTensor).data]).toEqual([1, 2, 3, 4, 5, 6]);
      expect([...(tensors.get('lstm_1/bias') as StoredTensor).data]).toEqual([0.5, -0.25]);
      expect(metadata.note).toBe('quotes " and {braces} and "colons": \\ é 😀');
      for (const { data } of tensors.values()) expect(data.buffer.byteLength).toBe(data.byteLength);
    }
  });

  test('writes only the window that an array shows of its buffer, shared memory included', () => {
    const memory = new Float32Array(new SharedArrayBuffer(24));
    memory.set([9, 1, 2, 9, 9, 9]);
    const file = writeSafetensors(
      new Map([['w', { dtype: 'F32', shape: [2], data: memory.subarray(1, 3) }]]),
    );
    expect([...(readSafetensors(file).tensors.get('w') as StoredTensor).data]).toEqual([1, 2]);
  });

  test('megabytes there and back', () => {
    const data = new Float32Array(4_000_000).fill(1.5);
    const { tensors } = readSafetensors(
      writeSafetensors(new Map([['big', { dtype: 'F32', shape: [4_000_000], data }]])),
    );
    expect((tensors.get('big') as StoredTensor).data[3_999_999]).toBe(1.5);
  });
});

describe('another writer', () => {
  test('may order the header otherwise, leave out the padding, and use blanks and escapes', () => {
    const header =
      '{ "b" : {"data_offsets" :[4, 8],"shape":[1],"dtype":"F32"},\n\t"2":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},' +
      '"\\u0061":{"dtype":"F32","shape":[],"data_offsets":[0,4]} }';
    const { tensors } = readSafetensors(fileOf(header, new Uint8Array(Float32Array.of(1, 2, 3).buffer)));
    expect([...tensors].map(([name, { data }]) => [name, data[0]])).toEqual([
      ['a', 1],
      ['b', 2],
      ['2', 3],
    ]);
  });

  test('may name a tensor __proto__, which changes no prototype', () => {
    const header =
      '{"__metadata__":{"__proto__":"x"},"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
    const { tensors, metadata } = readSafetensors(fileOf(header, [0, 0, 0x80, 0x3f]));
    expect([...(tensors.get('__proto__') as StoredTensor).data]).toEqual([1]);
    expect(Object.entries(metadata)).toEqual([['__proto__', 'x']]);
    expect(Object.getPrototypeOf(metadata)).toBe(Object.prototype);
  });
});

const one = (entry: object) => ({ w: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...entry } });
const at = (begin: number, end: number) => ({
  dtype: 'F32',
  shape: [(end - begin) / 4],
  data_offsets: [begin, end],
});
const utf8 = (text: string, ...more: number[]) =>
  Uint8Array.from([...new TextEncoder().encode(text), ...more]);
const announcing = (bytes: bigint) => {
  const file = fileOf('{}', [1, 2, 3, 4]);
  new DataView(file.buffer).setBigUint64(0, bytes, true);
  return file;
};

describe('a hostile file', () => {
  const cases: [string, Uint8Array, RegExp][] = [
    ['is empty', new Uint8Array(0), /cut short.* 0 are there/],
    ['has seven bytes', new Uint8Array(7), /cut short.* 7 are there/],
    [
      'announces a header longer than itself',
      announcing(7n),
      /cut short: its header should have 7 bytes and 6 /,
    ],
    ['announces 100,000,001 bytes', announcing(100_000_001n), /announces a header of 100000001 bytes/],
    ['announces 2^63 bytes', announcing(1n << 63n), /announces a header of 9223372036854776000 bytes/],
    ['announces 2^32 + 2 bytes', announcing((1n << 32n) + 2n), /announces a header of 4294967298 bytes/],
    ['has a header of no bytes', fileOf(''), /does not begin with '\{'/],
    ['has a byte-order mark', fileOf('\ufeff{}'), /does not begin with '\{'/],
    ['has a blank first', fileOf(' {}'), /does not begin with '\{'/],
    ['is a list', fileOf('[]'), /does not begin with '\{'/],
    ['is null', fileOf('null'), /does not begin with '\{'/],
    ['is not UTF-8', fileOf(utf8('{"', 0xff, 0x22, 0x7d)), /not UTF-8/],
    ['has an overlong UTF-8 sequence', fileOf(utf8('{"', 0xc0, 0xaf, 0x22, 0x7d)), /not UTF-8/],
    ['is not JSON', fileOf('{w: 1}'), /not JSON/],
    ['has JSON cut off', fileOf('{"w": {'), /not JSON/],
    ['has text behind its JSON', fileOf('{} {}'), /not JSON/],
    ['has zeros behind its JSON', fileOf('{}\0\0'), /not JSON/],
    [
      'is nested a million deep in lists',
      fileOf(`{"w":${'['.repeat(1e6)}${']'.repeat(1e6)}}`),
      /nested too deep/,
    ],
    [
      'is nested a million deep in objects',
      fileOf(`${'{"w":'.repeat(1e6)}1${'}'.repeat(1e6)}`),
      /nested too deep/,
    ],
    [
      'has the same tensor twice',
      fileOf('{"w":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"w":{}}'),
      /'w' stands in its header twice/,
    ],
    [
      'has the same tensor twice, once escaped',
      fileOf('{"w":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"\\u0077" : {}}'),
      /'w' stands in its header twice/,
    ],
    [
      'has the same metadata key twice',
      fileOf('{"__metadata__":{"k":"1","k":"2"}}'),
      /'k' stands in its header twice/,
    ],
    [
      'has two metadata',
      fileOf('{"__metadata__":{},"__metadata__":{}}'),
      /'__metadata__' stands in its header twice/,
    ],
    [
      'has the same field twice',
      fileOf('{"w":{"dtype":"F32","shape":[1],"shape":[0],"data_offsets":[0,0]}}'),
      /'shape' stands in its header twice/,
    ],
    [
      'has metadata that is a list',
      fileOf('{"__metadata__":["a"]}'),
      /__metadata__ should be an object but is an array of 1/,
    ],
    [
      'has metadata that is null',
      fileOf('{"__metadata__":null}'),
      /__metadata__ should be an object but is null/,
    ],
    ['has metadata with a number', fileOf('{"__metadata__":{"k":1}}'), /texts only but 'k' is 1/],
    ['has metadata with null', fileOf('{"__metadata__":{"k":null}}'), /texts only but 'k' is null/],
    [
      'has five million open brackets',
      fileOf(new Uint8Array(5e6).fill(0x5b).fill(0x7b, 0, 1)),
      /nested too deep|not JSON/,
    ],
    ['has a list in a list', fileOf('{"w":{"shape":[[1]]}}'), /nested too deep/],
    ['has strings that never end', fileOf('{"w":"\\'), /not JSON/],
    ['has a name that is no JSON', fileOf('{"\\x":1}'), /not JSON/],
    ['has metadata with an object', fileOf('{"__metadata__":{"k":{}}}'), /nested too deep/],
    ['has a tensor that is a number', fileWith({ w: 4 }, 0), /'w' should be an object but is 4/],
    ['has a tensor that is null', fileWith({ w: null }, 0), /'w' should be an object but is null/],
    [
      'has a tensor __proto__ that is null',
      fileOf('{"__proto__":null}'),
      /'__proto__' should be an object but is null/,
    ],
    ['has an empty tensor entry', fileWith({ w: {} }, 0), /'w' has dtype undefined/],
    [
      'has a dtype that is none',
      fileWith({ test: { dtype: 'I33', shape: [2, 2], data_offsets: [0, 16] } }, 16),
      /'test' has dtype 'I33'; known are BOOL, .*F32, /,
    ],
    ['has a dtype in lower case', fileWith(one({ dtype: 'f32' }), 8), /'w' has dtype 'f32'/],
    ['has a dtype of an object', fileWith(one({ dtype: 'toString' }), 8), /'w' has dtype 'toString'/],
    ['has a dtype that is a list', fileWith(one({ dtype: ['F32'] }), 8), /'w' has dtype an array of 1/],
    ['has no shape', fileWith(one({ shape: undefined }), 8), /'w' has a shape that is no list/],
    ['has a shape that is a number', fileWith(one({ shape: 2 }), 8), /'w' has a shape that is no list/],
    ['has a shape of texts', fileWith(one({ shape: ['2'] }), 8), /'w' has a shape that is no list/],
    ['has a negative size', fileWith(one({ shape: [-2] }), 8), /'w' has a shape that is no list/],
    ['has two negative sizes', fileWith(one({ shape: [-1, -2] }), 8), /'w' has a shape that is no list/],
    ['has half a size', fileWith(one({ shape: [0.5, 4] }), 8), /'w' has a shape that is no list/],
    [
      'has an infinite size',
      fileOf('{"w":{"dtype":"F32","shape":[1e999],"data_offsets":[0,8]}}', new Uint8Array(8)),
      /'w' has a shape that is no list/,
    ],
    [
      'has a size that doubles cannot hold',
      fileWith(one({ shape: [2 ** 53] }), 8),
      /'w' has a shape that is no list/,
    ],
    [
      'has a shape that overflows 64 bits',
      fileWith(one({ shape: [2 ** 32, 2 ** 32] }), 8),
      /'w' has the absurd shape \[4294967296, 4294967296\]/,
    ],
    [
      'has a shape that overflows with its item size',
      fileWith(one({ shape: [2 ** 52] }), 8),
      /'w' has the absurd shape/,
    ],
    [
      'has a shape that overflows before it is empty',
      fileWith(one({ shape: [2 ** 40, 2 ** 40, 0], data_offsets: [0, 0] }), 0),
      /'w' has the absurd shape/,
    ],
    [
      'has a shape of a million axes',
      fileWith(one({ shape: new Array(1e6).fill(3) }), 8),
      /'w' has the absurd shape \[3, 3, 3, 3, 3, 3, 3, 3, ...\]$/,
    ],
    [
      'promises a petabyte',
      fileWith(one({ shape: [2 ** 48], data_offsets: [0, 2 ** 50] }), 8),
      /cut short: tensor 'w' ends at byte 1125899906842624 of the data and 8 are there/,
    ],
    [
      'has no offsets',
      fileWith(one({ data_offsets: undefined }), 8),
      /'w' has data_offsets that are not two/,
    ],
    ['has one offset', fileWith(one({ data_offsets: [0] }), 8), /'w' has data_offsets that are not two/],
    [
      'has three offsets',
      fileWith(one({ data_offsets: [0, 8, 8] }), 8),
      /'w' has data_offsets that are not two/,
    ],
    [
      'has negative offsets',
      fileWith(one({ data_offsets: [-8, 0] }), 8),
      /'w' has data_offsets that are not two/,
    ],
    [
      'has half an offset',
      fileWith(one({ data_offsets: [0.5, 8.5] }), 9),
      /'w' has data_offsets that are not two/,
    ],
    [
      'has offsets that are texts',
      fileWith(one({ data_offsets: ['0', '8'] }), 8),
      /'w' has data_offsets that are not two/,
    ],
    [
      'has offsets that go backward',
      fileWith(one({ data_offsets: [8, 0] }), 8),
      /'w' does not fit its data: .* \[8, 0\]/,
    ],
    [
      'has a span too short for its shape',
      fileWith(one({ data_offsets: [0, 4] }), 4),
      /'w' does not fit its data: \[2\] of F32 takes 8 bytes but its data_offsets are \[0, 4\]/,
    ],
    ['has a span too long for its shape', fileWith(one({ shape: [1] }), 8), /'w' does not fit its data/],
    [
      'has the span of the other dtype',
      fileWith(one({ dtype: 'F64' }), 8),
      /'w' does not fit its data: \[2\] of F64 takes 16/,
    ],
    [
      'has offsets outside',
      fileWith({ a: at(0, 8), b: at(8, 16) }, 12),
      /cut short: tensor 'b' ends at byte 16 of the data and 12 are there/,
    ],
    [
      'has a hole at the beginning',
      fileWith({ a: at(4, 8) }, 8),
      /bytes 0 to 4 in front of tensor 'a' belong to no tensor/,
    ],
    [
      'has a hole in the middle',
      fileWith({ a: at(0, 4), b: at(8, 12) }, 12),
      /bytes 4 to 8 in front of tensor 'b' belong to no tensor/,
    ],
    ['has a hole at the end', fileWith({ a: at(0, 4) }, 9), /5 bytes at its end belong to no tensor/],
    ['has data and no tensors', fileOf('{}', [1]), /1 bytes at its end belong to no tensor/],
    [
      'has tensors that overlap',
      fileWith({ a: at(0, 8), b: at(4, 12) }, 12),
      /'b' begins at 4, inside the one that ends at 8/,
    ],
    [
      'has tensors on the same place',
      fileWith({ a: at(0, 8), b: at(0, 8) }, 8),
      /'b' begins at 0, inside the one/,
    ],
    [
      'has one tensor inside another',
      fileWith({ a: at(0, 12), b: at(4, 8) }, 12),
      /'b' begins at 4, inside the one/,
    ],
    [
      'has an empty tensor outside',
      fileWith({ a: at(0, 4), b: at(80, 80) }, 4),
      /bytes 4 to 80 in front of tensor 'b'/,
    ],
    [
      'has a very long name',
      fileWith({ ['n'.repeat(1e6)]: 1 }, 0),
      /tensor 'n{40}\.\.\.' should be an object/,
    ],
  ];

  test.each(cases)('that %s is refused', (_, file, message) => {
    const found = refusal(file);
    expect(found).toMatch(/^not a sound safetensors file: /);
    expect(found).toMatch(message);
    expect(found.length).toBeLessThan(250);
  });

  test('cut at any byte is refused', () => {
    expect(readSafetensors(SAMPLE).tensors.size).toBe(4);
    for (let length = 0; length < SAMPLE.length; length++) refusal(SAMPLE.slice(0, length));
  });

  test('with a byte too many is refused', () => {
    expect(refusal(Uint8Array.from([...SAMPLE, 0]))).toMatch(/1 bytes at its end/);
  });

  /** Loads and survives being written again, or is refused with a FormatError. */
  function loadsOrIsRefused(file: Uint8Array): boolean {
    let read: ReturnType<typeof readSafetensors>;
    try {
      read = readSafetensors(file);
    } catch (error) {
      expect(error).toBeInstanceOf(FormatError);
      return false;
    }
    expect(readSafetensors(writeSafetensors(read.tensors, read.metadata))).toEqual(read);
    return true;
  }

  test('changed in any one byte loads or is refused', () => {
    let loaded = 0;
    for (let i = 0; i < SAMPLE.length; i++) {
      for (const change of [0x01, 0x02, 0x10, 0x80, 0xff]) {
        const file = SAMPLE.slice();
        file[i] = (file[i] as number) ^ change;
        if (loadsOrIsRefused(file)) loaded++;
      }
    }
    expect(loaded).toBeGreaterThan(200); // the data and the letters of names may change
    expect(loaded).toBeLessThan(SAMPLE.length * 5 * 0.8);
  });

  test('changed in several places, with pieces of headers put in, loads or is refused', () => {
    const pieces = [
      '"',
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '-',
      '.5',
      'e9',
      '\\',
      '0',
      '9',
      'null',
      '"w":',
      '__proto__',
      '[[',
      'F64',
    ];
    const edits = fc.array(
      fc.record({
        place: fc.nat(SAMPLE.length - 1),
        removed: fc.nat(8),
        put: fc.oneof(
          fc.constantFrom(...pieces).map((piece) => [...new TextEncoder().encode(piece)]),
          fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 4 }),
        ),
      }),
      { minLength: 1, maxLength: 5 },
    );
    fc.assert(
      fc.property(edits, fc.boolean(), (list, repairLength) => {
        const bytes = [...SAMPLE];
        let grown = 0;
        for (const { place, removed, put } of list) {
          const gone = bytes.splice(place, removed, ...put).length;
          if (place >= 8) grown += put.length - gone;
        }
        const file = Uint8Array.from(bytes);
        // Without this nearly every file would fail on the length of its header and never reach the rest.
        if (repairLength && file.length >= 8) {
          const length = new DataView(SAMPLE.buffer).getUint32(0, true) + grown;
          new DataView(file.buffer).setBigUint64(0, BigInt(Math.max(0, length)), true);
        }
        loadsOrIsRefused(file);
      }),
      { numRuns: 4000 },
    );
  });
});

describe('the writer refuses', () => {
  const cases: [string, string, unknown, RegExp][] = [
    ['a tensor called __metadata__', '__metadata__', f32([1], [1]), /no tensor may be called '__metadata__'/],
    [
      'a shape that does not fit',
      'w',
      f32([3], [1, 2]),
      /'w' does not fit its data: \[3\] of F32 takes 12 bytes but its data has 8/,
    ],
    ['a shape that is no shape', 'w', f32([-1, -2], [1, 2]), /'w' has a shape that is no list/],
    ['an absurd shape', 'w', f32([2 ** 30, 2 ** 30], []), /'w' has the absurd shape/],
    [
      'the wrong kind of array',
      'w',
      { dtype: 'F32', shape: [1], data: Float64Array.of(1) },
      /'w' needs a Float32Array for F32/,
    ],
    [
      'an unknown dtype',
      'w',
      { dtype: 'I7', shape: [1], data: Int8Array.of(1) },
      /'w' has the unknown dtype 'I7'/,
    ],
  ];

  test.each(cases)('%s', (_, name, tensor, message) => {
    const write = () => writeSafetensors(new Map([[name, tensor as StoredTensor]]));
    expect(write).toThrow(FormatError);
    expect(write).toThrow(message);
  });

  test('metadata that is no text, and a header over the limit', () => {
    const numbers = { epoch: 3 } as unknown as Record<string, string>;
    expect(() => writeSafetensors(new Map(), numbers)).toThrow(/texts only but 'epoch' is 3/);
    expect(() => writeSafetensors(new Map(), { k: 'x'.repeat(100_000_000) })).toThrow(
      /the format allows 100000000/,
    );
  });
});
