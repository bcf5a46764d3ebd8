/** The functions of cells.ts, read: recurrent layers that no operator of ONNX is. */
import type { Layer, LayerConfig } from '../../layers/layer.js';
import { layerFromConfig } from '../../layers/registry.js';
import { parseRunName, type RunName, weightsOfCell } from './cells.js';
import { fateOf, setOutputs, stateFlows } from './import-outputs.js';
import {
  type Axis,
  areSame,
  asWritten,
  constantInto,
  flowInto,
  maskInto,
  type NodeReader,
  type Reading,
  refuse,
  type Value,
} from './import-values.js';
import type { OnnxNode } from './messages.js';
import type { OnnxTensor } from './tensors.js';

export const readRun: NodeReader = (reading, node) => {
  const run = parseRunName(node.operator) as RunName;
  const { cell, way } = run;
  const isTwo = way === 'both';
  const x = flowInto(reading, node, 0);
  if (x.axes.join() !== 'batch,steps,features' || (isTwo && x.isReversed))
    throw refuse(node, `reads axes [${x.axes.join(', ')}]`);
  if (!areSame(maskInto(reading, node, 1), x.mask))
    throw refuse(node, 'has a mask that is not that of its steps');
  const given = cell.states.map((_, i) => initialOf(reading, node, 2 + i));
  const [y = '', ...states] = node.outputs;
  const isUsed = (name: string | undefined) =>
    name !== undefined && name !== '' && reading.consumers(name).length > 0;
  const returnSequences = isUsed(y);
  const returnState = states.slice(1).some(isUsed) || (returnSequences && isUsed(states[0]));
  const fate = fateOf(reading, returnSequences ? y : (states[0] as string));
  const mergeMode = isTwo ? fate.mergeMode : '';
  const options = {
    returnSequences,
    returnState,
    goBackwards: !isTwo && (way === 'reverse') !== (x.isReversed === true),
    zeroOutputForMask: returnSequences && x.mask.length > 0 && fate.isZeroed,
    ...(given.some((state) => state?.kind === 'begun') ? { initialState: 'learned' } : {}),
  };
  const key = JSON.stringify([node.operator, node.inputs.slice(2 + cell.states.length), options, mergeMode]);
  const layer = reading.shared.get(key) ?? makeLayer(reading, node, run, options, mergeMode, given);
  reading.shared.set(key, layer);
  const outputs = [...layer.on(x.symbol, ...stateFlows(given, isTwo))];
  const across: Axis[] = isTwo ? ['directions'] : [];
  const widths = cell.states.map((_, i) => constantWidth(reading, node, run, i));
  setOutputs(reading, x, outputs, {
    y,
    states: cell.states.map((_, i) => states[i] ?? ''),
    widths,
    stepAxes: ['batch', 'steps', ...across, 'features'],
    rowAxes: [isTwo ? 'directions' : 'one', 'batch', 'features'],
    isTwo,
    mergeMode,
    returnSequences,
    returnState,
    isReversed: way === 'reverse',
    given,
  });
};

/** Nothing for zeros. */
function initialOf(reading: Reading, node: OnnxNode, input: number): Value | undefined {
  const value = reading.value(node.inputs[input] ?? '');
  if (value.kind === 'flow') return value;
  if (value.kind === 'begun') return value.tensor.data.every((number) => number === 0) ? undefined : value;
  throw refuse(node, `begins with a ${value.kind}`);
}

/** The input of a weight of the first direction, or of the other. */
function weightInput({ cell }: RunName, name: string, direction: number): number {
  const weights = weightsOfCell(cell);
  return 2 + cell.states.length + direction * weights.length + weights.indexOf(name);
}

/** How wide a state is: h is what the recurrent kernel reads, q the three gates, c a gate of four. */
function constantWidth(reading: Reading, node: OnnxNode, run: RunName, state: number): number {
  const size = (name: string, axis: number) =>
    constantInto(reading, node, weightInput(run, name, 0)).shape[axis] as number;
  if (state === 0) return size('recurrentKernel', 0);
  if (state === 2) return size('gateKernel', 0);
  return run.type === 'projectedLstm' ? size('projectionKernel', 0) : size('recurrentKernel', 0);
}

function makeLayer(
  reading: Reading,
  node: OnnxNode,
  run: RunName,
  options: Readonly<Record<string, unknown>>,
  mergeMode: string,
  given: readonly (Value | undefined)[],
): Layer {
  const { cell, type, activations } = run;
  const isTwo = run.way === 'both';
  const directions = isTwo ? ['forward/', 'backward/'] : [''];
  const firstNumber = weightInput(run, 'kernel', directions.length);
  const numbers = cell.numbers.map(
    (name, i) => [name, asWritten(numberInto(reading, node, firstNumber + i))] as const,
  );
  const hasState = type === 'projectedLstm';
  const config: Record<string, unknown> = {
    units: constantWidth(reading, node, run, hasState ? 1 : 0),
    ...(hasState ? { projection: constantWidth(reading, node, run, 0) } : {}),
    ...options,
    ...Object.fromEntries(cell.activations.map((name, i) => [name, activations[i]])),
    ...Object.fromEntries(numbers.filter(([, value]) => Number.isFinite(value))),
    ...(type === 'gru' || type === 'gruResetBefore' ? { resetAfter: type === 'gru' } : {}),
    type: type === 'gruResetBefore' ? 'gru' : type,
  };
  const { name = '' } = reading.layerName(node);
  const inner = { ...config, name: isTwo ? '' : name } as LayerConfig;
  const layer = layerFromConfig(isTwo ? { type: 'bidirectional', name, layer: inner, mergeMode } : inner);
  directions.forEach((prefix, d) => {
    for (const localName of weightsOfCell(cell))
      pushWeight(
        reading,
        layer,
        `${prefix}${localName}`,
        constantInto(reading, node, weightInput(run, localName, d)),
      );
    if (options.initialState !== 'learned') return;
    cell.states.forEach((state, s) => {
      const data = begunData(given[s], d, constantWidth(reading, node, run, s));
      pushWeight(reading, layer, `${prefix}initial${state.toUpperCase()}`, { data, shape: [data.length] });
    });
  });
  return layer;
}

function numberInto(reading: Reading, node: OnnxNode, input: number): number {
  return constantInto(reading, node, input).data[0] as number;
}

/** The part of a direction; zeros where the state begins with them. */
function begunData(value: Value | undefined, direction: number, width: number): Float32Array {
  if (value?.kind !== 'begun') return new Float32Array(width);
  return Float32Array.from(value.tensor.data.subarray(direction * width, (direction + 1) * width));
}

function pushWeight(
  reading: Reading,
  layer: Layer,
  localName: string,
  { data, shape }: Pick<OnnxTensor, 'data' | 'shape'>,
): void {
  reading.give(layer, localName, { data: Float32Array.from(data), shape });
}

/** Whether a function is one of these. */
export const isRun = (operator: string): boolean => parseRunName(operator) !== undefined;
