/** A layer by itself, planned for one batch: with masks anywhere, states given as further inputs, all its outputs. */
import { selectBackend } from '../../src/backend/backend.js';
import { Memory, type Precision } from '../../src/backend/memory.js';
import { type Edge, type Planner, planGradient } from '../../src/backend/plan.js';
import { Random } from '../../src/core/random.js';
import type { FloatArray } from '../../src/core/tensor.js';
import type { BackendName } from '../../src/index.js';
import type { Layer } from '../../src/layers/layer.js';

export interface LayerSizes {
  readonly batch: number;
  readonly steps: number;
  readonly features: number;
}

/** [batch, steps, n] to [steps, batch, n]; with the sizes exchanged, back again. */
export function swapAxes(values: ArrayLike<number>, first: number, second: number): number[] {
  const n = values.length / (first * second);
  const out = new Array<number>(values.length);
  for (let a = 0; a < first; a++) {
    for (let b = 0; b < second; b++) {
      for (let k = 0; k < n; k++) out[(b * first + a) * n + k] = values[(a * second + b) * n + k] as number;
    }
  }
  return out;
}

/** The name of a weight in its layer: `kernel`, `forward/kernel`. */
function nameIn(layer: Layer, { name }: { readonly name: string }): string {
  return name.slice(layer.name.length + 1);
}

/** Builds and plans the layer; weights are set by name, and arrays are in the order of users, [batch, steps, n]. */
export function planLayer(
  layer: Layer,
  { batch, steps, features }: LayerSizes,
  precision: Precision,
  states: readonly ArrayLike<number>[] = [],
  backendName: BackendName = 'reference',
) {
  const backend = selectBackend(backendName, precision);
  const memory = new Memory(precision, backend.block);
  layer.name ||= layer.type;
  memory.keep((arena) => {
    layer.build([[null, features]], arena);
    for (const parameter of layer.parameters) parameter.gradient = arena.floats(parameter.value.length);
  });
  const random = new Random(1);
  for (const { initializer, value, shape } of layer.parameters) initializer.fill(value.array, shape, random);
  const gradients: Planner['gradients'] = [];
  const { result: pass } = memory.plan((arena) => {
    const rowMask = arena.bytes(batch);
    const rowNames = Array.from({ length: batch }, (_, row) => row);
    const planner: Planner = {
      arena,
      backend,
      random,
      rowMask,
      rowNames,
      training: true,
      gradients,
      statistics: [],
      penalties: [],
      carried: undefined,
    };
    const edge = (length: number, width: number, sequence: boolean, mask: Edge['mask']): Edge => {
      const size = length * batch * width;
      const gradient = planGradient(planner, size, true);
      return { batch, steps: length, features: width, sequence, value: arena.floats(size), gradient, mask };
    };
    const x = edge(steps, features, true, arena.bytes(steps * batch));
    const given = states.map((state) => edge(1, state.length / batch, false, rowMask));
    return { rowMask, x, given, planned: layer.plan([x, ...given], planner) };
  });
  pass.rowMask.array.fill(1);
  const outputs = [pass.planned.output, ...(pass.planned.moreOutputs ?? [])];
  const inOrder = ({ sequence }: Edge, values: FloatArray) =>
    sequence ? swapAxes(values, steps, batch) : [...values];
  return {
    setWeights: (weights: Readonly<Record<string, ArrayLike<number>>>) => {
      for (const parameter of layer.parameters) {
        parameter.value.array.set(weights[nameIn(layer, parameter)] as ArrayLike<number>);
      }
    },
    /** The outputs; `mask` is [batch, steps], ones where it is left out. */
    forward: (x: ArrayLike<number>, mask?: ArrayLike<number | boolean>, training = false): number[][] => {
      const { value, mask: isReal } = pass.x;
      value.array.set(swapAxes(x, batch, steps));
      isReal.array.set(mask ? swapAxes(Array.from(mask, Number), batch, steps) : isReal.array.fill(1));
      states.forEach((state, i) => void (pass.given[i] as Edge).value.array.set(state));
      pass.planned.forward(training);
      return outputs.map((output) => inOrder(output, output.value.array));
    },
    /** Given the gradient by each output: those by x, by the states given, and by the weights. */
    backward: (dOutputs: readonly (ArrayLike<number> | undefined)[]) => {
      for (const gradient of gradients) gradient.array.fill(0);
      for (const { gradient } of layer.parameters) gradient.array.fill(0);
      outputs.forEach(({ gradient, sequence }, i) => {
        const d = dOutputs[i];
        if (d) gradient?.array.set(sequence ? swapAxes(d, batch, steps) : d);
      });
      pass.planned.backward();
      const weights: Record<string, FloatArray> = {};
      for (const parameter of layer.parameters) weights[nameIn(layer, parameter)] = parameter.gradient.array;
      const gradientOf = (edge: Edge) => inOrder(edge, edge.gradient?.array as FloatArray);
      return { x: gradientOf(pass.x), states: pass.given.map(gradientOf), weights };
    },
  };
}
