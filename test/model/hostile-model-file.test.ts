/** Files that were damaged or made to do harm: a FormatError, or a model that works; nothing else, and soon. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type FloatTensor,
  readSafetensors,
  type StoredTensor,
  writeSafetensors,
} from '../../src/core/safetensors.js';
import {
  adam,
  cosineDecay,
  dense,
  deserializeModel,
  type FloatArray,
  FormatError,
  LonghandError,
  l2,
  lstm,
  masking,
  type Sequential,
  sequential,
  serializeModel,
} from '../../src/index.js';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

// biome-ignore lint/suspicious/noExplicitAny: what a hostile file says has no type
type Anything = any;

/** The parts of a file, to be tampered with. */
interface Parts {
  model: Anything;
  training: Anything;
  tensors: Map<string, StoredTensor>;
  metadata: Record<string, string>;
}

const x = [
  [
    [1, -1],
    [0.5, 2],
    [-1, 0.25],
  ],
  [
    [0.1, 0.2],
    [3, -3],
    [1, 0],
  ],
];
const y = [1, 0];

const bytes = serializeModel(makeModel());

function makeModel(): Sequential {
  const model = sequential(
    [
      masking({ maskValue: 9 }),
      lstm(2, { recurrentDropout: 0.25, kernelRegularizer: l2(0.01) }),
      dense(1, { activation: 'sigmoid' }),
    ],
    { seed: 1 },
  );
  const learningRate = cosineDecay({ initialLearningRate: 0.01, decaySteps: 9 });
  model.compile({ optimizer: adam({ learningRate }), loss: 'binaryCrossentropy', metrics: ['auc'] });
  model.trainOnBatch(x, y);
  return model;
}

function tamper(change: (parts: Parts) => void): Uint8Array {
  const { tensors, metadata } = readSafetensors(bytes);
  const parts: Parts = {
    model: JSON.parse(metadata['longhand.model'] as string),
    training: JSON.parse(metadata['longhand.training'] as string),
    tensors,
    metadata: {},
  };
  change(parts);
  return writeSafetensors(parts.tensors, {
    'longhand.format': '1',
    'longhand.model': JSON.stringify(parts.model),
    ...(parts.training === undefined ? {} : { 'longhand.training': JSON.stringify(parts.training) }),
    ...parts.metadata,
  });
}

/** The message with which a file is refused, after it took no more memory than the file calls for. */
function refusal(file: Uint8Array): string {
  const memory = process.memoryUsage().arrayBuffers;
  let message: string | undefined;
  try {
    deserializeModel(file);
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    ({ message } = error as FormatError);
  }
  expect(process.memoryUsage().arrayBuffers - memory).toBeLessThan(2 * file.length + 20_000_000);
  if (message === undefined) throw new Error('the file was read');
  expect(message).not.toContain('\n');
  expect(message.length).toBeLessThan(2000);
  return message;
}

/** A file is refused, or holds a model that predicts, evaluates, trains and is saved again. */
function check(file: Uint8Array): 'refused' | 'works' {
  let model: Sequential<FloatArray>;
  try {
    model = deserializeModel(file);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return 'refused';
  }
  const steps = model.internals.network?.inputShapes[0]?.[0];
  // Such a model wants rows of its own length, and says so; it is not asked for more.
  if (steps !== null && steps !== x[0]?.length) return 'works';
  expect(serializeModel(model).length).toBeLessThan(2 * file.length);
  // Weights of any size may be in a file, and then the arithmetic overflows.
  const isSane = Object.values(model.getWeights()).every(({ data }) => data.every((w) => Math.abs(w) < 1e4));
  try {
    const { data } = model.predict(x);
    if (isSane) expect(data.every(Number.isFinite)).toBe(true);
    if (model.internals.compiled) {
      model.evaluate(x, y);
      expect(model.learningRate).toBeGreaterThanOrEqual(0);
      model.trainOnBatch(x, y);
    }
  } catch (error) {
    // A model of another loss, mask or output than this data is for.
    if (!(error instanceof LonghandError)) throw error;
  }
  return 'works';
}

function zeros(shape: number[]): StoredTensor {
  return { dtype: 'F32', shape, data: new Float32Array(shape.reduce((size, axis) => size * axis, 1)) };
}

/** A vector of zeros but for the last number. */
function endingOn(value: number, length: number): StoredTensor {
  const tensor = zeros([length]);
  tensor.data[length - 1] = value;
  return tensor;
}

/** Puts a value at a place such as `model.layers.0.name`, or takes away what is there. */
function put(parts: Parts, path: string, value: unknown): void {
  const keys = path.split('.').map((key) => key.replace('longhand/', 'longhand.'));
  const last = keys.pop() as string;
  let holder: Anything = parts;
  for (const key of keys) holder = holder[key];
  if (holder instanceof Map) value === undefined ? holder.delete(last) : holder.set(last, value);
  else if (value === undefined) delete holder[last];
  else Object.defineProperty(holder, last, { value, enumerable: true, configurable: true, writable: true });
}

const nested = (depth: number): Json => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as Json;

describe('a damaged file', () => {
  it('is what it should be when it is whole', () => {
    expect(check(bytes)).toBe('works');
    expect(
      Buffer.compare(
        tamper(() => {}),
        bytes,
      ),
    ).toBe(0);
  });

  it('is refused wherever it is cut', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(() => deserializeModel(bytes.subarray(0, length))).toThrow(FormatError);
    }
  });

  it('is refused with more behind it', () => {
    for (const more of [1, 3, 8, 1000]) {
      const longer = new Uint8Array(bytes.length + more);
      longer.set(bytes);
      expect(() => deserializeModel(longer)).toThrow(FormatError);
    }
  });

  it('is refused or works, whatever bytes are changed in it', () => {
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
    const outcomes = { refused: 0, works: 0 };
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const damaged = bytes.slice();
        for (const [at, byte] of changes) damaged[at] = byte;
        outcomes[check(damaged)]++;
      }),
      { numRuns: 3000 },
    );
    expect(outcomes.refused).toBeGreaterThan(100);
    expect(outcomes.works).toBeGreaterThan(100);
  });

  it('is refused or works, whatever is cut out of it or put into it', () => {
    const cut = fc.record({
      at: fc.nat(bytes.length),
      gone: fc.nat(20),
      put: fc.uint8Array({ maxLength: 20 }),
    });
    fc.assert(
      fc.property(cut, ({ at, gone, put }) => {
        check(Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + gone)]));
      }),
      { numRuns: 1000 },
    );
  });
});

/** Every place in a JSON document: the object or array, and the key in it. */
function placesIn(value: Json): [Anything, string][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.keys(value).flatMap((key) => [
    [value, key] as [Anything, string],
    ...placesIn((value as Anything)[key]),
  ]);
}

const strange: Json[] = [
  ...[null, true, false, 0, -0, 1, 2, 3, -1, 0.5, 1e9, 1e15, 2 ** 53, 1e308, -1e308, '', 'x', '1', 'lstm'],
  ...['dense', 'dropout', 'input', 'masking', 'activation', 'l1', 'sgd', 'huber', 'relu', 'softmax', 'zeros'],
  ...['__proto__', 'constructor', 'toString', 'float64', 'optimizer', 'a/b', '\ud800', 'n'.repeat(5000)],
  ...[[], {}, [null], [1, 2], [0, 0, 0, 0], [1e9, 1e9], ['x'], nested(100)],
  ...[{ name: 'l2' }, { name: 'adam', bind: 1 }, { bind: 1, stateNames: ['m'], clip: {}, learningRate: 1 }],
  ...[{ kernels: 1 }, { at: 1 }, { fill: 1 }, { addGradient: 1 }, { type: 'dropout', name: 'd', rate: 0.5 }],
  ...[{ length: 1e9 }, { name: 'sgd', momentum: 0.5 }, { name: 'mse' }, { name: 'meanSquaredError' }],
  JSON.parse('{"__proto__": {"units": 3}, "constructor": {"name": "x"}}') as Json,
];

type Change = {
  where: 'model' | 'training';
  place: number;
  how: 'set' | 'delete' | 'add' | 'copy';
  value: Json;
};

const change = fc.record<Change>({
  where: fc.constantFrom('model', 'model', 'training'),
  place: fc.nat(),
  how: fc.constantFrom('set', 'set', 'set', 'delete', 'add', 'copy'),
  value: fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...strange) },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json> },
  ),
});

function otherValue(places: [Anything, string][], place: number): Json {
  const [holder, key] = places[(place >>> 8) % places.length] as [Anything, string];
  return holder[key];
}

function apply(change: Change, parts: Parts): void {
  const { where, place, how, value } = structuredClone(change); // or one change would change another
  const places = placesIn(parts[where]);
  if (places.length === 0) {
    parts[where] = value;
    return;
  }
  const [holder, key] = places[place % places.length] as [Anything, string];
  if (how === 'set') holder[key] = value;
  else if (how === 'copy' && Array.isArray(holder)) holder.push(structuredClone(holder[Number(key)]));
  else if (how === 'copy') holder[key] = structuredClone(otherValue(places, place));
  else if (how === 'add') holder[typeof value === 'string' ? value : 'extra'] = value;
  else if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else delete holder[key];
}

const tensorChange = fc.record({
  place: fc.nat(),
  how: fc.constantFrom('drop', 'rename', 'reshape', 'widen', 'spoil', 'add'),
  name: fc.constantFrom(
    '__proto__',
    'x',
    'lstm_1/kernel',
    'optimizer/m/x',
    'optimizer/',
    'optimizer',
    '',
    'a',
  ),
  number: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 3.4e38, -3.4e38, 1e-45, 0),
});

describe('a tampered file', () => {
  it('is refused or works, whatever its metadata say', () => {
    const outcomes = { refused: 0, works: 0 };
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const file = tamper((parts) => {
          for (const each of changes) apply(each, parts);
        });
        outcomes[check(file)]++;
      }),
      { numRuns: 4000 },
    );
    expect(outcomes.refused).toBeGreaterThan(1000);
    expect(outcomes.works).toBeGreaterThan(50);
  });

  it('is refused or works, whatever text stands for its metadata', () => {
    const texts = fc.record({
      'longhand.format': fc.constantFrom('1', '1', '1', '', '2', '__proto__'),
      'longhand.model': fc.oneof(
        fc.json(),
        fc.string(),
        fc.constantFrom('null', '[]', '{}', '"', '{"type":1}'),
      ),
      'longhand.training': fc.oneof(fc.json(), fc.string(), fc.constantFrom('null', '[]', '{}', '1e999')),
    });
    fc.assert(
      fc.property(texts, (metadata) => {
        refusal(tamper((parts) => Object.assign(parts.metadata, metadata)));
      }),
      { numRuns: 300 },
    );
  });

  it('is refused or works, whatever its tensors are', () => {
    fc.assert(
      fc.property(fc.array(tensorChange, { minLength: 1, maxLength: 3 }), (changes) => {
        const file = tamper(({ tensors }) => {
          for (const { place, how, name, number } of changes) {
            const names = [...tensors.keys()];
            const at = names[place % names.length] as string;
            const { shape, data } = tensors.get(at) as FloatTensor;
            if (how === 'drop' || how === 'rename') tensors.delete(at);
            if (how === 'rename') tensors.set(name, { dtype: 'F32', shape, data: Float32Array.from(data) });
            if (how === 'reshape') tensors.set(at, zeros([...shape, 2]));
            if (how === 'widen') tensors.set(at, { dtype: 'F64', shape, data: Float64Array.from(data) });
            if (how === 'spoil') data[place % data.length] = number;
            if (how === 'add') tensors.set(name, zeros([1]));
          }
        });
        check(file);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a file that claims', () => {
  const texts = (count: number) => Array.from({ length: count }, (_, i) => `${i}`);
  const dropouts = (count: number) => texts(count).map((name) => ({ type: 'dropout', name, rate: 0 }));

  /** What the message holds, the place in the file's parts, and what is put there; nothing takes it away. */
  const claims: [string, string, unknown?][] = [
    ['[2, 8] where its model needs [2, 4000000000]', 'model.layers.1.units', 1e9],
    ['lstm: units must be a whole number', 'model.layers.1.units', 1e300],
    ['lstm takes the number of units first', 'model.layers.1.units', { units: 2 }],
    ['[2, 8] where its model needs [1000000000000, 8]', 'model.inputShape', [null, 1e12]],
    ['the number of steps must be a whole number', 'model.inputShape', [1e300, 2]],
    ['the input shape is [features]', 'model.inputShape'],
    ['masking_1 expects [batch, steps, features] but got [batch, 2]', 'model.inputShape', [2]],
    ["a tensor 'lstm_1/kernel' that does not belong", 'model.layers', []],
    ['a model of type', 'model.layers', { length: 3 }],
    ['a layer of type null', 'model.layers.0', null],
    ["a layer of type 'tree', which this version does not know", 'model.layers.1.type', 'tree'],
    ["a layer of type '__proto__'", 'model.layers.1.type', '__proto__'],
    ['layer 1 has options that this version does not understand', 'model.layers.1.type', ['lstm']],
    ['an input comes first', 'model.layers.3', { type: 'input', name: 'i', shape: [1] }],
    ["two layers are named 'lstm_1'", 'model.layers.2.name', 'lstm_1'],
    ['text without a slash', 'model.layers.1.name', 'lstm_1/kernel'],
    ['name is text', 'model.layers.1.name', 1],
    ["option 'peephole' is not known", 'model.layers.1.peephole', true],
    ["option '__proto__' is not known", 'model.layers.1.__proto__', { units: 9 }],
    ['lstm: recurrentDropout must be a number', 'model.layers.1.recurrentDropout', 1],
    ['returnSequences must be true or false', 'model.layers.1.returnSequences', 'no'],
    ["activation 'constructor' is not known", 'model.layers.1.activation', 'constructor'],
    ['layer 1 has options that', 'model.layers.1.kernelInitializer', { fill: 1, config: { name: 'zeros' } }],
    ['layer 1 has options that', 'model.layers.1.kernelRegularizer', { addGradient: 1, config: 1 }],
    [
      "option 'targetKind' is not known",
      'training.loss',
      { name: 'huber', targetKind: 'values', kernels: 1 },
    ],
    ['learningRate is a number or a schedule', 'training.optimizer.learningRate', { at: 1 }],
    ['learningRate is a number or a schedule', 'training.optimizer.learningRate', { config: 1 }],
    ["schedule 'toString' is not known", 'training.optimizer.learningRate', { name: 'toString' }],
    [
      "learningRate of warmup: schedule 'x' is not known",
      'training.optimizer.learningRate',
      { name: 'warmup', steps: 1, learningRate: { name: 'x' } },
    ],
    [
      'batches that wait for an update must be a number at least 1 and below 1',
      'training.waiting',
      { batches: 1, count: 1 },
    ],
    ['batches that wait for an update must be a whole number', 'training.waiting', null],
    ['optimizer has options that', 'training.optimizer', { bind: 1, stateNames: texts(9999), clip: {} }],
    ['a model of 1001 layers', 'model.layers', dropouts(1001)],
    ['more than any model has', 'model.layers', dropouts(20_000)],
    ['more than any model has', 'model.layers.1.name', 'n'.repeat(1e6)],
    ['more than any model has', `model.layers.1.${'n'.repeat(1e6)}`, 1],
    ['more than any model has', 'model.note', texts(3000).map((text) => text.padEnd(1000))],
    ['more than any model has', 'model.note', nested(100)],
    ['more than any model has', 'training.metrics', texts(100_000)],
    ['more than any model has', 'metadata.longhand/model', '['.repeat(1e6) + ']'.repeat(1e6)],
    ['more than any model has', 'metadata.longhand/model', '['.repeat(1e7)],
    ["metric 'f7' is not known", 'training.metrics', ['f7']],
    ["metric 'auc' is asked for twice", 'training.metrics', new Array(9999).fill('auc')],
    ['metrics are no array', 'training.metrics', { length: 1 }],
    ['cannot be computed', 'training.metrics', ['sparseCategoricalAccuracy']],
    ["loss 'toString' is not known", 'training.loss', { name: 'toString' }],
    ['loss is a name or one itself', 'training.loss'],
    ['optimizer is a name or one itself', 'training.optimizer'],
    ["optimizer 'ftrl' is not known", 'training.optimizer.name', 'ftrl'],
    ['excludeFromWeightDecay is an array of names', 'training.optimizer.excludeFromWeightDecay', 'bias'],
    [
      "learningRateFactors names 'lstm_9' but the weights are",
      'training.optimizer.learningRateFactors',
      { lstm_9: 1 },
    ],
    ['adam: learningRate must be a number at least 0', 'training.optimizer.learningRate', -1],
    ['optimizer is a name or one itself', 'metadata.longhand/training', '[]'],
    ["'longhand.training' is not an object but 3", 'metadata.longhand/training', '3'],
    ["'longhand.model' is not an object but null", 'metadata.longhand/model', 'null'],
    ["'longhand.model' is not JSON", 'metadata.longhand/model', '{'],
    ["a model of type 'transformer'", 'model.type', 'transformer'],
    ['the number of updates must be a number at least 0', 'training.iterations', -1],
    ['the number of updates must be a whole number', 'training.iterations', 0.5],
    ['the seed must be a whole number', 'model.seed'],
    ["precision 'float16'", 'model.precision', 'float16'],
    ['is F32 where its model is F64', 'model.precision', 'float64'],
    ['lacks the state of the random numbers for shuffling', 'model.random'],
    ['lacks the state of the random numbers for dropout', 'model.random.dropout', [1, 2, 3]],
    ['lacks the state of the random numbers for dropout', 'model.random.dropout.2', 2 ** 40],
    ['lacks the state of the random numbers for shuffling', 'model.random.shuffling', '1234'],
    ["lacks the tensor 'lstm_1/recurrentKernel' [2, 8]", 'tensors.lstm_1/recurrentKernel'],
    ["a tensor 'lstm_2/kernel' that does not belong", 'tensors.lstm_2/kernel', zeros([1])],
    ["a tensor 'nnnn", `tensors.${'n'.repeat(1e5)}`, zeros([1])],
    ['is of 5000 axes where its model needs [2, 8]', 'tensors.lstm_1/kernel', zeros(new Array(5000).fill(1))],
    ['is [8, 2] where its model needs [2, 8]', 'tensors.lstm_1/kernel', zeros([8, 2])],
    ["'optimizer/v/lstm_1/bias' of the file is [7]", 'tensors.optimizer/v/lstm_1/bias', zeros([7])],
    ["a tensor 'optimizer/m/lstm_1/kernel' that does not", 'training.optimizer', { name: 'sgd' }],
    ["lacks the tensor 'optimizer/m/lstm_1/bias'", 'tensors.optimizer/m/lstm_1/bias'],
    ["a tensor 'optimizer/m/lstm_1/kernel' that does not", 'training'],
    ["'lstm_1/bias' of the file holds NaN at index 7", 'tensors.lstm_1/bias', endingOn(Number.NaN, 8)],
    ["'dense_1/bias' of the file holds -Infinity", 'tensors.dense_1/bias', endingOn(-1 / 0, 1)],
    [
      "'optimizer/m/dense_1/bias' of the file holds NaN",
      'tensors.optimizer/m/dense_1/bias',
      endingOn(0 / 0, 1),
    ],
  ];

  it.each(claims)('%s, is refused', (message, path, value) => {
    expect(refusal(tamper((parts) => put(parts, path, value)))).toContain(message);
  });

  it('to have neither layers nor weights is refused', () => {
    const file = tamper(({ model, tensors }) => {
      model.layers = [];
      tensors.clear();
    });
    expect(refusal(file)).toContain('the model has no layers');
  });

  it('to have an input of other steps is refused', () => {
    const file = tamper(({ model }) => model.layers.unshift({ type: 'input', name: 'i', shape: [4, 2] }));
    expect(refusal(file)).toContain('[4, 2]');
  });

  it('to have a thousand layers is read', () => {
    const file = tamper(({ model }) => void model.layers.splice(1, 0, ...dropouts(997)));
    expect(deserializeModel(file).layers).toHaveLength(1000);
  });

  it('nothing of an option gets its default', () => {
    const file = tamper(({ model }) => {
      delete model.layers[1].dropout;
      delete model.backend;
    });
    expect(check(file)).toBe('works');
  });
});
