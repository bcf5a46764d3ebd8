import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readSafetensors, type StoredTensor, writeSafetensors } from '../../src/core/safetensors.js';
import {
  batchNormalization,
  bidirectional,
  ConfigError,
  dense,
  deserializeModel,
  embedding,
  FormatError,
  gru,
  lstm,
  NumericError,
  quantizationReport,
  randomNormal,
  sequential,
  serializeModel,
  tensor,
  type WeightFormat,
} from '../../src/index.js';

const drawn = randomNormal({ stddev: 0.3 });

const tagger = () =>
  sequential(
    [
      embedding(20, 8),
      bidirectional(lstm(6, { returnSequences: true, biasInitializer: drawn })),
      gru(5, { biasInitializer: drawn }),
      batchNormalization(),
      dense(3, { activation: 'softmax' }),
    ],
    { seed: 4 },
  ).build([null, 1]);

const small = (format: WeightFormat, model = tagger()) => serializeModel(model, { weights: format });

describe('a file of rounded weights', () => {
  test.each([
    ['float16', 2 ** -11],
    ['bfloat16', 2 ** -8],
  ] as const)('in %s holds every weight to the last bit of that', (format, relative) => {
    const model = tagger();
    const loaded = deserializeModel(small(format, model)).getWeights();
    for (const [name, { data, shape }] of Object.entries(model.getWeights())) {
      const found = loaded[name];
      expect([name, found?.shape]).toEqual([name, shape]);
      expect(found?.data).toBeInstanceOf(Float32Array);
      data.forEach((value, k) => {
        const bound = Math.max(relative * Math.abs(value), 2 ** -25);
        expect(Math.abs((found?.data[k] as number) - value)).toBeLessThanOrEqual(bound);
      });
    }
  });

  test('in int8 has the worked example: a scale for each column of a kernel', () => {
    const model = sequential([dense(2)], { seed: 1 }).build([3]);
    model.setWeights({
      'dense_1/kernel': tensor([1.27, 0, -0.5, 0, 0.004, 0], [3, 2]),
      'dense_1/bias': tensor([0.1, 0.2], [2]),
    });
    const { tensors } = readSafetensors(small('int8', model));
    expect(Object.fromEntries(tensors)).toEqual({
      'dense_1/kernel': { dtype: 'I8', shape: [3, 2], data: Int8Array.of(127, 0, -50, 0, 0, 0) },
      'longhand.scales/dense_1/kernel': { dtype: 'F32', shape: [2], data: Float32Array.of(0.01, 0) },
      'dense_1/bias': { dtype: 'F32', shape: [2], data: Float32Array.of(0.1, 0.2) },
    });
    const loaded = deserializeModel(small('int8', model)).getWeights()['dense_1/kernel']?.data;
    expect([...(loaded ?? [])]).toEqual([
      Math.fround(127 * Math.fround(0.01)),
      0,
      Math.fround(-50 * Math.fround(0.01)),
      0,
      0,
      0,
    ]);
  });

  test('in int8 is off by half a step of its unit at most, and keeps biases and statistics as they are', () => {
    const model = tagger();
    const loaded = deserializeModel(small('int8', model)).getWeights();
    for (const [name, { data, shape }] of Object.entries(model.getWeights())) {
      const found = loaded[name]?.data as Float32Array;
      const isMatrix = shape.length === 2 && !name.endsWith('bias');
      if (!isMatrix) expect([name, found]).toEqual([name, data]);
      const columns = shape.at(-1) as number;
      const unitOf = (k: number) => (name.endsWith('embeddings') ? Math.floor(k / columns) : k % columns);
      const largest = new Map<number, number>();
      data.forEach(
        (value, k) => void largest.set(unitOf(k), Math.max(largest.get(unitOf(k)) ?? 0, Math.abs(value))),
      );
      data.forEach((value, k) => {
        const step = (largest.get(unitOf(k)) as number) / 127;
        expect(Math.abs((found[k] as number) - value)).toBeLessThanOrEqual(0.5001 * step);
      });
    }
  });

  test('rounds any column to the nearest step', () => {
    const number = fc.float({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 });
    fc.assert(
      fc.property(fc.array(number, { minLength: 4, maxLength: 4 }), (values) => {
        const model = sequential([dense(1, { useBias: false })]).build([4]);
        model.setWeights({ 'dense_1/kernel': tensor(values, [4, 1]) });
        const once = deserializeModel(small('int8', model)).getWeights();
        const step = Math.max(...values.map(Math.abs)) / 127;
        once['dense_1/kernel']?.data.forEach((value, k) => {
          expect(Math.abs(value - (values[k] as number))).toBeLessThanOrEqual(0.5001 * step + 1e-44);
        });
      }),
      { numRuns: 40 },
    );
  });

  test('is about half, or a quarter, as long where there are many weights', () => {
    const model = sequential([lstm(100), dense(10)], { seed: 1 }).build([null, 50]);
    const numbers = (format: WeightFormat) => {
      const bytes = serializeModel(model, { weights: format, includeOptimizer: false });
      return bytes.length - 8 - new DataView(bytes.buffer).getUint32(0, true);
    };
    const [whole, half, brief, byte] = (['float32', 'float16', 'bfloat16', 'int8'] as const).map(numbers) as [
      number,
      number,
      number,
      number,
    ];
    expect([half / whole, brief / whole]).toEqual([0.5, 0.5]);
    expect(byte / whole).toBeLessThan(0.27);
  });

  test('of a model in double precision is loaded in that', () => {
    const model = sequential([lstm(3), dense(1)], { seed: 1, precision: 'float64' }).build([null, 2]);
    for (const format of ['float16', 'int8'] as const) {
      const loaded = deserializeModel(serializeModel(model as never, { weights: format }));
      expect(loaded.precision).toBe('float64');
      expect(loaded.predict([[[1, 2]]]).data[0]).toBeCloseTo(model.predict([[[1, 2]]]).data[0] as number, 1);
    }
  });

  test('has no optimizer, and is not compiled when it is loaded', () => {
    const model = tagger();
    model.compile({ loss: 'sparseCategoricalCrossentropy' });
    const loaded = deserializeModel(small('bfloat16', model));
    expect(() => loaded.evaluate([[1]], [1])).toThrow(/compile/);
    expect(() => serializeModel(model, { weights: 'int8', includeOptimizer: true })).toThrow(ConfigError);
    expect(() => serializeModel(model, { weights: 'int8', includeOptimizer: true })).toThrow(
      /training cannot go on/,
    );
  });

  test("as 'float32' is the file that it is without the option", () => {
    expect(small('float32')).toEqual(serializeModel(tagger()));
  });

  test('is refused where a weight cannot be held, or the format is none', () => {
    const model = sequential([dense(1)]).build([1]);
    model.setWeights({ 'dense_1/kernel': tensor([70000], [1, 1]), 'dense_1/bias': tensor([0], [1]) });
    expect(() => small('float16', model)).toThrow(NumericError);
    expect(() => small('float16', model)).toThrow(
      /'dense_1\/kernel' holds 70000 at index 0, which float16 cannot hold/,
    );
    expect(deserializeModel(small('bfloat16', model)).predict([[1]]).data[0]).toBeCloseTo(70000, -3);
    expect(() => small('int4' as never)).toThrow(
      /serializeModel: weights 'int4' is not known: did you mean 'int8'/,
    );
  });
});

describe('a file of rounded weights that was tampered with', () => {
  const tampered = (change: (tensors: Map<string, StoredTensor>) => void, format: WeightFormat = 'int8') => {
    const { tensors, metadata } = readSafetensors(small(format));
    change(tensors);
    return () => deserializeModel(writeSafetensors(tensors, metadata));
  };
  const scales = 'longhand.scales/dense_1/kernel';

  test.each([
    [
      'without scales',
      (tensors: Map<string, StoredTensor>) => tensors.delete(scales),
      /lacks the scales of the tensor 'dense_1\/kernel', F32 \[3\]/,
    ],
    [
      'with scales of another shape',
      (tensors: Map<string, StoredTensor>) =>
        tensors.set(scales, { dtype: 'F32', shape: [2], data: Float32Array.of(1, 2) }),
      /lacks the scales/,
    ],
    [
      'with scales that are infinite',
      (tensors: Map<string, StoredTensor>) =>
        tensors.set(scales, {
          dtype: 'F32',
          shape: [3],
          data: Float32Array.of(1, 2, Number.POSITIVE_INFINITY),
        }),
      /'dense_1\/kernel' of the file holds/,
    ],
    [
      'with scales of nothing',
      (tensors: Map<string, StoredTensor>) =>
        tensors.set('longhand.scales/dense_1/bias', { dtype: 'F32', shape: [3], data: new Float32Array(3) }),
      /'longhand.scales\/dense_1\/bias' that does not belong/,
    ],
    [
      'with whole numbers',
      (tensors: Map<string, StoredTensor>) =>
        tensors.set('dense_1/bias', { dtype: 'I32', shape: [3], data: new Int32Array(3) }),
      /'dense_1\/bias' of the file is I32/,
    ],
    [
      'with a vector in int8',
      (tensors: Map<string, StoredTensor>) =>
        tensors.set('dense_1/bias', { dtype: 'I8', shape: [3], data: new Int8Array(3) }),
      /lacks the scales of the tensor 'dense_1\/bias'/,
    ],
  ])('%s', (_, change, message) => {
    expect(tampered(change)).toThrow(FormatError);
    expect(tampered(change)).toThrow(message);
  });
});

describe('the report of what it costs', () => {
  const x = Array.from({ length: 30 }, (_, i) => [i % 20, (3 * i) % 20, (7 * i) % 20]);
  const y = x.map(([first]) => (first as number) % 3);

  test('has the metrics before and after, and leaves the model as it was', async () => {
    const model = tagger();
    model.compile({ loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
    await model.fit(x, y, { epochs: 2, verbose: 0 });
    const weights = model.getWeights();
    const bytes = serializeModel(model);
    for (const format of ['float16', 'bfloat16', 'int8'] as const) {
      const report = quantizationReport(model, x, y, { weights: format });
      const loaded = deserializeModel(small(format, model));
      loaded.compile({ loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
      expect(report.before).toEqual(model.evaluate(x, y));
      expect(report.after).toEqual(loaded.evaluate(x, y));
      expect(report.after.loss).not.toBe(report.before.loss);
      expect(report.bytes.after).toBeLessThan(report.bytes.before);
      expect(report.largestError).toBeGreaterThan(0);
      expect(report.largestError).toBeLessThan(0.05);
    }
    expect(model.getWeights()).toEqual(weights);
    expect(serializeModel(model)).toEqual(bytes);
  });

  test('needs a compiled model, and data that fits', () => {
    const model = tagger();
    expect(() => quantizationReport(model, x, y, { weights: 'int8' })).toThrow(
      /evaluate needs a compiled model/,
    );
    expect(() => quantizationReport({} as never, x, y, { weights: 'int8' })).toThrow(/takes a model/);
    expect(() => quantizationReport(model, x, y, {} as never)).toThrow(/weights 'undefined' is not known/);
  });
});
