/** The functions of attention.ts, read. */
import { additiveAttention, attention } from '../../layers/attention.js';
import { attentionPooling1d } from '../../layers/attention-pooling.js';
import type { Layer } from '../../layers/layer.js';
import {
  areSame,
  asWritten,
  behind,
  checkLast,
  constantInto,
  type Flow,
  flowInto,
  maskInto,
  type NodeReader,
  outputOf,
  type Reading,
  refuse,
} from './import-values.js';
import type { OnnxNode } from './messages.js';

const sight: NodeReader = (reading, node) =>
  reading.set(outputOf(node), {
    kind: 'sight',
    query: maskInto(reading, node, 0),
    value: maskInto(reading, node, 1),
    causal: node.operator === 'CausalSight',
  });

/** Whether the query's steps can be looked at one beside the other: rows have an axis of one. */
function checkAxes(node: OnnxNode, { axes, isReversed }: Flow): void {
  const known = ['batch,steps,features', 'batch,one,features'].includes(axes.join());
  if (!known || isReversed)
    throw refuse(node, `reads axes [${axes.join(', ')}]${isReversed ? ' from the last step on' : ''}`);
}

function pushWeight(reading: Reading, node: OnnxNode, layer: Layer, localName: string, input: number): void {
  const { data, shape } = constantInto(reading, node, input);
  reading.give(layer, localName, { data: Float32Array.from(data), shape });
}

const queryAttention: NodeReader = (reading, node) => {
  const [query, value, key] = [0, 1, 2].map((input) => flowInto(reading, node, input)) as [Flow, Flow, Flow];
  for (const flow of [query, value, key]) checkAxes(node, flow);
  const seen = reading.value(node.inputs[4] ?? '');
  if (seen.kind !== 'sight' || !areSame(seen.query, query.mask) || !areSame(seen.value, value.mask))
    throw refuse(node, 'sees other steps than those that are real');
  const { causal } = seen;
  const scale = constantInto(reading, node, 3);
  const isLearned = scale.shape.length > 0;
  const isOne = scale.data[0] === 1;
  const options = { causal, ...reading.layerName(node) };
  const isDot = node.operator === 'DotAttention';
  if (
    isDot &&
    !isLearned &&
    !isOne &&
    scale.data[0] !== Math.fround(1 / Math.sqrt(query.shape.at(-1) as number))
  )
    throw refuse(node, `multiplies scores by ${asWritten(scale.data[0] as number)}, which no layer does`);
  const layer = isDot
    ? attention({ ...options, scale: isLearned ? 'learned' : isOne ? 'none' : 'inverseSqrt' })
    : additiveAttention({ ...options, useScale: isLearned });
  if (isLearned) pushWeight(reading, node, layer, 'scale', 3);
  const inputs = key.symbol === value.symbol ? [query, value] : [query, value, key];
  const symbol = layer.on(...inputs.map((flow) => flow.symbol));
  reading.set(
    outputOf(node),
    behind(query, symbol, [...query.shape.slice(0, -1), value.shape.at(-1) as number]),
  );
};

const pooling: NodeReader = (reading, node) => {
  const x = flowInto(reading, node, 0);
  checkLast(node, x);
  const { shape } = constantInto(reading, node, 1);
  if (!areSame(maskInto(reading, node, 4), x.mask))
    throw refuse(node, 'sees other steps than those that are real');
  const layer = attentionPooling1d(shape.at(-1) as number, reading.layerName(node));
  for (const [i, name] of ['kernel', 'bias', 'query'].entries())
    pushWeight(reading, node, layer, name, i + 1);
  const symbol = layer.on(x.symbol);
  reading.set(outputOf(node), {
    kind: 'flow',
    symbol,
    shape: x.shape.slice(-1),
    axes: ['batch', 'features'],
    mask: [],
  });
};

export const attentionReaders: Readonly<Record<string, NodeReader>> = {
  Sight: sight,
  CausalSight: sight,
  DotAttention: queryAttention,
  AdditiveAttention: queryAttention,
  AttentionPooling: pooling,
};
