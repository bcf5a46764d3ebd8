/** Training, evaluation and prediction from batches that come one by one. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import {
  type Batches,
  type Callback,
  checkpoint,
  concatenate,
  dense,
  dropout,
  model as functional,
  input,
  lstm,
  type Progress,
  sequential,
  serializeModel,
  sgd,
} from '../../src/index.js';
import { errorOf, logBits, randomSequences, weightBits } from '../support/bits.js';

const lengths = Array.from({ length: 14 }, (_, row) => 2 + (row % 4));
const x = randomSequences(3, lengths, 2);
const y = x.map((steps) => (steps.reduce((sum, [value = 0]) => sum + value, 0) > 0 ? 1 : 0));

function make() {
  const layers = [lstm(3), dropout(0.3), dense(1, { activation: 'sigmoid' })];
  const model = sequential(layers, { seed: 6 });
  const metrics = ['accuracy', 'auc'] as const;
  return model.compile({ loss: 'binaryCrossentropy', optimizer: 'adam', metrics });
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

type Pair = [number[][][], number[]];

/** The rows in batches of the sizes given, again and again. */
function* cut(...sizes: number[]): Generator<Pair> {
  for (let start = 0, k = 0; start < x.length; k++) {
    const end = Math.min(x.length, start + (sizes[k % sizes.length] as number));
    yield [x.slice(start, end), y.slice(start, end)];
    start = end;
  }
}

async function* promised(...sizes: number[]): AsyncGenerator<Pair> {
  for (const batch of cut(...sizes)) {
    await new Promise((resolve) => setTimeout(resolve));
    yield batch;
  }
}

function* forever(): Generator<Pair> {
  for (;;) yield* cut(4);
}

describe('fit of batches', () => {
  // Rows of unequal lengths are padded to the longest of their batch: with one length the bits are the same too.
  const even = x.map((steps) => steps.slice(0, 2));
  const evenBatches = () =>
    Array.from(cut(4), ([, labels], k) => [even.slice(4 * k, 4 * k + 4), labels] as Pair);

  it.each<[string, Batches]>([
    ['an array of them by a function', evenBatches],
    [
      'a generator function',
      function* () {
        yield* evenBatches();
      },
    ],
    [
      'an async generator function',
      async function* () {
        yield* evenBatches();
      },
    ],
    ['a promised iterable', async () => new Set(evenBatches())],
    ['an iterable that begins anew', new Set(evenBatches())],
  ])('%s: gives the bits of the rows themselves', async (_, batches) => {
    const [rows, given] = [make(), make()];
    const options = { epochs: 3 };
    const expected = await rows.fit(even, y, { ...options, batchSize: 4, shuffle: false });
    const history = await given.fit(batches, options);
    expect(logBits(history.history)).toEqual(logBits(expected.history));
    expect(weightBits(given)).toEqual(weightBits(rows));
  });

  it('takes batches of any size, and knows the epoch', async () => {
    const epochs: number[] = [];
    const counts: number[] = [];
    const count: Callback = {
      onBatchEnd: (batch) => void counts.push(batch),
      onEpochEnd: () => void counts.push(-1),
    };
    const batches = (epoch: number) => {
      epochs.push(epoch);
      return promised(3, 1, 5);
    };
    await make()
      .build([null, 2])
      .fit(batches, { epochs: 4, initialEpoch: 2, callbacks: [count] });
    expect(epochs).toEqual([2, 3]);
    expect(counts).toEqual([0, 1, 2, 3, 4, 5, -1, 0, 1, 2, 3, 4, 5, -1]);
  });

  it('goes on from epoch to epoch with a generator and stepsPerEpoch, and lets it clean up', async () => {
    const seen: number[] = [];
    let isClosed = false;
    function* numbered(): Generator<Pair> {
      try {
        for (let k = 0; ; k++) {
          seen.push(k);
          yield [x.slice(0, 3), y.slice(0, 3)];
        }
      } finally {
        isClosed = true;
      }
    }
    const { history } = await make().fit(numbered(), { epochs: 3, stepsPerEpoch: 2 });
    expect(seen).toEqual([0, 1, 2, 3, 4, 5]);
    expect(history.loss?.length).toBe(3);
    expect(isClosed).toBe(true);
  });

  it('asks a function anew after stepsPerEpoch, and closes what it gave', async () => {
    let open = 0;
    let most = 0;
    const batches = function* (): Generator<Pair> {
      open++;
      most = Math.max(most, open);
      try {
        yield* forever();
      } finally {
        open--;
      }
    };
    await make().fit(batches, { epochs: 3, stepsPerEpoch: 2, validationData: batches, validationSteps: 1 });
    expect([open, most]).toEqual([0, 1]);
  });

  it('weighs rows and classes as it does with rows', async () => {
    const weights = x.map((_, row) => row % 3);
    const [rows, given] = [make(), make()];
    const options = { epochs: 2, classWeight: { 0: 1, 1: 3 } };
    await rows.fit(even, y, { ...options, sampleWeight: weights, batchSize: 14, shuffle: false });
    await given.fit(() => [[even, y, weights]] as const, options);
    expect(weightBits(given)).toEqual(weightBits(rows));
  });

  it('serves models of several inputs and outputs', async () => {
    const [left, right] = [input({ shape: [null, 2], name: 'left' }), input({ shape: [1], name: 'right' })];
    const model = functional(
      {
        inputs: { left, right },
        outputs: { answer: dense(1).on(concatenate().on(lstm(2).on(left), right)) },
      },
      { seed: 1 },
    );
    model.compile({ loss: 'meanSquaredError' });
    const batches = function* () {
      for (const [rows, targets] of cut(5)) {
        yield [{ left: rows, right: targets.map((target) => [target]) }, { answer: targets }] as const;
      }
    };
    const { history } = await model.fit(batches, { epochs: 2 });
    expect(history.loss?.every(Number.isFinite)).toBe(true);
    expect((await model.evaluate(batches)).loss).toBeGreaterThan(0);
    const inputs = () => Array.from(batches(), ([both]) => both);
    expect((await model.predict(inputs)).answer.shape).toEqual([14, 1]);
  });

  it('tells how far it is: how many batches there are once an epoch has shown it', async () => {
    const told: Progress[] = [];
    const onProgress = (progress: Progress) => void told.push(progress);
    await make().fit(() => cut(4), { epochs: 2, onProgress });
    const ends = told.map(({ batches, secondsLeft }) => [batches, secondsLeft === undefined]);
    expect(ends.at(-1)).toEqual([4, false]);
    await make().fit(forever(), { epochs: 1, stepsPerEpoch: 3, onProgress });
    expect(told.at(-1)?.batches).toBe(3);
  });

  it('ends at stopTraining and at a signal, though a batch never comes', async () => {
    const model = make();
    let cleaned = 0;
    const batches = async function* (): AsyncGenerator<Pair> {
      try {
        yield* cut(4);
        await new Promise(() => {});
      } finally {
        cleaned++;
      }
    };
    const stop: Callback = {
      onBatchEnd: (batch, _logs, { model }) => {
        model.stopTraining = batch === 2;
      },
    };
    expect((await model.fit(batches, { epochs: 9, callbacks: [stop] })).epoch).toEqual([0]);
    expect(cleaned).toBe(1);
    const controller = new AbortController();
    const fitting = model.fit(batches, { signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    expect((await errorOf(() => fitting)).name).toBe('AbortError');
    const never = () => new Promise<never>(() => {});
    const signal = AbortSignal.timeout(20);
    expect((await errorOf(() => model.fit(never, { signal }))).name).toBe('TimeoutError');
    expect((await errorOf(() => make().fit(never, { signal: AbortSignal.timeout(20) }))).name).toBe(
      'TimeoutError',
    );
    expect((await model.fit(() => cut(4))).epoch).toEqual([0]);
  });

  it('ends with the error of the generator, the model usable', async () => {
    const model = make();
    const broken = function* (): Generator<Pair> {
      yield* cut(7);
      throw new RangeError('the disk is gone');
    };
    expect(await errorOf(() => model.fit(broken))).toEqual({
      name: 'RangeError',
      message: 'the disk is gone',
    });
    expect((await model.fit(() => cut(7))).epoch).toEqual([0]);
  });

  it('holds one batch at a time: what it was given before is given back', async () => {
    const model = sequential([lstm(2), dense(1)], { seed: 1 });
    model.compile({ loss: 'meanSquaredError', optimizer: sgd({ learningRate: 0.01 }) });
    const held: number[] = [];
    const batches = function* () {
      for (let k = 0; k < 400; k++) {
        const data = new Float32Array(40_000).fill(Math.sin(k)); // 64 MB in all, and as much again as samples
        yield [{ data, shape: [100, 20, 20] }, new Float32Array(100)] as const;
        if (k % 40 > 0) continue;
        collectGarbage();
        held.push(process.memoryUsage().arrayBuffers);
      }
    };
    await model.fit(batches);
    expect(held.length).toBe(10);
    expect(Math.max(...held) - (held[0] as number)).toBeLessThan(8e6);
  });
});

/** A place for a checkpoint. */
function box() {
  let kept: Uint8Array | undefined;
  const save = (bytes: Uint8Array) => {
    kept = bytes;
  };
  return { save, load: () => kept };
}

describe('a fit of batches that is broken off', () => {
  /** Batches in a random order of each epoch. */
  const seeded = (epoch: number) =>
    Array.from(cut(4)).sort((a, b) => Math.sin(epoch + (a[1][0] ?? 0)) - Math.sin(epoch * (b[0].length + 1)));

  it.each<[string, () => Batches, object]>([
    ['a function of the epoch', () => seeded, {}],
    ['a function and stepsPerEpoch', () => seeded, { stepsPerEpoch: 3 }],
    ['a generator of all epochs', () => forever(), { stepsPerEpoch: 5 }],
  ])('from %s goes on with the same bits', async (_, source, more) => {
    const whole = make();
    const options = { epochs: 4, validationData: source(), validationSteps: 2, ...more };
    const expected = await whole.fit(source(), options);
    for (let after = 0; after < 12; after += 2) {
      const store = checkpoint({ everySteps: 1, ...box() });
      let left = after;
      const crash: Callback = {
        onBatchBegin: () => {
          if (left-- === 0) throw new Error('crash');
        },
      };
      const broken = make().fit(source(), {
        ...options,
        validationData: source(),
        callbacks: [crash],
        checkpoint: store,
      });
      expect((await errorOf(() => broken)).message).toBe('crash');
      const again = make();
      const resumed = { ...options, validationData: source(), checkpoint: store, resume: true };
      const history = await again.fit(source(), { ...resumed, callbacks: [{ onEpochEnd: () => {} }] });
      expect(logBits(history.history)).toEqual(logBits(expected.history));
      expect(Buffer.compare(serializeModel(again), serializeModel(whole)), `after ${after}`).toBe(0);
    }
  });

  it('is refused other batches than those that it has trained on', async () => {
    const store = checkpoint({ everySteps: 2, ...box() });
    const crash: Callback = {
      onBatchBegin: (batch) => {
        if (batch === 3) throw new Error('crash');
      },
    };
    await errorOf(() => make().fit(() => cut(4), { callbacks: [crash], checkpoint: store }));
    const others = () =>
      Array.from(cut(4), ([rows, targets]) => [rows, targets.map((target) => 1 - target)] as Pair);
    const resumed = { callbacks: [{ onEpochEnd: () => {} }], checkpoint: store, resume: true };
    expect(await errorOf(() => make().fit(others, resumed))).toEqual({
      name: 'ConfigError',
      message:
        'fit: the checkpoint is of a run on other numbers in x, y or sample weights: ' +
        'resume with the data that it began with, or begin anew without resume',
    });
    expect((await errorOf(() => make().fit(() => cut(14), resumed))).message).toBe(
      'fit: the batches of epoch 1 end before where the checkpoint stands: resume with those that it began with',
    );
    expect((await make().fit(() => cut(4), resumed)).epoch).toEqual([0]);
  });
});

describe('evaluate and predict of batches', () => {
  const model = make();

  it('give what the rows give', async () => {
    await model.fit(x, y, { epochs: 2 });
    const expected = model.evaluate(x, y);
    const found = await model.evaluate(promised(3, 1, 5));
    expect(found.auc).toBe(expected.auc);
    expect(found.loss).toBeCloseTo(expected.loss as number, 5);
    expect(await model.evaluate(forever(), { steps: 4 })).toEqual(await model.evaluate(cut(4)));
    const rows = () => Array.from(cut(3), ([each]) => each);
    const { data, shape } = await model.predict(rows);
    expect(shape).toEqual([14, 1]);
    const all = model.predict(x).data;
    data.forEach((value, k) => void expect(value).toBeCloseTo(all[k] as number, 6));
  });

  it('pads outputs of unequal steps to the longest', async () => {
    const tagger = sequential([lstm(2, { returnSequences: true })], { seed: 1 });
    const found = await tagger.predict([x.slice(0, 1), x.slice(1, 4)].values());
    expect(found.shape).toEqual([4, 5, 2]);
    expect(found.lengths).toEqual([2, 3, 4, 5]);
    const alone = tagger.predict(x.slice(0, 1)).data;
    expect(Array.from(found.data.subarray(0, 4))).toEqual(Array.from(alone));
    expect(Array.from(found.data.subarray(4, 10))).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('of two evaluations side by side neither disturbs the other', async () => {
    const alone = await model.evaluate(promised(4));
    expect(await Promise.all([model.evaluate(promised(4)), model.evaluate(promised(4))])).toEqual([
      alone,
      alone,
    ]);
  });

  it('end at a signal', async () => {
    const signal = AbortSignal.timeout(10);
    expect((await errorOf(() => model.evaluate(forever(), { signal }))).name).toBe('TimeoutError');
    const endless = async function* () {
      yield x;
      await new Promise(() => {});
    };
    expect((await errorOf(() => model.predict(endless(), { signal: AbortSignal.timeout(10) }))).name).toBe(
      'TimeoutError',
    );
  });
});

describe('batches that cannot be', () => {
  const train = (batches: unknown, options = {}) => make().fit(batches as Batches, options);
  const once = cut(14);

  it.each<[string, () => unknown, string, string]>([
    [
      'none',
      () => train(() => []),
      'DataError',
      'fit: there are no batches of epoch 1: a generator can be gone through once, so give the function that makes it',
    ],
    [
      'a generator for two epochs',
      () => train(once, { epochs: 2 }),
      'DataError',
      'fit: there are no batches of epoch 2: a generator can be gone through once, so give the function that makes it',
    ],
    [
      'too few',
      () => train(cut(4), { epochs: 2, stepsPerEpoch: 3 }),
      'DataError',
      'fit: the batches of epoch 2 ended after 1 of the 3 that stepsPerEpoch says: give more of them, or a function that makes them anew for each epoch',
    ],
    [
      'too few to validate with',
      () => make().fit(x, y, { validationData: cut(7), validationSteps: 3 }),
      'DataError',
      'fit: validationData: the batches of epoch 1 ended after 2 of the 3 that validationSteps says: give more of them, or a function that makes them anew for each epoch',
    ],
    [
      'a function of nothing',
      () => train(() => undefined),
      'DataError',
      'fit: the function gives undefined: give something to go through, such as a generator',
    ],
    [
      'objects',
      () => train(() => [{ xs: x, ys: y }]),
      'DataError',
      'fit: batch 1 of epoch 1: expected [x, y], or [x, y, sampleWeight], but got an object with xs, ys',
    ],
    [
      'x alone',
      () => train(() => [x]),
      'DataError',
      'fit: batch 1 of epoch 1: expected [x, y], or [x, y, sampleWeight], but got an array of 14',
    ],
    [
      'NaN in the second',
      () =>
        train(() => [
          [x, y],
          [[[[0, Number.NaN]]], [1]],
        ]),
      'DataError',
      "fit: batch 2 of epoch 1: lstm_1 got NaN in row 0, step 0, feature 1: mend it, or mask such steps with { missing: 'mask' }",
    ],
    [
      'of another width',
      () =>
        train(() => [
          [x, y],
          [[[[0]]], [1]],
        ]),
      'ShapeError',
      'fit: batch 2 of epoch 1: lstm_1 expects [batch, steps, 2] but got [batch, 1, 1]: it was built with 2 features',
    ],
    [
      'a y beside them',
      () => make().fit((() => cut(4)) as never, undefined as never, {}),
      'ConfigError',
      'fit: batches bring their y with them: write fit(batches, options)',
    ],
    [
      'batchSize',
      () => train(() => cut(4), { batchSize: 4 }),
      'ConfigError',
      "fit has no option 'batchSize': a batch has the rows that it is given with",
    ],
    [
      'validationSplit',
      () => train(() => cut(4), { validationSplit: 0.5 }),
      'ConfigError',
      "fit has no option 'validationSplit': give validationData, for the last rows are not known beforehand",
    ],
    [
      'half a step',
      () => train(() => cut(4), { stepsPerEpoch: 0.5 }),
      'ConfigError',
      'fit: stepsPerEpoch must be a whole number at least 1 but is 0.5',
    ],
    [
      'stepsPerEpoch of rows',
      () => make().fit(x, y, { stepsPerEpoch: 2 } as never),
      'ConfigError',
      "fit has no option 'stepsPerEpoch': it is for batches that come one by one, and an epoch has all rows of x; give fewer of them",
    ],
    [
      'validationSteps of rows',
      () => make().fit(x, y, { validationData: [x, y], validationSteps: 2 }),
      'ConfigError',
      'fit: validationSteps is for validationData whose batches come one by one: leave it out',
    ],
    [
      'an evaluation of none',
      () => make().evaluate([].values()),
      'DataError',
      'evaluate: there are no batches',
    ],
    [
      'an evaluation by an unknown option',
      () => make().evaluate(cut(4), { batchSize: 4 } as never),
      'ConfigError',
      "evaluate has no option 'batchSize': a batch has the rows that it is given with",
    ],
    [
      'drawn predictions',
      () => make().predict([x].values(), { samples: 3 } as never),
      'ConfigError',
      "predict has no option 'samples': it is for x as a whole; call predict for each of the batches",
    ],
  ])('%s', async (_, work, name, message) => {
    expect(await errorOf(work)).toEqual({ name, message });
  });
});
