/**
 * Files of Keras, as its source lays them out (saving_lib.py, legacy_h5_format.py): Keras itself does not run here, so
 * they are written by h5wasm. What it computes is in test/golden/keras-rnn.test.ts.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromKeras, toKerasJson } from '../../src/formats/index.js';
import { keras3 } from '../../src/formats/keras/dialect.js';
import { readTopology } from '../../src/formats/keras/topology.js';
import { writeZip } from '../../src/formats/zip-writer.js';
import {
  attention,
  bidirectional,
  ConfigError,
  DataError,
  dense,
  embedding,
  FormatError,
  globalAveragePooling1d,
  gru,
  input,
  type Layer,
  layerNormLstm,
  lstm,
  masking,
  model,
  type Sequential,
  sequential,
  simpleRnn,
  type Tensor,
  tensor,
  timeDistributed,
} from '../../src/index.js';
import { writeHdf5 } from '../support/hdf5.js';

const text = (value: unknown) =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));

async function kerasFile(config: unknown, weights: Readonly<Record<string, Tensor>>): Promise<Uint8Array> {
  const metadata = text({ keras_version: '3.15.1' });
  const entries = {
    'metadata.json': metadata,
    'config.json': text(config),
    'model.weights.h5': await writeHdf5(weights),
  };
  return writeZip(new Map(Object.entries(entries)));
}

/** An object of Keras 3. */
const object = (module: string, className: string, config: object) => ({
  module,
  class_name: className,
  config,
  registered_name: null,
});
const policy = object('keras', 'DTypePolicy', { name: 'float32' });
const layer = (className: string, config: object) => ({
  ...object('keras.layers', className, { trainable: true, dtype: policy, ...config }),
  build_config: { input_shape: [null, null, 2] },
});
const glorot = object('keras.initializers', 'GlorotUniform', { seed: null });

const recurrent = (name: string, units: number, more: object = {}) => ({
  name,
  units,
  activation: 'tanh',
  use_bias: true,
  kernel_initializer: glorot,
  recurrent_initializer: object('keras.initializers', 'Orthogonal', { seed: null, gain: 1 }),
  bias_initializer: object('keras.initializers', 'Zeros', {}),
  kernel_regularizer: object('keras.regularizers', 'L2', { l2: 0.01 }),
  return_sequences: false,
  return_state: false,
  go_backwards: false,
  stateful: false,
  unroll: false,
  zero_output_for_mask: false,
  dropout: 0.25,
  recurrent_dropout: 0,
  seed: null,
  ...more,
});

const shaken = (one: Sequential): Sequential => {
  const weights = one.getWeights();
  let k = 1;
  for (const { data } of Object.values(weights))
    for (let i = 0; i < data.length; i++) data[i] = Math.abs(Math.sin(k++));
  one.setWeights(weights);
  return one;
};

describe('.keras', () => {
  const source = shaken(
    sequential([
      bidirectional(lstm(2, { returnSequences: true }), { name: 'both' }),
      timeDistributed(dense(3), { name: 'each' }),
      gru(2, { name: 'first', returnSequences: true }),
      gru(2, { name: 'second' }),
      dense(1, { name: 'head', activation: 'hardSigmoid' }),
    ]).build([null, 2]),
  );
  const lstmConfig = {
    ...recurrent('forward_lstm', 2, {
      return_sequences: true,
      recurrent_activation: 'sigmoid',
      unit_forget_bias: true,
    }),
  };
  const config = object('keras', 'Sequential', {
    name: 'sequential',
    trainable: true,
    dtype: policy,
    layers: [
      object('keras.layers', 'InputLayer', {
        batch_shape: [null, null, 2],
        dtype: 'float32',
        sparse: false,
        ragged: false,
        name: 'input_layer',
      }),
      layer('Bidirectional', {
        name: 'both',
        merge_mode: 'concat',
        layer: object('keras.layers', 'LSTM', lstmConfig),
        backward_layer: object('keras.layers', 'LSTM', {
          ...lstmConfig,
          name: 'backward_lstm',
          go_backwards: true,
        }),
      }),
      layer('TimeDistributed', {
        name: 'each',
        layer: object('keras.layers', 'Dense', {
          name: 'dense',
          units: 3,
          activation: 'linear',
          use_bias: true,
        }),
      }),
      layer(
        'GRU',
        recurrent('first', 2, { return_sequences: true, recurrent_activation: 'sigmoid', reset_after: true }),
      ),
      layer('GRU', recurrent('second', 2, { recurrent_activation: 'sigmoid', reset_after: true })),
      layer('Dense', { name: 'head', units: 1, activation: 'hard_sigmoid', use_bias: true }),
    ],
    build_input_shape: [null, null, 2],
  });

  const weightsOf = (): Record<string, Tensor> => {
    const all = source.getWeights();
    const cell = (from: string, to: string) =>
      Object.fromEntries(
        ['kernel', 'recurrentKernel', 'bias'].map((name, i) => [
          `${to}/vars/${i}`,
          all[`${from}/${name}`] as Tensor,
        ]),
      );
    const pair = (from: string, to: string) =>
      Object.fromEntries(
        ['kernel', 'bias'].map((name, i) => [`${to}/vars/${i}`, all[`${from}/${name}`] as Tensor]),
      );
    return {
      ...cell('both/forward', 'layers/bidirectional/forward_layer/cell'),
      ...cell('both/backward', 'layers/bidirectional/backward_layer/cell'),
      ...pair('each/dense', 'layers/time_distributed/layer'),
      ...cell('first', 'layers/gru/cell'),
      ...cell('second', 'layers/gru_1/cell'),
      ...pair('head', 'layers/dense'),
    };
  };

  it('is read: the layers by their configuration, the weights by their numbers', async () => {
    const read = await fromKeras(await kerasFile(config, weightsOf()));
    const x = tensor([1, 2, 3, 4, 5, 6], [1, 3, 2]);
    expect(read.predict(x)).toEqual(source.predict(x));
    expect(Object.keys(read.getWeights())).toEqual(Object.keys(source.getWeights()));
    const first = read.layers.find(({ name }) => name === 'first')?.config();
    expect(first).toMatchObject({
      dropout: 0.25,
      kernelRegularizer: { name: 'l2', strength: 0.01 },
      resetAfter: true,
    });
  });

  it('reads graphs, by the histories of what flows in them', async () => {
    const flow = (name: string, output = 0) => ({
      class_name: '__keras_tensor__',
      config: { shape: [null, 2], dtype: 'float32', keras_history: [name, 0, output] },
    });
    const at = (one: { config: object }, args: unknown, kwargs: object = {}) => ({
      ...one,
      name: (one.config as { name: string }).name,
      inbound_nodes: args === undefined ? [] : [{ args, kwargs }],
    });
    const end = (name: string) =>
      object('keras.layers', 'InputLayer', { batch_shape: [null, null], dtype: 'float32', name });
    const graph = object('keras.src.models.functional', 'Functional', {
      name: 'functional',
      layers: [
        at(end('ids'), undefined),
        at(layer('Embedding', { name: 'words', input_dim: 5, output_dim: 2, mask_zero: true }), [
          flow('ids'),
        ]),
        at(layer('LSTM', recurrent('encode', 2, { return_sequences: true, return_state: true })), [
          flow('words'),
        ]),
        at(layer('LSTM', recurrent('decode', 2, { return_sequences: true })), [flow('words')], {
          initial_state: [flow('encode', 1), flow('encode', 2)],
          mask: null,
        }),
        at(
          layer('Attention', { name: 'look', use_scale: true, score_mode: 'dot', dropout: 0 }),
          [[flow('decode'), flow('encode')]],
          {
            use_causal_mask: true,
          },
        ),
      ],
      input_layers: [['ids', 0, 0]],
      output_layers: [['look', 0, 0]],
    });
    const ids = input({ shape: [null, 1], name: 'ids' });
    const words = embedding(5, 2, { maskZero: true, name: 'words' }).on(ids);
    const [y, h, c] = lstm(2, { name: 'encode', returnSequences: true, returnState: true }).on(words);
    const decoded = lstm(2, { name: 'decode', returnSequences: true }).on(words, h as never, c as never);
    const same = model({
      inputs: ids,
      outputs: attention({ name: 'look', scale: 'learned', causal: true }).on(decoded, y as never),
    });
    const all = same.getWeights();
    const numbered: Record<string, Tensor> = { 'layers/embedding/vars/0': all['words/embeddings'] as Tensor };
    for (const [name, group] of [
      ['encode', 'lstm'],
      ['decode', 'lstm_1'],
    ]) {
      ['kernel', 'recurrentKernel', 'bias'].forEach((weight, i) => {
        numbered[`layers/${group}/cell/vars/${i}`] = all[`${name}/${weight}`] as Tensor;
      });
    }
    // A single number has no axis there.
    numbered['layers/attention/vars/0'] = { data: Float32Array.of(1), shape: [] };
    const read = await fromKeras(await kerasFile(graph, numbered));
    const x = tensor([1, 2, 0, 3, 4, 1], [2, 3]);
    expect(read.predict(x)).toEqual(same.predict(x));
  });

  it.each<
    [
      string,
      (changed: { config: { layers: { class_name: string; config: Record<string, unknown> }[] } }) => void,
    ]
  >([
    [
      'of a class that no layer here stands for',
      ({ config: { layers } }) => Object.assign(layers[1] as object, { class_name: 'Lambda' }),
    ],
    [
      "has the activation 'mish'",
      ({ config: { layers } }) => Object.assign(layers[5]?.config as object, { activation: 'mish' }),
    ],
    [
      'where it should be [2, 9]',
      ({ config: { layers } }) => Object.assign(layers[4]?.config as object, { units: 3 }),
    ],
    [
      'lacks the kernel of the layer',
      ({ config: { layers } }) => layers.push(layer('Dense', { name: 'more', units: 1 }) as never),
    ],
  ])('%s', async (message, change) => {
    const changed = structuredClone(config) as never;
    change(changed);
    const bytes = await kerasFile(changed, weightsOf());
    await expect(fromKeras(bytes)).rejects.toThrow(FormatError);
    await expect(fromKeras(bytes)).rejects.toThrow(message);
  });

  it('names what is missing of it, and what is no file of Keras', async () => {
    await expect(fromKeras(writeZip(new Map([['config.json', text(config)]])))).rejects.toThrow(
      'lacks model.weights.h5',
    );
    const noH5 = writeZip(
      new Map([
        ['config.json', text(config)],
        ['model.weights.h5', text('no HDF5')],
      ]),
    );
    await expect(fromKeras(noH5)).rejects.toThrow(FormatError);
    await expect(fromKeras(Uint8Array.of(1, 2, 3, 4))).rejects.toThrow('neither a .keras file');
    await expect(fromKeras('model.keras' as never)).rejects.toThrow(DataError);
  });
});

describe('.h5', () => {
  const source = shaken(
    sequential([
      masking({ name: 'skip' }),
      lstm(2, { name: 'lstm', recurrentActivation: 'hardSigmoidLegacy' }),
      dense(1, { name: 'dense' }),
    ]).build([null, 2]),
  );
  const config = JSON.stringify({
    class_name: 'Sequential',
    config: {
      name: 'sequential',
      layers: [
        {
          class_name: 'Masking',
          config: { name: 'skip', trainable: true, batch_input_shape: [null, null, 2], mask_value: 0 },
        },
        {
          class_name: 'LSTM',
          config: {
            name: 'lstm',
            units: 2,
            activation: 'tanh',
            recurrent_activation: 'hard_sigmoid',
            use_bias: true,
            time_major: false,
          },
        },
        { class_name: 'Dense', config: { name: 'dense', units: 1, activation: 'linear', use_bias: true } },
      ],
    },
  });
  const weights = () => {
    const all = source.getWeights();
    return {
      'model_weights/lstm/lstm/lstm_cell/kernel:0': all['lstm/kernel'] as Tensor,
      'model_weights/lstm/lstm/lstm_cell/recurrent_kernel:0': all['lstm/recurrentKernel'] as Tensor,
      'model_weights/lstm/lstm/lstm_cell/bias:0': all['lstm/bias'] as Tensor,
      'model_weights/dense/dense/kernel:0': all['dense/kernel'] as Tensor,
      'model_weights/dense/dense/bias:0': all['dense/bias'] as Tensor,
    };
  };

  it('of Keras 2 is read, with its hard sigmoid', async () => {
    const read = await fromKeras(
      await writeHdf5(weights(), { model_config: config, keras_version: '2.15.0', backend: 'tensorflow' }),
    );
    const x = tensor([1, 2, 0, 0, 5, 6], [1, 3, 2]);
    expect(read.predict(x)).toEqual(source.predict(x));
  });

  it('with a heap of texts that does not add up is refused before the HDF5 library goes round in it for ever', async () => {
    const bytes = await writeHdf5(weights(), { model_config: config, keras_version: '2.15.0' });
    const heap = Buffer.from(bytes).indexOf('GCOL');
    expect(heap).toBeGreaterThan(0);
    const bad = bytes.slice();
    bad.fill(0, heap + 16, heap + 32); // the first object becomes free space, of no size
    await expect(fromKeras(bad)).rejects.toThrow(`its texts at byte ${heap} do not add up`);
  });

  it('of weights alone is an error', async () => {
    await expect(fromKeras(await writeHdf5(weights()))).rejects.toThrow('weights without a model');
  });

  it('whatever is changed or cut, it is a FormatError or a model', async () => {
    const bytes = await writeHdf5(weights(), { model_config: config, keras_version: '2.15.0' });
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), fc.boolean(), async (at, byte, isCut) => {
        const bad = isCut ? bytes.slice(0, at) : bytes.slice();
        if (!isCut) bad[at] = byte;
        await fromKeras(bad).catch((error) => {
          if (!(error instanceof FormatError)) throw error;
        });
      }),
      { numRuns: 60 },
    );
  });
});

describe('toKerasJson', () => {
  it('describes chains and graphs as they are read again', () => {
    const [steps, still] = [input({ shape: [null, 2], name: 'steps' }), input({ shape: [2], name: 'still' })];
    const [, h, c] = lstm(2, { returnState: true, kernelConstraint: 'unitNorm' }).on(steps);
    const graph = model({
      inputs: [steps, still],
      outputs: [lstm(2).on(steps, h as never, c as never), dense(1, { activation: 'swish' }).on(still)],
    });
    graph.getWeights();
    const sources = [sequential([masking(), bidirectional(gru(2)), dense(1)]).build([null, 2]), graph];
    for (const source of sources) {
      const { module, class_name: className } = JSON.parse(toKerasJson(source as never));
      expect([module, className]).toEqual(
        source === graph ? ['keras.src.models.functional', 'Functional'] : ['keras', 'Sequential'],
      );
      const again = readTopology(JSON.parse(toKerasJson(source as never)), keras3, 1e6);
      const plain = (one: { layers: readonly Layer[] }) =>
        one.layers.filter(({ type }) => type !== 'input').map((each) => each.config());
      expect(plain(again)).toEqual(plain(source as never));
    }
  });

  it('says of every object where its class lives', () => {
    const json = JSON.parse(toKerasJson(sequential([lstm(1, { kernelRegularizer: 'l2' })]).build([null, 2])));
    expect(json).toMatchObject({
      module: 'keras',
      class_name: 'Sequential',
      config: {
        layers: [
          { module: 'keras.layers', class_name: 'InputLayer', config: { batch_shape: [null, null, 2] } },
          {
            module: 'keras.layers',
            class_name: 'LSTM',
            config: {
              units: 1,
              recurrent_activation: 'sigmoid',
              kernel_initializer: { module: 'keras.initializers', class_name: 'GlorotUniform' },
              kernel_regularizer: {
                module: 'keras.regularizers',
                class_name: 'L1L2',
                config: { l1: 0, l2: 0.01 },
              },
            },
          },
        ],
      },
    });
  });

  it.each<[string, Layer[]]>([
    ['layerNormLstm_1 is a layer of type layerNormLstm', [layerNormLstm(2)]],
    [
      "simpleRnn_1 has the activation 'hardSigmoidLegacy'",
      [simpleRnn(2, { activation: 'hardSigmoidLegacy' })],
    ],
    ['masking_2 comes behind masked steps', [masking(), masking({ maskValue: 1 }), globalAveragePooling1d()]],
  ])('%s', (message, layers) => {
    const source = sequential(layers).build([null, 2]);
    expect(() => toKerasJson(source)).toThrow(ConfigError);
    expect(() => toKerasJson(source)).toThrow(message);
  });
});
