/** A metric that is a function of the user's. */
import { ConfigError } from '../../core/errors.js';
import type { FloatArray, Tensor } from '../../core/tensor.js';
import { counts } from '../../kernels/losses.js';
import type { Accumulator, MetricSpec } from './metric.js';

/**
 * Any function of the targets and outputs, `[rows, columns]` each, of all rows or steps that count, and their weights. It
 * is called once an epoch, and its value is reported under its name. All outputs are kept until then.
 */
export type OwnMetric = (
  yTrue: Tensor<Float64Array>,
  yPred: Tensor<Float64Array>,
  sampleWeight: Float64Array,
) => number;

/** Those that files may name. */
const registered = new Map<string, OwnMetric>();

/** The metric that was made known by this name, if one was. */
export function registeredMetric(name: string): MetricSpec | undefined {
  const compute = registered.get(name);
  return compute && ownMetric(compute);
}

/** Makes a metric known by its name. */
export function keepMetric(compute: OwnMetric): void {
  registered.set(ownMetric(compute).name, compute);
}

/** @throws ConfigError for a function without a name */
export function ownMetric(compute: OwnMetric): MetricSpec {
  const { name } = compute;
  if (name === '') {
    throw new ConfigError('a metric that is a function is reported under its name, and this one has none');
  }
  const config = () => (registered.get(name) === compute ? name : undefined);
  return { name, config, create: () => ({ name, ...collect(name, compute) }) };
}

/** Numbers that grow by doubling. */
class Numbers {
  private values = new Float64Array(0);
  length = 0;

  push(from: FloatArray, start: number, count: number): void {
    if (this.length + count > this.values.length) {
      const grown = new Float64Array(Math.max(1024, 2 * this.values.length, this.length + count));
      grown.set(this.values);
      this.values = grown;
    }
    for (let k = 0; k < count; k++) this.values[this.length++] = from[start + k] as number;
  }

  copy(): Float64Array {
    return this.values.slice(0, this.length);
  }
}

function collect(name: string, compute: OwnMetric): Accumulator {
  const kept = { targets: new Numbers(), outputs: new Numbers(), weights: new Numbers() };
  const all = Object.values(kept);
  const reset = () => {
    for (const numbers of all) numbers.length = 0;
  };
  return {
    keepsRows: true,
    reset,
    update: (y, targets, weights, mask, rows, columns) => {
      const targetColumns = targets.length / rows;
      for (let row = 0; row < rows; row++) {
        if (!counts(weights, mask, row)) continue;
        kept.outputs.push(y, row * columns, columns);
        kept.targets.push(targets, row * targetColumns, targetColumns);
        kept.weights.push(weights, row, 1);
      }
    },
    result: () => {
      const rows = kept.weights.length;
      const toTensor = (numbers: Numbers) => ({
        data: numbers.copy(),
        shape: [rows, rows === 0 ? 1 : numbers.length / rows],
      });
      const value: unknown = compute(toTensor(kept.targets), toTensor(kept.outputs), kept.weights.copy());
      if (typeof value === 'number') return value;
      throw new ConfigError(`metric '${name}' returns a number but gave ${typeof value}`);
    },
    state: () => Float64Array.from(all.flatMap((numbers) => [numbers.length, ...numbers.copy()])),
    restore: (state) => {
      reset();
      let at = 0;
      for (const numbers of all) {
        const length = state[at] ?? 0;
        numbers.push(state, at + 1, length);
        at += 1 + length;
      }
    },
  };
}
