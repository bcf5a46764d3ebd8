/** What weights are before training: documented ranges, moments, truncation, orthogonality, and wrong options. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { sizeOf } from '../../src/core/tensor.js';
import {
  constant,
  dense,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Initializer,
  type InitializerName,
  lecunNormal,
  lecunUniform,
  lstm,
  ones,
  orthogonal,
  randomNormal,
  randomUniform,
  sequential,
  type Tensor,
  truncatedNormal,
  zeros,
} from '../../src/index.js';
import { toInitializer } from '../../src/layers/initializers.js';
import { bitsOf, errorOf } from '../support/bits.js';

function draw(initializer: Initializer, shape: readonly number[], seed = 3): Float64Array {
  const values = new Float64Array(sizeOf(shape));
  initializer.fill(values, shape, new Random(seed));
  return values;
}

function moments(values: Float64Array) {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const central = (power: number) => values.reduce((sum, x) => sum + (x - mean) ** power, 0) / values.length;
  const deviation = Math.sqrt(central(2));
  return { mean, deviation, kurtosis: central(4) / deviation ** 4 };
}

const largest = (values: Float64Array) => values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

/** 200,000 numbers: means are within 0.01 deviations, deviations within 1 %, six sigma and more. */
const shape = [400, 500];
const [fanIn, fanOut] = shape as [number, number];

const uniforms: [string, Initializer, number][] = [
  ['glorotUniform', glorotUniform(), Math.sqrt(6 / (fanIn + fanOut))],
  ['heUniform', heUniform(), Math.sqrt(6 / fanIn)],
  ['lecunUniform', lecunUniform(), Math.sqrt(3 / fanIn)],
  ['randomUniform', randomUniform(), 0.05],
];

describe.each(uniforms)('%s', (_name, initializer, limit) => {
  const values = draw(initializer, shape);

  it('is flat between its limits, and reaches to them', () => {
    const { mean, deviation, kurtosis } = moments(values);
    expect(largest(values)).toBeLessThanOrEqual(limit);
    expect(largest(values)).toBeGreaterThan(0.9999 * limit);
    expect(Math.abs(mean)).toBeLessThan(0.01 * deviation);
    expect(deviation / (limit / Math.sqrt(3))).toBeCloseTo(1, 2);
    expect(Math.abs(kurtosis - 1.8)).toBeLessThan(0.02);
  });
});

const normals: [string, Initializer, number][] = [
  ['glorotNormal', glorotNormal(), Math.sqrt(2 / (fanIn + fanOut))],
  ['heNormal', heNormal(), Math.sqrt(2 / fanIn)],
  ['lecunNormal', lecunNormal(), Math.sqrt(1 / fanIn)],
];

describe.each(normals)('%s', (_name, initializer, expected) => {
  const values = draw(initializer, shape);

  it('has its deviation after truncation at two of the widened ones', () => {
    const { mean, deviation, kurtosis } = moments(values);
    const widened = expected / 0.8796256610342398;
    expect(Math.abs(mean)).toBeLessThan(0.01 * deviation);
    expect(Math.abs(deviation / expected - 1)).toBeLessThan(0.01);
    expect(largest(values)).toBeLessThanOrEqual(2 * widened);
    expect(largest(values)).toBeGreaterThan(1.999 * widened);
    expect(kurtosis).toBeLessThan(2.5); // 2.37: flatter than a normal's 3
  });
});

describe('the other initializers', () => {
  it('randomNormal is an untruncated normal of the mean and deviation asked for', () => {
    const values = draw(randomNormal({ mean: 2, stddev: 0.5 }), shape);
    const { mean, deviation, kurtosis } = moments(values);
    expect(Math.abs(mean - 2)).toBeLessThan(0.005);
    expect(Math.abs(deviation / 0.5 - 1)).toBeLessThan(0.01);
    expect(Math.abs(kurtosis - 3)).toBeLessThan(0.05);
    expect(largest(values.map((x) => x - 2))).toBeGreaterThan(4 * 0.5);
    expect(moments(draw(randomNormal(), shape)).deviation).toBeCloseTo(0.05, 3);
  });

  it('truncatedNormal has nothing beyond two deviations, and is not widened', () => {
    const values = draw(truncatedNormal({ mean: -1, stddev: 0.2 }), shape);
    const { mean, deviation } = moments(values);
    expect(largest(values.map((x) => x + 1))).toBeLessThanOrEqual(0.4);
    expect(Math.abs(mean + 1)).toBeLessThan(0.005);
    expect(Math.abs(deviation / (0.2 * 0.8796) - 1)).toBeLessThan(0.01);
  });

  it('randomUniform lies between the bounds asked for', () => {
    const values = draw(randomUniform({ min: 3, max: 4 }), shape);
    expect(Math.min(...values.slice(0, 1e5))).toBeGreaterThanOrEqual(3);
    expect(Math.max(...values.slice(0, 1e5))).toBeLessThan(4);
    expect(Math.abs(moments(values).mean - 3.5)).toBeLessThan(0.005);
  });

  it('zeros, ones and constant are what they say', () => {
    expect([...draw(zeros(), [3])]).toEqual([0, 0, 0]);
    expect([...draw(ones(), [3])]).toEqual([1, 1, 1]);
    expect([...draw(constant(-2.5), [3])]).toEqual([-2.5, -2.5, -2.5]);
    expect([...draw(constant(), [3])]).toEqual([0, 0, 0]);
  });

  it('a weight of one axis has its length as both fans', () => {
    const limit = (initializer: Initializer) => largest(draw(initializer, [10_000]));
    expect(limit(glorotUniform())).toBeCloseTo(Math.sqrt(6 / 20_000), 5);
    expect(limit(heUniform())).toBeCloseTo(Math.sqrt(6 / 10_000), 5);
  });
});

describe('orthogonal', () => {
  it.each([
    [30, 30],
    [16, 64],
    [64, 16],
    [1, 5],
    [5, 1],
    [1, 1],
  ])('has orthonormal rows or columns, whichever are fewer, for [%d, %d]', (rows, columns) => {
    const u = draw(orthogonal(), [rows, columns]);
    const at = (i: number, j: number) => u[i * columns + j] as number;
    const few = Math.min(rows, columns);
    const many = Math.max(rows, columns);
    for (let a = 0; a < few; a++) {
      for (let b = 0; b < few; b++) {
        let product = 0;
        for (let k = 0; k < many; k++) product += rows <= columns ? at(a, k) * at(b, k) : at(k, a) * at(k, b);
        expect(Math.abs(product - (a === b ? 1 : 0))).toBeLessThan(1e-12);
      }
    }
  });

  it('is U Uᵀ = I to 1e-6 as the recurrent kernel of a single-precision model', () => {
    const model = sequential([lstm(32)], { seed: 1 }).build([null, 3]);
    const { data: u, shape: found } = model.getWeights()['lstm_1/recurrentKernel'] as Tensor;
    expect(found).toEqual([32, 128]);
    for (let a = 0; a < 32; a++) {
      for (let b = 0; b < 32; b++) {
        let product = 0;
        for (let k = 0; k < 128; k++) product += (u[a * 128 + k] as number) * (u[b * 128 + k] as number);
        expect(Math.abs(product - (a === b ? 1 : 0))).toBeLessThan(1e-6);
      }
    }
  });

  it('is multiplied by its gain, and spreads its sign evenly', () => {
    const u = draw(orthogonal({ gain: 3 }), [50, 50]);
    expect(Math.sqrt(u.reduce((sum, x) => sum + x * x, 0))).toBeCloseTo(3 * Math.sqrt(50), 8);
    let diagonal = 0;
    for (let seed = 0; seed < 200; seed++)
      diagonal += Math.sign(draw(orthogonal(), [2, 2], seed)[0] as number);
    expect(Math.abs(diagonal)).toBeLessThan(60);
  });
});

describe('the defaults of layers', () => {
  const weights = sequential([lstm(8), dense(3)], { seed: 9, precision: 'float64' })
    .build([null, 4])
    .getWeights();

  it('are a Glorot uniform kernel over all four gates and a zero bias with a forget gate of 1', () => {
    const kernel = weights['lstm_1/kernel']?.data as Float64Array;
    expect(largest(kernel)).toBeLessThanOrEqual(Math.sqrt(6 / (4 + 32)));
    expect(largest(kernel)).toBeGreaterThan(0.9 * Math.sqrt(6 / (4 + 32)));
    const bias = [...(weights['lstm_1/bias'] as Tensor).data];
    expect(bias).toEqual([...Array(8).fill(0), ...Array(8).fill(1), ...Array(16).fill(0)]);
    expect([...(weights['dense_1/bias'] as Tensor).data]).toEqual([0, 0, 0]);
  });

  it('keep the rest of the bias as its initializer says', () => {
    const bias = (options: object) => {
      const model = sequential([lstm(2, options)], { seed: 1 }).build([null, 1]);
      return [...(model.getWeights()['lstm_1/bias']?.data ?? [])];
    };
    expect(bias({ biasInitializer: constant(0.5) })).toEqual([0.5, 0.5, 1, 1, 0.5, 0.5, 0.5, 0.5]);
    expect(bias({ unitForgetBias: false })).toEqual(Array(8).fill(0));
    expect(bias({ biasInitializer: 'ones', unitForgetBias: false })).toEqual(Array(8).fill(1));
    expect(bias({ useBias: false })).toEqual([]);
  });

  it('hang on the seed alone', () => {
    const bits = (seed: number) => {
      const { 'lstm_1/kernel': kernel } = sequential([lstm(3)], { seed })
        .build([null, 2])
        .getWeights();
      return bitsOf((kernel as Tensor).data);
    };
    expect(bits(5)).toBe(bits(5));
    expect(bits(5)).not.toBe(bits(6));
  });
});

describe('names and options of initializers', () => {
  const names: InitializerName[] = [
    'zeros',
    'ones',
    'constant',
    'randomUniform',
    'randomNormal',
    'truncatedNormal',
    'glorotUniform',
    'glorotNormal',
    'heUniform',
    'heNormal',
    'lecunUniform',
    'lecunNormal',
    'orthogonal',
  ];

  it.each(names)('%s comes out of its own config with the same numbers', (name) => {
    const initializer = toInitializer('here', name);
    expect(initializer.config.name).toBe(name);
    const again = toInitializer('here', JSON.parse(JSON.stringify(initializer.config)));
    expect(again.config).toEqual(initializer.config);
    expect(bitsOf(draw(again, [4, 6]))).toBe(bitsOf(draw(initializer, [4, 6])));
  });

  const wrong: [string, () => unknown, string][] = [
    [
      'an unknown name',
      () => lstm(1, { kernelInitializer: 'glorot_unifrm' as never }),
      "lstm: kernelInitializer: initializer 'glorot_unifrm' is not known: did you mean 'glorotUniform'?",
    ],
    [
      'a value that is none',
      () => dense(1, { kernelInitializer: 7 as never }),
      'dense: kernelInitializer is the name of an initializer or one itself but got 7',
    ],
    [
      'an object without a name',
      () => dense(1, { biasInitializer: {} as never }),
      'dense: biasInitializer is the name of an initializer or one itself but got an object with nothing',
    ],
    [
      'an orthogonal bias',
      () => dense(1, { biasInitializer: 'orthogonal' }),
      'dense: biasInitializer: orthogonal initializes matrices, not a bias; use zeros or constant(value)',
    ],
    [
      'an orthogonal bias of an lstm',
      () => lstm(1, { biasInitializer: orthogonal() }),
      'lstm: biasInitializer: orthogonal initializes matrices, not a bias; use zeros or constant(value)',
    ],
    [
      'a constant that is no number',
      () => constant(Number.NaN),
      'constant: value must be a number but is NaN',
    ],
    [
      'bounds the wrong way round',
      () => randomUniform({ min: 1, max: 0 }),
      'randomUniform: max must be a number at least 1 but is 0',
    ],
    [
      "TensorFlow.js's minval",
      () => randomUniform({ minval: 1 } as never),
      "randomUniform has no option 'minval': write min",
    ],
    [
      'a negative deviation',
      () => randomNormal({ stddev: -1 }),
      'randomNormal: stddev must be a number at least 0 but is -1',
    ],
    [
      'a deviation that is no number',
      () => truncatedNormal({ stddev: '1' as never }),
      "truncatedNormal: stddev must be a number at least 0 but is '1'",
    ],
    [
      'a gain that is no number',
      () => orthogonal({ gain: Number.POSITIVE_INFINITY }),
      'orthogonal: gain must be a number but is Infinity',
    ],
    [
      'an unknown option',
      () => orthogonal({ gian: 1 } as never),
      "orthogonal: option 'gian' is not known: did you mean 'gain'?",
    ],
  ];

  it.each(wrong)('%s is a ConfigError', async (_what, work, message) => {
    expect(await errorOf(work)).toEqual({ name: 'ConfigError', message });
  });
});
