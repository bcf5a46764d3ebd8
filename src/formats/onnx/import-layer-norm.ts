/**
 * Layer normalization as it is written in operators before version 17, by PyTorch for one:
 *
 *     d = x - mean(x)      y = d / sqrt(mean(d^2) + epsilon), then times gamma, plus beta
 */
import { layerNormalization } from '../../layers/layer-normalization.js';
import {
  anyFlowInto,
  asWritten,
  axesOf,
  type Flow,
  intOf,
  onlyConsumer,
  outputOf,
  type Reading,
  use,
} from './import-values.js';
import type { OnnxNode } from './messages.js';
import type { OnnxTensor } from './tensors.js';

/** Reads all of it from the first mean on; whether it was that. */
export function readLayerNorm(reading: Reading, node: OnnxNode): boolean {
  const x = anyFlowInto(reading, node, 0);
  if (x.axes.includes('directions') || x.isCompact) return false;
  const isOverLast = (mean: OnnxNode) => {
    const axes = axesOf(reading, mean) ?? [];
    return (
      axes.length === 1 &&
      (axes[0] === -1 || axes[0] === x.axes.length - 1) &&
      intOf(mean, 'keepdims', 1) === 1
    );
  };
  const centered = next(reading, node, 'Sub');
  if (x.axes.at(-1) !== 'features' || !isOverLast(node) || centered?.inputs[0] !== node.inputs[0])
    return false;
  const both = reading.consumers(outputOf(centered));
  const square = both.find((one) => one?.operator === 'Pow' || one?.operator === 'Mul');
  const variance = square && next(reading, square, 'ReduceMean');
  const withEpsilon = variance && next(reading, variance, 'Add');
  const root = withEpsilon && next(reading, withEpsilon, 'Sqrt');
  const quotient = root && next(reading, root, 'Div');
  const epsilon = withEpsilon && otherConstant(reading, withEpsilon, outputOf(variance));
  if (
    !square ||
    !quotient ||
    !epsilon ||
    both.length !== 2 ||
    !isOverLast(variance) ||
    epsilon.data.length !== 1
  )
    return false;
  const scaled = next(reading, quotient, 'Mul');
  const gamma = scaled && otherConstant(reading, scaled, outputOf(quotient));
  const moved = gamma && next(reading, scaled, 'Add');
  const beta = moved && otherConstant(reading, moved, outputOf(scaled));
  const all = [centered, square, variance, withEpsilon, root, quotient];
  if (gamma) all.push(scaled);
  if (beta) all.push(moved);
  for (const one of all) reading.done.add(one);
  finish(reading, x, all.at(-1) as OnnxNode, asWritten(epsilon.data[0] as number), gamma, beta);
  return true;
}

function finish(
  reading: Reading,
  x: Flow,
  last: OnnxNode,
  epsilon: number,
  gamma: OnnxTensor | undefined,
  beta: OnnxTensor | undefined,
): void {
  const features = x.shape.at(-1) as number;
  const layer = layerNormalization({ epsilon, scale: gamma !== undefined, center: beta !== undefined });
  for (const [name, tensor] of [
    ['gamma', gamma],
    ['beta', beta],
  ] as const) {
    if (tensor) reading.give(layer, name, { data: Float32Array.from(tensor.data), shape: [features] });
  }
  reading.set(outputOf(last), use(x, layer, features));
}

/** The node behind, where it is the only one and of this kind. */
function next(reading: Reading, node: OnnxNode, operator: string): OnnxNode | undefined {
  const found = onlyConsumer(reading, outputOf(node));
  return found?.operator === operator && found.domain === '' ? found : undefined;
}

/** What a node of two inputs takes beside the one of this name, where that is a constant. */
function otherConstant(reading: Reading, { inputs }: OnnxNode, name: string): OnnxTensor | undefined {
  const other = inputs.find((input) => input !== name);
  const value = other === undefined || inputs.length !== 2 ? undefined : reading.find(other);
  return value?.kind === 'constant' ? value.tensor : undefined;
}
