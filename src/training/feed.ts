/** Where `fit` takes its batches from: rows that are all there, in an order of their own each epoch, or anything else. */
import type { Random } from '../core/random.js';
import { restoreOrder, rowOrder } from './run.js';
import type { Dataset } from './targets.js';

/** Rows `order[start]` to `order[start + count - 1]` of a data set. */
export interface Batch {
  readonly dataset: Dataset;
  readonly order: Int32Array;
  readonly start: number;
  readonly count: number;
  /** How many steps of each input are computed: as many as there are, or as the longest of the rows has. */
  readonly steps: readonly number[];
}

export interface Feed {
  /** How many batches an epoch has; undefined where only its end tells. */
  readonly batches: number | undefined;
  /** All rows, where they are there. */
  readonly dataset: Dataset | undefined;
  /** A number that sums up the batches of the epoch so far, where there is no other way to tell them from others. */
  readonly mark?: number;
  /** Of a run that is resumed, how many batches were given in the epochs that are over. */
  before?: number;
  /** Goes to a batch of an epoch, of which `from` are done already. */
  begin(epoch: number, from: number): void | Promise<void>;
  /** The next batch; nothing at the end of the epoch, or where a signal has ended the wait for it. */
  next(): Batch | undefined | Promise<Batch | undefined>;
  /** No batch will be asked for any more. */
  close?(): void | Promise<void>;
}

/** Rows in batches of one size, the last one smaller: shuffled where there is a generator, else as they are. */
export class Rows implements Feed {
  readonly batches: number;
  private readonly order: Int32Array;
  private batch = 0;

  constructor(
    readonly dataset: Dataset,
    private readonly batchSize: number,
    private readonly random: Random | undefined,
  ) {
    this.batches = Math.ceil(dataset.rows / batchSize);
    this.order = rowOrder(dataset.rows);
  }

  begin(_epoch: number, from: number): void {
    this.batch = from;
    if (!this.random) return;
    restoreOrder(this.order);
    this.random.shuffle(this.order);
  }

  next(): Batch | undefined {
    const { dataset, batchSize, order } = this;
    const start = this.batch * batchSize;
    if (start >= dataset.rows) return undefined;
    this.batch++;
    const count = Math.min(batchSize, dataset.rows - start);
    return { dataset, order, start, count, steps: dataset.steps };
  }
}
