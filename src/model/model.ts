/** What all models have in common: compiled, trained, evaluated, asked. How its layers hang together is another's. */
import { type Backend, type ChosenBackend, selectBackend } from '../backend/backend.js';
import type { Precision } from '../backend/memory.js';
import { ConfigError } from '../core/errors.js';
import { checkBoolean, checkInteger, checkOptions } from '../core/options.js';
import { drawSeed } from '../core/random.js';
import type { FloatArray, Tensor } from '../core/tensor.js';
import { checkMissing, type Missing, type SampleInput, type Samples } from '../data/samples.js';
import type { Layer, SampleShape } from '../layers/layer.js';
import { runFit } from '../training/fit.js';
import type { History } from '../training/history.js';
import { evaluateDataset, type Logs, rowOrder, Totals, trainBatch } from '../training/run.js';
import { type Dataset, splitDataset, type TargetInput } from '../training/targets.js';
import { currentLearningRate, setLearningRate } from '../training/update.js';
import { warnOf } from '../training/warnings.js';
import { type AttributeOptions, attributeRows } from './attribution.js';
import { type Compiled, toCompiled } from './compiled.js';
import {
  checkShape,
  maskInputs,
  outputShapes,
  readSamples,
  readTargets,
  shapeOf,
  weighOutputs,
} from './feeding.js';
import { type Graph, layersOf } from './graph.js';
import type { ModelInternals } from './internals.js';
import { Network } from './network.js';
import {
  type CompileOptions,
  checkDataOptions,
  checkFitOptions,
  type DataOptions,
  type EvaluateOptions,
  type FitOptions,
  type ModelOptions,
  type PredictOptions,
  type WeightOptions,
} from './options.js';
import { type Each, type Ports, type Some, type SymbolicPorts, writePorts } from './ports.js';
import { predictRows, type SamplesOptions, type Spread } from './predictions.js';
import { openStream, type Stream, type StreamOptions } from './stream.js';
import { countWeights, summaryLines } from './summary.js';
import { type Trace, traceRows } from './trace.js';
import type { TakeOptions, Weights, WeightsReport } from './weights.js';
import { readWeights, takeWeights, writeWeights } from './weights.js';

/** A model of numbers in an `A`, inputs of form `I` and outputs of form `O`: made by `sequential` or `model`. */
export abstract class Model<
  A extends FloatArray = Float32Array,
  I extends SymbolicPorts = SymbolicPorts,
  O extends SymbolicPorts = SymbolicPorts,
> {
  /** The seed that was given, or drawn: with it the same model comes out again. */
  readonly seed: number;
  /** Which kernels compute. */
  readonly backend: ChosenBackend;
  readonly precision: Precision;
  private readonly kernels: Backend;
  private network: Network | undefined;
  private compiled: Compiled | undefined;
  private isFitting = false;
  private readonly warned = new Set<string>();

  /** @internal use `sequential` or `model` */
  constructor(
    maker: string,
    options: ModelOptions,
    private readonly initialize: boolean,
  ) {
    checkOptions(maker, options, ['seed', 'backend', 'precision']);
    const { seed = drawSeed(), backend = 'auto', precision = 'float32' } = options;
    this.seed = checkInteger('seed', seed, { min: 0 });
    this.kernels = selectBackend(backend, precision);
    this.backend = this.kernels.name;
    this.precision = precision;
  }

  /** The layers, each once, in the order of their first use. */
  get layers(): readonly Layer[] {
    return layersOf(this.graph);
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
   * Sets how the model is trained. The weights stay; what an optimizer kept from earlier training is forgotten.
   *
   * @throws ConfigError for a name that is not known, or metrics that do not go with the loss
   */
  compile(options: CompileOptions<O>): this {
    this.checkNotFitting('compile');
    const compiled = toCompiled(options, this.outputPorts);
    this.network?.compile(compiled.optimizer, compiled.outputs);
    this.compiled = compiled;
    return this;
  }

  /**
   * Trains the model. A second call goes on where the first stopped: the optimizer and the random order too.
   *
   * @param x  rows of features, or of steps of features, of unequal lengths too; of each input where there are several
   * @param y  what is to be predicted of them, for each output that has a loss
   * @returns the loss and metrics of every epoch
   * @throws ShapeError, DataError for data that does not fit; ConfigError for options that do not
   * @throws NumericError when the loss is no longer finite; the weights are those of the last good update
   *
   * @example const { history } = await model.fit(x, y, { epochs: 20, validationSplit: 0.2, verbose: 1 });
   */
  async fit(
    x: Each<I, SampleInput>,
    y: Some<O, TargetInput>,
    options: FitOptions<I, O> = {},
  ): Promise<History> {
    const { validationSplit, validationData, sampleWeight, classWeight, missing, onWarning, ...loop } =
      checkFitOptions(options);
    this.checkNotFitting('fit');
    const { outputs, reports, validationReports } = this.checkCompiled('fit');
    const [kept, held] = splitDataset(this.dataset(x, y, sampleWeight, missing), validationSplit);
    warnOf(kept, outputs, this.warned, onWarning);
    const { outputShapes: shapes } = this.built('fit');
    const training =
      classWeight === undefined ? kept : weighOutputs(kept, classWeight, this.outputPorts, outputs, shapes);
    const validation = validationData
      ? this.dataset(validationData[0], validationData[1], validationData[2], missing)
      : held;

    this.isFitting = true;
    try {
      const all = { ...loop, reports, validationReports };
      return await runFit(this.built('fit'), this, training, validation, all);
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
  evaluate(x: Each<I, SampleInput>, y: Some<O, TargetInput>, options: EvaluateOptions<O> = {}): Logs {
    checkOptions('evaluate', options, ['batchSize', 'missing', 'sampleWeight', 'signal']);
    const { batchSize, missing, signal } = checkDataOptions('evaluate', options);
    const { evaluationReports } = this.checkCompiled('evaluate');
    const dataset = this.dataset(x, y, options.sampleWeight, missing);
    const totals = new Totals(evaluationReports);
    evaluateDataset(this.built('evaluate'), dataset, batchSize, totals, signal);
    return totals.logs();
  }

  /**
   * The model's outputs, `[rows, outputs]`, or `[rows, steps, outputs]` where the output has steps, dropout off.
   * At a masked step the output is that of the state carried over.
   *
   * With `samples` the model predicts so many times with dropout on, and what comes back is the mean and the standard
   * deviation of each number: how sure the model is (Gal and Ghahramani 2016).
   *
   * @returns a Tensor; where the model has several outputs, an array or an object of them
   * @throws ShapeError, DataError for data that does not fit
   */
  predict(x: Each<I, SampleInput>, options: SamplesOptions): Each<O, Spread<A>>;
  predict(x: Each<I, SampleInput>, options?: PredictOptions): Each<O, Tensor<A>>;
  predict(x: Each<I, SampleInput>, options: PredictOptions & Partial<SamplesOptions> = {}): unknown {
    checkOptions('predict', options, ['batchSize', 'missing', 'signal', 'samples', 'seed']);
    const { batchSize, missing, signal } = checkDataOptions('predict', options);
    if (options.samples !== undefined) this.checkNotFitting('predict with samples');
    const inputs = this.samples(x, missing);
    const network = this.built('predict');
    const shapes = outputShapes(this.graph, this.outputPorts, inputs);
    const asked = { seed: this.seed, ...options, batchSize, signal };
    return writePorts(this.outputPorts, predictRows<A>(network, inputs, shapes, asked));
  }

  /**
   * How much each number of x moved a number of the output, dropout off: by integrated gradients, which add up to
   * f(x) - f(baseline) in each row, or by the gradient times the input.
   *
   * @returns a Tensor of the shape of x; where the model has several inputs, an array or an object of them
   * @throws ShapeError, DataError for data that does not fit; ConfigError for an option out of range
   *
   * @example const { data } = model.attribute(x, { index: 0, baseline: 0 });
   */
  attribute(x: Each<I, SampleInput>, options: AttributeOptions = {}): Each<I, Tensor<A>> {
    this.checkNotFitting('attribute');
    const inputs = this.samples(x, 'error');
    const found = attributeRows<A>(this.built('attribute'), inputs, options);
    return writePorts(this.inputPorts, found) as Each<I, Tensor<A>>;
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
   * What the recurrent layers compute: every gate and state of every step, dropout off.
   *
   * @returns tensors `[rows, steps, units]` by name: `lstm_1/i`, `f`, `g`, `o`, `c`, `h`; of a gru `z`, `r`, `n`, `h`
   * @throws ShapeError, DataError for data that does not fit
   *
   * @example const { 'lstm_1/f': forget } = model.trace(x);
   */
  trace(x: Each<I, SampleInput>, options: DataOptions = {}): Trace<A> {
    checkOptions('trace', options, ['batchSize', 'missing']);
    const { batchSize, missing } = checkDataOptions('trace', options);
    const inputs = this.samples(x, missing);
    return traceRows<A>(this.built('trace'), inputs, batchSize);
  }

  /**
   * Makes one update from all rows given, and returns the loss and metrics before it.
   *
   * @throws NumericError when the loss or a gradient is not finite; the weights are unchanged then
   */
  trainOnBatch(x: Each<I, SampleInput>, y: Some<O, TargetInput>, options: WeightOptions<O> = {}): Logs {
    checkOptions('trainOnBatch', options, ['sampleWeight']);
    this.checkNotFitting('trainOnBatch');
    const { reports } = this.checkCompiled('trainOnBatch');
    const dataset = this.dataset(x, y, options.sampleWeight, 'error');
    const { rows } = dataset;
    const totals = new Totals(reports);
    totals.reset(dataset);
    trainBatch(this.built('trainOnBatch'), dataset, rowOrder(rows), 0, rows, totals, () => 'in trainOnBatch');
    return totals.logs();
  }

  /** The loss and metrics of one batch, dropout off; no weight changes. */
  testOnBatch(x: Each<I, SampleInput>, y: Some<O, TargetInput>, options: WeightOptions<O> = {}): Logs {
    checkOptions('testOnBatch', options, ['sampleWeight']);
    const { evaluationReports } = this.checkCompiled('testOnBatch');
    const dataset = this.dataset(x, y, options.sampleWeight, 'error');
    const totals = new Totals(evaluationReports);
    evaluateDataset(this.built('testOnBatch'), dataset, dataset.rows, totals);
    return totals.logs();
  }

  /** Copies of all weights by name, in the order of the layers. */
  getWeights(): Weights<A> {
    return readWeights(this.built('getWeights').weights) as Weights<A>;
  }

  /**
   * Takes weights as `getWeights` returns them.
   *
   * @throws DataError, ShapeError when a name or a shape does not fit; no weight has been changed then
   */
  setWeights(weights: Readonly<Record<string, Tensor>>): void {
    writeWeights(this.built('setWeights').weights, weights);
  }

  /**
   * Takes those of another model's weights that fit by name and shape, and says what became of each.
   *
   * @param options.rename  what layers are called here: `{ lstm_1: 'encoder' }`
   * @throws DataError for what is no tensor, or a value that is not finite; no weight has been changed then
   */
  takeWeights(weights: Readonly<Record<string, Tensor>>, options: TakeOptions = {}): WeightsReport {
    return takeWeights(this.built('takeWeights').weights, weights, options);
  }

  /** Lets the next batch of the stateful layers begin anew. */
  resetStates(): void {
    for (const layer of this.layers) layer.resetStates();
  }

  /** How many numbers the weights hold. */
  countParams(): number {
    return this.built('countParams').layers.reduce((sum, layer) => sum + countWeights(layer), 0);
  }

  /** Prints the layers, the shapes of their outputs and their numbers of weights, a line at a time. */
  summary(print: (line: string) => void = console.log): void {
    this.settle();
    for (const line of summaryLines(this.graph, this.network?.inputShapes)) print(line);
  }

  /** @internal what a file is made from, and restored to */
  get internals(): ModelInternals {
    this.settle();
    const { graph, inputPorts, outputPorts, network, compiled } = this;
    return { graph, inputPorts, outputPorts, network, compiled };
  }

  /** How the layers hang together, as far as is known. */
  protected abstract readonly graph: Graph;
  protected abstract readonly inputPorts: Ports;
  protected abstract readonly outputPorts: Ports;

  /**
   * The layer that reads each input, and decides what may be given.
   *
   * @throws ConfigError when there is none
   */
  protected abstract readers(): readonly Layer[];

  /** The shapes of the inputs' rows, where the model says them. */
  protected abstract knownShapes(): readonly SampleShape[] | undefined;

  /** Builds the model where it says the shapes of its inputs' rows. */
  protected settle(): void {
    const shapes = this.network ? undefined : this.knownShapes();
    if (shapes) this.createNetwork(shapes);
  }

  protected createNetwork(shapes: readonly SampleShape[]): void {
    const { seed, kernels: backend, precision, initialize } = this;
    const network = new Network(this.graph, shapes, { seed, backend, precision, initialize });
    if (this.compiled) network.compile(this.compiled.optimizer, this.compiled.outputs);
    this.network = network;
  }

  protected get isBuilt(): boolean {
    return this.network !== undefined;
  }

  /** Builds the model for rows of these shapes, or checks that it was built for them. */
  protected buildFor(shapes: readonly SampleShape[]): void {
    this.settle();
    const { network } = this;
    if (!network) {
      this.createNetwork(shapes);
      return;
    }
    const readers = this.readers();
    shapes.forEach((shape, i) => {
      checkShape(readers[i] as Layer, network.inputShapes[i] as SampleShape, shape);
    });
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
  private samples(x: Each<I, SampleInput>, missing: Missing): Samples[] {
    const readers = this.readers();
    checkMissing(missing);
    const inputs = readSamples(x, this.inputPorts, readers, this.graph, this.precision, missing);
    this.settle();
    if (this.network) this.buildFor(inputs.map(shapeOf));
    else
      this.createNetwork(inputs.map(({ sequence, features }) => (sequence ? [null, features] : [features])));
    return maskInputs(this.graph, inputs);
  }

  private dataset(
    x: Each<I, SampleInput>,
    y: Some<O, TargetInput>,
    sampleWeight: WeightOptions<O>['sampleWeight'],
    missing: Missing,
  ): Dataset {
    const { outputs } = this.compiled as Compiled;
    const inputs = this.samples(x, missing);
    const shapes = outputShapes(this.graph, this.outputPorts, inputs);
    const targets = readTargets(y, sampleWeight, this.outputPorts, outputs, shapes, this.precision);
    return { rows: (inputs[0] as Samples).rows, inputs, outputs: targets };
  }
}
