/** What each operator of a file that is read stands for. */

import { activation } from '../../layers/activation.js';
import type { ActivationName } from '../../layers/activations.js';
import { batchNormalization } from '../../layers/batch-normalization.js';
import { dense } from '../../layers/dense.js';
import { dropout } from '../../layers/dropout.js';
import { embedding } from '../../layers/embedding.js';
import type { Layer, SampleShape } from '../../layers/layer.js';
import { layerNormalization } from '../../layers/layer-normalization.js';
import { masking } from '../../layers/masking.js';
import { fromOperator } from './activations.js';
import { readRecurrent } from './import-recurrent.js';
import { shapeReaders } from './import-shapes.js';
import {
  anyFlowInto,
  areSame,
  asWritten,
  behind,
  both,
  constantInto,
  type Flow,
  flowInto,
  intOf,
  maskInto,
  numberOf,
  onlyConsumer,
  type Reading,
  refuse,
} from './import-values.js';
import { DOMAIN, type OnnxNode } from './messages.js';
import type { OnnxTensor } from './tensors.js';

export type NodeReader = (reading: Reading, node: OnnxNode) => void;

const output = (node: OnnxNode) => node.outputs[0] ?? '';

/** Uses a layer that keeps the steps, or one that was made from the same weights before. */
function use(x: Flow, layer: Layer, features: number): Flow {
  const shape: SampleShape = [...x.shape.slice(0, -1), features];
  return behind(x, layer.on(x.symbol), shape);
}

/** The last axis has to be the features, all others as they come. */
function checkLast(node: OnnxNode, x: Flow): void {
  if (x.axes.at(-1) !== 'features')
    throw refuse(node, `reads axes [${x.axes.join(', ')}], of which the last are no features`);
}

/** An activation right behind a value, with what it gives. */
function activationBehind(
  reading: Reading,
  name: string,
): { activation: ActivationName; name: string; node: OnnxNode } | undefined {
  const node = onlyConsumer(reading, name);
  if (node === undefined || (node.domain !== '' && node.domain !== DOMAIN)) return undefined;
  const found =
    node.operator === 'Softmax' && intOf(node, 'axis', -1) === -1
      ? 'softmax'
      : fromOperator(node.operator, node.attributes);
  return found && { activation: found, name: output(node), node };
}

/** A bias right behind a product: one number for each unit. */
function biasBehind(
  reading: Reading,
  name: string,
  units: number,
): { bias: OnnxTensor; node: OnnxNode } | undefined {
  const node = onlyConsumer(reading, name);
  if (node?.operator !== 'Add' || node.inputs.length !== 2) return undefined;
  const other = node.inputs.find((input) => input !== name) ?? '';
  const value = reading.value(other);
  if (value.kind !== 'constant' || value.tensor.shape.at(-1) !== units || value.tensor.data.length !== units)
    return undefined;
  return { bias: value.tensor, node };
}

interface Product {
  readonly kernel: OnnxTensor;
  readonly isTurned: boolean;
  readonly scale: number;
  readonly bias: OnnxTensor | undefined;
  readonly biasScale: number;
}

function readProduct(reading: Reading, node: OnnxNode, product: Product): void {
  const x = flowInto(reading, node, 0);
  checkLast(node, x);
  const { kernel, isTurned, scale } = product;
  const [rows, columns] = kernel.shape as [number, number];
  const [inputs, units] = isTurned ? [columns, rows] : [rows, columns];
  if (kernel.shape.length !== 2 || inputs !== x.shape.at(-1))
    throw refuse(node, `multiplies ${x.shape.at(-1)} features by a matrix [${kernel.shape}]`);
  let name = output(node);
  let bias = product.bias;
  const added = bias === undefined ? biasBehind(reading, name, units) : undefined;
  if (added) {
    bias = added.bias;
    name = output(added.node);
    reading.done.add(added.node);
  }
  const squashed = activationBehind(reading, name);
  if (squashed) {
    name = squashed.name;
    reading.done.add(squashed.node);
  }
  const activationName = squashed?.activation ?? 'linear';
  const key = JSON.stringify([
    'dense',
    kernel.name,
    bias?.name,
    isTurned,
    activationName,
    scale,
    product.biasScale,
  ]);
  const known = kernel.name === '' ? undefined : reading.shared.get(key);
  const layer =
    known ??
    dense(units, { useBias: bias !== undefined, activation: activationName, ...reading.layerName(node) });
  if (!known) {
    reading.shared.set(key, layer);
    const data = Float32Array.from({ length: inputs * units }, (_, k) => {
      const at = isTurned ? (k % units) * inputs + Math.floor(k / units) : k;
      return scale * (kernel.data[at] as number);
    });
    reading.weights.push({ layer, localName: 'kernel', tensor: { data, shape: [inputs, units] } });
    if (bias) {
      const values = bias.data;
      const all = Float32Array.from(
        { length: units },
        (_, k) => product.biasScale * (values[values.length === 1 ? 0 : k] as number),
      );
      reading.weights.push({ layer, localName: 'bias', tensor: { data: all, shape: [units] } });
    }
  }
  reading.set(name, use(x, layer, units));
}

const gemm: NodeReader = (reading, node) => {
  if (intOf(node, 'transA', 0) !== 0) throw refuse(node, 'has transA, which no layer does');
  readProduct(reading, node, {
    kernel: constantInto(reading, node, 1),
    isTurned: intOf(node, 'transB', 0) !== 0,
    scale: numberOf(node, 'alpha', 1),
    bias: (node.inputs[2] ?? '') === '' ? undefined : constantInto(reading, node, 2),
    biasScale: numberOf(node, 'beta', 1),
  });
};

const matMul: NodeReader = (reading, node) =>
  readProduct(reading, node, {
    kernel: constantInto(reading, node, 1),
    isTurned: false,
    scale: 1,
    bias: undefined,
    biasScale: 1,
  });

const activationNode: NodeReader = (reading, node) => {
  const x = flowInto(reading, node, 0);
  const found =
    node.operator === 'Softmax' ? softmaxOf(node, x) : fromOperator(node.operator, node.attributes);
  if (found === undefined) throw refuse(node, 'has numbers that no activation here has');
  if (found === 'sigmoid') {
    // x sigmoid(x), as others write it.
    const next = onlyConsumer(reading, output(node));
    const isSwish =
      next?.operator === 'Mul' && next.inputs.length === 2 && next.inputs.includes(node.inputs[0] as string);
    if (next && isSwish) {
      reading.done.add(next);
      reading.set(
        output(next),
        use(x, activation('swish', reading.layerName(next)), x.shape.at(-1) as number),
      );
      return;
    }
  }
  reading.set(output(node), use(x, activation(found, reading.layerName(node)), x.shape.at(-1) as number));
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
    reading.weights.push({ layer, localName: 'embeddings', tensor: { data, shape: [vocabulary, units] } });
  }
  const shape: SampleShape = [...ids.shape.slice(0, -1), units];
  const mask = maskZero ? both(ids.mask, [output(maskZero)]) : ids.mask;
  reading.set(output(node), {
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
  reading.set(output(node), use(x, layer, x.shape.at(-1) as number));
};

function pushVector(reading: Reading, node: OnnxNode, layer: Layer, localName: string, input: number): void {
  const { data, shape } = constantInto(reading, node, input);
  if (shape.length !== 1)
    throw refuse(node, `has a ${localName} of shape [${shape}] where it should be one axis`);
  reading.weights.push({ layer, localName, tensor: { data: Float32Array.from(data), shape } });
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
  reading.set(output(node), use(x, layer, x.shape.at(-1) as number));
};

const dropoutNode: NodeReader = (reading, node) => {
  const x = flowInto(reading, node, 0);
  const rate = (node.inputs[1] ?? '') === '' ? 0.5 : (constantInto(reading, node, 1).data[0] as number);
  const layer = dropout(asWritten(rate), reading.layerName(node));
  reading.set(output(node), use(x, layer, x.shape.at(-1) as number));
};

const same: NodeReader = (reading, node) => reading.set(output(node), reading.value(node.inputs[0] ?? ''));

const constantNode: NodeReader = (reading, node) => {
  const [name, value] = [...node.attributes][0] ?? ['', undefined];
  const tensor = value?.kind === 'tensor' ? value.value : constantOf(value?.value);
  if (tensor === undefined) throw refuse(node, `has its value as ${name}, which is not read`);
  reading.set(output(node), { kind: 'constant', tensor });
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

const lengthsToMask: NodeReader = (reading, node) => {
  const lengths = reading.value(node.inputs[1] ?? '');
  if (lengths.kind !== 'lengths') throw refuse(node, `reads a ${lengths.kind} where lengths should stand`);
  reading.set(output(node), { kind: 'mask', atoms: lengths.atoms });
};

const stepsUnlike: NodeReader = (reading, node) => {
  const maskValue = asWritten(constantInto(reading, node, 1).data[0] as number);
  reading.masking.set(output(node), { of: node.inputs[0] as string, maskValue });
  reading.set(output(node), { kind: 'mask', atoms: [output(node)] });
};

const idsUnlikeZero: NodeReader = (reading, node) => {
  anyFlowInto(reading, node, 0);
  reading.masking.set(output(node), { of: node.inputs[0] as string, maskValue: 0 });
  reading.set(output(node), { kind: 'mask', atoms: [output(node)] });
};

const and: NodeReader = (reading, node) =>
  reading.set(output(node), {
    kind: 'mask',
    atoms: both(maskInto(reading, node, 0), maskInto(reading, node, 1)),
  });

/** What gives a value its mask, or a masking layer; where the mask is the value's own it says what is so already. */
const select: NodeReader = (reading, node) => {
  const x = flowInto(reading, node, 0);
  const atoms = maskInto(reading, node, 1);
  if (areSame(atoms, x.mask)) return reading.set(output(node), x);
  const added = atoms.filter((atom) => !x.mask.includes(atom));
  const found = reading.masking.get(added[0] as string);
  if (added.length === 1 && found?.of === node.inputs[0] && areSame(both(x.mask, added), atoms)) {
    const layer = masking({ maskValue: found.maskValue });
    return reading.set(output(node), { ...use(x, layer, x.shape.at(-1) as number), mask: atoms });
  }
  if (x.isInput && x.mask.length === 0 && added.every((atom) => !reading.masking.has(atom)))
    return reading.set(output(node), { ...x, mask: atoms, isInput: false });
  throw refuse(node, 'masks steps in the middle of the model by a mask that no layer makes');
};

/** The real steps brought to the front: what a recurrent layer does by itself. */
const compact: NodeReader = (reading, node) => {
  const x = flowInto(reading, node, 0);
  const atoms = maskInto(reading, node, 1);
  if (!areSame(atoms, x.mask)) throw refuse(node, 'has a mask that is not that of the steps it moves');
  reading.set(output(node), { ...x, isCompact: true });
  reading.set(node.outputs[1] ?? '', { kind: 'lengths', atoms });
};

/** The state at masked steps, which a recurrent layer carries by itself. */
const carry: NodeReader = (reading, node) => {
  const x = anyFlowInto(reading, node, 0);
  const atoms = maskInto(reading, node, 1);
  const way = { CarryForward: false, CarryBackward: true }[node.operator];
  const isRight =
    node.operator === 'CarryDirections' ? x.axes.includes('directions') : (x.isReversed ?? false) === way;
  if (!areSame(atoms, x.mask) || !isRight)
    throw refuse(node, 'carries a state over steps that are not those of its layer');
  checkInitial(reading, node, x);
  const { isCompact: _, ...rest } = x;
  reading.set(output(node), rest);
};

/** What masked steps in front carry has to be what the layer began with. */
function checkInitial(reading: Reading, node: OnnxNode, { initial }: Flow): void {
  const carried = reading.value(node.inputs[2] ?? '');
  if (initial?.kind === 'flow') {
    if (carried.kind === 'flow' && carried.symbol === initial.symbol) return;
  } else if (carried.kind === 'constant') {
    const begun = initial?.kind === 'begun' ? initial.tensor.data : undefined;
    if (carried.tensor.data.every((value, k) => value === (begun?.[k] ?? 0))) return;
  }
  throw refuse(node, 'carries another state over the first steps than its layer begins with');
}

const begin: NodeReader = (reading, node) =>
  reading.set(output(node), { kind: 'begun', tensor: constantInto(reading, node, 1) });

const own: Readonly<Record<string, NodeReader>> = {
  LengthsToMask: lengthsToMask,
  StepsUnlike: stepsUnlike,
  IdsUnlikeZero: idsUnlikeZero,
  Select: select,
  SelectIds: select,
  Begin: begin,
  Compact: compact,
  CarryForward: carry,
  CarryBackward: carry,
  CarryDirections: carry,
  Swish: activationNode,
  Gelu: activationNode,
};

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
  Cast: same,
  And: and,
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

/** How a node is read; nothing where it is not known. */
export function readerOf({ domain, operator }: OnnxNode): NodeReader | undefined {
  const find = (table: Readonly<Record<string, NodeReader>>) =>
    Object.hasOwn(table, operator) ? table[operator] : undefined;
  if (domain === DOMAIN) return find(own) ?? find(shapeReaders);
  if (domain !== '') return undefined;
  if (activationOperators.includes(operator)) return activationNode;
  return find(operators) ?? find(shapeReaders);
}
