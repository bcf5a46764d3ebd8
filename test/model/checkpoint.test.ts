/** A fit that is broken off anywhere and resumed ends with the same bits as one that never stopped. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { readSafetensors, writeSafetensors } from '../../src/core/safetensors.js';
import {
  adam,
  type Callback,
  checkpoint,
  dense,
  deserializeModel,
  dropout,
  earlyStopping,
  type FitOptions,
  type History,
  input,
  lstm,
  model,
  reduceLROnPlateau,
  rmsprop,
  sequential,
  serializeModel,
  sgd,
  warmup,
  weightAveraging,
} from '../../src/index.js';
import { pack, unpack } from '../../src/model/packing.js';
import { errorOf, logBits, randomSequences } from '../support/bits.js';

const lengths = Array.from({ length: 23 }, (_, row) => 1 + (row % 5));
const x = randomSequences(4, lengths, 2);
const y = x.map((steps) => (steps.reduce((sum, [value = 0]) => sum + value, 0) > 0 ? 1 : 0));

/** Dropout, three generators' worth of chance, metrics that keep scores, and an optimizer with all that it can keep. */
function make(units = 3) {
  const model = sequential(
    [lstm(units, { recurrentDropout: 0.2 }), dropout(0.3), dense(1, { activation: 'sigmoid' })],
    {
      seed: 5,
    },
  );
  const optimizer = adam({
    learningRate: 0.02,
    amsgrad: true,
    useEma: true,
    emaMomentum: 0.8,
    gradientAccumulationSteps: 2,
  });
  model.compile({ optimizer, loss: 'binaryCrossentropy', metrics: ['accuracy', 'auc'] });
  return model;
}

const options = {
  epochs: 5,
  batchSize: 4,
  validationSplit: 0.25,
} satisfies FitOptions;

const callbacks = () => [
  earlyStopping({ patience: 3, restoreBestWeights: true }),
  reduceLROnPlateau({ monitor: 'loss', patience: 1, minDelta: 0.05, factor: 0.5 }),
  weightAveraging({ startFromEpoch: 2 }),
];

/** A place for checkpoints that remembers how many were written. */
function memory(everySteps: number, kept?: Uint8Array) {
  const box = { bytes: kept, count: 0 };
  const store = checkpoint({
    everySteps,
    save: async (bytes) => {
      await Promise.resolve();
      box.bytes = bytes;
      box.count++;
    },
    load: () => box.bytes,
  });
  return { box, store };
}

const crash = (after: number): Callback => {
  let step = 0;
  return {
    onBatchBegin: () => {
      if (step++ === after) throw new Error('crash');
    },
    onEpochEnd: () => {},
  };
};

const same = (history: History, expected: History) => {
  expect(history.epoch).toEqual(expected.epoch);
  expect(logBits(history.history)).toEqual(logBits(expected.history));
  expect(history.toCSV()).toBe(expected.toCSV());
};

describe('a run that is broken off and resumed', () => {
  it.each([1, 2, 3, 7])(
    'anywhere, with a checkpoint every %d batches, ends with the same bits',
    async (every) => {
      const whole = make();
      const expected = await whole.fit(x, y, {
        ...options,
        callbacks: [...callbacks(), { onEpochEnd: () => {} }],
      });
      const bytes = serializeModel(whole);
      for (let after = 0; after < 25; after += every === 1 ? 2 : 5) {
        const { box, store } = memory(every);
        const broken = [...callbacks(), crash(after)];
        const first = make().fit(x, y, { ...options, callbacks: broken, checkpoint: store });
        expect((await errorOf(() => first)).message).toBe('crash');
        expect(box.count).toBe(Math.floor(after / every));
        const again = make();
        const whole = [...callbacks(), { onEpochEnd: () => {} }];
        same(
          await again.fit(x, y, { ...options, callbacks: whole, checkpoint: store, resume: true }),
          expected,
        );
        expect(Buffer.compare(serializeModel(again), bytes), `after ${after}`).toBe(0);
      }
    },
  );

  it('many times, by a signal, ends with the same bits', async () => {
    const whole = make();
    const expected = await whole.fit(x, y, { ...options, callbacks: callbacks() });
    const { store } = memory(1000);
    const random = new Random(3);
    for (let attempt = 0; ; attempt++) {
      const controller = new AbortController();
      let left = 1 + random.below(6);
      const stop: Callback = {
        onBatchEnd: () => {
          left--;
          if (left === 0) controller.abort();
        },
      };
      const given = callbacks();
      const model = make();
      const { signal } = controller;
      const hooked = { ...given[0], onBatchEnd: stop.onBatchEnd } as Callback;
      const run = {
        ...options,
        callbacks: [hooked, ...given.slice(1)],
        checkpoint: store,
        resume: true,
        signal,
      };
      let result: History | undefined;
      try {
        result = await model.fit(x, y, run);
      } catch (error) {
        expect((error as Error).name).toBe('AbortError');
      }
      if (!result) continue;
      expect(attempt).toBeGreaterThan(3);
      same(result, expected);
      expect(Buffer.compare(serializeModel(model), serializeModel(whole))).toBe(0);
      return;
    }
  });

  it.each(['onEpochBegin', 'onEpochEnd'] as const)(
    'by a signal in %s, ends with the same bits',
    async (hook) => {
      const whole = make();
      const idle = { [hook]: () => {} } as Callback;
      const expected = await whole.fit(x, y, { ...options, callbacks: [idle] });
      const { store } = memory(1000);
      const controller = new AbortController();
      const stop = { [hook]: (epoch: number) => epoch === 2 && controller.abort() } as Callback;
      const { signal } = controller;
      const first = make().fit(x, y, { ...options, callbacks: [stop], checkpoint: store, signal });
      expect((await errorOf(() => first)).name).toBe('AbortError');
      const model = make();
      same(
        await model.fit(x, y, { ...options, callbacks: [idle], checkpoint: store, resume: true }),
        expected,
      );
      expect(Buffer.compare(serializeModel(model), serializeModel(whole))).toBe(0);
    },
  );

  it('goes on without shuffling, validation and callbacks too, and with a schedule', async () => {
    const plain = () => {
      const model = sequential([lstm(3), dense(1)], { seed: 1, precision: 'float64' });
      const optimizer = rmsprop({ learningRate: warmup({ steps: 5, learningRate: 0.01 }), centered: true });
      model.compile({ optimizer, loss: 'meanSquaredError', metrics: ['meanAbsoluteError'] });
      return model;
    };
    const run = { epochs: 3, batchSize: 5, shuffle: false };
    const whole = plain();
    const expected = await whole.fit(x, y, run);
    const { store } = memory(2);
    const broken = { ...run, checkpoint: store, signal: AbortSignal.timeout(1e6), callbacks: [crash(7)] };
    expect((await errorOf(() => plain().fit(x, y, broken))).message).toBe('crash');
    const again = plain();
    const idle = [{ onEpochEnd: () => {} }];
    same(await again.fit(x, y, { ...run, checkpoint: store, resume: true, callbacks: idle }), expected);
    expect(Buffer.compare(serializeModel(again), serializeModel(whole))).toBe(0);
  });

  it('that a callback has told to stop ends where it would have', async () => {
    const stopAt = (batch: number, andCrash: boolean): Callback => ({
      onBatchEnd: (at, _logs, { model }) => {
        if (at === batch) model.stopTraining = true;
      },
      onTestBegin: () => {
        if (andCrash) throw new Error('crash');
      },
    });
    const whole = make();
    const expected = await whole.fit(x, y, { ...options, callbacks: [stopAt(2, false)] });
    const { store } = memory(1);
    const first = make().fit(x, y, { ...options, callbacks: [stopAt(2, true)], checkpoint: store });
    expect((await errorOf(() => first)).message).toBe('crash');
    const again = make();
    const rest = { ...options, callbacks: [stopAt(99, false)], checkpoint: store, resume: true };
    same(await again.fit(x, y, rest), expected);
    expect(Buffer.compare(serializeModel(again), serializeModel(whole))).toBe(0);
  });

  it('that has ended is not begun again, and goes on for more epochs', async () => {
    const model = () => {
      const plain = sequential([lstm(3), dense(1)], { seed: 1 });
      plain.compile({ optimizer: sgd({ momentum: 0.9 }), loss: 'meanSquaredError' });
      return plain;
    };
    const { box, store } = memory(100);
    const first = await model().fit(x, y, { epochs: 2, checkpoint: store });
    expect(box.count).toBe(1);
    const calls: string[] = [];
    const idle: Callback = { onTrainBegin: () => void calls.push('begin') };
    const run = { checkpoint: store, resume: true };
    const again = model();
    same(await again.fit(x, y, { epochs: 2, ...run }), first);
    expect(calls).toEqual([]);
    const longer = model();
    const whole = model();
    const expected = await whole.fit(x, y, { epochs: 5 });
    same(await longer.fit(x, y, { epochs: 5, ...run }), expected);
    expect(Buffer.compare(serializeModel(longer), serializeModel(whole))).toBe(0);
    const stopped = model();
    const stop: Callback = {
      onEpochEnd: (_epoch, _logs, { model }) => void Object.assign(model, { stopTraining: true }),
    };
    const other = memory(100);
    await stopped.fit(x, y, { epochs: 9, callbacks: [stop], checkpoint: other.store });
    const resumed = model();
    const after = { epochs: 9, callbacks: [idle], checkpoint: other.store, resume: true };
    expect((await resumed.fit(x, y, after)).epoch).toEqual([0]);
    expect(calls).toEqual([]);
  });

  it('begins at the beginning where nothing is kept, and anew without resume', async () => {
    const { box, store } = memory(100);
    const model = make();
    await model.fit(x, y, { ...options, epochs: 1, checkpoint: store, resume: true });
    expect(box.count).toBe(1);
    const again = make();
    expect((await again.fit(x, y, { ...options, epochs: 1, checkpoint: store })).epoch).toEqual([0]);
    expect(Buffer.compare(serializeModel(again), serializeModel(model))).toBe(0);
  });
});

describe('a model of several outputs', () => {
  const rows = Array.from({ length: 12 }, (_, row) => [Math.sin(row), Math.cos(row)]);
  const targets = { sign: rows.map(([a = 0]) => (a > 0 ? 1 : 0)), sum: rows.map(([a = 0, b = 0]) => a + b) };

  function branched() {
    const x = input({ shape: [2] });
    const shared = dense(4, { activation: 'tanh' }).on(x);
    const sign = dense(1, { activation: 'sigmoid' }).on(shared);
    const both = model({ inputs: x, outputs: { sign, sum: dense(1).on(shared) } }, { seed: 3 });
    both.compile({
      optimizer: adam({ learningRate: 0.05 }),
      loss: { sign: 'binaryCrossentropy', sum: 'meanSquaredError' },
      metrics: { sign: ['auc'], sum: ['meanAbsoluteError'] },
    });
    return both;
  }

  it('goes on with the same bits too, and earlyStopping finds the values of each output', async () => {
    const run = { epochs: 4, batchSize: 5, validationSplit: 0.25 };
    const stop = () => earlyStopping({ monitor: 'val_sign_auc', patience: 9, restoreBestWeights: true });
    const whole = branched();
    const idle: Callback = { onEpochEnd: () => {} };
    const expected = await whole.fit(rows, targets, { ...run, callbacks: [stop(), idle] });
    const { store } = memory(1);
    const broken = branched().fit(rows, targets, {
      ...run,
      callbacks: [stop(), crash(3)],
      checkpoint: store,
    });
    expect((await errorOf(() => broken)).message).toBe('crash');
    const again = branched();
    const rest = { ...run, callbacks: [stop(), idle], checkpoint: store, resume: true };
    same(await again.fit(rows, targets, rest), expected);
    expect(Buffer.compare(serializeModel(again), serializeModel(whole))).toBe(0);
  });
});

describe('a checkpoint', () => {
  it('is a model that can be loaded by itself', async () => {
    const { box, store } = memory(1000);
    const model = make();
    await model.fit(x, y, { ...options, checkpoint: store, callbacks: callbacks() });
    const loaded = deserializeModel(box.bytes as Uint8Array);
    expect(Buffer.compare(serializeModel(loaded), serializeModel(model))).toBe(0);
  });

  it('is written after so many seconds', async () => {
    let count = 0;
    const save = () => void count++;
    const store = checkpoint({ everySeconds: 1e-9, save, load: () => undefined });
    await make().fit(x, y, { ...options, epochs: 2, checkpoint: store });
    expect(count).toBe(2 * 5 + 1);
    count = 0;
    const rare = checkpoint({ everySeconds: 1e6, save, load: () => undefined });
    await make().fit(x, y, { ...options, epochs: 2, checkpoint: rare });
    expect(count).toBe(1);
  });

  it('that cannot be written ends fit with that error', async () => {
    const save = () => Promise.reject(new RangeError('full'));
    const store = checkpoint({ everySteps: 2, save, load: () => undefined });
    expect(await errorOf(() => make().fit(x, y, { ...options, checkpoint: store }))).toEqual({
      name: 'RangeError',
      message: 'full',
    });
  });

  const kept = async () => {
    const { box, store } = memory(1000);
    await make().fit(x, y, { ...options, epochs: 1, checkpoint: store });
    return box.bytes as Uint8Array;
  };
  const resume = (model: ReturnType<typeof make>, bytes: Uint8Array, more: FitOptions = {}) =>
    errorOf(() => model.fit(x, y, { ...options, ...more, checkpoint: memory(9, bytes).store, resume: true }));
  const another = (part: string) => ({
    name: 'ConfigError',
    message:
      `fit: the checkpoint is of a model with another ${part}, so it cannot go on: ` +
      'make and compile the model as it was, or begin anew without resume',
  });

  it('of another model, or of one compiled otherwise, is an error, and nothing has been loaded', async () => {
    const bytes = await kept();
    const larger = make(4).build([null, 2]);
    const before = serializeModel(larger);
    expect(await resume(larger, bytes)).toEqual(another('layers'));
    expect(Buffer.compare(serializeModel(larger), before)).toBe(0);
    const other = make();
    other.compile({ optimizer: sgd(), loss: 'binaryCrossentropy', metrics: ['accuracy', 'auc'] });
    expect(await resume(other, bytes)).toEqual(another('optimizer'));
    other.compile({ loss: 'meanSquaredError', optimizer: adam() });
    expect((await resume(other, bytes)).name).toBe('ConfigError');
  });

  it.each([
    ['batchSize', { batchSize: 3 }, 'batchSize 4 and this one has 3'],
    ['shuffle', { shuffle: false }, 'shuffle true and this one has false'],
    ['rows', { validationSplit: 0 }, 'rows 17 and this one has 23'],
    ['callbacks', { callbacks: callbacks() }, 'callbacks 0 and this one has 3'],
  ])('of a run with other %s is an error', async (_what, more, found) => {
    expect(await resume(make(), await kept(), more)).toEqual({
      name: 'ConfigError',
      message:
        `fit: the checkpoint is of a run with ${found}: ` +
        'resume with the data and options that it began with, or begin anew without resume',
    });
  });

  it('that is damaged, or none, is a FormatError', async () => {
    const bytes = await kept();
    expect((await resume(make(), bytes.subarray(0, bytes.length - 9))).name).toBe('FormatError');
    const model = make();
    model.build([null, 2]);
    expect(await resume(make(), serializeModel(model))).toEqual({
      name: 'FormatError',
      message: 'the file holds no checkpoint of a fit',
    });
    const changed = (change: (state: object) => unknown) => {
      const { tensors, metadata } = readSafetensors(bytes);
      const state = JSON.parse(metadata['longhand.fit'] as string);
      const text = change(state) ?? JSON.stringify(state);
      return writeSafetensors(tensors, { ...metadata, 'longhand.fit': text as string });
    };
    for (const change of [
      () => '{',
      () => '3',
      () => `${'['.repeat(60)}${']'.repeat(60)}`,
      (state: object) => void Object.assign(state, { epoch: -1 }),
      (state: object) => void Object.assign(state, { order: [1, 2] }),
      (state: object) => void Object.assign(state, { totals: null }),
      (state: object) => void Object.assign(state, { records: { epochs: { $array: 99 } } }),
    ]) {
      expect((await resume(make(), changed(change))).name).toBe('FormatError');
    }
  });

  const save = () => {};
  const load = () => undefined;
  it.each([
    ['neither', { save, load }, 'checkpoint needs everySteps, everySeconds or both: { everySeconds: 60 }'],
    ['save', { everySteps: 1, load }, 'checkpoint: save is a function but is undefined'],
    [
      'everySteps',
      { everySteps: 0, save, load },
      'checkpoint: everySteps must be a number at least 1 but is 0',
    ],
    [
      'everySeconds',
      { everySeconds: 0, save, load },
      'checkpoint: everySeconds must be a number above 0 but is 0',
    ],
    [
      'path',
      { path: 'x', everySteps: 1 },
      "checkpoint: option 'path' is not known: use one of save, load, everySteps, everySeconds",
    ],
  ])('%s is a ConfigError', async (_what, wrong, message) => {
    expect(await errorOf(() => checkpoint(wrong as never))).toEqual({ name: 'ConfigError', message });
  });
});

describe('what is packed', () => {
  it('comes out as it was', () => {
    const value = {
      numbers: [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0.1],
      arrays: { single: Float32Array.of(0.1, Number.NaN), double: Float64Array.of(-0) },
      text: 'é',
      nothing: null,
      yes: true,
      nested: [[{}], []],
    };
    expect(unpack(pack('it', value))).toEqual(value);
    expect(unpack(pack('it', { left: undefined, right: 1 }))).toEqual({ right: 1 });
    expect(unpack(pack('it', undefined))).toBe(null);
  });

  it.each([
    [
      'a function',
      () => 0,
      'it holds a function: give numbers, texts, arrays, plain objects, and arrays of floats',
    ],
    ['a Map', new Map(), 'it holds an object with nothing: give numbers'],
    ['whole numbers', Int32Array.of(1), 'it holds a Int32Array: give numbers'],
  ])('%s is a ConfigError', async (_what, value, message) => {
    const error = await errorOf(() => pack('it', { inner: value }));
    expect(error.name).toBe('ConfigError');
    expect(error.message.startsWith(message)).toBe(true);
  });

  it('and holds itself is a ConfigError', async () => {
    const value: Record<string, unknown> = {};
    value.self = value;
    expect((await errorOf(() => pack('it', value))).message).toBe('it is nested too deeply, or holds itself');
  });

  it('touches no prototype', () => {
    const found = unpack({ json: '{"__proto__": {"polluted": 1}}', arrays: [] }) as object;
    expect(Object.getPrototypeOf(found)).toBe(Object.prototype);
    expect('polluted' in {}).toBe(false);
  });
});
