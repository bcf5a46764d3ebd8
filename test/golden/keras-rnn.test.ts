/** The expected values of Keras's own tests of its recurrent layers: all 57. */
import { describe, expect, it } from 'vitest';
import {
  bidirectional,
  constant,
  gru,
  type Layer,
  lstm,
  type MergeMode,
  simpleRnn,
} from '../../src/index.js';
import { Recurrent } from '../../src/layers/recurrent.js';
import fixture from '../fixtures/keras-rnn.json' with { type: 'json' };
import { planLayer } from '../support/layer-run.js';

interface NumberTensor {
  shape: number[];
  data: number[];
}

interface Constant {
  constant: number;
}

interface LayerCase {
  type: string;
  units: number;
  kernel_initializer: Constant;
  recurrent_initializer: Constant;
  bias_initializer: Constant;
  unit_forget_bias?: boolean;
  use_bias?: boolean;
  reset_after?: boolean;
  go_backwards?: boolean;
  stateful?: boolean;
  return_sequences?: boolean;
  return_state?: boolean;
  zero_output_for_mask?: boolean;
}

interface Case extends LayerCase {
  source: string;
  layer?: LayerCase;
  backward_layer?: LayerCase;
  merge_mode?: string | null;
  x: NumberTensor;
  mask?: { data: boolean[] };
  initial_state?: NumberTensor | NumberTensor[];
  calls: ('call' | 'reset')[];
  part?: number[];
  expected: NumberTensor;
}

const makers = { LSTM: lstm, GRU: gru, SimpleRNN: simpleRnn };

const optionNames = {
  unit_forget_bias: 'unitForgetBias',
  use_bias: 'useBias',
  reset_after: 'resetAfter',
  go_backwards: 'goBackwards',
  stateful: 'stateful',
  return_sequences: 'returnSequences',
  return_state: 'returnState',
  zero_output_for_mask: 'zeroOutputForMask',
} as const;

function recurrent(golden: LayerCase): Layer {
  const options: Record<string, unknown> = {
    kernelInitializer: constant(golden.kernel_initializer.constant),
    recurrentInitializer: constant(golden.recurrent_initializer.constant),
    biasInitializer: constant(golden.bias_initializer.constant),
  };
  for (const [theirs, ours] of Object.entries(optionNames)) {
    const value = golden[theirs as keyof typeof optionNames];
    if (value !== undefined) options[ours] = value;
  }
  return makers[golden.type as keyof typeof makers](golden.units, options);
}

function layerOf(golden: Case): Layer {
  if (golden.layer === undefined) return recurrent(golden);
  const { merge_mode: mode, backward_layer: backward } = golden;
  return bidirectional(recurrent(golden.layer), {
    ...(mode === undefined ? {} : { mergeMode: (mode ?? 'none') as MergeMode }),
    ...(backward ? { backwardLayer: recurrent(backward) } : {}),
  });
}

const cases = fixture.cases as unknown as Case[];

/** What tells the cases of one of Keras's tests apart. */
function titleOf(golden: Case, index: number): string {
  const { type, layer } = golden;
  return `${index}: ${golden.source}, ${type}${layer ? ` of ${layer.type}` : ''}`;
}

describe("Keras's recurrent layers", () => {
  it('has the cases', () => expect(cases.length).toBe(57));

  it.each(cases.map((golden, i) => [titleOf(golden, i), golden] as const))('%s', (_, golden) => {
    const [batch, steps, features] = golden.x.shape as [number, number, number];
    const layer = layerOf(golden);
    const { initial_state: given = [] } = golden;
    const states = (Array.isArray(given) ? given : [given]).map(({ data }) => data);
    const run = planLayer(layer, { batch, steps, features }, 'float32', states);
    let outputs: number[][] = [];
    for (const call of golden.calls) {
      if (call === 'reset') layer.resetStates();
      else outputs = run.forward(golden.x.data, golden.mask?.data);
    }
    const [part] = golden.part ?? [];
    const isOutput = outputs.length > 1 || part === undefined;
    const whole = outputs[isOutput ? (part ?? 0) : 0] as number[];
    const width = whole.length / batch;
    const found = isOutput ? whole : whole.slice(part * width, (part + 1) * width);
    expect(found.length).toBe(golden.expected.data.length);
    golden.expected.data.forEach((value, k) => {
      expect(Math.abs((found[k] as number) - value), `value ${k}: ${found[k]} against ${value}`).toBeLessThan(
        1e-5,
      );
    });
  });

  it('are all recurrent layers of this library', () => {
    for (const make of Object.values(makers)) expect(make(2)).toBeInstanceOf(Recurrent);
  });
});
