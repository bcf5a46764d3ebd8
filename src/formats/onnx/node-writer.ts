/** Writes the nodes of a graph, or of a function, one behind the other, and finds a free name for what each gives. */
import { sizeOf } from '../../core/tensor.js';
import type { Attribute, OnnxNode } from './messages.js';
import { DOMAIN } from './messages.js';
import { FLOAT, INT64, type OnnxTensor } from './tensors.js';

export const int = (value: number): Attribute => ({ kind: 'int', value });
export const float = (value: number): Attribute => ({ kind: 'float', value });
export const ints = (...value: number[]): Attribute => ({ kind: 'ints', value });
export const floats = (value: readonly number[]): Attribute => ({ kind: 'floats', value });
export const texts = (value: readonly string[]): Attribute => ({ kind: 'texts', value });

export interface NodeOptions {
  /** What the node is called; what it gives is called so too. */
  readonly name?: string;
  /** How many outputs it has, 1 by default, or their names: empty for one that is not wanted. */
  readonly outputs?: number | readonly string[];
}

type NamedAttributes = Readonly<Record<string, Attribute>>;

export class NodeWriter {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];
  /** The functions of this library that the nodes call. */
  readonly called = new Set<string>();
  /** Names of values, and of nodes. */
  private readonly taken = new Set<string>();
  private readonly takenByNodes = new Set<string>();

  /** What a name that a node reads is called here. */
  rename: (name: string) => string = (name) => name;

  /**
   * @param isFunction  whether it is a function, or a graph within one, where constants are nodes
   * @param prefix  what the names begin with, within a graph that sees those around it
   */
  constructor(
    readonly isFunction: boolean,
    private readonly prefix = '',
  ) {}

  /** The name for a value, with a number behind it where it is taken. */
  free(name: string): string {
    return freeAmong(this.taken, `${this.prefix}${name}`);
  }

  /** Adds a node of ONNX's own operators and gives the names of its outputs. */
  nodeOf(
    operator: string,
    inputs: readonly string[],
    attributes: NamedAttributes,
    options: NodeOptions = {},
  ): string[] {
    return this.push(operator, '', inputs, attributes, options);
  }

  /** The same for a node of one output. */
  node(
    operator: string,
    inputs: readonly string[],
    attributes: NamedAttributes = {},
    options: NodeOptions = {},
  ): string {
    return this.nodeOf(operator, inputs, attributes, options)[0] as string;
  }

  /** Calls a function of this library: see masks.ts. */
  call(name: string, inputs: readonly string[], options: NodeOptions = {}): string[] {
    this.called.add(name);
    return this.push(name, DOMAIN, inputs, {}, options);
  }

  /** Whole numbers that a node takes as an input: one axis, or a scalar where it is a single number by itself. */
  ints(values: readonly number[] | number): string {
    const isScalar = typeof values === 'number';
    const data = Float64Array.from(isScalar ? [values] : values);
    const name = `ints/${isScalar ? 'scalar ' : ''}${data.join(' ')}`;
    return this.shared({ name, type: INT64, shape: isScalar ? [] : [data.length], data });
  }

  /** A single number. */
  number(value: number): string {
    return this.shared({ name: `number/${value}`, type: FLOAT, shape: [], data: Float32Array.of(value) });
  }

  /** A tensor that nodes take as an input, once under its name. */
  shared(tensor: OnnxTensor): string {
    const name = `${this.prefix}${tensor.name}`;
    if (this.taken.has(name)) return name;
    this.taken.add(name);
    if (this.isFunction) this.constant({ ...tensor, name });
    else this.initializers.push(tensor);
    return name;
  }

  floats(name: string, data: Float32Array, shape: readonly number[]): string {
    if (sizeOf(shape) !== data.length) throw new Error(`${name} has ${data.length} numbers, not ${shape}`);
    return this.shared({ name, type: FLOAT, shape, data });
  }

  private constant(tensor: OnnxTensor): void {
    const attributes = new Map<string, Attribute>([
      ['value', { kind: 'tensor', value: { ...tensor, name: '' } }],
    ]);
    this.nodes.push({
      name: '',
      operator: 'Constant',
      domain: '',
      inputs: [],
      outputs: [tensor.name],
      attributes,
    });
  }

  private push(
    operator: string,
    domain: string,
    inputs: readonly string[],
    attributes: NamedAttributes,
    { name, outputs = 1 }: NodeOptions,
  ): string[] {
    const own = name === undefined ? '' : freeAmong(this.takenByNodes, name);
    const wanted =
      typeof outputs === 'number'
        ? Array.from({ length: outputs }, (_, i) =>
            this.free(`${own || operator}/${i === 0 ? 'out' : `out${i}`}`),
          )
        : outputs.map((output) => (output === '' ? '' : this.free(output)));
    this.nodes.push({
      name: own,
      operator,
      domain,
      inputs: inputs.map(this.rename),
      outputs: wanted,
      attributes: new Map(Object.entries(attributes)),
    });
    return wanted;
  }
}

function freeAmong(taken: Set<string>, name: string): string {
  let free = name;
  for (let number = 2; taken.has(free); number++) free = `${name}:${number}`;
  taken.add(free);
  return free;
}
