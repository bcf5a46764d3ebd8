/** A model as a table: its layers, the shapes of their outputs, and how many weights each has. */
import { formatShape, sizeOf } from '../core/tensor.js';
import type { Layer, SampleShape } from '../layers/layer.js';
import { type GraphNode, inferShapes } from './graph.js';

/** How many numbers the layer's weights hold. */
export function countWeights(layer: Layer): number {
  return layer.parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** The lines of the table. A model that is not built has no shapes yet. */
export function summaryLines(nodes: readonly GraphNode[], input: SampleShape | undefined): string[] {
  const shapes = input && inferShapes(nodes, input);
  const rows = nodes.map(({ layer }, i) => [
    `${layer.name} (${layer.type})`,
    shapes ? formatShape([null, ...(shapes[i] as SampleShape)]) : 'not built',
    shapes ? grouped(countWeights(layer)) : '?',
  ]);
  const header = ['Layer (type)', 'Output shape', 'Parameters'];
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] as string).length)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => {
        const width = widths[column] as number;
        return column === 2 ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('   ');
  const rule = '─'.repeat(widths.reduce((sum, width) => sum + width, 6));
  const layers = [...new Set(nodes.map(({ layer }) => layer))];
  const total = layers.reduce((sum, layer) => sum + countWeights(layer), 0);
  const trainable = layers.reduce((sum, layer) => sum + (layer.trainable ? countWeights(layer) : 0), 0);
  const totals = shapes
    ? [
        `Parameters: ${grouped(total)} (trainable ${grouped(trainable)}, frozen ${grouped(total - trainable)})`,
      ]
    : ['The model is built when it sees its first data, or by build([steps, features]).'];
  return [line(header), rule, ...rows.map(line), rule, ...totals];
}

/** 1234567 as 1,234,567. */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}
