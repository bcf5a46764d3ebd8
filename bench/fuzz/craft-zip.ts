/** Zip archives with anything wrong with them that a test needs; nothing of it is written by what is tested. */
import { deflateRawSync } from 'node:zlib';

export interface CraftedEntry {
  name: string;
  content: Uint8Array;
  deflated?: boolean;
  /** What the headers say, where that is not the truth. */
  size?: number;
  crc?: number;
  method?: number;
  flags?: number;
  header?: number;
  localName?: string;
  nameBytes?: Uint8Array;
  packed?: Uint8Array;
  localExtra?: Uint8Array;
  hasDescriptor?: boolean;
  /** Whether its sizes are in an extra field of 64 bits. */
  is64?: boolean;
}

export interface CraftedEnd {
  comment?: string;
  count?: number;
  directory?: number;
  disk?: number;
  is64?: boolean;
}

/** The checksum, bit by bit. */
export function crcOf(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

function u16(...values: number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  values.forEach((value, i) => void bytes.writeUInt16LE(value, 2 * i));
  return bytes;
}

function u32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => void bytes.writeUInt32LE(value, 4 * i));
  return bytes;
}

function u64(...values: number[]): Buffer {
  const bytes = Buffer.alloc(8 * values.length);
  values.forEach((value, i) => void bytes.writeBigUInt64LE(BigInt(value), 8 * i));
  return bytes;
}

export function craftZip(entries: readonly CraftedEntry[], end: CraftedEnd = {}): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  const put = (bytes: Uint8Array) => {
    parts.push(bytes);
    at += bytes.length;
  };
  for (const entry of entries) {
    const { content, deflated = false, hasDescriptor = false, is64 = false } = entry;
    const name = entry.nameBytes ?? Buffer.from(entry.name);
    const localName = entry.localName === undefined ? name : Buffer.from(entry.localName);
    const packed = entry.packed ?? (deflated ? deflateRawSync(content) : content);
    const size = entry.size ?? content.length;
    const crc = entry.crc ?? crcOf(content);
    const method = entry.method ?? (deflated ? 8 : 0);
    const flags = (entry.flags ?? 0) | (hasDescriptor ? 8 : 0);
    const localExtra = entry.localExtra ?? new Uint8Array();
    const header = entry.header ?? at;
    const sizes = hasDescriptor ? u32(0, 0, 0) : u32(crc, packed.length, is64 ? 0xffffffff : size);
    put(u32(0x04034b50));
    put(u16(20, flags, method, 0, 0x21));
    put(sizes);
    put(u16(localName.length, localExtra.length));
    put(localName);
    put(localExtra);
    put(packed);
    if (hasDescriptor) put(Buffer.concat([u32(0x08074b50, crc, packed.length, size % 2 ** 32)]));
    const extra = is64
      ? Buffer.concat([u16(9, 0), u16(1, 24), u64(size, packed.length, header)])
      : Buffer.alloc(0);
    directory.push(
      Buffer.concat([
        u32(0x02014b50),
        u16(20, 20, flags, method, 0, 0x21),
        is64 ? u32(crc, 0xffffffff, 0xffffffff) : u32(crc, packed.length, size),
        u16(name.length, extra.length, 0, 0, 0),
        u32(0, is64 ? 0xffffffff : header),
        name,
        extra,
      ]),
    );
  }
  const begin = end.directory ?? at;
  for (const record of directory) put(record);
  const size = directory.reduce((sum, record) => sum + record.length, 0);
  const count = end.count ?? entries.length;
  const comment = Buffer.from(end.comment ?? '', 'latin1');
  if (end.is64) {
    const record = at;
    put(Buffer.concat([u32(0x06064b50), u64(44), u16(45, 45), u32(0, 0), u64(count, count, size, begin)]));
    put(Buffer.concat([u32(0x07064b50, 0), u64(record), u32(1)]));
  }
  const disk = end.disk ?? 0;
  const counts = end.is64 ? [0xffff, 0xffff] : [count, count];
  put(Buffer.concat([u32(0x06054b50), u16(disk, disk, ...counts)]));
  put(end.is64 ? u32(0xffffffff, 0xffffffff) : u32(size, begin));
  put(Buffer.concat([u16(comment.length), comment]));
  return new Uint8Array(Buffer.concat(parts));
}
