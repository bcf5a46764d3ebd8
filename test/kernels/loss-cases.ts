/** The cases of losses. */
import type { Random } from '../../src/core/random.js';
import type { FloatArray } from '../../src/core/tensor.js';
import * as reference from '../../src/kernels/index.js';
import { type KernelCase, type KernelSet, normals, plain, randomMask } from './cases.js';

type Floats = (length: number) => FloatArray;

type LossForward = (
  y: FloatArray,
  target: FloatArray,
  weights: FloatArray,
  mask: Uint8Array,
  rows: number,
  columns: number,
) => number;
type LossBackward = (
  y: FloatArray,
  target: FloatArray,
  weights: FloatArray,
  mask: Uint8Array,
  dy: FloatArray,
  rows: number,
  columns: number,
  factor: number,
) => void;

/** `prepare` draws the outputs y and the targets of all rows. */
function lossCase(
  name: string,
  pick: (kernels: KernelSet['kernels']) => readonly [LossForward, LossBackward],
  prepare: (random: Random, floats: Floats, rows: number, columns: number) => [FloatArray, FloatArray],
): KernelCase {
  return {
    name,
    ranges: { rows: [1, 8], columns: [1, 6] },
    typical: { rows: 2048, columns: 65 },
    problem: ({ rows = 0, columns = 0 }, random, floats, { kernels, bytes } = plain) => {
      const [forward, backward] = pick(kernels);
      const [y, target] = prepare(random, floats, rows, columns);
      const mask = randomMask(random, bytes(rows));
      const weights = floats(rows);
      for (let row = 0; row < rows; row++) weights[row] = random.uniform() < 0.2 ? 0 : 2 * random.uniform();
      const loss = floats(1);
      return {
        inputs: { y },
        outputs: { loss },
        forward: () => {
          loss[0] = forward(y, target, weights, mask, rows, columns);
        },
        backward: ({ loss: [factor = 1] = [] }) => {
          const dy = floats(y.length).fill(0);
          backward(y, target, weights, mask, dy, rows, columns, factor);
          return { y: dy };
        },
      };
    },
  };
}

function elementLossCase(
  name: string,
  loss: reference.ElementLoss,
  kind: 'values' | 'probabilities' | 'logits',
) {
  return lossCase(
    name,
    ({ elementLossForward, elementLossBackward }) => [
      (y, target, weights, mask, rows, columns) =>
        elementLossForward(loss, y, target, weights, mask, rows, columns),
      (y, target, weights, mask, dy, rows, columns, factor) =>
        elementLossBackward(loss, y, target, weights, mask, dy, rows, columns, factor),
    ],
    (random, floats, rows, columns) => {
      const y = normals(random, floats(rows * columns), 2);
      const target = normals(random, floats(rows * columns), 2);
      for (let k = 0; k < y.length; k++) {
        if (kind === 'probabilities') y[k] = 0.02 + 0.96 * random.uniform();
        if (kind !== 'values') target[k] = random.uniform() < 0.5 ? random.below(2) : random.uniform();
      }
      return [y, target];
    },
  );
}

function distributions(random: Random, floats: Floats, rows: number, columns: number): FloatArray {
  const target = floats(rows * columns);
  for (let row = 0; row < rows; row++) {
    const draws = Array.from({ length: columns }, () => random.uniform());
    const sum = draws.reduce((total, draw) => total + draw, 0);
    draws.forEach((draw, k) => {
      target[row * columns + k] = draw / sum;
    });
  }
  return target;
}

function classIndices(random: Random, floats: Floats, rows: number, columns: number): FloatArray {
  const target = floats(rows);
  for (let row = 0; row < rows; row++) target[row] = random.below(columns);
  return target;
}

function probabilities(random: Random, array: FloatArray): FloatArray {
  for (let k = 0; k < array.length; k++) array[k] = 0.05 + random.uniform();
  return array;
}

function oneHot(random: Random, floats: Floats, rows: number, columns: number): FloatArray {
  const target = floats(rows * columns).fill(0);
  for (let row = 0; row < rows; row++) target[row * columns + random.below(columns)] = 1;
  return target;
}

/** A loss of the cross-entropy kind that has more arguments than the others. */
function focalCase(name: string, ofLogits: boolean, gamma: number): KernelCase {
  return lossCase(
    name,
    (kernels) => {
      const forward = ofLogits ? kernels.focalSoftmaxCrossentropyForward : kernels.focalCrossentropyForward;
      const backward = ofLogits
        ? kernels.focalSoftmaxCrossentropyBackward
        : kernels.focalCrossentropyBackward;
      return [
        (y, target, weights, mask, rows, columns) =>
          forward(y, target, weights, mask, rows, columns, gamma, 0.4),
        (y, target, weights, mask, dy, rows, columns, factor) =>
          backward(y, target, weights, mask, dy, rows, columns, factor, gamma, 0.4),
      ];
    },
    (random, floats, rows, columns) => [
      ofLogits ? normals(random, floats(rows * columns), 2) : probabilities(random, floats(rows * columns)),
      random.uniform() < 0.5
        ? oneHot(random, floats, rows, columns)
        : distributions(random, floats, rows, columns),
    ],
  );
}

function uniformCase(name: string, ofLogits: boolean): KernelCase {
  return lossCase(
    name,
    (kernels) => [
      (y, _target, weights, mask, rows, columns) =>
        ofLogits
          ? kernels.uniformSoftmaxCrossentropyForward(y, weights, mask, rows, columns)
          : kernels.uniformCrossentropyForward(y, weights, mask, rows, columns),
      (y, _target, weights, mask, dy, rows, columns, factor) =>
        ofLogits
          ? kernels.uniformSoftmaxCrossentropyBackward(y, weights, mask, dy, rows, columns, factor)
          : kernels.uniformCrossentropyBackward(y, weights, mask, dy, rows, columns, factor),
    ],
    (random, floats, rows, columns) => [
      ofLogits ? normals(random, floats(rows * columns), 3) : probabilities(random, floats(rows * columns)),
      floats(1),
    ],
  );
}

function normalTargets(
  random: Random,
  floats: Floats,
  size: number,
  targets = size,
): [FloatArray, FloatArray] {
  return [normals(random, floats(size)), normals(random, floats(targets))];
}

const QUANTILES = Float64Array.of(0.1, 0.5, 0.8);

/** Several outputs a target: `each` of them. */
function distributionCase(name: string, each: number, pick: Parameters<typeof lossCase>[1]): KernelCase {
  return {
    ...lossCase(name, pick, (random, floats, rows, columns) =>
      normalTargets(random, floats, rows * columns, (rows * columns) / each),
    ),
    typical: { rows: 2048, columns: each },
  };
}

/** Rounds the number of columns up to a multiple. */
function inGroups(kernelCase: KernelCase, each: number): KernelCase {
  return {
    ...kernelCase,
    problem: ({ columns = 1, ...sizes }, ...rest) =>
      kernelCase.problem({ ...sizes, columns: Math.ceil(columns / each) * each }, ...rest),
  };
}

const ctcCase: KernelCase = {
  name: 'ctc',
  ranges: { steps: [1, 7], batch: [1, 4], classes: [2, 5] },
  typical: { steps: 50, batch: 32, classes: 29 },
  problem: ({ steps = 0, batch = 0, classes = 0 }, random, floats, { kernels, bytes } = plain) => {
    const z = normals(random, floats(steps * batch * classes), 1.5);
    const mask = randomMask(random, bytes(steps * batch));
    const labels = floats(steps * batch).fill(-1);
    const weights = floats(steps * batch);
    const blank = random.below(classes);
    for (let b = 0; b < batch; b++) {
      weights[b] = random.uniform() < 0.2 ? 0 : 2 * random.uniform();
      const count = random.below(Math.ceil(steps / 2) + 1);
      for (let k = 0; k < count; k++)
        labels[k * batch + b] = (blank + 1 + random.below(classes - 1)) % classes;
    }
    const scratch = new Float64Array(kernels.ctcScratchSize(steps));
    const loss = floats(1);
    return {
      inputs: { z },
      outputs: { loss },
      forward: () => {
        loss[0] = kernels.ctcForward(z, labels, weights, mask, scratch, steps, batch, classes, blank, true);
      },
      backward: ({ loss: [factor = 1] = [] }) => {
        const dz = floats(z.length).fill(0);
        kernels.ctcBackward(
          z,
          labels,
          weights,
          mask,
          scratch,
          dz,
          steps,
          batch,
          classes,
          blank,
          true,
          factor,
        );
        return { z: dz };
      },
    };
  },
};

export const lossCases: readonly KernelCase[] = [
  elementLossCase('squaredError', reference.squaredError, 'values'),
  elementLossCase('absoluteError', reference.absoluteError, 'values'),
  elementLossCase('huberError', reference.huberError(1.3), 'values'),
  elementLossCase('binaryCrossentropy', reference.binaryCrossentropy, 'probabilities'),
  elementLossCase('binaryCrossentropyOfLogit', reference.binaryCrossentropyOfLogit, 'logits'),
  lossCase(
    'categoricalCrossentropy',
    ({ categoricalCrossentropyForward, categoricalCrossentropyBackward }) => [
      categoricalCrossentropyForward,
      categoricalCrossentropyBackward,
    ],
    (random, floats, rows, columns) => [
      probabilities(random, floats(rows * columns)),
      distributions(random, floats, rows, columns),
    ],
  ),
  lossCase(
    'sparseCategoricalCrossentropy',
    ({ sparseCategoricalCrossentropyForward, sparseCategoricalCrossentropyBackward }) => [
      sparseCategoricalCrossentropyForward,
      sparseCategoricalCrossentropyBackward,
    ],
    (random, floats, rows, columns) => [
      probabilities(random, floats(rows * columns)),
      classIndices(random, floats, rows, columns),
    ],
  ),
  lossCase(
    'softmaxCrossentropy',
    ({ softmaxCrossentropyForward, softmaxCrossentropyBackward }) => [
      softmaxCrossentropyForward,
      softmaxCrossentropyBackward,
    ],
    (random, floats, rows, columns) => [
      normals(random, floats(rows * columns), 3),
      distributions(random, floats, rows, columns),
    ],
  ),
  lossCase(
    'sparseSoftmaxCrossentropy',
    ({ sparseSoftmaxCrossentropyForward, sparseSoftmaxCrossentropyBackward }) => [
      sparseSoftmaxCrossentropyForward,
      sparseSoftmaxCrossentropyBackward,
    ],
    (random, floats, rows, columns) => [
      normals(random, floats(rows * columns), 3),
      classIndices(random, floats, rows, columns),
    ],
  ),
  elementLossCase('logCosh', reference.logCosh, 'values'),
  elementLossCase('poisson', reference.poisson(1e-7), 'probabilities'),
  elementLossCase('poissonOfLog', reference.poissonOfLog, 'values'),
  elementLossCase('hinge', reference.hinge, 'values'),
  elementLossCase('squaredHinge', reference.squaredHinge, 'values'),
  elementLossCase('binaryFocal', reference.binaryFocal(2, undefined), 'probabilities'),
  elementLossCase('binaryFocal 1.5 0.3', reference.binaryFocal(1.5, 0.3), 'probabilities'),
  elementLossCase('binaryFocalOfLogit', reference.binaryFocalOfLogit(2, 0.25), 'logits'),
  elementLossCase('binaryFocalOfLogit 0.5', reference.binaryFocalOfLogit(0.5, undefined), 'logits'),
  elementLossCase('smoothed', reference.smoothed(reference.binaryCrossentropyOfLogit, 0.2), 'logits'),
  focalCase('focalCrossentropy', false, 2),
  focalCase('focalSoftmaxCrossentropy', true, 2),
  focalCase('focalSoftmaxCrossentropy 1.3', true, 1.3),
  focalCase('focalSoftmaxCrossentropy 0', true, 0),
  uniformCase('uniformCrossentropy', false),
  uniformCase('uniformSoftmaxCrossentropy', true),
  lossCase(
    'cosineSimilarity',
    ({ cosineSimilarityForward, cosineSimilarityBackward }) => [
      cosineSimilarityForward,
      cosineSimilarityBackward,
    ],
    (random, floats, rows, columns) => normalTargets(random, floats, rows * columns),
  ),
  lossCase(
    'categoricalHinge',
    ({ categoricalHingeForward, categoricalHingeBackward }) => [
      categoricalHingeForward,
      categoricalHingeBackward,
    ],
    (random, floats, rows, columns) => [
      normals(random, floats(rows * columns)),
      oneHot(random, floats, rows, columns),
    ],
  ),
  inGroups(
    distributionCase('quantileLoss', 3, ({ quantileLossForward, quantileLossBackward }) => [
      (y, target, weights, mask, rows, columns) =>
        quantileLossForward(y, target, weights, mask, QUANTILES, rows, columns),
      (y, target, weights, mask, dy, rows, columns, factor) =>
        quantileLossBackward(y, target, weights, mask, QUANTILES, dy, rows, columns, factor),
    ]),
    3,
  ),
  inGroups(
    distributionCase('gaussianLoss', 2, ({ gaussianLossForward, gaussianLossBackward }) => [
      (y, target, weights, mask, rows, columns) =>
        gaussianLossForward(y, target, weights, mask, rows, columns / 2, 1.8),
      (y, target, weights, mask, dy, rows, columns, factor) =>
        gaussianLossBackward(y, target, weights, mask, dy, rows, columns / 2, factor),
    ]),
    2,
  ),
  ctcCase,
];
