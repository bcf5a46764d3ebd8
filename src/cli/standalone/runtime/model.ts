/** A chain of layers, run on rows and step by step; and weights from their text. */
import { type Carried, type Layer, type Value, vector } from './value.js';

/** Numbers in single precision, little-endian, in base64: a function that takes as many as are asked for, in order. */
export function weightReader(text: string): (count: number) => Float32Array {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  return (count) => {
    const weights = new Float32Array(count);
    for (let k = 0; k < count; k++, at += 4) weights[k] = view.getFloat32(at, true);
    return weights;
  };
}

/** A row of a sequence as a user gives it: steps of features, or of one feature or id each. */
export function sequence(row: ArrayLike<number | ArrayLike<number>>, features: number, where: string): Value {
  const steps = row.length;
  if (steps === 0) throw new RangeError(`${where} has no steps`);
  const x = new Float32Array(steps * features);
  for (let t = 0; t < steps; t++) {
    const step = row[t] as number | ArrayLike<number>;
    fill(x, t * features, typeof step === 'number' ? [step] : step, features, `${where}, step ${t}`);
  }
  return { x, steps, features, mask: new Uint8Array(steps).fill(1), sequence: true };
}

/** A row without steps. */
export function features(row: ArrayLike<number>, count: number, where: string): Value {
  const x = new Float32Array(count);
  fill(x, 0, row, count, where);
  return vector(x);
}

function fill(x: Float32Array, at: number, from: ArrayLike<number>, count: number, where: string): void {
  if (from?.length !== count) throw new RangeError(`${where} needs ${count} numbers but has ${from?.length}`);
  for (let k = 0; k < count; k++) {
    x[at + k] = from[k] as number;
    if (!Number.isFinite(x[at + k])) throw new RangeError(`${where} holds ${from[k]} at ${k}`);
  }
}

/** The outputs for one row: numbers, or those of each step. */
export function run(layers: readonly Layer[], row: Value): number[] | number[][] {
  const { x, steps, features: width, sequence: hasSteps } = through(layers, row);
  if (!hasSteps) return Array.from(x);
  return Array.from({ length: steps }, (_, t) => Array.from(x.subarray(t * width, (t + 1) * width)));
}

/** One step at a time, the states of the layers carried. */
export function stream(layers: readonly Layer[], read: (step: ArrayLike<number>) => Value) {
  let carried: Carried[] = layers.map(() => []);
  return {
    /** The outputs for the next step. */
    push: (step: ArrayLike<number>): number[] => Array.from(through(layers, read(step), carried).x),
    /** Begins a new sequence. */
    reset: (): void => {
      carried = layers.map(() => []);
    },
  };
}

function through(layers: readonly Layer[], row: Value, carried?: readonly Carried[]): Value {
  return layers.reduce((value, layer, i) => layer(value, carried?.[i]), row);
}
