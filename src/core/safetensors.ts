/**
 * The safetensors format, read and written: 8 bytes with the length of the header (unsigned, little-endian), the
 * header, then the numbers. The header is JSON in UTF-8,
 *
 *     {"__metadata__": {"text": "text"}, "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...}
 *
 * padded behind with spaces to a multiple of 8. Offsets count from the end of the header; the tensors, row-major
 * and little-endian, fill the rest of the file without a gap and without overlap.
 * Specification: https://github.com/huggingface/safetensors#format
 *
 * The reader trusts nothing: whatever is wrong with a file is a FormatError, and no array is made before the
 * whole header has been found true. All data is copied, so that the bytes may lie anywhere in their buffer.
 */
import { swapToLittleEndian } from './byte-order.js';
import { type ArrayOf, DTYPES, type Dtype, isDtype } from './dtypes.js';
import { FormatError } from './errors.js';
import { describe } from './options.js';

/** One tensor of a file: `data` is row-major, and its kind of array goes with `dtype`. */
export type StoredTensor = {
  [D in Dtype]: { readonly dtype: D; readonly shape: readonly number[]; readonly data: ArrayOf[D] };
}[Dtype];

/** One whose numbers the library computes with. */
export type FloatTensor = Extract<StoredTensor, { dtype: 'F32' | 'F64' }>;

export function isFloatTensor(tensor: StoredTensor): tensor is FloatTensor {
  return tensor.dtype === 'F32' || tensor.dtype === 'F64';
}

/** All there is in a file; the tensors in the order in which their data lies there. */
export interface SafetensorsFile {
  tensors: Map<string, StoredTensor>;
  metadata: Record<string, string>;
}

/** What the header says of one tensor. */
interface Entry {
  name: string;
  dtype: Dtype;
  shape: number[];
  begin: number;
  end: number;
}

const LENGTH_BYTES = 8;
const MAX_HEADER_BYTES = 100_000_000;
const METADATA = '__metadata__';

/** The bytes of a file with these tensors, laid end to end in the order given. */
export function writeSafetensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const texts = Object.keys(metadata).length === 0 ? [] : [member(METADATA, checkTexts(metadata))];
  let end = 0;
  for (const [name, tensor] of tensors) {
    checkTensor(name, tensor);
    const begin = end;
    end += tensor.data.byteLength;
    texts.push(member(name, { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [begin, end] }));
  }
  const json = new TextEncoder().encode(`{${texts.join(',')}}`);
  const headerBytes = Math.ceil(json.length / 8) * 8;
  if (headerBytes > MAX_HEADER_BYTES) {
    throw invalid(`the header would take ${headerBytes} bytes and the format allows ${MAX_HEADER_BYTES}`);
  }

  const file = new Uint8Array(LENGTH_BYTES + headerBytes + end);
  new DataView(file.buffer).setUint32(0, headerBytes, true);
  file.set(json, LENGTH_BYTES);
  file.fill(0x20, LENGTH_BYTES + json.length, LENGTH_BYTES + headerBytes);
  let at = LENGTH_BYTES + headerBytes;
  for (const { data } of tensors.values()) {
    const bytes = file.subarray(at, at + data.byteLength);
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    swapToLittleEndian(bytes, data.BYTES_PER_ELEMENT);
    at += data.byteLength;
  }
  return file;
}

/** Reads a file of `writeSafetensors` or of any other writer of the format; a FormatError if it is not sound. */
export function readSafetensors(bytes: Uint8Array): SafetensorsFile {
  const dataStart = findData(bytes);
  const { entries, metadata } = readHeader(copyOf(bytes, LENGTH_BYTES, dataStart));
  checkLayout(entries, bytes.length - dataStart);
  const tensors = new Map<string, StoredTensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    const { array } = DTYPES[dtype];
    const data = copyOf(bytes, dataStart + begin, dataStart + end);
    swapToLittleEndian(data, array.BYTES_PER_ELEMENT);
    tensors.set(name, { dtype, shape, data: new array(data.buffer) } as StoredTensor);
  }
  return { tensors, metadata };
}

/** The metadata of a file alone, no array made; a FormatError if the file is not sound. */
export function readSafetensorsMetadata(bytes: Uint8Array): Record<string, string> {
  const dataStart = findData(bytes);
  const { entries, metadata } = readHeader(copyOf(bytes, LENGTH_BYTES, dataStart));
  checkLayout(entries, bytes.length - dataStart);
  return metadata;
}

/** Where the data begins, from the length of the header. */
function findData(bytes: Uint8Array): number {
  if (bytes.length < LENGTH_BYTES) {
    throw invalid(`it is cut short: its first ${LENGTH_BYTES} bytes are missing, ${bytes.length} are there`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES);
  const headerBytes = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (headerBytes > MAX_HEADER_BYTES) {
    throw invalid(`it announces a header of ${headerBytes} bytes and ${MAX_HEADER_BYTES} is the limit`);
  }
  if (LENGTH_BYTES + headerBytes > bytes.length) {
    const found = bytes.length - LENGTH_BYTES;
    throw invalid(`it is cut short: its header should have ${headerBytes} bytes and ${found} are there`);
  }
  return LENGTH_BYTES + headerBytes;
}

function readHeader(bytes: Uint8Array): { entries: Entry[]; metadata: Record<string, string> } {
  const header = parseHeader(bytes);
  const entries: Entry[] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(header)) {
    if (name === METADATA) metadata = checkTexts(value);
    else entries.push(readEntry(name, value));
  }
  return { entries, metadata };
}

/** The JSON object that the header is. */
function parseHeader(bytes: Uint8Array): object {
  if (bytes[0] !== 0x7b) throw invalid("its header does not begin with '{'");
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalid('its header is not UTF-8');
  }
  try {
    checkStructure(text);
    return JSON.parse(text) as object;
  } catch (error) {
    throw error instanceof FormatError ? error : invalid('its header is not JSON');
  }
}

/**
 * Refuses what JSON.parse would let pass: a name that stands twice in one object (it keeps the last), and
 * nesting deeper than the format has it (megabytes of brackets would cost seconds and gigabytes). Text that is
 * not sound JSON may pass here, for JSON.parse to refuse.
 */
function checkStructure(json: string): void {
  // The names met so far in each object that is open, and nothing for each open list.
  const open: (Set<string> | undefined)[] = [];
  for (let i = 0; i < json.length; i++) {
    const character = json[i];
    if (character === '{' || character === '[') {
      // The deepest are a list in an object in an object: header, entry, shape.
      if (open.length >= (character === '{' ? 2 : 3)) throw invalid('its header is nested too deep');
      open.push(character === '{' ? new Set() : undefined);
    } else if (character === '}' || character === ']') open.pop();
    else if (character === '"') {
      const begin = i;
      i = endOfString(json, begin);
      if (!isKey(json, i)) continue;
      const key = JSON.parse(json.slice(begin, i + 1)) as string;
      const names = open[open.length - 1];
      if (names?.has(key)) throw invalid(`${describe(key)} stands in its header twice`);
      names?.add(key);
    }
  }
}

/** The place of the closing quote of the string that begins at `begin`. */
function endOfString(json: string, begin: number): number {
  let end = begin + 1;
  while (end < json.length && json[end] !== '"') end += json[end] === '\\' ? 2 : 1;
  return end;
}

/** Whether the string that ends at `end` is followed by a colon. */
function isKey(json: string, end: number): boolean {
  let next = end + 1;
  while (json[next] === ' ' || json[next] === '\n' || json[next] === '\r' || json[next] === '\t') next++;
  return json[next] === ':';
}

function readEntry(name: string, value: unknown): Entry {
  const where = `tensor ${describe(name)}`;
  if (!isObject(value)) throw invalid(`${where} should be an object but is ${describe(value)}`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isDtype(dtype)) {
    throw invalid(`${where} has dtype ${describe(dtype)}; known are ${Object.keys(DTYPES).join(', ')}`);
  }
  if (!isSizes(shape)) throw invalid(`${where} has a shape that is no list of whole numbers of at least 0`);
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw invalid(`${where} has data_offsets that are not two whole numbers of at least 0`);
  }
  const [begin, end] = offsets as [number, number];
  const expected = bytesOf(where, dtype, shape);
  if (end - begin !== expected) {
    const sizes = `${describeShape(shape)} of ${dtype} takes ${expected} bytes`;
    throw invalid(`${where} does not fit its data: ${sizes} but its data_offsets are [${begin}, ${end}]`);
  }
  return { name, dtype, shape, begin, end };
}

/** Sorts the entries by their place, and makes sure that they fill `available` bytes, each byte once. */
function checkLayout(entries: Entry[], available: number): void {
  entries.sort((left, right) => left.begin - right.begin || left.end - right.end);
  let filled = 0;
  for (const { name, begin, end } of entries) {
    const where = `tensor ${describe(name)}`;
    if (begin < filled) throw invalid(`${where} begins at ${begin}, inside the one that ends at ${filled}`);
    if (begin > filled) throw invalid(`bytes ${filled} to ${begin} in front of ${where} belong to no tensor`);
    if (end > available) {
      throw invalid(`it is cut short: ${where} ends at byte ${end} of the data and ${available} are there`);
    }
    filled = end;
  }
  if (filled < available) throw invalid(`${available - filled} bytes at its end belong to no tensor`);
}

/** Refuses a tensor that could not be read again. */
function checkTensor(name: string, { dtype, shape, data }: StoredTensor): void {
  const where = `tensor ${describe(name)}`;
  if (name === METADATA) throw invalid(`no tensor may be called '${METADATA}'`);
  if (!isDtype(dtype)) throw invalid(`${where} has the unknown dtype ${describe(dtype)}`);
  const { array } = DTYPES[dtype];
  if (!(data instanceof array)) throw invalid(`${where} needs a ${array.name} for ${dtype}`);
  if (!isSizes(shape)) throw invalid(`${where} has a shape that is no list of whole numbers of at least 0`);
  const expected = bytesOf(where, dtype, shape);
  if (data.byteLength !== expected) {
    const sizes = `${describeShape(shape)} of ${dtype} takes ${expected} bytes`;
    throw invalid(`${where} does not fit its data: ${sizes} but its data has ${data.byteLength}`);
  }
}

/** The metadata, if it maps texts to texts. */
function checkTexts(value: unknown): Record<string, string> {
  if (!isObject(value)) throw invalid(`${METADATA} should be an object but is ${describe(value)}`);
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') {
      throw invalid(`${METADATA} should hold texts only but ${describe(key)} is ${describe(text)}`);
    }
  }
  return value as Record<string, string>;
}

/** How many bytes a tensor takes; never a rounded number. */
function bytesOf(where: string, dtype: Dtype, shape: readonly number[]): number {
  let bytes = DTYPES[dtype].bits / 8;
  for (const size of shape) {
    bytes *= size;
    if (!(bytes <= Number.MAX_SAFE_INTEGER)) {
      throw invalid(`${where} has the absurd shape ${describeShape(shape)}`);
    }
  }
  if (!Number.isInteger(bytes)) {
    throw invalid(`${where} ends inside a byte: ${describeShape(shape)} of ${dtype} takes ${bytes} bytes`);
  }
  return bytes;
}

/** The shape, or its beginning where a hostile file gives it thousands of axes. */
function describeShape(shape: readonly number[]): string {
  return `[${shape.slice(0, 8).join(', ')}${shape.length > 8 ? ', ...' : ''}]`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

/** `"name": value`, written by hand because an object would put names that are whole numbers first. */
function member(name: string, value: object): string {
  return `${JSON.stringify(name)}:${JSON.stringify(value)}`;
}

/** The bytes from `begin` to `end` in a buffer of their own (`slice` would not copy from a Node Buffer). */
function copyOf(bytes: Uint8Array, begin: number, end: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(end - begin);
  copy.set(bytes.subarray(begin, end));
  return copy;
}

function invalid(what: string): FormatError {
  return new FormatError(`not a sound safetensors file: ${what}`);
}
