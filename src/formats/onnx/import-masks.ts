/** The functions of masks.ts, read: what says which steps are real, and what recurrent layers do by themselves. */
import { masking } from '../../layers/masking.js';
import {
  anyFlowInto,
  areSame,
  asWritten,
  both,
  constantInto,
  type Flow,
  flowInto,
  maskInto,
  type NodeReader,
  outputOf,
  type Reading,
  refuse,
  use,
} from './import-values.js';
import type { OnnxNode } from './messages.js';

const lengthsToMask: NodeReader = (reading, node) => {
  const lengths = reading.value(node.inputs[1] ?? '');
  if (lengths.kind !== 'lengths') throw refuse(node, `reads a ${lengths.kind} where lengths should stand`);
  reading.set(outputOf(node), { kind: 'mask', atoms: lengths.atoms });
};

const stepsUnlike: NodeReader = (reading, node) => {
  const maskValue = asWritten(constantInto(reading, node, 1).data[0] as number);
  reading.masking.set(outputOf(node), { of: node.inputs[0] as string, maskValue });
  reading.set(outputOf(node), { kind: 'mask', atoms: [outputOf(node)] });
};

const idsUnlikeZero: NodeReader = (reading, node) => {
  anyFlowInto(reading, node, 0);
  reading.masking.set(outputOf(node), { of: node.inputs[0] as string, maskValue: 0 });
  reading.set(outputOf(node), { kind: 'mask', atoms: [outputOf(node)] });
};

const and: NodeReader = (reading, node) =>
  reading.set(outputOf(node), {
    kind: 'mask',
    atoms: both(maskInto(reading, node, 0), maskInto(reading, node, 1)),
  });

/** What gives a value its mask, or a masking layer; where the mask is the value's own it says what is so already. */
const select: NodeReader = (reading, node) => {
  const x = flowInto(reading, node, 0);
  const atoms = maskInto(reading, node, 1);
  if (areSame(atoms, x.mask)) return reading.set(outputOf(node), x);
  const added = atoms.filter((atom) => !x.mask.includes(atom));
  const found = reading.masking.get(added[0] as string);
  if (added.length === 1 && found?.of === node.inputs[0] && areSame(both(x.mask, added), atoms)) {
    const layer = masking({ maskValue: found.maskValue });
    return reading.set(outputOf(node), { ...use(x, layer, x.shape.at(-1) as number), mask: atoms });
  }
  if (x.isInput && x.mask.length === 0 && added.every((atom) => !reading.masking.has(atom)))
    return reading.set(outputOf(node), { ...x, mask: atoms, isInput: false });
  throw refuse(node, 'masks steps in the middle of the model by a mask that no layer makes');
};

/** The real steps brought to the front: what a recurrent layer does by itself. */
const compact: NodeReader = (reading, node) => {
  const x = flowInto(reading, node, 0);
  const atoms = maskInto(reading, node, 1);
  if (!areSame(atoms, x.mask)) throw refuse(node, 'has a mask that is not that of the steps it moves');
  reading.set(outputOf(node), { ...x, isCompact: true });
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
  reading.set(outputOf(node), rest);
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
  reading.set(outputOf(node), { kind: 'begun', tensor: constantInto(reading, node, 1) });

/** By the names of the functions, and ONNX's own And. */
export const maskReaders: Readonly<Record<string, NodeReader>> = {
  LengthsToMask: lengthsToMask,
  StepsUnlike: stepsUnlike,
  IdsUnlikeZero: idsUnlikeZero,
  And: and,
  Select: select,
  SelectIds: select,
  Begin: begin,
  Compact: compact,
  CarryForward: carry,
  CarryBackward: carry,
  CarryDirections: carry,
};
