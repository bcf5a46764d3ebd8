/** What a user may say when making, training and asking a model, and the checks of it. */
import type { BackendName } from '../backend/backend.js';
import type { Precision } from '../backend/memory.js';
import { ConfigError } from '../core/errors.js';
import { checkBoolean, checkInteger, checkNumber, checkOptions, describe } from '../core/options.js';
import type { Missing, SampleInput } from '../data/samples.js';
import type { SymbolicTensor } from '../layers/layer.js';
import { type Callback, checkCallback } from '../training/callbacks.js';

import type { Checkpoint } from '../training/checkpoint.js';
import type { ClassWeight } from '../training/class-weights.js';
import { isSource, type Source } from '../training/given-batches.js';
import type { LossInput } from '../training/losses.js';
import type { MetricInput } from '../training/metrics.js';
import type { Optimizer, OptimizerName } from '../training/optimizers/optimizer.js';
import type { Progress, Verbosity } from '../training/progress.js';
import type { SampleWeightInput, TargetInput } from '../training/targets.js';
import { checkSignal, type WeightOptions } from './data-options.js';
import type { AllOrSome, Each, Some, SymbolicPorts } from './ports.js';

export interface ModelOptions<P extends Precision = Precision> {
  /** Decides everything random: weights, shuffling, dropout. Drawn at random when left out; see `model.seed`. */
  seed?: number;
  /** Which kernels compute; `auto`, the fastest there are, by default. */
  backend?: BackendName;
  /** `float32` by default; `float64`, for checks, runs on the reference kernels. */
  precision?: P;
}

/** How a model is trained. With several outputs, what is given for one is given for each of them. */
export interface CompileOptions<O extends SymbolicPorts = SymbolicTensor> {
  /** `'adam'` by default. */
  optimizer?: OptimizerName | Optimizer;
  /**
   * A name, a function of the library with its options, or a loss of your own: one for every output, or for each its own; an
   * output left out is not trained for.
   */
  loss: AllOrSome<O, LossInput>;
  /** What each output's loss is multiplied by before they are added up; 1 by default. */
  lossWeights?: AllOrSome<O, number>;
  /** Names, functions of the library with their options, or functions of your own; none by default. */
  metrics?: AllOrSome<O, readonly MetricInput[]>;
}

export interface FitOptions<
  I extends SymbolicPorts = SymbolicTensor,
  O extends SymbolicPorts = SymbolicTensor,
> extends WeightOptions<O> {
  /** How many times all rows are gone through; 1 by default. */
  epochs?: number;
  /** How many rows an update is made from; 32 by default. */
  batchSize?: number;
  /** Whether each epoch takes the rows in a new order; true by default. */
  shuffle?: boolean;
  /** The share of rows, the last ones before shuffling, that are kept from training and evaluated every epoch. */
  validationSplit?: number;
  /** Rows to evaluate every epoch: `[x, y]`, or `[x, y, sampleWeight]`; or such batches of them, one by one. */
  validationData?: RowsOf<I, O> | Source<RowsOf<I, O>>;
  /** How many batches of `validationData` an epoch is validated with; as many as there are by default. */
  validationSteps?: number;
  /**
   * Whether rows of about one length are put into a batch, so that little of it is padding; false by default. Every row
   * comes once an epoch all the same, and the batches in a new order.
   */
  bucketByLength?: boolean;
  /** What NaN in x is: an error (the default), or a step to mask. */
  missing?: Missing;
  /** Hooks that run at certain moments; none by default. */
  callbacks?: readonly Callback[];
  /** 0 prints nothing (the default), 1 a progress bar, 2 a line an epoch. */
  verbose?: Verbosity;
  /** Told how far training has come, about ten times a second and at the end of each epoch: for a page's own bar. */
  onProgress?: (progress: Progress) => void;
  /** The number of the first epoch; 0 by default. `epochs` is the number of the one before which training ends. */
  initialEpoch?: number;
  /** After how many epochs, again and again, the model is validated; 1 by default. */
  validationFreq?: number;
  /** What the rows or steps of each class weigh, beside their sample weights: `{ 0: 1, 1: 5 }`; all 1 by default. */
  classWeight?: Some<O, ClassWeight>;
  /**
   * Gets a sentence for what cannot be meant, such as targets of one class alone or a feature that never changes;
   * `console.warn` by default, once a model for each.
   */
  onWarning?: (message: string) => void;
  /** Ends training after the batch at hand when it is aborted: `fit` rejects with its reason. */
  signal?: AbortSignal;
  /** Where, and how often, the run is written down, so that it can go on when it was killed; nowhere by default. */
  checkpoint?: Checkpoint;
  /** Whether to go on from what `checkpoint` holds, if it holds anything; false by default. */
  resume?: boolean;
}

/** Rows with what is to be predicted of them: `[x, y]`, or `[x, y, sampleWeight]`. */
export type RowsOf<I extends SymbolicPorts = SymbolicTensor, O extends SymbolicPorts = SymbolicTensor> =
  | readonly [Each<I, SampleInput>, Some<O, TargetInput>]
  | readonly [Each<I, SampleInput>, Some<O, TargetInput>, Some<O, SampleWeightInput>];

/**
 * Batches of rows, of any size each: a generator or anything that can be gone through, asynchronously too, or a function
 * that gives it for each epoch.
 */
export type Batches<
  I extends SymbolicPorts = SymbolicTensor,
  O extends SymbolicPorts = SymbolicTensor,
> = Source<RowsOf<I, O>>;

/** What a batch decides by itself. */
const rowOptionNames = ['batchSize', 'shuffle', 'validationSplit', 'sampleWeight', 'bucketByLength'] as const;

/** The options of `fit` where it is given batches. */
export interface FitBatchesOptions<
  I extends SymbolicPorts = SymbolicTensor,
  O extends SymbolicPorts = SymbolicTensor,
> extends Omit<FitOptions<I, O>, (typeof rowOptionNames)[number]> {
  /** How many batches an epoch has; by default it goes on to their end. */
  stepsPerEpoch?: number;
}

const loopOptionNames = [
  'epochs',
  'validationData',
  'validationSteps',
  'missing',
  'callbacks',
  'verbose',
  'onProgress',
  'onWarning',
  'initialEpoch',
  'validationFreq',
  'classWeight',
  'signal',
  'checkpoint',
  'resume',
];

const hintsForRows = {
  stepsPerEpoch: 'it is for batches that come one by one, and an epoch has all rows of x; give fewer of them',
};

const hintsForBatches = {
  batchSize: 'a batch has the rows that it is given with',
  shuffle: 'batches come in the order in which they are given',
  validationSplit: 'give validationData, for the last rows are not known beforehand',
  sampleWeight: 'give it with each batch, [x, y, sampleWeight]',
  bucketByLength: 'batches are given as they are; put rows of about one length into each',
};

/** The options of `fit` with the defaults filled in. */
export function checkFitOptions<I extends SymbolicPorts, O extends SymbolicPorts>(options: FitOptions<I, O>) {
  checkOptions('fit', options, [...rowOptionNames, ...loopOptionNames], hintsForRows);
  return checkAllOptions(options);
}

/** Those of `fit` where it is given batches. */
export function checkFitBatchesOptions<I extends SymbolicPorts, O extends SymbolicPorts>(
  options: FitBatchesOptions<I, O>,
) {
  checkOptions('fit', options, ['stepsPerEpoch', ...loopOptionNames], hintsForBatches);
  const { stepsPerEpoch, ...rest } = options;
  if (stepsPerEpoch !== undefined) checkInteger('fit: stepsPerEpoch', stepsPerEpoch);
  return { ...checkAllOptions<I, O>({ ...rest, shuffle: false } as FitOptions<I, O>), stepsPerEpoch };
}

function checkAllOptions<I extends SymbolicPorts, O extends SymbolicPorts>(options: FitOptions<I, O>) {
  const { epochs = 1, batchSize = 32, shuffle = true, validationSplit = 0, validationData } = options;
  const { sampleWeight, missing = 'error', callbacks = [], verbose = 0 } = options;
  const { bucketByLength = false, validationSteps } = options;
  const {
    initialEpoch = 0,
    validationFreq = 1,
    resume = false,
    onProgress,
    onWarning,
    classWeight,
    signal,
    checkpoint,
  } = options;
  checkInteger('fit: epochs', epochs, { min: 0 });
  checkInteger('fit: batchSize', batchSize);
  checkBoolean('fit: shuffle', shuffle);
  checkBoolean('fit: bucketByLength', bucketByLength);
  if (bucketByLength && !shuffle) {
    throw new ConfigError(
      'fit: bucketByLength changes the order of the rows, which shuffle: false keeps: one of the two',
    );
  }
  checkInteger('fit: initialEpoch', initialEpoch, { min: 0, max: epochs });
  checkInteger('fit: validationFreq', validationFreq);
  checkBoolean('fit: resume', resume);
  checkSignal('fit', signal);
  checkCheckpoint(checkpoint, resume, initialEpoch);
  checkNumber('fit: validationSplit', validationSplit, { min: 0, below: 1 });
  if (![0, 1, 2].includes(verbose))
    throw new ConfigError(`fit: verbose is 0, 1 or 2 but is ${describe(verbose)}`);
  if (!Array.isArray(callbacks)) {
    throw new ConfigError(`fit: callbacks is an array but is ${describe(callbacks)}`);
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw new ConfigError(`fit: onProgress is a function but is ${describe(onProgress)}`);
  }
  if (onWarning !== undefined && typeof onWarning !== 'function') {
    throw new ConfigError(`fit: onWarning is a function but is ${describe(onWarning)}`);
  }
  callbacks.forEach((callback, i) => void checkCallback(callback, `fit: callbacks[${i}]`));
  if (validationData !== undefined && validationSplit > 0) {
    throw new ConfigError('fit takes validationData or validationSplit, not both');
  }
  const isPair = Array.isArray(validationData) && [2, 3].includes(validationData.length);
  if (validationData !== undefined && !isPair && !isSource(validationData)) {
    throw new ConfigError(
      `fit: validationData is [x, y], [x, y, sampleWeight], or batches of them, but is ${describe(validationData)}`,
    );
  }
  if (validationSteps !== undefined) {
    checkInteger('fit: validationSteps', validationSteps);
    if (!isSource(validationData)) {
      throw new ConfigError(
        'fit: validationSteps is for validationData whose batches come one by one: leave it out',
      );
    }
  }
  return {
    epochs,
    batchSize,
    shuffle,
    validationSplit,
    validationData,
    validationSteps,
    bucketByLength,
    sampleWeight,
    missing,
    callbacks: callbacks as readonly Callback[],
    verbose,
    onProgress,
    onWarning,
    initialEpoch,
    validationFreq,
    classWeight,
    signal,
    checkpoint,
    resume,
  };
}

function checkCheckpoint(checkpoint: Checkpoint | undefined, resume: boolean, initialEpoch: number): void {
  if (checkpoint === undefined && resume) {
    throw new ConfigError(
      "fit: resume needs a checkpoint to go on from: { checkpoint: fileCheckpoint('run.safetensors', { everySteps: 100 }) }",
    );
  }
  if (checkpoint === undefined) return;
  if (typeof checkpoint?.write !== 'function' || typeof checkpoint.read !== 'function') {
    throw new ConfigError(
      `fit: checkpoint is ${describe(checkpoint)}: make it with fileCheckpoint(path, { everySteps: 100 }) of ` +
        "'longhand/node', or with checkpoint({ save, load, everySteps: 100 }) where there are no files",
    );
  }
  if (resume && initialEpoch > 0) {
    throw new ConfigError('fit: initialEpoch has no meaning beside resume: the checkpoint knows its epoch');
  }
}
