/**
 * Writes zip archives of stored entries. The same entries give the same bytes: the date of all is the first that the
 * format knows, 1 January 1980. See zip.ts for the format.
 */
import { FormatError } from '../core/errors.js';
import { crc32 } from './crc32.js';

export interface WriteZipOptions {
  /** What the place of every entry's bytes is a multiple of, by an extra field that pads; 1 by default. */
  readonly alignment?: number;
}

const DATE = 0x0021;
const UTF_8 = 0x0800;
const VERSION = 20;
/** An extra field of that kind holds padding; PyTorch's archives have it, too. */
const PADDING = 0x4246;
const MOST_BYTES = 2 ** 32 - 2;
const MOST_ENTRIES = 2 ** 16 - 2;

/**
 * The bytes of an archive with these entries, in their order.
 *
 * @throws FormatError for more than 4 GB or 65,534 entries, for which the format needs another form
 */
export function writeZip(
  entries: ReadonlyMap<string, Uint8Array>,
  { alignment = 1 }: WriteZipOptions = {},
): Uint8Array<ArrayBuffer> {
  const parts = [];
  let at = 0;
  for (const [name, content] of entries) {
    const nameBytes = new TextEncoder().encode(name);
    const bare = at + 30 + nameBytes.length;
    // The field's own four bytes are there wherever it is.
    const padding =
      alignment === 1 || bare % alignment === 0
        ? 0
        : 4 + ((alignment - ((bare + 4) % alignment)) % alignment);
    parts.push({ nameBytes, content, padding, crc: crc32(content), at });
    at = bare + padding + content.length;
  }
  const directoryBytes = parts.reduce((sum, { nameBytes }) => sum + 46 + nameBytes.length, 0);
  if (at + directoryBytes > MOST_BYTES || parts.length > MOST_ENTRIES) {
    throw new FormatError(
      `a zip archive holds 4 GB and ${MOST_ENTRIES} entries at most, and this one would have ${at} bytes and ${parts.length}`,
    );
  }

  const file = new Uint8Array(at + directoryBytes + 22);
  const view = new DataView(file.buffer);
  let directory = at;
  for (const { nameBytes, content, padding, crc, at: header } of parts) {
    view.setUint32(header, 0x04034b50, true);
    writeCommon(view, header + 4, crc, content.length, nameBytes.length);
    view.setUint16(header + 28, padding, true);
    file.set(nameBytes, header + 30);
    const extra = header + 30 + nameBytes.length;
    if (padding > 0) {
      view.setUint16(extra, PADDING, true);
      view.setUint16(extra + 2, padding - 4, true);
    }
    file.set(content, extra + padding);

    view.setUint32(directory, 0x02014b50, true);
    view.setUint16(directory + 4, VERSION, true);
    writeCommon(view, directory + 6, crc, content.length, nameBytes.length);
    view.setUint32(directory + 42, header, true);
    file.set(nameBytes, directory + 46);
    directory += 46 + nameBytes.length;
  }
  view.setUint32(directory, 0x06054b50, true);
  view.setUint16(directory + 8, parts.length, true);
  view.setUint16(directory + 10, parts.length, true);
  view.setUint32(directory + 12, directoryBytes, true);
  view.setUint32(directory + 16, at, true);
  return file;
}

/** What an entry's own header and its place in the directory have alike, from the version needed to the name's length. */
function writeCommon(view: DataView, at: number, crc: number, size: number, nameBytes: number): void {
  view.setUint16(at, VERSION, true);
  view.setUint16(at + 2, UTF_8, true);
  view.setUint16(at + 8, DATE, true);
  view.setUint32(at + 10, crc, true);
  view.setUint32(at + 14, size, true);
  view.setUint32(at + 18, size, true);
  view.setUint16(at + 22, nameBytes, true);
}
