/**
 * A model as a graph: uses of layers in an order in which each comes after those it reads. What flows in it are
 * values, numbered from 0: first the model's inputs, then the outputs of each node in turn. A node can only read
 * values before its own, so there are no circles. A sequential model is the chain, the common case of it.
 */
import type { Edge, PlannedLayer, Planner } from '../backend/plan.js';
import { ConfigError, ShapeError } from '../core/errors.js';
import type { CoreLayer, SampleShape } from '../layers/core-layer.js';

/** A use of a layer. The same layer may be used by several nodes, which then share its weights. */
export interface GraphNode {
  readonly layer: CoreLayer;
  /** The values that it reads. */
  readonly inputs: readonly number[];
}

export interface Graph {
  /** How many inputs the model has: the first values. */
  readonly inputCount: number;
  readonly nodes: readonly GraphNode[];
  /** The values that the model gives. */
  readonly outputs: readonly number[];
}

/** The chain of layers, each reading the one before. */
export function chain(layers: readonly CoreLayer[]): Graph {
  const nodes = layers.map((layer, i) => ({ layer, inputs: [i] }));
  return { inputCount: 1, nodes, outputs: [layers.length] };
}

/** The layers of a graph, each once, in the order of their first use. */
export function layersOf({ nodes }: Graph): CoreLayer[] {
  return [...new Set(nodes.map((node) => node.layer))];
}

/** The number of each node's first output among the values. */
export function firstOutputs({ inputCount, nodes }: Graph): number[] {
  let next = inputCount;
  return nodes.map(({ layer }) => {
    const first = next;
    next += layer.outputCount;
    return first;
  });
}

/**
 * Gives every layer that has no name its type and a number, `lstm_1`.
 *
 * @throws ConfigError when two layers have the same name
 */
export function nameLayers(layers: readonly CoreLayer[]): void {
  const taken = new Set<string>();
  for (const { name } of layers) {
    if (name === '') continue;
    if (taken.has(name))
      throw new ConfigError(`two layers are named '${name}': a name may be used once in a model`);
    taken.add(name);
  }
  for (const layer of layers) {
    for (let number = 1; layer.name === ''; number++) {
      const name = `${layer.type}_${number}`;
      if (taken.has(name)) continue;
      layer.name = name;
      taken.add(name);
    }
  }
}

/** What flows in a graph, from where to where is the graph's own. */
export interface GraphValue {
  /** The shape of a row. */
  readonly shape: SampleShape;
  /** Which of the model's inputs its steps are those of, real where they are so in all; none where they are its own. */
  readonly sources: readonly number[];
  /** The name of the layer that gives it; of an input, nothing. */
  readonly name: string;
}

/**
 * Every value, in order.
 *
 * @throws ShapeError when a layer cannot take what comes before it
 */
export function describeValues({ nodes }: Graph, inputShapes: readonly SampleShape[]): GraphValue[] {
  const values: GraphValue[] = inputShapes.map((shape, i) => ({ shape, sources: [i], name: '' }));
  const firstShapes = new Map<CoreLayer, SampleShape[]>();
  for (const { layer, inputs } of nodes) {
    const given = inputs.map((value) => values[value] as GraphValue);
    const shapes = given.map(({ shape }) => shape);
    layer.checkInputs(shapes);
    const first = firstShapes.get(layer) ?? shapes;
    shapes.forEach((shape, i) => void checkSameFeatures(layer, first[i], shape));
    firstShapes.set(layer, first);
    const sources = layer.keepsSteps ? sourcesOf(layer, given) : [];
    for (const shape of [layer.outputShape(...shapes), ...layer.moreOutputShapes(...shapes)])
      values.push({ shape, sources, name: layer.name });
  }
  return values;
}

/** Those of the first input, or of all sequences where their masks are merged. */
function sourcesOf({ mergesMasks }: CoreLayer, [first, ...more]: readonly GraphValue[]): readonly number[] {
  const merged = mergesMasks ? more.filter(({ shape }) => shape.length === 2) : [];
  return [...new Set([first as GraphValue, ...merged].flatMap(({ sources }) => sources))];
}

/**
 * The shape of a row of every value.
 *
 * @throws ShapeError when a layer cannot take what comes before it
 */
export function inferShapes(graph: Graph, inputShapes: readonly SampleShape[]): SampleShape[] {
  return describeValues(graph, inputShapes).map(({ shape }) => shape);
}

function checkSameFeatures(layer: CoreLayer, first: SampleShape | undefined, shape: SampleShape): void {
  if (first === undefined || first.at(-1) === shape.at(-1)) return;
  throw new ShapeError(
    `${layer.name} is used on ${first.at(-1)} features and again on ${shape.at(-1)}: ` +
      'a layer that is used twice has the same weights twice, so make a second one',
  );
}

/** The first of the model's inputs that is read as token ids; undefined where none is. */
export function firstIdInput(graph: Graph, inputShapes: readonly SampleShape[]): number | undefined {
  const reader = graph.nodes.find(({ layer }) => layer.ids !== undefined);
  return reader && describeValues(graph, inputShapes)[reader.inputs[0] as number]?.sources[0];
}

/** The layers right behind an input, each the only reader of what the one before it gives. */
export function onlyReaders(graph: Graph, input: number): CoreLayer[] {
  const layers: CoreLayer[] = [];
  const firsts = firstOutputs(graph);
  let value = input;
  while (!graph.outputs.includes(value)) {
    const readers = graph.nodes.filter(({ inputs }) => inputs.includes(value));
    const [reader] = readers;
    if (reader === undefined || readers.length > 1 || reader.layer.outputCount > 1) break;
    layers.push(reader.layer);
    value = firsts[graph.nodes.indexOf(reader)] as number;
  }
  return layers;
}

/** Plans all layers behind the input edges. */
export function planGraph(
  { nodes, outputs }: Graph,
  inputs: readonly Edge[],
  planner: Planner,
): { outputs: Edge[]; planned: PlannedLayer[] } {
  const edges = [...inputs];
  const planned = nodes.map((node) => {
    const layer = node.layer.plan(
      node.inputs.map((value) => edges[value] as Edge),
      planner,
    );
    edges.push(layer.output, ...(layer.moreOutputs ?? []));
    return layer;
  });
  return { outputs: outputs.map((value) => edges[value] as Edge), planned };
}
