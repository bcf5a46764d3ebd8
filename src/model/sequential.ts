/** The model that most users write: layers one behind the other. */
import { ConfigError } from '../core/errors.js';
import { describe } from '../core/options.js';
import type { FloatArray } from '../core/tensor.js';
import { checkSampleShape, Input } from '../layers/input.js';
import { checkLayer, type Layer, type SampleShape, type SymbolicTensor } from '../layers/layer.js';
import { type ModelJSON, toModelJSON } from './architecture.js';
import { chain, type Graph, inferShapes } from './graph.js';
import { Model } from './model.js';
import type { ModelOptions } from './options.js';
import { ONE_PORT } from './ports.js';
import { checkStack } from './stack.js';

/** Layers one behind the other. Made by `sequential`. */
export class Sequential<A extends FloatArray = Float32Array> extends Model<
  A,
  SymbolicTensor,
  SymbolicTensor
> {
  protected readonly inputPorts = ONE_PORT;
  protected readonly outputPorts = ONE_PORT;
  private readonly stack: Layer[] = [];

  /** @internal use `sequential` */
  constructor(layers: readonly Layer[], options: ModelOptions, initialize = true) {
    super('sequential', options, initialize);
    if (!Array.isArray(layers)) {
      throw new ConfigError(`sequential takes an array of layers but got ${describe(layers)}`);
    }
    layers.forEach((layer, i) => void checkLayer(layer, `layer ${i}`));
    this.push(layers);
  }

  /** The layers, the first one first. */
  override get layers(): readonly Layer[] {
    return this.stack;
  }

  /**
   * Puts another layer at the end.
   *
   * @throws ConfigError when the model is built already; ShapeError when the layer does not fit
   */
  add(layer: Layer): this {
    if (this.isBuilt) {
      throw new ConfigError('the model is built: add all layers before it sees data, or make a new model');
    }
    checkLayer(layer, 'the layer');
    this.push([layer]);
    return this;
  }

  /**
   * Makes the weights, for rows of the given shape. It happens by itself with the first data or, where the first
   * layer is an `input`, as soon as the weights are asked for.
   *
   * @param shape  `[features]`, or `[steps, features]` with steps null where they vary
   * @throws ShapeError when the layers do not fit together
   */
  build(shape: SampleShape): this {
    const sample = checkSampleShape('build', shape);
    if (this.stack.length === 0) throw new ConfigError('the model has no layers: add one before build');
    this.buildFor([sample]);
    return this;
  }

  /** The architecture, without weights and training, for `JSON.stringify`; `modelFromJSON` takes it. */
  toJSON(): ModelJSON {
    return toModelJSON(this as unknown as Model<FloatArray>);
  }

  protected get graph(): Graph {
    return chain(this.stack);
  }

  protected readers(): readonly Layer[] {
    const [first] = this.stack;
    if (first) return [first];
    throw new ConfigError('the model has no layers: add one before it sees data');
  }

  protected knownShapes(): readonly SampleShape[] | undefined {
    const [first] = this.stack;
    return first instanceof Input && this.stack.length > 1 ? [first.shape] : undefined;
  }

  private push(layers: readonly Layer[]): void {
    const stack = [...this.stack, ...layers];
    const [first] = stack;
    checkStack(stack);
    if (first instanceof Input) inferShapes(chain(stack), [first.shape]);
    this.stack.push(...layers);
  }
}

/**
 * A model of layers one behind the other.
 *
 * @param layers  the first one first; more can follow by `add`
 * @throws ConfigError for what is not a layer, a name used twice, or an option out of range
 *
 * @example
 * const model = sequential([lstm(32), dense(1, { activation: 'sigmoid' })], { seed: 42 });
 * model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy', metrics: ['accuracy'] });
 */
export function sequential(
  layers: readonly Layer[],
  options: ModelOptions<'float64'> & { precision: 'float64' },
): Sequential<Float64Array>;
export function sequential(layers?: readonly Layer[], options?: ModelOptions<'float32'>): Sequential;
export function sequential(
  layers: readonly Layer[] = [],
  options: ModelOptions = {},
): Sequential<FloatArray> {
  return new Sequential(layers, options);
}
