/**
 * Writes PyTorch's files, as torch.save does: see torch-reader.ts for what is in them. The pickle is of protocol 2 and
 * names only what a state dict needs, so that torch.load takes it with weights_only, too.
 */
import { swapToLittleEndian } from '../../core/byte-order.js';
import { DTYPES } from '../../core/dtypes.js';
import { FormatError } from '../../core/errors.js';
import { checkOptions } from '../../core/options.js';
import type { StoredTensor } from '../../core/safetensors.js';
import { checkFloatDtype, type FloatDtype, type NamedTensors, storedTensors } from '../numbers.js';
import { writeZip } from '../zip-writer.js';
import { TORCH_TYPES } from './torch-globals.js';

export interface WriteTorchOptions {
  /** What the library's tensors are stored as; as they are by default. Stored tensors have a kind already. */
  dtype?: FloatDtype;
}

/** Where a storage begins is a multiple of it, as in PyTorch's files. */
const ALIGNMENT = 64;
const ROOT = 'archive';

/**
 * The bytes of a `.pt` or `.pth` file with these tensors, which `torch.load` reads as a state dict.
 *
 * @throws DataError for what is no tensor; FormatError for a kind of number that PyTorch has no storage for
 *
 * @example const bytes = writeTorchFile(toTorchStateDict(model));
 */
export function writeTorchFile(
  tensors: NamedTensors,
  options: WriteTorchOptions = {},
): Uint8Array<ArrayBuffer> {
  checkOptions('writeTorchFile', options, ['dtype']);
  const dtype = checkFloatDtype('writeTorchFile: dtype', options.dtype);
  const stored = storedTensors('writeTorchFile', tensors, dtype);
  const text = (line: string) => new TextEncoder().encode(line);
  const entries = new Map<string, Uint8Array>([
    [`${ROOT}/data.pkl`, writeStateDict(stored)],
    [`${ROOT}/byteorder`, text('little')],
  ]);
  [...stored.values()].forEach((tensor, i) => void entries.set(`${ROOT}/data/${i}`, littleEndian(tensor)));
  entries.set(`${ROOT}/version`, text('3\n'));
  return writeZip(entries, { alignment: ALIGNMENT });
}

/** The pickle, opcode by opcode (see pickle.ts). */
function writeStateDict(tensors: ReadonlyMap<string, StoredTensor>): Uint8Array {
  const bytes: number[] = [];
  const put = (...some: number[]) => bytes.push(...some);
  const number32 = (value: number) => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
  const ascii = (line: string) => Array.from(line, (letter) => letter.charCodeAt(0));

  const global = (module: string, name: string) => put(0x63, ...ascii(`${module}\n${name}\n`));
  const text = (value: string) => {
    const encoded = new TextEncoder().encode(value);
    put(0x58, ...number32(encoded.length));
    for (const byte of encoded) bytes.push(byte);
  };
  const integer = (value: number) => {
    if (value < 2 ** 31) put(0x4a, ...number32(value));
    // A long of eight bytes, for what BININT cannot hold.
    else put(0x8a, 8, ...number32(value % 2 ** 32), ...number32(Math.floor(value / 2 ** 32)));
  };
  const tuple = (values: readonly number[]) => {
    put(0x28);
    values.forEach(integer);
    put(0x74);
  };
  const orderedDict = () => {
    global('collections', 'OrderedDict');
    put(0x29, 0x52);
  };

  put(0x80, 2);
  orderedDict();
  put(0x28);
  [...tensors].forEach(([name, { dtype, shape, data }], i) => {
    text(name);
    global('torch._utils', '_rebuild_tensor_v2');
    put(0x28);
    put(0x28);
    text('storage');
    global('torch', storageOf(name, dtype));
    text(String(i));
    text('cpu');
    integer(data.byteLength / (DTYPES[dtype].bits / 8));
    put(0x74, 0x51);
    integer(0);
    tuple(shape);
    tuple(stridesOf(shape));
    put(0x89);
    orderedDict();
    put(0x74, 0x52);
  });
  put(0x75, 0x2e);
  return Uint8Array.from(bytes);
}

function storageOf(name: string, dtype: StoredTensor['dtype']): string {
  const storage = TORCH_TYPES.find(([known]) => known === dtype)?.[2];
  if (storage !== undefined) return storage;
  throw new FormatError(`'${name}' is ${dtype}, which PyTorch has no storage for: save it as safetensors`);
}

/** How far the next number is along each axis, as PyTorch has it for a tensor that lies row by row. */
function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= Math.max(shape[axis] as number, 1);
  }
  return strides;
}

function littleEndian({ data }: StoredTensor): Uint8Array {
  const bytes = new Uint8Array(data.byteLength);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  swapToLittleEndian(bytes, data.BYTES_PER_ELEMENT);
  return bytes;
}
