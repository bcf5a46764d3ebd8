/** The layers of a model and how they hang together, in the words of Keras and TensorFlow.js: see topology.ts. */
import { ConfigError } from '../../core/errors.js';
import type { FloatArray } from '../../core/tensor.js';
import type { Layer, LayerConfig, SampleShape } from '../../layers/layer.js';
import { describeArchitecture, type GraphArchitecture } from '../../model/architecture.js';
import { inferShapes } from '../../model/graph.js';
import type { Model } from '../../model/model.js';
import type { Dialect } from './dialect.js';
import { writeLayer } from './layers.js';
import type { KerasObject } from './options.js';

/** How the two spell what is not the same in both. */
export interface Spelling {
  readonly dialect: Dialect;
  /** What the shape of an input is called. */
  readonly shape: string;
  /** The class of a graph. */
  readonly graph: string;
  /** A layer as an entry of the list. */
  entry(layer: KerasObject): object;
  /** A use, of what it reads. */
  node(reads: readonly Reference[], states: readonly Reference[]): unknown;
}

export interface Reference {
  readonly layer: string;
  readonly node: number;
  readonly output: number;
  /** The shape of what is read, the batch first. */
  readonly shape: readonly (number | null)[];
}

/** @throws ConfigError for a model that the other system cannot say */
export function writeTopology(model: Model<FloatArray>, spelling: Spelling): KerasObject {
  checkShapes(model, spelling);
  checkMasks(model, spelling);
  const architecture = describeArchitecture(model);
  if (architecture.type === 'functional') return writeGraph(model, architecture, spelling);
  const layers = architecture.layers.filter(({ type }) => type !== 'input');
  const ids = layers[0]?.type === 'embedding';
  const first = inputLayer('input', architecture.inputShape as SampleShape, ids, spelling);
  const entries = [first, ...layers.map((config) => writeLayer(config, spelling.dialect))];
  return { class_name: 'Sequential', config: { name: 'sequential', layers: entries.map(spelling.entry) } };
}

function inputLayer(name: string, shape: SampleShape, areIds: boolean, spelling: Spelling): KerasObject {
  const config = { [spelling.shape]: batchShape(shape, areIds), dtype: 'float32', sparse: false, name };
  return { class_name: 'InputLayer', config };
}

/** Token ids that embeddings read are numbers there, without an axis of features. */
const batchShape = (shape: SampleShape, areIds: boolean) => [null, ...(areIds ? shape.slice(0, -1) : shape)];

/** What Keras's layers take no inputs of. */
function checkShapes(model: Model<FloatArray>, { dialect }: Spelling): void {
  const { graph, network } = model.internals;
  const shapes = inferShapes(graph, network?.inputShapes ?? []);
  for (const { layer, inputs } of graph.nodes) {
    const ranks = inputs.map((value) => shapes[value]?.length);
    const merges = ['concatenate', 'add', 'multiply'].includes(layer.type);
    if (merges && new Set(ranks).size > 1)
      throw new ConfigError(`${layer.name} has rows beside a sequence, which ${dialect.name} does not take`);
    if (layer.type === 'embedding' && ranks[0] === 1)
      throw new ConfigError(`${layer.name} reads rows of one id, which ${dialect.name} makes sequences of`);
    if (layer.type.endsWith('ttention') && ranks[0] === 1)
      throw new ConfigError(`${layer.name} has a query without steps, which ${dialect.name} does not take`);
    if (layer.type === 'concatenate' && ranks[0] === 1 && (layer as Layer).config().axis === 2)
      throw new ConfigError(`${layer.name} joins rows along axis 2, which ${dialect.name} does not have`);
  }
}

/** Layers that pass over masked steps here, and not there: in both, and in TensorFlow.js, where a mask is an error. */
const blind = ['globalMaxPooling1d', 'flatten', 'reshape', 'masking'];
const blindThere = [...blind, 'globalAveragePooling1d'];

/** Refuses what would read masked steps as if they were real. */
function checkMasks(model: Model<FloatArray>, { dialect }: Spelling): void {
  const { graph, network } = model.internals;
  const shapes = inferShapes(graph, network?.inputShapes ?? []);
  const masked: boolean[] = Array.from({ length: graph.inputCount }, () => false);
  for (const { layer, inputs } of graph.nodes) {
    const config = (layer as Layer).config();
    const inner = (config.layer ?? config) as LayerConfig;
    const has = inputs.some((value) => masked[value]);
    const isBlind = (dialect.name === 'TensorFlow.js' ? blindThere : blind).includes(layer.type);
    const goesBack = inner.goBackwards === true && inner.returnSequences === true;
    if (has && (isBlind || goesBack)) {
      throw new ConfigError(
        `${layer.name} comes behind masked steps, which ${dialect.name} does not mask ${goesBack ? 'in the order that it reads' : 'there'}`,
      );
    }
    const finds = layer.type === 'masking' || config.maskZero === true;
    for (let i = 0; i < layer.outputCount; i++) {
      const isSequence = shapes[masked.length]?.length === 2;
      masked.push(isSequence && (finds || (has && layer.keepsSteps)));
    }
  }
}

function writeGraph(
  model: Model<FloatArray>,
  architecture: GraphArchitecture,
  spelling: Spelling,
): KerasObject {
  const { graph, network } = model.internals;
  const shapes = inferShapes(graph, network?.inputShapes ?? []);
  const { inputCount } = graph;
  // What gives each value: the inputs' values are those of the nodes that stand for them.
  const values: Reference[] = [];
  const uses = new Map<number, Reference[][]>();
  const reading: { layer: number; reads: Reference[] }[] = [];
  const idReaders = (value: number) => graph.nodes.filter(({ inputs }) => inputs.includes(value));
  const areIds = (node: number) => {
    const readers = idReaders(inputCount + node);
    return readers.length > 0 && readers.every(({ layer }) => layer.type === 'embedding');
  };
  for (let i = 0; i < inputCount; i++) values.push({ layer: '', node: 0, output: 0, shape: [] });
  architecture.nodes.forEach(({ layer, inputs }, i) => {
    const config = architecture.layers[layer] as LayerConfig;
    const own = uses.get(layer) ?? [];
    const reads = i < inputCount ? [] : inputs.map((value) => values[value] as Reference);
    const { outputCount } = model.layers[layer] as { outputCount: number };
    for (let output = 0; output < outputCount; output++) {
      const shape = batchShape(shapes[values.length] as SampleShape, i < inputCount && areIds(i));
      values.push({ layer: config.name, node: own.length, output, shape });
    }
    uses.set(layer, [...own, reads]);
    reading.push({ layer, reads });
  });
  const layers = architecture.layers.map((config, i) => {
    const isInput = i < inputCount;
    const object = isInput
      ? inputLayer(config.name, config.shape as SampleShape, areIds(i), spelling)
      : writeLayer(config, spelling.dialect);
    const nodes = isInput
      ? []
      : (uses.get(i) ?? []).map((reads) => spelling.node(...splitStates(config, reads)));
    return { name: config.name, ...spelling.entry(object), inbound_nodes: nodes };
  });
  const end = ({ layer, node, output }: Reference) => [layer, node, output];
  const inputs = architecture.layers.slice(0, inputCount).map(({ name }) => [name, 0, 0]);
  const outputs = graph.outputs.map((value) => end(values[value] as Reference));
  return {
    class_name: spelling.graph,
    config: { name: 'model', layers, input_layers: inputs, output_layers: outputs },
  };
}

/** What a use reads as data, and as the state to begin with. */
function splitStates({ type }: LayerConfig, reads: Reference[]): [Reference[], Reference[]] {
  const isRecurrent = ['lstm', 'gru', 'simpleRnn', 'bidirectional'].includes(type);
  return isRecurrent ? [reads.slice(0, 1), reads.slice(1)] : [reads, []];
}
