/** The ONNX files that the bench writes, read back field by field. */
import { describe, expect, it } from 'vitest';
import type { ModelSize, Weight } from '../../bench/peers/adapter.js';
import { onnxModel } from '../../bench/peers/adapters/onnx-model.js';

/** A message by its field numbers: numbers, or bytes. */
type Message = Map<number, (number | Uint8Array)[]>;

function readMessage(bytes: Uint8Array): Message {
  const message: Message = new Map();
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++] as number;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(BigInt.asIntN(64, value));
    }
  };
  while (at < bytes.length) {
    const key = varint();
    let value: number | Uint8Array = varint();
    if (key % 8 === 2) {
      const end = at + value;
      value = bytes.subarray(at, end);
      at = end;
    }
    message.set(key >> 3, [...(message.get(key >> 3) ?? []), value]);
  }
  expect(at).toBe(bytes.length);
  return message;
}

const messages = (message: Message, field: number) =>
  (message.get(field) ?? []).map((bytes) => readMessage(bytes as Uint8Array));
const texts = (message: Message, field: number) =>
  (message.get(field) ?? []).map((bytes) => new TextDecoder().decode(bytes as Uint8Array));

function counting(shape: readonly number[]): Weight {
  const length = shape.reduce((product, size) => product * size, 1);
  return { shape, data: Float32Array.from({ length }, (_, i) => i) };
}

const size: ModelSize = {
  name: 'tiny',
  batch: 2,
  steps: 3,
  inputs: 2,
  units: [1, 1],
  outputs: 3,
  everyStep: false,
};
const weights = {
  'lstm_1/kernel': counting([2, 4]),
  'lstm_1/recurrentKernel': counting([1, 4]),
  'lstm_1/bias': counting([4]),
  'lstm_2/kernel': counting([1, 4]),
  'lstm_2/recurrentKernel': counting([1, 4]),
  'lstm_2/bias': counting([4]),
  'dense_1/kernel': counting([1, 3]),
  'dense_1/bias': counting([3]),
};

function graphOf(model: Uint8Array): Message {
  return messages(readMessage(model), 7)[0] as Message;
}

function floats(graph: Message, name: string): number[] {
  const tensor = messages(graph, 5).find((message) => texts(message, 8)[0] === name) as Message;
  const bytes = tensor.get(9)?.[0] as Uint8Array;
  return [...new Float32Array(bytes.slice().buffer)];
}

describe('onnxModel', () => {
  const model = onnxModel({ size, weights, streamed: false });
  const graph = graphOf(model);

  it('says which versions of the format and of the operators it is written in', () => {
    const file = readMessage(model);
    expect(file.get(1)).toEqual([8]);
    expect(messages(file, 8)[0]?.get(2)).toEqual([14]);
  });

  it('chains the operators, from x to y', () => {
    const nodes = messages(graph, 1);
    expect(nodes.flatMap((node) => texts(node, 4))).toEqual([
      'LSTM',
      'Squeeze',
      'LSTM',
      'Squeeze',
      'MatMul',
      'Add',
      'Softmax',
    ]);
    const made = new Set([...texts(messages(graph, 11)[0] as Message, 1), '']);
    for (const tensor of messages(graph, 5)) for (const name of texts(tensor, 8)) made.add(name);
    for (const node of nodes) {
      for (const name of texts(node, 1)) expect(made, name).toContain(name);
      for (const name of texts(node, 2)) made.add(name);
    }
    expect(made).toContain('y');
  });

  it('turns the matrices and puts the gates in the order i, o, f, g', () => {
    expect(floats(graph, 'lstm_1/W')).toEqual([0, 4, 3, 7, 1, 5, 2, 6]);
    expect(floats(graph, 'lstm_1/R')).toEqual([0, 3, 1, 2]);
    expect(floats(graph, 'lstm_1/B')).toEqual([0, 3, 1, 2, 0, 0, 0, 0]);
    expect(floats(graph, 'kernel')).toEqual([0, 1, 2]);
  });

  it('takes the softmax over the last axis: a negative number in ten bytes', () => {
    const softmax = messages(graph, 1).at(-1) as Message;
    expect(messages(softmax, 5)[0]?.get(3)).toEqual([-1]);
  });

  it('passes the state in and out where steps are taken one at a time', () => {
    const streamed = graphOf(onnxModel({ size: { ...size, units: [1] }, weights, streamed: true }));
    expect(messages(streamed, 11).flatMap((input) => texts(input, 1))).toEqual(['x', 'h', 'c']);
    expect(messages(streamed, 12).flatMap((output) => texts(output, 1))).toEqual(['y', 'hNext', 'cNext']);
  });

  it('names a weight that is missing', () => {
    const { 'dense_1/bias': _, ...rest } = weights;
    expect(() => onnxModel({ size, weights: rest, streamed: false })).toThrow("no weight 'dense_1/bias'");
  });
});
