/**
 * The checksum of zip archives: CRC-32, the remainder of a division by the polynomial 0xEDB88320, bits reversed. Eight
 * bytes are taken at once, each through a table of its own ("slicing by 8", Kounavis and Berry 2005), in half of the
 * time of one by one.
 */

const SLICES = 8;

let tables: readonly Uint32Array[] | undefined;

/** What a byte does to the remainder, with 0 to 7 zeros behind it. */
function makeTables(): readonly Uint32Array[] {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++)
      remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
    return remainder;
  });
  const all = [first];
  while (all.length < SLICES) {
    const before = all.at(-1) as Uint32Array;
    all.push(before.map((remainder) => (remainder >>> 8) ^ (first[remainder & 0xff] as number)));
  }
  return all;
}

/** The checksum of these bytes. */
export function crc32(bytes: Uint8Array): number {
  tables ??= makeTables();
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  const at = (table: Uint32Array, index: number) => table[index] as number;
  let remainder = 0xffffffff;
  let i = 0;
  for (; i + SLICES <= bytes.length; i += SLICES) {
    const byte = (k: number) => bytes[i + k] as number;
    remainder =
      at(t7, (remainder & 0xff) ^ byte(0)) ^
      at(t6, ((remainder >>> 8) & 0xff) ^ byte(1)) ^
      at(t5, ((remainder >>> 16) & 0xff) ^ byte(2)) ^
      at(t4, (remainder >>> 24) ^ byte(3)) ^
      at(t3, byte(4)) ^
      at(t2, byte(5)) ^
      at(t1, byte(6)) ^
      at(t0, byte(7));
  }
  for (; i < bytes.length; i++) {
    remainder = at(t0, (remainder ^ (bytes[i] as number)) & 0xff) ^ (remainder >>> 8);
  }
  return (remainder ^ 0xffffffff) >>> 0;
}
