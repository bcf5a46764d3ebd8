/** The cases of the kernels of embedding, normalization, pooling, reshaping, merging and attention. */
import type { Random } from '../../src/core/random.js';
import type { FloatArray } from '../../src/core/tensor.js';
import { type KernelCase, normals, plain, randomMask } from './cases.js';

const sequence = { steps: [1, 5], batch: [1, 4], features: [1, 5] } as const;
const typicalSequence = { steps: 50, batch: 32, features: 128 };

/** A mask [steps, batch] that leaves each row a step at least. */
function rowsMask(random: Random, mask: Uint8Array, steps: number, batch: number): Uint8Array {
  randomMask(random, mask);
  for (let b = 0; b < batch; b++) mask[random.below(steps) * batch + b] = 1;
  return mask;
}

/** Puts NaN into the masked rows: what is not read cannot do harm. */
function poison(array: FloatArray, mask: Uint8Array, width: number): FloatArray {
  mask.forEach((real, row) => {
    if (real === 0) array.fill(Number.NaN, row * width, (row + 1) * width);
  });
  return array;
}

/** Zeros in the masked rows of a gradient from above: nothing of them is to be seen there. */
function unmask(dy: FloatArray, mask: Uint8Array, width: number): FloatArray {
  mask.forEach((real, row) => {
    if (real === 0) dy.fill(0, row * width, (row + 1) * width);
  });
  return dy;
}

const embeddingCase: KernelCase = {
  name: 'embedding',
  ranges: { rows: [1, 12], vocabulary: [1, 6], units: [1, 5] },
  typical: { rows: 1600, vocabulary: 10000, units: 64 },
  problem: ({ rows = 0, vocabulary = 0, units = 0 }, random, floats, { kernels, bytes } = plain) => {
    const mask = randomMask(random, bytes(rows));
    const ids = poison(
      floats(rows).map(() => random.below(vocabulary)),
      mask,
      1,
    );
    const table = normals(random, floats(vocabulary * units));
    const y = floats(rows * units);
    return {
      inputs: { table },
      outputs: { y },
      forward: () => kernels.embeddingForward(ids, mask, table, y, rows, units),
      backward: ({ y: dy = y }) => {
        const dTable = floats(table.length).fill(0);
        kernels.embeddingBackward(ids, mask, dy, dTable, rows, units);
        return { table: dTable };
      },
    };
  },
};

const batchNormCase: KernelCase = {
  name: 'batchNorm',
  ranges: { rows: [1, 12], features: [1, 5] },
  typical: { rows: 1600, features: 128 },
  problem: ({ rows = 0, features = 0 }, random, floats, { kernels, bytes } = plain) => {
    const mask = randomMask(random, bytes(rows));
    const x = normals(random, floats(rows * features), 2);
    const gamma = normals(random, floats(features));
    const beta = normals(random, floats(features));
    const mean = floats(features);
    const variance = floats(features);
    const y = floats(rows * features);
    const epsilon = 1e-3;
    return {
      inputs: { x, gamma, beta },
      outputs: { y },
      forward: () => {
        kernels.batchMoments(x, mask, mean, variance, rows, features);
        kernels.batchNormForward(x, mean, variance, gamma, beta, y, rows, features, epsilon);
        unmask(y, mask, features);
      },
      backward: ({ y: dy = y }) => {
        const dx = floats(x.length).fill(0);
        const dGamma = floats(features).fill(0);
        const dBeta = floats(features).fill(0);
        const sums = floats(features);
        const hats = floats(features);
        kernels.batchNormBackward(
          x,
          mask,
          mean,
          variance,
          dy,
          sums,
          hats,
          dGamma,
          dBeta,
          rows,
          features,
          epsilon,
        );
        kernels.batchNormBackwardInput(
          x,
          mask,
          mean,
          variance,
          gamma,
          dy,
          sums,
          hats,
          dx,
          rows,
          features,
          epsilon,
        );
        return { x: dx, gamma: dGamma, beta: dBeta };
      },
    };
  },
};

const frozenBatchNormCase: KernelCase = {
  name: 'batchNorm frozen',
  ranges: { rows: [1, 12], features: [1, 5] },
  typical: { rows: 1600, features: 128 },
  problem: ({ rows = 0, features = 0 }, random, floats, { kernels, bytes } = plain) => {
    const mask = randomMask(random, bytes(rows));
    const x = normals(random, floats(rows * features), 2);
    const gamma = normals(random, floats(features));
    const beta = normals(random, floats(features));
    const mean = normals(random, floats(features));
    const variance = floats(features).map(() => random.uniform());
    const y = floats(rows * features);
    return {
      inputs: { x },
      outputs: { y },
      forward: () => {
        kernels.batchNormForward(x, mean, variance, gamma, beta, y, rows, features, 1e-3);
        unmask(y, mask, features);
      },
      backward: ({ y: dy = y }) => {
        const dx = floats(x.length).fill(0);
        kernels.frozenBatchNormBackwardInput(mask, variance, gamma, dy, dx, rows, features, 1e-3);
        return { x: dx };
      },
    };
  },
};

const layerNormCase: KernelCase = {
  name: 'layerNorm',
  ranges: { rows: [1, 8], features: [1, 6] },
  typical: { rows: 1600, features: 128 },
  problem: ({ rows = 0, features = 0 }, random, floats, { kernels, bytes } = plain) => {
    const mask = randomMask(random, bytes(rows));
    const x = normals(random, floats(rows * features), 2);
    const gamma = normals(random, floats(features));
    const beta = normals(random, floats(features));
    const mean = floats(rows);
    const r = floats(rows);
    const y = floats(rows * features);
    return {
      inputs: { x, gamma, beta },
      outputs: { y },
      forward: () => {
        kernels.layerNormForward(x, gamma, beta, y, mean, r, rows, features, 1e-3);
        unmask(y, mask, features);
      },
      backward: ({ y: dy = y }) => {
        const dx = floats(x.length).fill(0);
        const dGamma = floats(features).fill(0);
        const dBeta = floats(features).fill(0);
        kernels.layerNormBackward(x, mask, mean, r, dy, dGamma, dBeta, rows, features);
        kernels.layerNormBackwardInput(x, mask, mean, r, gamma, dy, dx, rows, features);
        return { x: dx, gamma: dGamma, beta: dBeta };
      },
    };
  },
};

function poolingCase(kind: 'max' | 'average'): KernelCase {
  return {
    name: `${kind}Pooling`,
    ranges: sequence,
    typical: typicalSequence,
    problem: ({ steps = 0, batch = 0, features = 0 }, random, floats, { kernels, bytes } = plain) => {
      const mask = rowsMask(random, bytes(steps * batch), steps, batch);
      const x = poison(normals(random, floats(steps * batch * features)), mask, features);
      const real = x;
      const y = floats(batch * features);
      return {
        inputs: { x: real },
        outputs: { y },
        forward: () => {
          if (kind === 'max') kernels.maxPoolingForward(x, mask, y, steps, batch, features);
          else kernels.averagePoolingForward(x, mask, y, steps, batch, features);
        },
        backward: ({ y: dy = y }) => {
          const dx = floats(x.length).fill(0);
          if (kind === 'max') kernels.maxPoolingBackward(x, mask, y, dy, dx, steps, batch, features);
          else kernels.averagePoolingBackward(mask, dy, dx, steps, batch, features);
          return { x: dx };
        },
      };
    },
  };
}

const reshapeCase: KernelCase = {
  name: 'reshape',
  ranges: { ...sequence, kind: [0, 3] },
  typical: { ...typicalSequence, kind: 0 },
  problem: ({ steps = 0, batch = 0, features = 0, kind = 0 }, random, floats, { kernels, bytes } = plain) => {
    const mask = randomMask(random, bytes(steps * batch));
    const x = poison(normals(random, floats(steps * batch * features)), mask, features);
    const y = floats(x.length);
    const newFeatures = [steps * features, 1, steps, features][kind] as number;
    return {
      inputs: { x },
      outputs: { y },
      forward: () => kernels.reshapeForward(x, mask, y, steps, batch, features, newFeatures),
      backward: ({ y: dy = y }) => {
        const dx = floats(x.length).fill(0);
        kernels.reshapeBackward(dy, mask, dx, steps, batch, features, newFeatures);
        return { x: dx };
      },
    };
  },
};

/** A sequence, and beside every step of it a vector; `start` columns are left free before each. */
const mergeCase: KernelCase = {
  name: 'merge',
  ranges: { ...sequence, start: [0, 3] },
  typical: { ...typicalSequence, start: 0 },
  problem: (
    { steps = 0, batch = 0, features = 0, start = 0 },
    random,
    floats,
    { kernels, bytes } = plain,
  ) => {
    const rows = steps * batch;
    const mask = randomMask(random, bytes(rows));
    const x = poison(normals(random, floats(rows * features)), mask, features);
    const vector = normals(random, floats(batch * features));
    const width = start + features;
    const y = floats(rows * width);
    return {
      inputs: { x, vector },
      outputs: { y },
      forward: () => {
        y.fill(0);
        kernels.mergeForward(x, mask, y, rows, rows, features, start, width);
        kernels.mergeForward(vector, mask, y, rows, batch, features, 0, width);
      },
      backward: ({ y: dy = y }) => {
        const dx = floats(x.length).fill(0);
        const dVector = floats(vector.length).fill(0);
        kernels.mergeBackward(dy, mask, dx, rows, rows, features, start, width);
        kernels.mergeBackward(dy, mask, dVector, rows, batch, features, 0, width);
        return { x: dx, vector: dVector };
      },
    };
  },
};

const multiplyCase: KernelCase = {
  name: 'multiply',
  ranges: sequence,
  typical: typicalSequence,
  problem: ({ steps = 0, batch = 0, features = 0 }, random, floats, { kernels, bytes } = plain) => {
    const rows = steps * batch;
    const mask = randomMask(random, bytes(rows));
    const x = poison(normals(random, floats(rows * features)), mask, features);
    const vector = normals(random, floats(batch * features));
    const y = floats(rows * features);
    const begin = (product: FloatArray) => unmask(product.fill(1), mask, features);
    return {
      inputs: { x, vector },
      outputs: { y },
      forward: () => {
        begin(y);
        kernels.multiplyForward(x, mask, y, rows, rows, features);
        kernels.multiplyForward(vector, mask, y, rows, batch, features);
      },
      backward: ({ y: dy = y }) => {
        const dx = floats(x.length).fill(0);
        const dVector = floats(vector.length).fill(0);
        const others = begin(floats(y.length));
        kernels.multiplyForward(vector, mask, others, rows, batch, features);
        kernels.multiplyBackward(dy, others, mask, dx, rows, rows, features);
        kernels.multiplyForward(x, mask, begin(others), rows, rows, features);
        kernels.multiplyBackward(dy, others, mask, dVector, rows, batch, features);
        return { x: dx, vector: dVector };
      },
    };
  },
};

function attentionCase(kind: 'dot' | 'additive', causal: boolean): KernelCase {
  return {
    name: `attention ${kind}${causal ? ' causal' : ''}`,
    ranges: { queries: [1, 4], steps: [1, 5], batch: [1, 3], units: [1, 4], features: [1, 4] },
    typical: { queries: 50, steps: 50, batch: 32, units: 128, features: 128 },
    problem: (sizes, random, floats, { kernels, bytes } = plain) => {
      const { queries = 0, steps = 0, batch = 0, units = 0, features = 0 } = sizes;
      const queryMask = randomMask(random, bytes(queries * batch));
      const mask = rowsMask(random, bytes(steps * batch), steps, batch);
      const query = poison(normals(random, floats(queries * batch * units)), queryMask, units);
      const key = poison(normals(random, floats(steps * batch * units)), mask, units);
      const value = poison(normals(random, floats(steps * batch * features)), mask, features);
      const scale = normals(random, floats(kind === 'dot' ? 1 : units));
      const seen = bytes(queries * batch * steps);
      const scores = floats(queries * batch * steps);
      const keep = floats(scores.length).map(() => (random.uniform() < 0.3 ? 0 : 1 / 0.7));
      const y = floats(queries * batch * features);
      const [forward, backward] =
        kind === 'dot'
          ? [kernels.dotScoresForward, kernels.dotScoresBackward]
          : [kernels.additiveScoresForward, kernels.additiveScoresBackward];
      return {
        inputs: { query, key, value, scale },
        outputs: { y },
        forward: () => {
          kernels.attentionSight(queryMask, mask, seen, queries, steps, batch, causal);
          forward(query, key, scale, seen, scores, queries, steps, batch, units);
          kernels.attentionForward(scores, seen, keep, value, y, queries, steps, batch, features);
        },
        backward: ({ y: dy = y }) => {
          const dQuery = floats(query.length).fill(0);
          const dKey = floats(key.length).fill(0);
          const dValue = floats(value.length).fill(0);
          const dScale = floats(scale.length).fill(0);
          const dScores = floats(scores.length);
          kernels.attentionBackward(
            scores,
            seen,
            keep,
            value,
            dy,
            dValue,
            dScores,
            queries,
            steps,
            batch,
            features,
          );
          backward(query, key, scale, seen, dScores, dQuery, dKey, dScale, queries, steps, batch, units);
          return { query: dQuery, key: dKey, value: dValue, scale: dScale };
        },
      };
    },
  };
}

export const layerCases: readonly KernelCase[] = [
  embeddingCase,
  batchNormCase,
  frozenBatchNormCase,
  layerNormCase,
  poolingCase('max'),
  poolingCase('average'),
  reshapeCase,
  mergeCase,
  multiplyCase,
  attentionCase('dot', false),
  attentionCase('additive', false),
  attentionCase('dot', true),
];
