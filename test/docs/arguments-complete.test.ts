/**
 * Every argument of Keras 3's layers and of PyTorch's nn.LSTM has a row in the tables of docs/layers.md and
 * docs/recurrent.md, by the signatures in their documentation; and what a row says without naming an option is so.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  bidirectional,
  dense,
  embedding,
  gru,
  input,
  lstm,
  model,
  sgd,
  simpleRnn,
  tensor,
} from '../../src/index.js';

const read = (page: string) => readFileSync(new URL(`../../docs/${page}.md`, import.meta.url), 'utf8');

const weights = (...names: string[]) =>
  names.flatMap((name) => ['initializer', 'regularizer', 'constraint'].map((rule) => `${name}_${rule}`));

const recurrent = `units activation use_bias activity_regularizer dropout recurrent_dropout seed return_sequences
  return_state go_backwards stateful unroll ${weights('kernel', 'recurrent', 'bias').join(' ')}`;

/** Where each table is, and what it is about. */
const signatures: [string, string, string, string][] = [
  [
    'recurrent',
    "### Keras's LSTM, GRU and SimpleRNN",
    'LSTM, GRU and SimpleRNN',
    `${recurrent} recurrent_activation unit_forget_bias use_cudnn reset_after zero_output_for_mask`,
  ],
  ['recurrent', "### Keras's Bidirectional", 'Bidirectional', 'layer merge_mode weights backward_layer'],
  [
    'recurrent',
    "### PyTorch's nn.LSTM",
    'nn.LSTM',
    'input_size hidden_size num_layers bias batch_first dropout bidirectional proj_size device dtype',
  ],
  [
    'layers',
    '### Dense',
    'Dense',
    `units activation use_bias activity_regularizer lora_rank lora_alpha quantization_config
     ${weights('kernel', 'bias').join(' ')}`,
  ],
  [
    'layers',
    '### Embedding',
    'Embedding',
    `input_dim output_dim mask_zero weights lora_rank lora_alpha quantization_config ${weights('embeddings').join(' ')}`,
  ],
  [
    'layers',
    '### BatchNormalization',
    'BatchNormalization',
    `axis momentum epsilon center scale moving_mean_initializer moving_variance_initializer synchronized
     ${weights('beta', 'gamma').join(' ')}`,
  ],
];

it.each(signatures)('%s.md, %s has a row for every argument', (page, heading, _what, signature) => {
  const [section = ''] = (read(page).split(`${heading}\n`)[1] ?? '').split('\n#');
  const firsts = section.split('\n').map((line) => line.split('|')[1] ?? '');
  const known = firsts.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name));
  for (const name of signature.split(/\s+/)) expect(known, name).toContain(name);
});

describe('what the rows say without naming an option', () => {
  const sizes = (layer: { config(): object }) => layer.config() as Record<string, unknown>;

  it('units, input_dim, output_dim, hidden_size and layer are the first parameters', () => {
    for (const make of [lstm, gru, simpleRnn, dense]) expect(sizes(make(3)).units).toBe(3);
    expect(sizes(embedding(7, 5))).toMatchObject({ vocabulary: 7, units: 5 });
    expect(sizes(bidirectional(lstm(3))).layer).toMatchObject({ type: 'lstm', units: 3 });
  });

  it('initial_state and (h_0, c_0) are further inputs', () => {
    const [x, h, c] = [input({ shape: [null, 1] }), input({ shape: [2] }), input({ shape: [2] })];
    const made = model({ inputs: { x, h, c }, outputs: lstm(2).on(x, h, c) }, { seed: 1 });
    const given = (value: number) => ({ x: [[[1]]], h: [[value, 0]], c: [[0, value]] });
    expect([...made.predict(given(0)).data]).not.toEqual([...made.predict(given(1)).data]);
  });

  it('mask and a packed sequence are lengths', () => {
    const x = input({ shape: [null, 1] });
    const made = model({ inputs: x, outputs: lstm(2).on(x) }, { seed: 1 });
    const padded = tensor([1, 9, 2, 3], [2, 2, 1], { lengths: [1, 2] });
    expect([...made.predict(padded).data]).toEqual([...made.predict([[[1]], [[2], [3]]]).data]);
  });

  it('training is fit, where dropout is on, and predict, where it is off', () => {
    const x = input({ shape: [null, 1] });
    const made = model({ inputs: x, outputs: lstm(2, { dropout: 0.9 }).on(x) }, { seed: 1 });
    const rows = [[[1], [2]]];
    expect([...made.predict(rows).data]).toEqual([...made.predict(rows).data]);
    made.compile({ loss: 'meanSquaredError', optimizer: sgd({ learningRate: 0 }) });
    const losses = Array.from({ length: 20 }, () => made.trainOnBatch(rows, [[0, 0]]).loss);
    expect(new Set(losses).size).toBeGreaterThan(1);
  });
});
