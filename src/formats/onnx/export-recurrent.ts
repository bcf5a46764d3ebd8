/**
 * Recurrent layers: by ONNX's own operators where one of them has the cell (export-operator.ts), else by a function of
 * the file (export-run.ts); then what becomes of h of every step, or of the last one.
 */
import type { Tensor } from '../../core/tensor.js';
import { cells } from './cells.js';
import { hasOperator, kinds, writeOperator } from './export-operator.js';
import { cellType, stateWidth, writeRun } from './export-run.js';
import { type Direction, type Mask, type Scope, selected, type Value } from './export-scope.js';
import { int } from './node-writer.js';

/** Writes a layer of one direction, or of two, which have the same kind of cell and as many units. */
export function writeRecurrent(
  scope: Scope,
  directions: readonly Direction[],
  [x, ...begin]: readonly Value[],
  mergeMode?: string,
): Value[] {
  const { w, name } = scope;
  const [{ config }] = directions as [Direction];
  const given = x as Value;
  const isOperator = directions.every((one) => hasOperator(one.config));
  const stateNames = isOperator ? kinds[config.type]?.states : cells[cellType(config)]?.states;
  const states = (stateNames as readonly string[]).map((state, s) => {
    const own = directions.map((_, d) => begin[d * (stateNames?.length as number) + s]);
    return writeState(scope, state, directions, own as Value[], given.name);
  });
  const { ends, steps } = isOperator
    ? writeOperator(
        scope,
        directions,
        given,
        states.map(({ initial }) => initial),
        () => states[0]?.carried() as string,
      )
    : writeRun(
        scope,
        directions,
        given,
        states.map((state) => state.begun()),
      );
  const isTwo = directions.length === 2;
  const units = stateWidth(config, 'h');
  const main: Value[] = config.returnSequences
    ? writeSteps(scope, steps(), directions, given, mergeMode)
    : isTwo
      ? mergeLast(scope, ends[0] as string, units, mergeMode)
      : [
          {
            name: w.node('Squeeze', [ends[0] as string, w.ints([0])], {}, { name: `${name}/last` }),
            shape: [units],
          },
        ];
  if (!config.returnState) return main;
  const last = (end: string, direction: number, state: number): Value => ({
    name: isTwo
      ? w.node('Gather', [end, w.ints(direction)], { axis: int(0) })
      : w.node('Squeeze', [end, w.ints([0])]),
    shape: [stateWidth(config, stateNames?.[state] as string)],
  });
  return [...main, ...directions.flatMap((_, d) => ends.map((end, s) => last(end, d, s)))];
}

interface State {
  /** [D, B, H], or nothing for zeros. */
  readonly initial: string;
  /** The same, for zeros too. */
  begun(): string;
  /** What masked steps in front carry: [B or 1, H], of two directions [2, B or 1, H]. */
  carried(): string;
}

function writeState(
  { w, weight, name }: Scope,
  state: string,
  directions: readonly Direction[],
  given: readonly (Value | undefined)[],
  x: string,
): State {
  const count = directions.length;
  if (given[0] !== undefined) {
    const each = given.map((one) => w.node('Unsqueeze', [(one as Value).name, w.ints([0])]));
    const initial = count === 1 ? (each[0] as string) : w.node('Concat', each, { axis: int(0) });
    return {
      initial,
      begun: () => initial,
      carried: () => (count === 1 ? (given[0] as Value).name : initial),
    };
  }
  const [{ config }] = directions as [Direction];
  const width = stateWidth(config, state);
  const isLearned = config.initialState === 'learned';
  const data = new Float32Array(count * width);
  if (isLearned) {
    directions.forEach(({ prefix }, d) => {
      data.set((weight(`${prefix}initial${state.toUpperCase()}`) as Tensor).data, d * width);
    });
  }
  const all = isLearned ? `${name.split(':')[0]}/initial/${state}` : `zeros/${count} ${width}`;
  const stacked = () => w.floats(all, data, [count, 1, width]);
  const begun = () => w.call('Begin', [x, stacked()])[0] as string;
  const initial = isLearned ? begun() : '';
  return {
    initial,
    begun: () => (isLearned ? initial : begun()),
    carried: () => (count === 2 ? stacked() : w.floats(`${all}/row`, data, [1, width])),
  };
}

/** h of every step as the layer gives it: [batch, steps, units], or of two directions merged. */
function writeSteps(
  scope: Scope,
  carried: string,
  directions: readonly Direction[],
  { shape: [steps], mask }: Value,
  mergeMode?: string,
): Value[] {
  const { w, name } = scope;
  const [{ config }] = directions as [Direction];
  const shape = [steps as number | null, stateWidth(config, 'h')];
  const zeroed = (value: Value): Value =>
    config.zeroOutputForMask && value.mask ? { ...value, name: selected(w, value) } : value;
  if (directions.length === 2) return mergeSteps(scope, carried, shape, mask, mergeMode).map(zeroed);
  const forward = zeroed({ name: carried, shape, mask });
  if (!config.goBackwards) return [forward];
  const [turned] = w.call('Backwards', [forward.name], { outputs: [`${name}/backwards`] }) as [string];
  return [{ name: turned, shape, mask: mask && { name: backwardsMask(scope, mask) } }];
}

/** The mask in the order in which the steps were read. */
function backwardsMask({ w }: Scope, mask: Mask): string {
  return w.call('Backwards', [mask.name])[0] as string;
}

const reductions: Readonly<Record<string, string>> = {
  sum: 'ReduceSum',
  mul: 'ReduceProd',
  ave: 'ReduceMean',
};

/** Writes a reduction over an axis; where its axes stand depends on the version. */
function reduce({ w, opset }: Scope, operator: string, x: string, axis: number): string {
  const isInput = operator === 'ReduceSum' || opset >= 18;
  return isInput
    ? w.node(operator, [x, w.ints([axis])], { keepdims: int(0) })
    : w.node(operator, [x], { axes: { kind: 'ints', value: [axis] }, keepdims: int(0) });
}

function mergeSteps(
  scope: Scope,
  y: string,
  [steps, units]: readonly (number | null)[],
  mask: Mask | undefined,
  mergeMode = 'concat',
): Value[] {
  const { w } = scope;
  const width = units as number;
  if (mergeMode === 'none') {
    return [0, 1].map((direction) => ({
      name: w.node('Gather', [y, w.ints(direction)], { axis: int(2) }),
      shape: [steps as number | null, width],
      mask,
    }));
  }
  if (mergeMode !== 'concat')
    return [
      {
        name: reduce(scope, reductions[mergeMode] as string, y, 2),
        shape: [steps as number | null, width],
        mask,
      },
    ];
  return [
    {
      name: w.node('Reshape', [y, w.ints([0, 0, 2 * width])]),
      shape: [steps as number | null, 2 * width],
      mask,
    },
  ];
}

function mergeLast(scope: Scope, h: string, units: number, mergeMode = 'concat'): Value[] {
  const { w } = scope;
  const rows = w.node('Transpose', [h], { perm: { kind: 'ints', value: [1, 0, 2] } });
  if (mergeMode === 'none') {
    return [0, 1].map((direction) => ({
      name: w.node('Gather', [rows, w.ints(direction)], { axis: int(1) }),
      shape: [units],
    }));
  }
  if (mergeMode !== 'concat')
    return [{ name: reduce(scope, reductions[mergeMode] as string, rows, 1), shape: [units] }];
  return [{ name: w.node('Reshape', [rows, w.ints([0, 2 * units])]), shape: [2 * units] }];
}
