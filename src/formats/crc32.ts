/** The checksum of zip archives: CRC-32, the remainder of a division by the polynomial 0xEDB88320, bits reversed. */

let table: Uint32Array | undefined;

/** What each byte does to the remainder. */
function makeTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++)
      remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
    return remainder;
  });
}

/** The checksum of these bytes. */
export function crc32(bytes: Uint8Array): number {
  table ??= makeTable();
  let remainder = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) {
    remainder = (table[(remainder ^ (bytes[i] as number)) & 0xff] as number) ^ (remainder >>> 8);
  }
  return (remainder ^ 0xffffffff) >>> 0;
}
