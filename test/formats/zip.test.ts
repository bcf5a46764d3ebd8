import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CraftedEntry, craftZip, crcOf } from '../../bench/fuzz/craft-zip.js';
import { FormatError } from '../../src/core/errors.js';
import { crc32 } from '../../src/formats/crc32.js';
import { readZip } from '../../src/formats/zip.js';
import { writeZip } from '../../src/formats/zip-writer.js';

const text = (value: string) => new TextEncoder().encode(value);
const some = Uint8Array.from({ length: 3000 }, (_, i) => (i * i) % 251);

async function refusal(bytes: Uint8Array, name?: string): Promise<string> {
  try {
    const archive = readZip(bytes);
    for (const entry of name === undefined ? archive.names : [name]) await archive.read(entry);
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return (error as FormatError).message;
  }
  throw new Error('the archive was read');
}

test('the checksum is the one that the standard has for 123456789, and one bit by bit', () => {
  expect(crc32(text('123456789'))).toBe(0xcbf43926);
  expect(crc32(new Uint8Array())).toBe(0);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => crc32(bytes) === crcOf(bytes)));
});

describe('an archive that was written', () => {
  test('is read again, whatever the names, contents and alignment', async () => {
    const name = fc.stringMatching(/^[a-zé😀_ ]{1,12}(\/[a-z.]{1,5}x){0,3}$/u);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(name, fc.uint8Array({ maxLength: 200 })), { maxLength: 6 }),
        fc.constantFrom(1, 8, 64),
        async (pairs, alignment) => {
          const entries = new Map(pairs);
          const bytes = writeZip(entries, { alignment });
          const archive = readZip(bytes);
          expect(archive.names).toEqual([...entries.keys()]);
          for (const [entry, content] of entries) expect(await archive.read(entry)).toEqual(content);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('has every content where the alignment says', () => {
    const entries = new Map(
      [1, 2, 3, 4, 5].map((n) => [`folder/${'x'.repeat(n * 7)}`, text(`content ${n}`)]),
    );
    const bytes = Buffer.from(writeZip(entries, { alignment: 64 }));
    for (const n of [1, 2, 3, 4, 5]) expect(bytes.indexOf(`content ${n}`) % 64).toBe(0);
  });

  test('has the same bytes each time', () => {
    const entries = new Map([['a', some]]);
    expect(writeZip(entries)).toEqual(writeZip(entries));
  });

  test('of nothing is an archive of nothing', () => {
    expect(readZip(writeZip(new Map())).names).toEqual([]);
  });
});

describe('archives of others', () => {
  test('are deflated, have comments, extra fields, folders, descriptors and bytes between the entries', async () => {
    const bytes = craftZip(
      [
        { name: 'folder/', content: new Uint8Array() },
        { name: 'folder/deflated', content: some, deflated: true, hasDescriptor: true },
        { name: 'folder/stored', content: some, localExtra: Uint8Array.of(0x46, 0x42, 2, 0, 9, 9) },
      ],
      { comment: 'a comment with PK\x05\x06 in it' },
    );
    const archive = readZip(bytes);
    expect(archive.names).toEqual(['folder/deflated', 'folder/stored']);
    expect(await archive.read('folder/deflated')).toEqual(some);
    expect(await archive.read('folder/stored')).toEqual(some);
  });

  test('have sizes of 64 bits', async () => {
    const archive = readZip(craftZip([{ name: 'a', content: some, is64: true }], { is64: true }));
    expect(await archive.read('a')).toEqual(some);
  });

  test('lie in the middle of a buffer', async () => {
    const bytes = craftZip([{ name: 'a', content: some, deflated: true }]);
    const around = new Uint8Array(bytes.length + 20);
    around.set(bytes, 7);
    const archive = readZip(around.subarray(7, 7 + bytes.length));
    expect(await archive.read('a')).toEqual(some);
    const node = readZip(Buffer.from(bytes));
    const content = await node.read('a');
    expect(content.buffer.byteLength).toBe(some.length);
  });
});

describe('the reader refuses', () => {
  const good: CraftedEntry = { name: 'a', content: some };
  const zeros = new Uint8Array(2 ** 20);
  const cases: [string, Uint8Array, RegExp][] = [
    ['nothing', new Uint8Array(), /its end is missing/],
    ['a text', text('no archive at all, but long enough to be one'), /its end is missing/],
    ['a file cut short', craftZip([good]).subarray(0, -10), /its end is missing/],
    [
      'a name that leads out',
      craftZip([{ ...good, name: '../../etc/passwd' }]),
      /'..\/..\/etc\/passwd', which is no name/,
    ],
    [
      'a name from the root',
      craftZip([{ ...good, name: '/etc/passwd' }]),
      /which is no name within a folder/,
    ],
    ['a name of Windows', craftZip([{ ...good, name: 'C:\\x' }]), /which is no name within a folder/],
    ['a name with a null', craftZip([{ ...good, name: 'a\0b' }]), /which is no name within a folder/],
    ['no name', craftZip([{ ...good, name: '' }]), /'', which is no name/],
    ['a name that is not UTF-8', craftZip([{ ...good, nameBytes: Uint8Array.of(0xff, 0xfe) }]), /not UTF-8/],
    ['a name twice', craftZip([good, good]), /it holds 'a' twice/],
    ['a password', craftZip([{ ...good, flags: 1 }]), /'a' is encrypted/],
    ['another compression', craftZip([{ ...good, method: 14 }]), /'a' is compressed by method 14/],
    [
      'another name in its own header',
      craftZip([{ ...good, localName: 'b' }]),
      /another name in its directory/,
    ],
    ['another checksum', craftZip([{ ...good, crc: 1 }]), /'a' is damaged, its checksum/],
    [
      'damaged packed bytes',
      craftZip([{ ...good, deflated: true, packed: some.subarray(0, 500) }]),
      /'a' is damaged/,
    ],
    [
      'two sizes of what is stored',
      craftZip([{ ...good, size: 2999 }]),
      /is stored and has two sizes, 3000 and 2999/,
    ],
    [
      'less than it says',
      craftZip([{ ...good, deflated: true, size: 4000 }]),
      /should inflate to 4000 bytes and gives 3000/,
    ],
    [
      'more than it says',
      craftZip([{ ...good, deflated: true, size: 2000 }]),
      /should inflate to 2000 bytes and gives more/,
    ],
    [
      'what no deflating can be',
      craftZip([{ ...good, deflated: true, size: 2 ** 31 }]),
      /claims 2147483648 bytes of/,
    ],
    [
      'a terabyte',
      craftZip([{ ...good, is64: true, size: 2 ** 40 }], { is64: true }),
      /two sizes, 3000 and 1099511627776/,
    ],
    [
      'a petabyte of 64 bits',
      craftZip([{ ...good, is64: true, size: 2 ** 63 }], { is64: true }),
      /more bytes than there can be/,
    ],
    [
      'a bomb of many entries',
      craftZip(Array.from({ length: 80 }, (_, i) => ({ name: `${i}`, content: zeros, deflated: true }))),
      /it would unpack to more than 67108864 bytes/,
    ],
    [
      'entries in one place',
      craftZip([good, { name: 'b', content: some, header: 0, localName: 'a' }]),
      /another name/,
    ],
    [
      'an entry inside another',
      craftZip([
        { name: 'outer', content: craftZip([good]).subarray(0, 31 + 3000) },
        { name: 'a', content: some, header: 35, size: 3000 },
      ]),
      /'a' begins inside another entry/,
    ],
    [
      'an entry beyond the end',
      craftZip([{ ...good, header: 2 ** 31 }]),
      /there is no entry at byte 2147483648/,
    ],
    [
      'more entries than are there',
      craftZip([good], { count: 2 }),
      /should have 2 entries, and entry 1 is not there/,
    ],
    ['fewer entries than are there', craftZip([good], { count: 0 }), /bytes behind its last entry/],
    ['millions of entries', craftZip([good], { is64: true, count: 2 ** 30 }), /announces 1073741824 entries/],
    ['a directory elsewhere', craftZip([good], { directory: 3 }), /its directory should end at byte/],
    ['one part of several', craftZip([good], { disk: 1 }), /one part of several/],
    [
      'sizes of 64 bits that are not there',
      craftZip([{ ...good, size: 0xffffffff, method: 8 }]),
      /64 bits is missing/,
    ],
  ];

  test.each(cases)('%s', async (_, bytes, message) => {
    expect(await refusal(bytes)).toMatch(message);
  });

  test('a name that is not there', async () => {
    expect(await refusal(craftZip([good]), '__proto__')).toMatch(/the file holds no '__proto__'/);
  });
});

test('an archive that is cut anywhere, or changed in any byte, is read as it was or refused', async () => {
  const bytes = craftZip([
    { name: 'a/x', content: text('stored') },
    { name: 'a/y', content: text('deflated deflated deflated'), deflated: true },
  ]);
  const whole = async (file: Uint8Array) => {
    try {
      const archive = readZip(file);
      return await Promise.all(archive.names.map((name) => archive.read(name)));
    } catch (error) {
      expect(error).toBeInstanceOf(FormatError);
      return undefined;
    }
  };
  for (let end = 0; end < bytes.length; end++) expect(await whole(bytes.subarray(0, end))).toBe(undefined);
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    changed[at] = (changed[at] as number) ^ 0x21;
    const found = await whole(changed);
    for (const content of found ?? [])
      expect(['stored', 'deflated deflated deflated']).toContain(Buffer.from(content).toString());
  }
});
