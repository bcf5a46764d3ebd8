/**
 * What flows in a graph that is read: each value of the file as what it stands for in a model. The axes of a value have
 * names here, so that what others write around a layer (turned axes, axes of one) is followed and not computed.
 */
import { FormatError } from '../../core/errors.js';
import { describe } from '../../core/options.js';
import type { Tensor } from '../../core/tensor.js';
import type { Layer, SampleShape, SymbolicTensor } from '../../layers/layer.js';
import type { OnnxNode } from './messages.js';
import type { OnnxTensor } from './tensors.js';

export type Axis = 'batch' | 'steps' | 'features' | 'directions' | 'one';

/** Which steps are real: all of what is named has to say so. In the order of the file's steps. */
export type Atoms = readonly string[];

export interface Flow {
  readonly kind: 'flow';
  readonly symbol: SymbolicTensor;
  /** The shape of a row of the symbol. */
  readonly shape: SampleShape;
  /** What the file's axes stand for. */
  readonly axes: readonly Axis[];
  readonly mask: Atoms;
  /** Whether the file has its steps in the other order than the symbol. */
  readonly isReversed?: boolean;
  /** Whether the real steps have been brought to the front, where no layer has them. */
  readonly isCompact?: boolean;
  /** The backward direction, where two are not merged. */
  readonly other?: Flow;
  /** Where two directions are one axis of the file and merged in the symbol: how. */
  readonly mergeMode?: string;
  /** h after the last step, of the output of a layer that has it. */
  readonly last?: SymbolicTensor;
  /** What the state began with. */
  readonly initial?: Value | undefined;
  /** The file's own input. */
  readonly isInput?: boolean;
}

export type Value =
  | Flow
  | { readonly kind: 'constant'; readonly tensor: OnnxTensor }
  | { readonly kind: 'mask'; readonly atoms: Atoms }
  | { readonly kind: 'lengths'; readonly atoms: Atoms }
  /** A learned state, for every row. */
  | { readonly kind: 'begun'; readonly tensor: OnnxTensor }
  /** Which steps a query sees. */
  | { readonly kind: 'sight'; readonly query: Atoms; readonly value: Atoms; readonly causal: boolean }
  /** Zeros of a size that is known when the graph runs. */
  | { readonly kind: 'zeros' }
  /** Sizes that are known when the graph runs. */
  | { readonly kind: 'size' };

/** A weight that a layer is to have. */
export interface FoundWeight {
  readonly layer: Layer;
  readonly localName: string;
  readonly tensor: Tensor;
}

/** What is known while a graph is read. */
export interface Reading {
  readonly opset: number;
  /** @throws FormatError when nothing of that name has been given yet */
  value(name: string): Value;
  /** The same, where it has been given. */
  find(name: string): Value | undefined;
  /** The nodes that take the value; the graph's outputs count as one. */
  consumers(name: string): readonly (OnnxNode | undefined)[];
  set(name: string, value: Value): void;
  /** Nodes that have been read together with another. */
  readonly done: Set<OnnxNode>;
  readonly weights: readonly FoundWeight[];
  /** Gives a layer a weight. @throws FormatError when all of them are many times what the file holds */
  give(layer: Layer, localName: string, tensor: Tensor): void;
  /** Layers by the weights and attributes that they were made from, so that what shares them is one layer. */
  readonly shared: Map<string, Layer>;
  /** What the masks that steps are told by were made from. */
  readonly masking: Map<string, { readonly of: string; readonly maskValue: number }>;
  /** A name for a layer, as the node's where that may be one. */
  layerName(node: OnnxNode): { name?: string };
}

export function refuse(node: OnnxNode, why: string): FormatError {
  const name = node.name === '' ? '' : ` ${describe(node.name)}`;
  return new FormatError(`the ONNX file's ${describe(node.operator).slice(1, -1)}${name} ${why}`);
}

export function intOf(node: OnnxNode, name: string, other: number): number {
  const found = node.attributes.get(name);
  if (found === undefined) return other;
  if (found.kind !== 'int') throw refuse(node, `has no whole number for '${name}'`);
  return found.value;
}

export function numberOf(node: OnnxNode, name: string, other: number): number {
  const found = node.attributes.get(name);
  return found === undefined ? other : asWritten(Number(found.value));
}

/** The shortest decimal that is this number in single precision: what somebody wrote, such as 0.001. */
export function asWritten(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return value;
}

/** The numbers of an attribute, whole ones or not; nothing where the node has none of that name. */
export function numbersOf(node: OnnxNode, name: string): readonly number[] | undefined {
  const found = node.attributes.get(name);
  if (found === undefined || found.kind === 'ints' || found.kind === 'floats') return found?.value;
  throw refuse(node, `has no list of numbers for '${name}'`);
}

export function textsOf(node: OnnxNode, name: string): readonly string[] | undefined {
  const found = node.attributes.get(name);
  if (found === undefined || found.kind === 'texts') return found?.value;
  throw refuse(node, `has no list of texts for '${name}'`);
}

/** What flows into a node, with its steps where a layer has them. */
export function flowInto(reading: Reading, node: OnnxNode, input: number): Flow {
  const value = anyFlowInto(reading, node, input);
  if (value.isCompact) throw refuse(node, 'reads steps that were moved, as no layer does');
  if (value.axes.includes('directions')) throw refuse(node, 'reads two directions that are not merged');
  return value;
}

export function anyFlowInto(reading: Reading, node: OnnxNode, input: number): Flow {
  const value = reading.value(node.inputs[input] ?? '');
  if (value.kind === 'flow') return value;
  throw refuse(node, `reads a ${value.kind} where data should flow`);
}

export function constantInto(reading: Reading, node: OnnxNode, input: number): OnnxTensor {
  const value = reading.value(node.inputs[input] ?? '');
  if (value.kind === 'constant') return value.tensor;
  throw refuse(node, `reads a ${value.kind} where a weight or a constant should stand: input ${input}`);
}

/** Whole numbers of an input or, as older versions have them, of an attribute. */
export function axesOf(reading: Reading, node: OnnxNode): number[] | undefined {
  const name = node.inputs[1];
  if (name !== undefined && name !== '') return [...constantInto(reading, node, 1).data];
  const list = numbersOf(node, 'axes');
  return list && [...list];
}

export function maskInto(reading: Reading, node: OnnxNode, input: number): Atoms {
  const value = reading.value(node.inputs[input] ?? '');
  if (value.kind === 'mask') return value.atoms;
  throw refuse(node, `reads a ${value.kind} where a mask should stand`);
}

/** No model is told of its masked steps by more than these, or by one that takes so long to name. */
const MOST_ATOMS = 100;
const LONGEST_ATOM = 2000;

/** All of both. @throws FormatError for more than any model has */
export function both(a: Atoms, b: Atoms): Atoms {
  return checkAtoms([...new Set([...a, ...b])].sort());
}

export function checkAtoms(atoms: Atoms): Atoms {
  if (atoms.length <= MOST_ATOMS && atoms.every(({ length }) => length <= LONGEST_ATOM)) return atoms;
  throw new FormatError('the ONNX file makes masks of more masks than any model has');
}

export function areSame(a: Atoms, b: Atoms): boolean {
  return a.length === b.length && a.every((atom, i) => atom === b[i]);
}

/** The mask of the steps in the other order. */
export function turned(atoms: Atoms): Atoms {
  return atoms.map((atom) => (atom.startsWith('~') ? atom.slice(1) : `~${atom}`)).sort();
}

/** The only node that takes the value, if it is one. */
export function onlyConsumer(reading: Reading, name: string): OnnxNode | undefined {
  const found = reading.consumers(name);
  return found.length === 1 ? found[0] : undefined;
}

/** A flow behind another: the same steps, in the usual order of axes. */
export function behind(x: Flow, symbol: SymbolicTensor, shape: SampleShape): Flow {
  return {
    kind: 'flow',
    symbol,
    shape,
    axes: x.axes,
    mask: x.mask,
    ...(x.isReversed ? { isReversed: true } : {}),
  };
}

/** The axes of rows, or of sequences. */
export const usualAxes = (shape: SampleShape): readonly Axis[] =>
  shape.length === 1 ? ['batch', 'features'] : ['batch', 'steps', 'features'];

/** Reads a node and sets what it gives. */
export type NodeReader = (reading: Reading, node: OnnxNode) => void;

/** The name of a node's first output. */
export const outputOf = ({ outputs }: OnnxNode) => outputs[0] ?? '';

/** What a layer gives that keeps the steps. */
export function use(x: Flow, layer: Layer, features: number): Flow {
  return behind(x, layer.on(x.symbol), [...x.shape.slice(0, -1), features]);
}

/** @throws FormatError unless the last axis is that of the features */
export function checkLast(node: OnnxNode, x: Flow): void {
  if (x.axes.at(-1) !== 'features')
    throw refuse(node, `reads axes [${x.axes.join(', ')}], of which the last are no features`);
}
