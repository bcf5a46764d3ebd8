/** How the layers of several inputs are written, and those that pool, or lay numbers out anew. */
import type { SampleShape } from '../../layers/layer.js';
import { bothMasks, type Mask, type Scope, selected, type Value } from './export-scope.js';
import { int } from './node-writer.js';

type Writer = (scope: Scope, inputs: readonly Value[]) => readonly Value[];

/** The mask that is real where all are. */
function mergedMask({ w }: Scope, inputs: readonly Value[]): Mask | undefined {
  return inputs.reduce<Mask | undefined>((mask, value) => bothMasks(w, mask, value.mask), undefined);
}

/** Rows beside a sequence, with an axis of one step. */
function besides({ w }: Scope, { name, shape }: Value, rank: number): string {
  return shape.length === rank ? name : w.node('Unsqueeze', [name, w.ints([1])]);
}

/** Features in all, or nothing where the shape varies. */
const sum = (sizes: readonly (number | null | undefined)[]) =>
  sizes.reduce<number>((total, size) => total + (size as number), 0);

const concatenate: Writer = (scope, inputs) => {
  const { w, config, name } = scope;
  const [first] = inputs as [Value];
  const rank = first.shape.length;
  if (config.axis === 1 && rank === 2) return [behind(scope, inputs)];
  const mask = mergedMask(scope, inputs);
  const parts = inputs.map((value) => {
    if (value.shape.length === rank) return value.name;
    // One row beside every step: it is repeated as often as the first input has steps.
    const steps = w.node('Shape', [first.name], { start: int(1), end: int(2) });
    const shape = w.node('Concat', [w.ints([1]), steps, w.ints([1])], { axis: int(0) });
    return w.node('Expand', [besides(scope, value, rank), shape]);
  });
  const joined = { name: w.node('Concat', parts, { axis: int(-1) }, { name }), shape: first.shape, mask };
  const features = sum(inputs.map(({ shape }) => shape.at(-1)));
  return [{ name: selected(w, joined), shape: [...first.shape.slice(0, -1), features], mask }];
};

/** Sequences one behind the other, each step with its mask. */
function behind(scope: Scope, inputs: readonly Value[]): Value {
  const { w, name } = scope;
  const values = inputs.map((value) => selected(w, value));
  const [first] = inputs as [Value];
  const sizes = inputs.map(({ shape }) => shape[0] as number | null);
  const steps = sizes.includes(null) ? null : sum(sizes);
  const joined = w.node('Concat', values, { axis: int(1) }, { name });
  const shape = [steps, first.shape[1] as number];
  if (inputs.every(({ mask }) => mask === undefined)) return { name: joined, shape };
  const masks = inputs.map((value) => value.mask?.name ?? (w.call('AllSteps', [value.name])[0] as string));
  return { name: joined, shape, mask: { name: w.node('Concat', masks, { axis: int(1) }) } };
}

const elementwise =
  (operator: 'Add' | 'Mul'): Writer =>
  (scope, inputs) => {
    const { w, name } = scope;
    const [first, ...others] = inputs as [Value, ...Value[]];
    const mask = mergedMask(scope, inputs);
    const result = others.reduce(
      (value, other, i) =>
        w.node(operator, [value, besides(scope, other, first.shape.length)], {}, i === 0 ? { name } : {}),
      first.name,
    );
    const value = { name: result, shape: first.shape, mask };
    return [{ ...value, name: selected(w, value) }];
  };

/** The numbers of a row in another shape; those of masked steps are zeros. */
function reshaped({ w, name }: Scope, x: Value, shape: SampleShape): Value {
  const sizes = w.ints([0, ...(shape as number[])]);
  return { name: w.node('Reshape', [selected(w, x), sizes], {}, { name }), shape };
}

const sizeOfRow = ({ shape }: Value) => (shape as number[]).reduce((product, axis) => product * axis, 1);

const flatten: Writer = (scope, [given]) => {
  const x = given as Value;
  return [reshaped(scope, x, [sizeOfRow(x)])];
};

const reshape: Writer = (scope, [given]) => {
  const x = given as Value;
  const shape = scope.config.shape as readonly number[];
  const known = shape.reduce((product, axis) => (axis === -1 ? product : product * axis), 1);
  return [
    reshaped(
      scope,
      x,
      shape.map((axis) => (axis === -1 ? sizeOfRow(x) / known : axis)),
    ),
  ];
};

const repeatVector: Writer = ({ w, config, name }, [given]) => {
  const x = given as Value;
  const times = config.times as number;
  const row = w.node('Unsqueeze', [x.name, w.ints([1])]);
  const y = w.node('Expand', [row, w.ints([1, times, 1])], {}, { name });
  return [{ name: y, shape: [times, x.shape[0] as number] }];
};

const globalMaxPooling1d: Writer = ({ w, opset, name }, [given]) => {
  const x = given as Value;
  const source = x.mask ? (w.call('Hide', [x.name, x.mask.name])[0] as string) : x.name;
  const y =
    opset >= 18
      ? w.node('ReduceMax', [source, w.ints([1])], { keepdims: int(0) }, { name })
      : w.node('ReduceMax', [source], { axes: { kind: 'ints', value: [1] }, keepdims: int(0) }, { name });
  return [{ name: y, shape: x.shape.slice(1) }];
};

const globalAveragePooling1d: Writer = ({ w, opset, name }, [given]) => {
  const x = given as Value;
  const shape = x.shape.slice(1);
  if (x.mask) return [{ name: w.call('MeanOfReal', [x.name, x.mask.name], { name })[0] as string, shape }];
  const y =
    opset >= 18
      ? w.node('ReduceMean', [x.name, w.ints([1])], { keepdims: int(0) }, { name })
      : w.node('ReduceMean', [x.name], { axes: { kind: 'ints', value: [1] }, keepdims: int(0) }, { name });
  return [{ name: y, shape }];
};

/** The mask of a value, true everywhere where it has none. */
const maskOf = ({ w }: Scope, { name, mask }: Value) =>
  mask?.name ?? (w.call('AllSteps', [name])[0] as string);

const queryAttention: Writer = (scope, [query, value, key = value]) => {
  const { w, config, name } = scope;
  const [q, v, k] = [query, value, key] as [Value, Value, Value];
  const isRow = q.shape.length === 1;
  const asked = isRow ? { ...q, name: w.node('Unsqueeze', [q.name, w.ints([1])]) } : q;
  const sight = config.causal ? 'CausalSight' : 'Sight';
  const [seen] = w.call(sight, [maskOf(scope, asked), maskOf(scope, v)]) as [string];
  const isDot = config.type === 'attention';
  const scale = scope.weight('scale')
    ? scope.input('scale')
    : w.number(config.scale === 'inverseSqrt' ? 1 / Math.sqrt(q.shape.at(-1) as number) : 1);
  const inputs = [asked.name, selected(w, v), k.name, scale, seen];
  const [all] = w.call(isDot ? 'DotAttention' : 'AdditiveAttention', inputs, { name }) as [string];
  const shape = [...q.shape.slice(0, -1), v.shape.at(-1) as number];
  return [{ name: isRow ? w.node('Squeeze', [all, w.ints([1])]) : all, shape, mask: q.mask }];
};

const attentionPooling1d: Writer = (scope, [given]) => {
  const x = given as Value;
  const weights = ['kernel', 'bias', 'query'].map((name) => scope.input(name));
  const inputs = [selected(scope.w, x), ...weights, maskOf(scope, x)];
  return [
    {
      name: scope.w.call('AttentionPooling', inputs, { name: scope.name })[0] as string,
      shape: x.shape.slice(1),
    },
  ];
};

export const shapeWriters: Readonly<Record<string, Writer>> = {
  concatenate,
  add: elementwise('Add'),
  multiply: elementwise('Mul'),
  flatten,
  reshape,
  repeatVector,
  attention: queryAttention,
  additiveAttention: queryAttention,
  attentionPooling1d,
  globalMaxPooling1d,
  globalAveragePooling1d,
};
