/**
 * A model as users see it: with names for all that has one, and with all that can be done with a model. What it does
 * in any case is in core-model.ts; how its layers hang together is another's.
 */
import { selectBackend } from '../backend/backend.js';
import { checkInteger, checkOptions } from '../core/options.js';
import { drawSeed } from '../core/random.js';
import type { FloatArray, Tensor } from '../core/tensor.js';
import { checkMissing, sampleHints } from '../data/sample-hints.js';
import type { Missing, SampleInput, Samples } from '../data/samples.js';
import type { Layer } from '../layers/layer.js';
import { isSource, type Source } from '../training/given-batches.js';
import type { History } from '../training/history.js';
import type { Logs } from '../training/run.js';
import { scrutiny } from '../training/scrutiny.js';
import type { Dataset, TargetInput } from '../training/targets.js';
import { type AttributeOptions, attributeRows, idsError } from './attribution.js';
import { toCompiled } from './compile-options.js';
import type { Compiled } from './compiled.js';
import { CoreModel, type CoreOptions } from './core-model.js';
import {
  checkDataOptions,
  type DataOptions,
  type EvaluateOptions,
  type PredictOptions,
  type WeightOptions,
} from './data-options.js';
import { outputShapes, shapeOf } from './feeding.js';
import { fitModel, type Reading } from './fit-model.js';
import { type BatchesOptions, evaluateGiven, predictGiven } from './given-rows.js';
import { type GradientReport, reportGradients } from './gradient-report.js';
import { firstIdInput } from './graph.js';
import type { ModelInternals } from './internals.js';
import type { Batches, CompileOptions, FitBatchesOptions, FitOptions, ModelOptions } from './options.js';
import type { Each, Some, SymbolicPorts } from './ports.js';
import { predictRows, type SamplesOptions, type Spread } from './predictions.js';
import { checkEachInput, checkEqualRows, targetExtras } from './several-ports.js';
import { openStream, type Stream, type StreamOptions } from './stream.js';
import { countWeights, summaryLines } from './summary.js';
import { type Trace, traceRows } from './trace.js';
import { type TakeOptions, takeWeights, type WeightsReport } from './weights.js';

/** A model of numbers in an `A`, inputs of form `I` and outputs of form `O`: made by `sequential` or `model`. */
export abstract class Model<
  A extends FloatArray = Float32Array,
  I extends SymbolicPorts = SymbolicPorts,
  O extends SymbolicPorts = SymbolicPorts,
> extends CoreModel<A, I, O> {
  private readonly warned = new Set<string>();

  /** @internal use `sequential` or `model` */
  constructor(maker: string, options: ModelOptions, initialize: boolean) {
    super(toCoreOptions(maker, options, initialize));
  }

  /** The layers, each once, in the order of their first use. */
  override get layers(): readonly Layer[] {
    return super.layers as readonly Layer[];
  }

  /**
   * Sets how the model is trained. The weights stay; what an optimizer kept from earlier training is forgotten.
   *
   * @throws ConfigError for a name that is not known, or metrics that do not go with the loss
   */
  compile(options: CompileOptions<O>): this {
    return this.use(toCompiled(options, this.outputPorts));
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
  fit(x: Each<I, SampleInput>, y: Some<O, TargetInput>, options?: FitOptions<I, O>): Promise<History>;
  /**
   * Trains on batches that come one by one, `[x, y]` or `[x, y, sampleWeight]`: one of them is held at a time.
   *
   * @param batches  a function that gives them for each epoch, or what can be gone through: see docs/training.md
   * @throws DataError when there are fewer batches than `stepsPerEpoch`, or none
   *
   * @example await model.fit((epoch) => readBatches(epoch), { epochs: 20 });
   */
  fit(batches: Batches<I, O>, options?: FitBatchesOptions<I, O>): Promise<History>;
  async fit(x: unknown, y: unknown, options?: FitOptions<I, O>): Promise<History> {
    this.checkNotFitting('fit');
    const host = { ...this.reading('fit'), handle: this, warned: this.warned };
    return this.whileFitting(() => fitModel<I, O>(host, x, y, options));
  }

  /**
   * The loss, penalties included, and the metrics over all rows, dropout off. Of batches it is promised.
   *
   * @throws ShapeError, DataError for data that does not fit
   *
   * @example const { loss, accuracy } = model.evaluate(x, y);
   */
  evaluate(x: Each<I, SampleInput>, y: Some<O, TargetInput>, options?: EvaluateOptions<O>): Logs;
  evaluate(batches: Batches<I, O>, options?: BatchesOptions): Promise<Logs>;
  evaluate(x: unknown, y: unknown = {}, options: EvaluateOptions<O> = {}): Logs | Promise<Logs> {
    if (isSource(x)) return evaluateGiven(this.reading('evaluate'), x, y as BatchesOptions);
    checkOptions('evaluate', options, ['batchSize', 'missing', 'sampleWeight', 'signal']);
    const { batchSize, missing, signal } = checkDataOptions('evaluate', options);
    this.checkCompiled('evaluate');
    const given = [x as Each<I, SampleInput>, y as Some<O, TargetInput>] as const;
    return this.evaluateOn(this.datasetOf(...given, options.sampleWeight, missing), batchSize, signal);
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
  /** The outputs for x that comes in batches, one behind the other: promised. */
  predict(batches: Source<Each<I, SampleInput>>, options?: BatchesOptions): Promise<Each<O, Tensor<A>>>;
  predict(x: unknown, options: PredictOptions & Partial<SamplesOptions> = {}): unknown {
    if (isSource(x)) return this.predictGiven(x, options);
    checkOptions('predict', options, ['batchSize', 'missing', 'signal', 'samples', 'seed']);
    const { batchSize, missing, signal } = checkDataOptions('predict', options);
    if (options.samples !== undefined) this.checkNotFitting('predict with samples');
    const inputs = this.samplesOf(x as Each<I, SampleInput>, missing);
    return this.outputPorts.write(this.outputsFor(inputs, { ...options, batchSize, signal }));
  }

  /**
   * How much each number of x moved a number of the output, dropout off: by integrated gradients, which add up to
   * f(x) - f(baseline) in each row, or by the gradient times the input.
   *
   * @returns a Tensor of the shape of x; where the model has several inputs, an array or an object of them
   * @throws ShapeError, DataError for data that does not fit; ConfigError for an option out of range, and
   *   where an input holds token ids
   *
   * @example const { data } = model.attribute(x, { index: 0, baseline: 0 });
   */
  attribute(x: Each<I, SampleInput>, options: AttributeOptions = {}): Each<I, Tensor<A>> {
    this.checkNotFitting('attribute');
    const inputs = this.samplesOf(x, 'error');
    const ids = firstIdInput(this.graph, inputs.map(shapeOf));
    if (ids !== undefined) throw idsError(this.inputPorts.suffix(ids));
    const found = attributeRows<A>(this.built('attribute'), inputs, options);
    return this.inputPorts.write(found) as Each<I, Tensor<A>>;
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
    const inputs = this.samplesOf(x, missing);
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
    this.checkCompiled('trainOnBatch');
    return this.trainOn(this.datasetOf(x, y, options.sampleWeight, 'error'));
  }

  /**
   * How gradients flow through the model on one batch: their norms at every layer and step, the share of saturated gates,
   * dead units. The model stays as it is, and a callback may ask in the middle of training. Printed, it is a table.
   *
   * @param x, y  a batch; all of it is computed at once
   * @throws ShapeError, DataError for data that does not fit
   *
   * @example console.log(String(model.gradientReport(x, y)));
   */
  gradientReport(
    x: Each<I, SampleInput>,
    y: Some<O, TargetInput>,
    options: WeightOptions<O> = {},
  ): GradientReport {
    checkOptions('gradientReport', options, ['sampleWeight']);
    const { outputs } = this.checkCompiled('gradientReport');
    const dataset = this.datasetOf(x, y, options.sampleWeight, 'error');
    const weights = outputs.map(({ weight }) => weight);
    return reportGradients(this.built('gradientReport'), dataset, weights);
  }

  /** The loss and metrics of one batch, dropout off; no weight changes. */
  testOnBatch(x: Each<I, SampleInput>, y: Some<O, TargetInput>, options: WeightOptions<O> = {}): Logs {
    checkOptions('testOnBatch', options, ['sampleWeight']);
    this.checkCompiled('testOnBatch');
    const dataset = this.datasetOf(x, y, options.sampleWeight, 'error');
    return this.evaluateOn(dataset, dataset.rows);
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

  protected override get scrutiny() {
    return scrutiny;
  }

  private async predictGiven(batches: Source<unknown>, options: BatchesOptions): Promise<unknown> {
    const read = (x: unknown, missing: Missing) => this.samplesOf(x as Each<I, SampleInput>, missing);
    const predict = (inputs: readonly Samples[]) =>
      this.outputsFor(inputs, { batchSize: (inputs[0] as Samples).rows }) as readonly Tensor<A>[];
    return this.outputPorts.write(await predictGiven(batches, options, read, predict));
  }

  private outputsFor(inputs: readonly Samples[], options: Omit<Parameters<typeof predictRows>[3], 'seed'>) {
    const shapes = outputShapes(this.graph, this.outputPorts, inputs);
    return predictRows<A>(this.built('predict'), inputs, shapes, { seed: this.seed, ...options });
  }

  /** The model as what reads rows for it sees it. */
  private reading(method: string): Reading<I, O> {
    return {
      compiled: this.checkCompiled(method),
      outputPorts: this.outputPorts,
      isBuilt: () => this.isBuilt,
      network: () => this.built(method),
      read: (...rows) => this.datasetOf(...rows),
    };
  }

  /** @internal what a file is made from, and restored to */
  get internals(): ModelInternals {
    this.settle();
    const { graph, inputPorts, outputPorts, network, compiled } = this;
    return { graph, inputPorts, outputPorts, network, compiled };
  }

  /** The user's x as samples; builds the model if they are the first it sees. */
  private samplesOf(x: Each<I, SampleInput>, missing: Missing): Samples[] {
    checkMissing(missing);
    checkEachInput(this.inputPorts, x);
    return this.samples(x, missing, sampleHints);
  }

  protected override checkInputs(inputs: readonly Samples[]): void {
    checkEqualRows(this.inputPorts, inputs);
  }

  private datasetOf(
    x: Each<I, SampleInput>,
    y: Some<O, TargetInput>,
    sampleWeight: WeightOptions<O>['sampleWeight'],
    missing: Missing,
  ): Dataset {
    const { outputs } = this.compiled as Compiled;
    const inputs = this.samplesOf(x, missing);
    return this.dataset(inputs, y, targetExtras(y, sampleWeight, this.outputPorts, outputs));
  }
}

/** The options checked, and the defaults filled in. */
function toCoreOptions(maker: string, options: ModelOptions, initialize: boolean): CoreOptions {
  checkOptions(maker, options, ['seed', 'backend', 'precision']);
  const { seed = drawSeed(), backend = 'auto', precision = 'float32' } = options;
  checkInteger('seed', seed, { min: 0 });
  return { seed, kernels: selectBackend(backend, precision), precision, initialize };
}
