/** ONNX, TensorFlow.js and what Keras says of a model. */
import type { Random } from '../../../src/core/random.js';
import { fromOnnx, fromTfjs, toKerasJson, toOnnx, toTfjs } from '../../../src/formats/index.js';
import { keras3 } from '../../../src/formats/keras/dialect.js';
import { readTopology } from '../../../src/formats/keras/topology.js';
import {
  type Attribute,
  encodeModel,
  type OnnxModel,
  type OnnxNode,
  readModel,
} from '../../../src/formats/onnx/messages.js';
import {
  attention,
  batchNormalization,
  bidirectional,
  concatenate,
  dense,
  embedding,
  FormatError,
  gru,
  input,
  lstm,
  masking,
  model,
  sequential,
} from '../../../src/index.js';
import type { FuzzReader } from '../fuzz-reader.js';
import { join, mutate, mutateJson, pick } from '../mutate.js';

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

const chain = () =>
  sequential([
    masking(),
    bidirectional(lstm(2, { returnSequences: true })),
    batchNormalization(),
    dense(2),
  ]).build([null, 2]);

function graph() {
  const [ids, still] = [input({ shape: [null, 1], name: 'ids' }), input({ shape: [2], name: 'still' })];
  const words = embedding(5, 3, { maskZero: true }).on(ids);
  const [y, h] = gru(2, { returnSequences: true, returnState: true, resetAfter: false }).on(words);
  const last = gru(2, { resetAfter: false }).on(words, h as never);
  const built = model({
    inputs: [ids, still],
    outputs: [concatenate().on(last, still), dense(1).on(y as never)],
  });
  built.getWeights();
  return built as never;
}

/** What ONNX alone can say of these. */
function looking() {
  const x = input({ shape: [null, 2] });
  const y = lstm(2, { returnSequences: true, activation: 'swish', cellClip: 1 }).on(x);
  const built = model({ inputs: x, outputs: attention().on(y, lstm(2, { returnSequences: true }).on(x)) });
  built.getWeights();
  return built as never;
}

const SIZES = [0, 1, -1, 2, 3, 255, 2 ** 20, 2 ** 31, 2 ** 53, -(2 ** 31)];

/** A graph in which one thing is another: an operator, a name, an attribute, the shape of a weight. */
function craftOnnx(random: Random, seeds: readonly Uint8Array[]): Uint8Array {
  const read = readModel(pick(random, seeds));
  const changed: OnnxModel = {
    ...read,
    graph: { ...read.graph, nodes: [...read.graph.nodes], initializers: [...read.graph.initializers] },
  };
  const { nodes, initializers } = changed.graph as unknown as {
    nodes: OnnxNode[];
    initializers: OnnxModel['graph']['initializers'][number][];
  };
  const names = [...nodes.flatMap((node) => [...node.inputs, ...node.outputs]), '', '__proto__'];
  for (let times = 1 + random.below(3); times > 0; times--) {
    const at = random.below(nodes.length);
    const node = nodes[at] as OnnxNode;
    const put = (change: Partial<OnnxNode>) => nodes.splice(at, 1, { ...node, ...change });
    const swap = (list: readonly string[]) => {
      const all = [...list];
      all[random.below(all.length + 1)] = pick(random, names);
      return all;
    };
    switch (random.below(8)) {
      case 0:
        put({ operator: pick(random, nodes).operator, domain: pick(random, nodes).domain });
        break;
      case 1:
        put({ inputs: swap(node.inputs) });
        break;
      case 2:
        put({ outputs: swap(node.outputs) });
        break;
      case 3:
        nodes.splice(at, 1);
        break;
      case 4:
        nodes.splice(random.below(nodes.length), 0, node);
        break;
      case 5:
        put({ attributes: changedAttributes(random, node) });
        break;
      default: {
        const which = random.below(initializers.length);
        const tensor = initializers[which];
        if (tensor === undefined) break;
        const shape = tensor.shape.map((size) => (random.below(3) === 0 ? pick(random, SIZES) : size));
        const data = tensor.data.map((value) => (random.below(4) === 0 ? pick(random, SIZES) : value));
        initializers.splice(which, 1, random.below(2) === 0 ? { ...tensor, shape } : { ...tensor, data });
      }
    }
  }
  return encodeModel(changed);
}

function changedAttributes(random: Random, { attributes }: OnnxNode): OnnxNode['attributes'] {
  const names = [
    'hidden_size',
    'axis',
    'perm',
    'direction',
    'clip',
    'activations',
    'batch_dims',
    '__proto__',
  ];
  const values: Attribute[] = [
    { kind: 'int', value: pick(random, SIZES) },
    { kind: 'ints', value: [pick(random, SIZES), 0] },
    { kind: 'float', value: pick(random, [0, -1, 1e30]) },
    { kind: 'text', value: pick(random, ['reverse', 'bidirectional', '']) },
    { kind: 'texts', value: ['Affine', 'Tanh'] },
  ];
  return new Map([...attributes, [pick(random, [...attributes.keys(), ...names]), pick(random, values)]]);
}

export const onnxReader: FuzzReader = {
  name: 'onnx',
  seeds: () => [
    toOnnx(chain(), { masks: 'lengths' }),
    toOnnx(graph(), { masks: 'anywhere' }),
    toOnnx(looking()),
  ],
  words: ['LSTM', 'Scan', 'longhand', 'Run_lstm_swish_sigmoid_forward', 'hidden_size'],
  craft: craftOnnx,
  read: (bytes) => void fromOnnx(bytes).getWeights(),
};

/** model.json, its length before it, then the weights: one file for several. */
function pack(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const { 'model.json': json, ...shards } = files as Record<string, Uint8Array> & {
    'model.json': Uint8Array;
  };
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, json.length, true);
  return join(length, json, ...Object.values(shards));
}

function unpack(bytes: Uint8Array): { json: Uint8Array; weights: Uint8Array } {
  const length = bytes.length < 4 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  return { json: bytes.slice(4, 4 + length), weights: bytes.slice(4 + length) };
}

export const tfjsReader: FuzzReader = {
  name: 'tfjs',
  seeds: () => [pack(toTfjs(chain())), pack(toTfjs(graph()))],
  words: ['"class_name":"LSTM"', '"units":1000000000', '"shape":[', 'inbound_nodes'],
  craft: (random, seeds) => {
    const { json, weights } = unpack(pick(random, seeds));
    const changed = JSON.stringify(mutateJson(random, JSON.parse(decode(json)))) ?? 'null';
    const shard = random.below(4) === 0 ? mutate(random, weights, seeds) : weights;
    return pack({ 'model.json': encode(changed), shard });
  },
  read: (bytes) => {
    const { json, weights } = unpack(bytes);
    void fromTfjs({ 'model.json': json, 'group1-shard1of1.bin': weights }).getWeights();
  },
};

export const kerasReader: FuzzReader = {
  name: 'keras',
  seeds: () => [chain(), graph()].map((one) => encode(toKerasJson(one))),
  craft: (random, seeds) => {
    let json: unknown = JSON.parse(decode(pick(random, seeds)));
    for (let times = 1 + random.below(3); times > 0; times--) json = mutateJson(random, json);
    return encode(JSON.stringify(json) ?? 'null');
  },
  read: (bytes) => {
    let json: unknown;
    try {
      json = JSON.parse(decode(bytes));
    } catch {
      throw new FormatError('no JSON');
    }
    void readTopology(json, keras3, 10_000).getWeights();
  },
};
