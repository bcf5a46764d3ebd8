/**
 * A model as a graph: layers in an order in which each comes after those it reads. A sequential model is the
 * chain, the common case of it.
 */
import type { Edge, PlannedLayer, Planner } from '../backend/plan.js';
import { ConfigError, ShapeError } from '../core/errors.js';
import type { Layer, SampleShape } from '../layers/layer.js';

/** A use of a layer. The same layer may be used by several nodes, which then share its weights. */
export interface GraphNode {
  readonly layer: Layer;
  /** The nodes that it reads, by their index; -1 is the model's input. */
  readonly inputs: readonly number[];
}

/** The chain of layers, each reading the one before. */
export function chain(layers: readonly Layer[]): GraphNode[] {
  return layers.map((layer, i) => ({ layer, inputs: [i - 1] }));
}

/** The layers of a graph, each once, in the order of their first use. */
export function layersOf(nodes: readonly GraphNode[]): Layer[] {
  return [...new Set(nodes.map((node) => node.layer))];
}

/**
 * Gives every layer that has no name its type and a number, `lstm_1`.
 *
 * @throws ConfigError when two layers have the same name
 */
export function nameLayers(layers: readonly Layer[]): void {
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

/**
 * The shape of a row of every node's output.
 *
 * @throws ShapeError when a layer cannot take what comes before it
 */
export function inferShapes(nodes: readonly GraphNode[], input: SampleShape): SampleShape[] {
  const shapes: SampleShape[] = [];
  const firstShapes = new Map<Layer, SampleShape>();
  for (const { layer, inputs } of nodes) {
    const shape = inputShapeOf(inputs, shapes, input);
    layer.checkInput(shape);
    const first = firstShapes.get(layer) ?? shape;
    if (first.at(-1) !== shape.at(-1)) {
      throw new ShapeError(
        `${layer.name} is used on ${first.at(-1)} features and again on ${shape.at(-1)}: ` +
          'a layer that is used twice has the same weights twice, so make a second one',
      );
    }
    firstShapes.set(layer, first);
    shapes.push(layer.outputShape(shape));
  }
  return shapes;
}

/** The shape of what a node reads. */
export function inputShapeOf(
  inputs: readonly number[],
  shapes: readonly SampleShape[],
  input: SampleShape,
): SampleShape {
  const [index] = inputs;
  return index === undefined || index === -1 ? input : (shapes[index] as SampleShape);
}

/** Plans all layers behind the input edge; the last one's output is the model's. */
export function planGraph(
  nodes: readonly GraphNode[],
  input: Edge,
  planner: Planner,
): { output: Edge; planned: PlannedLayer[] } {
  const planned: PlannedLayer[] = [];
  for (const { layer, inputs } of nodes) {
    const edges = inputs.map((index) => (index === -1 ? input : (planned[index] as PlannedLayer).output));
    planned.push(layer.plan(edges, planner));
  }
  return { output: planned.at(-1)?.output ?? input, planned };
}
