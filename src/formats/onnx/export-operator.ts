/**
 * Recurrent layers as ONNX's LSTM, GRU and RNN. Their inputs are X [T, B, I], W [D, GH, I], R [D, GH, H], B [D, 2GH]
 * (both biases) and, of an LSTM with peepholes, P [D, 3H], for D directions; the gates stand in another order:
 *
 *     LSTM: i, o, f, c where ours are i, f, g, o      GRU: z, r, h, which are ours      peepholes: i, o, f
 *
 * https://github.com/onnx/onnx/blob/main/docs/Operators.md#LSTM
 */
import type { Tensor } from '../../core/tensor.js';
import type { ActivationName } from '../../layers/activations.js';
import type { LayerConfig } from '../../layers/layer.js';
import { type RecurrentActivation, recurrentActivation } from './activations.js';
import type { Direction, Mask, Ran, Scope, Value } from './export-scope.js';
import type { Attribute } from './messages.js';
import { floats, int, texts } from './node-writer.js';

/** A recurrent layer as the operator knows it. */
interface Kind {
  readonly operator: 'LSTM' | 'GRU' | 'RNN';
  readonly states: readonly ('h' | 'c')[];
  /** The operator's gates by their place in ours; one that begins with - has its sign turned, undefined is zeros. */
  readonly gates: readonly (number | `-${number}` | undefined)[];
}

export const kinds: Readonly<Record<string, Kind>> = {
  lstm: { operator: 'LSTM', states: ['h', 'c'], gates: [0, 3, 1, 2] },
  peepholeLstm: { operator: 'LSTM', states: ['h', 'c'], gates: [0, 3, 1, 2] },
  // f, g, o, and i = 1 - f = sigmoid(-z_f); with input_forget the operator takes 1 - i to forget.
  coupledLstm: { operator: 'LSTM', states: ['h', 'c'], gates: ['-0', 2, undefined, 1] },
  gru: { operator: 'GRU', states: ['h'], gates: [0, 1, 2] },
  simpleRnn: { operator: 'RNN', states: ['h'], gates: [0] },
};

/** Whether an operator has such a cell, with its activations, and bounds nothing. */
export function hasOperator(config: LayerConfig): boolean {
  if (!Object.hasOwn(kinds, config.type) || config.cellClip !== undefined) return false;
  const names = [config.activation, config.recurrentActivation].filter((name) => name !== undefined);
  return names.every((name) => recurrentActivation(name as ActivationName) !== undefined);
}

/** Writes the operator. `carried` is the first h of masked steps in front: [B or 1, H], of two directions [2, B or 1, H]. */
export function writeOperator(
  scope: Scope,
  directions: readonly Direction[],
  { name: x, mask }: Value,
  states: readonly string[],
  carried: () => string,
): Ran {
  const { w, name } = scope;
  const [{ config }] = directions as [Direction];
  const kind = kinds[config.type] as Kind;
  const units = config.units as number;
  const isTwo = directions.length === 2;
  const [source, lengths] = compacted(scope, x, mask);
  const inputs = [
    w.node('Transpose', [source], { perm: { kind: 'ints', value: [1, 0, 2] } }),
    ...writeWeights(scope, kind, directions, units),
    lengths,
    ...states,
  ];
  if (config.type === 'peepholeLstm') inputs.push(writePeepholes(scope, directions, units));
  while (inputs.at(-1) === '') inputs.pop();
  const outputs = w.nodeOf(kind.operator, inputs, attributesOf(kind, directions, units), {
    name,
    outputs: [`${name}/y`, ...kind.states.map((state) => `${name}/${state}`)],
  });
  const [y, ...ends] = outputs as [string, ...string[]];
  return {
    ends,
    steps: () => {
      const inRows = isTwo
        ? w.node('Transpose', [y], { perm: { kind: 'ints', value: [2, 0, 1, 3] } })
        : w.node('Transpose', [w.node('Squeeze', [y, w.ints([1])])], {
            perm: { kind: 'ints', value: [1, 0, 2] },
          });
      const carry = isTwo ? 'CarryDirections' : config.goBackwards ? 'CarryBackward' : 'CarryForward';
      return mask ? (w.call(carry, [inRows, mask.name, carried()])[0] as string) : inRows;
    },
  };
}

/** The real steps first, and how many they are. */
function compacted({ w }: Scope, x: string, mask: Mask | undefined): [string, string] {
  if (mask === undefined) return [x, ''];
  if (mask.lengths !== undefined) return [x, mask.lengths];
  return w.call('Compact', [x, mask.name], { outputs: 2 }) as [string, string];
}

/** W, R and B. */
function writeWeights(scope: Scope, kind: Kind, directions: readonly Direction[], units: number): string[] {
  const { w, weight } = scope;
  const wide = kind.gates.length * units;
  const parts = directions.map(({ prefix, config }) => {
    const part = (name: string) => weight(`${prefix}${name}`) as Tensor;
    const kernel = part('kernel');
    const bias = config.useBias ? part('bias') : undefined;
    const both = new Float32Array(2 * wide);
    if (bias) both.set(gatesFirst(bias.data.subarray(0, kernel.shape[1]), 1, units, kind));
    if (bias && bias.shape.length === 2)
      both.set(gatesFirst(bias.data.subarray(kernel.shape[1]), 1, units, kind), wide);
    const rows = (tensor: Tensor) => gatesFirst(tensor.data, tensor.shape[0] as number, units, kind);
    return { W: rows(kernel), R: rows(part('recurrentKernel')), B: both, inputs: kernel.shape[0] as number };
  });
  const count = directions.length;
  const { inputs } = parts[0] as { inputs: number };
  const shapes = { W: [count, wide, inputs], R: [count, wide, units], B: [count, 2 * wide] };
  return (['W', 'R', 'B'] as const).map((part) => {
    if (part === 'B' && directions.every(({ config }) => !config.useBias)) return '';
    return w.floats(`${layerOf(scope)}/${part}`, joined(parts.map((one) => one[part])), shapes[part]);
  });
}

/** The layer's name, which all its uses share. */
const layerOf = ({ config }: Scope) => config.name;

/** From [rows, gates of ours * units] to [gates of the operator * units, rows]. */
function gatesFirst(data: ArrayLike<number>, rows: number, units: number, { gates }: Kind): Float32Array {
  const turned = new Float32Array(gates.length * units * rows);
  const width = data.length / rows;
  gates.forEach((from, gate) => {
    if (from === undefined) return;
    const sign = typeof from === 'string' ? -1 : 1;
    const column = Math.abs(Number(from)) * units;
    for (let unit = 0; unit < units; unit++) {
      for (let row = 0; row < rows; row++)
        turned[(gate * units + unit) * rows + row] = sign * (data[row * width + column + unit] as number);
    }
  });
  return turned;
}

function writePeepholes(scope: Scope, directions: readonly Direction[], units: number): string {
  const parts = directions.map(({ prefix }) => {
    const { data } = scope.weight(`${prefix}peephole`) as Tensor;
    return joined(
      [0, 2, 1].map((gate) => Float32Array.from(data.subarray(gate * units, (gate + 1) * units))),
    );
  });
  return scope.w.floats(`${layerOf(scope)}/P`, joined(parts), [directions.length, 3 * units]);
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function attributesOf(
  { operator }: Kind,
  directions: readonly Direction[],
  units: number,
): Record<string, Attribute> {
  const [{ config }] = directions as [Direction];
  const way = directions.length === 2 ? 'bidirectional' : config.goBackwards ? 'reverse' : 'forward';
  const activations = directions.flatMap(({ config: own }) => {
    const squash = operatorActivation(own.activation as ActivationName);
    if (operator === 'RNN') return [squash];
    const gate = operatorActivation(own.recurrentActivation as ActivationName);
    return operator === 'GRU' ? [gate, squash] : [gate, squash, squash];
  });
  const isPlain = activations.every(({ name }) => ['Sigmoid', 'Tanh'].includes(name));
  const isDefault =
    isPlain && operator !== 'RNN'
      ? usesDefaults(operator, activations)
      : isPlain && activations.every(({ name }) => name === 'Tanh');
  const numbers = (key: 'alpha' | 'beta') =>
    activations.map((one) => one[key]).filter((value) => !Number.isNaN(value));
  const [alphas, betas] = [numbers('alpha'), numbers('beta')];
  return {
    hidden_size: int(units),
    ...(way === 'forward' ? {} : { direction: { kind: 'text', value: way } }),
    ...(isDefault ? {} : { activations: texts(activations.map(({ name }) => name)) }),
    ...(alphas.length > 0 ? { activation_alpha: floats(alphas) } : {}),
    ...(betas.length > 0 ? { activation_beta: floats(betas) } : {}),
    ...(operator === 'GRU' && config.resetAfter ? { linear_before_reset: int(1) } : {}),
    ...(config.type === 'coupledLstm' ? { input_forget: int(1) } : {}),
  };
}

function usesDefaults(operator: string, activations: readonly RecurrentActivation[]): boolean {
  const each = operator === 'GRU' ? 2 : 3;
  return activations.every(({ name }, i) => name === (i % each === 0 ? 'Sigmoid' : 'Tanh'));
}

/** The variants have fixed activations, and name none for their gates. */
function operatorActivation(name: ActivationName = 'sigmoid'): RecurrentActivation {
  return recurrentActivation(name) as RecurrentActivation;
}
