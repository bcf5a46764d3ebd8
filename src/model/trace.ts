/** What happens inside the recurrent layers of a model: every gate and state of every step, as tensors by name. */
import type { TracedLayer } from '../backend/plan.js';
import type { FloatArray, Tensor } from '../core/tensor.js';
import { newArray, type Samples } from '../data/samples.js';
import { loadSamples } from '../training/batches.js';
import { rowOrder, stepsOf } from '../training/run.js';
import { checkStatefulRows } from '../training/stateful.js';
import type { Network } from './network.js';
import { uniqueNames } from './unique-names.js';
import { tracePass } from './watched-passes.js';

/**
 * Tensors `[rows, steps, units]` by layer and quantity: `lstm_1/i`, `f`, `g`, `o`, `c` and `h`; of a GRU `z`, `r`, `n`
 * and `h`; of a simple layer `h`; of a bidirectional one `bidirectional_1/forward/i` and so on. Step t is that of the
 * input, in either direction. At a masked step, h and c are those carried over, and the gates NaN: there are none.
 */
export type Trace<A extends FloatArray = Float32Array> = Readonly<Record<string, Tensor<A>>>;

/** Runs the rows forward in batches, dropout off, and keeps what their recurrent layers compute. */
export function traceRows<A extends FloatArray>(
  network: Network,
  inputs: readonly Samples[],
  batchSize: number,
): Trace<A> {
  const { rows, lengths } = inputs[0] as Samples;
  const order = rowOrder(rows);
  checkStatefulRows(network, rows, batchSize);
  let tensors: Tensor<A>[] | undefined;
  let names: string[] = [];
  for (let start = 0; start < rows; start += batchSize) {
    const pass = tracePass(network, Math.min(batchSize, rows - start), stepsOf(inputs));
    const quantities = pass.traced.flatMap(quantitiesOf);
    names = uniqueNames(quantities.map(({ name }) => name));
    tensors ??= quantities.map(({ layer: { steps }, units }): Tensor<A> => {
      const data = newArray(network.precision, rows * steps * units) as A;
      const isPadded = inputs.length === 1 && steps === inputs[0]?.steps;
      return { data, shape: [rows, steps, units], lengths: isPadded ? lengths : undefined };
    });
    loadSamples(pass, inputs, order, start);
    pass.forward(false);
    for (let i = 0; i < quantities.length; i++)
      copy(quantities[i] as Quantity, tensors[i] as Tensor<A>, start);
  }
  return Object.fromEntries(names.map((name, i) => [name, (tensors as Tensor<A>[])[i] as Tensor<A>]));
}

/** One of the arrays of a layer: columns `from` to `from + units` of rows of `width` numbers. */
interface Quantity {
  readonly name: string;
  readonly layer: TracedLayer;
  readonly array: () => FloatArray;
  readonly from: number;
  readonly units: number;
  readonly width: number;
  readonly isGate: boolean;
}

function quantitiesOf(layer: TracedLayer): Quantity[] {
  const { name, gates, states, units } = layer;
  const gateNames = gates?.names ?? [];
  return [
    ...gateNames.map((gate, i) => ({
      name: `${name}/${gate}`,
      layer,
      array: () => (gates as NonNullable<typeof gates>).region.array,
      from: i * units,
      units,
      width: gateNames.length * units,
      isGate: true,
    })),
    ...[...states].reverse().map((state) => ({
      name: `${name}/${state.name}`,
      layer,
      array: () => state.region.array,
      from: 0,
      units: state.width,
      width: state.width,
      isGate: false,
    })),
  ];
}

/** Copies a quantity of a batch to the rows from `start` on, in the order of the input's steps. */
function copy({ layer, array, from, units, width, isGate }: Quantity, { data }: Tensor, start: number): void {
  const { steps, batch, isReversed, mask } = layer;
  const values = array();
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < steps; t++) {
      const read = isReversed ? steps - 1 - t : t;
      const to = ((start + b) * steps + t) * units;
      const hasNone = isGate && mask.array[read * batch + b] === 0;
      for (let j = 0; j < units; j++) {
        data[to + j] = hasNone ? Number.NaN : (values[(read * batch + b) * width + from + j] as number);
      }
    }
  }
}
