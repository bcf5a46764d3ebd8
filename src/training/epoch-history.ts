/** The record of what came out of every epoch, as numbers. */
import type { Logs } from './run.js';

/** The values of one epoch. */
export interface EpochRecord {
  readonly epoch: number;
  readonly logs: Readonly<Logs>;
}

export class EpochHistory {
  /** The numbers of the epochs, from 0. */
  readonly epoch: number[] = [];
  /**
   * The value of every epoch by name: `loss`, the metrics, and with a validation set `val_loss` and so on, which are
   * there only for the epochs that were validated.
   */
  readonly history: Record<string, number[]> = {};

  /** @internal */
  record(epoch: number, logs: Readonly<Logs>): void {
    this.epoch.push(epoch);
    for (const [name, value] of Object.entries(logs)) {
      this.history[name] ??= [];
      this.history[name].push(value);
    }
  }
}
