/**
 * Attention over time, as functions of an ONNX file. With query [B, Q, U], key [B, S, U], value [B, S, F] and what a step
 * of the query sees [B, Q, S]:
 *
 *     a = softmax over what is seen of the scores      y = a value, 0 where nothing is seen
 */
import type { Definition } from './masks.js';
import { int, type NodeWriter } from './node-writer.js';

/** Far below any score, and finite, so that the softmax of nothing is still a number. */
const HIDDEN = -3e38;

/** The mean of the value's steps by their scores. */
function meanByScores(w: NodeWriter, scores: string): string {
  const seen = w.node('Where', ['seen', scores, w.number(HIDDEN)]);
  const shares = w.node('Where', ['seen', w.node('Softmax', [seen], { axis: int(-1) }), w.number(0)]);
  return w.node('MatMul', [shares, 'value']);
}

const sight = (w: NodeWriter) =>
  w.node('And', [
    w.node('Unsqueeze', ['queryMask', w.ints([2])]),
    w.node('Unsqueeze', ['mask', w.ints([1])]),
  ]);

/** 0, 1, ... along an axis of x, with axes of one beside it. */
function places(w: NodeWriter, of: string, beside: number): string {
  const size = w.node('Squeeze', [w.node('Shape', [of], { start: int(1), end: int(2) })]);
  return w.node('Unsqueeze', [w.node('Range', [w.ints(0), size, w.ints(1)]), w.ints([beside])]);
}

export const attentionDefinitions: Readonly<Record<string, Definition>> = {
  /** Real steps see real steps. */
  Sight: { inputs: ['queryMask', 'mask'], write: (w) => [sight(w)] },
  /** And none behind their own. */
  CausalSight: {
    inputs: ['queryMask', 'mask'],
    write: (w) => {
      const order = w.node('GreaterOrEqual', [places(w, 'queryMask', 1), places(w, 'mask', 0)]);
      return [w.node('And', [sight(w), order])];
    },
  },
  DotAttention: {
    inputs: ['query', 'value', 'key', 'scale', 'seen'],
    write: (w) => {
      const turned = w.node('Transpose', ['key'], { perm: { kind: 'ints', value: [0, 2, 1] } });
      return [meanByScores(w, w.node('Mul', [w.node('MatMul', ['query', turned]), 'scale']))];
    },
  },
  AdditiveAttention: {
    inputs: ['query', 'value', 'key', 'scale', 'seen'],
    write: (w) => {
      const [q, k] = [w.node('Unsqueeze', ['query', w.ints([2])]), w.node('Unsqueeze', ['key', w.ints([1])])];
      const terms = w.node('Mul', [w.node('Tanh', [w.node('Add', [q, k])]), 'scale']);
      return [meanByScores(w, w.node('ReduceSum', [terms, w.ints([3])], { keepdims: int(0) }))];
    },
  },
  /** Additive attention of a learned query to all real steps of the value. */
  AttentionPooling: {
    inputs: ['value', 'kernel', 'bias', 'query', 'mask'],
    write: (w) => {
      const key = w.node('Tanh', [w.node('Add', [w.node('MatMul', ['value', 'kernel']), 'bias'])]);
      const scores = w.node('ReduceSum', [w.node('Mul', [key, 'query']), w.ints([2])], { keepdims: int(0) });
      const seen = w.node('Where', ['mask', scores, w.number(HIDDEN)]);
      const shares = w.node('Where', ['mask', w.node('Softmax', [seen], { axis: int(-1) }), w.number(0)]);
      const row = w.node('MatMul', [w.node('Unsqueeze', [shares, w.ints([1])]), 'value']);
      return [w.node('Squeeze', [row, w.ints([1])])];
    },
  },
};
