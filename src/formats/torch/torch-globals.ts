/**
 * What a state dict imports, and what is made of it here: a dictionary, descriptions of storages and of tensors that
 * lie in them. Nothing else can be named. PyTorch's own names: torch/_utils.py and torch/storage.py.
 */
import type { Dtype } from '../../core/dtypes.js';
import { FormatError } from '../../core/errors.js';
import { describe } from '../../core/options.js';
import { PickleGlobal, PickleObject, type PickleRules, type PickleValue } from './pickle.js';

/** Numbers in an entry of the archive. */
export class StorageReference extends PickleObject {
  readonly kind = 'storage';
  constructor(
    /** The entry, `data/KEY`. */
    readonly key: string,
    /** Undefined of one that is bytes only: then the tensor says. */
    readonly dtype: Dtype | undefined,
    /** How many numbers there are, or bytes. */
    readonly count: number,
  ) {
    super();
  }
}

/** A view of a storage. */
export class TensorReference extends PickleObject {
  readonly kind = 'tensor';
  constructor(
    readonly storage: StorageReference,
    readonly dtype: Dtype,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {
    super();
  }
}

/** The kinds of numbers that both sides have; the first name is that of the type, the second of its storage. */
export const TORCH_TYPES: readonly (readonly [dtype: Dtype, type: string, storage?: string])[] = [
  ['F64', 'float64', 'DoubleStorage'],
  ['F32', 'float32', 'FloatStorage'],
  ['F16', 'float16', 'HalfStorage'],
  ['BF16', 'bfloat16', 'BFloat16Storage'],
  ['I64', 'int64', 'LongStorage'],
  ['I32', 'int32', 'IntStorage'],
  ['I16', 'int16', 'ShortStorage'],
  ['I8', 'int8', 'CharStorage'],
  ['U8', 'uint8', 'ByteStorage'],
  ['BOOL', 'bool', 'BoolStorage'],
  ['C64', 'complex64', 'ComplexFloatStorage'],
  ['U16', 'uint16'],
  ['U32', 'uint32'],
  ['U64', 'uint64'],
  ['F8_E4M3', 'float8_e4m3fn'],
  ['F8_E5M2', 'float8_e5m2'],
  ['F8_E4M3FNUZ', 'float8_e4m3fnuz'],
  ['F8_E5M2FNUZ', 'float8_e5m2fnuz'],
  ['F8_E8M0', 'float8_e8m0fnu'],
];

/** PyTorch has no tensor of more axes. */
const MOST_AXES = 64;

/** The rules for the pickle of a state dict. */
export function stateDictRules(file: string): PickleRules {
  const fail = (what: string): never => {
    throw new FormatError(`${file} holds no sound state dict: ${what}`);
  };
  const makeTensor = (
    args: readonly PickleValue[],
    dtypeOf: (storage: StorageReference) => Dtype | undefined,
  ) => {
    const [storage, offset, shape, strides] = args;
    if (!(storage instanceof StorageReference)) return fail('a tensor lies in no storage');
    const dtype = dtypeOf(storage);
    if (!dtype) return fail(`a tensor in storage ${describe(storage.key)} has no known kind of numbers`);
    if (!isSize(offset) || !isSizes(shape) || !isSizes(strides) || shape.length !== strides.length) {
      return fail(`a tensor in storage ${describe(storage.key)} has no sound shape`);
    }
    if (shape.length > MOST_AXES) return fail(`a tensor has ${shape.length} axes`);
    return new TensorReference(storage, dtype, offset, shape, strides);
  };
  const globals = [
    new PickleGlobal('collections OrderedDict', (args) =>
      args.length === 0 ? new Map() : fail('a dictionary is made of what is no state dict'),
    ),
    new PickleGlobal('torch Size', ([size]) => (isSizes(size) ? size : fail('a shape is no list of sizes'))),
    new PickleGlobal('torch._utils _rebuild_tensor', (args) => makeTensor(args, ({ dtype }) => dtype)),
    new PickleGlobal('torch._utils _rebuild_tensor_v2', (args) => makeTensor(args, ({ dtype }) => dtype)),
    new PickleGlobal('torch._utils _rebuild_tensor_v3', (args) =>
      makeTensor(args, ({ dtype }) => dtype ?? typeNamed(args[6])),
    ),
    new PickleGlobal('torch._utils _rebuild_parameter', ([tensor]) =>
      tensor instanceof TensorReference ? tensor : fail('a parameter is no tensor'),
    ),
    new PickleGlobal('torch.storage UntypedStorage'),
    ...TORCH_TYPES.flatMap(([, type, storage]) => [
      new PickleGlobal(`torch ${type}`),
      ...(storage === undefined ? [] : [new PickleGlobal(`torch ${storage}`)]),
    ]),
  ];
  return {
    globals: new Map(globals.map((known) => [known.name, known])),
    load: (id) => {
      const [what, type, key, , count] = Array.isArray(id) ? (id as readonly PickleValue[]) : [];
      const isStorage = what === 'storage' && type instanceof PickleGlobal && /Storage$/.test(type.name);
      if (!isStorage || typeof key !== 'string' || !isSize(count))
        return fail('it refers to what is no storage');
      const dtype = TORCH_TYPES.find(([, , storage]) => type.name === `torch ${storage}`)?.[0];
      return new StorageReference(key, dtype, count);
    },
    hint:
      'is none of the few things that a state dict is made of, and nothing else is run or made here: save ' +
      'module.state_dict() itself, by torch.save',
  };
}

/** The kind of numbers that `torch float32` names. */
function typeNamed(value: PickleValue | undefined): Dtype | undefined {
  const name = value instanceof PickleGlobal ? value.name : '';
  return TORCH_TYPES.find(([, type]) => name === `torch ${type}`)?.[0];
}

function isSize(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isSizes(value: PickleValue | undefined): value is readonly number[] {
  return Array.isArray(value) && value.every(isSize);
}
