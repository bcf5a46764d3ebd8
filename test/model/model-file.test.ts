import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../src/core/safetensors.js';
import {
  activation,
  adam,
  bidirectional,
  type CompileOptions,
  ConfigError,
  chrono,
  cosineDecay,
  coupledLstm,
  DataError,
  dense,
  deserializeModel,
  dropout,
  type ElementwiseActivationName,
  exponentialDecay,
  type FitOptions,
  type FloatArray,
  FormatError,
  gateRecurrenceLstm,
  gru,
  huber,
  input,
  type Layer,
  type LstmOptions,
  l1,
  l2,
  layerNormLstm,
  lstm,
  type ModelOptions,
  masking,
  maxNorm,
  NumericError,
  noForgetGateLstm,
  noInputActivationLstm,
  noInputGateLstm,
  noOutputActivationLstm,
  noOutputGateLstm,
  orthogonal,
  peepholeLstm,
  piecewiseConstant,
  projectedLstm,
  type Regularizer,
  randomUniform,
  type Sequential,
  sequential,
  serializeModel,
  sgd,
  simpleRnn,
  type Tensor,
  truncatedNormal,
  zoneoutLstm,
} from '../../src/index.js';
import * as golden from '../fixtures/model-v1.js';

type Model = Sequential<FloatArray>;

const elementwise: readonly ElementwiseActivationName[] = [
  ...(['linear', 'sigmoid', 'tanh', 'relu', 'leakyRelu', 'elu', 'selu', 'gelu'] as const),
  ...(['softplus', 'hardSigmoid', 'hardSigmoidLegacy', 'swish'] as const),
];

/** 11 sequences of 1 to 6 steps of 2 features; the value 9 stands for padding in some. */
const x = Array.from({ length: 11 }, (_, row) =>
  Array.from({ length: 1 + ((row * 5) % 6) }, (_, step) =>
    step > 0 && (row + step) % 5 === 0
      ? [9, 9]
      : [Math.sin(row * 7 + step * 3), Math.cos(row + step * step) / 2],
  ),
);
const y = x.map((_, row) => (row % 3 === 0 ? 1 : 0));

/** A model with its weights somewhere else than where they began, by one update if it can make one. */
function build(layers: Layer[], compile?: CompileOptions, options: ModelOptions = {}): Model {
  const model = sequential(layers, { seed: 7, ...options } as ModelOptions<'float32'>) as Model;
  if (compile) model.compile(compile).trainOnBatch(x, y);
  else model.predict(x);
  return model;
}

function reload(model: Model): Model {
  return deserializeModel(serializeModel(model));
}

const bits = ({ data }: Tensor) => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex');

function tableOf(model: Model): string[] {
  const lines: string[] = [];
  model.summary((line) => lines.push(line));
  return lines;
}

const head = () => dense(1, { activation: 'sigmoid' });
const mse = { loss: 'meanSquaredError' } as const;
const bce = { loss: 'binaryCrossentropy' } as const;

const models: Record<string, () => Model> = {
  'the least there is': () => build([lstm(1)]),
  'a stack': () =>
    build(
      [lstm(5, { returnSequences: true }), lstm(4, { returnSequences: true }), lstm(3), dense(4), head()],
      bce,
    ),
  'masking before it': () => build([masking({ maskValue: 9 }), lstm(3), head()], bce),
  'an input of any number of steps': () => build([input({ shape: [null, 2] }), lstm(3), head()], bce),
  'an input of fixed steps': () => build([input({ shape: [6, 2] }), lstm(3), head()], bce),
  'regularizers everywhere': () =>
    build(
      [
        lstm(3, { kernelRegularizer: l1(0.02), recurrentRegularizer: l2(0.03), biasRegularizer: 'l2' }),
        dense(1, { kernelRegularizer: 'l1', biasRegularizer: l1(0.5) }),
      ],
      mse,
    ),
  'dropout everywhere': () =>
    build([lstm(3, { dropout: 0.1, recurrentDropout: 0.6 }), dropout(0.3), dropout(0), head()], bce),
  'initializers of all kinds': () =>
    build(
      [
        lstm(3, {
          kernelInitializer: truncatedNormal({ mean: 0.1, stddev: 0.2 }),
          recurrentInitializer: orthogonal({ gain: 0.5 }),
          biasInitializer: 'ones',
          returnSequences: true,
        }),
        lstm(2, { kernelInitializer: 'heNormal', recurrentInitializer: randomUniform({ min: -1, max: 0 }) }),
        dense(1, { kernelInitializer: 'lecunUniform', biasInitializer: 'randomNormal' }),
      ],
      mse,
    ),
  'no biases': () => build([lstm(3, { useBias: false }), dense(1, { useBias: false })], mse),
  'no bias of the forget gate': () => build([lstm(3, { unitForgetBias: false }), head()], bce),
  'an lstm of all options': () =>
    build(
      [
        lstm(3, { returnSequences: true, zeroOutputForMask: true, initialState: 'learned', cellClip: 0.4 }),
        lstm(3, { goBackwards: true, unitForgetBias: 2.5 }),
        head(),
      ],
      bce,
    ),
  'other recurrent layers': () =>
    build(
      [
        gru(3, { returnSequences: true, dropout: 0.2 }),
        gru(2, { returnSequences: true, resetAfter: false, recurrentActivation: 'hardSigmoid' }),
        simpleRnn(3, { activation: 'relu', initialState: 'learned' }),
        head(),
      ],
      bce,
    ),
  'variants of the LSTM': () =>
    build(
      [
        peepholeLstm(3, { returnSequences: true, peepholeRegularizer: 'l2', peepholeConstraint: maxNorm() }),
        bidirectional(coupledLstm(2, { returnSequences: true, unitForgetBias: chrono(9) })),
        noForgetGateLstm(2, { returnSequences: true, useBias: false }),
        noInputGateLstm(2, { returnSequences: true, unitForgetBias: 2 }),
        noOutputGateLstm(2, { returnSequences: true, unitForgetBias: false }),
        noInputActivationLstm(2, { returnSequences: true }),
        noOutputActivationLstm(2, { returnSequences: true, weightDropout: 0.5 }),
        bidirectional(projectedLstm(4, 2, { returnSequences: true, projectionConstraint: 'unitNorm' })),
        layerNormLstm(3, { returnSequences: true, initialState: 'learned', epsilon: 0.01 }),
        gateRecurrenceLstm(2, { returnSequences: true, gateRegularizer: 'l2', initialState: 'learned' }),
        zoneoutLstm(3, { zoneoutH: 0.1, zoneoutC: 0.2 }),
        head(),
      ],
      bce,
    ),
  'bidirectional layers': () =>
    build(
      [
        bidirectional(lstm(3, { returnSequences: true, recurrentDropout: 0.3 })),
        bidirectional(gru(2, { returnSequences: true }), { mergeMode: 'ave', trainable: false }),
        bidirectional(simpleRnn(2), {
          backwardLayer: lstm(3, { goBackwards: true, kernelRegularizer: 'l2' }),
        }),
        head(),
      ],
      bce,
    ),
  'frozen layers': () =>
    build(
      [lstm(3, { trainable: false, returnSequences: true }), lstm(2), dense(3, { trainable: false }), head()],
      bce,
    ),
  'a layer used twice': () => {
    const twice = lstm(2, { returnSequences: true });
    return build([twice, twice, dropout(0.2), lstm(2), head()], bce);
  },
  'names of all kinds': () =>
    build(
      ['optimizer', '__proto__', 'constructor', '__metadata__', ' "é\n\ud800', '__proto___1', 'm'].map(
        (name) => (name === 'm' ? lstm(1, { name }) : lstm(2, { name, returnSequences: true })),
      ),
      mse,
    ),
  'double precision': () =>
    build([lstm(3, { recurrentDropout: 0.5 }), head()], bce, { precision: 'float64', backend: 'reference' }),
  'a large seed': () => build([lstm(3), head()], bce, { seed: Number.MAX_SAFE_INTEGER }),
};
for (const name of elementwise) {
  models[`the activation ${name}`] = () =>
    build(
      [
        masking({ maskValue: 9 }),
        lstm(3, { activation: name, recurrentActivation: name, returnSequences: true }),
        activation(name),
        lstm(2, { recurrentActivation: name }),
        dense(1, { activation: name }),
      ],
      mse,
    );
}
models['softmax, in a layer and as one'] = () =>
  build([lstm(3), activation('softmax'), dense(2, { activation: 'softmax' })], {
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  });

const optimizers: Record<string, () => CompileOptions['optimizer']> = {
  adam: () => 'adam',
  'adam with all its options': () =>
    adam({ learningRate: 0.01, beta1: 0.8, beta2: 0.99, epsilon: 1e-3, globalClipNorm: 0.5 }),
  'adam on a cosine': () =>
    adam({ learningRate: cosineDecay({ initialLearningRate: 0.02, decaySteps: 12 }) }),
  'plain sgd': () => 'sgd',
  'sgd with momentum': () => sgd({ learningRate: 0.05, momentum: 0.9, clipNorm: 0.3 }),
  'sgd of Nesterov, decaying': () =>
    sgd({
      learningRate: exponentialDecay({
        initialLearningRate: 0.1,
        decaySteps: 3,
        decayRate: 0.7,
        staircase: true,
      }),
      momentum: 0.5,
      nesterov: true,
      clipValue: 0.01,
    }),
  'sgd in pieces': () =>
    sgd({ learningRate: piecewiseConstant({ boundaries: [4, 11], values: [0.1, 0.05, 0.01] }) }),
};

for (const [name, make] of Object.entries(optimizers)) {
  models[`the optimizer ${name}`] = () => {
    const optimizer = make() as NonNullable<CompileOptions['optimizer']>;
    return build([lstm(3), head()], { ...bce, optimizer, metrics: ['auc', 'accuracy', 'meanAbsoluteError'] });
  };
}
models['the loss huber'] = () => build([lstm(3), dense(1)], { loss: huber({ delta: 0.25 }) });
models.logits = () =>
  build([lstm(3), dense(1)], { loss: { name: 'binaryCrossentropy', fromLogits: true } as never });

describe('a loaded model', () => {
  it.each(['reference', 'simd', 'auto'] as const)(
    'runs on the backend that it was saved with: %s',
    (backend) => {
      const model = sequential([lstm(5), dense(2)], { seed: 3, backend }).build([null, 2]);
      const loaded = deserializeModel(serializeModel(model));
      expect(loaded.backend).toBe(model.backend);
      const x = [
        [
          [0.3, -0.2],
          [0.9, 0.4],
        ],
        [[0.1, 0.7]],
      ];
      expect(loaded.predict(x).data).toEqual(model.predict(x).data);
    },
  );

  it.each(Object.entries(models))('is the one that was saved: %s', (_, make) => {
    const model = make();
    model.resetStates(); // what a stateful layer carries on is not part of a file
    const loaded = reload(model);
    expect(bits(loaded.predict(x))).toBe(bits(model.predict(x)));
    expect(tableOf(loaded)).toEqual(tableOf(model));
    expect(loaded.getWeights()).toEqual(model.getWeights());
    expect([loaded.seed, loaded.precision, loaded.backend]).toEqual([
      model.seed,
      model.precision,
      model.backend,
    ]);
    if (model.internals.compiled) {
      expect(loaded.evaluate(x, y)).toEqual(model.evaluate(x, y));
      expect(loaded.learningRate).toBe(model.learningRate);
      expect(loaded.trainOnBatch(x, y)).toEqual(model.trainOnBatch(x, y));
    }
    expect(Buffer.compare(serializeModel(loaded), serializeModel(model))).toBe(0);
  });

  it('has the names and flags of the layers', () => {
    const model = build(
      [lstm(2, { name: 'reader', trainable: false, returnSequences: true }), lstm(2), head()],
      bce,
    );
    expect(reload(model).layers.map(({ name, type, trainable }) => [name, type, trainable])).toEqual([
      ['reader', 'lstm', false],
      ['lstm_1', 'lstm', true],
      ['dense_1', 'dense', true],
    ]);
  });

  it('keeps a flag that was changed after the model was made', () => {
    const model = build([lstm(2), head()], bce);
    (model.layers[0] as Layer).trainable = false;
    model.compile(bce);
    const loaded = reload(model);
    const before = bits(loaded.getWeights()['lstm_1/kernel'] as Tensor);
    loaded.trainOnBatch(x, y);
    expect(bits(loaded.getWeights()['lstm_1/kernel'] as Tensor)).toBe(before);
  });

  it('shares the weights of a layer used twice', () => {
    const twice = lstm(2, { returnSequences: true });
    const loaded = reload(build([twice, twice, lstm(2), head()], bce));
    expect(loaded.layers[0]).toBe(loaded.layers[1]);
    expect(loaded.countParams()).toBe(4 * (2 * 2 + 2 * 2 + 2) * 2 + 3);
  });

  it('lives apart from the one that was saved', () => {
    const model = build([lstm(2), head()], bce);
    const before = bits(model.predict(x));
    reload(model).trainOnBatch(x, y);
    expect(bits(model.predict(x))).toBe(before);
  });

  it('that was not compiled has to be', async () => {
    const model = build([lstm(2), head()]);
    const loaded = reload(model);
    expect(bits(loaded.predict(x))).toBe(bits(model.predict(x)));
    await expect(loaded.fit(x, y)).rejects.toThrow(ConfigError);
    loaded.compile(bce);
    model.compile(bce);
    expect(await loaded.fit(x, y)).toEqual(await model.fit(x, y));
  });

  it('comes out of bytes that lie anywhere in their buffer', () => {
    const model = build([lstm(2), head()], bce);
    const bytes = serializeModel(model);
    const moved = new Uint8Array(bytes.length + 13);
    moved.set(bytes, 3);
    const loaded = deserializeModel(moved.subarray(3, 3 + bytes.length));
    moved.fill(255);
    expect(bits(loaded.predict(x))).toBe(bits(model.predict(x)));
    expect(bits(deserializeModel(Buffer.from(bytes)).predict(x))).toBe(bits(model.predict(x)));
  });

  it('is the model of its moment, though training goes on', async () => {
    const model = build([lstm(2, { dropout: 0.2 }), head()], bce);
    let bytes = new Uint8Array();
    let inOneGo = '';
    const onEpochEnd = (epoch: number) => {
      if (epoch === 1) bytes = serializeModel(model);
    };
    await model.fit(x, y, { epochs: 5, batchSize: 4, callbacks: [{ onEpochEnd }] });
    inOneGo = bits(model.predict(x));
    const loaded = deserializeModel(bytes);
    await loaded.fit(x, y, { epochs: 3, batchSize: 4 });
    expect(bits(loaded.predict(x))).toBe(inOneGo);
  });
});

describe('training after loading', () => {
  const options: LstmOptions = { dropout: 0.2, recurrentDropout: 0.3, kernelRegularizer: l2(0.01) };
  const fitOptions: FitOptions = { batchSize: 3, validationSplit: 0.2 };

  function fresh(
    optimizer: CompileOptions['optimizer'],
    precision: 'float32' | 'float64' = 'float32',
  ): Model {
    const layers = [
      masking({ maskValue: 9 }),
      lstm(4, { ...options, returnSequences: true }),
      lstm(3, { ...options, trainable: false }),
      dropout(0.4),
      head(),
    ];
    const model = sequential(layers, { seed: 3, precision } as ModelOptions<'float32'>) as Model;
    return model.compile({ ...bce, metrics: ['accuracy', 'auc'], optimizer } as CompileOptions);
  }

  async function compare(make: () => Model, fitting: FitOptions): Promise<void> {
    const inOneGo = make();
    const { history } = await inOneGo.fit(x, y, { ...fitting, epochs: 5 });
    const stopped = make();
    await stopped.fit(x, y, { ...fitting, epochs: 2 });
    const loaded = reload(stopped);
    const { history: rest } = await loaded.fit(x, y, { ...fitting, epochs: 3 });
    for (const [name, values] of Object.entries(history)) expect(rest[name], name).toEqual(values.slice(2));
    expect(Buffer.compare(serializeModel(loaded), serializeModel(inOneGo))).toBe(0);
    await stopped.fit(x, y, { ...fitting, epochs: 3 });
    expect(Buffer.compare(serializeModel(stopped), serializeModel(inOneGo))).toBe(0);
  }

  it.each(Object.entries(optimizers))('goes on with the same bits: %s', async (_, make) => {
    await compare(() => fresh(make()), fitOptions);
  });

  it('goes on with the same bits: double precision', async () => {
    await compare(() => fresh('adam', 'float64'), fitOptions);
  });

  it('goes on with the same bits: in order', async () => {
    await compare(() => fresh('adam'), { ...fitOptions, shuffle: false });
  });

  it('goes on with the same bits: after every epoch anew', async () => {
    const inOneGo = fresh('adam');
    await inOneGo.fit(x, y, { batchSize: 4, epochs: 4 });
    let model = fresh('adam');
    for (let epoch = 0; epoch < 4; epoch++) {
      await model.fit(x, y, { batchSize: 4 });
      model = reload(model);
    }
    expect(bits(model.predict(x))).toBe(bits(inOneGo.predict(x)));
  });

  it.each(Object.entries(optimizers))('goes on with the same bits: batch by batch, %s', (_, make) => {
    const inOneGo = fresh(make());
    const losses = Array.from({ length: 5 }, () => inOneGo.trainOnBatch(x, y));
    const stopped = fresh(make());
    const before = Array.from({ length: 2 }, () => stopped.trainOnBatch(x, y));
    const loaded = reload(stopped);
    expect([...before, ...Array.from({ length: 3 }, () => loaded.trainOnBatch(x, y))]).toEqual(losses);
    expect(bits(loaded.predict(x))).toBe(bits(inOneGo.predict(x)));
  });
});

describe('a file', () => {
  it('is not made of a model without weights', () => {
    expect(() => serializeModel(sequential([lstm(2), head()]))).toThrow(ConfigError);
    expect(() => serializeModel(sequential([lstm(2), head()]))).toThrow('build it, or let it see data');
    expect(() => serializeModel(sequential())).toThrow(ConfigError);
  });

  it('is not made of anything else', () => {
    expect(() => serializeModel('model.safetensors' as never)).toThrow(ConfigError);
    expect(() => serializeModel(undefined as never)).toThrow('a model is saved');
  });

  it('is not made of a model with a part that no file can hold', () => {
    const own: Regularizer = { penalty: () => 0, addGradient: () => {}, config: () => ({ name: 'own' }) };
    const model = build([lstm(2, { kernelRegularizer: own }), head()], bce);
    expect(() => serializeModel(model)).toThrow(ConfigError);
    expect(() => serializeModel(model)).toThrow("regularizer 'own' is not known");
    const named = build([lstm(2, { name: 'n'.repeat(1001) }), head()], bce);
    expect(() => serializeModel(named)).toThrow(ConfigError);
  });

  it('is not made of a model that is spoiled', () => {
    const model = build([lstm(2), head()], bce);
    const { network } = model.internals;
    const state = network?.optimizer.regions[1]?.[1]?.array as FloatArray;
    state[3] = Number.POSITIVE_INFINITY;
    expect(() => serializeModel(model)).toThrow(NumericError);
    expect(() => serializeModel(model)).toThrow(
      "'optimizer/v/lstm_1/recurrentKernel' holds Infinity at index 3",
    );
    (network?.parameters[0]?.value.array as FloatArray)[0] = Number.NaN;
    expect(() => serializeModel(model)).toThrow("'lstm_1/kernel' holds NaN at index 0");
  });

  it('is read by other readers of the format', () => {
    const { tensors, metadata } = readSafetensors(serializeModel(build([lstm(2), head()], bce)));
    expect([...tensors.keys()].filter((name) => !name.startsWith('optimizer/'))).toEqual([
      'lstm_1/kernel',
      'lstm_1/recurrentKernel',
      'lstm_1/bias',
      'dense_1/kernel',
      'dense_1/bias',
    ]);
    expect(tensors.get('lstm_1/kernel')?.shape).toEqual([2, 8]);
    expect(tensors.get('optimizer/v/lstm_1/kernel')?.shape).toEqual([2, 8]);
    expect(Object.keys(metadata)).toEqual(['longhand.format', 'longhand.model', 'longhand.training']);
  });

  it('of another library is no model', () => {
    const weights = new Map([['w', { dtype: 'F32', shape: [1], data: Float32Array.of(1) } as const]]);
    for (const metadata of [{}, { format: 'pt' }, { 'longhand.model': '{}' }]) {
      expect(() => deserializeModel(writeSafetensors(weights, metadata))).toThrow(FormatError);
      expect(() => deserializeModel(writeSafetensors(weights, metadata))).toThrow('no model of this library');
    }
  });

  it('of a later format is refused', () => {
    const { tensors, metadata } = readSafetensors(serializeModel(build([lstm(2)])));
    const later = writeSafetensors(tensors, { ...metadata, 'longhand.format': '2' });
    expect(() => deserializeModel(later)).toThrow(FormatError);
    expect(() => deserializeModel(later)).toThrow(
      "the file has format '2', which this version does not know",
    );
  });

  it('may have metadata of others', () => {
    const model = build([lstm(2)]);
    const { tensors, metadata } = readSafetensors(serializeModel(model));
    const more = writeSafetensors(tensors, { format: 'pt', note: 'mine', ...metadata });
    expect(bits(deserializeModel(more).predict(x))).toBe(bits(model.predict(x)));
  });

  it('is asked for as bytes', () => {
    const { buffer } = serializeModel(build([lstm(2)]));
    expect(() => deserializeModel(buffer as never)).toThrow(DataError);
    expect(() => deserializeModel(buffer as never)).toThrow('write new Uint8Array(buffer)');
    expect(() => deserializeModel('model.safetensors' as never)).toThrow(DataError);
  });
});

describe('the file of the first version', () => {
  const bytes = readFileSync(new URL('../fixtures/model-v1.safetensors', import.meta.url));
  // To six digits: other kernels may round otherwise.
  const close = (found: Iterable<number>, expected: readonly number[]) =>
    expect([...found].map((value, i) => Math.abs(value - (expected[i] as number)) < 2e-6)).toEqual(
      expected.map(() => true),
    );

  it('keeps loading with the same predictions', () => {
    const model = deserializeModel(bytes);
    close(
      model.predict(golden.x).data,
      [0.36240458, 0.26539883, 0.37219658, 0.35988215, 0.27163792, 0.36847991],
    );
    expect(model.evaluate(golden.x, golden.y).accuracy).toBe(0.5);
    expect(model.evaluate(golden.x, golden.y).loss).toBeCloseTo(1.0107343, 6);
    expect(model.layers.map(({ name }) => name)).toEqual([
      ...['masking_1', 'lower', 'dropout_1', 'lstm_1', 'dense_1', 'dense_2'],
    ]);
    expect(model.seed).toBe(1997);
    expect(model.learningRate).toBeCloseTo(0.01 * 0.5 * (1 + Math.cos(Math.PI / 10)), 12);
  });

  it('keeps training on as before', async () => {
    const model = deserializeModel(bytes);
    await model.fit(golden.x, golden.y, { epochs: 3, batchSize: 1 });
    expect(model.evaluate(golden.x, golden.y).loss).toBeCloseTo(0.9559464, 5);
  });
});
