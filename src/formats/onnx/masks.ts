/**
 * How masked steps are said in ONNX, as functions that stand in the file beside the graph. ONNX's recurrent operators
 * know padding behind the real steps alone (`sequence_lens`), give zeros there, and go on from the real ones; here a
 * masked step may stand anywhere, and carries the state over. So the real steps are brought to the front, all that is
 * recurrent happens there, and then every step takes the state after as many real steps as there are up to it:
 *
 *     Compact          the real steps of a row in their order, then the others; and how many are real
 *     CarryForward     y_t = h after the real steps up to t      h_0 where there is none
 *     CarryBackward    y_t = h after the real steps from t on, read from the end
 *
 * With B rows, T steps: x [B, T, F], mask [B, T] (true where a step is real), y [B, T, H], h_0 [B, H] or [1, H].
 */
import { int, type NodeWriter } from './node-writer.js';
import { FLOAT, INT32, INT64 } from './tensors.js';

/** A function: the names of its inputs, and its nodes. */
export interface Definition {
  readonly inputs: readonly string[];
  /** Writes the nodes and names what they give. */
  write(w: NodeWriter): readonly string[];
}

const count = (w: NodeWriter) => w.node('Cast', ['mask'], { to: int(INT64) });

/** 0 to T - 1 */
function range(w: NodeWriter, x: string): string {
  const steps = w.node('Squeeze', [w.node('Shape', [x], { start: int(1), end: int(2) })]);
  return w.node('Range', [w.ints(0), steps, w.ints(1)]);
}

/** The steps of y [B, T, ...] that `index` [B, T] names. */
function take(w: NodeWriter, y: string, index: string): string {
  return w.node('GatherND', [y, w.node('Unsqueeze', [index, w.ints([2])])], { batch_dims: int(1) });
}

export const maskDefinitions: Readonly<Record<string, Definition>> = {
  /** Of sequences whose real steps come first: which they are. */
  LengthsToMask: {
    inputs: ['x', 'lengths'],
    write: (w) => {
      const lengths = w.node('Unsqueeze', [w.node('Cast', ['lengths'], { to: int(INT64) }), w.ints([1])]);
      return [w.node('Less', [range(w, 'x'), lengths])];
    },
  },
  /** The steps that have any number but this one. */
  StepsUnlike: {
    inputs: ['x', 'value'],
    write: (w) => {
      const differs = w.node('Cast', [w.node('Not', [w.node('Equal', ['x', 'value'])])], { to: int(FLOAT) });
      const sum = w.node('ReduceSum', [differs, w.ints([2])], { keepdims: int(0) });
      return [w.node('Greater', [sum, w.number(0)])];
    },
  },
  /** The ids that are not 0. */
  IdsUnlikeZero: {
    inputs: ['ids'],
    write: (w) => [w.node('Not', [w.node('Equal', ['ids', w.ints(0)])])],
  },
  /** x with zeros in masked steps, whatever stands there. */
  Select: {
    inputs: ['x', 'mask'],
    write: (w) => [w.node('Where', [w.node('Unsqueeze', ['mask', w.ints([2])]), 'x', w.number(0)])],
  },
  /** Ids with 0 in masked steps. */
  SelectIds: {
    inputs: ['ids', 'mask'],
    write: (w) => [w.node('Where', ['mask', 'ids', w.ints(0)])],
  },
  /** A state [D, 1, H] for every row of x [B, ...]. */
  Begin: {
    inputs: ['x', 'state'],
    write: (w) => {
      const batch = w.node('Shape', ['x'], { start: int(0), end: int(1) });
      return [
        w.node('Expand', ['state', w.node('Concat', [w.ints([1]), batch, w.ints([1])], { axis: int(0) })]),
      ];
    },
  },
  Compact: {
    inputs: ['x', 'mask'],
    write: (w) => {
      const steps = range(w, 'x');
      const total = w.node('Shape', ['x'], { start: int(1), end: int(2) });
      const place = w.node('Where', ['mask', steps, w.node('Add', [steps, total])]);
      const [, order] = w.nodeOf(
        'TopK',
        [place, total],
        { axis: int(1), largest: int(0), sorted: int(1) },
        { outputs: ['places', 'order'] },
      ) as [string, string];
      const sum = w.node('ReduceSum', [count(w), w.ints([1])], { keepdims: int(0) });
      return [take(w, 'x', order), w.node('Cast', [sum], { to: int(INT32) })];
    },
  },
  CarryForward: {
    inputs: ['y', 'mask', 'initial'],
    write: (w) => {
      const batch = w.node('Shape', ['y'], { start: int(0), end: int(1) });
      const shape = w.node('Concat', [batch, w.ints([1, 1])], { axis: int(0) });
      const first = w.node('Expand', [w.node('Unsqueeze', ['initial', w.ints([1])]), shape]);
      const states = w.node('Concat', [first, 'y'], { axis: int(1) });
      return [take(w, states, w.node('CumSum', [count(w), w.ints(1)]))];
    },
  },
  CarryBackward: {
    inputs: ['y', 'mask', 'initial'],
    write: (w) => {
      const real = count(w);
      const before = w.node('CumSum', [real, w.ints(1)], { exclusive: int(1) });
      const total = w.node('ReduceSum', [real, w.ints([1])], { keepdims: int(1) });
      const isBehind = w.node('Unsqueeze', [w.node('Equal', [before, total]), w.ints([2])]);
      const first = w.node('Unsqueeze', ['initial', w.ints([1])]);
      return [w.node('Where', [isBehind, first, take(w, 'y', before)])];
    },
  },
  /** Both for y [B, T, 2, H], with h_0 [2, B, H] or [2, 1, H]. */
  CarryDirections: {
    inputs: ['y', 'mask', 'initial'],
    write: (w) => {
      const part = (of: string, axis: number, direction: number) =>
        w.node('Gather', [of, w.ints(direction)], { axis: int(axis) });
      const directions = ['CarryForward', 'CarryBackward'].map((name, i) => {
        const [carried] = w.call(name, [part('y', 2, i), 'mask', part('initial', 0, i)]) as [string];
        return w.node('Unsqueeze', [carried, w.ints([2])]);
      });
      return [w.node('Concat', directions, { axis: int(2) })];
    },
  },
  /** True for every step. */
  AllSteps: {
    inputs: ['x'],
    write: (w) => {
      const shape = w.node('Shape', ['x'], { start: int(0), end: int(2) });
      return [w.node('Equal', [w.node('Expand', [w.ints(0), shape]), w.ints(0)])];
    },
  },
  /** x with the least number in masked steps, so that none of them is the largest. */
  Hide: {
    inputs: ['x', 'mask'],
    write: (w) => [
      w.node('Where', [w.node('Unsqueeze', ['mask', w.ints([2])]), 'x', w.number(Number.NEGATIVE_INFINITY)]),
    ],
  },
  /** The mean over the real steps. */
  MeanOfReal: {
    inputs: ['x', 'mask'],
    write: (w) => {
      const [chosen] = w.call('Select', ['x', 'mask']) as [string];
      const sum = w.node('ReduceSum', [chosen, w.ints([1])], { keepdims: int(0) });
      const real = w.node('Cast', ['mask'], { to: int(FLOAT) });
      return [w.node('Div', [sum, w.node('ReduceSum', [real, w.ints([1])], { keepdims: int(1) })])];
    },
  },
  /** The steps from the last to the first. */
  Backwards: {
    inputs: ['x'],
    write: (w) => [w.node('Slice', ['x', w.ints([-1]), w.ints([-(2 ** 31)]), w.ints([1]), w.ints([-1])])],
  },
};
