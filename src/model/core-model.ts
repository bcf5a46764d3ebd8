/**
 * What every model does, however it is described: it is compiled, trained on a batch, evaluated, and asked. Nothing is
 * found by a name here: optimizer, loss, metrics and kernels are values. Names, and all that a model can do besides,
 * are in model.ts.
 */
import type { Backend, KernelSetName } from '../backend/kernel-set.js';
import type { Precision } from '../backend/memory.js';
import { ConfigError } from '../core/errors.js';
import { checkBoolean } from '../core/options.js';
import type { FloatArray, Tensor } from '../core/tensor.js';
import type { Missing, SampleHints, SampleInput, Samples } from '../data/samples.js';
import type { CoreLayer, SampleShape } from '../layers/core-layer.js';
import { evaluateDataset, type Logs, rowOrder, stepsOf, Totals, trainBatch } from '../training/run.js';
import type { Dataset, TargetExtras, TargetInput } from '../training/targets.js';
import type { Scrutiny } from '../training/trainable.js';
import { currentLearningRate, setLearningRate } from '../training/update.js';
import type { Compiled } from './compiled.js';
import { checkShape, maskInputs, outputShapes, readSamples, readTargets, shapeOf } from './feeding.js';
import { type Graph, layersOf } from './graph.js';
import { Network } from './network.js';
import type { Each, Ports, Some, SymbolicPorts } from './ports.js';
import { readWeights, type Weights, writeWeights } from './weights.js';

export interface CoreOptions {
  readonly seed: number;
  readonly kernels: Backend;
  readonly precision: Precision;
  /** Whether the weights get their first values; a model that is loaded from a file needs none. */
  readonly initialize: boolean;
}

export abstract class CoreModel<
  A extends FloatArray = Float32Array,
  I extends SymbolicPorts = SymbolicPorts,
  O extends SymbolicPorts = SymbolicPorts,
> {
  /** The seed that was given, or drawn: with it the same model comes out again. */
  readonly seed: number;
  /** Which kernels compute. */
  readonly backend: KernelSetName;
  readonly precision: Precision;
  protected network: Network | undefined;
  protected compiled: Compiled | undefined;
  private readonly kernels: Backend;
  private readonly initialize: boolean;
  private isFitting = false;

  constructor({ seed, kernels, precision, initialize }: CoreOptions) {
    this.seed = seed;
    this.kernels = kernels;
    this.backend = kernels.name;
    this.precision = precision;
    this.initialize = initialize;
  }

  /** The layers, each once, in the order of their first use. */
  get layers(): readonly CoreLayer[] {
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

  /** What is looked at more closely. */
  protected get scrutiny(): Scrutiny | undefined {
    return undefined;
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
  protected abstract readers(): readonly CoreLayer[];

  /** The shapes of the inputs' rows, where the model says them. */
  protected abstract knownShapes(): readonly SampleShape[] | undefined;

  /** Sets how the model is trained. */
  protected use(compiled: Compiled): this {
    this.checkNotFitting('compile');
    this.network?.compile(compiled.optimizer, compiled.outputs);
    this.compiled = compiled;
    return this;
  }

  /** Runs what trains the model; meanwhile nothing else may. */
  protected async whileFitting<T>(run: () => Promise<T>): Promise<T> {
    this.isFitting = true;
    try {
      return await run();
    } finally {
      this.isFitting = false;
    }
  }

  /** Builds the model where it says the shapes of its inputs' rows. */
  protected settle(): void {
    const shapes = this.network ? undefined : this.knownShapes();
    if (shapes) this.createNetwork(shapes);
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
      checkShape(readers[i] as CoreLayer, network.inputShapes[i] as SampleShape, shape);
    });
  }

  protected built(method: string): Network {
    this.settle();
    if (this.network) return this.network;
    throw new ConfigError(
      `${method} needs a model that is built: call model.build([steps, features]) first, or let it see data`,
    );
  }

  protected checkCompiled(method: string): Compiled {
    if (this.compiled) return this.compiled;
    throw new ConfigError(`${method} needs a compiled model: call model.compile({ loss: ... }) first`);
  }

  protected checkNotFitting(method: string): void {
    if (this.isFitting) throw new ConfigError(`${method} was called while fit is running: await fit first`);
  }

  /** The user's x as samples; builds the model if they are the first it sees. */
  protected samples(x: Each<I, SampleInput>, missing: Missing = 'error', hints?: SampleHints): Samples[] {
    const inputs = readSamples(
      x,
      this.inputPorts,
      this.readers(),
      this.graph,
      this.precision,
      missing,
      hints,
    );
    this.checkInputs(inputs);
    this.settle();
    if (this.network) this.buildFor(inputs.map(shapeOf));
    else
      this.createNetwork(inputs.map(({ sequence, features }) => (sequence ? [null, features] : [features])));
    return maskInputs(this.graph, inputs);
  }

  /** Checks inputs beside each other, where there are several. */
  protected checkInputs(_inputs: readonly Samples[]): void {}

  /** Samples with what is to be learned from them. */
  protected dataset(
    inputs: readonly Samples[],
    y: Some<O, TargetInput>,
    extras?: (output: number) => TargetExtras,
  ): Dataset {
    const { outputs } = this.compiled as Compiled;
    const shapes = outputShapes(this.graph, this.outputPorts, inputs);
    const targets = readTargets(y, this.outputPorts, outputs, shapes, this.precision, extras);
    return { rows: (inputs[0] as Samples).rows, inputs, steps: stepsOf(inputs), outputs: targets };
  }

  /** Loss and metrics over all rows, dropout off. */
  protected evaluateOn(dataset: Dataset, batchSize: number, signal?: AbortSignal): Logs {
    const totals = new Totals(this.checkCompiled('evaluate').evaluationReports);
    evaluateDataset(this.built('evaluate'), dataset, batchSize, totals, signal);
    return totals.logs();
  }

  /** One update from all rows; loss and metrics before it. */
  protected trainOn(dataset: Dataset): Logs {
    const { rows } = dataset;
    const totals = new Totals(this.checkCompiled('trainOnBatch').reports);
    totals.reset(dataset);
    trainBatch(this.built('trainOnBatch'), dataset, rowOrder(rows), 0, rows, totals, () => 'in trainOnBatch');
    return totals.logs();
  }

  private createNetwork(shapes: readonly SampleShape[]): void {
    const { seed, kernels: backend, precision, initialize, scrutiny } = this;
    const options = { seed, backend, precision, initialize, scrutiny };
    const network = new Network(this.graph, shapes, options);
    if (this.compiled) network.compile(this.compiled.optimizer, this.compiled.outputs);
    this.network = network;
  }
}
