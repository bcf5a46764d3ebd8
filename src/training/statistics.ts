/**
 * Moving statistics of the data, such as those of batch normalization: once a batch has changed the weights, its own
 * become a part of them. A batch whose update is taken back leaves them as they were.
 *
 *     moving = momentum moving + (1 - momentum) batch
 */
import type { BatchStatistic } from '../backend/plan.js';
import { blend } from '../kernels/optimizers.js';
import { notFinite } from './update.js';

/** @throws NumericError when a statistic of the batch is not finite; nothing has been changed then */
export function checkStatistics(statistics: readonly BatchStatistic[], where: () => string): void {
  for (const { name, batch } of statistics) {
    for (const value of batch.array) {
      if (!Number.isFinite(value)) throw notFinite(`the batch makes ${name} ${value}`, where);
    }
  }
}

export function updateStatistics(statistics: readonly BatchStatistic[]): void {
  for (const { moving, batch, momentum } of statistics) {
    blend(moving.array, batch.array, moving.length, momentum);
  }
}
