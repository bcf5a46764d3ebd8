/**
 * Batches that come one by one, from a generator or any iterable, waited for where they are promised: no more of them than
 * one is held. A function is asked for those of each epoch. What is no function is gone through anew each epoch or, where
 * it is said how many batches an epoch has, once from the first epoch to the last.
 */
import { DataError, LonghandError } from '../core/errors.js';
import { describe } from '../core/options.js';
import type { Batch, Feed } from './feed.js';
import { fingerprint } from './fingerprint.js';
import { rowOrder } from './run.js';
import type { Dataset } from './targets.js';

/** What can be gone through one by one. */
export type Several<T> = Iterable<T> | AsyncIterable<T>;

/** What can be gone through one by one, or a function that gives it for each epoch, counted from 0. */
export type Source<T> = Several<T> | ((epoch: number) => Several<T> | Promise<Several<T>>);

/** Whether it gives batches one by one; arrays and tensors are the data itself. */
export function isSource(value: unknown): value is Source<unknown> {
  return (
    typeof value === 'function' || (isSeveral(value) && !Array.isArray(value) && !ArrayBuffer.isView(value))
  );
}

function isSeveral(value: unknown): value is Several<unknown> {
  if (typeof value !== 'object' || value === null) return false;
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}

export interface GivenOptions {
  /** Whose batches they are, in messages: `fit`. */
  readonly what: string;
  /** Whether they come epoch by epoch, in messages. */
  readonly hasEpochs: boolean;
  /** How many batches an epoch has, and the option that says so; undefined where it goes on to their end. */
  readonly batches: number | undefined;
  readonly option: string;
  readonly signal: AbortSignal | undefined;
  /** Whether they are to be told from others. */
  readonly isMarked: boolean;
}

export class GivenBatches implements Feed {
  readonly batches: number | undefined;
  readonly dataset = undefined;
  mark = 0;
  before = 0;
  private iterator: Iterator<unknown> | AsyncIterator<unknown> | undefined;
  /** How many batches the iterator has given, beside one that was looked at beforehand. */
  private taken = 0;
  private ahead: { readonly value: unknown } | undefined;
  private isWaiting = false;
  private epoch = 0;
  /** How many batches of the epoch have been given. */
  private given = 0;

  /** @param read  makes rows of what the source gives */
  constructor(
    private readonly source: Source<unknown>,
    private readonly read: (given: unknown) => Dataset,
    private readonly options: GivenOptions,
  ) {
    this.batches = options.batches;
  }

  /** Reads the first batch of an epoch, which is kept for when it is asked for: to find out what rows there are. */
  async peek(epoch: number): Promise<void> {
    await this.open(epoch);
    this.ahead = await this.take();
    this.taken = 0;
    this.options.signal?.throwIfAborted();
    if (!this.ahead) throw this.ranOut();
    this.toDataset(this.ahead.value);
  }

  async begin(epoch: number, from: number): Promise<void> {
    const { source, isOneRun } = this;
    const isNew = this.taken === 0 && (typeof source !== 'function' || epoch === this.epoch);
    if (!this.iterator || !(isOneRun || isNew)) await this.open(epoch);
    this.epoch = epoch;
    this.given = 0;
    this.mark = 0;
    while (isOneRun && this.taken < this.before) await this.skip();
    while (this.given < from) this.count(this.toDataset((await this.skip()).value));
  }

  async next(): Promise<Batch | undefined> {
    const { batches, given } = this;
    if (given === batches) {
      if (!this.isOneRun) await this.close();
      return undefined;
    }
    const taken = await this.take();
    if (taken) return toBatch(this.count(this.toDataset(taken.value)));
    if (!this.options.signal?.aborted && (batches !== undefined || given === 0)) throw this.ranOut();
    return undefined;
  }

  /** Lets the iterator clean up, unless it is still at work on a batch. */
  async close(): Promise<void> {
    const { iterator } = this;
    this.iterator = undefined;
    this.ahead = undefined;
    const closing = iterator?.return?.();
    if (!this.isWaiting) await closing;
    else Promise.resolve(closing).catch(() => {});
  }

  /** Whether one iterator gives the batches of all epochs. */
  private get isOneRun(): boolean {
    return typeof this.source !== 'function' && this.batches !== undefined;
  }

  private async open(epoch: number): Promise<void> {
    const { source, options } = this;
    await this.close();
    this.taken = 0;
    this.epoch = epoch;
    this.given = 0;
    const several = typeof source === 'function' ? await untilAborted(source(epoch), options.signal) : source;
    if (several === undefined && options.signal?.aborted) return;
    if (!isSeveral(several)) {
      throw new DataError(
        `${options.what}: the function gives ${describe(several)}: give something to go through, such as a generator`,
      );
    }
    this.iterator =
      Symbol.asyncIterator in several ? several[Symbol.asyncIterator]() : several[Symbol.iterator]();
  }

  /** What comes next; undefined at the end, or where a signal ends the wait. */
  private async take(): Promise<{ readonly value: unknown } | undefined> {
    const { iterator, ahead } = this;
    this.ahead = undefined;
    if (ahead) this.taken++;
    if (ahead || !iterator) return ahead;
    this.isWaiting = true;
    const result = await untilAborted(iterator.next(), this.options.signal);
    if (!result) return undefined;
    this.isWaiting = false;
    if (result.done) {
      this.iterator = undefined;
      return undefined;
    }
    this.taken++;
    return result;
  }

  /** A batch that a run has trained on already. */
  private async skip(): Promise<{ readonly value: unknown }> {
    const taken = await this.take();
    this.options.signal?.throwIfAborted();
    if (taken) return taken;
    throw new DataError(
      `${this.options.what}: the batches of epoch ${this.epoch + 1} end before where the checkpoint stands: ` +
        'resume with those that it began with',
    );
  }

  private count(dataset: Dataset): Dataset {
    this.given++;
    if (this.options.isMarked) this.mark = fingerprint(dataset, this.mark);
    return dataset;
  }

  /** Errors in a batch say which it is. */
  private toDataset(value: unknown): Dataset {
    try {
      return this.read(value);
    } catch (error) {
      if (!(error instanceof LonghandError)) throw error;
      const { what, hasEpochs } = this.options;
      const place = `batch ${this.given + 1}${hasEpochs ? ` of epoch ${this.epoch + 1}` : ''}`;
      const Kind = error.constructor as new (message: string) => LonghandError;
      throw new Kind(`${what}: ${place}: ${error.message}`);
    }
  }

  private ranOut(): DataError {
    const { given, batches } = this;
    const { what, hasEpochs, option } = this.options;
    const epoch = hasEpochs ? ` of epoch ${this.epoch + 1}` : '';
    if (batches === undefined) {
      const mend = hasEpochs
        ? ': a generator can be gone through once, so give the function that makes it'
        : '';
      return new DataError(`${what}: there are no batches${epoch}${mend}`);
    }
    return new DataError(
      `${what}: the batches${epoch} ended after ${given} of the ${batches} that ${option} says: ` +
        'give more of them, or a function that makes them anew for each epoch',
    );
  }
}

function toBatch(dataset: Dataset): Batch {
  return {
    dataset,
    order: rowOrder(dataset.rows),
    start: 0,
    count: dataset.rows,
    steps: dataset.steps,
  };
}

/** What is promised, or undefined as soon as the signal is aborted. */
async function untilAborted<T>(
  promised: T | Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T | undefined> {
  if (!signal) return promised;
  if (signal.aborted) return undefined;
  let stop = () => {};
  const aborted = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined);
  });
  signal.addEventListener('abort', stop);
  try {
    return await Promise.race([promised, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
