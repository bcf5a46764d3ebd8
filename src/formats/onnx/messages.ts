/**
 * The messages of onnx.proto that models are made of, read and written. What is not named here is skipped when it is
 * read. https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3
 */
import { FormatError } from '../../core/errors.js';
import {
  bytesField,
  floatField,
  intField,
  joinParts,
  type Parts,
  readFields,
  readPackedInts,
  textField,
} from './protobuf.js';
import { encodeTensor, type OnnxTensor, readTensor } from './tensors.js';

/** What an attribute of a node holds. */
export type Attribute =
  | { readonly kind: 'int' | 'float'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'tensor'; readonly value: OnnxTensor }
  | { readonly kind: 'graph'; readonly value: OnnxGraph }
  | { readonly kind: 'ints' | 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'texts'; readonly value: readonly string[] };

export type Attributes = ReadonlyMap<string, Attribute>;

export interface OnnxNode {
  readonly name: string;
  readonly operator: string;
  /** Empty for ONNX's own operators. */
  readonly domain: string;
  /** Empty names for what is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

/** An input or output of a graph: the type of its numbers, and its axes, by their size or a name; an empty one says nothing, nor does
 * a shape that is missing. */
export interface ValueInfo {
  readonly name: string;
  readonly type: number;
  readonly shape?: readonly (number | string)[];
}

export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
}

/** A node that is spelled out by others, within the model. */
export interface OnnxFunction {
  readonly name: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: readonly OnnxNode[];
}

export interface OnnxModel {
  /** The version of ONNX's own operators. */
  readonly opset: number;
  readonly graph: OnnxGraph;
  readonly functions: readonly OnnxFunction[];
}

/** The domain of the functions that this library writes. */
export const DOMAIN = 'longhand';

/** The version of the format that has functions within models. */
const IR_VERSION = 8;
/** The kinds of attributes, by their numbers. */
const KINDS = { float: 1, int: 2, text: 3, tensor: 4, graph: 5, floats: 6, ints: 7, texts: 8 } as const;
const DEEPEST_GRAPH = 2;
/** More than hundreds of layers take, and few enough to be followed one from another. */
const MOST_NODES = 4000;

const all = <T>(values: readonly T[], encode: (value: T) => Parts): Parts =>
  values.flatMap((value) => [...encode(value)]);

export function encodeModel({ opset, graph, functions }: OnnxModel): Uint8Array<ArrayBuffer> {
  const opsets = [...operators(8, '', opset), ...(functions.length > 0 ? operators(8, DOMAIN, 1) : [])];
  return joinParts([
    ...intField(1, IR_VERSION),
    ...textField(2, 'longhand'),
    ...bytesField(7, encodeGraph(graph)),
    ...opsets,
    ...all(functions, (one) => bytesField(25, encodeFunction(one, opset))),
  ]);
}

function operators(field: number, domain: string, version: number): Parts {
  return bytesField(field, [...textField(1, domain), ...intField(2, version)]);
}

function encodeGraph({ name, nodes, initializers, inputs, outputs }: OnnxGraph): Parts {
  return [
    ...all(nodes, (node) => bytesField(1, encodeNode(node))),
    ...textField(2, name),
    ...all(initializers, (tensor) => bytesField(5, encodeTensor(tensor))),
    ...all(inputs, (value) => bytesField(11, encodeValueInfo(value))),
    ...all(outputs, (value) => bytesField(12, encodeValueInfo(value))),
  ];
}

/** The bytes of a function, by which two can be compared. */
export function encodeFunction({ name, domain, inputs, outputs, nodes }: OnnxFunction, opset: number): Parts {
  return [
    ...textField(1, name),
    ...all(inputs, (input) => textField(4, input)),
    ...all(outputs, (output) => textField(5, output)),
    ...all(nodes, (node) => bytesField(7, encodeNode(node))),
    ...operators(9, '', opset),
    ...operators(9, DOMAIN, 1),
    ...textField(10, domain),
  ];
}

function encodeNode({ name, operator, domain, inputs, outputs, attributes }: OnnxNode): Parts {
  return [
    ...all(inputs, (input) => textField(1, input)),
    ...all(outputs, (output) => textField(2, output)),
    ...(name === '' ? [] : textField(3, name)),
    ...textField(4, operator),
    ...all([...attributes], ([key, value]) => bytesField(5, encodeAttribute(key, value))),
    ...(domain === '' ? [] : textField(7, domain)),
  ];
}

function encodeAttribute(name: string, { kind, value }: Attribute): Parts {
  return [...textField(1, name), ...encodeContent(kind, value), ...intField(20, KINDS[kind])];
}

function encodeContent(kind: Attribute['kind'], value: Attribute['value']): Parts {
  switch (kind) {
    case 'float':
      return floatField(2, value as number);
    case 'int':
      return intField(3, value as number);
    case 'text':
      return textField(4, value as string);
    case 'tensor':
      return bytesField(5, encodeTensor(value as OnnxTensor));
    case 'graph':
      return bytesField(6, encodeGraph(value as OnnxGraph));
    case 'floats':
      return all(value as readonly number[], (one) => floatField(7, one));
    case 'ints':
      return all(value as readonly number[], (one) => intField(8, one));
    case 'texts':
      return all(value as readonly string[], (one) => textField(9, one));
  }
}

function encodeValueInfo({ name, type, shape }: ValueInfo): Parts {
  const axes = all(shape ?? [], (axis) =>
    bytesField(1, typeof axis === 'number' ? intField(1, axis) : axis === '' ? [] : textField(2, axis)),
  );
  return [
    ...textField(1, name),
    ...bytesField(2, bytesField(1, [...intField(1, type), ...(shape ? bytesField(2, axes) : [])])),
  ];
}

/** @throws FormatError when the bytes are no model of ONNX */
export function readModel(bytes: Uint8Array): OnnxModel {
  let opset = 0;
  let graph: OnnxGraph | undefined;
  const functions: OnnxFunction[] = [];
  for (const { field, bytes: part } of readFields(bytes, 'the ONNX file')) {
    if (field === 7) graph = readGraph(part, 0);
    if (field === 8) {
      const { domain, version } = readOperators(part);
      if (domain === '' || domain === 'ai.onnx') opset = version;
    }
    if (field === 25) functions.push(readFunction(part));
  }
  if (graph === undefined) throw new FormatError('the file holds no graph, so it is no model of ONNX');
  return { opset, graph, functions };
}

function readOperators(bytes: Uint8Array): { domain: string; version: number } {
  let domain = '';
  let version = 0;
  for (const { field, number, bytes: part } of readFields(bytes, 'a set of operators')) {
    if (field === 1) domain = text(part);
    if (field === 2) version = number;
  }
  return { domain, version };
}

function readGraph(bytes: Uint8Array, depth: number): OnnxGraph {
  if (depth > DEEPEST_GRAPH)
    throw new FormatError(`the ONNX file nests graphs more than ${DEEPEST_GRAPH} deep`);
  const graph = {
    name: '',
    nodes: [] as OnnxNode[],
    initializers: [] as OnnxTensor[],
    inputs: [] as ValueInfo[],
    outputs: [] as ValueInfo[],
  };
  for (const { field, bytes: part } of readFields(bytes, 'the graph')) {
    if (field === 1) graph.nodes.push(readNode(part, depth));
    else if (field === 2) graph.name = text(part);
    else if (field === 5) graph.initializers.push(readTensor(part));
    else if (field === 11) graph.inputs.push(readValueInfo(part));
    else if (field === 12) graph.outputs.push(readValueInfo(part));
    else if (field === 15) throw new FormatError('the ONNX file holds sparse weights, which are not read');
    if (graph.nodes.length > MOST_NODES)
      throw new FormatError(`the ONNX file has more than ${MOST_NODES} nodes, more than any model here`);
  }
  return graph;
}

function readFunction(bytes: Uint8Array): OnnxFunction {
  const made = {
    name: '',
    domain: '',
    inputs: [] as string[],
    outputs: [] as string[],
    nodes: [] as OnnxNode[],
  };
  for (const { field, bytes: part } of readFields(bytes, 'a function')) {
    if (field === 1) made.name = text(part);
    else if (field === 4) made.inputs.push(text(part));
    else if (field === 5) made.outputs.push(text(part));
    else if (field === 7) made.nodes.push(readNode(part, 0));
    else if (field === 10) made.domain = text(part);
  }
  return made;
}

function readNode(bytes: Uint8Array, depth: number): OnnxNode {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, Attribute>();
  const node = { name: '', operator: '', domain: '' };
  for (const { field, bytes: part } of readFields(bytes, 'a node')) {
    if (field === 1) inputs.push(text(part));
    else if (field === 2) outputs.push(text(part));
    else if (field === 3) node.name = text(part);
    else if (field === 4) node.operator = text(part);
    else if (field === 5) {
      const { name, attribute } = readAttribute(part, depth);
      if (attributes.has(name)) throw new FormatError(`a node of the ONNX file has '${name}' twice`);
      attributes.set(name, attribute);
    } else if (field === 7) node.domain = text(part);
  }
  if (node.domain === 'ai.onnx') node.domain = '';
  return { ...node, inputs, outputs, attributes };
}

function readAttribute(bytes: Uint8Array, depth: number): { name: string; attribute: Attribute } {
  let name = '';
  let kind: Attribute['kind'] | undefined;
  const numbers: number[] = [];
  const texts: string[] = [];
  let inner: Attribute | undefined;
  for (const { field, number, bytes: part } of readFields(bytes, 'an attribute')) {
    if (field === 1) name = text(part);
    else if (field === 2 || field === 3 || (field === 7 && part.length === 0)) numbers.push(number);
    else if (field === 4 || field === 9) texts.push(text(part));
    else if (field === 5) inner = { kind: 'tensor', value: readTensor(part) };
    else if (field === 6) inner = { kind: 'graph', value: readGraph(part, depth + 1) };
    else if (field === 7) numbers.push(...readPackedFloats(part));
    else if (field === 8)
      numbers.push(...(part.length > 0 ? readPackedInts(part, 'an attribute') : [number]));
    else if (field === 20)
      kind = (Object.keys(KINDS) as Attribute['kind'][]).find((one) => KINDS[one] === number);
    if (numbers.length > MOST_NODES)
      throw new FormatError(`the attribute '${name}' holds more than any model has`);
  }
  const [first = 0] = numbers;
  switch (kind) {
    case 'int':
    case 'float':
      return { name, attribute: { kind, value: first } };
    case 'text':
      return { name, attribute: { kind, value: texts[0] ?? '' } };
    case 'ints':
    case 'floats':
      return { name, attribute: { kind, value: numbers } };
    case 'texts':
      return { name, attribute: { kind, value: texts } };
    default:
      if (inner) return { name, attribute: inner };
      throw new FormatError(`the attribute '${name}' of the ONNX file is of a kind that is not read`);
  }
}

function readPackedFloats(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, k) => view.getFloat32(4 * k, true));
}

function readValueInfo(bytes: Uint8Array): ValueInfo {
  let name = '';
  let type = 0;
  let shape: (number | string)[] | undefined;
  for (const { field, bytes: part } of readFields(bytes, 'an input or output')) {
    if (field === 1) name = text(part);
    if (field !== 2) continue;
    for (const { field: kind, bytes: tensor } of readFields(part, 'a type')) {
      if (kind !== 1) continue;
      for (const { field: what, number, bytes: axes } of readFields(tensor, 'a type')) {
        if (what === 1) type = number;
        if (what === 2) shape = [...readFields(axes, 'a shape')].map((axis) => readAxis(axis.bytes));
      }
    }
  }
  return shape ? { name, type, shape } : { name, type };
}

function readAxis(bytes: Uint8Array): number | string {
  let axis: number | string = '';
  for (const { field, number, bytes: part } of readFields(bytes, 'an axis')) {
    if (field === 1) axis = number;
    if (field === 2) axis = text(part);
  }
  return axis;
}

function text(bytes: Uint8Array): string {
  if (bytes.length > 1000) throw new FormatError('the ONNX file holds a name of more than 1000 bytes');
  return new TextDecoder().decode(bytes);
}
