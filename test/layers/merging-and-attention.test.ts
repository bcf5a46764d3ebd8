/** Layers of several inputs: values by hand, gradients against central differences, masks, files, and what is refused. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import {
  add,
  additiveAttention,
  attention,
  concatenate,
  dense,
  deserializeModel,
  globalAveragePooling1d,
  input,
  type Layer,
  lstm,
  model,
  multiply,
  sequential,
  serializeModel,
} from '../../src/index.js';
import type { Network } from '../../src/model/network.js';
import { bitsOf, errorOf, isClose, weightBits } from '../support/bits.js';
import { compareGradient } from '../support/gradients.js';
import { type Nested, type ProbeInput, probe } from '../support/probe.js';

const anything = (value: unknown) => value as never;

describe('merging', () => {
  const a = [
    [
      [1, 2],
      [3, 4],
    ],
  ];
  const b = [
    [
      [10, 20],
      [30, 40],
    ],
  ];
  const row = [[5, 7]];
  const run = (layer: Layer, ...inputs: Nested[]) =>
    probe(
      layer,
      inputs.map((x) => ({ x })),
      [[]],
      'float64',
      undefined,
      false,
    ).y;

  it('adds, multiplies, and sets side by side or one behind the other', () => {
    expect(run(add(), a, b, a)).toEqual([12, 24, 36, 48]);
    expect(run(multiply(), a, b)).toEqual([10, 40, 90, 160]);
    expect(run(concatenate(), a, b)).toEqual([1, 2, 10, 20, 3, 4, 30, 40]);
    expect(run(concatenate({ axis: 2 }), a, b)).toEqual([1, 2, 10, 20, 3, 4, 30, 40]);
    expect(run(concatenate({ axis: 1 }), a, b)).toEqual([1, 2, 3, 4, 10, 20, 30, 40]);
    expect(run(concatenate({ axis: 1 }), row, row)).toEqual([5, 7, 5, 7]);
  });

  it('puts a row beside every step', () => {
    expect(run(add(), a, row)).toEqual([6, 9, 8, 11]);
    expect(run(multiply(), a, row)).toEqual([5, 14, 15, 28]);
    expect(run(concatenate(), a, row)).toEqual([1, 2, 5, 7, 3, 4, 5, 7]);
  });

  it('makes a step real where it is so in every input, and reads nothing of the others', () => {
    const spoiled = [
      [
        [1, 2],
        [Number.NaN, 4],
      ],
    ];
    const inputs: ProbeInput[] = [{ x: b }, { x: spoiled, lengths: [1] }];
    for (const [layer, y] of [
      [add(), [11, 22, 0, 0]],
      [multiply(), [10, 40, 0, 0]],
    ] as const) {
      const found = probe(layer, inputs, [
        [
          [1, 1],
          [9, 9],
        ],
      ]);
      expect(found.y).toEqual(y);
      expect(found.mask).toEqual([1, 0]);
      expect(found.dx.flat().every(Number.isFinite)).toBe(true);
      expect(found.dx[0]?.slice(2)).toEqual([0, 0]);
    }
    const behind = probe(concatenate({ axis: 1 }), inputs, [
      [
        [1, 1],
        [1, 1],
        [1, 1],
        [9, 9],
      ],
    ]);
    expect(behind.mask).toEqual([1, 1, 1, 0]);
    expect(behind.y).toEqual([10, 20, 30, 40, 1, 2, 0, 0]);
    expect(behind.dx[1]).toEqual([1, 1, 0, 0]);
  });

  it('sums the gradients of an input that is read twice', () => {
    const x = input({ shape: [2] });
    const twice = model({ inputs: x, outputs: add().on(x, x) }, { precision: 'float64' });
    expect([...twice.predict([[1, 2]]).data]).toEqual([2, 4]);
  });
});

describe('attention', () => {
  const query = [
    [
      [1, 0],
      [0, 1],
    ],
  ];
  const value = [
    [
      [1, 0],
      [0, 2],
      [5, 5],
    ],
  ];

  it('weighs the real steps by how well they fit, and gives zeros for a masked query', () => {
    const found = probe(
      attention(),
      [
        { x: query, lengths: [1] },
        { x: value, lengths: [2] },
      ],
      [
        [
          [1, 1],
          [9, 9],
        ],
      ],
    );
    const a = Math.E / (Math.E + 1);
    [a, 2 * (1 - a), 0, 0].forEach(
      (expected, k) => void expect(isClose(found.y[k] as number, expected)).toBe(true),
    );
    expect(found.mask).toEqual([1, 0]);
  });

  it("is Keras's default, or scaled by the root of the features, or by a weight", () => {
    const weights = (layer: Layer) =>
      probe(
        layer,
        [
          { x: [[2, 1]] },
          {
            x: [
              [
                [1, 0],
                [0, 1],
              ],
            ],
          },
        ],
        [[1, 1]],
      ).y[0];
    const softmax = (score: number) => 1 / (1 + Math.exp(-score));
    expect(isClose(weights(attention()) as number, softmax(1))).toBe(true);
    expect(isClose(weights(attention({ scale: 'inverseSqrt' })) as number, softmax(1 / Math.sqrt(2)))).toBe(
      true,
    );
    expect(weights(attention({ scale: 'learned' }))).toBe(weights(attention()));
  });

  it('additive, is the sum of scale * tanh(query + key)', () => {
    const found = probe(
      additiveAttention({ useScale: false }),
      [{ x: [[0.5]] }, { x: [[[3], [7]]] }, { x: [[[0.1], [-0.4]]] }],
      [[1]],
    );
    const scores = [Math.tanh(0.6), Math.tanh(0.1)].map(Math.exp) as [number, number];
    const expected = (3 * scores[0] + 7 * scores[1]) / (scores[0] + scores[1]);
    expect(isClose(found.y[0] as number, expected)).toBe(true);
  });

  it('causal, sees nothing behind its own step', () => {
    const x = [[[1], [2], [3]]];
    const { y } = probe(attention({ causal: true }), [{ x }, { x }], [[[1], [1], [1]]]);
    expect(y[0]).toBe(1);
    const later = probe(attention({ causal: true }), [{ x }, { x: [[[1], [2], [-9]]] }], [[[1], [1], [1]]]);
    expect(later.y.slice(0, 2)).toEqual(y.slice(0, 2));
  });

  it('drops weights of the mean while training, and divides the others by what is left', () => {
    const steps = Array.from({ length: 2000 }, () => [0]);
    const values = Array.from({ length: 2000 }, (_, k) => [k % 2 === 0 ? 1 : 3]);
    const mean = (training: boolean) =>
      probe(
        attention({ dropout: 0.25 }),
        [{ x: [[0]] }, { x: [values] }, { x: [steps] }],
        [[1]],
        'float64',
        undefined,
        training,
      );
    expect(mean(false).y[0]).toBeCloseTo(2, 12);
    const { y, dx } = mean(true);
    expect(Math.abs((y[0] as number) - 2)).toBeLessThan(0.15);
    const dValue = dx[1] as number[];
    expect(new Set(dValue.map((d) => (2000 * d).toFixed(9)))).toEqual(
      new Set(['0.000000000', (1 / 0.75).toFixed(9)]),
    );
    const kept = values.reduce((total, [value], k) => total + (dValue[k] as number) * (value as number), 0);
    expect(kept).toBeCloseTo(y[0] as number, 9);
  });

  it('reads nothing of masked steps', () => {
    const spoiled = [
      [
        [1, 0],
        [0, 2],
        [Number.NaN, Number.NaN],
      ],
    ];
    for (const layer of [attention(), additiveAttention()]) {
      const { y, dx, gradients } = probe(
        layer,
        [{ x: query }, { x: spoiled, lengths: [2] }],
        [
          [
            [1, 1],
            [1, 1],
          ],
        ],
      );
      expect([...y, ...dx.flat(), ...Object.values(gradients).flat()].every(Number.isFinite)).toBe(true);
    }
  });
});

/** Random layers on random inputs, masks among them. */
describe('gradients by all inputs and weights', () => {
  const makers: Record<string, { make: () => Layer; inputs: 'merged' | 'attended' | 'behind' }> = {
    add: { make: () => add(), inputs: 'merged' },
    multiply: { make: () => multiply(), inputs: 'merged' },
    concatenate: { make: () => concatenate(), inputs: 'merged' },
    behind: { make: () => concatenate({ axis: 1 }), inputs: 'behind' },
    attention: { make: () => attention({ scale: 'learned' }), inputs: 'attended' },
    causal: { make: () => attention({ causal: true }), inputs: 'attended' },
    additive: { make: () => additiveAttention(), inputs: 'attended' },
  };
  it.each(Object.keys(makers))('%s', (name) => {
    const { make, inputs } = makers[name] as (typeof makers)[string];
    const total = { compared: 0, kinks: 0 };
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 4 }),
        (seed, batch, steps) => {
          const random = new Random(seed);
          const sequences = (t: number, features: number) =>
            Array.from({ length: batch }, () =>
              Array.from({ length: t }, () => Array.from({ length: features }, () => random.normal())),
            );
          const lengths = (t: number) => Array.from({ length: batch }, () => 1 + random.below(t));
          const more = 1 + random.below(4);
          const given: ProbeInput[] =
            inputs === 'attended'
              ? [
                  { x: sequences(steps, 2), lengths: lengths(steps) },
                  { x: sequences(more, 3), lengths: lengths(more) },
                  { x: sequences(more, 2) },
                ]
              : inputs === 'behind'
                ? [{ x: sequences(steps, 2), lengths: lengths(steps) }, { x: sequences(more, 2) }]
                : [
                    { x: sequences(steps, 2), lengths: lengths(steps) },
                    { x: sequences(steps, 2), lengths: lengths(steps) },
                    { x: sequences(1, 2).map(([row]) => row as number[]) },
                  ];
          const width = { attended: 3, behind: 2, merged: name === 'concatenate' ? 6 : 2 }[inputs];
          const dy = sequences(inputs === 'behind' ? steps + more : steps, width);
          let network: Network | undefined;
          const { pass, gradients } = probe(make(), given, dy, 'float64', (made) => {
            network = made;
          });
          const [output] = pass.outputs as [(typeof pass.outputs)[number]];
          const above = Array.from({ length: output.value.length }, (_, i) => {
            const row = Math.floor(i / output.features);
            const step = Math.floor(row / batch);
            return (
              (dy[row % batch]?.[step]?.[i % output.features] as number) * (output.mask.array[row] as number)
            );
          });
          const loss = () => {
            pass.forward(true);
            return above.reduce((sum, d, i) => sum + d * (output.value.array[i] as number), 0);
          };
          pass.inputs.forEach((edge, i) => {
            const dx = edge.gradient?.array.slice() as Float64Array;
            const result = compareGradient(`${name} input ${i}`, loss, edge.value.array, dx, random);
            total.compared += result.compared;
          });
          for (const { localName, value } of network?.parameters ?? []) {
            const gradient = Float64Array.from(gradients[localName] as number[]);
            compareGradient(`${name} ${localName}`, loss, value.array, gradient, random);
          }
        },
      ),
      { numRuns: 25 },
    );
    expect(total.compared).toBeGreaterThan(50);
  });
});

describe('models with such layers', () => {
  const purchases = input({ shape: [null, 2] });
  const customer = input({ shape: [3] });
  const beside = concatenate().on(purchases, dense(2).on(customer));
  const states = lstm(4, { returnSequences: true }).on(beside);
  const last = lstm(4).on(states);
  const seen = attention({ scale: 'learned' }).on(last, states);
  const asked = additiveAttention().on(dense(3).on(last), states, dense(3).on(states));
  const gated = multiply().on(seen, dense(4, { activation: 'sigmoid' }).on(last));
  const outputs = dense(1).on(concatenate().on(add().on(gated, asked), globalAveragePooling1d().on(states)));
  const inputs = { purchases, customer };
  const made = model({ inputs, outputs }, { seed: 3 });
  const x = {
    purchases: [
      [
        [1, 2],
        [0.5, 1],
      ],
      [[0.3, -1]],
      [
        [2, 0.1],
        [1, 1],
        [-0.2, 0.4],
      ],
    ],
    customer: [
      [1, 0, 0.2],
      [0, 1, -0.3],
      [1, 1, 0],
    ],
  };
  const y = [1, 0, 1];
  made.compile({ loss: 'meanSquaredError' });

  it('give each row what it gives alone: padding changes nothing', () => {
    const all = made.predict(x).data;
    x.purchases.forEach((row, i) => {
      const alone = made.predict({ purchases: [row], customer: [x.customer[i] as number[]] }).data;
      expect(isClose(alone[0] as number, all[i] as number, 1e-6)).toBe(true);
    });
  });

  it('learn, and come back from a file with the same bits', async () => {
    const before = made.evaluate(x, y).loss as number;
    await made.fit(x, y, { epochs: 30 });
    expect(made.evaluate(x, y).loss).toBeLessThan(before);
    const loaded = deserializeModel(serializeModel(made));
    expect(loaded.layers.map((layer) => layer.config())).toEqual(made.layers.map((layer) => layer.config()));
    expect(weightBits(loaded as never)).toEqual(weightBits(made as never));
    expect(bitsOf(loaded.predict(x as never).data)).toBe(bitsOf(made.predict(x).data));
  });

  it('show in the summary', () => {
    const lines: string[] = [];
    made.summary((line) => lines.push(line));
    const text = lines.join('\n');
    expect(text).toContain('concatenate_1 (concatenate)');
    expect(text).toMatch(/attention_1 \(attention\) +\[\?, 4\] +1/);
  });
});

describe('they refuse', () => {
  const sequence = () => input({ shape: [null, 2] });
  const row = () => input({ shape: [3] });
  const on = (layer: Layer, ...inputs: ReturnType<typeof input>[]) =>
    model({ inputs, outputs: layer.on(...inputs) });
  const wrong: [string, () => unknown, string, string][] = [
    [
      'one input',
      () => sequential([add()]).build([2]),
      'ShapeError',
      'add_1 takes two inputs or more: write add().on(a, b) in a model({ inputs, outputs })',
    ],
    [
      'other features',
      () => on(add(), sequence(), row()),
      'ShapeError',
      'add_1 needs inputs of as many features each but got [batch, ?, 2] and [batch, 3]',
    ],
    [
      'a row before a sequence',
      () => on(concatenate(), row(), sequence()),
      'ShapeError',
      'concatenate_1 has a sequence behind an input without steps: name the sequence first, on(sequence, row)',
    ],
    [
      'a row behind the steps of a sequence',
      () => on(concatenate({ axis: 1 }), sequence(), row()),
      'ShapeError',
      'concatenate_1 needs inputs of steps, to be set one behind the other, but got [batch, ?, 2] and [batch, 3]',
    ],
    [
      'another axis',
      () => concatenate({ axis: anything(0) }),
      'ConfigError',
      'concatenate: axis is -1, the features, or 1, the steps of sequences, but is 0',
    ],
    [
      'a query alone',
      () => on(attention(), sequence()),
      'ShapeError',
      'attention_1 takes a query, a value and, if it is another, a key: write attention().on(query, value) in a model({ inputs, outputs })',
    ],
    [
      'a value without steps',
      () => on(attention(), row(), row()),
      'ShapeError',
      'attention_1 needs a value with steps, [batch, steps, features], but got [batch, 3]',
    ],
    [
      'a query of other features',
      () => on(additiveAttention(), row(), sequence()),
      'ShapeError',
      'additiveAttention_1 compares query and key, which need as many features each, but got [batch, 3] and [batch, ?, 2]',
    ],
    [
      'a causal query without steps',
      () => on(attention({ causal: true }), input({ shape: [2] }), sequence()),
      'ShapeError',
      'attention_1 is causal, so that its query needs steps, but got [batch, 2]',
    ],
    [
      'an unknown scale',
      () => attention({ scale: anything('sqrt') }),
      'ConfigError',
      "attention: scale is 'none', 'inverseSqrt' or 'learned' but is 'sqrt'",
    ],
    [
      "Keras's useScale",
      () => attention(anything({ useScale: true })),
      'ConfigError',
      "attention has no option 'useScale': write scale: 'learned'",
    ],
    [
      'steps that differ',
      () => {
        const [a, b] = [sequence(), sequence()];
        return model({ inputs: [a, b], outputs: add().on(a, b) }).predict([
          [[[1, 2]]],
          [
            [
              [1, 2],
              [3, 4],
            ],
          ],
        ]);
      },
      'ShapeError',
      'add_1 needs sequences of the same number of steps but got 1 and 2',
    ],
  ];
  it.each(wrong)('%s', async (_what, work, name, message) => {
    expect(await errorOf(work)).toEqual({ name, message });
  });
});
