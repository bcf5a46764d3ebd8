import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ConfigError, FormatError } from '../../src/core/errors.js';
import type { FloatArray } from '../../src/core/tensor.js';
import {
  fromTorchStateDict,
  readSafetensors,
  type StateDict,
  type StoredTensor,
  toTorchStateDict,
} from '../../src/formats/index.js';
import {
  batchNormalization,
  bidirectional,
  dense,
  dropout,
  embedding,
  gru,
  type Layer,
  layerNormalization,
  lstm,
  type Model,
  masking,
  peepholeLstm,
  projectedLstm,
  randomNormal,
  sequential,
  simpleRnn,
  timeDistributed,
} from '../../src/index.js';
import outputs from '../fixtures/torch-outputs.json' with { type: 'json' };

const stateDict = (name: string): StateDict =>
  readSafetensors(readFileSync(new URL(`../fixtures/torch-${name}.safetensors`, import.meta.url))).tensors;

/** Weights that are all different, biases too. */
const drawn = randomNormal({ stddev: 0.5 });
const biased = { biasInitializer: drawn };

/** The models of test/fixtures/torch-state-dicts.py. */
const models = {
  stacked: () =>
    sequential([
      embedding(7, 4),
      bidirectional(lstm(3, { returnSequences: true })),
      bidirectional(lstm(3, { returnSequences: true })),
      layerNormalization({ epsilon: 1e-5 }),
      dropout(0.5),
      dense(2),
    ]).build([null, 1]),
  gated: () =>
    sequential([
      gru(4, { returnSequences: true }),
      gru(4),
      batchNormalization({ epsilon: 1e-5 }),
      dense(4, { activation: 'relu' }),
      dense(4),
    ]).build([null, 3]),
  projected: () =>
    sequential([
      projectedLstm(5, 3, { returnSequences: true }),
      simpleRnn(4, { returnSequences: true, activation: 'relu', useBias: false }),
    ]).build([null, 2]),
};

describe.each(['stacked', 'gated', 'projected'] as const)("PyTorch's %s", (name) => {
  test('answers the same here', () => {
    const model = models[name]();
    model.setWeights(fromTorchStateDict(stateDict(name), model));
    const { x, y, shape } = outputs[name];
    const found = model.predict(x as number[][][]);
    expect(found.shape).toEqual(shape);
    const worst = Math.max(...Array.from(found.data, (value, i) => Math.abs(value - (y[i] as number))));
    expect(worst).toBeLessThan(1e-6);
  });

  test('has the tensors that go out again, with biases of an LSTM summed', () => {
    const model = models[name]();
    const given = stateDict(name);
    model.setWeights(fromTorchStateDict(given, model));
    const modules = {
      stacked: {
        embedding_1: 'words',
        bidirectional_1: 'encoder',
        bidirectional_2: 'encoder',
        layerNormalization_1: 'norm',
        dense_1: 'head',
      },
      gated: { gru_1: 'gru', gru_2: 'gru', batchNormalization_1: 'bn', dense_1: 'fc1', dense_2: 'fc2' },
      projected: { projectedLstm_1: 'lstm', simpleRnn_1: 'rnn' },
    }[name];
    const made = toTorchStateDict(model, { names: modules });
    expect([...made.keys()].sort()).toEqual([...given.keys()].sort());
    for (const [key, tensor] of given) {
      const found = made.get(key) as StoredTensor;
      expect([key, found.dtype, found.shape]).toEqual([key, tensor.dtype, tensor.shape]);
      if (!/bias_(ih|hh)/.test(key) || key.startsWith('gru'))
        expect([key, found.data]).toEqual([key, tensor.data]);
    }
  });
});

describe('from here to PyTorch and back', () => {
  const zoo = () =>
    sequential(
      [
        embedding(9, 5),
        bidirectional(gru(4, { returnSequences: true, ...biased })),
        lstm(3, { returnSequences: true, ...biased }),
        projectedLstm(4, 2, { returnSequences: true, useBias: false }),
        batchNormalization({ center: false, gammaInitializer: drawn, movingMeanInitializer: drawn }),
        layerNormalization({ scale: false, betaInitializer: drawn }),
        timeDistributed(dense(5, biased)),
        simpleRnn(3, { goBackwards: true, ...biased }),
        batchNormalization({ center: false, scale: false, movingMeanInitializer: drawn }),
        layerNormalization({ betaInitializer: drawn, gammaInitializer: drawn }),
        dense(2, { useBias: false }),
      ],
      { seed: 3 },
    ).build([null, 1]);

  test('every weight is equal to the bit', () => {
    const model = zoo();
    expect(fromTorchStateDict(toTorchStateDict(model), model)).toEqual(model.getWeights());
  });

  test('in double precision too', () => {
    const model = sequential([lstm(3, biased), dense(2)], { seed: 1, precision: 'float64' }).build([null, 2]);
    const made = toTorchStateDict(model as unknown as Model<FloatArray>);
    expect(new Set([...made.values()].map(({ dtype }) => dtype))).toEqual(new Set(['F64']));
    expect(fromTorchStateDict(made, model as unknown as Model<FloatArray>)).toEqual(model.getWeights());
  });

  test('rounded where that is asked for', () => {
    const model = sequential([lstm(3), dense(2)], { seed: 1 }).build([null, 2]);
    const made = toTorchStateDict(model, { dtype: 'BF16' });
    expect(made.get('dense_1.weight')?.dtype).toBe('BF16');
    const back = fromTorchStateDict(made, model);
    const [own, rounded] = [model.getWeights(), back].map(
      (weights) => weights['dense_1/kernel']?.data[0],
    ) as [number, number];
    expect(Math.abs(rounded / own - 1)).toBeLessThan(2 ** -8);
  });

  test('a module by itself has names without a point', () => {
    const model = sequential([lstm(2)], { seed: 1 }).build([null, 3]);
    const made = toTorchStateDict(model, { names: { lstm_1: '' } });
    expect([...made.keys()]).toEqual(['weight_ih_l0', 'weight_hh_l0', 'bias_ih_l0', 'bias_hh_l0']);
    expect(fromTorchStateDict(made, model)).toEqual(model.getWeights());
  });

  test('an embedding and the layer that is tied to it hold the same table', () => {
    const model = sequential([embedding(6, 3), lstm(3), dense(6, { tiedTo: 'embedding_1', ...biased })], {
      seed: 1,
    }).build([null, 1]);
    const made = toTorchStateDict(model);
    expect(made.get('dense_1.weight')?.data).toEqual(made.get('embedding_1.weight')?.data);
    const options = { names: { embedding_1: 'embedding_1' } };
    expect(fromTorchStateDict(made, model, options)).toEqual(model.getWeights());
    const other = made.get('dense_1.weight') as StoredTensor;
    const changed = new Map(made).set('dense_1.weight', {
      ...other,
      data: new Float32Array(other.data.length),
    } as StoredTensor);
    expect(() => fromTorchStateDict(changed, model, options)).toThrow(
      /dense_1 is tied to embedding_1\/embeddings/,
    );
  });
});

describe('a cell', () => {
  test('is a layer of one step after the other', () => {
    const model = sequential([lstm(2, biased)], { seed: 1 }).build([null, 3]);
    const cell = new Map(
      [...toTorchStateDict(model)].map(([name, tensor]) => [name.replace('_l0', ''), tensor]),
    );
    expect([...cell.keys()]).toContain('lstm_1.weight_ih');
    expect(fromTorchStateDict(cell, model)).toEqual(model.getWeights());
  });
});

describe('which module is which layer', () => {
  /** Two layers that are alike, under these names, in this order. */
  function alike(first: string, second: string, order: 'own' | 'alphabetical' = 'own') {
    const model = sequential([dense(3, biased), dense(3, biased)], { seed: 1 }).build([3]);
    const made = toTorchStateDict(model, { names: { dense_1: first, dense_2: second } });
    const sorted = [...made].sort(([a], [b]) => (a < b ? -1 : 1));
    return { model, given: order === 'own' ? made : new Map(sorted) };
  }

  test.each([
    ['fc1', 'fc2'],
    ['layers.9', 'layers.10'],
    ['block2.fc0', 'block10.fc0'],
  ])('%s and %s are in the order of their numbers', (first, second) => {
    const { model, given } = alike(first, second, 'alphabetical');
    expect(fromTorchStateDict(given, model)).toEqual(model.getWeights());
  });

  test('other names are in the order of the state dict, where that is not the order of the names', () => {
    const { model, given } = alike('second', 'first');
    expect(fromTorchStateDict(given, model)).toEqual(model.getWeights());
  });

  test('and otherwise have to be given', () => {
    const { model, given } = alike('second', 'first', 'alphabetical');
    expect(() => fromTorchStateDict(given, model)).toThrow(ConfigError);
    expect(() => fromTorchStateDict(given, model)).toThrow(
      /dense_1 could be any of the modules 'first', 'second', .*\{ names: \{ dense_1: 'first' \} \}/,
    );
    const names = { dense_1: 'second' };
    expect(fromTorchStateDict(given, model, { names })).toEqual(model.getWeights());
  });

  test('layers of one module follow one another', () => {
    const model = sequential(
      [
        lstm(2, { returnSequences: true, ...biased }),
        lstm(2, { returnSequences: true, ...biased }),
        lstm(2, biased),
      ],
      { seed: 1 },
    ).build([null, 2]);
    const names = { lstm_1: 'a', lstm_2: 'b', lstm_3: 'b' };
    const made = toTorchStateDict(model, { names });
    expect([...made.keys()].filter((name) => name.startsWith('b.weight_hh'))).toEqual([
      'b.weight_hh_l0',
      'b.weight_hh_l1',
    ]);
    expect(fromTorchStateDict(made, model, { names })).toEqual(model.getWeights());
  });
});

describe('what cannot be carried is named', () => {
  const outgoing: [string, Model, RegExp][] = [
    [
      'a layer that PyTorch has not',
      sequential([peepholeLstm(2)]),
      /peepholeLstm_1 is a layer of type peepholeLstm/,
    ],
    [
      'an activation',
      sequential([lstm(2, { activation: 'relu' })]),
      /lstm_1 has activation 'relu', and an nn.LSTM has 'tanh' only/,
    ],
    [
      'an activation of gates',
      sequential([gru(2, { recurrentActivation: 'hardSigmoid' })]),
      /gru_1 has recurrentActivation/,
    ],
    [
      'a reset gate before the product',
      sequential([gru(2, { resetAfter: false })]),
      /gru_1 has resetAfter false, and an nn.GRU has true only/,
    ],
    [
      'a clipped cell',
      sequential([lstm(2, { cellClip: 3 })]),
      /lstm_1 has cellClip 3, and an nn.LSTM has none/,
    ],
    [
      'a learned state',
      sequential([lstm(2, { initialState: 'learned' })]),
      /lstm_1 has initialState 'learned'/,
    ],
    [
      'directions that differ',
      sequential([bidirectional(lstm(2), { backwardLayer: lstm(3, { goBackwards: true }) })]),
      /bidirectional_1 has directions of different units/,
    ],
    [
      'directions of two kinds',
      sequential([bidirectional(lstm(2), { backwardLayer: gru(2, { goBackwards: true }) })]),
      /bidirectional_1 is of type lstm and gru/,
    ],
  ];

  test.each(outgoing)('%s', (_, model, message) => {
    (model as ReturnType<typeof sequential>).build([null, 3]);
    expect(() => toTorchStateDict(model)).toThrow(ConfigError);
    expect(() => toTorchStateDict(model)).toThrow(message);
  });

  test('layers that are no layers of one module', () => {
    const two = (...layers: Layer[]) => sequential(layers).build([null, 3]);
    const both =
      (model: Model, ...layers: string[]) =>
      () =>
        toTorchStateDict(model, { names: Object.fromEntries(layers.map((layer) => [layer, 'm'])) });
    const steps = { returnSequences: true };
    expect(both(two(lstm(2, steps), gru(2)), 'lstm_1', 'gru_1')).toThrow(
      /lstm_1 and gru_1 are both 'm', but an nn.LSTM and an nn.GRU are not the layers of one module/,
    );
    expect(both(two(lstm(2, steps), lstm(3)), 'lstm_1', 'lstm_2')).toThrow(/differ in units/);
    expect(both(two(lstm(2, steps), lstm(2, { useBias: false })), 'lstm_1', 'lstm_2')).toThrow(
      /differ in hasBias/,
    );
    expect(both(two(lstm(2, steps), bidirectional(lstm(2))), 'lstm_1', 'bidirectional_1')).toThrow(
      /directions/,
    );
    expect(both(two(dense(3), dense(3)), 'dense_1', 'dense_2')).toThrow(/not the layers of one module/);
    expect(both(two(lstm(2, steps), dense(3), lstm(2)), 'lstm_1', 'lstm_2')).toThrow(
      /lstm_2 reads 3 features where the layer before it gives 2/,
    );
  });

  const model = () => sequential([masking(), lstm(2), dense(1)]).build([null, 3]);
  const changed = (change: (given: Map<string, StoredTensor>) => void) => {
    const given = toTorchStateDict(model());
    change(given);
    return () => fromTorchStateDict(given, model());
  };
  const f32 = (...shape: number[]): StoredTensor => ({
    dtype: 'F32',
    shape,
    data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
  });

  test('a module without a layer, a tensor without a module, a layer without a module', () => {
    const spare = changed((given) => given.set('spare.weight', f32(2, 2)));
    expect(spare).toThrow(FormatError);
    expect(spare).toThrow(/the state dict holds spare.weight \[2, 2\], which no layer of the model takes/);
    expect(changed((given) => given.set('attention.in_proj_weight', f32(1)))).toThrow(
      /holds 'attention.in_proj_weight' \[1\], which belongs to no module that this library has/,
    );
    expect(changed((given) => given.delete('dense_1.bias'))).toThrow(
      /dense_1 is an nn.Linear with weight \[1, 2\], bias \[1\], and the state dict has none such: left are dense_1.weight \[1, 2\]/,
    );
    expect(changed((given) => given.set('lstm_1.weight_hh_l0', f32(8, 3)))).toThrow(
      /lstm_1 is an nn.LSTM with/,
    );
    expect(changed((given) => given.set('lstm_1.weight_ih_l1', f32(8, 2)))).toThrow(
      /lstm_1.weight_ih_l1 \[8, 2\]/,
    );
  });

  test('a module of that name that is another one', () => {
    const given = toTorchStateDict(model());
    const from = (names: Record<string, string>) => () => fromTorchStateDict(given, model(), { names });
    expect(from({ dense_1: 'lstm_1' })).toThrow(
      /dense_1 cannot be 'lstm_1': that is a layer of a recurrent module/,
    );
    expect(from({ dense_1: 'head' })).toThrow(
      /names: the module 'head' is not known: use one of lstm_1, dense_1/,
    );
    expect(from({ dens_1: 'dense_1' })).toThrow(
      /names: the layer 'dens_1' is not known: did you mean 'dense_1'\?/,
    );
    expect(from({ dense_1: 3 as never })).toThrow(/names: dense_1 is 3 and not text/);
    expect(from({ lstm_1: 'dense_1', dense_1: 'dense_1' })).toThrow(/lstm_1 cannot be 'dense_1'/);
  });

  test('statistics that a layer has not', () => {
    const plain = sequential([layerNormalization({ scale: false })]).build([2]);
    const given = new Map([
      ['n.weight', { ...f32(2), data: Float32Array.of(1, 2) } as StoredTensor],
      ['n.bias', f32(2)],
    ]);
    expect(() => fromTorchStateDict(given, plain)).toThrow(
      /layerNormalization_1 has scale: false, but weight .* is not 1/,
    );
  });

  test('numbers that no weight can be', () => {
    const withBias = (data: Float32Array | Float64Array) =>
      changed((given) => {
        const dtype = data instanceof Float32Array ? 'F32' : 'F64';
        given.set('dense_1.bias', { dtype, shape: [1], data } as StoredTensor);
      });
    expect(withBias(Float32Array.of(Number.NaN))).toThrow(FormatError);
    expect(withBias(Float32Array.of(Number.NaN))).toThrow(
      /has NaN for the weight 'dense_1\/bias', at index 0/,
    );
    expect(withBias(Float64Array.of(1e39))).toThrow(/has 1e\+39 for the weight 'dense_1\/bias'/);
    expect(withBias(Float64Array.of(0.1))).not.toThrow();
  });

  test('what is no state dict and no model', () => {
    expect(() => fromTorchStateDict({} as never, model())).toThrow(/a state dict is a Map/);
    expect(() => fromTorchStateDict(new Map(), {} as never)).toThrow(/takes a model/);
    expect(() => toTorchStateDict(model(), { name: {} } as never)).toThrow(/did you mean 'names'/);
    expect(() => toTorchStateDict(sequential([lstm(2)]))).toThrow(/needs a model that is built/);
  });
});
