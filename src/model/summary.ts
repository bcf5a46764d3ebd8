/** A model as a table: its layers, the shapes of their outputs, how many weights each has, and what it reads. */
import { formatShape, sizeOf } from '../core/tensor.js';
import type { CoreLayer, LayerParameter, SampleShape } from '../layers/core-layer.js';
import { firstOutputs, type Graph, inferShapes, layersOf } from './graph.js';

/** How many numbers the layer's weights hold; those of them that `counts`. */
export function countWeights(
  layer: CoreLayer,
  counts: (weight: LayerParameter) => boolean = () => true,
): number {
  return layer.parameters.filter(counts).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** The lines of the table. A model that is not built has no shapes yet. */
export function summaryLines(graph: Graph, inputs: readonly SampleShape[] | undefined): string[] {
  const { nodes } = graph;
  const shapes = inputs && inferShapes(graph, inputs);
  const firsts = firstOutputs(graph);
  const isChain = nodes.every((node, i) => node.inputs.length === 1 && node.inputs[0] === i);
  const counted = new Set<CoreLayer>();
  const rows = nodes.map(({ layer }, i) => {
    const first = firsts[i] as number;
    const outputs = shapes?.slice(first, first + layer.outputCount) ?? [];
    const isAgain = counted.has(layer);
    counted.add(layer);
    return [
      `${layer.name} (${layer.type})`,
      shapes ? outputs.map((shape) => formatShape([null, ...shape])).join(', ') : 'not built',
      !shapes ? '?' : isAgain ? 'shared' : grouped(countWeights(layer)),
      ...(isChain ? [] : [sourcesOf(graph, i).join(', ')]),
    ];
  });
  const header = ['Layer (type)', 'Output shape', 'Parameters', ...(isChain ? [] : ['Connected to'])];
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] as string).length)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => {
        const width = widths[column] as number;
        return column === 2 ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('   ')
      .trimEnd();
  const rule = '─'.repeat(widths.reduce((sum, width) => sum + width + 3, -3));
  const layers = layersOf(graph);
  const total = layers.reduce((sum, layer) => sum + countWeights(layer), 0);
  const trainable = layers.reduce((sum, layer) => sum + countWeights(layer, ({ trainable }) => trainable), 0);
  const totals = shapes
    ? [
        `Parameters: ${grouped(total)} (trainable ${grouped(trainable)}, frozen ${grouped(total - trainable)})`,
      ]
    : ['The model is built when it sees its first data, or by build([steps, features]).'];
  return [line(header), rule, ...rows.map(line), rule, ...totals];
}

/** The names of what a node reads; a further output of a layer with its number, `lstm_1[1]`. */
function sourcesOf(graph: Graph, node: number): string[] {
  const firsts = firstOutputs(graph);
  return (graph.nodes[node]?.inputs ?? []).flatMap((value) => {
    const from = firsts.filter((first) => first <= value).length - 1;
    const source = graph.nodes[from];
    if (source === undefined) return [];
    const index = value - (firsts[from] as number);
    return index === 0 ? [source.layer.name] : [`${source.layer.name}[${index}]`];
  });
}

/** 1234567 as 1,234,567. */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}
