/** Bounds on weights: Keras's formulas written out, applied after every update, saved, and refused where they cannot be. */
import { describe, expect, it } from 'vitest';
import {
  type Constraint,
  dense,
  deserializeModel,
  glorotUniform,
  heNormal,
  l1l2,
  lstm,
  maxNorm,
  minMaxNorm,
  nonNegative,
  orthogonal,
  randomNormal,
  sequential,
  serializeModel,
  sgd,
  unitNorm,
} from '../../src/index.js';
import { bitsOf, errorOf, isClose, randomSequences } from '../support/bits.js';

const anything = (value: unknown) => value as never;

/** Norms of a matrix along axis 0: of its columns; along axis 1: of its rows. */
function norms(w: ArrayLike<number>, [rows, columns]: readonly [number, number], axis: number): number[] {
  const squares = new Array(axis === 0 ? columns : rows).fill(0);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) squares[axis === 0 ? j : i] += (w[i * columns + j] as number) ** 2;
  }
  return squares.map(Math.sqrt);
}

describe('a constraint', () => {
  const shape = [3, 2] as const;
  const matrix = () => Float64Array.of(3, 0.1, 4, -0.2, 0, 0.3);
  const bounded: [string, Constraint, number, (norm: number) => number][] = [
    ['maxNorm', maxNorm(), 0, (norm) => Math.min(norm, 2)],
    ['maxNorm along axis 1', maxNorm({ maxValue: 1, axis: 1 }), 1, (norm) => Math.min(norm, 1)],
    ['unitNorm', unitNorm(), 0, () => 1],
    ['minMaxNorm', minMaxNorm({ minValue: 0.5 }), 0, (norm) => Math.min(Math.max(norm, 0.5), 1)],
    ['minMaxNorm at a rate', minMaxNorm({ rate: 0.3 }), 0, (norm) => 0.3 * Math.min(norm, 1) + 0.7 * norm],
  ];
  it.each(bounded)("%s is Keras's: w * desired / (norm + 1e-7)", (_name, constraint, axis, desired) => {
    const w = matrix();
    const before = norms(w, shape, axis);
    constraint.apply(w, shape);
    matrix().forEach((value, i) => {
      const norm = before[axis === 0 ? i % 2 : Math.floor(i / 2)] as number;
      expect(isClose(w[i] as number, (value * desired(norm)) / (norm + 1e-7))).toBe(true);
    });
  });

  it('nonNegative replaces what is below 0 by 0', () => {
    const w = matrix();
    nonNegative().apply(w, shape);
    expect([...w]).toEqual([3, 0.1, 4, 0, 0, 0.3]);
  });

  it('holds after every update, of every weight that has one, and in a loaded model too', () => {
    const model = sequential(
      [
        lstm(3, {
          kernelConstraint: maxNorm({ maxValue: 0.5 }),
          recurrentConstraint: unitNorm(),
          biasConstraint: 'nonNegative',
        }),
        dense(2, { kernelConstraint: nonNegative(), biasConstraint: minMaxNorm({ maxValue: 0.1 }) }),
      ],
      { seed: 1 },
    );
    model.compile({ loss: 'meanSquaredError', optimizer: sgd({ learningRate: 1 }) });
    const x = randomSequences(1, [4, 4, 4], 2);
    const y = [
      [1, -2],
      [0, 3],
      [-1, -5],
    ];
    model.trainOnBatch(x, y);
    const loaded = deserializeModel(serializeModel(model));
    for (const trained of [model, loaded]) {
      for (let i = 0; i < 3; i++) {
        trained.trainOnBatch(x, y);
        const w = trained.getWeights();
        const data = (name: string) => w[name]?.data as Float32Array;
        expect(Math.max(...norms(data('lstm_1/kernel'), [2, 12], 0))).toBeLessThan(0.500001);
        for (const norm of norms(data('lstm_1/recurrentKernel'), [3, 12], 0))
          expect(Math.abs(norm - 1)).toBeLessThan(1e-6);
        expect(Math.min(...data('lstm_1/bias'), ...data('dense_1/kernel'))).toBe(0);
        expect(norms(data('dense_1/bias'), [2, 1], 0)[0]).toBeLessThan(0.100001);
      }
    }
    expect(bitsOf(loaded.predict(x).data)).toBe(bitsOf(model.predict(x).data));
  });

  it('leaves a frozen weight alone', () => {
    const model = sequential([dense(2, { kernelConstraint: 'unitNorm', trainable: false }), dense(1)]);
    model.compile({ loss: 'meanSquaredError' }).build([2]);
    const before = model.getWeights();
    model.trainOnBatch([[1, 2]], [1]);
    expect(model.getWeights()['dense_1/kernel']).toEqual(before['dense_1/kernel']);
  });

  const wrong: [string, () => unknown, string][] = [
    [
      'an unknown name',
      () => lstm(8, { kernelConstraint: anything('nonNeg') }),
      "lstm: kernelConstraint: constraint 'nonNeg' is not known: use one of maxNorm, minMaxNorm, unitNorm, nonNegative",
    ],
    [
      'a number',
      () => dense(8, { kernelConstraint: anything(2) }),
      'dense: kernelConstraint is a constraint such as maxNorm() but got 2',
    ],
    [
      'an axis that a bias has not',
      () => dense(8, { biasConstraint: unitNorm({ axis: 1 }) }),
      'dense: biasConstraint: the bias has no axis 1, its norm is along axis 0',
    ],
    [
      'a bound on a bias that is not there',
      () => dense(8, { useBias: false, biasConstraint: unitNorm() }),
      'dense: biasConstraint needs a bias: leave it out, or useBias: false',
    ],
    [
      'an axis that no weight has',
      () => maxNorm({ axis: 2 }),
      'maxNorm: axis must be a number at least 0 and at most 1 but is 2',
    ],
    [
      'bounds the wrong way round',
      () => minMaxNorm({ minValue: 2 }),
      'minMaxNorm: maxValue must be a number at least 2 but is 1',
    ],
    ['a seed below 0', () => heNormal({ seed: -1 }), 'heNormal: seed must be a number at least 0 but is -1'],
    ['a strength below 0', () => l1l2({ l2: -1 }), 'l1l2: l2 must be a number at least 0 but is -1'],
  ];
  it.each(wrong)('refuses %s', async (_what, work, message) => {
    expect(await errorOf(work)).toEqual({ name: 'ConfigError', message });
  });
});

describe('an initializer with a seed', () => {
  it.each([
    ['glorotUniform', glorotUniform],
    ['heNormal', heNormal],
    ['orthogonal', orthogonal],
    ['randomNormal', randomNormal],
  ] as const)('%s draws the same numbers under every seed of the model', (_name, make) => {
    const kernel = (modelSeed: number, seed?: number) => {
      const kernelInitializer = make(seed === undefined ? {} : { seed });
      const model = sequential([dense(3, { kernelInitializer })], { seed: modelSeed }).build([4]);
      return bitsOf(model.getWeights()['dense_1/kernel']?.data as Float32Array);
    };
    expect(kernel(1, 5)).toBe(kernel(2, 5));
    expect(kernel(1, 5)).not.toBe(kernel(1, 6));
    expect(kernel(1)).not.toBe(kernel(2));
  });

  it('is kept in the file', () => {
    const model = sequential([dense(3, { kernelInitializer: glorotUniform({ seed: 7 }) })]).build([4]);
    const [layer] = deserializeModel(serializeModel(model)).layers;
    expect(layer?.config().kernelInitializer).toEqual({ name: 'glorotUniform', seed: 7 });
  });
});

describe('l1l2', () => {
  it('is the sum of both penalties, and saved', () => {
    const both = l1l2({ l1: 0.1, l2: 0.2 });
    const w = Float64Array.of(1, -2);
    const dw = new Float64Array(2);
    both.addGradient(w, dw);
    expect(isClose(both.penalty(w), 0.1 * 3 + 0.2 * 5)).toBe(true);
    expect(isClose(dw[0] as number, 0.1 + 0.4) && isClose(dw[1] as number, -0.1 - 0.8)).toBe(true);
    const model = sequential([dense(1, { kernelRegularizer: both, biasRegularizer: 'l1l2' })]).build([2]);
    const config = deserializeModel(serializeModel(model)).layers[0]?.config();
    expect(config).toMatchObject({
      kernelRegularizer: { name: 'l1l2', l1: 0.1, l2: 0.2 },
      biasRegularizer: { name: 'l1l2', l1: 0.01, l2: 0.01 },
    });
  });
});
