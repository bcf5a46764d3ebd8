/** Products with a matrix, with the bias and the activation behind them, as dense layers. */
import type { ActivationName } from '../../layers/activations.js';
import { dense } from '../../layers/dense.js';
import { fromOperator } from './activations.js';
import {
  checkLast,
  constantInto,
  flowInto,
  intOf,
  type NodeReader,
  numberOf,
  onlyConsumer,
  outputOf,
  type Reading,
  refuse,
  use,
} from './import-values.js';
import { DOMAIN, type OnnxNode } from './messages.js';
import type { OnnxTensor } from './tensors.js';

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
  return found && { activation: found, name: outputOf(node), node };
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
  let name = outputOf(node);
  let bias = product.bias;
  const added = bias === undefined ? biasBehind(reading, name, units) : undefined;
  if (added) {
    bias = added.bias;
    name = outputOf(added.node);
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
    reading.give(layer, 'kernel', { data, shape: [inputs, units] });
    if (bias) {
      const values = bias.data;
      const all = Float32Array.from(
        { length: units },
        (_, k) => product.biasScale * (values[values.length === 1 ? 0 : k] as number),
      );
      reading.give(layer, 'bias', { data: all, shape: [units] });
    }
  }
  reading.set(name, use(x, layer, units));
}

export const gemm: NodeReader = (reading, node) => {
  if (intOf(node, 'transA', 0) !== 0) throw refuse(node, 'has transA, which no layer does');
  readProduct(reading, node, {
    kernel: constantInto(reading, node, 1),
    isTurned: intOf(node, 'transB', 0) !== 0,
    scale: numberOf(node, 'alpha', 1),
    bias: (node.inputs[2] ?? '') === '' ? undefined : constantInto(reading, node, 2),
    biasScale: numberOf(node, 'beta', 1),
  });
};

export const matMul: NodeReader = (reading, node) =>
  readProduct(reading, node, {
    kernel: constantInto(reading, node, 1),
    isTurned: false,
    scale: 1,
    bias: undefined,
    biasScale: 1,
  });
