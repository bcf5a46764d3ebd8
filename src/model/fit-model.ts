/** What `fit` does between a user's call and the loop: the options checked, the data read, batches of them made. */
import { ConfigError, DataError } from '../core/errors.js';
import { describe } from '../core/options.js';
import type { Random } from '../core/random.js';
import type { Missing, SampleInput } from '../data/samples.js';
import { Buckets } from '../training/bucketing.js';
import type { TrainedModel } from '../training/callbacks.js';
import { type Feed, Rows } from '../training/feed.js';
import { GivenBatches, isSource, type Source } from '../training/given-batches.js';
import type { History } from '../training/history.js';
import { type Dataset, splitDataset, type TargetInput } from '../training/targets.js';
import { warnOf } from '../training/warnings.js';
import { runFit } from '../training/watched-fit.js';
import type { Compiled } from './compiled.js';
import type { WeightOptions } from './data-options.js';
import type { Network } from './network.js';
import {
  checkFitBatchesOptions,
  checkFitOptions,
  type FitBatchesOptions,
  type FitOptions,
} from './options.js';
import type { Each, Ports, Some, SymbolicPorts } from './ports.js';
import { weighOutputs } from './several-ports.js';

/** A model as what reads data for it sees it. */
export interface Reading<I extends SymbolicPorts, O extends SymbolicPorts> {
  readonly compiled: Compiled;
  readonly outputPorts: Ports;
  /** Whether it has seen data, or was built for some. */
  isBuilt(): boolean;
  network(): Network;
  /** Reads rows; the first that it sees build the model. */
  read(
    x: Each<I, SampleInput>,
    y: Some<O, TargetInput>,
    sampleWeight: WeightOptions<O>['sampleWeight'],
    missing: Missing,
  ): Dataset;
}

interface FitHost<I extends SymbolicPorts, O extends SymbolicPorts> extends Reading<I, O> {
  readonly handle: TrainedModel;
  /** What the model has been warned of. */
  readonly warned: Set<string>;
}

/** Trains on `(x, y, options)` or on `(batches, options)`. */
export function fitModel<I extends SymbolicPorts, O extends SymbolicPorts>(
  host: FitHost<I, O>,
  x: unknown,
  y: unknown,
  options: FitOptions<I, O> | undefined,
): Promise<History> {
  if (!isSource(x)) return fitRows(host, x as Each<I, SampleInput>, y as Some<O, TargetInput>, options ?? {});
  if (options !== undefined) {
    throw new ConfigError('fit: batches bring their y with them: write fit(batches, options)');
  }
  return fitBatches(host, x, (y ?? {}) as FitBatchesOptions<I, O>);
}

type Loop<I extends SymbolicPorts, O extends SymbolicPorts> = Omit<
  ReturnType<typeof checkFitOptions<I, O>>,
  'validationSplit' | 'sampleWeight' | 'onWarning'
>;

async function fitRows<I extends SymbolicPorts, O extends SymbolicPorts>(
  host: FitHost<I, O>,
  x: Each<I, SampleInput>,
  y: Some<O, TargetInput>,
  options: FitOptions<I, O>,
): Promise<History> {
  const { validationSplit, sampleWeight, onWarning, ...loop } = checkFitOptions(options);
  const [kept, held] = splitDataset(host.read(x, y, sampleWeight, loop.missing), validationSplit);
  warnOf(kept, host.compiled.outputs, host.warned, onWarning);
  const { shuffling, inputShapes } = host.network();
  const isFixed = inputShapes.map(([steps]) => steps !== null);
  const toFeed = (dataset: Dataset, random?: Random): Feed =>
    loop.bucketByLength && dataset.rows > 0
      ? new Buckets(dataset, loop.batchSize, random, isFixed)
      : new Rows(dataset, loop.batchSize, random);
  const feed = toFeed(weighed(host, kept, loop.classWeight), loop.shuffle ? shuffling : undefined);
  return runWith(host, feed, held ? toFeed(held) : validationFeed(host, loop, toFeed), loop);
}

async function fitBatches<I extends SymbolicPorts, O extends SymbolicPorts>(
  host: FitHost<I, O>,
  batches: Source<unknown>,
  options: FitBatchesOptions<I, O>,
): Promise<History> {
  const { stepsPerEpoch, validationSplit, sampleWeight, onWarning, ...loop } =
    checkFitBatchesOptions(options);
  const read = (given: unknown) =>
    weighed(host, host.read(...toRows<I, O>(given), loop.missing), loop.classWeight);
  const feed = new GivenBatches(batches, read, {
    what: 'fit',
    hasEpochs: true,
    batches: stepsPerEpoch,
    option: 'stepsPerEpoch',
    signal: loop.signal,
    isMarked: loop.checkpoint !== undefined,
  });
  try {
    if (!host.isBuilt()) await feed.peek(loop.initialEpoch);
    const validation = validationFeed(host, loop, (rows) => new Rows(rows, loop.batchSize, undefined));
    return await runWith(host, feed, validation, loop);
  } finally {
    await feed.close();
  }
}

async function runWith<I extends SymbolicPorts, O extends SymbolicPorts>(
  { compiled, network, handle }: FitHost<I, O>,
  feed: Feed,
  validation: Feed | undefined,
  loop: Loop<I, O>,
): Promise<History> {
  const { reports, validationReports } = compiled;
  try {
    return await runFit(network(), handle, feed, validation, { ...loop, reports, validationReports });
  } finally {
    await validation?.close?.();
  }
}

/** What every epoch is measured with, if there is anything. */
function validationFeed<I extends SymbolicPorts, O extends SymbolicPorts>(
  host: FitHost<I, O>,
  { validationData, validationSteps, missing, signal }: Loop<I, O>,
  toFeed: (dataset: Dataset) => Feed,
): Feed | undefined {
  if (validationData === undefined) return undefined;
  const read = (given: unknown) => host.read(...toRows<I, O>(given), missing);
  if (!isSource(validationData)) return toFeed(read(validationData));
  return new GivenBatches(validationData, read, {
    what: 'fit: validationData',
    hasEpochs: true,
    batches: validationSteps,
    option: 'validationSteps',
    signal,
    isMarked: false,
  });
}

/** @throws DataError for what is not `[x, y]` or `[x, y, sampleWeight]` */
export function toRows<I extends SymbolicPorts, O extends SymbolicPorts>(
  given: unknown,
): [Each<I, SampleInput>, Some<O, TargetInput>, WeightOptions<O>['sampleWeight']] {
  if (Array.isArray(given) && (given.length === 2 || given.length === 3))
    return [given[0], given[1], given[2]];
  throw new DataError(
    `expected [x, y], or [x, y, sampleWeight], but got ${given === undefined ? 'nothing' : describe(given)}`,
  );
}

function weighed<I extends SymbolicPorts, O extends SymbolicPorts>(
  { compiled, outputPorts, network }: Reading<I, O>,
  dataset: Dataset,
  classWeight: unknown,
): Dataset {
  if (classWeight === undefined) return dataset;
  return weighOutputs(dataset, classWeight, outputPorts, compiled.outputs, network().outputShapes);
}
