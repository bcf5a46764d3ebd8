/** A layer run by itself, forward and backward, on given inputs and a given gradient from above. */
import type { Edge, PlannedLayer } from '../../src/backend/plan.js';
import type { FloatArray } from '../../src/core/tensor.js';
import { input, model, type Precision, type SampleShape } from '../../src/index.js';
import { Layer } from '../../src/layers/layer.js';
import type { Network } from '../../src/model/network.js';

/** Numbers nested in arrays: `[batch][features]` or `[batch][steps][features]`. */
export type Nested = readonly (readonly number[])[] | readonly (readonly (readonly number[])[])[];

export interface ProbeInput {
  readonly x: Nested;
  /** How many steps of each row are real; all by default. */
  readonly lengths?: readonly number[] | null | undefined;
}

/** Hands its input on and adds dy to its gradient. */
class Weigh extends Layer {
  readonly type = 'weigh';
  readonly ranks = [2, 3];
  dy: FloatArray = new Float64Array(0);

  outputShape(shape: SampleShape): SampleShape {
    return shape;
  }

  plan([x]: readonly Edge[]): PlannedLayer {
    const edge = x as Edge;
    return {
      output: edge,
      forward: () => {},
      backward: () => {
        edge.gradient?.array.forEach((g, k, array) => {
          array[k] = g + (this.dy[k] as number);
        });
      },
    };
  }

  protected options() {
    return {};
  }
}

const isSequence = (x: Nested): x is readonly (readonly (readonly number[])[])[] => Array.isArray(x[0]?.[0]);

/** Flat and time-major. */
function timeMajor(x: Nested): number[] {
  if (!isSequence(x)) return x.flat() as number[];
  const [{ length: steps }] = x as [readonly unknown[]];
  return Array.from({ length: steps }, (_, t) => x.map((row) => row[t] as readonly number[])).flat(2);
}

/** Back to rows of steps of features, flat. */
function rowMajor({ steps, batch, features }: Edge, array: FloatArray): number[] {
  const values: number[] = [];
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < steps; t++) {
      for (let k = 0; k < features; k++) values.push(array[(t * batch + b) * features + k] as number);
    }
  }
  return values;
}

/**
 * Runs the layer. What is returned is flat and in the order of rows.
 *
 * @param prepare  sets weights before the pass
 */
export function probe(
  layer: Layer,
  given: readonly ProbeInput[],
  dy: Nested,
  precision: Precision = 'float64',
  prepare: (network: Network) => void = () => {},
  training = true,
) {
  const inputs = given.map(({ x }) => {
    const features = (isSequence(x) ? x[0]?.[0]?.length : x[0]?.length) as number;
    return input({ shape: isSequence(x) ? [x[0]?.length as number, features] : [features] });
  });
  const weigh = new Weigh({});
  const made = model(
    { inputs, outputs: weigh.on(layer.on(...inputs)) },
    { precision: precision as never, seed: 1 },
  );
  made.compile({ loss: 'meanSquaredError' } as never);
  const network = made.internals.network as Network;
  network.wantsInputGradient = true;
  prepare(network);
  const steps = given.map(({ x }) => (isSequence(x) ? (x[0]?.length as number) : 1));
  const batch = (given[0] as ProbeInput).x.length;
  const pass = network.pass(batch, steps, training);
  pass.rowMask.array.fill(1);
  pass.rowNames.forEach((_, row, names) => {
    names[row] = row;
  });
  given.forEach(({ x, lengths }, i) => {
    const edge = pass.inputs[i] as Edge;
    edge.value.array.set(timeMajor(x));
    for (let t = 0; t < edge.steps; t++) {
      for (let b = 0; b < batch; b++) {
        edge.mask.array[t * batch + b] = t < (lengths?.[b] ?? edge.steps) ? 1 : 0;
      }
    }
  });
  weigh.dy = Float64Array.from(timeMajor(dy));
  pass.forward(training);
  const [output] = pass.outputs as [Edge];
  const y = rowMajor(output, output.value.array);
  if (training) pass.backward([0], 0);
  return {
    pass,
    y,
    mask: rowMajor({ ...output, features: 1 }, output.mask.array as never),
    dx: pass.inputs.map((edge) => (edge.gradient ? rowMajor(edge, edge.gradient.array) : [])),
    gradients: Object.fromEntries(
      network.parameters.map(({ localName, gradient }) => [localName, Array.from(gradient.array)]),
    ),
  };
}

/** Puts numbers into the weights of these names. */
export function withWeights(
  weights: Readonly<Record<string, readonly number[]>>,
): (network: Network) => void {
  return (network) => {
    for (const { localName, value } of network.weights) {
      const given = weights[localName];
      if (given) value.array.set(given);
    }
  };
}
