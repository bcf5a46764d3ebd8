/** The training loop: what is trained on, in which order, with which bits, and what runs beside it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import {
  adam,
  type Callback,
  dense,
  dropout,
  type FitOptions,
  type Logs,
  lstm,
  type MetricName,
  sequential,
  sgd,
  type Tensor,
} from '../../src/index.js';
import { errorOf, isClose, logBits, randomSequences, weightBits } from '../support/bits.js';

const lengths = [5, 3, 4, 5, 2, 5, 1, 3, 4, 5, 5];
const x = randomSequences(6, lengths, 2);
const y = lengths.map((_, row) => row % 2);

/** A model in which everything random is at work. */
function make(seed = 1, metrics: MetricName[] = ['accuracy', 'auc']) {
  const layers = [
    lstm(4, { returnSequences: true, dropout: 0.2, recurrentDropout: 0.2 }),
    dropout(0.3),
    lstm(3),
    dense(1, { activation: 'sigmoid' }),
  ];
  const model = sequential(layers, { seed });
  model.compile({ optimizer: adam({ learningRate: 0.02 }), loss: 'binaryCrossentropy', metrics });
  return model;
}

/** A model whose running mean tells which row it has just seen: row r costs r squared. */
function rowTeller(seed?: number) {
  const model = sequential([dense(1, { kernelInitializer: 'zeros' })], seed === undefined ? {} : { seed });
  model.compile({ loss: 'meanSquaredError', optimizer: sgd({ learningRate: 0 }) });
  return model;
}

/** The order in which `fit` takes the rows, epoch by epoch. */
async function ordersOf(
  model: ReturnType<typeof rowTeller>,
  rows: number,
  options: FitOptions,
): Promise<number[][]> {
  const orders: number[][] = [];
  let sum = 0;
  const teller: Callback = {
    onEpochBegin: () => {
      orders.push([]);
      sum = 0;
    },
    onBatchEnd: (batch, { loss = 0 }) => {
      const cost = loss * (batch + 1) - sum;
      sum += cost;
      orders.at(-1)?.push(Math.round(Math.sqrt(Math.max(0, cost))));
    },
  };
  const rowNumbers = Array.from({ length: rows }, (_, row) => [row]);
  await model.fit(rowNumbers, rowNumbers, { batchSize: 1, ...options, callbacks: [teller] });
  return orders;
}

const sorted = (order: readonly number[]) => [...order].sort((a, b) => a - b);
const natural = (rows: number) => Array.from({ length: rows }, (_, row) => row);

describe('the order of the rows', () => {
  it('is a new permutation of all of them every epoch', async () => {
    const orders = await ordersOf(rowTeller(3), 20, { epochs: 6 });
    for (const order of orders) expect(sorted(order)).toEqual(natural(20));
    expect(new Set(orders.map(String)).size).toBe(6);
    expect(orders.map(String)).not.toContain(String(natural(20)));
  });

  it('comes from the seed', async () => {
    const first = await ordersOf(rowTeller(3), 20, { epochs: 3 });
    expect(await ordersOf(rowTeller(3), 20, { epochs: 3 })).toEqual(first);
    expect(await ordersOf(rowTeller(4), 20, { epochs: 3 })).not.toEqual(first);
  });

  it('goes on in a second fit where the first stopped', async () => {
    const whole = await ordersOf(rowTeller(3), 20, { epochs: 5 });
    const model = rowTeller(3);
    const parts = [
      ...(await ordersOf(model, 20, { epochs: 2 })),
      ...(await ordersOf(model, 20, { epochs: 3 })),
    ];
    expect(parts).toEqual(whole);
  });

  it('is that of the data with shuffle: false', async () => {
    expect(await ordersOf(rowTeller(), 7, { epochs: 2, shuffle: false })).toEqual([natural(7), natural(7)]);
  });

  it('leaves out the validation rows, which are cut from the end before shuffling', async () => {
    const orders = await ordersOf(rowTeller(3), 10, { epochs: 3, validationSplit: 0.25 });
    for (const order of orders) expect(sorted(order)).toEqual(natural(7));
  });

  it('is without bias over first places', async () => {
    const counts = new Array(5).fill(0);
    for (const [first = 0] of await ordersOf(rowTeller(12), 5, { epochs: 1000 })) counts[first]++;
    for (const count of counts) expect(Math.abs(count - 200)).toBeLessThan(60);
  });
});

describe('validationSplit', () => {
  it('trains on the first floor(rows * (1 - split)) rows and validates on the others', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 30 }),
        fc.double({ min: 0.01, max: 0.95, noNaN: true }),
        async (rows, split) => {
          const kept = Math.floor(rows * (1 - split));
          const all = natural(rows).map((row) => [row]);
          const model = rowTeller();
          if (kept === 0) {
            const message = 'there is no row left to train on: the validation split took them all';
            expect(await errorOf(() => model.fit(all, all, { validationSplit: split }))).toEqual({
              name: 'DataError',
              message,
            });
            return;
          }
          const { history } = await model.fit(all, all, { validationSplit: split });
          const mean = (from: number, to: number) =>
            natural(rows)
              .slice(from, to)
              .reduce((sum, row) => sum + row * row, 0) /
            (to - from);
          expect(isClose(history.loss?.[0] as number, mean(0, kept), 1e-6)).toBe(true);
          expect(isClose(history.val_loss?.[0] as number, mean(kept, rows), 1e-6)).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('is the same as handing over the slices, ragged rows and weights included', async () => {
    const sampleWeight = lengths.map((_, row) => 1 + row / 10);
    const whole = make();
    const { history } = await whole.fit(x, y, {
      validationSplit: 0.3,
      epochs: 3,
      batchSize: 2,
      sampleWeight,
    });
    const cut = Math.floor(11 * 0.7);
    const parts = make();
    const sliced = await parts.fit(x.slice(0, cut), y.slice(0, cut), {
      sampleWeight: sampleWeight.slice(0, cut),
      validationData: [x.slice(cut), y.slice(cut), sampleWeight.slice(cut)],
      epochs: 3,
      batchSize: 2,
    });
    expect(logBits(sliced.history)).toEqual(logBits(history));
    expect(weightBits(parts)).toEqual(weightBits(whole));
    expect(Object.keys(history)).toEqual(['loss', 'accuracy', 'auc', 'val_loss', 'val_accuracy', 'val_auc']);
  });
});

describe('the bits of training', () => {
  const options = { epochs: 5, batchSize: 3, validationSplit: 0.2 } as const;

  it('are the same run after run from the same seed, and others from another', async () => {
    const [a, b, c] = [make(7), make(7), make(8)];
    const history = (await a.fit(x, y, options)).history;
    expect(logBits((await b.fit(x, y, options)).history)).toEqual(logBits(history));
    await c.fit(x, y, options);
    expect(weightBits(b)).toEqual(weightBits(a));
    expect(weightBits(c)).not.toEqual(weightBits(a));
  });

  it('of two epochs and then three are those of five', async () => {
    const [whole, parts] = [make(7), make(7)];
    const { history } = await whole.fit(x, y, options);
    const first = await parts.fit(x, y, { ...options, epochs: 2 });
    const second = await parts.fit(x, y, { ...options, epochs: 3 });
    expect([...(first.history.loss ?? []), ...(second.history.loss ?? [])]).toEqual(history.loss);
    expect(weightBits(parts)).toEqual(weightBits(whole));
    expect(second.epoch).toEqual([0, 1, 2]);
  });

  it('do not change by evaluate, predict, testOnBatch, getWeights and fresh batch shapes in callbacks', async () => {
    const [plain, busy] = [make(7), make(7)];
    const longer = randomSequences(
      9,
      Array.from({ length: 40 }, (_, row) => 1 + (row % 9)),
      2,
    );
    const look = () => {
      busy.evaluate(x, y);
      busy.predict(longer, { batchSize: 40 });
      busy.testOnBatch(x.slice(0, 2), y.slice(0, 2));
      busy.getWeights();
    };
    const { history } = await plain.fit(x, y, options);
    const found = await busy.fit(x, y, {
      ...options,
      callbacks: [
        { onTrainBegin: look, onEpochBegin: look, onBatchBegin: look, onBatchEnd: look, onEpochEnd: look },
      ],
    });
    expect(logBits(found.history)).toEqual(logBits(history));
    expect(weightBits(busy)).toEqual(weightBits(plain));
  });

  it('have an order of rows that does not hang on whether anything is dropped', async () => {
    const state = async (rate: number) => {
      const model = sequential([dropout(rate), lstm(2, { recurrentDropout: rate }), dense(1)], { seed: 7 });
      model.compile({ loss: 'huber' });
      await model.fit(x, y, { epochs: 3 });
      return model.internals.network?.shuffling.state();
    };
    expect(await state(0.5)).toEqual(await state(0));
  });

  it('hang on the seed in the model alone, not on what the model predicted before', async () => {
    const [a, b] = [make(7), make(7)];
    b.predict(x);
    b.evaluate(x, y);
    await a.fit(x, y, options);
    await b.fit(x, y, options);
    expect(weightBits(b)).toEqual(weightBits(a));
  });
});

describe('an epoch', () => {
  /** One weight, one feature: what each update makes of it, by hand. */
  it('updates after each batch, the last smaller one by the mean over its own rows', async () => {
    const model = sequential([dense(1, { useBias: false })], { precision: 'float64' });
    model.compile({ loss: 'meanSquaredError', optimizer: sgd({ learningRate: 0.1 }) });
    model.build([1]);
    model.setWeights({ 'dense_1/kernel': { data: Float64Array.of(0.5), shape: [1, 1] } });
    const rows = [1, 2, -1, 0.5, 3];
    const targets = [2, 1, 0, 1, -1];
    let w = 0.5;
    const losses: number[] = [];
    for (const batch of [[0, 1], [2, 3], [4]]) {
      const errors = batch.map((row) => w * (rows[row] as number) - (targets[row] as number));
      losses.push(...errors.map((error) => error * error));
      const gradient = errors.reduce(
        (sum, error, n) => sum + 2 * error * (rows[batch[n] as number] as number),
        0,
      );
      w -= (0.1 * gradient) / batch.length;
    }
    const batches: number[] = [];
    const { history } = await model.fit(
      rows.map((value) => [value]),
      targets,
      { batchSize: 2, shuffle: false, callbacks: [{ onBatchEnd: (batch) => void batches.push(batch) }] },
    );
    expect(batches).toEqual([0, 1, 2]);
    expect(isClose((model.getWeights()['dense_1/kernel'] as Tensor).data[0] as number, w)).toBe(true);
    expect(isClose(history.loss?.[0] as number, losses.reduce((sum, loss) => sum + loss, 0) / 5)).toBe(true);
  });

  it('of a batch larger than the data is one update', async () => {
    const model = make();
    await model.fit(x, y, { batchSize: 1000, epochs: 2 });
    expect(model.internals.network?.optimizer.iterations).toBe(2);
  });

  it('may be none at all', async () => {
    const model = make();
    expect(await model.fit(x, y, { epochs: 0 })).toEqual({ epoch: [], history: {} });
  });
});

describe('fit and other calls', () => {
  it('a fit, a trainOnBatch and a compile while fit runs are ConfigErrors that disturb nothing', async () => {
    const [plain, model] = [make(7), make(7)];
    await plain.fit(x, y, { epochs: 2 });
    const errors: { name: string; message: string }[] = [];
    const disturb = async () => {
      errors.push(await errorOf(() => model.fit(x, y)));
      errors.push(await errorOf(() => model.trainOnBatch(x, y)));
      errors.push(await errorOf(() => model.compile({ loss: 'meanSquaredError' })));
    };
    const running = model.fit(x, y, { epochs: 2, callbacks: [{ onEpochEnd: disturb }] });
    await disturb();
    await running;
    expect(errors.length).toBe(9);
    errors.forEach(({ name, message }, n) => {
      const method = ['fit', 'trainOnBatch', 'compile'][n % 3];
      expect(name).toBe('ConfigError');
      expect(message).toBe(`${method} was called while fit is running: await fit first`);
    });
    expect(weightBits(model)).toEqual(weightBits(plain));
    await model.fit(x, y);
  });

  it('fit without a compile, and without y, say what is missing', async () => {
    const model = sequential([dense(1)]);
    expect(await errorOf(() => model.fit([[1]], [1]))).toEqual({
      name: 'ConfigError',
      message: 'fit needs a compiled model: call model.compile({ loss: ... }) first',
    });
    model.compile({ loss: 'huber' });
    expect(await errorOf(() => model.fit([[1]], undefined as never))).toEqual({
      name: 'DataError',
      message: 'y is missing: fit and evaluate take (x, y, options)',
    });
  });

  it('trainOnBatch is an epoch of one batch, and reports what was before it', async () => {
    const [a, b] = [make(7), make(7)];
    const before: Logs = {};
    const { history } = await a.fit(x, y, { batchSize: 100, shuffle: false });
    Object.assign(before, b.trainOnBatch(x, y));
    expect(weightBits(b)).toEqual(weightBits(a));
    expect(before).toEqual(
      Object.fromEntries(Object.entries(history).map(([name, [value]]) => [name, value])),
    );
  });
});

describe('options of fit', () => {
  const wrong: [string, FitOptions, string][] = [
    ['epochs', { epochs: -1 }, 'fit: epochs must be a number at least 0 but is -1'],
    ['half an epoch', { epochs: 0.5 }, 'fit: epochs must be a whole number at least 0 but is 0.5'],
    ['batchSize', { batchSize: 0 }, 'fit: batchSize must be a number at least 1 but is 0'],
    [
      'batchSize as text',
      { batchSize: '32' as never },
      "fit: batchSize must be a whole number at least 1 but is '32'",
    ],
    ['shuffle', { shuffle: 'batch' as never }, "fit: shuffle must be true or false but is 'batch'"],
    [
      'validationSplit',
      { validationSplit: 1 },
      'fit: validationSplit must be a number at least 0 and below 1 but is 1',
    ],
    ['verbose', { verbose: 3 as never }, 'fit: verbose is 0, 1 or 2 but is 3'],
    ['missing', { missing: 'skip' as never }, "missing is 'error' or 'mask' but is 'skip'"],
    ['callbacks', { callbacks: {} as never }, 'fit: callbacks is an array but is an object with nothing'],
    [
      'validation twice',
      { validationSplit: 0.1, validationData: [x, y] },
      'fit takes validationData or validationSplit, not both',
    ],
    [
      'validationData',
      { validationData: { x, y } as never },
      'fit: validationData is [x, y], [x, y, sampleWeight], or batches of them, but is an object with x, y',
    ],
    ['classWeight', { classWeight: { 5: 1 } }, "fit: classWeight has a class '5' and the classes are 0 to 1"],
    [
      'initialEpoch',
      { initialEpoch: 2 },
      'fit: initialEpoch must be a number at least 0 and at most 1 but is 2',
    ],
    ['validationFreq', { validationFreq: 0 }, 'fit: validationFreq must be a number at least 1 but is 0'],
    [
      'a signal that is its controller',
      { signal: new AbortController() as never },
      'fit: signal is that of an AbortController, controller.signal, but is an object with nothing',
    ],
    [
      'a path for a checkpoint',
      { checkpoint: { path: 'run.safetensors', everySteps: 10 } as never },
      'fit: checkpoint is an object with path, everySteps: make it with fileCheckpoint(path, { everySteps: 100 }) of ' +
        "'longhand/node', or with checkpoint({ save, load, everySteps: 100 }) where there are no files",
    ],
    [
      'resume from nothing',
      { resume: true },
      'fit: resume needs a checkpoint to go on from: ' +
        "{ checkpoint: fileCheckpoint('run.safetensors', { everySteps: 100 }) }",
    ],
    [
      'onProgress that is no function',
      { onProgress: {} as never },
      'fit: onProgress is a function but is an object with nothing',
    ],
    [
      'a misspelt name',
      { batch_size: 3 } as never,
      "fit: option 'batch_size' is not known: did you mean 'batchSize'?",
    ],
  ];

  it.each(wrong)('%s: a ConfigError, and fit can be called again', async (_what, options, message) => {
    const model = make();
    expect(await errorOf(() => model.fit(x, y, options))).toEqual({ name: 'ConfigError', message });
    await model.fit(x, y);
  });

  it('of evaluate, predict and the batch methods are checked too', async () => {
    const model = make();
    const wrongOption = (method: string, known: string) =>
      ({ name: 'ConfigError', message: `${method}: option 'batchsize' is not known: ${known}` }) as const;
    const batchsize = { batchsize: 3 } as never;
    const mend = "did you mean 'batchSize'?";
    expect(await errorOf(() => model.evaluate(x, y, batchsize))).toEqual(wrongOption('evaluate', mend));
    expect(await errorOf(() => model.predict(x, batchsize))).toEqual(wrongOption('predict', mend));
    expect(await errorOf(() => model.trainOnBatch(x, y, batchsize))).toEqual(
      wrongOption('trainOnBatch', 'use one of sampleWeight'),
    );
    expect(await errorOf(() => model.testOnBatch(x, y, batchsize))).toEqual(
      wrongOption('testOnBatch', 'use one of sampleWeight'),
    );
    expect(await errorOf(() => model.predict(x, { batchSize: 0 }))).toEqual({
      name: 'ConfigError',
      message: 'predict: batchSize must be a number at least 1 but is 0',
    });
  });
});

describe('fit lets other things run', () => {
  /** Counts the turns of the event loop while `work` runs. */
  async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
    let turns = 0;
    let isDone = false;
    const tick = () => {
      if (isDone) return;
      turns++;
      setTimeout(tick, 0);
    };
    setTimeout(tick, 0);
    await work();
    isDone = true;
    return turns;
  }

  const random = new Random(4);
  const wide = Array.from({ length: 64 }, () =>
    Array.from({ length: 30 }, () => Array.from({ length: 4 }, () => random.normal())),
  );
  const targets = wide.map((_, row) => row % 2);
  const many = Array.from({ length: 20 }, () => wide).flat();
  const manyTargets = many.map((_, row) => row % 2);

  it('gives way to the event loop within an epoch', async () => {
    const model = sequential([lstm(24), dense(1, { activation: 'sigmoid' })], {
      seed: 1,
      backend: 'reference',
    });
    model.compile({ loss: 'binaryCrossentropy' });
    const began = performance.now();
    const turns = await turnsDuring(() => model.fit(many, manyTargets, { batchSize: 8 }));
    const elapsed = performance.now() - began;
    expect(turns).toBeGreaterThan(elapsed / 200 - 1);
  });

  it('gives way while it validates, and an evaluation in between disturbs neither', async () => {
    const make = () => {
      const model = sequential([lstm(24), dense(1, { activation: 'sigmoid' })], {
        seed: 1,
        backend: 'reference',
      });
      model.compile({ loss: 'binaryCrossentropy', metrics: ['auc', 'accuracy'] });
      return model;
    };
    const [plain, busy] = [make(), make()];
    const options = { batchSize: 8, validationData: [many, manyTargets] as const };
    const { history } = await plain.fit(wide.slice(0, 2), targets.slice(0, 2), options);
    const alone = plain.evaluate(wide, targets);
    let validating = 0;
    let isValidating = false;
    const onBatchEnd = () => {
      isValidating = true;
    };
    const onEpochEnd = () => {
      isValidating = false;
    };
    const timer = setInterval(() => {
      if (!isValidating) return;
      validating++;
      expect(busy.evaluate(wide, targets)).toEqual(alone);
    }, 1);
    const found = await busy.fit(wide.slice(0, 2), targets.slice(0, 2), {
      ...options,
      callbacks: [{ onBatchEnd, onEpochEnd }],
    });
    clearInterval(timer);
    expect(validating).toBeGreaterThan(1);
    expect(logBits(found.history)).toEqual(logBits(history));
  });
});
