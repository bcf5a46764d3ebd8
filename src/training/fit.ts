/** The training loop. */
import { ConfigError, DataError, NumericError } from '../core/errors.js';
import type { RandomState } from '../core/random.js';
import type { Callback, TrainedModel, Training } from './callbacks.js';
import type { Checkpoint, FitPlan, FitState } from './checkpoint.js';
import { History } from './history.js';
import { createProgress, type Progress, type Verbosity } from './progress.js';
import {
  evaluateBatch,
  type Logs,
  type OutputReport,
  restoreOrder,
  rowOrder,
  stepsOf,
  Totals,
  trainBatch,
} from './run.js';
import { checkStatefulFit, checkStatefulRows } from './stateful.js';
import type { Dataset } from './targets.js';
import type { Trainable } from './trainable.js';
import { takeAverages } from './update.js';
import { createYield } from './yielding.js';

export interface LoopOptions {
  readonly epochs: number;
  readonly initialEpoch: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly validationFreq: number;
  readonly verbose: Verbosity;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  readonly callbacks: readonly Callback[];
  readonly reports: readonly OutputReport[];
  readonly validationReports: readonly OutputReport[];
  readonly signal: AbortSignal | undefined;
  readonly checkpoint: Checkpoint | undefined;
  readonly resume: boolean;
}

/**
 * Trains for a number of epochs, giving way to the event loop every few milliseconds.
 *
 * @param handle  the model as callbacks and checkpoints see it
 * @throws NumericError when the loss is no longer finite; the weights are those of the last good update
 * @throws the signal's reason when that is aborted; the model is as the last batch has left it
 */
export function runFit(
  model: Trainable,
  handle: TrainedModel,
  dataset: Dataset,
  validation: Dataset | undefined,
  options: LoopOptions,
): Promise<History> {
  if (dataset.rows === 0) {
    throw new DataError('there is no row left to train on: the validation split took them all');
  }
  checkStatefulFit(model, options);
  checkStatefulRows(model, dataset.rows, options.batchSize);
  if (validation) checkStatefulRows(model, validation.rows, options.batchSize);
  return new Fit(model, handle, dataset, validation, options).run();
}

/** A run of `fit`: where it stands, and its steps. */
class Fit {
  private readonly history = new History();
  private readonly totals: Totals;
  private readonly validationTotals: Totals;
  private readonly order: Int32Array;
  private readonly validationOrder: Int32Array;
  private readonly batches: number;
  private readonly training: Training;
  private readonly giveWay = createYield();
  private epoch: number;
  /** How many batches of the epoch are done. */
  private batch = 0;
  /** The generator before it put the rows of the epoch in order. */
  private orderState: RandomState;
  private logs: Logs = {};
  private lastSaved = performance.now();

  constructor(
    private readonly model: Trainable,
    handle: TrainedModel,
    private readonly dataset: Dataset,
    private readonly validation: Dataset | undefined,
    private readonly options: LoopOptions,
  ) {
    this.totals = new Totals(options.reports);
    this.validationTotals = new Totals(options.validationReports);
    this.order = rowOrder(dataset.rows);
    this.validationOrder = rowOrder(validation?.rows ?? 0);
    this.batches = Math.ceil(dataset.rows / options.batchSize);
    this.epoch = options.initialEpoch;
    this.orderState = model.shuffling.state();
    const validated = validation ? this.validationTotals.names.map((name) => `val_${name}`) : [];
    const values = [...this.totals.names, ...validated];
    this.training = { model: handle, epochs: options.epochs, batches: this.batches, values };
  }

  async run(): Promise<History> {
    const { model, options, training } = this;
    options.signal?.throwIfAborted();
    model.stopTraining = false;
    const state = options.resume ? await this.resume() : undefined;
    if (state?.finished && (state.stopped || this.epoch >= options.epochs)) return this.history;
    if (state?.stopped && !state.finished) model.stopTraining = true; // what is left of its epoch is done all the same
    await this.each((callback) => callback.onTrainBegin?.(training));
    if (state) await this.each((callback, i) => callback.restore?.(state.callbacks[i]));
    const { notice } = model.backend;
    if (options.verbose !== 0 && notice !== undefined) console.log(notice);
    const done = this.epoch * this.batches + this.batch;
    const progress = createProgress({ ...options, batches: this.batches, done });
    try {
      while (this.epoch < options.epochs && (this.batch > 0 || !model.stopTraining))
        await this.runEpoch(progress);
    } finally {
      progress.end();
    }
    takeAverages(model.parameters, model.optimizer);
    await this.each((callback) => callback.onTrainEnd?.(this.logs, training));
    await this.save(true);
    return this.history;
  }

  private async runEpoch(progress: ReturnType<typeof createProgress>): Promise<void> {
    const { model, options, training, totals, batches, giveWay } = this;
    if (this.batch === 0) {
      await this.each((callback) => callback.onEpochBegin?.(this.epoch, training));
      if (model.stopTraining) return;
      this.beginEpoch();
    }
    while (this.batch < batches && !model.stopTraining) {
      await this.heedSignal();
      await this.each((callback) => callback.onBatchBegin?.(this.batch, training));
      const rows = await this.trainOnBatch();
      await this.each((callback) => callback.onBatchEnd?.(this.batch, { loss: totals.loss }, training));
      progress.batch(this.epoch, this.batch, rows, totals);
      this.batch++;
      if (this.isDue()) await this.save();
      if (giveWay.isDue()) await giveWay.now();
    }
    this.logs = totals.logs();
    const isValidated = (this.epoch + 1) % options.validationFreq === 0;
    if (this.validation && isValidated) Object.assign(this.logs, await this.validate(this.validation));
    await this.heedSignal();
    this.history.record(this.epoch, this.logs);
    progress.epoch(this.epoch, this.logs);
    await this.each((callback) => callback.onEpochEnd?.(this.epoch, this.logs, training));
    if (giveWay.isDue()) await giveWay.now();
    this.epoch++;
    this.batch = 0;
  }

  /** Puts the rows in the order of the epoch at hand, which hangs on the generator alone. */
  private beginEpoch(): void {
    const { model, dataset } = this;
    this.orderState = model.shuffling.state();
    // The first epoch goes on from the state that there is; the others come back to where the rows begin.
    if (this.epoch > this.options.initialEpoch) model.setStateAside();
    if (this.options.shuffle) {
      restoreOrder(this.order);
      model.shuffling.shuffle(this.order);
    }
    this.totals.reset(dataset);
  }

  /** Trains on the batch at hand; ends training instead where a callback says so. Returns how many rows it had. */
  private async trainOnBatch(): Promise<number> {
    const { model, dataset, order, options, totals, epoch, batch } = this;
    const start = batch * options.batchSize;
    const count = Math.min(options.batchSize, dataset.rows - start);
    const where = () => `in epoch ${epoch + 1}, batch ${batch + 1}`; // counted from 1, as progress is
    try {
      trainBatch(model, dataset, order, start, count, totals, where);
    } catch (error) {
      if (!(error instanceof NumericError) || !(await this.isForgiven(error))) throw error;
      model.stopTraining = true;
    }
    return count;
  }

  private async isForgiven(error: NumericError): Promise<boolean> {
    let forgiven = false;
    await this.each(async (callback) => {
      if ((await callback.onNumericError?.(error, this.training)) === true) forgiven = true;
    });
    return forgiven;
  }

  /** Loss and metrics of the validation set, giving way to the event loop between batches. */
  private async validate(dataset: Dataset): Promise<Logs> {
    const { model, options, training, validationTotals: totals, validationOrder: order, giveWay } = this;
    const { rows, inputs } = dataset;
    await this.each((callback) => callback.onTestBegin?.(training));
    totals.reset(dataset);
    const resume = model.setStateAside();
    try {
      for (let start = 0; start < rows && !options.signal?.aborted; start += options.batchSize) {
        const pass = model.pass(Math.min(options.batchSize, rows - start), stepsOf(inputs), false);
        evaluateBatch(model, pass, dataset, order, start, totals);
        if (giveWay.isDue()) await giveWay.now();
      }
    } finally {
      resume();
    }
    await this.each((callback) => callback.onTestEnd?.(totals.logs(), training));
    return totals.logs('val_');
  }

  private async each(call: (callback: Callback, index: number) => unknown): Promise<void> {
    const { callbacks } = this.options;
    for (let i = 0; i < callbacks.length; i++) await call(callbacks[i] as Callback, i);
  }

  /** Ends with the signal's reason when that has been aborted, what there is being saved. */
  private async heedSignal(): Promise<void> {
    const { signal } = this.options;
    if (!signal?.aborted) return;
    await this.save();
    throw signal.reason;
  }

  private isDue(): boolean {
    const { everySteps, everySeconds } = this.options.checkpoint ?? {};
    const steps = this.epoch * this.batches + this.batch;
    if (everySteps !== undefined && steps % everySteps === 0) return true;
    return everySeconds !== undefined && performance.now() - this.lastSaved >= 1000 * everySeconds;
  }

  private async save(finished = false): Promise<void> {
    const { options, training } = this;
    if (!options.checkpoint) return;
    await options.checkpoint.write(training.model, this.state(finished));
    this.lastSaved = performance.now();
  }

  private state(finished: boolean): FitState {
    const { epoch, batch, orderState, totals, history, model, options } = this;
    return {
      epoch,
      batch,
      order: batch === 0 ? model.shuffling.state() : orderState,
      totals: totals.state(),
      records: history.records,
      callbacks: options.callbacks.map((callback) => callback.state?.() ?? null),
      stopped: model.stopTraining,
      finished,
      plan: this.plan(),
    };
  }

  private plan(): FitPlan {
    const { batchSize, shuffle, callbacks } = this.options;
    return { rows: this.dataset.rows, batchSize, shuffle, callbacks: callbacks.length };
  }

  /** Goes to where the checkpoint was written, if there is one. */
  private async resume(): Promise<FitState | undefined> {
    const { model, options, training } = this;
    const state = await options.checkpoint?.read(training.model);
    if (!state) return undefined;
    checkPlan(state.plan, this.plan());
    for (const { epoch, logs } of state.records) {
      this.history.record(epoch, logs);
      this.logs = { ...logs };
    }
    this.epoch = state.epoch;
    this.batch = state.batch;
    if (state.batch === 0) return state;
    model.shuffling.restore(state.order);
    this.beginEpoch();
    this.totals.restore(state.totals);
    return state;
  }
}

/** @throws ConfigError when a run is to go on in a way that it did not begin */
function checkPlan(saved: FitPlan, plan: FitPlan): void {
  for (const [name, value] of Object.entries(plan)) {
    const was = saved[name as keyof FitPlan];
    if (was === value) continue;
    throw new ConfigError(
      `fit: the checkpoint is of a run with ${name} ${was} and this one has ${value}: ` +
        'resume with the data and options that it began with, or begin anew without resume',
    );
  }
}
