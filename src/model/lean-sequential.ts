/**
 * Layers one behind the other, for small programs: the model of 'longhand/lean'. Optimizer, loss, metrics and kernels are
 * values, nothing is found by a name, so that a bundle holds what the program names and no more.
 */
import type { KernelSet } from '../backend/kernel-set.js';
import { ConfigError } from '../core/errors.js';
import {
  checkBoolean,
  checkInteger,
  checkLeanOptions,
  checkNumber,
  checkValue,
  describe,
} from '../core/options.js';
import { drawSeed } from '../core/random.js';
import type { Tensor } from '../core/tensor.js';
import type { SampleInput } from '../data/samples.js';
import type { CoreLayer, SampleShape } from '../layers/core-layer.js';
import { checkSampleShape } from '../layers/input.js';
import type { SymbolicTensor } from '../layers/layer.js';
import type { Callback } from '../training/callbacks.js';
import { EpochHistory } from '../training/epoch-history.js';
import { Rows } from '../training/feed.js';
import { Fit } from '../training/fit.js';
import type { Loss } from '../training/losses/loss.js';
import type { MetricSpec } from '../training/metrics/metric.js';
import type { Optimizer } from '../training/optimizers/optimizer.js';
import type { Logs } from '../training/run.js';
import { splitDataset, type TargetInput } from '../training/targets.js';
import { checkMetricNames, createCompiled } from './compiled.js';
import { CoreModel } from './core-model.js';
import { outputShapes } from './feeding.js';
import { chain, type Graph } from './graph.js';
import { ONE_PORT } from './ports.js';
import { predictBatches } from './predict-batches.js';
import { checkStack } from './stack.js';

export interface LeanOptions {
  /** Which kernels compute: `reference`, `simd`, `relaxedSimd`, or the `fastest` of several. */
  backend: KernelSet;
  /** Decides everything random: weights, shuffling, dropout. Drawn at random when left out; see `model.seed`. */
  seed?: number;
}

export interface LeanCompileOptions {
  /** `adam()` and the like. */
  optimizer: Optimizer;
  /** `binaryCrossentropy()` and the like. */
  loss: Loss;
  /** `accuracy()` and the like; none by default. */
  metrics?: readonly MetricSpec[];
}

export interface LeanFitOptions {
  /** How many times all rows are gone through; 1 by default. */
  epochs?: number;
  /** How many rows an update is made from; 32 by default. */
  batchSize?: number;
  /** Whether each epoch takes the rows in a new order; true by default. */
  shuffle?: boolean;
  /** The share of rows, the last ones before shuffling, that are kept from training and evaluated every epoch. */
  validationSplit?: number;
  /** Rows to evaluate every epoch: `[x, y]`. */
  validationData?: readonly [SampleInput, TargetInput];
  /** Hooks that run at certain moments; none by default. */
  callbacks?: readonly Callback[];
  /** Ends training after the batch at hand when it is aborted: `fit` rejects with its reason. */
  signal?: AbortSignal;
}

export interface BatchOptions {
  /** How many rows are computed at once; 32 by default. It does not change what comes out. */
  batchSize?: number;
  /** Ends the call when it is aborted, with its reason. */
  signal?: AbortSignal;
}

const fitOptionNames = [
  'epochs',
  'batchSize',
  'shuffle',
  'validationSplit',
  'validationData',
  'callbacks',
  'signal',
];

/** Layers one behind the other. Made by `sequential` of 'longhand/lean'. */
export class LeanSequential extends CoreModel<Float32Array, SymbolicTensor, SymbolicTensor> {
  protected readonly inputPorts = ONE_PORT;
  protected readonly outputPorts = ONE_PORT;
  protected readonly graph: Graph;

  /** @internal use `sequential` */
  constructor(
    private readonly stack: readonly CoreLayer[],
    { backend, seed = drawSeed() }: LeanOptions,
  ) {
    super({
      seed: checkInteger('seed', seed, { min: 0 }),
      kernels: backend.create(),
      precision: 'float32',
      initialize: true,
    });
    checkStack(stack);
    const stateful = stack.find(({ isStateful }) => isStateful);
    if (stateful) throw new ConfigError(`${stateful.name} is stateful, which goes with models of 'longhand'`);
    this.graph = chain(stack);
  }

  /**
   * Makes the weights, for rows of the given shape; it happens by itself with the first data.
   *
   * @param shape  `[features]`, or `[steps, features]` with steps null where they vary
   * @throws ShapeError when the layers do not fit together
   */
  build(shape: SampleShape): this {
    this.buildFor([checkSampleShape('build', shape)]);
    return this;
  }

  /**
   * Sets how the model is trained. The weights stay; what an optimizer kept from earlier training is forgotten.
   *
   * @throws ConfigError for metrics that do not go with the loss
   */
  compile(options: LeanCompileOptions): this {
    checkLeanOptions('compile', options, ['optimizer', 'loss', 'metrics']);
    const { optimizer, loss, metrics = [] } = options;
    checkValue('compile: optimizer', optimizer, 'bind', 'adam()');
    checkValue('compile: loss', loss, 'kernels', 'binaryCrossentropy()');
    metrics.forEach((metric, i) => void checkValue(`compile: metrics[${i}]`, metric, 'create', 'accuracy()'));
    const outputs = [{ output: 0, loss, weight: 1, metricSpecs: checkMetricNames(metrics) }];
    return this.use(createCompiled(optimizer, outputs, ONE_PORT));
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
   * @example const { history } = await model.fit(x, y, { epochs: 20, validationSplit: 0.2 });
   */
  async fit(x: SampleInput, y: TargetInput, options: LeanFitOptions = {}): Promise<EpochHistory> {
    checkLeanOptions('fit', options, fitOptionNames);
    const { epochs = 1, batchSize = 32, shuffle = true, validationSplit = 0, callbacks = [] } = options;
    checkInteger('fit: epochs', epochs, { min: 0 });
    checkInteger('fit: batchSize', batchSize);
    checkBoolean('fit: shuffle', shuffle);
    checkNumber('fit: validationSplit', validationSplit, { min: 0, below: 1 });
    if (!Array.isArray(callbacks))
      throw new ConfigError(`fit: callbacks is an array but is ${describe(callbacks)}`);
    if (options.validationData !== undefined && validationSplit > 0)
      throw new ConfigError('fit takes validationData or validationSplit, not both');
    this.checkNotFitting('fit');
    const { reports, validationReports } = this.checkCompiled('fit');
    const { validationData, signal } = options;
    const [training, held] = splitDataset(this.dataset(this.samples(x), y), validationSplit);
    const validation = validationData
      ? this.dataset(this.samples(validationData[0]), validationData[1])
      : held;
    const loop = { epochs, callbacks, signal, reports, validationReports };
    const all = { ...loop, initialEpoch: 0, validationFreq: 1 };
    const network = this.built('fit');
    const feed = new Rows(training, batchSize, shuffle ? network.shuffling : undefined);
    const measured = validation && new Rows(validation, batchSize, undefined);
    return this.whileFitting(() => new Fit(network, this, feed, measured, all, new EpochHistory()).run());
  }

  /**
   * The loss and the metrics over all rows, dropout off.
   *
   * @throws ShapeError, DataError for data that does not fit
   */
  evaluate(x: SampleInput, y: TargetInput, options: BatchOptions = {}): Logs {
    const { batchSize, signal } = checkBatchOptions('evaluate', options);
    this.checkCompiled('evaluate');
    return this.evaluateOn(this.dataset(this.samples(x), y), batchSize, signal);
  }

  /**
   * Makes one update from all rows given, and returns the loss and metrics before it.
   *
   * @throws NumericError when the loss or a gradient is not finite; the weights are unchanged then
   */
  trainOnBatch(x: SampleInput, y: TargetInput): Logs {
    this.checkNotFitting('trainOnBatch');
    this.checkCompiled('trainOnBatch');
    return this.trainOn(this.dataset(this.samples(x), y));
  }

  /**
   * The model's outputs, `[rows, outputs]`, or `[rows, steps, outputs]` where the output has steps, dropout off.
   *
   * @throws ShapeError, DataError for data that does not fit
   */
  predict(x: SampleInput, options: BatchOptions = {}): Tensor<Float32Array> {
    const { batchSize, signal } = checkBatchOptions('predict', options);
    const inputs = this.samples(x);
    const shapes = outputShapes(this.graph, ONE_PORT, inputs);
    const [output] = predictBatches<Float32Array>(this.built('predict'), inputs, shapes, batchSize, signal);
    return output as Tensor<Float32Array>;
  }

  protected readers(): readonly CoreLayer[] {
    return this.stack.slice(0, 1);
  }

  protected knownShapes(): undefined {}
}

function checkBatchOptions(method: string, options: BatchOptions) {
  checkLeanOptions(method, options, ['batchSize', 'signal']);
  const { batchSize = 32, signal } = options;
  return { batchSize: checkInteger(`${method}: batchSize`, batchSize), signal };
}

/**
 * A model of layers one behind the other, for small programs: the same kernels, the same numbers as those of the
 * `sequential` of 'longhand', from the same seed on the same backend.
 *
 * @param layers  the first one first
 * @param options.backend  the kernels: `reference`, `simd`, `relaxedSimd`, or the `fastest` of several
 * @throws ConfigError for what is not a layer, or kernels that cannot be had here
 *
 * @example
 * const model = sequential([lstm(32), dense(1, { activation: sigmoid })], { seed: 42, backend: reference });
 * model.compile({ optimizer: adam(), loss: binaryCrossentropy(), metrics: [accuracy()] });
 */
export function sequential(layers: readonly CoreLayer[], options: LeanOptions): LeanSequential {
  checkLeanOptions('sequential', options, ['seed', 'backend']);
  if (!Array.isArray(layers) || layers.length === 0) {
    throw new ConfigError(`sequential takes an array of layers but got ${describe(layers)}`);
  }
  layers.forEach((layer, i) => void checkValue(`layer ${i}`, layer, 'plan', 'lstm(32)'));
  checkValue('sequential: backend', options.backend, 'create', 'reference');
  return new LeanSequential(layers, options);
}
