/** Keras's callbacks: each against what Keras does with the same values, epoch by epoch. */
import { describe, expect, it, vi } from 'vitest';
import {
  adam,
  type Callback,
  cosineDecay,
  dense,
  earlyStopping,
  type Logs,
  lambdaCallback,
  learningRateScheduler,
  reduceLROnPlateau,
  sequential,
  sgd,
  type TrainedModel,
  type Training,
  tensor,
  terminateOnNaN,
} from '../../src/index.js';
import { errorOf, weightBits } from '../support/bits.js';

const x = [[1], [2], [3], [4]];
const y = [2, 4, 6, 8];

function make(learningRate: number | ReturnType<typeof cosineDecay> = 0.01) {
  const model = sequential([dense(1)], { seed: 2 });
  model.compile({ loss: 'meanSquaredError', optimizer: sgd({ learningRate }) });
  return model.build([1]);
}

/** Runs a callback through epochs with given values, on a model whose only weight is the number of the epoch. */
function drive(callback: Callback, values: readonly (number | undefined)[], name = 'val_loss') {
  let weight = -1;
  const rates: number[] = [];
  const model: TrainedModel = {
    stopTraining: false,
    learningRate: 1,
    getWeights: () => ({ w: tensor([weight], [1]) }),
    setWeights: (weights) => {
      weight = weights.w?.data[0] as number;
    },
  };
  const training: Training = { model, epochs: values.length, batches: 1, values: ['loss', name] };
  callback.onTrainBegin?.(training);
  let epoch = 0;
  for (; epoch < values.length && !model.stopTraining; epoch++) {
    weight = epoch;
    const value = values[epoch];
    callback.onEpochEnd?.(epoch, value === undefined ? { loss: 1 } : { loss: 1, [name]: value }, training);
    rates.push(model.learningRate);
  }
  callback.onTrainEnd?.({}, training);
  return { epochs: epoch, stopped: model.stopTraining, weight, rates };
}

describe('earlyStopping', () => {
  const falling = [5, 4, 3, 3.5, 2.9, 3, 3, 3, 3];

  it('ends training after `patience` epochs without anything better', () => {
    expect(drive(earlyStopping(), falling).epochs).toBe(4);
    expect(drive(earlyStopping({ patience: 2 }), falling)).toMatchObject({
      epochs: 7,
      stopped: true,
      weight: 6,
    });
    expect(drive(earlyStopping({ patience: 5 }), falling)).toMatchObject({ epochs: 9, stopped: false });
  });

  it('never after the first epoch, as in Keras', () => {
    expect(drive(earlyStopping(), [Number.NaN, Number.NaN, 1]).epochs).toBe(2);
  });

  it('restoreBestWeights: those of the best epoch, however training ends', () => {
    const restoring = { restoreBestWeights: true } as const;
    expect(drive(earlyStopping({ ...restoring, patience: 2 }), falling).weight).toBe(4);
    expect(drive(earlyStopping({ ...restoring, patience: 9 }), falling).weight).toBe(4);
    expect(drive(earlyStopping({ ...restoring, patience: 9 }), [Number.NaN, Number.NaN]).weight).toBe(0);
  });

  it('minDelta: what is better by less does not count', () => {
    expect(
      drive(earlyStopping({ patience: 2, minDelta: 0.5, restoreBestWeights: true }), falling),
    ).toMatchObject({
      epochs: 5,
      weight: 2,
    });
  });

  it('mode max, by name or by hand', () => {
    const rising = [0.5, 0.6, 0.55, 0.7, 0.6, 0.6];
    for (const options of [{ monitor: 'val_auc' }, { monitor: 'val_auc', mode: 'max' } as const]) {
      expect(drive(earlyStopping({ ...options, patience: 2 }), rising, 'val_auc').epochs).toBe(6);
    }
    const min = earlyStopping({ monitor: 'val_auc', mode: 'min', patience: 2 });
    expect(drive(min, rising, 'val_auc').epochs).toBe(3);
  });

  it.each([
    [
      'max',
      [
        'accuracy',
        'binaryAccuracy',
        'categoricalAccuracy',
        'sparseCategoricalAccuracy',
        'topKAccuracy',
        'auc',
      ],
    ],
    [
      'max',
      ['averagePrecision', 'precision', 'recall', 'f1', 'specificity', 'cohenKappa', 'matthews', 'r2Score'],
    ],
    [
      'min',
      [
        'loss',
        'logLoss',
        'perplexity',
        'brierScore',
        'expectedCalibrationError',
        'quantileLoss',
        'price_loss',
      ],
    ],
    ['min', ['meanSquaredError', 'rootMeanSquaredError', 'meanAbsoluteError', 'meanAbsolutePercentageError']],
    ['min', ['symmetricMeanAbsolutePercentageError', 'meanAbsoluteScaledError']],
  ] as const)('knows that %s is better of %s', (mode, names) => {
    for (const name of names) {
      for (const monitor of [name, `val_${name}`]) {
        const { epochs } = drive(earlyStopping({ monitor, patience: 1 }), [1, 2, 3, 4], monitor);
        expect([monitor, epochs]).toEqual([monitor, mode === 'max' ? 4 : 2]);
      }
    }
  });

  it('baseline: the patience begins anew only with what beats it', () => {
    const options = { patience: 3, baseline: 2 };
    // As in Keras an epoch that is better than all before it does not end training, below the baseline or not.
    expect(drive(earlyStopping(options), [5, 4, 3, 2.5, 2.6]).epochs).toBe(5);
    expect(drive(earlyStopping(options), [5, 4, 1.9, 2.5, 2.6, 2.7, 3]).epochs).toBe(6);
  });

  it('startFromEpoch: those before it do not count', () => {
    const options = { startFromEpoch: 2, patience: 1, restoreBestWeights: true };
    expect(drive(earlyStopping(options), [1, 2, 5, 4, 6])).toMatchObject({ epochs: 5, weight: 3 });
  });

  it('leaves out epochs that are not validated', () => {
    expect(drive(earlyStopping({ patience: 1 }), [5, undefined, 4, undefined, 4]).epochs).toBe(5);
  });

  it('begins anew with every fit', async () => {
    const model = make();
    const stop = earlyStopping({ monitor: 'loss', patience: 1, minDelta: 1e9 });
    for (let fit = 0; fit < 2; fit++) {
      expect((await model.fit(x, y, { epochs: 9, callbacks: [stop] })).epoch).toEqual([0, 1]);
    }
  });

  it('says so when asked', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    const stop = earlyStopping({ monitor: 'loss', minDelta: 1e9, restoreBestWeights: true, verbose: 1 });
    await make().fit(x, y, { epochs: 9, callbacks: [stop] });
    const lines = log.mock.calls.map(([line]) => line);
    log.mockRestore();
    expect(lines).toEqual([
      'epoch 2: loss has not become better for 1 epochs, training ends',
      'the weights are those of epoch 1',
    ]);
  });
});

describe('reduceLROnPlateau', () => {
  const still = [5, 4, 4, 4, 4, 4, 4, 4];

  it('multiplies the learning rate by factor after patience epochs, and rests', () => {
    const rates = (options: object, values = still) =>
      drive(reduceLROnPlateau(options), values).rates.map((rate) => Number(rate.toPrecision(6)));
    expect(rates({ patience: 2 })).toEqual([1, 1, 1, 0.1, 0.1, 0.01, 0.01, 0.001]);
    expect(rates({ patience: 2, factor: 0.5, cooldown: 2 })).toEqual([1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25]);
    expect(rates({ patience: 2, factor: 0.5, minLr: 0.3 })).toEqual([1, 1, 1, 0.5, 0.5, 0.3, 0.3, 0.3]);
    expect(rates({ patience: 2, minDelta: 0.5 }, [5, 4.9, 4.8, 4.7])).toEqual([1, 1, 0.1, 0.1]);
    expect(rates({ patience: 2 }, [5, 4, 3, 2])).toEqual([1, 1, 1, 1]);
  });

  it('works on a model, and the rate that it leaves is saved', async () => {
    const model = make(0.01);
    const reduce = reduceLROnPlateau({
      monitor: 'loss',
      patience: 1,
      minDelta: 1e9,
      factor: 0.5,
      minLr: 0.002,
    });
    await model.fit(x, y, { epochs: 4, callbacks: [reduce] });
    expect(model.learningRate).toBe(0.002);
  });

  it('needs a number for a learning rate, and says so at once', async () => {
    const model = make(cosineDecay({ initialLearningRate: 0.1, decaySteps: 10 }));
    const reduce = reduceLROnPlateau({ monitor: 'loss' });
    expect(await errorOf(() => model.fit(x, y, { callbacks: [reduce] }))).toEqual({
      name: 'ConfigError',
      message:
        'the learning rate is decided by the schedule cosineDecay: to set it, give sgd a number for its learningRate',
    });
  });
});

describe('learningRateScheduler', () => {
  it('sets the learning rate of each epoch from the one before', async () => {
    const model = make(1e-3);
    const rates: number[] = [];
    const note: Callback = { onBatchBegin: () => void rates.push(model.learningRate) };
    const halve = learningRateScheduler((epoch, rate) => (epoch === 0 ? rate : rate / 2));
    await model.fit(x, y, { epochs: 3, callbacks: [halve, note] });
    expect(rates).toEqual([1e-3, 5e-4, 2.5e-4]);
  });

  it('takes nothing for a learning rate that is none', async () => {
    const callbacks = [learningRateScheduler(() => Number.NaN)];
    expect(await errorOf(() => make().fit(x, y, { callbacks }))).toEqual({
      name: 'ConfigError',
      message: 'learningRateScheduler: the learning rate of epoch 0 must be a number at least 0 but is NaN',
    });
  });
});

describe('terminateOnNaN', () => {
  it('ends fit without an error, with the weights before the batch', async () => {
    const model = make(0.01);
    await model.fit(x, y, { epochs: 2, batchSize: 4 });
    const before = weightBits(model);
    const { epoch } = await model.fit([...x, [1], [1e30]], [...y, 2, 0], {
      epochs: 5,
      batchSize: 6,
      callbacks: [terminateOnNaN()],
    });
    expect(epoch).toEqual([0]);
    expect(model.stopTraining).toBe(true);
    expect(weightBits(model)).toEqual(before);
    expect((await model.fit(x, y, { epochs: 2 })).epoch).toEqual([0, 1]);
  });

  it('ends it at a validation loss that is not finite too', async () => {
    const model = make();
    // The weight goes from below 1 to 2, and then the output leaves the range.
    const { epoch, history } = await model.fit(x, y, {
      epochs: 500,
      validationData: [[[3e38]], [0]],
      callbacks: [terminateOnNaN()],
    });
    expect(epoch.length).toBeLessThan(100);
    expect(history.val_loss?.at(-1)).toBe(Number.POSITIVE_INFINITY);
    expect(model.stopTraining).toBe(true);
  });

  it('is one of all callbacks that are asked', async () => {
    const seen: string[] = [];
    const note: Callback = {
      onNumericError: ({ message }) => {
        seen.push(message.slice(0, 11));
        return false;
      },
    };
    const far = [[1e30]];
    expect((await errorOf(() => make().fit(far, [0], { callbacks: [note] }))).name).toBe('NumericError');
    await make().fit(far, [0], { callbacks: [terminateOnNaN(), note] });
    expect(seen).toEqual(['the gradien', 'the gradien']);
  });
});

describe('what callbacks see', () => {
  it('is the model, the epochs, the batches and the names of the values', async () => {
    const model = make();
    const seen: Training[] = [];
    const note = (...values: unknown[]) => void seen.push(values.at(-1) as Training);
    const callback: Callback = {
      onTrainBegin: note,
      onEpochBegin: note,
      onBatchBegin: note,
      onBatchEnd: note,
      onTestBegin: note,
      onTestEnd: note,
      onEpochEnd: note,
      onTrainEnd: note,
    };
    await model.fit(x, y, { epochs: 1, batchSize: 2, validationData: [x, y], callbacks: [callback] });
    expect(seen.length).toBe(10);
    expect(new Set(seen).size).toBe(1);
    expect(seen[0]).toEqual({ model, epochs: 1, batches: 2, values: ['loss', 'val_loss'] });
  });

  it('of validation are its moments, and its values without val_', async () => {
    const calls: unknown[] = [];
    const callback: Callback = {
      onEpochBegin: (epoch) => void calls.push(epoch),
      onTestBegin: () => void calls.push('begin'),
      onTestEnd: (logs: Logs) => void calls.push(logs),
    };
    const validationData = [x, y] as const;
    const options = { epochs: 4, validationFreq: 2, callbacks: [callback] };
    const { history } = await make().fit(x, y, { ...options, validationData });
    const [second, fourth] = (history.val_loss ?? []).map((loss) => ({ loss }));
    expect(calls).toEqual([0, 1, 'begin', second, 2, 3, 'begin', fourth]);
    expect(history.val_loss?.length).toBe(2);
    expect(history.loss?.length).toBe(4);
  });
});

describe('options of callbacks', () => {
  const anything = (value: unknown) => value as never;
  const wrong: [string, () => unknown, string][] = [
    [
      'patience',
      () => earlyStopping({ patience: -1 }),
      'earlyStopping: patience must be a number at least 0 but is -1',
    ],
    [
      'min_delta',
      () => earlyStopping(anything({ min_delta: 1 })),
      "earlyStopping: option 'min_delta' is not known: did you mean 'minDelta'?",
    ],
    [
      'a mode that is not known',
      () => earlyStopping({ mode: anything('less') }),
      "earlyStopping: mode is 'auto', 'min' or 'max' but is 'less'",
    ],
    [
      'a name that says nothing',
      () => earlyStopping({ monitor: 'val_gain' }),
      "earlyStopping: whether less or more of 'val_gain' is better cannot be told from its name: give it mode 'min' or 'max'",
    ],
    [
      'no name',
      () => reduceLROnPlateau({ monitor: anything(3) }),
      "reduceLROnPlateau: monitor is the name of a value, such as 'val_loss', but is 3",
    ],
    [
      'factor',
      () => reduceLROnPlateau({ factor: 1 }),
      'reduceLROnPlateau: factor must be a number above 0 and below 1 but is 1',
    ],
    [
      'minLr',
      () => reduceLROnPlateau({ minLr: -1 }),
      'reduceLROnPlateau: minLr must be a number at least 0 but is -1',
    ],
    [
      'no schedule',
      () => learningRateScheduler(anything(0.1)),
      'learningRateScheduler takes a function of the epoch and the learning rate but got 0.1',
    ],
    [
      'no hook',
      () => lambdaCallback(anything({ onEpoch: () => {} })),
      'lambdaCallback: the callback is an object with onEpoch, which has none of the hooks onTrainBegin, onTrainEnd, ' +
        'onEpochBegin, onEpochEnd, onBatchBegin, onBatchEnd, onTestBegin, onTestEnd, onNumericError',
    ],
    [
      'verbose',
      () => earlyStopping({ verbose: anything(2) }),
      'earlyStopping: verbose must be a number at least 0 and at most 1 but is 2',
    ],
  ];

  it.each(wrong)('%s is a ConfigError', async (_what, work, message) => {
    expect(await errorOf(work)).toEqual({ name: 'ConfigError', message });
  });

  it('a value that fit does not report is an error of fit', async () => {
    for (const [monitor, mend] of [
      ['val_loss', 'give fit validationData or a validationSplit, or watch another value'],
      ['accuracy', 'watch one of these'],
    ]) {
      const callbacks = [earlyStopping({ monitor: monitor as string })];
      expect(await errorOf(() => make().fit(x, y, { callbacks }))).toEqual({
        name: 'ConfigError',
        message: `earlyStopping watches '${monitor}' but fit reports loss: ${mend}`,
      });
    }
  });

  it('lambdaCallback gives its hooks back', () => {
    const hooks = { onEpochEnd: () => {} };
    expect(lambdaCallback(hooks)).toBe(hooks);
  });
});

describe('model.learningRate', () => {
  it('can be set, takes effect at the next update, and has to be a learning rate', async () => {
    const model = make(0.01);
    model.learningRate = 0;
    const before = weightBits(model);
    await model.fit(x, y);
    expect(weightBits(model)).toEqual(before);
    expect(await errorOf(() => Object.assign(model, { learningRate: -1 }))).toEqual({
      name: 'ConfigError',
      message: 'learningRate must be a number at least 0 but is -1',
    });
    model.compile({ loss: 'meanSquaredError', optimizer: adam() });
    expect(model.learningRate).toBe(0.001);
  });
});
