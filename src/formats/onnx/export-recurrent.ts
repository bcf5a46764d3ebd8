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
import { cannotSay, type Mask, type Scope, selected, type Value } from './export-scope.js';
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

interface Direction {
  readonly config: LayerConfig;
  /** What its weights' names begin with. */
  readonly prefix: string;
}

/** Writes a layer of one direction, or of two, which have as many units and the same kind of cell. */
export function writeRecurrent(
  scope: Scope,
  directions: readonly Direction[],
  [x, ...begin]: readonly Value[],
  mergeMode?: string,
): Value[] {
  const { w, name } = scope;
  const [{ config }] = directions as [Direction];
  const kind = kinds[config.type] as Kind;
  const units = config.units as number;
  const { mask, ...given } = x as Value;
  const [source, lengths] = compacted(scope, given.name, mask);
  const states = kind.states.map((state, s) => {
    const own = directions.map((_, d) => begin[d * kind.states.length + s]);
    return writeState(scope, state, directions, own as Value[], source, units);
  });
  const isTwo = directions.length === 2;
  const inputs = [
    w.node('Transpose', [source], { perm: { kind: 'ints', value: [1, 0, 2] } }),
    ...writeWeights(scope, kind, directions, units),
    lengths,
    ...states.map(({ initial }) => initial),
  ];
  if (config.type === 'peepholeLstm') inputs.push(writePeepholes(scope, directions, units));
  while (inputs.at(-1) === '') inputs.pop();
  const outputs = w.nodeOf(kind.operator, inputs, attributesOf(scope, kind, directions, units), {
    name,
    outputs: [`${name}/y`, ...kind.states.map((state) => `${name}/${state}`)],
  });
  const [y, ...ends] = outputs as [string, ...string[]];
  const shape = [units];
  const main: Value[] = config.returnSequences
    ? writeSteps(scope, y, isTwo, mask, (states[0] as State).carried, directions, given.shape, mergeMode)
    : isTwo
      ? mergeLast(scope, ends[0] as string, units, mergeMode)
      : [{ name: w.node('Squeeze', [ends[0] as string, w.ints([0])], {}, { name: `${name}/last` }), shape }];
  if (!config.returnState) return main;
  const last = (end: string, direction: number): Value => ({
    name: isTwo
      ? w.node('Gather', [end, w.ints(direction)], { axis: int(0) })
      : w.node('Squeeze', [end, w.ints([0])]),
    shape,
  });
  return [...main, ...directions.flatMap((_, d) => ends.map((end) => last(end, d)))];
}

/** The real steps first, and how many they are. */
function compacted({ w }: Scope, x: string, mask: Mask | undefined): [string, string] {
  if (mask === undefined) return [x, ''];
  if (mask.lengths !== undefined) return [x, mask.lengths];
  return w.call('Compact', [x, mask.name], { outputs: 2 }) as [string, string];
}

interface State {
  /** [D, B, H], or nothing for zeros. */
  readonly initial: string;
  /** What masked steps in front carry: [B or 1, H], of two directions [2, B or 1, H]. */
  readonly carried: string;
}

function writeState(
  { w, weight, name }: Scope,
  state: string,
  directions: readonly Direction[],
  given: readonly (Value | undefined)[],
  x: string,
  units: number,
): State {
  const count = directions.length;
  if (given[0] !== undefined) {
    const each = given.map((one) => w.node('Unsqueeze', [(one as Value).name, w.ints([0])]));
    const initial = count === 1 ? (each[0] as string) : w.node('Concat', each, { axis: int(0) });
    return { initial, carried: count === 1 ? (given[0] as Value).name : initial };
  }
  const isLearned = directions[0]?.config.initialState === 'learned';
  const data = new Float32Array(count * units);
  if (isLearned) {
    directions.forEach(({ prefix }, d) => {
      data.set((weight(`${prefix}initial${state.toUpperCase()}`) as Tensor).data, d * units);
    });
  }
  const all = isLearned ? `${name.split(':')[0]}/initial/${state}` : `zeros/${count} ${units}`;
  const stacked = () => w.floats(all, data, [count, 1, units]);
  const initial = isLearned ? (w.call('Begin', [x, stacked()])[0] as string) : '';
  return {
    initial,
    get carried() {
      return count === 2 ? stacked() : w.floats(`${all}/row`, data, [1, units]);
    },
  };
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
  scope: Scope,
  { operator }: Kind,
  directions: readonly Direction[],
  units: number,
): Record<string, Attribute> {
  const [{ config }] = directions as [Direction];
  const way = directions.length === 2 ? 'bidirectional' : config.goBackwards ? 'reverse' : 'forward';
  const activations = directions.flatMap(({ config: own }) => {
    const squash = operatorActivation(scope, own.activation as ActivationName);
    if (operator === 'RNN') return [squash];
    const gate = operatorActivation(scope, own.recurrentActivation as ActivationName);
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
function operatorActivation(scope: Scope, name: ActivationName = 'sigmoid'): RecurrentActivation {
  const found = recurrentActivation(name);
  if (found) return found;
  throw cannotSay(
    scope,
    `the activation '${name}' inside`,
    'use tanh, sigmoid, relu, leakyRelu, elu, softplus, linear or a hard sigmoid',
  );
}

/** h of every step: [batch, steps, units], or of two directions merged. */
function writeSteps(
  scope: Scope,
  y: string,
  isTwo: boolean,
  mask: Mask | undefined,
  initial: string,
  directions: readonly Direction[],
  [steps]: Value['shape'],
  mergeMode?: string,
): Value[] {
  const { w, name } = scope;
  const [{ config }] = directions as [Direction];
  const units = config.units as number;
  const goesBack = !isTwo && config.goBackwards === true;
  const inRows = isTwo
    ? w.node('Transpose', [y], { perm: { kind: 'ints', value: [2, 0, 1, 3] } })
    : w.node('Transpose', [w.node('Squeeze', [y, w.ints([1])])], {
        perm: { kind: 'ints', value: [1, 0, 2] },
      });
  const carry = isTwo ? 'CarryDirections' : goesBack ? 'CarryBackward' : 'CarryForward';
  const carried = mask ? (w.call(carry, [inRows, mask.name, initial])[0] as string) : inRows;
  const shape = [steps as number | null, units];
  const zeroed = (value: Value): Value =>
    config.zeroOutputForMask && value.mask ? { ...value, name: selected(w, value) } : value;
  if (isTwo) return mergeSteps(scope, carried, shape, mask, mergeMode).map(zeroed);
  const forward = zeroed({ name: carried, shape, mask });
  if (!goesBack) return [forward];
  const [turned] = w.call('Backwards', [forward.name], { outputs: [`${name}/backwards`] }) as [string];
  return [{ name: turned, shape, mask: mask && { name: backwardsMask(scope, mask) } }];
}

/** The mask in the order in which the steps were read. */
function backwardsMask({ w }: Scope, mask: Mask): string {
  return w.call('Backwards', [mask.name])[0] as string;
}

const reductions: Readonly<Record<string, string>> = {
  sum: 'ReduceSum',
  mul: 'ReduceProd',
  ave: 'ReduceMean',
};

/** Writes a reduction over an axis; where its axes stand depends on the version. */
function reduce({ w, opset }: Scope, operator: string, x: string, axis: number): string {
  const isInput = operator === 'ReduceSum' || opset >= 18;
  return isInput
    ? w.node(operator, [x, w.ints([axis])], { keepdims: int(0) })
    : w.node(operator, [x], { axes: { kind: 'ints', value: [axis] }, keepdims: int(0) });
}

function mergeSteps(
  scope: Scope,
  y: string,
  [steps, units]: readonly (number | null)[],
  mask: Mask | undefined,
  mergeMode = 'concat',
): Value[] {
  const { w } = scope;
  const width = units as number;
  if (mergeMode === 'none') {
    return [0, 1].map((direction) => ({
      name: w.node('Gather', [y, w.ints(direction)], { axis: int(2) }),
      shape: [steps as number | null, width],
      mask,
    }));
  }
  if (mergeMode !== 'concat')
    return [
      {
        name: reduce(scope, reductions[mergeMode] as string, y, 2),
        shape: [steps as number | null, width],
        mask,
      },
    ];
  return [
    {
      name: w.node('Reshape', [y, w.ints([0, 0, 2 * width])]),
      shape: [steps as number | null, 2 * width],
      mask,
    },
  ];
}

function mergeLast(scope: Scope, h: string, units: number, mergeMode = 'concat'): Value[] {
  const { w } = scope;
  const rows = w.node('Transpose', [h], { perm: { kind: 'ints', value: [1, 0, 2] } });
  if (mergeMode === 'none') {
    return [0, 1].map((direction) => ({
      name: w.node('Gather', [rows, w.ints(direction)], { axis: int(1) }),
      shape: [units],
    }));
  }
  if (mergeMode !== 'concat')
    return [{ name: reduce(scope, reductions[mergeMode] as string, rows, 1), shape: [units] }];
  return [{ name: w.node('Reshape', [rows, w.ints([0, 2 * units])]), shape: [2 * units] }];
}
