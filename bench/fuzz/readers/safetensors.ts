/** safetensors, and what holds models in it. */
import type { Random } from '../../../src/core/random.js';
import {
  readSafetensors,
  type StoredTensor,
  toTensor,
  writeSafetensors,
} from '../../../src/formats/index.js';
import {
  batchNormalization,
  bidirectional,
  dense,
  deserializeModel,
  embedding,
  FormatError,
  gru,
  lstm,
  modelFromJSON,
  sequential,
  serializeModel,
} from '../../../src/index.js';
import type { FuzzReader } from '../fuzz-reader.js';
import { join, mutateJson, pick } from '../mutate.js';

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A file with this header and this data; now and then its length is another. */
function fileOf(random: Random, header: string, data: Uint8Array): Uint8Array {
  const json = encode(header);
  const length = new Uint8Array(8);
  const claimed = random.below(12) === 0 ? pick(random, [0, 2 ** 32, 2 ** 53, json.length + 1]) : json.length;
  new DataView(length.buffer).setBigUint64(0, BigInt(claimed), true);
  return join(length, json, data);
}

/** The header of a sound file as an object, and its data. */
function partsOf(file: Uint8Array): { header: Record<string, unknown>; data: Uint8Array } {
  const length = new DataView(file.buffer, file.byteOffset).getUint32(0, true);
  return { header: JSON.parse(decode(file.subarray(8, 8 + length))), data: file.subarray(8 + length) };
}

/** A file whose header was changed. */
export function craftHeader(random: Random, seeds: readonly Uint8Array[]): Uint8Array {
  const { header, data } = partsOf(pick(random, seeds));
  let text = JSON.stringify(mutateJson(random, header)) ?? 'null';
  // Keys that stand twice, numbers that JSON can write and no number can hold.
  const how = random.below(12);
  if (how === 0) text = text.replace('{', `{${text.slice(1, text.indexOf('}') + 1)},`);
  if (how === 1) text = text.replace(/\d+/, pick(random, ['1e400', '-0', '9'.repeat(400), '0.1', '1e3']));
  if (how === 2) text = `${'['.repeat(random.below(100_000))}${text}`;
  return fileOf(random, text, data);
}

const tensors: Record<string, StoredTensor> = {
  'lstm.weight': { dtype: 'F32', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
  half: { dtype: 'F16', shape: [4], data: Uint16Array.of(1, 2, 3, 4) },
  bits: { dtype: 'F4', shape: [2, 2], data: Uint8Array.of(1, 2) },
  steps: { dtype: 'I64', shape: [], data: BigInt64Array.of(7n) },
  none: { dtype: 'F64', shape: [0, 5], data: new Float64Array() },
};

/** Kinds of which every number is one of the library's, too. */
const COMPUTED = ['F64', 'F32', 'F16', 'BF16', 'F8_E4M3', 'F8_E5M2', 'I32', 'U8', 'BOOL'];

export const safetensorsReader: FuzzReader = {
  name: 'safetensors',
  seeds: () => [writeSafetensors(tensors, { metadata: { format: 'pt' } }), writeSafetensors({})],
  words: ['"dtype":"F64"', '"shape":[', '"data_offsets":[0,', '"__metadata__":{', '18446744073709551615'],
  craft: craftHeader,
  read: (bytes) => {
    for (const [name, tensor] of readSafetensors(bytes).tensors) {
      if (COMPUTED.includes(tensor.dtype)) toTensor(tensor, name);
    }
  },
};

function models(): Uint8Array[] {
  const tagger = sequential(
    [
      embedding(5, 3),
      bidirectional(lstm(2, { returnSequences: true })),
      gru(2),
      batchNormalization(),
      dense(2),
    ],
    { seed: 1 },
  ).build([null, 1]);
  const trained = sequential([lstm(2), dense(1)], { seed: 2 }).build([null, 2]);
  trained.compile({ optimizer: 'adam', loss: 'meanSquaredError', metrics: ['meanAbsoluteError'] });
  trained.trainOnBatch([[[1, 2]], [[2, 1]]], [0, 1]);
  return [serializeModel(tagger), serializeModel(trained), serializeModel(trained, { weights: 'int8' })];
}

/** A file whose description of the model, or of its training, was changed. */
function craftModel(random: Random, seeds: readonly Uint8Array[]): Uint8Array {
  if (random.below(3) === 0) return craftHeader(random, seeds);
  const { header, data } = partsOf(pick(random, seeds));
  const metadata = header.__metadata__ as Record<string, string>;
  const key = pick(random, Object.keys(metadata));
  let value: unknown;
  try {
    value = JSON.parse(metadata[key] as string);
  } catch {
    value = metadata[key];
  }
  const changed = { ...metadata, [key]: JSON.stringify(mutateJson(random, value)) ?? 'null' };
  return fileOf(random, JSON.stringify({ ...header, __metadata__: changed }), data);
}

export const modelFileReader: FuzzReader = {
  name: 'model file',
  seeds: models,
  words: ['"type":"lstm"', '"units":', '"units":1000000000', 'longhand.model', 'longhand.scales/'],
  craft: craftModel,
  read: (bytes) => void deserializeModel(bytes).getWeights(),
};

export const modelJsonReader: FuzzReader = {
  name: 'model JSON',
  seeds: () => models().map((file) => encode(JSON.stringify(deserializeModel(file)))),
  craft: (random, seeds) =>
    encode(JSON.stringify(mutateJson(random, JSON.parse(decode(pick(random, seeds))))) ?? ''),
  read: (bytes) => {
    const text = decode(bytes);
    // A text alone: what is no object is the caller's mistake, a DataError.
    if (/^\s*[[{]/.test(text)) modelFromJSON(text);
    else throw new FormatError('no object');
  },
};
