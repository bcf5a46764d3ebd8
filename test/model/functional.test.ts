/** Models of more than a chain: branches, several inputs and outputs, layers that are shared. */
import { describe, expect, it } from 'vitest';
import { type Edge, type PlannedLayer, type Planner, planEdge } from '../../src/backend/plan.js';
import { dense, input, lstm, model, type SampleShape, sequential } from '../../src/index.js';
import { Layer } from '../../src/layers/layer.js';

/** The sum of its inputs: what shows that edges are read and their gradients added. */
class Sum extends Layer {
  readonly type = 'sum';
  readonly ranks = [2, 3];
  outputShape(first: SampleShape): SampleShape {
    return first;
  }
  override checkInputs(): void {}
  plan(inputs: readonly Edge[], planner: Planner): PlannedLayer {
    const [first] = inputs as [Edge];
    const output = planEdge(planner, first, first.features, true);
    return {
      output,
      forward: () => {
        output.value.array.fill(0);
        for (const { value } of inputs)
          value.array.forEach((v, k) => {
            output.value.array[k] = (output.value.array[k] as number) + v;
          });
      },
      backward: () => {
        for (const { gradient } of inputs) {
          output.gradient?.array.forEach((g, k) => {
            if (gradient) gradient.array[k] = (gradient.array[k] as number) + g;
          });
        }
      },
    };
  }
  protected options() {
    return {};
  }
}

const sequences = [[[0.1], [0.5], [-0.3]], [[0.7], [0.2]], [[-0.4]]];
const statics = [
  [1, 0.5],
  [0, -0.5],
  [1, 0.1],
];

describe('model({ inputs, outputs })', () => {
  it('is the chain where it is one, to the bit', () => {
    const x = input({ shape: [null, 1] });
    const y = dense(2).on(lstm(3).on(x));
    const functional = model({ inputs: x, outputs: y }, { seed: 3 });
    const chain = sequential([input({ shape: [null, 1] }), lstm(3), dense(2)], { seed: 3 });
    expect(functional.predict(sequences)).toEqual(chain.predict(sequences));
  });

  it('takes several inputs and gives several outputs by name', async () => {
    const purchases = input({ shape: [null, 1] });
    const customer = input({ shape: [2] });
    const both = new Sum({}).on(lstm(4).on(purchases), dense(4).on(customer));
    const churn = model(
      {
        inputs: { purchases, customer },
        outputs: { left: dense(1, { activation: 'sigmoid' }).on(both), spend: dense(1).on(both) },
      },
      { seed: 1 },
    );
    churn.compile({
      loss: { left: 'binaryCrossentropy', spend: 'meanSquaredError' },
      lossWeights: { spend: 0.5 },
      metrics: { left: ['accuracy'] },
    });
    const x = { purchases: sequences, customer: statics };
    const y = { left: [1, 0, 1], spend: [0.5, 1, 2] };
    const before = churn.evaluate(x, y);
    expect(Object.keys(before)).toEqual(['loss', 'left_loss', 'spend_loss', 'left_accuracy']);
    expect(before.loss).toBeCloseTo((before.left_loss as number) + 0.5 * (before.spend_loss as number), 6);
    await churn.fit(x, y, { epochs: 30 });
    expect(churn.evaluate(x, y).loss).toBeLessThan(before.loss as number);
    const { left, spend } = churn.predict(x);
    expect([left.shape, spend.shape]).toEqual([
      [3, 1],
      [3, 1],
    ]);
  });
});
