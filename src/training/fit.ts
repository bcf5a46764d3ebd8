/** The training loop. What is printed of it, and written down so that it can go on, is in watched-fit.ts. */
import { DataError, NumericError } from '../core/errors.js';
import type { RandomState } from '../core/random.js';
import type { Callback, TrainedModel, Training } from './callbacks.js';
import type { EpochHistory } from './epoch-history.js';
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
import type { Dataset } from './targets.js';
import type { Trainable } from './trainable.js';
import { createYield } from './yielding.js';

export interface LoopOptions {
  readonly epochs: number;
  readonly initialEpoch: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly validationFreq: number;
  readonly callbacks: readonly Callback[];
  readonly reports: readonly OutputReport[];
  readonly validationReports: readonly OutputReport[];
  readonly signal: AbortSignal | undefined;
}

/**
 * A run of `fit`: where it stands, and its steps. It gives way to the event loop every few milliseconds.
 *
 * @typeParam O  its options: those of the loop, and more where more is watched
 */
export class Fit<O extends LoopOptions = LoopOptions, H extends EpochHistory = EpochHistory> {
  protected readonly totals: Totals;
  protected readonly batches: number;
  protected readonly training: Training;
  protected epoch: number;
  /** How many batches of the epoch are done. */
  protected batch = 0;
  /** The generator before it put the rows of the epoch in order. */
  protected orderState: RandomState;
  protected logs: Logs = {};
  private readonly validationTotals: Totals;
  private readonly order: Int32Array;
  private readonly validationOrder: Int32Array;
  private readonly giveWay = createYield();

  /** @param handle  the model as callbacks see it */
  constructor(
    protected readonly model: Trainable,
    handle: TrainedModel,
    protected readonly dataset: Dataset,
    private readonly validation: Dataset | undefined,
    protected readonly options: O,
    protected readonly history: H,
  ) {
    if (dataset.rows === 0) {
      throw new DataError('there is no row left to train on: the validation split took them all');
    }
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

  /**
   * @throws NumericError when the loss is no longer finite; the weights are those of the last good update
   * @throws the signal's reason when that is aborted; the model is as the last batch has left it
   */
  async run(): Promise<H> {
    const { model, options, training } = this;
    options.signal?.throwIfAborted();
    model.stopTraining = false;
    if (!(await this.begin())) return this.history;
    await this.each((callback) => callback.onTrainBegin?.(training));
    await this.runEpochs();
    if (model.optimizer.iterations > 0) model.optimizer.around?.takeAverages();
    await this.each((callback) => callback.onTrainEnd?.(this.logs, training));
    await this.end();
    return this.history;
  }

  /** Goes to where the run begins, and says whether there is anything left to do. */
  protected async begin(): Promise<boolean> {
    return true;
  }

  /** What is done when all is over. */
  protected async end(): Promise<void> {}

  /** The epochs from the one at hand on. */
  protected async runEpochs(): Promise<void> {
    const { model, options } = this;
    while (this.epoch < options.epochs && (this.batch > 0 || !model.stopTraining)) await this.runEpoch();
  }

  private async runEpoch(): Promise<void> {
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
      this.batch++;
      await this.batchDone(rows);
      if (giveWay.isDue()) await giveWay.now();
    }
    this.logs = totals.logs();
    const isValidated = (this.epoch + 1) % options.validationFreq === 0;
    if (this.validation && isValidated) Object.assign(this.logs, await this.validate(this.validation));
    await this.heedSignal();
    this.history.record(this.epoch, this.logs);
    this.epochDone();
    await this.each((callback) => callback.onEpochEnd?.(this.epoch, this.logs, training));
    if (giveWay.isDue()) await giveWay.now();
    this.epoch++;
    this.batch = 0;
  }

  /** What is done when a batch is over, its callbacks included; it had so many rows. */
  protected async batchDone(_rows: number): Promise<void> {}

  /** What is done when an epoch is recorded. */
  protected epochDone(): void {}

  /** Ends with the signal's reason when that has been aborted. */
  protected async heedSignal(): Promise<void> {
    this.options.signal?.throwIfAborted();
  }

  /** Puts the rows in the order of the epoch at hand, which hangs on the generator alone. */
  protected beginEpoch(): void {
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

  protected async each(call: (callback: Callback, index: number) => unknown): Promise<void> {
    const { callbacks } = this.options;
    for (let i = 0; i < callbacks.length; i++) await call(callbacks[i] as Callback, i);
  }
}
