/**
 * The wire format of protocol buffers, as much of it as onnx.proto needs: a message is a row of fields, each a key
 * (its number * 8 + the kind of what follows) and a value.
 *
 *     kind 0: a varint, 7 bits a byte, the lowest first      kind 1: 8 bytes      kind 5: 4 bytes, little-endian
 *     kind 2: a varint n, then n bytes: a text, a message, or packed numbers
 *
 * https://protobuf.dev/programming-guides/encoding
 */
import { FormatError } from '../../core/errors.js';

const VARINT = 0;
const EIGHT_BYTES = 1;
const BYTES = 2;
const FOUR_BYTES = 5;

/** Bytes that are yet to be put together. */
export type Parts = readonly Uint8Array[];

export function joinParts(parts: Parts): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}

const key = (field: number, kind: number) => varint(BigInt(field * 8 + kind));

/** A whole number; a negative one takes ten bytes. */
export function intField(field: number, value: number): Parts {
  return [Uint8Array.from([...key(field, VARINT), ...varint(BigInt.asUintN(64, BigInt(value)))])];
}

export function floatField(field: number, value: number): Parts {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return [Uint8Array.from(key(field, FOUR_BYTES)), bytes];
}

/** A message, or bytes as they are. */
export function bytesField(field: number, parts: Parts): Parts {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return [Uint8Array.from([...key(field, BYTES), ...varint(BigInt(length))]), ...parts];
}

export function textField(field: number, text: string): Parts {
  return bytesField(field, [new TextEncoder().encode(text)]);
}

/** A field as it was read: `number` of kinds 0, 1 and 5 (as a float), `bytes` of kind 2. */
export interface Field {
  readonly field: number;
  readonly number: number;
  readonly bytes: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/**
 * The fields of a message, in their order. Lengths are compared with what is there before anything is taken.
 *
 * @param what  the message, for errors
 * @throws FormatError when the bytes end too early or are no message
 */
export function* readFields(bytes: Uint8Array, what: string): Generator<Field> {
  const cursor = { at: 0 };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  while (cursor.at < bytes.length) {
    const start = cursor.at;
    const code = readVarint(bytes, cursor, what);
    const field = Math.floor(code / 8);
    const kind = code % 8;
    if (!(field > 0)) throw new FormatError(`${what} is no message of protocol buffers at byte ${start}`);
    if (kind === VARINT) {
      yield { field, number: readVarint(bytes, cursor, what), bytes: NOTHING };
      continue;
    }
    const isBytes = kind === BYTES;
    if (!isBytes && kind !== FOUR_BYTES && kind !== EIGHT_BYTES)
      throw new FormatError(`${what} is no message of protocol buffers at byte ${start}`);
    const length = isBytes ? readVarint(bytes, cursor, what) : kind === FOUR_BYTES ? 4 : 8;
    const { at } = cursor;
    if (length < 0 || length > bytes.length - at) {
      throw new FormatError(
        `${what} is cut short: field ${field} has ${length} bytes and ${bytes.length - at} are left`,
      );
    }
    cursor.at += length;
    const number = kind === FOUR_BYTES ? view.getFloat32(at, true) : isBytes ? 0 : view.getFloat64(at, true);
    yield { field, number, bytes: isBytes ? bytes.subarray(at, at + length) : NOTHING };
  }
}

/** A signed number of 64 bits; one beyond 2^53 is rounded. */
function readVarint(bytes: Uint8Array, cursor: { at: number }, what: string): number {
  let low = 0;
  let high = 0;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[cursor.at++];
    if (byte === undefined) throw new FormatError(`${what} is cut short in the middle of a number`);
    const bits = byte & 127;
    if (i < 4) low += bits * 2 ** (7 * i);
    else if (i === 4) {
      low += (bits & 15) * 2 ** 28;
      high = bits >> 4;
    } else high += bits * 2 ** (7 * i - 32);
    if (byte < 128) return ((high % 2 ** 32) | 0) * 2 ** 32 + low;
  }
  throw new FormatError(`${what} holds a number of more than ten bytes`);
}

/** Numbers that are packed, one behind the other. */
export function readPackedInts(bytes: Uint8Array, what: string): number[] {
  const cursor = { at: 0 };
  const numbers: number[] = [];
  while (cursor.at < bytes.length) numbers.push(readVarint(bytes, cursor, what));
  return numbers;
}
