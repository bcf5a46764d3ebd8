/** The recurrent layers of a standalone module, each cell by its kernel. */
import type { Activation } from '../../../kernels/activations.js';
import {
  bidirectionalConcatForward,
  bidirectionalProductForward,
  bidirectionalSumForward,
} from '../../../kernels/bidirectional.js';
import { denseForward } from '../../../kernels/dense.js';
import { gruForward } from '../../../kernels/gru.js';
import { gruResetBeforeForward } from '../../../kernels/gru-reset-before.js';
import { lstmForward } from '../../../kernels/lstm.js';
import { lstmActivationsForward } from '../../../kernels/lstm-activations.js';
import { matmul } from '../../../kernels/matmul.js';
import type { Products } from '../../../kernels/products.js';
import { reverseForward } from '../../../kernels/reverse.js';
import { simpleRnnForward } from '../../../kernels/simple-rnn.js';
import { zeroMaskedForward } from '../../../kernels/zero-masked.js';
import { type Layer, type Value, vector } from './value.js';

/** A cell and its weights, for rows of one width. */
export interface Cell {
  readonly units: number;
  /** What each state begins with, h first. */
  readonly begin: readonly Float32Array[];
  /** Runs all steps, from slot 0 of the states, each [steps + 1, units]. */
  run(
    x: Float32Array,
    mask: Uint8Array,
    states: readonly Float32Array[],
    steps: number,
    inputs: number,
  ): void;
}

export interface Weights {
  readonly kernel: Float32Array;
  readonly recurrentKernel: Float32Array;
  readonly bias: Float32Array;
  /** What each state begins with, h first. */
  readonly begin: readonly Float32Array[];
}

/** Those that run forward. */
const products = { denseForward, matmul } as unknown as Products;

export function plainLstm(units: number, { kernel, recurrentKernel, bias, begin }: Weights): Cell {
  const ones = new Float32Array(units).fill(1);
  return {
    units,
    begin,
    run: (x, mask, [h, c], steps, inputs) => {
      const rooms = [1, 1, 4].map((width) => new Float32Array(width * steps * units));
      const [tanhC, recurrentInput, gates] = rooms as [Float32Array, Float32Array, Float32Array];
      lstmForward(
        x,
        kernel,
        recurrentKernel,
        bias,
        ones,
        mask,
        h as Float32Array,
        c as Float32Array,
        tanhC,
        recurrentInput,
        gates,
        steps,
        1,
        inputs,
        units,
      );
    },
  };
}

export function lstm(
  units: number,
  { kernel, recurrentKernel, bias, begin }: Weights,
  activation: Activation,
  recurrentActivation: Activation,
  clip: number,
): Cell {
  const ones = new Float32Array(units).fill(1);
  return {
    units,
    begin,
    run: (x, mask, [h, c], steps, inputs) => {
      const rooms = [1, 1, 4, 4].map((width) => new Float32Array(width * steps * units));
      const [squashedC, recurrentInput, z, gates] = rooms as [
        Float32Array,
        Float32Array,
        Float32Array,
        Float32Array,
      ];
      lstmActivationsForward(
        activation,
        recurrentActivation,
        Math.fround(clip),
        x,
        kernel,
        recurrentKernel,
        bias,
        ones,
        mask,
        h as Float32Array,
        c as Float32Array,
        squashedC,
        recurrentInput,
        z,
        gates,
        steps,
        1,
        inputs,
        units,
      );
    },
  };
}

export function gru(
  units: number,
  { kernel, recurrentKernel, bias, begin }: Weights,
  activation: Activation,
  recurrentActivation: Activation,
): Cell {
  const ones = new Float32Array(units).fill(1);
  return {
    units,
    begin,
    run: (x, mask, [h], steps, inputs) => {
      const rooms = [1, 3, 3, 3].map((width) => new Float32Array(width * steps * units));
      const [recurrentInput, inner, z, gates] = rooms as [
        Float32Array,
        Float32Array,
        Float32Array,
        Float32Array,
      ];
      gruForward(
        products,
        activation,
        recurrentActivation,
        x,
        kernel,
        recurrentKernel,
        bias,
        ones,
        mask,
        h as Float32Array,
        recurrentInput,
        inner,
        z,
        gates,
        steps,
        1,
        inputs,
        units,
      );
    },
  };
}

export function gruResetBefore(
  units: number,
  { kernel, recurrentKernel, bias, begin }: Weights,
  activation: Activation,
  recurrentActivation: Activation,
): Cell {
  const ones = new Float32Array(units).fill(1);
  return {
    units,
    begin,
    run: (x, mask, [h], steps, inputs) => {
      const room = (width: number) => new Float32Array(width * steps * units);
      const [recurrentInput, resetInput] = [room(1), room(1)];
      gruResetBeforeForward(
        products,
        activation,
        recurrentActivation,
        x,
        kernel,
        recurrentKernel,
        bias,
        ones,
        mask,
        h as Float32Array,
        recurrentInput,
        resetInput,
        room(3),
        room(3),
        room(3),
        room(3),
        steps,
        1,
        inputs,
        units,
      );
    },
  };
}

export function simpleRnn(
  units: number,
  { kernel, recurrentKernel, bias, begin }: Weights,
  activation: Activation,
): Cell {
  const ones = new Float32Array(units).fill(1);
  return {
    units,
    begin,
    run: (x, mask, [h], steps, inputs) => {
      const room = () => new Float32Array(steps * units);
      simpleRnnForward(
        products,
        activation,
        x,
        kernel,
        recurrentKernel,
        bias,
        ones,
        mask,
        h as Float32Array,
        room(),
        room(),
        steps,
        1,
        inputs,
        units,
      );
    },
  };
}

/** The layer around a cell: its h of the last step, or of every step. */
export function recurrent({ units, begin, run }: Cell, returnSequences: boolean): Layer {
  return ({ x, steps, features, mask }, carried) => {
    const states = begin.map((first, i) => {
      const state = new Float32Array((steps + 1) * units);
      state.set(carried?.[i] ?? first);
      return state;
    });
    run(x, mask, states, steps, features);
    const last = (state: Float32Array) => state.slice(steps * units);
    if (carried) for (const [i, state] of states.entries()) carried[i] = last(state);
    const h = states[0] as Float32Array;
    if (!returnSequences) return vector(last(h));
    return { x: h.slice(units), steps, features: units, mask, sequence: true };
  };
}

/** The layer with its steps from the last to the first. */
export function backwards(layer: Layer): Layer {
  return (value) => layer(reversed(value));
}

/** Zeros in place of the output of masked steps. */
export function zeroMasked(layer: Layer): Layer {
  return (value, carried) => {
    const output = layer(value, carried);
    const x = new Float32Array(output.x.length);
    zeroMaskedForward(output.x, output.mask, x, output.steps, output.features);
    return { ...output, x };
  };
}

/** Both directions, made into one by `merge`; the second layer goes backwards. */
export function bidirectional(forward: Layer, backward: Layer, merge: Merge): Layer {
  return (value) => {
    const first = forward(value);
    const second = backward(value);
    const turned = second.sequence ? { ...reversed(second), mask: first.mask } : second;
    return merge(first, turned);
  };
}

export type Merge = (a: Value, b: Value) => Value;

export function sideBySide(a: Value, b: Value): Value {
  const features = a.features + b.features;
  const x = new Float32Array(a.steps * features);
  bidirectionalConcatForward(a.x, b.x, x, a.steps, a.features, b.features);
  return { ...a, x, features };
}

/** Their sum times a factor: 1, or .5 for their mean. */
export function summed(factor: number): Merge {
  return (a, b) => {
    const x = new Float32Array(a.x.length);
    bidirectionalSumForward(a.x, b.x, x, x.length, factor);
    return { ...a, x };
  };
}

export function multiplied(a: Value, b: Value): Value {
  const x = new Float32Array(a.x.length);
  bidirectionalProductForward(a.x, b.x, x, x.length);
  return { ...a, x };
}

function reversed(value: Value): Value {
  const { steps, features } = value;
  const x = new Float32Array(value.x.length);
  const mask = new Uint8Array(steps);
  reverseForward(value.x, x, steps, features);
  reverseForward(value.mask, mask, steps, 1);
  return { ...value, x, mask };
}
