/**
 * PyTorch's numbers for embedding, batch normalization (all steps, real steps alone, stored statistics), layer
 * normalization and attention: outputs and every gradient; and the moving statistics of Keras's formula.
 */
import { describe, expect, it } from 'vitest';
import {
  additiveAttention,
  attention,
  batchNormalization,
  embedding,
  layerNormalization,
  type Precision,
  sequential,
  sgd,
  tensor,
} from '../../src/index.js';
import fixture from '../fixtures/pytorch-layers.json' with { type: 'json' };
import { type Nested, probe, withWeights } from '../support/probe.js';

const tolerances = { float64: 1e-9, float32: 2e-5 } as const;
const precisions = ['float64', 'float32'] as const;

type Deep = number | readonly Deep[];
const flat = (values: Deep): number[] => (typeof values === 'number' ? [values] : values.flatMap(flat));

function expectClose(found: readonly number[], expected: Deep, precision: Precision, what: string) {
  const values = flat(expected);
  expect(found.length, what).toBe(values.length);
  values.forEach((value, k) => {
    const difference = Math.abs((found[k] as number) - value);
    expect(difference, `${what}[${k}]: ${found[k]} against ${value}`).toBeLessThan(
      tolerances[precision] * Math.max(1, Math.abs(value)),
    );
  });
}

/** The real steps of rows that lie one below the other. */
function realSteps(
  values: readonly number[],
  lengths: readonly number[] | null,
  steps: number,
  features: number,
) {
  if (lengths === null) return values;
  return lengths.flatMap((length, row) =>
    values.slice(row * steps * features, (row * steps + length) * features),
  );
}

describe.each(precisions)('in %s', (precision) => {
  it('embedding', () => {
    const [golden] = fixture.embedding as [(typeof fixture.embedding)[number]];
    const ids = golden.ids.map((row) => row.map((id) => [id]));
    const { y, gradients } = probe(
      embedding(5, 3),
      [{ x: ids }],
      golden.dy,
      precision,
      withWeights({ embeddings: flat(golden.embeddings) }),
    );
    expectClose(y, golden.y, precision, 'y');
    expectClose(gradients.embeddings as number[], golden.dEmbeddings, precision, 'dEmbeddings');
  });

  it.each(fixture.batchNorm.map((golden, i) => [i, golden] as const))(
    'batch normalization %i',
    (_, golden) => {
      const x = golden.x as Nested;
      const features = golden.gamma.length;
      const [first] = x as readonly (readonly unknown[])[];
      const steps = Array.isArray(first?.[0]) ? (first?.length as number) : 1;
      const layer = batchNormalization({
        epsilon: golden.epsilon,
        momentum: 0.9,
        trainable: golden.training,
      });
      const weights = {
        gamma: golden.gamma,
        beta: golden.beta,
        movingMean: golden.mean,
        movingVariance: golden.variance,
      };
      const result = probe(
        layer,
        [{ x, lengths: golden.lengths }],
        golden.dy as Nested,
        precision,
        withWeights(weights),
      );
      const real = (values: readonly number[]) => realSteps(values, golden.lengths, steps, features);
      expectClose([...real(result.y)], golden.y, precision, 'y');
      expectClose([...real(result.dx[0] as number[])], [...real(flat(golden.dx as Deep))], precision, 'dx');
      if (!golden.training) return;
      expectClose(result.gradients.gamma as number[], golden.dGamma, precision, 'dGamma');
      expectClose(result.gradients.beta as number[], golden.dBeta, precision, 'dBeta');
    },
  );

  it.each(fixture.layerNorm.map((golden, i) => [i, golden] as const))(
    'layer normalization %i',
    (_, golden) => {
      const { y, dx, gradients } = probe(
        layerNormalization({ epsilon: golden.epsilon }),
        [{ x: golden.x as Nested }],
        golden.dy as Nested,
        precision,
        withWeights({ gamma: golden.gamma, beta: golden.beta }),
      );
      expectClose(y, golden.y as Deep, precision, 'y');
      expectClose(dx[0] as number[], golden.dx as Deep, precision, 'dx');
      expectClose(gradients.gamma as number[], golden.dGamma, precision, 'dGamma');
      expectClose(gradients.beta as number[], golden.dBeta, precision, 'dBeta');
    },
  );

  it.each(fixture.attention.map((golden) => [golden.scaled, golden] as const))(
    'attention, scaled %s',
    (scaled, golden) => {
      const { lengths } = golden;
      const { y, dx } = probe(
        attention({ scale: scaled ? 'inverseSqrt' : 'none' }),
        [{ x: golden.query }, { x: golden.value, lengths }, { x: golden.key, lengths }],
        golden.dy,
        precision,
      );
      expectClose(y, golden.y, precision, 'y');
      expectClose(dx[0] as number[], golden.dQuery, precision, 'dQuery');
      expectClose(dx[1] as number[], golden.dValue, precision, 'dValue');
      expectClose(dx[2] as number[], golden.dKey, precision, 'dKey');
    },
  );

  it.each(fixture.additiveAttention.map((golden) => [golden.scaled, golden] as const))(
    'additive attention, scaled %s',
    (scaled, golden) => {
      const { lengths } = golden;
      const { y, dx, gradients } = probe(
        additiveAttention({ useScale: scaled }),
        [{ x: golden.query }, { x: golden.value, lengths }, { x: golden.key, lengths }],
        golden.dy,
        precision,
        withWeights({ scale: golden.scale }),
      );
      expectClose(y, golden.y, precision, 'y');
      expectClose(dx[0] as number[], golden.dQuery, precision, 'dQuery');
      expectClose(dx[1] as number[], golden.dValue, precision, 'dValue');
      expectClose(dx[2] as number[], golden.dKey, precision, 'dKey');
      if (scaled) expectClose(gradients.scale as number[], golden.dScale, precision, 'dScale');
    },
  );
});

describe('the moving statistics of batch normalization', () => {
  it.each(fixture.batchNorm.filter(({ training }) => training).map((golden, i) => [i, golden] as const))(
    "have PyTorch's mean and, as Keras's, a biased variance, %i",
    (_, golden) => {
      const [first] = golden.x as readonly (readonly unknown[])[];
      const isSequence = Array.isArray(first?.[0]);
      const steps = isSequence ? (first?.length as number) : 1;
      const features = golden.gamma.length;
      const rows = golden.x.length;
      const shape = isSequence ? [rows, steps, features] : [rows, features];
      const x = tensor(Float64Array.from(flat(golden.x as Deep)), shape, {
        ...(golden.lengths ? { lengths: golden.lengths } : {}),
      });
      const model = sequential([batchNormalization({ momentum: 0.9 })], { precision: 'float64' });
      model.compile({ loss: 'meanSquaredError', optimizer: sgd({ learningRate: 0 }) });
      model.build(isSequence ? [null, features] : [features]);
      const weights = model.getWeights();
      const set = (name: string, data: readonly number[]) => {
        weights[`batchNormalization_1/${name}`] = tensor(Float64Array.from(data), [features]);
      };
      set('movingMean', golden.mean);
      set('movingVariance', golden.variance);
      model.setWeights(weights);
      model.trainOnBatch(x, tensor(new Float64Array(flat(golden.x as Deep).length), shape));
      const after = model.getWeights();
      const moving = (name: string) =>
        Array.from(after[`batchNormalization_1/${name}`]?.data as Float64Array);
      expectClose(moving('movingMean'), golden.moving.mean, 'float64', 'movingMean');
      expectClose(moving('movingVariance'), golden.movingBiased, 'float64', 'movingVariance');
      expect(moving('movingVariance')).not.toEqual(golden.moving.variance);
    },
  );
});
