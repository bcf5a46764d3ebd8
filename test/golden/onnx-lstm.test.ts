/** The LSTM cases of ONNX's own tests: gates in the order i, o, f, c, weights transposed, in both layouts. */
import { describe, expect, it } from 'vitest';
import { lstm, peepholeLstm } from '../../src/index.js';
import fixture from '../fixtures/onnx-lstm.json' with { type: 'json' };
import { planLayer, swapAxes } from '../support/layer-run.js';

interface OnnxTensor {
  name: string;
  shape: number[];
  data: number[];
}

interface Case {
  attributes: { hidden_size: number; layout?: number };
  inputs: OnnxTensor[];
  outputs: OnnxTensor[];
}

/** Rows [4 units] of `width` numbers in the order i, o, f, c as columns in the order i, f, c, o: [width, 4 units]. */
function transposed(rows: readonly number[], units: number, width: number): number[] {
  const order = [0, 2, 3, 1];
  return Array.from({ length: width * 4 * units }, (_, k) => {
    const column = k % (4 * units);
    const row = (order[Math.floor(column / units)] as number) * units + (column % units);
    return rows[row * width + Math.floor(k / (4 * units))] as number;
  });
}

/** Peepholes of i, o, f as those of i, f, o. */
function inOrder(peepholes: readonly number[]): number[] {
  const units = peepholes.length / 3;
  return [0, 2, 1].flatMap((gate) => peepholes.slice(gate * units, (gate + 1) * units));
}

const cases = fixture as unknown as Record<string, Case>;

describe('the LSTM of ONNX', () => {
  it.each(Object.entries(cases))('%s', (_, { attributes, inputs, outputs }) => {
    const units = attributes.hidden_size;
    const isBatchFirst = attributes.layout === 1;
    const given = (name: string) => inputs.find((tensor) => tensor.name === name);
    const x = given('X') as OnnxTensor;
    const [first, second, features] = x.shape as [number, number, number];
    const [batch, steps] = isBatchFirst ? [first, second] : [second, first];
    const bias = given('B')?.data ?? new Array<number>(8 * units).fill(0);
    const sum = Array.from(
      { length: 4 * units },
      (__, k) => (bias[k] as number) + (bias[4 * units + k] as number),
    );

    const peepholes = given('P')?.data;
    const layer = (peepholes ? peepholeLstm : lstm)(units, { returnSequences: true, returnState: true });
    // All its sequences are whole, and begin with zeros.
    expect(given('sequence_lens')?.data ?? []).toEqual(
      given('sequence_lens') ? Array(batch).fill(steps) : [],
    );
    for (const state of ['initial_h', 'initial_c']) {
      expect(given(state)?.data.every((value) => value === 0) ?? true).toBe(true);
    }
    const run = planLayer(layer, { batch, steps, features }, 'float32');
    run.setWeights({
      kernel: transposed((given('W') as OnnxTensor).data, units, features),
      recurrentKernel: transposed((given('R') as OnnxTensor).data, units, units),
      bias: transposed(sum, units, 1),
      ...(peepholes ? { peephole: inOrder(peepholes) } : {}),
    });
    const [y, h] = run.forward(isBatchFirst ? x.data : swapAxes(x.data, steps, batch)) as [
      number[],
      number[],
    ];
    for (const { name, data } of outputs) {
      const found = name === 'Y_h' ? h : isBatchFirst ? y : swapAxes(y, batch, steps);
      expect(found.length).toBe(data.length);
      data.forEach((value, k) => void expect(found[k]).toBeCloseTo(value, 6));
    }
  });

  it('has four cases', () => expect(Object.keys(cases).length).toBe(4));
});
