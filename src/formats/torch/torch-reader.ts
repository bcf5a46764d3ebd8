/**
 * PyTorch's files, `.pt` and `.pth`, as torch.save has written them since 1.6: a zip archive in which
 *
 *     NAME/data.pkl     is a pickle of the state dict, whose tensors refer to storages
 *     NAME/data/KEY     are the numbers of a storage
 *     NAME/byteorder    is `little` or `big`; little where it is missing
 *
 * https://pytorch.org/docs/stable/notes/serialization.html. The pickle is read by a machine that can make nothing but
 * what a state dict needs: see pickle.ts and torch-globals.ts.
 */
import { isLittleEndian, reverseNumbers } from '../../core/byte-order.js';
import { DTYPES } from '../../core/dtypes.js';
import { FormatError } from '../../core/errors.js';
import { checkOptions, describe } from '../../core/options.js';
import type { StoredTensor } from '../../core/safetensors.js';
import { checkBytes } from '../safetensors.js';
import { readZip, type ZipArchive } from '../zip.js';
import { type PickleValue, readPickle } from './pickle.js';
import { type StorageReference, stateDictRules, TensorReference } from './torch-globals.js';

export interface ReadTorchOptions {
  /** Under which key of a checkpoint the state dict is: `'model_state_dict'`; by default the file is one. */
  key?: string;
  /** What messages call the file; `'the file'` by default. */
  file?: string;
}

/** How many times the bytes of its storages the tensors of a file may take: some share one. */
const MOST_SHARED = 4;

const LEGACY_MAGIC = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/**
 * The state dict in a `.pt` or `.pth` file. Nothing in the file is run: what is no state dict is refused by its name.
 *
 * @returns tensors by name, in the order of the module
 * @throws FormatError when the file is cut short, damaged, or holds something else
 *
 * @example model.setWeights(fromTorchStateDict(await readTorchFile(bytes), model));
 */
export async function readTorchFile(
  bytes: Uint8Array,
  options: ReadTorchOptions = {},
): Promise<Map<string, StoredTensor>> {
  checkBytes('readTorchFile', bytes);
  checkOptions('readTorchFile', options, ['key', 'file']);
  const { key, file = 'the file' } = options;
  refuseOldFormats(bytes, file);
  const archive = readZip(bytes, file);
  const root = findRoot(archive, file);
  const pickle = await archive.read(`${root}/data.pkl`);
  const tensors = findStateDict(readPickle(pickle, stateDictRules(file), `data.pkl of ${file}`), key, file);
  const isBig = await hasBigEndian(archive, root, file);
  const storages = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const { storage } of tensors.values()) {
    if (storages.has(storage.key)) continue;
    storages.set(storage.key, await archive.read(`${root}/data/${storage.key}`));
  }
  checkSharing(tensors, storages, file);
  const stateDict = new Map<string, StoredTensor>();
  for (const [name, tensor] of tensors) {
    const content = storages.get(tensor.storage.key) as Uint8Array<ArrayBuffer>;
    stateDict.set(name, gather(name, tensor, content, isBig, file));
  }
  return stateDict;
}

function refuseOldFormats(bytes: Uint8Array, file: string): void {
  const isLegacy = LEGACY_MAGIC.every((byte, i) => bytes[i] === byte);
  const isTar = [...'ustar'].every((letter, i) => bytes[257 + i] === letter.charCodeAt(0));
  if (!isLegacy && !isTar) return;
  throw new FormatError(
    `${file} is ${isLegacy ? 'in the format of PyTorch before 1.6' : 'a tar archive, as the first PyTorch wrote them'}, ` +
      'which is not read here: load it in a newer PyTorch and save its state dict again, by torch.save',
  );
}

/** The folder that everything is in. */
function findRoot({ names }: ZipArchive, file: string): string {
  const roots = names
    .filter((name) => /^[^/]+\/data\.pkl$/.test(name))
    .map((name) => name.split('/')[0] as string);
  const [root] = roots;
  if (root === undefined || roots.length > 1) {
    throw new FormatError(`${file} is a zip archive but not of torch.save: it holds no NAME/data.pkl`);
  }
  if (names.includes(`${root}/constants.pkl`)) {
    throw new FormatError(
      `${file} is a TorchScript archive, which holds code: save module.state_dict() by torch.save`,
    );
  }
  return root;
}

async function hasBigEndian(archive: ZipArchive, root: string, file: string): Promise<boolean> {
  const name = `${root}/byteorder`;
  if (!archive.names.includes(name)) return false;
  const order = String.fromCharCode(...(await archive.read(name)).subarray(0, 8));
  if (order === 'little' || order === 'big') return order === 'big';
  throw new FormatError(
    `${file} says that its byte order is ${describe(order)}, which is neither little nor big`,
  );
}

/** The tensors of the dictionary, or of that under a key of it. */
function findStateDict(
  root: PickleValue,
  key: string | undefined,
  file: string,
): Map<string, TensorReference> {
  const given = key === undefined ? root : root instanceof Map ? root.get(key) : undefined;
  const tensors = tensorsOf(given);
  if (tensors) return tensors;
  const keys =
    root instanceof Map
      ? [...root].filter(([, value]) => tensorsOf(value)).map(([name]) => String(name))
      : [];
  const where = key === undefined ? 'itself' : `under ${describe(key)}`;
  const mend =
    keys.length > 0
      ? `there is one under ${keys.map((name) => `'${name}'`).join(' and ')}: give { key: '${keys[0]}' }`
      : 'save module.state_dict() by torch.save';
  throw new FormatError(`${file} holds no state dict ${where}, tensors by their names: ${mend}`);
}

/** The tensors of a dictionary that holds nothing else. */
function tensorsOf(value: PickleValue | undefined): Map<string, TensorReference> | undefined {
  if (!(value instanceof Map)) return undefined;
  for (const [name, tensor] of value) {
    if (typeof name !== 'string' || !(tensor instanceof TensorReference)) return undefined;
  }
  return value as Map<string, PickleValue> as Map<string, TensorReference>;
}

/** Refuses more tensors than there could be of these storages: one may be shared, but not by thousands. */
function checkSharing(
  tensors: ReadonlyMap<string, TensorReference>,
  storages: ReadonlyMap<string, Uint8Array>,
  file: string,
): void {
  let there = 0;
  let taken = 0;
  for (const content of storages.values()) there += content.length;
  for (const { dtype, shape } of tensors.values()) taken += (DTYPES[dtype].bits / 8) * countOf(shape);
  if (taken <= MOST_SHARED * there) return;
  throw new FormatError(`${file} has tensors of ${taken} bytes that lie in storages of ${there}`);
}

function countOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** The numbers of a view, row by row. */
function gather(
  name: string,
  { storage, dtype, offset, shape, strides }: TensorReference,
  content: Uint8Array<ArrayBuffer>,
  isBig: boolean,
  file: string,
): StoredTensor {
  const { array } = DTYPES[dtype];
  const bytesOfOne = DTYPES[dtype].bits / 8;
  checkStorage(storage, bytesOfOne, content, file);
  const count = countOf(shape);
  const last = shape.reduce((at, size, axis) => at + (size - 1) * (strides[axis] as number), offset);
  const available = content.length / bytesOfOne;
  if (count > available || (count > 0 && last >= available)) {
    throw new FormatError(
      `${file} has ${describe(name)} reach beyond the ${available} numbers of its storage`,
    );
  }
  const bytes = isRowMajor(shape, strides)
    ? content.slice(offset * bytesOfOne, (offset + count) * bytesOfOne)
    : gatherStrided(content, offset, shape, strides, count, bytesOfOne);
  if (isBig === isLittleEndian()) reverseNumbers(bytes, array.BYTES_PER_ELEMENT);
  return { dtype, shape: [...shape], data: new array(bytes.buffer) } as StoredTensor;
}

/** Whether the numbers lie one behind the other; an axis of one may have any stride. */
function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] as number;
    if (size !== 1 && strides[axis] !== stride) return false;
    stride *= size;
  }
  return true;
}

/** A copy of a view, number by number. */
function gatherStrided(
  content: Uint8Array,
  offset: number,
  shape: readonly number[],
  strides: readonly number[],
  count: number,
  bytesOfOne: number,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(count * bytesOfOne);
  const index = new Array<number>(shape.length).fill(0);
  let from = offset;
  for (let to = 0; to < count; to++) {
    for (let byte = 0; byte < bytesOfOne; byte++) {
      bytes[to * bytesOfOne + byte] = content[from * bytesOfOne + byte] as number;
    }
    // The next index: the last axis that is not at its end goes on, those behind it begin anew.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const stride = strides[axis] as number;
      from += stride;
      if (++(index[axis] as number) < (shape[axis] as number)) break;
      from -= (shape[axis] as number) * stride;
      index[axis] = 0;
    }
  }
  return bytes;
}

/** Refuses a storage whose entry is not as long as it says. */
function checkStorage(
  { key, dtype, count }: StorageReference,
  bytesOfOne: number,
  content: Uint8Array,
  file: string,
): void {
  const expected = dtype === undefined ? count : count * bytesOfOne;
  if (content.length === expected && content.length % bytesOfOne === 0) return;
  throw new FormatError(
    `${file} has ${content.length} bytes in storage ${describe(key)}, where its state dict has ${expected}`,
  );
}
