/** Operators that turn, join, cut and pool: most of them move axes that a layer here has in one place. */

import type { Layer, SampleShape } from '../../layers/layer.js';
import { add, concatenate, multiply } from '../../layers/merging.js';
import { globalAveragePooling1d, globalMaxPooling1d } from '../../layers/pooling.js';
import { flatten, repeatVector, reshape } from '../../layers/reshape.js';
import { readLayerNorm } from './import-layer-norm.js';
import {
  type Axis,
  anyFlowInto,
  areSame,
  axesOf,
  behind,
  both,
  checkAtoms,
  constantInto,
  type Flow,
  flowInto,
  intOf,
  maskInto,
  type NodeReader,
  numbersOf,
  outputOf,
  type Reading,
  refuse,
  turned,
  usualAxes,
} from './import-values.js';
import type { OnnxNode } from './messages.js';
import type { OnnxTensor } from './tensors.js';

/** Changes the axes of a flow, and of its other direction. */
function withAxes(x: Flow, axes: readonly Axis[]): Flow {
  return { ...x, axes, ...(x.other ? { other: { ...x.other, axes } } : {}) };
}

const transpose: NodeReader = (reading, node) => {
  const value = reading.value(node.inputs[0] ?? '');
  const rank =
    value.kind === 'flow' ? value.axes.length : value.kind === 'constant' ? value.tensor.shape.length : 0;
  const perm = numbersOf(node, 'perm') ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  if (perm.length !== rank || [...perm].sort().some((axis, i) => axis !== i))
    throw refuse(node, `turns ${rank} axes by [${perm}]`);
  if (value.kind === 'flow')
    return reading.set(
      outputOf(node),
      withAxes(
        value,
        perm.map((axis) => value.axes[axis] as Axis),
      ),
    );
  reading.set(outputOf(node), {
    kind: 'constant',
    tensor: turnedTensor(constantInto(reading, node, 0), perm),
  });
};

function turnedTensor({ type, shape, data }: OnnxTensor, perm: readonly number[]): OnnxTensor {
  const sizes = perm.map((axis) => shape[axis] as number);
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const from = perm.map((axis) => strides[axis] as number);
  const moved = data.slice();
  const index = sizes.map(() => 0);
  for (let k = 0; k < moved.length; k++) {
    moved[k] = data[index.reduce((at, i, axis) => at + i * (from[axis] as number), 0)] as number;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (sizes[axis] as number)) break;
      index[axis] = 0;
    }
  }
  return { name: '', type, shape: sizes, data: moved };
}

const squeeze: NodeReader = (reading, node) => {
  const x = anyFlowInto(reading, node, 0);
  const rank = x.axes.length;
  const axes = axesOf(reading, node)?.map((axis) => (axis < 0 ? axis + rank : axis));
  const gone = axes ?? x.axes.flatMap((axis, i) => (axis === 'one' ? [i] : []));
  const kept = x.axes.filter((_, i) => !gone.includes(i));
  const isOne = (axis: Axis | undefined) => axis === 'one' || (axis === 'features' && x.shape.at(-1) === 1);
  if (!gone.every((axis) => isOne(x.axes[axis])))
    throw refuse(node, 'takes away an axis that is not of size 1');
  reading.set(outputOf(node), withAxes(x, kept));
};

const unsqueeze: NodeReader = (reading, node) => {
  const x = anyFlowInto(reading, node, 0);
  const axes = axesOf(reading, node) ?? [];
  const rank = x.axes.length + axes.length;
  const added = axes.map((axis) => (axis < 0 ? axis + rank : axis));
  const rest = [...x.axes];
  const all = Array.from(
    { length: rank },
    (_, i): Axis => (added.includes(i) ? 'one' : (rest.shift() as Axis)),
  );
  reading.set(outputOf(node), withAxes(x, all));
};

/** Without the axis of the directions, both of them side by side in the features. */
function concatenated(node: OnnxNode, x: Flow): Flow {
  const axes = x.axes.filter((axis) => axis !== 'directions');
  const units = x.shape.at(-1) as number;
  const shape: SampleShape = [...x.shape.slice(0, -1), 2 * units];
  const { mergeMode, other, ...rest } = x;
  if (other) return { ...rest, axes, shape, symbol: concatenate().on(x.symbol, other.symbol) };
  if (mergeMode !== 'concat') throw refuse(node, 'joins directions that are merged in another way too');
  return { ...rest, axes, shape };
}

const reshapeNode: NodeReader = (reading, node) => {
  const x = anyFlowInto(reading, node, 0);
  const target = [...constantInto(reading, node, 1).data];
  const at = x.axes.indexOf('directions');
  if (at !== -1) {
    if (x.axes[at + 1] !== 'features' || target.length !== x.axes.length - 1)
      throw refuse(node, `lays axes [${x.axes.join(', ')}] out as [${target}]`);
    return reading.set(outputOf(node), concatenated(node, x));
  }
  const { shape, axes } = flowInto(reading, node, 0);
  if (axes.join() !== usualAxes(shape).join() || x.isReversed || !(target[0] === 0 || target[0] === -1))
    throw refuse(node, `lays axes [${axes.join(', ')}] out as [${target}], which no layer does`);
  if (shape.includes(null)) throw refuse(node, 'lays out sequences of any length anew');
  const size = (shape as number[]).reduce((product, axis) => product * axis, 1);
  const known = target.slice(1).reduce((product, axis) => (axis === -1 ? product : product * axis), 1);
  const sizes = target.slice(1).map((axis) => (axis === -1 ? size / known : axis));
  if (sizes.length < 1 || sizes.length > 2 || sizes.reduce((a, b) => a * b, 1) !== size)
    throw refuse(node, `lays rows of ${size} numbers out as [${sizes}]`);
  const options = reading.layerName(node);
  const layer = sizes.length === 1 && shape.length === 2 ? flatten(options) : reshape(sizes, options);
  reading.set(outputOf(node), plain(layer, x, sizes));
};

/** A flow behind a layer whose steps are its own, or that has none. */
function plain(layer: Layer, x: Flow, shape: SampleShape, mask: readonly string[] = []): Flow {
  return { kind: 'flow', symbol: layer.on(x.symbol), shape, axes: usualAxes(shape), mask };
}

const gather: NodeReader = (reading, node) => {
  const x = anyFlowInto(reading, node, 0);
  const { data, shape } = constantInto(reading, node, 1);
  const axis = intOf(node, 'axis', 0);
  const at = axis < 0 ? axis + x.axes.length : axis;
  const index = data[0] as number;
  const axes = x.axes.filter((_, i) => i !== at);
  if (shape.length === 0 && x.axes[at] === 'directions' && x.other && index >= -2 && index < 2) {
    const { other, ...forward } = x;
    const chosen = index === 0 || index === -2 ? forward : other;
    return reading.set(outputOf(node), { ...chosen, axes });
  }
  if (shape.length === 0 && x.axes[at] === 'one' && (index === 0 || index === -1))
    return reading.set(outputOf(node), withAxes(x, axes));
  if (shape.length === 0 && x.axes[at] === 'steps' && index === -1 && x.last && !x.isReversed) {
    const symbol = x.last;
    return reading.set(outputOf(node), { kind: 'flow', symbol, shape: x.shape.slice(-1), axes, mask: [] });
  }
  throw refuse(node, `takes number ${index} of axis ${at}, [${x.axes.join(', ')}], which no layer gives`);
};

const slice: NodeReader = (reading, node) => {
  const x = flowInto(reading, node, 0);
  const [starts, ends, axes, steps] = [1, 2, 3, 4].map((input) =>
    (node.inputs[input] ?? '') === '' ? [] : [...constantInto(reading, node, input).data],
  ) as [number[], number[], number[], number[]];
  const isBackwards =
    starts[0] === -1 && steps[0] === -1 && (ends[0] as number) < -1e6 && starts.length === 1;
  if (!isBackwards || x.axes[axes[0] as number] !== 'steps')
    throw refuse(node, 'cuts steps out, which no layer does');
  reading.set(outputOf(node), backwards(x));
};

const backwards = (x: Flow): Flow => ({ ...x, isReversed: !x.isReversed, mask: turned(x.mask) });

const backwardsNode: NodeReader = (reading, node) => {
  const value = reading.value(node.inputs[0] ?? '');
  if (value.kind === 'mask') return reading.set(outputOf(node), { kind: 'mask', atoms: turned(value.atoms) });
  reading.set(outputOf(node), backwards(flowInto(reading, node, 0)));
};

/** Several flows made into one. Rows beside a sequence stand behind it, as layers have them. */
function merge(
  reading: Reading,
  node: OnnxNode,
  layer: Layer,
  flows: readonly Flow[],
  features: number,
): void {
  const sorted = [...flows].sort((a, b) => b.shape.length - a.shape.length);
  const isSorted = sorted.every((flow, i) => flow === flows[i]);
  const [first] = sorted as [Flow];
  const isReversed = first.isReversed ?? false;
  if (flows.some((flow) => flow.shape.length > 1 && (flow.isReversed ?? false) !== isReversed))
    throw refuse(
      node,
      'puts steps beside others in the opposite order, which bidirectional does and no merging layer',
    );
  if (layer.type === 'concatenate' && !isSorted)
    throw refuse(node, 'has rows before a sequence, where layers have it first');
  const masks = sorted.filter(({ shape }) => shape.length === 2).map(({ mask }) => mask);
  const symbol = layer.on(...sorted.map((flow) => flow.symbol));
  const shape: SampleShape = [...first.shape.slice(0, -1), features];
  const joined = masks.reduce((all, mask) => both(all, mask), [] as readonly string[]);
  reading.set(outputOf(node), { ...behind(first, symbol, shape), axes: usualAxes(shape), mask: joined });
}

/** Rows that were given an axis of one step, to stand beside a sequence. */
function mergeable(reading: Reading, node: OnnxNode): Flow[] {
  return node.inputs.map((_, i) => {
    const x = flowInto(reading, node, i);
    const axes = x.axes.filter((axis) => axis !== 'one');
    if (axes.join() === usualAxes(x.shape).join()) return { ...x, axes };
    throw refuse(node, `reads axes [${x.axes.join(', ')}] beside others`);
  });
}

const concat: NodeReader = (reading, node) => {
  const kinds = node.inputs.map((name) => reading.value(name).kind);
  if (kinds[0] === 'mask') return concatMasks(reading, node);
  const flows = mergeable(reading, node);
  const [first] = flows as [Flow];
  const rank = Math.max(...flows.map(({ shape }) => shape.length)) + 1;
  const axis = intOf(node, 'axis', 0);
  const at = axis < 0 ? axis + rank : axis;
  if (at === rank - 1) {
    const features = flows.reduce((sum, { shape }) => sum + (shape.at(-1) as number), 0);
    return merge(reading, node, concatenate(reading.layerName(node)), flows, features);
  }
  if (rank !== 3 || at !== 1 || flows.some(({ isReversed }) => isReversed))
    throw refuse(node, `joins along axis ${axis}, which no layer does`);
  const layer = concatenate({ axis: 1, ...reading.layerName(node) });
  const sizes = flows.map(({ shape }) => shape[0] as number | null);
  const steps = sizes.includes(null) ? null : (sizes as number[]).reduce((a, b) => a + b, 0);
  const masks = flows.map(({ mask }) => mask);
  const symbol = layer.on(...flows.map((flow) => flow.symbol));
  reading.set(outputOf(node), {
    ...behind(first, symbol, [steps, first.shape[1] as number]),
    mask: inRow(masks),
  });
};

/** The mask of sequences one behind the other, as one atom. */
function inRow(masks: readonly (readonly string[])[]): readonly string[] {
  if (masks.every((mask) => mask.length === 0)) return [];
  return checkAtoms([`[${masks.map((mask) => mask.join('&')).join('|')}]`]);
}

function concatMasks(reading: Reading, node: OnnxNode): void {
  const masks = node.inputs.map((_, i) => maskInto(reading, node, i));
  reading.set(outputOf(node), { kind: 'mask', atoms: inRow(masks) });
}

const elementwise =
  (make: (options: { name?: string }) => Layer): NodeReader =>
  (reading, node) => {
    const flows = mergeable(reading, node);
    const [first] = flows as [Flow];
    merge(reading, node, make(reading.layerName(node)), flows, first.shape.at(-1) as number);
  };

/** A row repeated along an axis of one: beside a sequence, or as a sequence. */
const expand: NodeReader = (reading, node) => {
  const given = reading.value(node.inputs[0] ?? '');
  if (given.kind === 'constant' && given.tensor.data.every((value) => value === 0))
    return reading.set(outputOf(node), { kind: 'zeros' });
  const x = flowInto(reading, node, 0);
  const target = reading.value(node.inputs[1] ?? '');
  if (x.axes.join() !== 'batch,one,features') throw refuse(node, `repeats axes [${x.axes.join(', ')}]`);
  // As many times as another value has steps: a merging layer does it by itself.
  if (target.kind === 'size') return reading.set(outputOf(node), x);
  if (target.kind !== 'constant') throw refuse(node, `repeats rows by a ${target.kind}`);
  const [one, times, features] = [...target.tensor.data];
  if (one !== 1 || (features !== 1 && features !== x.shape.at(-1)))
    throw refuse(node, 'repeats rows or features');
  const layer = repeatVector(times as number, reading.layerName(node));
  reading.set(outputOf(node), plain(layer, x, [times as number, x.shape.at(-1) as number]));
};

const reductions: Readonly<Record<string, string>> = {
  ReduceSum: 'sum',
  ReduceProd: 'mul',
  ReduceMean: 'ave',
};

const reduce: NodeReader = (reading, node) => {
  const x = anyFlowInto(reading, node, 0);
  if (node.operator === 'ReduceMean' && readLayerNorm(reading, node)) return;
  const [axis = 0, ...more] = axesOf(reading, node) ?? [];
  const at = axis < 0 ? axis + x.axes.length : axis;
  if (more.length > 0 || intOf(node, 'keepdims', 1) !== 0)
    throw refuse(node, 'goes over several axes, or keeps them');
  const axes = x.axes.filter((_, i) => i !== at);
  if (x.axes[at] === 'directions' && x.mergeMode === reductions[node.operator]) {
    const { mergeMode: _, ...rest } = x;
    return reading.set(outputOf(node), { ...rest, axes });
  }
  if (x.axes[at] === 'steps' && x.mask.length === 0 && ['ReduceMax', 'ReduceMean'].includes(node.operator))
    return pool(reading, node, flowInto(reading, node, 0));
  throw refuse(
    node,
    `goes over [${x.axes[at] ?? axis}], which no layer does${x.mask.length > 0 ? ', masked steps among them' : ''}`,
  );
};

function pool(reading: Reading, node: OnnxNode, x: Flow): void {
  const make = node.operator === 'ReduceMax' ? globalMaxPooling1d : globalAveragePooling1d;
  reading.set(outputOf(node), plain(make(reading.layerName(node)), x, x.shape.slice(-1)));
}

/** Hides masked steps from the maximum that comes next. */
const hide: NodeReader = (reading, node) => {
  const x = flowInto(reading, node, 0);
  if (!areSame(maskInto(reading, node, 1), x.mask))
    throw refuse(node, 'has a mask that is not that of its steps');
  reading.set(outputOf(node), { ...x, mask: [] });
};

const meanOfReal: NodeReader = (reading, node) => {
  const x = flowInto(reading, node, 0);
  if (!areSame(maskInto(reading, node, 1), x.mask))
    throw refuse(node, 'has a mask that is not that of its steps');
  pool(reading, node, x);
};

const allSteps: NodeReader = (reading, node) => reading.set(outputOf(node), { kind: 'mask', atoms: [] });

const shapeNode: NodeReader = (reading, node) => reading.set(outputOf(node), { kind: 'size' });

export const shapeReaders: Readonly<Record<string, NodeReader>> = {
  Transpose: transpose,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Reshape: reshapeNode,
  Flatten: (reading, node) => {
    const x = flowInto(reading, node, 0);
    if (intOf(node, 'axis', 1) !== 1 || x.shape.includes(null) || x.isReversed)
      throw refuse(node, 'lays out sequences of any length, or along another axis than 1');
    const size = (x.shape as number[]).reduce((product, axis) => product * axis, 1);
    reading.set(outputOf(node), plain(flatten(reading.layerName(node)), x, [size]));
  },
  Gather: gather,
  Slice: slice,
  Backwards: backwardsNode,
  Concat: concat,
  Add: elementwise(add),
  Mul: elementwise(multiply),
  Expand: expand,
  ReduceSum: reduce,
  ReduceProd: reduce,
  ReduceMean: reduce,
  ReduceMax: reduce,
  Hide: hide,
  MeanOfReal: meanOfReal,
  AllSteps: allSteps,
  Shape: shapeNode,
};
