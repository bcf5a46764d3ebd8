/** What each operator of a file that is read stands for. */

import { activation } from '../../layers/activation.js';
import type { ActivationName } from '../../layers/activations.js';
import { batchNormalization } from '../../layers/batch-normalization.js';
import { dropout } from '../../layers/dropout.js';
import { embedding } from '../../layers/embedding.js';
import type { Layer, SampleShape } from '../../layers/layer.js';
import { layerNormalization } from '../../layers/layer-normalization.js';
import { fromOperator } from './activations.js';
import { attentionReaders } from './import-attention.js';
import { gemm, matMul } from './import-dense.js';
import { maskReaders } from './import-masks.js';
import { readRecurrent } from './import-recurrent.js';
import { isRun, readRun } from './import-run.js';
import { shapeReaders } from './import-shapes.js';
import {
  anyFlowInto,
  asWritten,
  both,
  checkLast,
  constantInto,
  type Flow,
  flowInto,
  intOf,
  type NodeReader,
  numberOf,
  onlyConsumer,
  outputOf,
  type Reading,
  refuse,
  use,
  type Value,
} from './import-values.js';
import { DOMAIN, type OnnxNode } from './messages.js';
import type { OnnxTensor } from './tensors.js';

const activationNode: NodeReader = (reading, node) => {
  const x = flowInto(reading, node, 0);
  const found =
    node.operator === 'Softmax' ? softmaxOf(node, x) : fromOperator(node.operator, node.attributes);
  if (found === undefined) throw refuse(node, 'has numbers that no activation here has');
  if (found === 'sigmoid') {
    // x sigmoid(x), as others write it.
    const next = onlyConsumer(reading, outputOf(node));
    const isSwish =
      next?.operator === 'Mul' && next.inputs.length === 2 && next.inputs.includes(node.inputs[0] as string);
    if (next && isSwish) {
      reading.done.add(next);
      reading.set(
        outputOf(next),
        use(x, activation('swish', reading.layerName(next)), x.shape.at(-1) as number),
      );
      return;
    }
  }
  reading.set(outputOf(node), use(x, activation(found, reading.layerName(node)), x.shape.at(-1) as number));
};

function softmaxOf(node: OnnxNode, x: Flow): ActivationName {
  const axis = intOf(node, 'axis', -1);
  if (x.axes.at(axis) === 'features' && axis < x.axes.length) return 'softmax';
  throw refuse(node, `goes over axis ${axis}, which is not that of the features`);
}

const gather: NodeReader = (reading, node) => {
  const table = reading.value(node.inputs[0] ?? '');
  if (table.kind !== 'constant') return shapeReaders.Gather?.(reading, node);
  if (intOf(node, 'axis', 0) !== 0 || table.tensor.shape.length !== 2)
    throw refuse(node, 'looks up what is no table of vectors');
  const ids = anyFlowInto(reading, node, 1);
  const [vocabulary, units] = table.tensor.shape as [number, number];
  const maskZero = reading
    .consumers(node.inputs[1] as string)
    .find((one) => one?.operator === 'IdsUnlikeZero');
  const key = JSON.stringify(['embedding', table.tensor.name]);
  const known = table.tensor.name === '' ? undefined : reading.shared.get(key);
  const layer =
    known ?? embedding(vocabulary, units, { maskZero: maskZero !== undefined, ...reading.layerName(node) });
  if (!known) {
    reading.shared.set(key, layer);
    const data = Float32Array.from(table.tensor.data);
    reading.give(layer, 'embeddings', { data, shape: [vocabulary, units] });
  }
  const shape: SampleShape = [...ids.shape.slice(0, -1), units];
  const mask = maskZero ? both(ids.mask, [outputOf(maskZero)]) : ids.mask;
  reading.set(outputOf(node), {
    kind: 'flow',
    symbol: layer.on(ids.symbol),
    shape,
    axes: [...ids.axes, 'features'],
    mask,
  });
};

const layerNorm: NodeReader = (reading, node) => {
  const x = flowInto(reading, node, 0);
  checkLast(node, x);
  const axis = intOf(node, 'axis', -1);
  if (axis !== -1 && axis !== x.axes.length - 1)
    throw refuse(node, `goes over axis ${axis}, not over the features alone`);
  const hasBeta = (node.inputs[2] ?? '') !== '';
  const layer = layerNormalization({
    epsilon: numberOf(node, 'epsilon', 1e-5),
    center: hasBeta,
    ...reading.layerName(node),
  });
  pushVector(reading, node, layer, 'gamma', 1);
  if (hasBeta) pushVector(reading, node, layer, 'beta', 2);
  reading.set(outputOf(node), use(x, layer, x.shape.at(-1) as number));
};

function pushVector(reading: Reading, node: OnnxNode, layer: Layer, localName: string, input: number): void {
  const { data, shape } = constantInto(reading, node, input);
  if (shape.length !== 1)
    throw refuse(node, `has a ${localName} of shape [${shape}] where it should be one axis`);
  reading.give(layer, localName, { data: Float32Array.from(data), shape });
}

/** It has the features on axis 1. */
const batchNorm: NodeReader = (reading, node) => {
  const x = flowInto(reading, node, 0);
  if (x.axes[1] !== 'features')
    throw refuse(node, `reads axes [${x.axes.join(', ')}], of which the second are no features`);
  if (intOf(node, 'training_mode', 0) !== 0) throw refuse(node, 'is in training, which a graph is not');
  const layer = batchNormalization({
    epsilon: numberOf(node, 'epsilon', 1e-5),
    momentum: numberOf(node, 'momentum', 0.9),
    ...reading.layerName(node),
  });
  for (const [i, name] of ['gamma', 'beta', 'movingMean', 'movingVariance'].entries())
    pushVector(reading, node, layer, name, i + 1);
  reading.set(outputOf(node), use(x, layer, x.shape.at(-1) as number));
};

const dropoutNode: NodeReader = (reading, node) => {
  const x = flowInto(reading, node, 0);
  const rate = (node.inputs[1] ?? '') === '' ? 0.5 : (constantInto(reading, node, 1).data[0] as number);
  const layer = dropout(asWritten(rate), reading.layerName(node));
  reading.set(outputOf(node), use(x, layer, x.shape.at(-1) as number));
};

const same: NodeReader = (reading, node) => reading.set(outputOf(node), reading.value(node.inputs[0] ?? ''));

const constantOfShape: NodeReader = (reading, node) => {
  const value = node.attributes.get('value');
  const number = value?.kind === 'tensor' ? value.value.data[0] : 0;
  if (number !== 0) throw refuse(node, `fills with ${number}, where zeros begin a sequence`);
  reading.set(outputOf(node), { kind: 'zeros' });
};

const constantNode: NodeReader = (reading, node) => {
  const [name, value] = [...node.attributes][0] ?? ['', undefined];
  const tensor = value?.kind === 'tensor' ? value.value : constantOf(value?.value);
  if (tensor === undefined) throw refuse(node, `has its value as ${name}, which is not read`);
  reading.set(outputOf(node), { kind: 'constant', tensor });
};

function constantOf(value: unknown): OnnxTensor | undefined {
  const list = typeof value === 'number' ? [value] : value;
  if (!Array.isArray(list) || !list.every((one) => typeof one === 'number')) return undefined;
  return {
    name: '',
    type: 0,
    shape: typeof value === 'number' ? [] : [list.length],
    data: Float64Array.from(list),
  };
}

const operators: Readonly<Record<string, NodeReader>> = {
  LSTM: readRecurrent,
  GRU: readRecurrent,
  RNN: readRecurrent,
  Gemm: gemm,
  MatMul: matMul,
  Gather: gather,
  LayerNormalization: layerNorm,
  BatchNormalization: batchNorm,
  Dropout: dropoutNode,
  Constant: constantNode,
  Identity: same,
  ConstantOfShape: constantOfShape,
  Cast: same,
};

const activationOperators = [
  'Sigmoid',
  'Tanh',
  'Relu',
  'LeakyRelu',
  'Elu',
  'Selu',
  'Softplus',
  'HardSigmoid',
  'Softmax',
  'Gelu',
];

/** Operators that others compute sizes with, and cut zeros of such sizes with: of a first state mostly. */
const sizeOperators = ['Gather', 'Unsqueeze', 'Squeeze', 'Concat', 'Slice', 'Cast', 'Mul', 'Add', 'Identity'];

/** What a node gives that works on nothing but sizes, or zeros; nothing for any other. */
export function readSizes(reading: Reading, { domain, operator, inputs }: OnnxNode): Value | undefined {
  if (domain !== '' || !sizeOperators.includes(operator)) return undefined;
  const kinds = inputs.filter((name) => name !== '').map((name) => reading.value(name).kind);
  if (kinds.includes('flow')) return undefined;
  return kinds.includes('size') ? { kind: 'size' } : kinds.includes('zeros') ? { kind: 'zeros' } : undefined;
}

/** How a node is read; nothing where it is not known. */
export function readerOf({ domain, operator }: OnnxNode): NodeReader | undefined {
  const find = (table: Readonly<Record<string, NodeReader>>) =>
    Object.hasOwn(table, operator) ? table[operator] : undefined;
  if (domain === DOMAIN && isRun(operator)) return readRun;
  if (domain === DOMAIN)
    return (
      find(maskReaders) ??
      find(attentionReaders) ??
      find(shapeReaders) ??
      (['Swish', 'Gelu'].includes(operator) ? activationNode : undefined)
    );
  if (domain !== '') return undefined;
  if (activationOperators.includes(operator)) return activationNode;
  return find(operators) ?? find(shapeReaders) ?? (operator === 'And' ? maskReaders.And : undefined);
}
