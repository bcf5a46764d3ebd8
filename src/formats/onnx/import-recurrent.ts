/** ONNX's LSTM, GRU and RNN as layers: what export-recurrent.ts writes, and what others write. */
import type { Tensor } from '../../core/tensor.js';
import type { ActivationName, ElementwiseActivationName } from '../../layers/activations.js';
import { bidirectional } from '../../layers/bidirectional.js';
import { coupledLstm } from '../../layers/greff-lstms.js';
import { gru } from '../../layers/gru.js';
import type { Layer } from '../../layers/layer.js';
import { lstm } from '../../layers/lstm.js';
import { peepholeLstm } from '../../layers/peephole-lstm.js';
import type { RecurrentOptions } from '../../layers/recurrent-options.js';
import { simpleRnn } from '../../layers/simple-rnn.js';
import { fromRecurrentActivation, parametersOf } from './activations.js';
import { kinds } from './export-operator.js';
import { fateOf, setOutputs, stateFlows } from './import-outputs.js';
import {
  type Axis,
  anyFlowInto,
  areSame,
  constantInto,
  type Flow,
  intOf,
  numbersOf,
  type Reading,
  refuse,
  textsOf,
  type Value,
} from './import-values.js';
import type { OnnxNode } from './messages.js';
import type { OnnxTensor } from './tensors.js';

/** A layer of one or two directions from a recurrent operator; it is set beside what the file calls its outputs. */
export function readRecurrent(reading: Reading, node: OnnxNode): void {
  const isBatchFirst = intOf(node, 'layout', 0) === 1;
  const order: Axis[] = isBatchFirst ? ['batch', 'steps', 'features'] : ['steps', 'batch', 'features'];
  const x = anyFlowInto(reading, node, 0);
  if (x.axes.join() !== order.join())
    throw refuse(node, `reads axes [${x.axes.join(', ')}] where it takes [${order.join(', ')}]`);
  checkMask(reading, node, x);
  const way = textOf(node, 'direction', 'forward');
  if (!['forward', 'reverse', 'bidirectional'].includes(way))
    throw refuse(node, `has the direction '${way}'`);
  const isTwo = way === 'bidirectional';
  if (isTwo && x.isReversed) throw refuse(node, 'reads steps from the last to the first in both directions');
  const [y = '', h = '', c = ''] = node.outputs;
  const isUsed = (name: string) => name !== '' && reading.consumers(name).length > 0;
  const fate = fateOf(reading, isUsed(y) ? y : h);
  const returnSequences = isUsed(y);
  const hasState = isUsed(c) || (returnSequences && (isUsed(h) || fate.wantsLast));
  const given = [5, 6].map((input) => initialOf(reading, node, input));
  const cell = cellOf(reading, node, isTwo ? 2 : 1);
  const returnState = hasState;
  const options: RecurrentOptions = {
    returnSequences,
    returnState,
    goBackwards: !isTwo && (way === 'reverse') !== (x.isReversed === true),
    useBias: cell.bias !== undefined,
    zeroOutputForMask: returnSequences && x.mask.length > 0 && (fate.isZeroed || !fate.isCarried),
    ...(given.some((state) => state?.kind === 'begun') ? { initialState: 'learned' as const } : {}),
  };
  const mergeMode = isTwo ? fate.mergeMode : '';
  const key = JSON.stringify([
    node.operator,
    node.inputs.slice(1, 4),
    node.inputs[7],
    options,
    mergeMode,
    [...node.attributes],
  ]);
  const layer = reading.shared.get(key) ?? makeLayer(reading, node, cell, options, mergeMode, given);
  reading.shared.set(key, layer);
  const states = stateFlows(given, isTwo);
  const outputs = [...layer.on(x.symbol, ...states)];
  const across: Axis = isTwo ? 'directions' : 'one';
  setOutputs(reading, x, outputs, {
    y,
    states: node.operator === 'LSTM' ? [h, c] : [h],
    widths: [cell.units, cell.units],
    stepAxes: isBatchFirst ? ['batch', 'steps', across, 'features'] : ['steps', across, 'batch', 'features'],
    rowAxes: isBatchFirst ? ['batch', across, 'features'] : [across, 'batch', 'features'],
    isTwo,
    mergeMode,
    returnSequences,
    returnState,
    isReversed: way === 'reverse',
    given,
  });
}

/** The steps that are passed over must be those that the model masks. */
function checkMask(reading: Reading, node: OnnxNode, x: Flow): void {
  const name = node.inputs[4] ?? '';
  if (name === '') {
    if (x.mask.length === 0) return;
    throw refuse(node, 'reads masked steps as if they were real, which no layer does');
  }
  const lengths = reading.value(name);
  // Lengths that are all of the steps say nothing.
  if (lengths.kind === 'constant' && lengths.tensor.data.every((length) => length === x.shape[0])) return;
  if (lengths.kind !== 'lengths') throw refuse(node, `reads a ${lengths.kind} as its sequence_lens`);
  const areInFront = x.isCompact || lengths.atoms.every((atom) => !reading.masking.has(atom));
  if (areSame(lengths.atoms, x.mask) && areInFront) return;
  throw refuse(node, 'has sequence_lens that are not those of the steps that it reads');
}

function textOf(node: OnnxNode, name: string, other: string): string {
  const found = node.attributes.get(name);
  return found === undefined ? other : String(found.value);
}

/** The state to begin with: nothing for zeros. */
function initialOf(reading: Reading, node: OnnxNode, input: number): Value | undefined {
  const name = node.inputs[input] ?? '';
  if (name === '' || (input === 6 && node.operator !== 'LSTM')) return undefined;
  const value = reading.value(name);
  if (value.kind === 'zeros') return undefined;
  if (value.kind !== 'constant') return value;
  const { shape, data } = value.tensor;
  if (data.every((number) => number === 0)) return undefined;
  if (shape[1] === 1 && intOf(node, 'layout', 0) === 0) return { kind: 'begun', tensor: value.tensor };
  throw refuse(node, `begins with a state of its own for each of ${shape[1]} rows, which no layer does`);
}

interface Cell {
  readonly operator: string;
  readonly units: number;
  readonly activations: readonly ActivationName[];
  readonly kernel: OnnxTensor;
  readonly recurrentKernel: OnnxTensor;
  readonly bias: OnnxTensor | undefined;
  readonly peepholes: OnnxTensor | undefined;
  readonly isCoupled: boolean;
  readonly resetAfter: boolean;
}

function cellOf(reading: Reading, node: OnnxNode, directions: number): Cell {
  const { operator } = node;
  const units = intOf(node, 'hidden_size', 0);
  const gates = operator === 'LSTM' ? 4 : operator === 'GRU' ? 3 : 1;
  const weight = (input: number, what: string, shape: readonly (number | undefined)[]) => {
    const tensor = constantInto(reading, node, input);
    const fits =
      tensor.shape.length === shape.length &&
      shape.every((size, i) => size === undefined || size === tensor.shape[i]);
    if (fits) return tensor;
    throw refuse(
      node,
      `has ${what} of shape [${tensor.shape}] where [${shape.map((size) => size ?? '?')}] belongs`,
    );
  };
  const has = (input: number) => (node.inputs[input] ?? '') !== '';
  const wide = gates * units;
  if (node.attributes.has('clip'))
    throw refuse(
      node,
      "has clip, which bounds what goes into its gates: no layer does (an lstm's cellClip bounds c)",
    );
  const peepholes =
    operator === 'LSTM' && has(7) ? weight(7, 'peepholes', [directions, 3 * units]) : undefined;
  const isCoupled = intOf(node, 'input_forget', 0) !== 0;
  const activations = activationsOf(node, directions);
  if ((peepholes || isCoupled) && activations.some((name, i) => name !== (i === 0 ? 'sigmoid' : 'tanh')))
    throw refuse(
      node,
      `has ${peepholes ? 'peepholes' : 'input_forget'} and activations other than sigmoid and tanh`,
    );
  if (peepholes && isCoupled) throw refuse(node, 'has peepholes and input_forget together');
  return {
    operator,
    units,
    activations,
    kernel: weight(1, 'W', [directions, wide, undefined]),
    recurrentKernel: weight(2, 'R', [directions, wide, units]),
    bias: has(3) ? weight(3, 'B', [directions, 2 * wide]) : undefined,
    peepholes,
    isCoupled,
    resetAfter: operator === 'GRU' && intOf(node, 'linear_before_reset', 0) !== 0,
  };
}

/** Those of the first direction, which the other has to have too. */
function activationsOf(node: OnnxNode, directions: number): ActivationName[] {
  const usual = { LSTM: ['Sigmoid', 'Tanh', 'Tanh'], GRU: ['Sigmoid', 'Tanh'], RNN: ['Tanh'] }[
    node.operator
  ] as string[];
  const names = textsOf(node, 'activations') ?? Array.from({ length: directions }, () => usual).flat();
  if (names.length !== directions * usual.length)
    throw refuse(node, `names ${names.length} activations where it has ${directions * usual.length}`);
  const alphas = [...(numbersOf(node, 'activation_alpha') ?? [])];
  const betas = [...(numbersOf(node, 'activation_beta') ?? [])];
  const all = names.map((name) => {
    const takes = parametersOf(name);
    const found = fromRecurrentActivation(
      name,
      takes.alpha ? alphas.shift() : undefined,
      takes.beta ? betas.shift() : undefined,
    );
    if (found) return found;
    throw refuse(node, `has the activation '${name}' with numbers that no activation here has`);
  });
  const first = all.slice(0, usual.length);
  if (all.some((name, i) => name !== first[i % usual.length]))
    throw refuse(node, 'has other activations in one direction than in the other');
  if (node.operator === 'LSTM' && first[1] !== first[2])
    throw refuse(
      node,
      `puts g through ${first[1]} and c through ${first[2]}, where a layer has one activation for both`,
    );
  return first;
}

function makeLayer(
  reading: Reading,
  node: OnnxNode,
  cell: Cell,
  options: RecurrentOptions,
  mergeMode: string,
  given: readonly (Value | undefined)[],
): Layer {
  const { units, operator, activations, resetAfter, isCoupled, peepholes } = cell;
  const [gate, squash = gate] = activations as [ElementwiseActivationName, ElementwiseActivationName?];
  const named = mergeMode === '' ? { ...options, ...reading.layerName(node) } : options;
  const make = (): { layer: Layer; type: string } => {
    if (operator === 'RNN')
      return { type: 'simpleRnn', layer: simpleRnn(units, { ...named, activation: squash }) };
    const both = { ...named, activation: squash, recurrentActivation: gate };
    if (operator === 'GRU') return { type: 'gru', layer: gru(units, { ...both, resetAfter }) };
    if (isCoupled) return { type: 'coupledLstm', layer: coupledLstm(units, named) };
    if (peepholes) return { type: 'peepholeLstm', layer: peepholeLstm(units, named) };
    return { type: 'lstm', layer: lstm(units, both) };
  };
  const { layer: inner, type } = make();
  const isTwo = mergeMode !== '';
  const layer = isTwo
    ? bidirectional(inner, { mergeMode: mergeMode as 'concat', ...reading.layerName(node) })
    : inner;
  for (const [direction, prefix] of (isTwo ? ['forward/', 'backward/'] : ['']).entries()) {
    for (const [localName, tensor] of weightsOf(cell, type, direction, given))
      reading.give(layer, `${prefix}${localName}`, tensor);
  }
  return layer;
}

function weightsOf(
  { units, kernel, recurrentKernel, bias, peepholes, resetAfter }: Cell,
  type: string,
  direction: number,
  given: readonly (Value | undefined)[],
): [string, Tensor<Float32Array>][] {
  const part = ({ data, shape }: OnnxTensor) => {
    const size = data.length / (shape[0] as number);
    return data.subarray(direction * size, (direction + 1) * size);
  };
  const found: [string, Tensor<Float32Array>][] = [
    ['kernel', gatesLast(part(kernel), kernel.shape[2] as number, units, type)],
    ['recurrentKernel', gatesLast(part(recurrentKernel), units, units, type)],
  ];
  if (bias) {
    const both = part(bias);
    const half = both.length / 2;
    const [input, recurrent] = [both.subarray(0, half), both.subarray(half)];
    const one = (values: ArrayLike<number>) => gatesLast(values, 1, units, type).data;
    if (resetAfter) {
      found.push(['bias', { data: Float32Array.of(...one(input), ...one(recurrent)), shape: [2, half] }]);
    } else {
      const sum = Float32Array.from(input, (value, k) => value + (recurrent[k] as number));
      const data = one(sum);
      found.push(['bias', { data, shape: [data.length] }]);
    }
  }
  if (peepholes) {
    const data = [0, 2, 1].flatMap((gate) => [...part(peepholes).subarray(gate * units, (gate + 1) * units)]);
    found.push(['peephole', { data: Float32Array.from(data), shape: [3, units] }]);
  }
  for (const [i, state] of given.entries()) {
    if (given.every((one) => one?.kind !== 'begun') || (i === 1 && !type.toLowerCase().endsWith('lstm')))
      continue;
    const data = state?.kind === 'begun' ? Float32Array.from(part(state.tensor)) : new Float32Array(units);
    found.push([i === 0 ? 'initialH' : 'initialC', { data, shape: [units] }]);
  }
  return found;
}

/** From [gates of the operator * units, rows] to [rows, gates of ours * units]. */
function gatesLast(data: ArrayLike<number>, rows: number, units: number, type: string): Tensor<Float32Array> {
  const gates = (kinds[type] as (typeof kinds)[string]).gates;
  const width = gates.filter((gate) => gate !== undefined).length * units;
  const turned = new Float32Array(rows * width);
  gates.forEach((to, gate) => {
    if (to === undefined) return;
    const sign = typeof to === 'string' ? -1 : 1;
    const column = Math.abs(Number(to)) * units;
    for (let unit = 0; unit < units; unit++) {
      for (let row = 0; row < rows; row++)
        turned[row * width + column + unit] = sign * (data[(gate * units + unit) * rows + row] as number);
    }
  });
  return { data: turned, shape: [rows, width] };
}
