/** Ending fit, evaluate and predict by a signal; where epochs begin; how often is validated; weights of classes. */
import { describe, expect, it } from 'vitest';
import { categoricalCrossentropy, dense, lstm, sequential, sgd } from '../../src/index.js';
import { bitsOf, errorOf, randomSequences, weightBits } from '../support/bits.js';

const x = [[1], [2], [3], [4], [5], [6]];
const y = [0, 1, 0, 1, 1, 0];

function make(units = 1) {
  const activation = units === 1 ? 'sigmoid' : 'softmax';
  const model = sequential([dense(units, { activation })], { seed: 2 });
  const loss = units === 1 ? 'binaryCrossentropy' : 'sparseCategoricalCrossentropy';
  model.compile({ loss, optimizer: sgd({ learningRate: 0.1 }) });
  return model.build([1]);
}

describe('a signal', () => {
  it('ends fit after the batch at hand, which rejects with its reason; the model is at a whole step', async () => {
    const model = make();
    const controller = new AbortController();
    const seen: Record<string, string>[] = [];
    const callbacks = [
      {
        onBatchEnd: (batch: number) => {
          seen.push(weightBits(model));
          if (seen.length === 5 && batch === 1) controller.abort(new RangeError('enough'));
        },
      },
    ];
    const options = { epochs: 9, batchSize: 2, callbacks, signal: controller.signal };
    expect(await errorOf(() => model.fit(x, y, options))).toEqual({ name: 'RangeError', message: 'enough' });
    expect(seen.length).toBe(5);
    expect(weightBits(model)).toEqual(seen[4]);
    expect((await model.fit(x, y, { epochs: 2 })).epoch).toEqual([0, 1]);
  });

  it('without a reason is an AbortError', async () => {
    const model = make();
    const controller = new AbortController();
    const fitting = model.fit(x, y, { epochs: 1e9, signal: controller.signal });
    setTimeout(() => controller.abort(), 5);
    expect((await errorOf(() => fitting)).name).toBe('AbortError');
  });

  it('that is aborted in validation ends fit there', async () => {
    const controller = new AbortController();
    const ends: number[] = [];
    const callbacks = [
      { onTestBegin: () => controller.abort(), onEpochEnd: (epoch: number) => void ends.push(epoch) },
    ];
    const options = { epochs: 3, validationData: [x, y] as const, callbacks, signal: controller.signal };
    expect((await errorOf(() => make().fit(x, y, options))).name).toBe('AbortError');
    expect(ends).toEqual([]);
  });

  it('that is aborted before changes nothing', async () => {
    const model = make();
    const before = weightBits(model);
    const signal = AbortSignal.abort(new Error('before'));
    const called: string[] = [];
    const callbacks = [{ onTrainBegin: () => void called.push('begin') }];
    for (const work of [
      () => model.fit(x, y, { signal, callbacks }),
      () => model.evaluate(x, y, { signal }),
      () => model.predict(x, { signal }),
    ]) {
      expect(await errorOf(work)).toEqual({ name: 'Error', message: 'before' });
    }
    expect(called).toEqual([]);
    expect(weightBits(model)).toEqual(before);
  });

  it('that is not aborted changes nothing', async () => {
    const { signal } = new AbortController();
    const [one, other] = [make(), make()];
    await one.fit(x, y, { epochs: 3, signal });
    await other.fit(x, y, { epochs: 3 });
    expect(weightBits(one)).toEqual(weightBits(other));
    expect(one.predict(x, { signal })).toEqual(other.predict(x));
    expect(one.evaluate(x, y, { signal })).toEqual(other.evaluate(x, y));
  });

  it('has to be one', async () => {
    const signal = true as never;
    for (const [name, work] of [
      ['evaluate', () => make().evaluate(x, y, { signal })],
      ['predict', () => make().predict(x, { signal })],
    ] as const) {
      expect(await errorOf(work)).toEqual({
        name: 'ConfigError',
        message: `${name}: signal is that of an AbortController, controller.signal, but is true`,
      });
    }
  });
});

describe('initialEpoch', () => {
  it('is the number that epochs begin with, and epochs the one that they end before', async () => {
    const [whole, parts] = [make(), make()];
    await whole.fit(x, y, { epochs: 5, batchSize: 4 });
    await parts.fit(x, y, { epochs: 2, batchSize: 4 });
    const { epoch } = await parts.fit(x, y, { initialEpoch: 2, epochs: 5, batchSize: 4 });
    expect(epoch).toEqual([2, 3, 4]);
    expect(weightBits(parts)).toEqual(weightBits(whole));
    expect((await parts.fit(x, y, { initialEpoch: 5, epochs: 5 })).epoch).toEqual([]);
  });
});

describe('validationFreq', () => {
  it('validates after every so many epochs', async () => {
    const options = { initialEpoch: 1, epochs: 7, validationFreq: 3, validationData: [x, y] as const };
    const history = await make().fit(x, y, options);
    expect(history.epoch).toEqual([1, 2, 3, 4, 5, 6]);
    expect(history.history.loss?.length).toBe(6);
    expect(history.history.val_loss?.length).toBe(2);
    const lines = history.toCSV().trimEnd().split('\n');
    expect(lines[0]).toBe('epoch,loss,val_loss');
    expect(lines.slice(1).map((line) => line.endsWith(','))).toEqual([true, false, true, true, false, true]);
  });
});

describe('classWeight', () => {
  const same = async (
    model: ReturnType<typeof make>,
    targets: number[] | number[][],
    classWeight: Record<number, number>,
    sampleWeight: number[] | number[][],
    inputs: number[][] | number[][][] = x,
    given?: number[] | number[][],
  ) => {
    const start = model.getWeights();
    const rest = { shuffle: false, batchSize: 4, epochs: 2 };
    const sum = await model.fit(inputs, targets, {
      ...rest,
      classWeight,
      ...(given ? { sampleWeight: given } : {}),
    });
    const found = weightBits(model);
    model.setWeights(start);
    const expected = await model.fit(inputs, targets, { ...rest, sampleWeight });
    expect(found).toEqual(weightBits(model));
    expect(bitsOf(sum.history.loss ?? [])).toBe(bitsOf(expected.history.loss ?? []));
  };

  it('is the sample weight of each row by its class: of one sigmoid, of an index, of the largest probability', async () => {
    const weights = y.map((label) => (label === 1 ? 5 : 0.5));
    await same(make(), y, { 0: 0.5, 1: 5 }, weights);
    await same(
      make(),
      y,
      { 1: 5 },
      y.map((label) => (label === 1 ? 5 : 1)),
    );
    const classes = [0, 1, 2, 2, 1, 0];
    await same(make(3), classes, { 0: 2, 2: 3 }, [2, 1, 3, 3, 1, 2]);
    const model = make(3);
    model.compile({ loss: categoricalCrossentropy(), optimizer: sgd({ learningRate: 0.1 }) });
    const oneHot = classes.map((label) => [0, 1, 2].map((k) => (k === label ? 1 : 0)));
    await same(model, oneHot, { 0: 2, 2: 3 }, [2, 1, 3, 3, 1, 2]);
  });

  it('multiplies sample weights, and goes by the class of each step', async () => {
    await same(make(), y, { 1: 2 }, [3, 2, 1, 0, 2, 1], x, [3, 1, 1, 0, 1, 1]);
    const model = sequential([lstm(2, { returnSequences: true }), dense(1, { activation: 'sigmoid' })], {
      seed: 1,
    });
    model.compile({ loss: 'binaryCrossentropy', optimizer: sgd({ learningRate: 0.1 }) });
    const sequences = randomSequences(1, [3, 2, 3, 1], 1);
    const labels = sequences.map((steps) => steps.map(([value = 0]) => (value > 0 ? 1 : 0)));
    const weights = labels.map((steps) => steps.map((label) => (label === 1 ? 4 : 1)));
    model.build([null, 1]);
    await same(model as never, labels, { 1: 4 }, weights, sequences);
  });

  it('leaves validation as it is', async () => {
    const model = make();
    const { loss } = model.evaluate(x, y);
    model.learningRate = 0;
    const validationData = [x, y] as const;
    const { history } = await model.fit(x, y, { classWeight: { 1: 9 }, validationData });
    expect(history.val_loss).toEqual([loss]);
  });

  it.each([
    [
      'an array',
      { classWeight: [1, 2] as never },
      'fit: classWeight is an object such as { 0: 1, 1: 5 } but is an array of 2',
    ],
    [
      'a negative weight',
      { classWeight: { 1: -1 } },
      'fit: classWeight of class 1 must be a number at least 0 but is -1',
    ],
    [
      'half a class',
      { classWeight: { 0.5: 1 } },
      "fit: classWeight has a class '0.5' and the classes are 0 to 1",
    ],
  ])('%s is a ConfigError', async (_what, options, message) => {
    expect(await errorOf(() => make().fit(x, y, options))).toEqual({ name: 'ConfigError', message });
  });

  it('that leaves nothing is a DataError', async () => {
    expect(await errorOf(() => make().fit(x, y, { classWeight: { 0: 0, 1: 0 } }))).toEqual({
      name: 'DataError',
      message: 'fit: classWeight leaves no row to train on: give a class that there is a weight above 0',
    });
  });

  it('of a regression is a ConfigError', async () => {
    const model = make();
    model.compile({ loss: 'meanSquaredError' });
    expect((await errorOf(() => model.fit(x, y, { classWeight: { 0: 1 } }))).message).toBe(
      'fit: classWeight needs a loss for one class of several but the loss is meanSquaredError: ' +
        'give sampleWeight the weight of each row instead',
    );
  });
});
