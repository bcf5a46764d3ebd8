/**
 * A model run one step at a time. The passes of a model share its workspace, which lasts for one call, so a stream
 * keeps the state of the recurrent layers in arrays of its own: it is copied to where a pass of a single step takes
 * it up, and back from where the pass leaves it. Nothing is allocated on the way.
 */
import type { Edge } from '../backend/plan.js';
import { ConfigError, DataError, ShapeError } from '../core/errors.js';
import { checkInteger, checkOptions, describe } from '../core/options.js';
import type { FloatArray } from '../core/tensor.js';
import { checkMissing } from '../data/sample-hints.js';
import { isArrayLike, type Missing, newArray } from '../data/samples.js';
import type { Network, WatchedPass } from './network.js';
import { uniqueNames } from './unique-names.js';
import { streamPass } from './watched-passes.js';

/** The state of a stream by name, `lstm_1/h`, each of `batch` rows of `units` numbers: plain data, fit for JSON. */
export type StreamState = { readonly [name: string]: readonly number[] };

export interface StreamOptions {
  /** How many sequences go side by side; 1 by default. */
  batch?: number;
  /** Whether NaN in the features is an error (the default) or masks the step of that row: it keeps its state. */
  missing?: Missing;
}

/** @throws ConfigError when the model cannot be run one step at a time, or an option is out of range */
export function openStream<A extends FloatArray>(network: Network, options: StreamOptions): Stream<A> {
  checkOptions('stream', options, ['batch', 'missing'], { batchSize: 'write batch' });
  const { batch = 1, missing = 'error' } = options;
  checkInteger('stream: batch', batch);
  checkMissing(missing);
  if (network.inputShapes.length + network.outputShapes.length > 2) {
    throw new ConfigError('a stream has one input and one output, and the model has more: use predict');
  }
  if (network.inputShapes[0]?.length !== 2) {
    throw new ConfigError("the model's input has no steps, so that there is nothing to stream: use predict");
  }
  for (const layer of network.layers) {
    const reason = layer.whyNoStream();
    if (reason !== undefined) {
      throw new ConfigError(`the model cannot take one step at a time: ${layer.name} ${reason}; use predict`);
    }
  }
  return new Stream<A>(network, batch, missing);
}

/** Carries the state of a model from step to step. Made by `model.stream()`. */
export class Stream<A extends FloatArray = Float32Array> {
  private readonly kept: readonly FloatArray[];
  /** The names of the arrays kept. */
  private readonly names: readonly string[];
  private readonly inputs: number;
  private readonly outputs: number;

  /** @internal use `model.stream` */
  constructor(
    private readonly network: Network,
    private readonly batch: number,
    private readonly missing: Missing,
  ) {
    const { inputs, outputs, carried } = streamPass(network, batch);
    this.inputs = batch * (inputs[0] as Edge).features;
    this.outputs = batch * (outputs[0] as Edge).features;
    this.kept = carried.map(({ first }) => newArray(network.precision, first.length));
    this.names = uniqueNames(carried.map(({ name }) => name));
    this.reset();
  }

  /**
   * Takes one step: what the model gives for it, which is what `predict` gives at this step of the whole sequence,
   * to the bit.
   *
   * @param features  `[batch, features]`, flat
   * @param out  where the output `[batch, outputs]` goes, flat; a new array by default
   * @returns `out`
   * @throws ShapeError when a length does not fit
   * @throws DataError for features that are not finite; the state is that before the step then
   */
  push<O extends FloatArray = A>(
    features: ArrayLike<number>,
    out: O = newArray(this.network.precision, this.outputs) as O,
  ): O {
    if (features?.length !== this.inputs) throw this.wrongLength('features', features, this.inputs);
    if (out.length !== this.outputs) throw this.wrongLength('outputs', out, this.outputs);
    const pass = streamPass(this.network, this.batch);
    this.load(pass, features);
    const { carried } = pass;
    for (let i = 0; i < carried.length; i++) {
      (carried[i] as WatchedPass['carried'][number]).first.array.set(this.kept[i] as FloatArray);
    }
    pass.forward(false);
    for (let i = 0; i < carried.length; i++) {
      (this.kept[i] as FloatArray).set((carried[i] as WatchedPass['carried'][number]).last.array);
    }
    const y = (pass.outputs[0] as Edge).value.array;
    for (let k = 0; k < out.length; k++) out[k] = y[k] as number;
    return out;
  }

  /** Begins a new sequence in every row. */
  reset(): void {
    streamPass(this.network, this.batch).carried.forEach(({ first, begin }, i) => {
      begin();
      (this.kept[i] as FloatArray).set(first.array);
    });
  }

  /** A copy of the state after the last step, to be kept, or sent elsewhere, and restored. */
  state(): StreamState {
    return Object.fromEntries(this.names.map((name, i) => [name, Array.from(this.kept[i] as FloatArray)]));
  }

  /**
   * Goes on from a state of `state()`, of this stream or of another one on a model of the same layers.
   *
   * @throws DataError, ShapeError when a name, a size or a number does not fit; the state is unchanged then
   */
  restore(state: StreamState): void {
    if (typeof state !== 'object' || state === null) {
      throw new DataError(`restore takes what state() returned but got ${describe(state)}`);
    }
    const { names, kept, batch } = this;
    const strange = Object.keys(state).find((name) => !names.includes(name));
    if (strange !== undefined) {
      throw new DataError(
        `the model carries no state '${strange}': it carries ${names.join(', ') || 'none'}`,
      );
    }
    names.forEach((name, i) => void checkState(name, state[name], (kept[i] as FloatArray).length, batch));
    names.forEach((name, i) => void (kept[i] as FloatArray).set(state[name] as readonly number[]));
  }

  /** Copies the features into the pass; a row with NaN in it is masked where that is asked for. */
  private load(pass: WatchedPass, features: ArrayLike<number>): void {
    const input = pass.inputs[0] as Edge;
    const x = input.value.array;
    const mask = input.mask.array;
    const width = input.features;
    for (let row = 0; row < this.batch; row++) {
      let isReal = 1;
      for (let k = row * width; k < (row + 1) * width; k++) {
        const value = features[k] as number;
        x[k] = value;
        if (Number.isFinite(value) && Number.isFinite(x[k])) continue;
        if (!Number.isNaN(value) || this.missing === 'error')
          throw this.notFinite(value, row, k - row * width);
        isReal = 0;
      }
      if (isReal === 0) x.fill(0, row * width, (row + 1) * width);
      mask[row] = isReal;
      pass.rowMask.array[row] = 1;
    }
  }

  private wrongLength(what: string, given: unknown, expected: number): ShapeError {
    const rows = this.batch === 1 ? '' : ` for its ${this.batch} rows`;
    const found = isArrayLike(given) ? `${given.length}` : describe(given);
    return new ShapeError(`the stream has ${expected} ${what} a step${rows} but got ${found}`);
  }

  private notFinite(value: unknown, row: number, feature: number): DataError {
    const where = this.batch === 1 ? `feature ${feature}` : `row ${row}, feature ${feature}`;
    const found = typeof value === 'number' ? String(value) : describe(value);
    const mend = Number.isNaN(value)
      ? "mend it, or mask such steps with { missing: 'mask' }"
      : 'every number must be finite';
    return new DataError(`the stream got ${found} in ${where}: ${mend}`);
  }
}

function checkState(name: string, given: unknown, length: number, batch: number): void {
  if (given === undefined) throw new DataError(`the state '${name}' is missing`);
  if (!Array.isArray(given)) {
    throw new DataError(`the state '${name}' must be an array of numbers but is ${describe(given)}`);
  }
  if (given.length !== length) {
    throw new ShapeError(
      `the state '${name}' needs ${length} numbers, ${length / batch} for each of ${batch} rows, but got ${given.length}`,
    );
  }
  const bad = given.findIndex((value) => !Number.isFinite(value));
  if (bad !== -1) throw new DataError(`the state '${name}' has ${describe(given[bad])} at index ${bad}`);
}
