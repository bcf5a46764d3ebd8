/** Models of more than a chain: branches, several inputs and outputs, layers that are shared. */
import { describe, expect, it } from 'vitest';
import { type Edge, type PlannedLayer, type Planner, planEdge } from '../../src/backend/plan.js';
import { Random } from '../../src/core/random.js';
import {
  add,
  batchNormalization,
  concatenate,
  dense,
  deserializeModel,
  dropout,
  embedding,
  input,
  lstm,
  model,
  type SampleShape,
  type SymbolicTensor,
  sequential,
  serializeModel,
  sgd,
  tensor,
} from '../../src/index.js';
import { Layer } from '../../src/layers/layer.js';
import type { Network } from '../../src/model/network.js';
import { bitsOf } from '../support/bits.js';
import { compareGradient } from '../support/gradients.js';

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

  it('gives outputs in the form that they were asked for in', () => {
    const [a, b] = [input({ shape: [2] }), input({ shape: [2] })];
    const twins = model({ inputs: [a, b], outputs: [dense(1).on(a), dense(2).on(b)] }, { seed: 2 });
    const [first, second] = twins.predict([statics, statics]);
    expect([first.shape, second.shape]).toEqual([
      [3, 1],
      [3, 2],
    ]);
    twins.compile({ loss: 'meanSquaredError' });
    const logs = twins.evaluate([statics, statics], [[1, 2, 3], statics]);
    expect(Object.keys(logs)).toEqual(['loss', 'dense_1_loss', 'dense_2_loss']);
  });

  it('saves and loads, and goes on with the same bits', async () => {
    const make = () => {
      const x = input({ shape: [null, 1] });
      const [h, last, c] = lstm(3, { returnState: true, returnSequences: true }).on(x);
      const decoded = lstm(3).on(h, last, c);
      return model(
        { inputs: { x }, outputs: { y: dense(1).on(decoded), z: dense(2).on(decoded) } },
        { seed: 4 },
      );
    };
    const first = make();
    first.compile({ loss: { y: 'meanSquaredError' }, metrics: { y: ['meanAbsoluteError'] } });
    const y = { y: [1, 2, 3] };
    await first.fit({ x: sequences }, y, { epochs: 2 });
    const again = deserializeModel<typeof first>(serializeModel(first));
    await Promise.all([first, again].map((one) => one.fit({ x: sequences }, y, { epochs: 2 })));
    expect(again.predict({ x: sequences })).toEqual(first.predict({ x: sequences }));
    expect(again.evaluate({ x: sequences }, y)).toEqual(first.evaluate({ x: sequences }, y));
  });

  it('shows in its summary what each layer reads', () => {
    const x = input({ shape: [null, 1], name: 'x' });
    const shared = dense(2);
    const lines: string[] = [];
    model({ inputs: x, outputs: new Sum({}).on(lstm(2).on(shared.on(x)), lstm(2).on(shared.on(x))) }).summary(
      (line) => void lines.push(line),
    );
    expect(lines.join('\n')).toContain('Connected to');
    expect(lines.join('\n')).toMatch(/dense_1 \(dense\).*shared {3}x/);
    expect(lines.at(-3)).toMatch(/sum_1 \(sum\).*lstm_1, lstm_2$/);
  });
});

describe('a layer that is used twice', () => {
  /** The loss of a batch, and its gradients, of y = d(d(x)) or the like. */
  it.each([
    ['in a chain', (d: Layer, x: SymbolicTensor) => d.on(d.on(x))],
    ['in two branches', (d: Layer, x: SymbolicTensor) => new Sum({}).on(d.on(x), d.on(dense(2).on(x)))],
  ])('sums its gradients %s, as central differences say', (_, build) => {
    const x = input({ shape: [2] });
    const shared = dense(2, { activation: 'tanh' });
    const twice = model({ inputs: x, outputs: build(shared, x) }, { seed: 5, precision: 'float64' });
    twice.compile({ loss: 'meanSquaredError', optimizer: sgd({ learningRate: 0 }) });
    const y = [
      [0.5, -1],
      [0.1, 2],
      [1, 0],
    ];
    const loss = () => twice.evaluate(statics, y).loss as number;
    twice.trainOnBatch(statics, y);
    const random = new Random(1);
    for (const { name, value, gradient } of (twice.internals.network as Network).parameters) {
      const { compared } = compareGradient(name, loss, value.array, gradient.array.slice(), random);
      expect(compared).toBeGreaterThan(0);
    }
    expect(Object.keys(twice.getWeights()).filter((name) => name.endsWith('kernel')).length).toBeLessThan(3);
  });
});

describe('mistakes', () => {
  const x = () => input({ shape: [2], name: 'x' });
  it.each<[string, () => unknown]>([
    [
      'on: input 0 is the layer lstm, which is nothing that a layer gives',
      () => dense(1).on(lstm(2) as never),
    ],
    ['further outputs only where its options ask for them', () => dense(1).on(undefined as never)],
    ['write on(a, b), without brackets', () => dense(1).on([x(), x()] as never)],
    [
      'depend on the input x, which is not among its inputs',
      () => model({ inputs: input({ shape: [1] }), outputs: dense(1).on(x()) }),
    ],
    [
      'no output depends on the input x: leave it out',
      () => {
        const [used, idle] = [input({ shape: [2], name: 'used' }), x()];
        return model({ inputs: [used, idle], outputs: dense(1).on(used) });
      },
    ],
    [
      'the same input stands twice',
      () => {
        const one = x();
        return model({ inputs: [one, one], outputs: dense(1).on(one) });
      },
    ],
    [
      'its output is an input itself',
      () => {
        const one = x();
        return model({ inputs: one, outputs: one });
      },
    ],
    [
      "two layers are named 'x'",
      () => {
        const one = x();
        return model({ inputs: one, outputs: dense(1, { name: 'x' }).on(one) });
      },
    ],
    [
      'is part of another model already',
      () => {
        const one = x();
        const y = dense(1).on(one);
        model({ inputs: one, outputs: y });
        return model({ inputs: one, outputs: y });
      },
    ],
    [
      'x.b is missing',
      () => {
        const [a, b] = [input({ shape: [2] }), input({ shape: [2] })];
        const both = model({ inputs: { a, b }, outputs: new Sum({}).on(a, b) });
        return both.predict({ a: statics } as never);
      },
    ],
    [
      "x holds 'c', which the model has not",
      () => {
        const a = input({ shape: [2] });
        return model({ inputs: { a }, outputs: dense(1).on(a) }).predict({ c: statics } as never);
      },
    ],
    [
      'x.b has 2 rows but x.a has 3',
      () => {
        const [a, b] = [input({ shape: [2] }), input({ shape: [2] })];
        return model({ inputs: { a, b }, outputs: new Sum({}).on(a, b) }).predict({
          a: statics,
          b: statics.slice(1),
        });
      },
    ],
    [
      'y.p is missing: that output has a loss',
      () => {
        const a = input({ shape: [2] });
        const one = model({ inputs: a, outputs: { p: dense(1).on(a) } }).compile({ loss: { p: 'huber' } });
        return one.evaluate(statics, {});
      },
    ],
    [
      'the output q has no loss',
      () => {
        const a = input({ shape: [2] });
        const two = model({ inputs: a, outputs: { p: dense(1).on(a), q: dense(1).on(a) } });
        return two.compile({ loss: { p: 'huber' }, metrics: { q: ['meanSquaredError'] } });
      },
    ],
  ])('%s', (message, run) => {
    expect(run).toThrow(message);
  });
});

describe('attribute', () => {
  const x = input({ shape: [null, 1] });
  const still = input({ shape: [2] });
  const both = new Sum({}).on(lstm(3).on(x), dense(3).on(still));
  const outputs = dense(2, { activation: 'sigmoid' }).on(both);
  const mixed = model({ inputs: { x, still }, outputs }, { seed: 6, precision: 'float64' });

  it('adds up to what the output moved from the baseline', () => {
    const found = mixed.attribute({ x: sequences, still: statics }, { index: 1, points: 400 });
    expect(found.x.shape).toEqual([3, 3, 1]);
    const at = mixed.predict({ x: sequences, still: statics }).data;
    const zero = mixed.predict({
      x: sequences.map((row) => row.map(() => [0])),
      still: statics.map(() => [0, 0]),
    }).data;
    for (let row = 0; row < 3; row++) {
      const parts = [
        ...found.x.data.slice(row * 3, row * 3 + 3),
        ...found.still.data.slice(row * 2, row * 2 + 2),
      ];
      const moved = (at[row * 2 + 1] as number) - (zero[row * 2 + 1] as number);
      expect(parts.reduce((a, b) => a + b)).toBeCloseTo(moved, 6);
    }
    expect([...found.x.data.slice(5, 6), ...found.x.data.slice(7)]).toEqual([0, 0, 0]);
  });

  it('by gradient times input is exact for a linear model', () => {
    const a = input({ shape: [2] });
    const line = model({ inputs: a, outputs: dense(1).on(a) }, { seed: 1, precision: 'float64' });
    const kernel = line.getWeights()['dense_1/kernel']?.data as Float64Array;
    const { data } = line.attribute(statics, { method: 'gradientTimesInput' });
    statics
      .flat()
      .forEach((value, k) => void expect(data[k]).toBeCloseTo(value * (kernel[k % 2] as number), 12));
  });

  it('refuses token ids, which have no gradient', () => {
    const words = sequential([embedding(5, 2), lstm(2), dense(1)], { seed: 1 });
    const message =
      'attribute: x holds token ids, which cannot be moved a little: make a model of the layers behind the ' +
      'embedding, with input({ shape: [null, units] }) and takeWeights, and give it the vectors';
    expect(() => words.attribute([[1, 2]])).toThrow(message);
    const [ids, other] = [input({ shape: [1] }), input({ shape: [2] })];
    const output = dense(1).on(concatenate().on(embedding(5, 2).on(ids), other));
    const named = model({ inputs: { other, ids }, outputs: output });
    expect(() => named.attribute({ ids: [[1]], other: [[1, 2]] })).toThrow(
      'attribute: x.ids holds token ids',
    );
  });

  it('refuses options out of range', () => {
    const data = { x: sequences, still: statics };
    expect(() => mixed.attribute(data, { index: 2 })).toThrow(
      'attribute: index must be a number at least 0 and below 2',
    );
    expect(() => mixed.attribute(data, { method: 'saliency' as never })).toThrow(
      "method 'saliency' is not known",
    );
  });
});

describe('sequences of unequal lengths that are merged', () => {
  const [a, b] = [input({ shape: [null, 1] }), input({ shape: [null, 1] })];
  const sum = model(
    { inputs: { a, b }, outputs: dense(1, { useBias: false }).on(add().on(a, b)) },
    { seed: 1 },
  );
  sum.compile({ loss: 'meanSquaredError' });
  sum.setWeights({ 'dense_1/kernel': tensor([1], [1, 1]) });
  const data = {
    a: [[[1], [2], [3]], [[4]]],
    b: [
      [[1], [2]],
      [[3], [2], [1]],
    ],
  };

  it('give outputs where all of them have steps', () => {
    const { data: found, lengths } = sum.predict(data);
    expect(lengths).toEqual([2, 1]);
    expect([...found]).toEqual([2, 4, 0, 7, 0, 0]);
  });

  it('are compared with targets of those lengths, or of all steps, of which the others are not looked at', () => {
    expect(sum.evaluate(data, [[2, 5], [5]]).loss).toBeCloseTo((0 + 1 + 4) / 3, 6);
    const padded = [
      [2, 5, Number.NaN],
      [5, Number.NaN, Number.NaN],
    ];
    expect(sum.evaluate(data, padded).loss).toBeCloseTo((0 + 1 + 4) / 3, 6);
    expect(() =>
      sum.evaluate(data, [
        [2, 5],
        [5, 1],
      ]),
    ).toThrow('y has 2 steps in row 1 where x has 1 step');
  });
});

describe('predict with samples', () => {
  const make = () =>
    sequential([input({ shape: [2] }), dropout(0.5), dense(1, { useBias: false })], { seed: 3 });

  it('has the mean and deviation of dropout', () => {
    const dropped = make();
    const [w, v] = Array.from(dropped.getWeights()['dense_1/kernel']?.data as Float32Array) as [
      number,
      number,
    ];
    const { mean, deviation } = dropped.predict([[1, 2]], { samples: 4000 });
    // Each input is doubled or gone, so the variance is the sum of the squares.
    const expected = Math.hypot(w, 2 * v);
    expect(Math.abs((mean.data[0] as number) - (w + 2 * v))).toBeLessThan((4 * expected) / Math.sqrt(4000));
    expect((deviation.data[0] as number) / expected).toBeCloseTo(1, 1);
  });

  it('draws the same with the same seed, and leaves training alone', () => {
    const [one, other] = [make(), make()];
    const drawn = one.predict(statics, { samples: 10, seed: 1 });
    expect(one.predict(statics, { samples: 10, seed: 1 })).toEqual(drawn);
    expect(one.predict(statics, { samples: 10, seed: 2 })).not.toEqual(drawn);
    for (const each of [one, other])
      each.compile({ loss: 'meanSquaredError' }).trainOnBatch(statics, [1, 2, 3]);
    expect(one.getWeights()).toEqual(other.getWeights());
    expect(() => one.predict(statics, { samples: 1 })).toThrow('samples must be a number at least 2');
  });

  it('normalizes batches as predict does', async () => {
    const made = (rate: number) =>
      sequential([input({ shape: [2] }), batchNormalization(), dropout(rate), dense(1)], { seed: 3 });
    const [plain, dropped] = [made(0), made(0.5)];
    plain.compile({ loss: 'meanSquaredError' });
    await plain.fit(statics, [1, 2, 3], { epochs: 3 });
    dropped.setWeights(plain.getWeights());
    const rows = [
      [5, -5],
      [7, 1],
    ];
    expect(bitsOf(plain.predict(rows, { samples: 2 }).mean.data)).toBe(bitsOf(plain.predict(rows).data));
    const before = dropped.getWeights();
    const { mean } = dropped.predict(rows, { samples: 4000 });
    plain.predict(rows).data.forEach((value, k) => void expect(mean.data[k]).toBeCloseTo(value, 0));
    expect(dropped.getWeights()).toEqual(before);
  });
});
