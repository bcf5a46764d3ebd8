/**
 * Zip archives, as far as model files use them: entries that are stored (method 0) or deflated (method 8), with sizes of
 * 32 or 64 bits. An archive is read from its end: the end record says where the central directory is, and that says of
 * each entry where it lies, how long it is, packed and unpacked, and the checksum of what is in it.
 * Specification: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, whose sections are cited.
 *
 * The reader trusts nothing. Before a byte is inflated, the whole directory has been found true: no two entries of one
 * name or in one place, no name that leads out of a folder, no entry that could not come of as few bytes as it has, and
 * not more in all than the limit. What inflates to more or less than it said, or to another checksum, is refused.
 */
import { FormatError } from '../core/errors.js';
import { describe } from '../core/options.js';
import { crc32 } from './crc32.js';

export interface ZipArchive {
  /** The names of the entries that are files, in the order of the directory. */
  readonly names: readonly string[];
  /**
   * What an entry holds, unpacked.
   *
   * @throws FormatError when there is none of that name, or its bytes are damaged
   */
  read(name: string): Promise<Uint8Array<ArrayBuffer>>;
}

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  /** Where its own header lies, and where its bytes begin. */
  readonly header: number;
  readonly begin: number;
}

const END_RECORD = 0x06054b50;
const END_RECORD_BYTES = 22;
const END_RECORD_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const LOCATOR_64_BYTES = 20;
const DIRECTORY_ENTRY = 0x02014b50;
const DIRECTORY_ENTRY_BYTES = 46;
const LOCAL_HEADER = 0x04034b50;
const LOCAL_HEADER_BYTES = 30;
const EXTRA_64 = 0x0001;

const STORED = 0;
const DEFLATED = 8;
const MASKED_16 = 0xffff;
const MASKED_32 = 0xffffffff;
const LONGEST_COMMENT = 0xffff;

/** Deflate makes at most 258 bytes of two bits, 1032 of a byte: https://zlib.net/zlib_tech.html. */
const MOST_BYTES_OF_ONE = 1032;
/** What all entries may be unpacked, whatever the size of the file, and as a multiple of it. */
const ALWAYS_ALLOWED = 2 ** 26;
const MOST_GROWTH = 64;
const MOST_ENTRIES = 2 ** 16;

/**
 * The entries of an archive, none of them unpacked yet.
 *
 * @param file  what a message calls it
 * @throws FormatError when it is not a sound archive, or has what no model file has: a password, another compression
 *
 * @example const pages = readZip(bytes); await pages.read('model/data.pkl');
 */
export function readZip(bytes: Uint8Array, file = 'the file'): ZipArchive {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fail = (what: string): never => {
    throw new FormatError(`${file} is not a sound zip archive: ${what}`);
  };
  const { count, begin, end } = findDirectory(view, fail);
  const entries = new Map<string, Entry>();
  let at = begin;
  for (let i = 0; i < count; i++) {
    if (at + DIRECTORY_ENTRY_BYTES > end || view.getUint32(at, true) !== DIRECTORY_ENTRY) {
      fail(`its directory should have ${count} entries, and entry ${i} is not there`);
    }
    const { entry, next } = readEntry(bytes, view, at, end, fail);
    if (entries.has(entry.name)) fail(`it holds ${describe(entry.name)} twice`);
    entries.set(entry.name, entry);
    at = next;
  }
  if (at !== end) fail(`its directory has ${end - at} bytes behind its last entry`);
  checkPlaces([...entries.values()], begin, fail);
  checkSizes(entries.values(), bytes.length, fail);
  return {
    names: [...entries.keys()].filter((name) => !name.endsWith('/')),
    read: async (name) => {
      const entry = entries.get(name);
      if (!entry) throw new FormatError(`${file} holds no ${describe(name)}`);
      const packed = bytes.subarray(entry.begin, entry.begin + entry.packed);
      const content = entry.method === STORED ? new Uint8Array(packed) : await inflate(packed, entry, fail);
      if (crc32(content) !== entry.crc) fail(`${describe(name)} is damaged, its checksum is another`);
      return content as Uint8Array<ArrayBuffer>;
    },
  };
}

type Fail = (what: string) => never;

/** Where the central directory is (section 4.3.16), and with sizes of 64 bits (4.3.14, 4.3.15). */
function findDirectory(view: DataView, fail: Fail): { count: number; begin: number; end: number } {
  const at = findEndRecord(view, fail);
  if (view.getUint16(at + 4, true) !== 0 && view.getUint16(at + 4, true) !== MASKED_16) {
    fail('it is one part of several');
  }
  let [count, size, begin] = [
    view.getUint16(at + 10, true),
    view.getUint32(at + 12, true),
    view.getUint32(at + 16, true),
  ];
  let end = at;
  const locator = at - LOCATOR_64_BYTES;
  if (locator >= 0 && view.getUint32(locator, true) === LOCATOR_64) {
    const record = sizeAt(view, locator + 8, fail);
    if (record + 56 > locator || view.getUint32(record, true) !== END_RECORD_64)
      fail('its 64-bit end record is missing');
    count = sizeAt(view, record + 32, fail);
    size = sizeAt(view, record + 40, fail);
    begin = sizeAt(view, record + 48, fail);
    end = record;
  } else if (count === MASKED_16 || size === MASKED_32 || begin === MASKED_32)
    fail('its 64-bit end record is missing');
  if (count > MOST_ENTRIES) fail(`it announces ${count} entries, and ${MOST_ENTRIES} is the limit`);
  if (begin + size !== end)
    fail(`its directory should end at byte ${begin + size} and its end record is at ${end}`);
  return { count, begin, end };
}

/** The last record whose comment ends where the file does. */
function findEndRecord(view: DataView, fail: Fail): number {
  const last = view.byteLength - END_RECORD_BYTES;
  for (let at = last; at >= Math.max(0, last - LONGEST_COMMENT); at--) {
    if (view.getUint32(at, true) === END_RECORD && view.getUint16(at + 20, true) === last - at) return at;
  }
  return fail('its end is missing, so that it is cut short or another kind of file');
}

/** An entry of the directory (section 4.3.12), and where the next one begins. */
function readEntry(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  fail: Fail,
): { entry: Entry; next: number } {
  const nameBytes = view.getUint16(at + 28, true);
  const extraBytes = view.getUint16(at + 30, true);
  const nameBegin = at + DIRECTORY_ENTRY_BYTES;
  const extraBegin = nameBegin + nameBytes;
  const next = extraBegin + extraBytes + view.getUint16(at + 32, true);
  if (next > end) fail('an entry of its directory reaches beyond the end of that');
  const name = readName(bytes.subarray(nameBegin, extraBegin), fail);
  const flags = view.getUint16(at + 8, true);
  const method = view.getUint16(at + 10, true);
  if ((flags & 0x2041) !== 0) fail(`${describe(name)} is encrypted`);
  if (method !== STORED && method !== DEFLATED) {
    fail(
      `${describe(name)} is compressed by method ${method}, and only stored (0) and deflated (8) are read`,
    );
  }
  const wide = readWide(view, extraBegin, extraBegin + extraBytes, fail);
  const size = wide(view.getUint32(at + 24, true));
  const packed = wide(view.getUint32(at + 20, true));
  const header = wide(view.getUint32(at + 42, true));
  const begin = findContent(bytes, view, header, bytes.subarray(nameBegin, extraBegin), fail);
  if (begin + packed > bytes.length) fail(`${describe(name)} is cut short`);
  return { entry: { name, method, crc: view.getUint32(at + 16, true), packed, size, header, begin }, next };
}

/** Where the bytes of an entry begin: behind its own header (section 4.3.7), which repeats its name. */
function findContent(
  bytes: Uint8Array,
  view: DataView,
  header: number,
  name: Uint8Array,
  fail: Fail,
): number {
  if (header + LOCAL_HEADER_BYTES > bytes.length || view.getUint32(header, true) !== LOCAL_HEADER) {
    fail(`there is no entry at byte ${header}, where its directory has one`);
  }
  const nameBegin = header + LOCAL_HEADER_BYTES;
  const nameEnd = nameBegin + view.getUint16(header + 26, true);
  const repeated = bytes.subarray(nameBegin, nameEnd);
  if (repeated.length !== name.length || repeated.some((byte, i) => byte !== name[i])) {
    fail(`the entry at byte ${header} has another name in its directory`);
  }
  return nameEnd + view.getUint16(header + 28, true);
}

/** Gives a size of 32 bits, or where it is masked the next one of the extra field for 64 bits (section 4.5.3). */
function readWide(view: DataView, begin: number, end: number, fail: Fail): (size: number) => number {
  let [next, last] = [0, 0];
  for (let at = begin; at + 4 <= end; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== EXTRA_64) continue;
    next = at + 4;
    last = next + view.getUint16(at + 2, true);
    if (last > end) fail('an extra field of its directory reaches beyond its entry');
    break;
  }
  return (size) => {
    if (size !== MASKED_32) return size;
    if (next + 8 > last) fail('a size of 64 bits is missing in its directory');
    next += 8;
    return sizeAt(view, next - 8, fail);
  };
}

/** A size of 64 bits that is one of this file. */
function sizeAt(view: DataView, at: number, fail: Fail): number {
  const size = view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
  return size <= Number.MAX_SAFE_INTEGER ? size : fail('it announces more bytes than there can be');
}

/** A name that stays within its folder. */
function readName(bytes: Uint8Array, fail: Fail): string {
  let name = '';
  try {
    name = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    fail('a name in its directory is not UTF-8');
  }
  const leadsOut = name.split('/').some((part) => part === '..' || part === '.');
  if (name === '' || name.startsWith('/') || leadsOut || /[\\\0]|^[a-z]:/i.test(name)) {
    fail(`it holds ${describe(name)}, which is no name within a folder`);
  }
  return name;
}

/** No byte belongs to two entries, or to an entry and the directory. */
function checkPlaces(entries: Entry[], directory: number, fail: Fail): void {
  entries.sort((left, right) => left.header - right.header);
  let filled = 0;
  for (const { name, header, begin, packed } of entries) {
    if (header < filled) fail(`${describe(name)} begins inside another entry`);
    filled = begin + packed;
  }
  if (filled > directory) fail('its last entry reaches into its directory');
}

/** Nothing that is claimed is beyond what the file can hold, or would take more memory than a file of its size may. */
function checkSizes(entries: Iterable<Entry>, fileBytes: number, fail: Fail): void {
  const allowed = Math.max(ALWAYS_ALLOWED, MOST_GROWTH * fileBytes);
  let total = 0;
  for (const { name, method, packed, size } of entries) {
    if (method === STORED && packed !== size)
      fail(`${describe(name)} is stored and has two sizes, ${packed} and ${size}`);
    if (size > MOST_BYTES_OF_ONE * packed)
      fail(`${describe(name)} claims ${size} bytes of ${packed} deflated ones`);
    total += size;
    if (total > allowed) fail(`it would unpack to more than ${allowed} bytes, and is ${fileBytes} itself`);
  }
}

/** Inflates (RFC 1951) exactly the bytes that the directory promises. */
async function inflate(packed: Uint8Array, { name, size }: Entry, fail: Fail): Promise<Uint8Array> {
  const content = new Uint8Array(size);
  const stream = new Blob([packed as Uint8Array<ArrayBuffer>]).stream();
  const reader = stream.pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  let filled = 0;
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      if (filled + chunk.value.length > size) {
        filled = size + 1;
        await reader.cancel();
        break;
      }
      content.set(chunk.value, filled);
      filled += chunk.value.length;
    }
  } catch {
    fail(`${describe(name)} is damaged, it cannot be inflated`);
  }
  if (filled !== size)
    fail(`${describe(name)} should inflate to ${size} bytes and gives ${filled > size ? 'more' : filled}`);
  return content;
}
