/** Losses and their gradients against PyTorch's, in double precision: of outputs, of logits, and seen through softmax. */
import { describe, expect, it } from 'vitest';
import { type ActivationName, activation, masking, sequential, tensor } from '../../src/index.js';
import { toLoss } from '../../src/training/losses.js';
import fixture from '../fixtures/pytorch-losses.json' with { type: 'json' };
import { isClose } from '../support/bits.js';

interface Case {
  name: string;
  options: object;
  outputs: number[][] | number[][][];
  targets: number[] | number[][];
  weights: number[];
  loss: number;
  gradient: number[][] | number[][][];
  lengths?: number[];
}

/** Loss and gradient by the input of a model that hands it on through an activation. */
function found(given: Case, options: object, through: ActivationName) {
  const { name, outputs, targets, weights, lengths } = given;
  const model = sequential([...(lengths ? [masking({ maskValue: 9e9 })] : []), activation(through)], {
    precision: 'float64',
  });
  model.compile({ loss: toLoss({ name, ...given.options, ...options }) });
  const rows = outputs.length;
  const shape = lengths ? [rows, (outputs[0] as number[]).length, -1] : [rows, -1];
  const data = Float64Array.from((outputs as number[][][]).flat(3));
  const x = tensor(data, shape, lengths ? { lengths } : {});
  model.build(lengths ? [null, x.shape[2] as number] : [x.shape[1] as number]);
  const { network } = model.internals;
  if (!network) throw new Error('not built');
  network.wantsInputGradient = true;
  const { loss } = model.trainOnBatch(x, targets, { sampleWeight: weights });
  const steps = lengths ? (x.shape[1] as number) : 1;
  const gradient = network.pass(rows, [steps], true).inputs[0]?.gradient;
  return { loss: loss as number, gradient: Array.from(gradient?.array ?? []) };
}

/** [rows, steps, classes] as [steps, rows, classes], flat. */
function timeMajor(nested: Case['gradient'], isSequence: boolean): number[] {
  if (!isSequence) return nested.flat(2) as number[];
  const rows = nested as number[][][];
  return (rows[0] as number[][]).flatMap((_, t) => rows.flatMap((row) => row[t] as number[]));
}

function check(given: Case, options: object, through: ActivationName) {
  const { loss, gradient } = found(given, options, through);
  expect(isClose(loss, given.loss), `${loss}, not ${given.loss}`).toBe(true);
  const expected = timeMajor(given.gradient, given.lengths !== undefined);
  expect(gradient.length).toBe(expected.length);
  gradient.forEach((value, k) => {
    expect(isClose(value, expected[k] as number), `${k}: ${value}, not ${expected[k]}`).toBe(true);
  });
}

describe('of outputs', () => {
  it.each(fixture.plain as unknown as Case[])('$name $options', (given) => check(given, {}, 'linear'));
});

describe('of logits, by themselves and seen through the activation', () => {
  it.each(fixture.logits as unknown as Case[])('$name $options', (given) => {
    check(given, { fromLogits: true }, 'linear');
    check(given, {}, given.name.startsWith('binary') ? 'sigmoid' : 'softmax');
  });
});

describe('of probabilities that went through something else', () => {
  it.each(fixture.logits as unknown as Case[])('$name $options', (given) => {
    const isBinary = given.name.startsWith('binary');
    const squash = (row: number[]) => {
      const exps = row.map(Math.exp);
      const sum = exps.reduce((a, b) => a + b, 0);
      return isBinary ? row.map((z) => 1 / (1 + Math.exp(-z))) : exps.map((e) => e / sum);
    };
    const outputs = (given.outputs as number[][]).map(squash);
    const { loss } = found({ ...given, outputs }, {}, 'linear');
    expect(isClose(loss, given.loss, 1e-9), `${loss}, not ${given.loss}`).toBe(true);
  });
});

describe('of labels', () => {
  it.each(fixture.ctc as unknown as Case[])('$name $options of lengths $lengths', (given) => {
    check(given, { fromLogits: true }, 'linear');
    check(given, {}, 'softmax');
  });
});
