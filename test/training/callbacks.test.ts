/** Hooks of fit: their order, their arguments, that they are waited for, and what happens when one throws. */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  batchNormalization,
  type Callback,
  dense,
  dropout,
  type Logs,
  type Sequential,
  sequential,
  serializeModel,
  sgd,
} from '../../src/index.js';
import { errorOf, weightBits } from '../support/bits.js';

const x = [[1], [2], [3], [4], [5]];
const y = [2, 4, 6, 8, 10];

function make() {
  const model = sequential([dense(1)], { seed: 2 });
  model.compile({
    loss: 'meanSquaredError',
    metrics: ['meanAbsoluteError'],
    optimizer: sgd({ learningRate: 0.01 }),
  });
  return model;
}

type Call = [hook: string, ...values: unknown[]];

/** Writes down every call; `wait` milliseconds after it was made. */
function recorder(calls: Call[], prefix = '', wait?: number): Callback {
  const note = (...call: Call) => {
    if (wait === undefined) {
      calls.push(call);
      return;
    }
    return delay(wait).then(() => void calls.push(call));
  };
  return {
    onTrainBegin: () => note(`${prefix}onTrainBegin`),
    onTrainEnd: (logs) => note(`${prefix}onTrainEnd`, { ...logs }),
    onEpochBegin: (epoch) => note(`${prefix}onEpochBegin`, epoch),
    onEpochEnd: (epoch, logs) => note(`${prefix}onEpochEnd`, epoch, { ...logs }),
    onBatchBegin: (batch) => note(`${prefix}onBatchBegin`, batch),
    onBatchEnd: (batch, logs) => note(`${prefix}onBatchEnd`, batch, { ...logs }),
  };
}

const hooksOf = (calls: Call[]) =>
  calls.map(([hook, value]) => (typeof value === 'number' ? `${hook} ${value}` : hook));

describe('callbacks', () => {
  it('are called in order with the numbers of epochs and batches and with the logs', async () => {
    const calls: Call[] = [];
    const options = {
      epochs: 2,
      batchSize: 3,
      callbacks: [recorder(calls)],
      validationData: [x, y],
    } as const;
    const { epoch, history } = await make().fit(x, y, options);
    const anEpoch = (n: number) => [
      `onEpochBegin ${n}`,
      'onBatchBegin 0',
      'onBatchEnd 0',
      'onBatchBegin 1',
      'onBatchEnd 1',
      `onEpochEnd ${n}`,
    ];
    expect(hooksOf(calls)).toEqual(['onTrainBegin', ...anEpoch(0), ...anEpoch(1), 'onTrainEnd']);
    expect(epoch).toEqual([0, 1]);

    const logsOfEpoch = (n: number) =>
      Object.fromEntries(Object.entries(history).map(([name, values]) => [name, values[n]]));
    expect(Object.keys(history)).toEqual(['loss', 'meanAbsoluteError', 'val_loss', 'val_meanAbsoluteError']);
    const ends = calls.filter(([hook]) => hook === 'onEpochEnd');
    expect(ends.map(([, , logs]) => logs)).toEqual([logsOfEpoch(0), logsOfEpoch(1)]);
    expect(calls.at(-1)).toEqual(['onTrainEnd', logsOfEpoch(1)]);
    const batches = calls.filter(([hook]) => hook === 'onBatchEnd').map(([, , logs]) => (logs as Logs).loss);
    expect([batches[1], batches[3]]).toEqual(history.loss);
    expect(batches[0]).not.toBe(batches[1]);
  });

  it('that return promises are waited for, one after the other', async () => {
    const calls: Call[] = [];
    const callbacks = [recorder(calls, 'slow ', 3), recorder(calls, 'fast ')];
    await make().fit(x, y, { epochs: 1, batchSize: 5, callbacks });
    const hooks = [
      'onTrainBegin',
      'onEpochBegin 0',
      'onBatchBegin 0',
      'onBatchEnd 0',
      'onEpochEnd 0',
      'onTrainEnd',
    ];
    expect(hooksOf(calls)).toEqual(hooks.flatMap((hook) => [`slow ${hook}`, `fast ${hook}`]));
  });

  it('may be methods of a class, and keep their this', async () => {
    class Counter implements Callback {
      epochs = 0;
      onEpochEnd() {
        this.epochs++;
      }
    }
    const counter = new Counter();
    await make().fit(x, y, { epochs: 3, callbacks: [counter] });
    expect(counter.epochs).toBe(3);
  });

  it('see the model as it is after the update', async () => {
    const model = make();
    const losses: number[] = [];
    const { history } = await model.fit(x, y, {
      epochs: 3,
      callbacks: [{ onEpochEnd: () => void losses.push(model.evaluate(x, y).loss as number) }],
    });
    expect(history.loss?.slice(1)).toEqual(losses.slice(0, 2));
  });

  it('cannot change what history holds', async () => {
    const spoil: Callback = {
      onEpochEnd: (_epoch, logs) => {
        logs.loss = -1;
        logs.extra = 5;
      },
    };
    const { history } = await make().fit(x, y, { epochs: 2, callbacks: [spoil] });
    expect(Object.keys(history)).toEqual(['loss', 'meanAbsoluteError']);
    expect(Math.min(...(history.loss ?? []))).toBeGreaterThan(0);
  });
});

describe('a callback that throws', () => {
  const hooks = [
    'onTrainBegin',
    'onEpochBegin',
    'onBatchBegin',
    'onBatchEnd',
    'onEpochEnd',
    'onTrainEnd',
  ] as const;

  it.each(hooks)('in %s ends fit with its error, and the model can be used and trained on', async (hook) => {
    const model = make();
    model.build([1]);
    const start = weightBits(model);
    const callbacks = [{ [hook]: () => Promise.reject(new RangeError('mine')) }];
    expect(await errorOf(() => model.fit(x, y, { epochs: 2, batchSize: 5, callbacks }))).toEqual({
      name: 'RangeError',
      message: 'mine',
    });
    const wasTrained = hooks.indexOf(hook) >= 3;
    expect(JSON.stringify(weightBits(model)) !== JSON.stringify(start)).toBe(wasTrained);
    expect(model.predict(x).shape).toEqual([5, 1]);
    expect((await model.fit(x, y, { epochs: 2 })).epoch).toEqual([0, 1]);
  });
});

describe('stopTraining', () => {
  it('set after a batch ends the epoch there: its hooks are still called, and history holds it', async () => {
    const model = make();
    const calls: Call[] = [];
    const stop: Callback = {
      onBatchEnd: (batch) => {
        if (batch === 1) model.stopTraining = true;
      },
    };
    const { epoch, history } = await model.fit(x, y, {
      epochs: 5,
      batchSize: 1,
      callbacks: [stop, recorder(calls)],
    });
    expect(epoch).toEqual([0]);
    expect(history.loss?.length).toBe(1);
    expect(hooksOf(calls).slice(-3)).toEqual(['onBatchEnd 1', 'onEpochEnd 0', 'onTrainEnd']);
    expect(model.stopTraining).toBe(true);
  });

  it('set at the end of an epoch makes it the last, and the next fit begins anew', async () => {
    const model = make();
    const stop: Callback = {
      onEpochEnd: (epoch) => {
        if (epoch === 2) model.stopTraining = true;
      },
    };
    expect((await model.fit(x, y, { epochs: 9, callbacks: [stop] })).epoch).toEqual([0, 1, 2]);
    expect((await model.fit(x, y, { epochs: 2 })).epoch).toEqual([0, 1]);
    expect(model.stopTraining).toBe(false);
  });

  it('set before the first batch of an epoch leaves that epoch out', async () => {
    const model = make();
    const stop: Callback = {
      onEpochBegin: (epoch) => {
        if (epoch === 1) model.stopTraining = true;
      },
    };
    const { epoch, history } = await model.fit(x, y, { epochs: 9, callbacks: [stop] });
    expect(epoch).toEqual([0]);
    expect(history.loss?.every(Number.isFinite)).toBe(true);
  });

  it('set from outside ends a running fit', async () => {
    const model = make();
    const timer = setTimeout(() => {
      model.stopTraining = true;
    }, 40);
    const { epoch } = await model.fit(x, y, { epochs: 10_000_000 });
    clearTimeout(timer);
    expect(epoch.length).toBeGreaterThan(1);
  });

  it('has to be true or false', () => {
    const model = make().build([1]);
    expect(() => {
      model.stopTraining = 'yes' as never;
    }).toThrow("stopTraining must be true or false but is 'yes'");
  });
});

describe('what is no callback', () => {
  const hooks =
    'onTrainBegin, onTrainEnd, onEpochBegin, onEpochEnd, onBatchBegin, onBatchEnd, onTestBegin, onTestEnd, onNumericError';
  it.each([
    ['a function', () => {}, 'a function'],
    ['null', null, 'null'],
    ['an object whose hook is misspelt', { onEpochEnded: () => {} }, 'an object with onEpochEnded'],
    ['a hook that is no function', { onEpochEnd: 5 }, 'an object with onEpochEnd'],
  ])('%s is a ConfigError', async (_what, callback, found) => {
    const good: Callback = { onEpochEnd: () => {} };
    expect(await errorOf(() => make().fit(x, y, { callbacks: [good, callback as Callback] }))).toEqual({
      name: 'ConfigError',
      message: `fit: callbacks[1] is ${found}, which has none of the hooks ${hooks}`,
    });
  });
});

describe('what onBatchEnd is told', () => {
  const x = [[1], [2], [3], [4], [5]];
  const y = [0, 1, 1, 0, 1];
  const make = () =>
    sequential([dense(1, { activation: 'sigmoid' })], { seed: 2 }).compile({
      loss: 'binaryCrossentropy',
      metrics: ['accuracy', 'auc'],
    });

  it('is loss and metrics of the epoch so far, at its last batch those of the epoch', async () => {
    const batches: Logs[] = [];
    const { history } = await make().fit(x, y, {
      batchSize: 2,
      callbacks: [{ onBatchEnd: (_batch, logs) => void batches.push({ ...logs }) }],
    });
    expect(batches.map((logs) => Object.keys(logs))).toEqual(Array(3).fill(['loss', 'accuracy', 'auc']));
    expect(batches.at(-1)).toEqual({
      loss: history.loss?.[0],
      accuracy: history.accuracy?.[0],
      auc: history.auc?.[0],
    });
  });

  it('keeps what was looked at, and is an error where a metric of all rows is asked for too late', async () => {
    const kept: Logs[] = [];
    let first: number | undefined;
    const onBatchEnd = (batch: number, logs: Logs) => {
      kept.push(logs);
      if (batch === 0) first = logs.auc;
    };
    await make().fit(x, y, { batchSize: 2, callbacks: [{ onBatchEnd }] });
    expect(kept[0]?.auc).toBe(first);
    expect(await errorOf(() => kept[1]?.auc)).toEqual({
      name: 'ConfigError',
      message: 'fit: auc of a batch is there within onBatchEnd alone: look at it then, and keep the number',
    });
  });

  it('a report of the gradients in between changes no bit', async () => {
    const [plain, watched] = [0, 1].map(() => {
      const model = sequential([dense(4), batchNormalization(), dropout(0.5), dense(1)], { seed: 2 });
      return model.compile({ loss: 'meanSquaredError', optimizer: 'adam' });
    }) as [Sequential, Sequential];
    await plain.fit(x, y, { batchSize: 2, epochs: 2 });
    const onBatchEnd = () => void watched.gradientReport(x, y);
    await watched.fit(x, y, { batchSize: 2, epochs: 2, callbacks: [{ onBatchEnd }] });
    expect(Buffer.compare(serializeModel(watched), serializeModel(plain))).toBe(0);
  });
});
