/** The training loop. What is printed of it, and written down so that it can go on, is in watched-fit.ts. */
import { DataError, NumericError } from '../core/errors.js';
import type { RandomState } from '../core/random.js';
import type { Callback, TrainedModel, Training } from './callbacks.js';
import type { EpochHistory } from './epoch-history.js';
import type { Batch, Feed } from './feed.js';
import { evaluateBatch, type Logs, type OutputReport, Totals, trainBatch } from './run.js';
import type { Trainable } from './trainable.js';
import { createYield } from './yielding.js';

export interface LoopOptions {
  readonly epochs: number;
  readonly initialEpoch: number;
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
  protected readonly training: Training;
  protected epoch: number;
  /** How many batches of the epoch are done. */
  protected batch = 0;
  /** The generator before it put the rows of the epoch in order. */
  protected orderState: RandomState;
  protected logs: Logs = {};
  private readonly validationTotals: Totals;
  private readonly giveWay = createYield();

  /**
   * @param handle  the model as callbacks see it
   * @param feed  what is trained on; `validation`, what every epoch is measured with
   */
  constructor(
    protected readonly model: Trainable,
    handle: TrainedModel,
    protected readonly feed: Feed,
    protected readonly validation: Feed | undefined,
    protected readonly options: O,
    protected readonly history: H,
  ) {
    if (feed.dataset?.rows === 0) {
      throw new DataError('there is no row left to train on: the validation split took them all');
    }
    this.totals = new Totals(options.reports);
    this.validationTotals = new Totals(options.validationReports);
    this.epoch = options.initialEpoch;
    this.orderState = model.shuffling.state();
    const validated = validation ? this.validationTotals.names.map((name) => `val_${name}`) : [];
    const values = [...this.totals.names, ...validated];
    this.training = { model: handle, epochs: options.epochs, batches: feed.batches, values };
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
    const { model, options, training, totals, giveWay } = this;
    if (this.batch === 0) {
      await this.each((callback) => callback.onEpochBegin?.(this.epoch, training));
      if (model.stopTraining) return;
      await this.beginEpoch();
    }
    for (let batch = await this.next(); batch; batch = await this.next()) {
      await this.each((callback) => callback.onBatchBegin?.(this.batch, training));
      await this.trainOn(batch);
      await this.each((callback) => callback.onBatchEnd?.(this.batch, this.batchLogs(), training));
      this.batch++;
      await this.batchDone(batch.count);
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

  /** The next batch of the epoch; nothing at its end, or where training is to end. */
  private async next(): Promise<Batch | undefined> {
    if (this.model.stopTraining) return undefined;
    await this.heedSignal();
    const batch = await this.feed.next();
    if (!batch) await this.heedSignal();
    return batch;
  }

  /** What callbacks are told of the epoch so far when a batch is over. */
  protected batchLogs(): Logs {
    return { loss: this.totals.loss };
  }

  /** What is done when a batch is over, its callbacks included; it had so many rows. */
  protected async batchDone(_rows: number): Promise<void> {}

  /** What is done when an epoch is recorded. */
  protected epochDone(): void {}

  /** Ends with the signal's reason when that has been aborted. */
  protected async heedSignal(): Promise<void> {
    this.options.signal?.throwIfAborted();
  }

  /** Goes to the batch at hand of the epoch at hand, whose order hangs on the generator alone. */
  private async beginEpoch(): Promise<void> {
    const { model, feed, epoch, batch } = this;
    this.orderState = model.shuffling.state();
    // The first epoch goes on from the state that there is; the others come back to where the rows begin.
    if (epoch > this.options.initialEpoch) model.setStateAside();
    await feed.begin(epoch, batch);
    this.totals.reset(feed.dataset);
  }

  /** Trains on a batch; ends training instead where a callback says so. */
  private async trainOn({ dataset, order, start, count, steps }: Batch): Promise<void> {
    const { model, totals, epoch, batch } = this;
    const where = () => `in epoch ${epoch + 1}, batch ${batch + 1}`; // counted from 1, as progress is
    try {
      trainBatch(model, dataset, order, start, count, totals, where, steps);
    } catch (error) {
      if (!(error instanceof NumericError) || !(await this.isForgiven(error))) throw error;
      model.stopTraining = true;
    }
  }

  private async isForgiven(error: NumericError): Promise<boolean> {
    let forgiven = false;
    await this.each(async (callback) => {
      if ((await callback.onNumericError?.(error, this.training)) === true) forgiven = true;
    });
    return forgiven;
  }

  /** Loss and metrics of what the epoch is measured with, giving way to the event loop between batches. */
  private async validate(feed: Feed): Promise<Logs> {
    const { model, options, training, validationTotals: totals, giveWay } = this;
    await this.each((callback) => callback.onTestBegin?.(training));
    totals.reset(feed.dataset);
    const resume = model.setStateAside();
    try {
      await feed.begin(this.epoch, 0);
      while (!options.signal?.aborted) {
        const batch = await feed.next();
        if (!batch) break;
        const pass = model.pass(batch.count, batch.steps, false);
        evaluateBatch(model, pass, batch.dataset, batch.order, batch.start, totals);
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
