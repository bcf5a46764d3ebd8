/** The model of 'longhand/lean' is the model of 'longhand': from the same seed the same bits come out. */
import { describe, expect, it } from 'vitest';
import * as longhand from '../../src/index.js';
import * as lean from '../../src/lean.js';

const { reference, relaxedSimd, simd } = lean;
const sets = { reference, simd, relaxedSimd };

const random = (k: number) => Math.sin(12.9898 * k * k + 78.233 * k);

/** Rows of unequal lengths of three features. */
const x = Array.from({ length: 70 }, (_, row) =>
  Array.from({ length: 2 + (row % 7) }, (_, step) => [0, 1, 2].map((k) => random(1 + row + 70 * step + k))),
);
const signs = x.map((steps) => (steps.reduce((sum, [value]) => sum + (value as number), 0) > 0 ? 1 : 0));
const eachStep = x.map((steps) => steps.map(([value]) => ((value as number) > 0 ? 1 : 0)));
const options = { epochs: 3, batchSize: 16, validationSplit: 0.2 };

/** The names of the backends that this engine has. */
const names = (['reference', 'simd', 'relaxedSimd'] as const).filter(
  (name) => name === 'reference' || sets[name as 'simd'].canRun(),
);

/** The same model from both entries: one of two layers, an output a step, and one of a row. */
function pair(backend: (typeof names)[number], returnSequences: boolean) {
  const main = longhand.sequential(
    [
      longhand.lstm(9, { returnSequences: true }),
      longhand.lstm(5, { returnSequences }),
      longhand.dense(4, { activation: 'tanh' }),
      longhand.dense(1, { activation: 'sigmoid' }),
    ],
    { seed: 3, backend },
  );
  main.compile({
    optimizer: longhand.adam({ learningRate: 0.01 }),
    loss: 'binaryCrossentropy',
    metrics: ['accuracy'],
  });
  const small = lean.sequential(
    [
      lean.lstm(9, { returnSequences: true }),
      lean.lstm(5, { returnSequences }),
      lean.dense(4, { activation: lean.tanh }),
      lean.dense(1, { activation: lean.sigmoid }),
    ],
    { seed: 3, backend: sets[backend] },
  );
  small.compile({
    optimizer: lean.adam({ learningRate: 0.01 }),
    loss: lean.binaryCrossentropy(),
    metrics: [lean.accuracy()],
  });
  return { main, small };
}

describe.each(names)('on %s', (backend) => {
  it.each([
    ['a row', false, signs],
    ['a step', true, eachStep],
  ])(
    'it trains, evaluates and predicts to the bit as the main entry, an output %s',
    async (_what, returnSequences, y) => {
      const { main, small } = pair(backend, returnSequences);
      expect(small.backend).toBe(backend);
      const first = await main.fit(x, y, options);
      const second = await small.fit(x, y, options);
      expect(second.history).toEqual(first.history);
      expect(second.epoch).toEqual(first.epoch);
      expect(small.getWeights()).toEqual(main.getWeights());
      expect(small.predict(x)).toEqual(main.predict(x));
      expect(small.evaluate(x, y)).toEqual(main.evaluate(x, y));
      expect(small.trainOnBatch(x, y)).toEqual(main.trainOnBatch(x, y));
      expect(small.getWeights()).toEqual(main.getWeights());
    },
  );
});

describe('what it takes', () => {
  const layers = () => [lean.lstm(4), lean.dense(3, { activation: lean.softmax })];
  const labels = x.map((_, row) => row % 3);

  it('weights of the main entry, and its layers, optimizers, losses, metrics and callbacks', async () => {
    const mixed = lean.sequential(
      [longhand.gru(4, { dropout: 0.2 }), longhand.dropout(0.1), lean.dense(3, { activation: lean.softmax })],
      { backend: reference, seed: 1 },
    );
    const seen: number[] = [];
    mixed.compile({
      optimizer: longhand.adamW({
        globalClipNorm: 1,
        learningRate: longhand.cosineDecay({ initialLearningRate: 0.01, decaySteps: 20 }),
      }),
      loss: longhand.sparseCategoricalCrossentropy(),
      metrics: [longhand.topKAccuracy({ k: 2 })],
    });
    const callbacks = [
      { onEpochEnd: (epoch: number) => void seen.push(epoch) },
      longhand.earlyStopping({ monitor: 'loss', patience: 9 }),
    ];
    const { history } = await mixed.fit(x, labels, { epochs: 2, callbacks, validationData: [x, labels] });
    expect(Object.keys(history)).toEqual(['loss', 'topKAccuracy', 'val_loss', 'val_topKAccuracy']);
    expect(seen).toEqual([0, 1]);

    const trained = longhand.sequential([longhand.lstm(4), longhand.dense(3, { activation: 'softmax' })]);
    trained.build([null, 3]);
    const small = lean.sequential(layers(), { backend: sets[trained.backend] });
    small.build([null, 3]).setWeights(trained.getWeights());
    expect([...small.predict(x).data]).toEqual([...trained.predict(x).data]);
  });

  it('frozen layers, a learning rate that is set, and an end by a signal or by stopTraining', async () => {
    const [recurrent, head] = layers() as [lean.Layer, lean.Layer];
    recurrent.trainable = false;
    const model = lean.sequential([recurrent, head], { backend: reference, seed: 1 }).build([null, 3]);
    model.compile({ optimizer: lean.adam(), loss: longhand.sparseCategoricalCrossentropy() });
    const before = model.getWeights();
    model.learningRate = 0.5;
    const stop = {
      onBatchEnd: () => {
        model.stopTraining = true;
      },
    };
    const { epoch } = await model.fit(x, labels, { epochs: 5, callbacks: [stop] });
    expect(epoch).toEqual([0]);
    const after = model.getWeights();
    expect(after['lstm_1/kernel']).toEqual(before['lstm_1/kernel']);
    expect(after['dense_1/kernel']).not.toEqual(before['dense_1/kernel']);
    await expect(model.fit(x, labels, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    );
  });
});

describe('what it refuses', () => {
  const { ConfigError } = longhand;
  const one = () => [lean.lstm(2), lean.dense(1)];
  const model = () => lean.sequential(one(), { backend: reference });

  it.each([
    ['no backend', () => lean.sequential(one(), {} as never), /backend is a value such as reference/],
    [
      'a backend by name',
      () => lean.sequential(one(), { backend: 'simd' } as never),
      /is a value such as reference but is 'simd'/,
    ],
    ['no layers', () => lean.sequential([], { backend: reference }), /takes an array of layers/],
    [
      'what is no layer',
      () => lean.sequential([{}] as never, { backend: reference }),
      /layer 0 is a value such as lstm\(32\)/,
    ],
    [
      'a stateful layer',
      () => lean.sequential([longhand.lstm(2, { stateful: true })], { backend: reference }),
      /lstm_1 is stateful, which goes with models of 'longhand'/,
    ],
    [
      'an optimizer by name',
      () => model().compile({ optimizer: 'adam' } as never),
      /compile: optimizer is a value such as adam\(\) but is 'adam'/,
    ],
    [
      'a loss by name',
      () => model().compile({ optimizer: lean.adam(), loss: 'huber' } as never),
      /compile: loss is a value/,
    ],
    [
      'a metric by name',
      () =>
        model().compile({
          optimizer: lean.adam(),
          loss: lean.binaryCrossentropy(),
          metrics: ['auc'],
        } as never),
      /compile: metrics\[0\] is a value/,
    ],
    [
      'an activation by name',
      () => lean.dense(1, { activation: 'relu' } as never),
      /dense: activation is a value such as sigmoid but is 'relu'/,
    ],
    [
      'an option of the main entry',
      () => lean.lstm(2, { dropout: 0.2 } as never),
      /lstm: option 'dropout' is none of name, trainable, returnSequences; lstm of 'longhand' may have it/,
    ],
    ['units of TensorFlow.js', () => lean.lstm({ units: 2 } as never), /lstm: units must be a whole number/],
  ])('%s', (_what, attempt, message) => {
    expect(attempt).toThrow(ConfigError);
    expect(attempt).toThrow(message);
  });

  it.each([
    [
      'an option of the main entry',
      { verbose: 1 },
      /fit: option 'verbose' is none of epochs, .*'longhand' may have it/,
    ],
    ['half an epoch', { epochs: 0.5 }, /fit: epochs must be a whole number/],
    ['callbacks that are none', { callbacks: {} }, /fit: callbacks is an array/],
    ['two validations', { validationSplit: 0.5, validationData: [x, signs] }, /or validationSplit, not both/],
    ['shuffle in words', { shuffle: 'batch' }, /fit: shuffle must be true or false/],
  ])('in fit: %s', async (_what, given, message) => {
    const compiled = model().compile({ optimizer: lean.adam(), loss: longhand.meanSquaredError() });
    await expect(compiled.fit(x, signs, given as never)).rejects.toThrow(message);
    await expect(compiled.fit(x, signs, given as never)).rejects.toThrow(ConfigError);
  });

  it('data that does not fit, each with its place', () => {
    const built = model().build([null, 3]);
    expect(() => model().build(5 as never)).toThrow(ConfigError);
    expect(() => built.predict([[[1, 2]]])).toThrow(/lstm_1 expects \[batch, steps, 3\] but got/);
    expect(() => built.predict([[[1, 2, Number.NaN]]])).toThrow('lstm_1 got NaN in row 0, step 0, feature 2');
    expect(() => built.predict([[1, 2, 3]])).toThrow(longhand.ShapeError);
    expect(() => built.evaluate(x, signs)).toThrow(/evaluate needs a compiled model/);
    const compiled = built.compile({ optimizer: lean.adam(), loss: longhand.meanSquaredError() });
    expect(() => compiled.trainOnBatch(x, signs.slice(1))).toThrow(/y has 69 rows but x has 70/);
  });

  it('a learning rate that lets the weights overflow, which stay as they were', async () => {
    const diverging = model().compile({
      optimizer: lean.adam({ learningRate: 1e38 }),
      loss: longhand.meanSquaredError(),
    });
    await expect(diverging.fit(x, signs, { epochs: 9 })).rejects.toThrow(longhand.NumericError);
    for (const { data } of Object.values(diverging.getWeights()))
      expect(data.every(Number.isFinite)).toBe(true);
  });

  it('accuracy of a loss that has no classes', () => {
    const compile = () =>
      model().compile({
        optimizer: lean.adam(),
        loss: longhand.meanSquaredError(),
        metrics: [lean.accuracy()],
      });
    expect(compile).toThrow(/accuracy.* the loss is meanSquaredError/);
  });
});
