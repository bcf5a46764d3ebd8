/**
 * The global heaps of an HDF5 file, where its texts of varying length lie: looked at before the HDF5 library is, which
 * goes round for ever in one whose free space has no size. A heap is
 *
 *     "GCOL", version 1, three zeros, its size (8 bytes), then objects: index (2 bytes), references (2), zeros (4), size (8),
 *     and so many bytes, filled up to a multiple of 8
 *
 * The object with the index 0 is the space that is free: it is the last, and its size holds its own header.
 * Specification: https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html, section III.E.
 */
import { FormatError } from '../../core/errors.js';

const SIGNATURE = [0x47, 0x43, 0x4f, 0x4c, 1, 0, 0, 0];
const HEADER = 16;

/** @throws FormatError for a heap that does not add up */
export function checkHeaps(bytes: Uint8Array, what: string): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + HEADER <= bytes.length; at += 8) {
    if (bytes[at] !== SIGNATURE[0] || !SIGNATURE.every((byte, i) => bytes[at + i] === byte)) continue;
    const end = at + Number(view.getBigUint64(at + 8, true));
    let object = at + HEADER;
    while (end <= bytes.length && object + HEADER <= end) {
      const size = Number(view.getBigUint64(object + 8, true));
      const isFree = view.getUint16(object, true) === 0;
      if (isFree && size < HEADER) break;
      object += isFree ? size : HEADER + Math.ceil(size / 8) * 8;
    }
    // Less than a header may be left over.
    if (end > bytes.length || object > end || object + HEADER <= end) {
      throw new FormatError(`${what} is no sound HDF5 file: its texts at byte ${at} do not add up`);
    }
  }
}
