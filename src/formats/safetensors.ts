/**
 * The safetensors format for whoever exchanges tensors: bytes as the official library reads and writes them. The
 * format itself is core/safetensors.ts; here are the order of the official writer and numbers of other kinds.
 * Specification: https://github.com/huggingface/safetensors#format
 */
import { DTYPES, type Dtype } from '../core/dtypes.js';
import { DataError } from '../core/errors.js';
import { checkOptions, describe } from '../core/options.js';
import {
  readSafetensors as readFile,
  type SafetensorsFile,
  type StoredTensor,
  writeSafetensors as writeFile,
} from '../core/safetensors.js';
import { checkFloatDtype, type FloatDtype, type NamedTensors, storedTensors } from './numbers.js';

export interface WriteSafetensorsOptions {
  /** Texts that go with the tensors; none by default. */
  metadata?: Readonly<Record<string, string>>;
  /** What the library's tensors are stored as; as they are by default. Stored tensors have a kind already. */
  dtype?: FloatDtype;
}

/**
 * The tensors and the metadata of a safetensors file, of any kind of number; `toTensor` makes a tensor of one. A model
 * that was saved is read by `deserializeModel`.
 *
 * @throws FormatError when the bytes are cut short or are not what they say; nothing has been read then
 *
 * @example const { tensors, metadata } = readSafetensors(bytes);
 */
export function readSafetensors(bytes: Uint8Array): SafetensorsFile {
  checkBytes('readSafetensors', bytes);
  return readFile(bytes);
}

/**
 * The bytes of a safetensors file with these tensors, the same as the official library's: kinds of many bits come
 * first, and within a kind the order is that of the names.
 *
 * @throws DataError for what is no tensor, and a number that would become infinite
 * @throws FormatError for a tensor that does not fit its shape
 *
 * @example writeSafetensors(model.getWeights(), { dtype: 'F16', metadata: { author: 'me' } });
 */
export function writeSafetensors(
  tensors: NamedTensors,
  options: WriteSafetensorsOptions = {},
): Uint8Array<ArrayBuffer> {
  checkOptions('writeSafetensors', options, ['metadata', 'dtype']);
  const dtype = checkFloatDtype('writeSafetensors: dtype', options.dtype);
  const stored = storedTensors('writeSafetensors', tensors, dtype);
  return writeFile(new Map([...stored].sort(officialOrder)), options.metadata);
}

const PLACES = Object.keys(DTYPES);

/** By the kind of number, the largest first, then by the bytes of the name. */
function officialOrder(
  [name, { dtype }]: readonly [string, StoredTensor],
  [otherName, { dtype: otherDtype }]: readonly [string, StoredTensor],
): number {
  return placeOf(otherDtype) - placeOf(dtype) || compareBytes(name, otherName);
}

function placeOf(dtype: Dtype): number {
  return PLACES.indexOf(dtype);
}

/** The order of two texts in UTF-8, which is that of their code points; JavaScript's is that of their 16-bit units. */
function compareBytes(left: string, right: string): number {
  const [a, b] = [left, right].map((text) =>
    Array.from(text, (letter) => letter.codePointAt(0) as number),
  ) as [number[], number[]];
  const differs = a.findIndex((point, i) => point !== b[i]);
  if (differs === -1) return a.length - b.length;
  return (a[differs] as number) - (b[differs] ?? -1);
}

/** @throws DataError for what is no Uint8Array */
export function checkBytes(reader: string, bytes: unknown): void {
  if (bytes instanceof Uint8Array) return;
  const hint = bytes instanceof ArrayBuffer ? ': write new Uint8Array(buffer)' : '';
  throw new DataError(`${reader} takes a Uint8Array but got ${describe(bytes)}${hint}`);
}
