/**
 * Bytes into text, strictly: what is no UTF-8 (RFC 3629) is an error with its line and column, and never a replacement
 * character in somebody's name. A zero byte is refused with it: text that holds one is UTF-16, or no text.
 */
import { FormatError } from '../core/errors.js';
import { describe } from '../core/options.js';

/** Text as far as the bytes are text, and what is wrong with the byte behind it, where one is. */
export interface Decoded {
  readonly text: string;
  readonly problem?: string;
}

/** Decodes bytes that come in pieces, which may end within a character. */
export interface Utf8Decoder {
  decode(bytes: Uint8Array): Decoded;
  /** To be called behind the last piece. */
  end(): Decoded;
}

/** A line and a column, both counted from 1; a column is a UTF-16 unit of its line, as in editors. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

const MEND = 'save the file in UTF-8, or decode it yourself and pass the text';

export function utf8Decoder(): Utf8Decoder {
  // A byte-order mark is kept: at the head of a piece other than the first it is a character like others.
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let rest = new Uint8Array(0);
  return {
    decode: (bytes) => {
      const joined = rest.length === 0 ? bytes : concatenate(rest, bytes);
      const whole = joined.length - unfinished(joined);
      rest = joined.slice(whole);
      const piece = joined.subarray(0, whole);
      try {
        if (!piece.includes(0)) return { text: decoder.decode(piece) };
      } catch {
        // The search below says where.
      }
      return upToProblem(piece);
    },
    end: () =>
      rest.length === 0
        ? { text: '' }
        : { text: '', problem: `the text ends within a character of UTF-8: ${MEND}` },
  };
}

/**
 * The text of a file that is read as a whole.
 *
 * @throws FormatError for bytes that are no UTF-8, with line and column, and for what is neither bytes nor text
 */
export function textOf(source: string | Uint8Array, name: string): string {
  if (typeof source === 'string') return source;
  if (!(source instanceof Uint8Array)) {
    throw new FormatError(`${name} is read from a string or a Uint8Array but got ${describe(source)}`);
  }
  const decoder = utf8Decoder();
  const { text, problem = decoder.end().problem } = decoder.decode(source);
  if (problem === undefined) return text;
  throw new FormatError(`${name}, ${formatPlace(placeAt(text, text.length))}: ${problem}`);
}

/** The place of a character of a text; a line ends with CRLF, LF or CR. */
export function placeAt(text: string, index: number): Place {
  const lines = text.slice(0, index).split(/\r\n|\r|\n/);
  return { line: lines.length, column: (lines.at(-1) as string).length + 1 };
}

/** A place in the words of an error. */
export function formatPlace({ line, column }: Place): string {
  return `line ${line}, column ${column}`;
}

function concatenate(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

/** How many bytes at the end begin a character that is to go on: at most three. */
function unfinished(bytes: Uint8Array): number {
  for (let count = 1; count <= 3 && count <= bytes.length; count++) {
    const byte = bytes[bytes.length - count] as number;
    if ((byte & 0xc0) === 0x80) continue;
    const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return size > count ? count : 0;
  }
  return 0;
}

/** The text before the first byte that is none; there is one. */
function upToProblem(bytes: Uint8Array): Decoded {
  // A beginning is text or not, and once it is not it stays so: halve the way to where it ceases to be.
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >>> 1;
    if (isText(bytes.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  const end = good - unfinished(bytes.subarray(0, good));
  const byte = bytes[end] as number;
  const found =
    byte === 0
      ? 'a zero byte, as UTF-16 has it'
      : `the byte 0x${byte.toString(16).toUpperCase().padStart(2, '0')} is no UTF-8`;
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, end));
  return { text, problem: `${found}: ${MEND}` };
}

/** Whether bytes are the beginning of a text. */
function isText(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return !bytes.includes(0);
  } catch {
    return false;
  }
}
