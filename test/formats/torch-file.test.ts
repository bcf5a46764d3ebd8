import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { craftZip } from '../../bench/fuzz/craft-zip.js';
import { DataError, FormatError } from '../../src/core/errors.js';
import {
  readSafetensors,
  readTorchFile,
  type StoredTensor,
  toTensor,
  toTorchStateDict,
  writeTorchFile,
} from '../../src/formats/index.js';
import { lstm, sequential, tensor } from '../../src/index.js';

const fixture = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url));

async function refusal(bytes: Uint8Array, options?: Parameters<typeof readTorchFile>[1]): Promise<string> {
  try {
    await readTorchFile(bytes, options);
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return (error as FormatError).message;
  }
  throw new Error('the file was read');
}

describe("PyTorch's files", () => {
  test.each(['stacked', 'gated', 'projected'])(
    'hold what its safetensors hold, in its order: %s',
    async (name) => {
      const found = await readTorchFile(fixture(`torch-${name}.pt`));
      const { tensors } = readSafetensors(fixture(`torch-${name}.safetensors`));
      expect(new Map([...found].sort())).toEqual(new Map([...tensors].sort()));
      const [first] = found.keys();
      expect(first).toBe(
        { stacked: 'words.weight', gated: 'gru.weight_ih_l0', projected: 'lstm.weight_ih_l0' }[name],
      );
    },
  );

  test.each([2, 3, 4, 5])(
    'hold every kind of number, and views of storages, in protocol %i',
    async (protocol) => {
      const found = await readTorchFile(fixture(`torch-kinds-${protocol}.pt`));
      const values = (name: string) => [...toTensor(found.get(name) as StoredTensor).data];
      const kinds = {
        float64: 'F64',
        float32: 'F32',
        float16: 'F16',
        bfloat16: 'BF16',
        int64: 'I64',
        int32: 'I32',
        int16: 'I16',
        int8: 'I8',
      };
      for (const [name, dtype] of Object.entries(kinds)) {
        expect([name, found.get(name)?.dtype, ...values(name)]).toEqual([
          name,
          dtype,
          -3,
          -2,
          -1,
          0,
          1,
          2,
          3,
          4,
          5,
          6,
          7,
          8,
        ]);
      }
      expect(values('uint8')).toEqual([253, 254, 255, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
      expect(values('bool')).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
      expect([...(found.get('complex64')?.data ?? [])].slice(0, 4)).toEqual([-3, 0, -2, 0]);
      expect(found.get('transposed')?.shape).toEqual([4, 3]);
      expect(values('transposed')).toEqual([0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]);
      expect([found.get('slice')?.shape, values('slice')]).toEqual([[2], [6, 10]]);
      expect([found.get('empty')?.shape, values('empty')]).toEqual([[0, 4], []]);
      expect([found.get('scalar')?.shape, values('scalar')]).toEqual([[], [2.5]]);
      expect(values('parameter')).toEqual([1, 1]);
      expect(values('é')).toEqual([1]);
    },
  );

  test('of a checkpoint are asked for by their key', async () => {
    const bytes = fixture('torch-checkpoint.pt');
    const found = await readTorchFile(bytes, { key: 'model_state_dict' });
    expect([...found.keys()]).toEqual(['weight', 'bias']);
    expect(await refusal(bytes)).toMatch(
      /no state dict itself, .*: there is one under 'model_state_dict': give \{ key: 'model_state_dict' \}/,
    );
    expect(await refusal(bytes, { key: 'optimizer_state_dict' })).toMatch(
      /no state dict under 'optimizer_state_dict'/,
    );
    expect(await refusal(bytes, { key: '__proto__' })).toMatch(/no state dict under '__proto__'/);
  });

  test.each([
    [
      'module',
      /asks for 'torch.nn.modules.linear.Linear', which is none of the few things .* save module.state_dict\(\)/,
    ],
    ['legacy', /big.pt is in the format of PyTorch before 1.6/],
    ['script', /big.pt is a TorchScript archive, which holds code/],
    ['tensor', /big.pt holds no state dict itself, tensors by their names: save module.state_dict/],
  ])('that hold something else are refused: a %s', async (name, message) => {
    expect(await refusal(fixture(`torch-${name}.bin`), { file: 'big.pt' })).toMatch(message);
  });
});

describe('files that are written', () => {
  test('are read again to the bit, with every kind of number that PyTorch has', async () => {
    const tensors = await readTorchFile(fixture('torch-kinds-2.pt'));
    expect(await readTorchFile(writeTorchFile(tensors))).toEqual(tensors);
  });

  test('hold the state dict of a model, rounded where that is asked for', async () => {
    const model = sequential([lstm(3)], { seed: 1 }).build([null, 2]);
    const stateDict = toTorchStateDict(model);
    expect(await readTorchFile(writeTorchFile(stateDict))).toEqual(stateDict);
    const half = await readTorchFile(writeTorchFile({ w: tensor([0.1], [1]) }, { dtype: 'F16' }));
    expect(half.get('w')).toEqual({ dtype: 'F16', shape: [1], data: Uint16Array.of(0x2e66) });
  });

  test('have no numbers that PyTorch has no storage for', () => {
    const write = () => writeTorchFile({ w: { dtype: 'U16', shape: [1], data: Uint16Array.of(1) } });
    expect(write).toThrow(/'w' is U16, which PyTorch has no storage for/);
  });
});

/** An archive with this pickle, and storages of so many bytes. */
function archive(
  pickle: string | Uint8Array,
  storages: Record<string, number> = {},
  more: Record<string, string> = {},
) {
  const bytes = typeof pickle === 'string' ? Buffer.from(pickle, 'latin1') : pickle;
  return craftZip([
    { name: 'x/data.pkl', content: bytes },
    ...Object.entries(storages).map(([key, size]) => ({
      name: `x/data/${key}`,
      content: new Uint8Array(size).fill(1),
    })),
    ...Object.entries(more).map(([name, content]) => ({ name, content: Buffer.from(content) })),
  ]);
}

const u32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer).toString('latin1');
const word = (value: string) => `X${u32(value.length)}${value}`;
const list = (values: readonly number[]) => `(${values.map((value) => `J${u32(value)}`).join('')}t`;

/** The pickle of a state dict of one tensor. */
function oneTensor(
  shape: number[],
  strides: number[],
  { offset = 0, count = 4, name = 'w', storage = 'FloatStorage' } = {},
) {
  const id = `(${word('storage')}ctorch\n${storage}\n${word('0')}${word('cpu')}J${u32(count)}tQ`;
  const made = `ctorch._utils\n_rebuild_tensor_v2\n(${id}J${u32(offset)}${list(shape)}${list(strides)}\x89}tR`;
  return `\x80\x02}${word(name)}${made}s.`;
}

describe('crafted files', () => {
  test('that are sound are read', async () => {
    const found = await readTorchFile(archive(oneTensor([2, 2], [1, 2], { name: '__proto__' }), { 0: 16 }));
    expect([...found.keys()]).toEqual(['__proto__']);
    const big = archive(oneTensor([4], [1]), { 0: 16 }, { 'x/byteorder': 'big' });
    expect((await readTorchFile(big)).get('w')?.data).toEqual(
      new Float32Array(Uint32Array.of(...Array(4).fill(0x01010101)).buffer),
    );
  });

  test('of a newer PyTorch are read: numbers of eight bits in storages of bytes, entries of its own', async () => {
    const id = `(${word('storage')}ctorch.storage\nUntypedStorage\n${word('0')}${word('cpu')}K\x04tQ`;
    const made = `ctorch._utils\n_rebuild_tensor_v3\n(${id}K\x01${list([3])}${list([1])}\x89}ctorch\nfloat8_e4m3fn\ntR`;
    const more = {
      'x/byteorder': 'little',
      'x/.format_version': '1',
      'x/.data/serialization_id': '1234',
      'x/version': '3',
    };
    const found = await readTorchFile(archive(`\x80\x02}${word('w')}${made}s.`, { 0: 4 }, more));
    expect(found.get('w')).toEqual({ dtype: 'F8_E4M3', shape: [3], data: Uint8Array.of(1, 1, 1) });
    const untyped = made.replace('_v3', '_v2');
    expect(await refusal(archive(`\x80\x02}${word('w')}${untyped}s.`, { 0: 4 }))).toMatch(
      /has no known kind of numbers/,
    );
  });

  const system = 'cposix\nsystem\n(X\x07\x00\x00\x00echo hitR.';
  const cases: [string, Uint8Array, RegExp][] = [
    ['that would run a command', archive(`\x80\x02${system}`), /asks for 'posix.system', which is none/],
    [
      'that would run one by another opcode',
      archive(`\x80\x04\x8c\x02os\x8c\x06system\x93.`),
      /asks for 'os.system'/,
    ],
    ['that would make an object', archive('\x80\x02c__builtin__\neval\n.'), /asks for '__builtin__.eval'/],
    [
      'that ask for something within torch',
      archive('\x80\x02ctorch.hub\nload\n.'),
      /asks for 'torch.hub.load'/,
    ],
    [
      'that call what is no function',
      archive('\x80\x02ctorch\nFloatStorage\n)R.'),
      /calls what is no function/,
    ],
    ['that import by an opcode of instances', archive('\x80\x02(cos\nsystem\no.'), /asks for 'os.system'/],
    [
      'with an opcode of old protocols',
      archive('\x80\x02(ios\nsystem\n.'),
      /byte 3 is the opcode 0x69, which no state dict needs/,
    ],
    ['with extension codes', archive('\x80\x02\x82\x01.'), /opcode 0x82/],
    ['of protocol 0', archive('(lp0\n.'), /does not begin with a protocol/],
    ['of protocol 6', archive('\x80\x06}.'), /is of protocol 6, and 2 to 5 are read/],
    ['that end too soon', archive('\x80\x02X\xff\xff\xff\x7fabc'), /is cut short/],
    ['without an end', archive('\x80\x02}'), /is cut short/],
    ['with bytes behind the end', archive('\x80\x02}.}'), /1 bytes stand behind its end/],
    ['that leave nothing', archive('\x80\x02.'), /does not end with one value/],
    ['that leave a mark', archive('\x80\x02(}.'), /does not end with one value/],
    ['with an empty stack', archive('\x80\x02R.'), /its stack is empty/],
    ['without a mark', archive('\x80\x02t.'), /a mark is missing/],
    ['that recall nothing', archive('\x80\x02h\x05.'), /asks for the value 5, which it has not made/],
    ['with a key of a list', archive('\x80\x02}]]s.'), /whose key is no number and no text/],
    ['with a key twice', archive(`\x80\x02}(${word('a')}K\x01${word('a')}K\x02u.`), /has the key 'a' twice/],
    ['with an odd item', archive(`\x80\x02}(${word('a')}u.`), /a key without a value/],
    ['with items of no dictionary', archive('\x80\x02]K\x01K\x02s.'), /to what is no dictionary/],
    ['that append to no list', archive('\x80\x02}K\x01a.'), /appends to what is no list/],
    ['with a list in itself', archive('\x80\x02]q\x00h\x00a.'), /holds no state dict itself/],
    [
      'with a dictionary in itself',
      archive(`\x80\x02}q\x00${word('a')}h\x00s.`),
      /holds no state dict itself/,
    ],
    ['with a long number', archive(`\x80\x02\x8a\xff${'\x01'.repeat(255)}.`), /a whole number of 255 bytes/],
    ['with a text that is no text', archive('\x80\x02X\x01\x00\x00\x00\xff.'), /not UTF-8/],
    ['with another reference', archive(`\x80\x02${word('file')}Q.`), /refers to what is no storage/],
    ['with a storage that is not there', archive(oneTensor([4], [1])), /holds no 'x\/data\/0'/],
    [
      'with a storage of another size',
      archive(oneTensor([4], [1]), { 0: 12 }),
      /has 12 bytes in storage '0', where its state dict has 16/,
    ],
    [
      'with a tensor beyond its storage',
      archive(oneTensor([4], [1], { offset: 1 }), { 0: 16 }),
      /'w' reach beyond the 4 numbers/,
    ],
    [
      'with strides beyond its storage',
      archive(oneTensor([2], [100]), { 0: 16 }),
      /'w' reach beyond the 4 numbers/,
    ],
    [
      'with a tensor wider than its storage',
      archive(oneTensor([2, 4], [0, 1]), { 0: 16 }),
      /'w' reach beyond|that lie in storages/,
    ],
    [
      'with a terabyte of one number',
      archive(oneTensor([2 ** 30, 2 ** 10], [0, 0]), { 0: 16 }),
      /tensors of 4398046511104 bytes that lie in storages of 16/,
    ],
    ['with a negative stride', archive(oneTensor([2], [-1]), { 0: 16 }), /has no sound shape/],
    [
      'with a shape and strides of other lengths',
      archive(oneTensor([2], [1, 1]), { 0: 16 }),
      /has no sound shape/,
    ],
    [
      'with too many axes',
      archive(oneTensor(new Array(65).fill(1), new Array(65).fill(1)), { 0: 16 }),
      /a tensor has 65 axes/,
    ],
    [
      'with a kind of numbers that is none',
      archive(oneTensor([4], [1], { storage: 'QInt8Storage' }), { 0: 4 }),
      /asks for 'torch.QInt8Storage'/,
    ],
    ['without a pickle', craftZip([{ name: 'x/other', content: new Uint8Array() }]), /not of torch.save/],
    ['with two pickles', archive('\x80\x02}.', {}, { 'y/data.pkl': '' }), /not of torch.save/],
    [
      'with an order of bytes that is none',
      archive('\x80\x02}.', {}, { 'x/byteorder': 'middle' }),
      /byte order is 'middle'/,
    ],
    ['that are no archive', Buffer.from('weights'), /the file is not a sound zip archive/],
  ];

  test.each(cases)('%s', async (_, bytes, message) => {
    expect(await refusal(bytes)).toMatch(message);
  });

  test('that name thousands of tensors of one storage are refused', async () => {
    const many = Array.from({ length: 1000 }, (_, i) => oneTensor([4], [1], { name: `w${i}` }).slice(3, -2));
    const bytes = archive(`\x80\x02}(${many.join('')}u.`, { 0: 16 });
    expect(await refusal(bytes)).toMatch(/tensors of 16000 bytes that lie in storages of 16/);
  });
});

test('what is no bytes is named', async () => {
  await expect(readTorchFile('model.pt' as never)).rejects.toThrow(DataError);
  await expect(readTorchFile(new Uint8Array(), { keys: 'x' } as never)).rejects.toThrow(/did you mean 'key'/);
});
