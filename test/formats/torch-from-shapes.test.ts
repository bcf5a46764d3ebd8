import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ConfigError, FormatError } from '../../src/core/errors.js';
import {
  modelFromStateDict,
  readSafetensors,
  readTorchFile,
  type StoredTensor,
  toTorchStateDict,
} from '../../src/formats/index.js';
import {
  batchNormalization,
  bidirectional,
  dense,
  embedding,
  gru,
  type Layer,
  layerNormalization,
  lstm,
  projectedLstm,
  sequential,
} from '../../src/index.js';
import outputs from '../fixtures/torch-outputs.json' with { type: 'json' };

const fixture = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url));
const steps = { returnSequences: true };

describe('a model is made of a state dict alone', () => {
  test.each(['pt', 'safetensors'])("PyTorch's own, as %s", async (format) => {
    const bytes = fixture(`torch-stacked.${format}`);
    const stateDict = format === 'pt' ? await readTorchFile(bytes) : readSafetensors(bytes).tensors;
    const model = modelFromStateDict(stateDict, steps);
    const { x, y, shape } = outputs.stacked;
    const found = model.predict(x);
    expect(found.shape).toEqual(shape);
    const worst = Math.max(...Array.from(found.data, (value, i) => Math.abs(value - (y[i] as number))));
    expect(worst).toBeLessThan(1e-6);
    expect(model.layers.map(({ name }) => name)).toEqual(['words', 'encoder', 'encoder_l1', 'norm', 'head']);
  });

  const cases: [string, Layer[], (number | null)[], unknown][] = [
    [
      'of the last step',
      [lstm(3), dense(2)],
      [null, 4],
      [
        [
          [1, 2, 3, 4],
          [0, 1, 0, 1],
        ],
      ],
    ],
    ['of rows', [batchNormalization({ epsilon: 1e-5 }), dense(2)], [3], [[1, 2, 3]]],
    [
      'of both directions',
      [bidirectional(gru(3)), dense(2)],
      [null, 4],
      [
        [
          [1, 2, 3, 4],
          [0, 1, 0, 1],
        ],
      ],
    ],
    ['without biases', [gru(5, { useBias: false }), dense(1)], [null, 2], [[[1, 2]]]],
    ['of projections', [projectedLstm(5, 3), dense(2)], [null, 4], [[[1, 2, 3, 4]]]],
    [
      'of token ids',
      [embedding(7, 3), lstm(4, steps), layerNormalization({ epsilon: 1e-5 }), gru(2)],
      [null, 1],
      [[1, 6, 0]],
    ],
  ];

  test.each(cases)('%s', (_, layers, shape, x) => {
    const model = sequential(layers, { seed: 2 }).build(shape);
    const stateDict = toTorchStateDict(model);
    const order = model.layers.map(({ name }) => name);
    const made = modelFromStateDict(stateDict, { order });
    expect(made.predict(x as number[][][])).toEqual(model.predict(x as number[][][]));
    expect(made.layers.map(({ type }) => type)).toEqual(layers.map(({ type }) => type));
  });

  test('of a module by itself, with an activation', () => {
    const model = sequential([dense(2, { activation: 'softmax' })], { seed: 1 }).build([3]);
    const made = modelFromStateDict(toTorchStateDict(model, { names: { dense_1: '' } }), {
      activation: 'softmax',
    });
    expect(made.predict([[1, 2, 3]])).toEqual(model.predict([[1, 2, 3]]));
  });
});

describe('what the shapes leave open is named', () => {
  const f32 = (...shape: number[]): StoredTensor => ({
    dtype: 'F32',
    shape,
    data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
  });
  const dict = (shapes: Record<string, number[]>) =>
    new Map(Object.entries(shapes).map(([name, shape]) => [name, f32(...shape)]));
  const linear = (name: string, inputs: number, units: number) => ({
    [`${name}.weight`]: [units, inputs],
    [`${name}.bias`]: [units],
  });

  test('modules that say too little', () => {
    const rnn = dict({ 'rnn.weight_ih_l0': [3, 2], 'rnn.weight_hh_l0': [3, 3] });
    expect(() => modelFromStateDict(rnn)).toThrow(FormatError);
    expect(() => modelFromStateDict(rnn)).toThrow(
      /does not say what 'rnn' does: an RNN may be of tanh or of relu/,
    );
    expect(() => modelFromStateDict(dict({ 'conv.weight': [3, 2, 5], 'conv.bias': [3] }))).toThrow(
      /'conv' does: its weight is \[3, 2, 5\]/,
    );
    expect(() => modelFromStateDict(dict({ 'x.bias': [3] }))).toThrow(/its weight is not there/);
    expect(() => modelFromStateDict(dict({ 'x.weight_ih_l0': [7, 2], 'x.weight_hh_l0': [7, 3] }))).toThrow(
      /are of no LSTM/,
    );
  });

  test('modules in no order, or in several', () => {
    const two = dict({ ...linear('a', 3, 4), ...linear('b', 4, 2) });
    expect(() => modelFromStateDict(two)).toThrow(ConfigError);
    expect(() => modelFromStateDict(two)).toThrow(/'a' \(3 to 4\), 'b' \(4 to 2\) fit together in no order/);
    const norms = dict({
      ...linear('a', 3, 4),
      'n.weight': [3],
      'n.bias': [3],
      'm.weight': [3],
      'm.bias': [3],
    });
    expect(() => modelFromStateDict(norms)).toThrow(/in more than one order: give \{ order: \[...\] \}/);
    expect(modelFromStateDict(norms, { order: ['n', 'm', 'a'] }).layers.length).toBe(3);
    expect(() => modelFromStateDict(norms, { order: ['n', 'a', 'm'] })).toThrow(
      /'m' takes 3 numbers and cannot stand behind 'a', which gives 4/,
    );
    expect(() => modelFromStateDict(norms, { order: ['n', 'n', 'a'] })).toThrow(
      /order names each module once, 'a', 'n', 'm', but is n, n, a/,
    );
    expect(() => modelFromStateDict(new Map())).toThrow(/holds no modules/);
    const many = Object.assign({}, ...Array.from({ length: 9 }, (_, i) => ({ [`n${i}.weight`]: [2] })));
    expect(() => modelFromStateDict(dict(many))).toThrow(/9 modules can stand in many orders/);
  });
});
