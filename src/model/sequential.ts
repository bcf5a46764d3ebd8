/** The model that users write: layers one behind the other, compiled, trained, evaluated, asked. */
import { type Backend, type ChosenBackend, selectBackend } from '../backend/backend.js';
import type { Precision } from '../backend/memory.js';
import { ConfigError, DataError } from '../core/errors.js';
import { checkBoolean, checkInteger, checkOptions, describe } from '../core/options.js';
import { drawSeed } from '../core/random.js';
import type { FloatArray, Tensor } from '../core/tensor.js';
import {
  checkMissing,
  type Missing,
  newArray,
  type SampleInput,
  type Samples,
  toSamples,
} from '../data/samples.js';
import { checkSampleShape, Input } from '../layers/input.js';
import { checkLayer, type Layer, type SampleShape } from '../layers/layer.js';
import { loadSamples, unloadOutput } from '../training/batches.js';
import { weighClasses } from '../training/class-weights.js';
import { runFit } from '../training/fit.js';
import type { History } from '../training/history.js';
import { evaluateDataset, forEachBatch, type Logs, rowOrder, Totals, trainBatch } from '../training/run.js';
import {
  type Dataset,
  type OutputShape,
  type SampleWeightInput,
  splitDataset,
  type TargetInput,
  toDataset,
} from '../training/targets.js';
import { currentLearningRate, setLearningRate } from '../training/update.js';
import { type Compiled, toCompiled } from './compiled.js';
import { chain, type GraphNode, inferShapes, nameLayers } from './graph.js';
import { Network } from './network.js';
import {
  type CompileOptions,
  checkDataOptions,
  checkFitOptions,
  type EvaluateOptions,
  type FitOptions,
  type ModelOptions,
  type PredictOptions,
} from './options.js';
import { openStream, type Stream, type StreamOptions } from './stream.js';
import { countWeights, summaryLines } from './summary.js';
import { readWeights, type Weights, writeWeights } from './weights.js';

/** Layers one behind the other. Made by `sequential`. */
export class Sequential<A extends FloatArray = Float32Array> {
  /** The seed that was given, or drawn: with it the same model comes out again. */
  readonly seed: number;
  /** Which kernels compute. */
  readonly backend: ChosenBackend;
  readonly precision: Precision;
  private readonly stack: Layer[] = [];
  private readonly kernels: Backend;
  private network: Network | undefined;
  private compiled: Compiled | undefined;
  private isFitting = false;

  /** @internal use `sequential` */
  constructor(
    layers: readonly Layer[],
    options: ModelOptions,
    private readonly initialize = true,
  ) {
    checkOptions('sequential', options, ['seed', 'backend', 'precision']);
    const { seed = drawSeed(), backend = 'auto', precision = 'float32' } = options;
    this.seed = checkInteger('seed', seed, { min: 0 });
    this.kernels = selectBackend(backend, precision);
    this.backend = this.kernels.name;
    this.precision = precision;
    if (!Array.isArray(layers)) {
      throw new ConfigError(`sequential takes an array of layers but got ${describe(layers)}`);
    }
    layers.forEach((layer, i) => void checkLayer(layer, `layer ${i}`));
    this.push(layers);
  }

  /** The layers, the first one first. */
  get layers(): readonly Layer[] {
    return this.stack;
  }

  /** The learning rate of the next update. It can be set where the optimizer has a number, and no schedule. */
  get learningRate(): number {
    return currentLearningRate(this.built('learningRate').optimizer);
  }

  set learningRate(rate: number) {
    setLearningRate(this.built('learningRate').optimizer, rate);
  }

  /** Set it to true, in a callback or elsewhere, to end `fit` after the batch at hand. */
  get stopTraining(): boolean {
    return this.network?.stopTraining ?? false;
  }

  set stopTraining(stop: boolean) {
    if (this.network) this.network.stopTraining = checkBoolean('stopTraining', stop);
  }

  /**
   * Puts another layer at the end.
   *
   * @throws ConfigError when the model is built already; ShapeError when the layer does not fit
   */
  add(layer: Layer): this {
    if (this.network) {
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
    this.settle();
    if (this.network) this.network.checkRows(sample);
    else this.createNetwork(sample);
    return this;
  }

  /**
   * Sets how the model is trained. The weights stay; what an optimizer kept from earlier training is forgotten.
   *
   * @throws ConfigError for a name that is not known, or metrics that do not go with the loss
   */
  compile(options: CompileOptions): this {
    this.checkNotFitting('compile');
    const compiled = toCompiled(options);
    this.network?.compile(compiled.optimizer, compiled.loss);
    this.compiled = compiled;
    return this;
  }

  /**
   * Trains the model. A second call goes on where the first stopped: the optimizer and the random order too.
   *
   * @param x  rows of features, or of steps of features, of unequal lengths too
   * @param y  what is to be predicted of them
   * @returns the loss and metrics of every epoch
   * @throws ShapeError, DataError for data that does not fit; ConfigError for options that do not
   * @throws NumericError when the loss is no longer finite; the weights are those of the last good update
   *
   * @example const { history } = await model.fit(x, y, { epochs: 20, validationSplit: 0.2, verbose: 1 });
   */
  async fit(x: SampleInput, y: TargetInput, options: FitOptions = {}): Promise<History> {
    const { validationSplit, validationData, sampleWeight, classWeight, missing, ...loop } =
      checkFitOptions(options);
    this.checkNotFitting('fit');
    const { loss, metrics, validationMetrics } = this.checkCompiled('fit');
    const [kept, held] = splitDataset(this.dataset(x, y, sampleWeight, missing), validationSplit);
    const network = this.built('fit');
    const training =
      classWeight === undefined ? kept : weighClasses(kept, classWeight, loss, network.outputShape);
    const validation = validationData
      ? this.dataset(validationData[0], validationData[1], validationData[2], missing)
      : held;

    this.isFitting = true;
    try {
      return await runFit(network, this, training, validation, { ...loop, metrics, validationMetrics });
    } finally {
      this.isFitting = false;
    }
  }

  /**
   * The loss, penalties included, and the metrics over all rows, dropout off.
   *
   * @throws ShapeError, DataError for data that does not fit
   *
   * @example const { loss, accuracy } = model.evaluate(x, y);
   */
  evaluate(x: SampleInput, y: TargetInput, options: EvaluateOptions = {}): Logs {
    checkOptions('evaluate', options, ['batchSize', 'missing', 'sampleWeight', 'signal']);
    const { batchSize, missing, signal } = checkDataOptions('evaluate', options);
    const { evaluationMetrics } = this.checkCompiled('evaluate');
    const dataset = this.dataset(x, y, options.sampleWeight, missing);
    const totals = new Totals(evaluationMetrics);
    evaluateDataset(this.built('evaluate'), dataset, batchSize, totals, signal);
    return totals.logs();
  }

  /**
   * The model's outputs, `[rows, outputs]`, or `[rows, steps, outputs]` where the output has steps, dropout off.
   * At a masked step the output is that of the state carried over.
   *
   * @throws ShapeError, DataError for data that does not fit
   */
  predict(x: SampleInput, options: PredictOptions = {}): Tensor<A> {
    checkOptions('predict', options, ['batchSize', 'missing', 'signal']);
    const { batchSize, missing, signal } = checkDataOptions('predict', options);
    const samples = this.samples(x, missing);
    const network = this.built('predict');
    const { sequence, features } = this.output(network);
    const steps = sequence ? samples.steps : 1;
    const data = newArray(this.precision, samples.rows * steps * features) as A;
    forEachBatch(network, samples, batchSize, signal, (pass, order, start) => {
      loadSamples(pass, samples, order, start);
      pass.forward(false);
      unloadOutput(pass, data, start);
    });
    if (!sequence) return { data, shape: [samples.rows, features] };
    return { data, shape: [samples.rows, steps, features], lengths: samples.lengths };
  }

  /**
   * Runs the model one step at a time, its state carried on from step to step, dropout off. Any number of streams may
   * run side by side, and while the model is trained: a step is made with the weights of its moment.
   *
   * @throws ConfigError when a layer has to see the whole sequence, or the input has no steps
   *
   * @example
   * const live = model.stream();
   * const [probability] = live.push([0.2, 1.5, -0.3]);
   */
  stream(options: StreamOptions = {}): Stream<A> {
    return openStream<A>(this.built('stream'), options);
  }

  /**
   * Makes one update from all rows given, and returns the loss and metrics before it.
   *
   * @throws NumericError when the loss or a gradient is not finite; the weights are unchanged then
   */
  trainOnBatch(x: SampleInput, y: TargetInput, options: { sampleWeight?: SampleWeightInput } = {}): Logs {
    checkOptions('trainOnBatch', options, ['sampleWeight']);
    this.checkNotFitting('trainOnBatch');
    const { metrics } = this.checkCompiled('trainOnBatch');
    const dataset = this.dataset(x, y, options.sampleWeight, 'error');
    const { rows } = dataset.samples;
    const totals = new Totals(metrics);
    totals.reset(rows * dataset.steps);
    trainBatch(this.built('trainOnBatch'), dataset, rowOrder(rows), 0, rows, totals, () => 'in trainOnBatch');
    return totals.logs();
  }

  /** The loss and metrics of one batch, dropout off; no weight changes. */
  testOnBatch(x: SampleInput, y: TargetInput, options: { sampleWeight?: SampleWeightInput } = {}): Logs {
    checkOptions('testOnBatch', options, ['sampleWeight']);
    const { evaluationMetrics } = this.checkCompiled('testOnBatch');
    const dataset = this.dataset(x, y, options.sampleWeight, 'error');
    const totals = new Totals(evaluationMetrics);
    evaluateDataset(this.built('testOnBatch'), dataset, dataset.samples.rows, totals);
    return totals.logs();
  }

  /** Copies of all weights by name, in the order of the layers. */
  getWeights(): Weights<A> {
    return readWeights(this.built('getWeights').parameters) as Weights<A>;
  }

  /**
   * Takes weights as `getWeights` returns them.
   *
   * @throws DataError, ShapeError when a name or a shape does not fit; no weight has been changed then
   */
  setWeights(weights: Readonly<Record<string, Tensor>>): void {
    writeWeights(this.built('setWeights').parameters, weights);
  }

  /** How many numbers the weights hold. */
  countParams(): number {
    return this.built('countParams').layers.reduce((sum, layer) => sum + countWeights(layer), 0);
  }

  /** Prints the layers, the shapes of their outputs and their numbers of weights, a line at a time. */
  summary(print: (line: string) => void = console.log): void {
    this.settle();
    for (const line of summaryLines(this.nodes, this.network?.inputShape)) print(line);
  }

  /** @internal what a file is made from, and restored to */
  get internals(): { readonly network: Network | undefined; readonly compiled: Compiled | undefined } {
    this.settle();
    return { network: this.network, compiled: this.compiled };
  }

  private get nodes(): GraphNode[] {
    return chain(this.stack);
  }

  private push(layers: readonly Layer[]): void {
    const stack = [...this.stack, ...layers];
    const [first] = stack;
    if (stack.slice(1).some((layer) => layer instanceof Input)) {
      throw new ConfigError('an input comes first in a model, before all other layers');
    }
    nameLayers([...new Set(stack)]);
    if (first instanceof Input) inferShapes(chain(stack), first.shape);
    this.stack.push(...layers);
  }

  /** Builds the model where an input says the shape of its rows. */
  private settle(): void {
    const [first] = this.stack;
    if (!this.network && first instanceof Input && this.stack.length > 1) this.createNetwork(first.shape);
  }

  private createNetwork(shape: SampleShape): void {
    const { seed, kernels: backend, precision, initialize } = this;
    this.network = new Network(this.nodes, shape, { seed, backend, precision, initialize });
    if (this.compiled) this.network.compile(this.compiled.optimizer, this.compiled.loss);
  }

  private built(method: string): Network {
    this.settle();
    if (this.network) return this.network;
    throw new ConfigError(
      `${method} needs a model that is built: call model.build([steps, features]) first, or let it see data`,
    );
  }

  private checkCompiled(method: string): Compiled {
    if (this.compiled) return this.compiled;
    throw new ConfigError(`${method} needs a compiled model: call model.compile({ loss: ... }) first`);
  }

  private checkNotFitting(method: string): void {
    if (this.isFitting) throw new ConfigError(`${method} was called while fit is running: await fit first`);
  }

  /** The user's x as samples; builds the model if they are the first it sees. */
  private samples(x: SampleInput, missing: Missing): Samples {
    const [first] = this.stack;
    if (first === undefined) throw new ConfigError('the model has no layers: add one before it sees data');
    checkMissing(missing);
    const { precision } = this;
    const reading = {
      reader: first.name,
      expected: first.expectedShape(),
      ranks: first.ranks,
      precision,
      missing,
    };
    let samples = toSamples(x, reading);
    const { sequence, steps, features } = samples;
    this.settle();
    if (this.network) this.network.checkRows(sequence ? [steps, features] : [features]);
    else this.createNetwork(sequence ? [null, features] : [features]);
    for (const layer of this.stack) {
      if (layer instanceof Input) continue;
      const masked = layer.maskSamples(samples);
      if (masked === samples) break;
      samples = masked;
    }
    return samples;
  }

  private dataset(
    x: SampleInput,
    y: TargetInput,
    sampleWeight: SampleWeightInput | undefined,
    missing: Missing,
  ): Dataset {
    const { loss } = this.compiled as Compiled;
    const samples = this.samples(x, missing);
    const output = this.output(this.built('fit'));
    if (y === undefined) throw new DataError('y is missing: fit and evaluate take (x, y, options)');
    return toDataset(samples, y, sampleWeight, loss, output, this.precision);
  }

  private output({ outputShape }: Network): OutputShape {
    const name = this.stack.at(-1)?.name ?? '';
    return { name, sequence: outputShape.length === 2, features: outputShape.at(-1) as number };
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
