/** The training loop with all that is around it: what it prints, and what is written down so that it can go on. */
import { ConfigError } from '../core/errors.js';
import type { TrainedModel } from './callbacks.js';
import type { Checkpoint, FitPlan, FitState } from './checkpoint.js';
import type { Feed } from './feed.js';
import { fingerprint } from './fingerprint.js';
import { Fit, type LoopOptions } from './fit.js';
import { History } from './history.js';
import type { Metric } from './metrics/metric.js';
import { createProgress, type Progress, type Verbosity } from './progress.js';
import type { Logs } from './run.js';
import { checkStatefulFit, checkStatefulRows } from './stateful.js';
import { restoreTotals, totalsState } from './totals-state.js';
import type { Trainable } from './trainable.js';

export interface WatchedOptions extends LoopOptions {
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly bucketByLength: boolean;
  readonly verbose: Verbosity;
  readonly onProgress: ((progress: Progress) => void) | undefined;
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
  feed: Feed,
  validation: Feed | undefined,
  options: WatchedOptions,
): Promise<History> {
  const fit = new WatchedFit(model, handle, feed, validation, options, new History());
  checkStatefulFit(model, options.shuffle);
  for (const { dataset } of validation ? [feed, validation] : [feed]) {
    if (dataset) checkStatefulRows(model, dataset.rows, options.batchSize);
  }
  return fit.run();
}

class WatchedFit extends Fit<WatchedOptions, History> {
  private progress: ReturnType<typeof createProgress> | undefined;
  /** What the checkpoint held, where the run goes on from one. */
  private resumed: FitState | undefined;
  private lastSaved = performance.now();
  /** How many batches are done, over all epochs. */
  private steps = 0;
  private kept: FitPlan | undefined;

  protected override async begin(): Promise<boolean> {
    const { model, options } = this;
    const state = options.resume ? await this.resume() : undefined;
    this.resumed = state;
    if (state?.finished && (state.stopped || this.epoch >= options.epochs)) return false;
    if (state?.stopped && !state.finished) model.stopTraining = true; // what is left of its epoch is done all the same
    return true;
  }

  protected override end(): Promise<void> {
    return this.save(true);
  }

  protected override async runEpochs(): Promise<void> {
    const { model, options, resumed } = this;
    if (resumed) await this.each((callback, i) => callback.restore?.(resumed.callbacks[i]));
    const { notice } = model.backend;
    if (options.verbose !== 0 && notice !== undefined) console.log(notice);
    this.progress = createProgress({ ...options, batches: this.feed.batches });
    try {
      await super.runEpochs();
    } finally {
      this.progress.end();
    }
  }

  /** Metrics too; those that are long in the making are made when they are looked at. */
  protected override batchLogs(): Logs {
    const logs = super.batchLogs();
    for (const { prefix, metrics } of this.options.reports) {
      for (const metric of metrics) {
        if (metric.keepsRows) this.addLater(logs, `${prefix}${metric.name}`, metric);
        else logs[`${prefix}${metric.name}`] = metric.result();
      }
    }
    return logs;
  }

  private addLater(logs: Logs, name: string, metric: Metric): void {
    const { steps } = this;
    let value: number | undefined;
    const get = () => {
      if (value === undefined && this.steps !== steps) {
        throw new ConfigError(
          `fit: ${name} of a batch is there within onBatchEnd alone: look at it then, and keep the number`,
        );
      }
      value ??= metric.result();
      return value;
    };
    Object.defineProperty(logs, name, { get, enumerable: true });
  }

  protected override async batchDone(rows: number): Promise<void> {
    this.steps++;
    this.progress?.batch(this.epoch, this.batch - 1, rows, this.totals);
    if (this.isDue()) await this.save();
  }

  protected override epochDone(): void {
    this.progress?.epoch(this.epoch, this.batch, this.logs);
  }

  /** Ends with the signal's reason when that has been aborted, what there is being saved. */
  protected override async heedSignal(): Promise<void> {
    if (this.options.signal?.aborted) await this.save();
    await super.heedSignal();
  }

  private isDue(): boolean {
    const { everySteps, everySeconds } = this.options.checkpoint ?? {};
    if (everySteps !== undefined && this.steps % everySteps === 0) return true;
    return everySeconds !== undefined && performance.now() - this.lastSaved >= 1000 * everySeconds;
  }

  private async save(finished = false): Promise<void> {
    const { options, training } = this;
    if (!options.checkpoint) return;
    await options.checkpoint.write(training.model, this.state(finished));
    this.lastSaved = performance.now();
  }

  private state(finished: boolean): FitState {
    const { epoch, batch, feed, orderState, totals, history, model, options } = this;
    return {
      epoch,
      batch,
      before: this.steps - batch,
      mark: batch === 0 ? undefined : feed.mark,
      order: finished ? model.shuffling.state() : orderState,
      totals: totalsState(totals),
      records: history.records,
      callbacks: options.callbacks.map((callback) => callback.state?.() ?? null),
      stopped: model.stopTraining,
      finished,
      plan: this.plan(),
    };
  }

  /** What has to be the same when the run goes on: found once, since it looks at all rows. */
  private plan(): FitPlan {
    this.kept ??= planOf(this.feed, this.options);
    return this.kept;
  }

  /** Goes to where the checkpoint was written, if there is one. */
  private async resume(): Promise<FitState | undefined> {
    const { model, feed, options, training } = this;
    const state = await options.checkpoint?.read(training.model);
    if (!state) return undefined;
    checkPlan(state.plan, this.plan());
    for (const { epoch, logs } of state.records) {
      this.history.record(epoch, logs);
      this.logs = { ...logs };
    }
    this.epoch = state.epoch;
    this.batch = state.batch;
    this.steps = state.before + state.batch;
    this.feed.before = state.before;
    if (this.validation) {
      const validated = state.records.filter(({ logs }) => logs.val_loss !== undefined);
      this.validation.before = validated.length * (this.validation.batches ?? 0);
    }
    // The epoch at hand may have been put in order before its first batch.
    this.orderState = state.order;
    model.shuffling.restore(state.order);
    if (state.batch === 0) return state;
    await feed.begin(state.epoch, state.batch);
    this.totals.reset(feed.dataset);
    if (feed.mark !== state.mark) throw otherData();
    restoreTotals(this.totals, state.totals);
    return state;
  }
}

function planOf({ dataset, batches }: Feed, options: WatchedOptions): FitPlan {
  const { batchSize, shuffle, bucketByLength, callbacks } = options;
  const data = dataset
    ? { rows: dataset.rows, batchSize, shuffle, bucketByLength, data: fingerprint(dataset) }
    : { stepsPerEpoch: batches ?? null };
  return { ...data, callbacks: callbacks.length };
}

/** @throws ConfigError when a run is to go on in a way that it did not begin */
function checkPlan(saved: FitPlan, plan: FitPlan): void {
  for (const name of Object.keys({ ...saved, ...plan })) {
    const [was, is] = [saved[name], plan[name]];
    if (was === is) continue;
    if (name === 'data') throw otherData();
    throw new ConfigError(
      `fit: the checkpoint is of a run with ${name} ${was} and this one has ${is}: ` +
        'resume with the data and options that it began with, or begin anew without resume',
    );
  }
}

function otherData(): ConfigError {
  return new ConfigError(
    'fit: the checkpoint is of a run on other numbers in x, y or sample weights: ' +
      'resume with the data that it began with, or begin anew without resume',
  );
}
