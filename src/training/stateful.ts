/**
 * What a stateful model asks of its batches: row i of each goes on where row i of the one before ended, so that they
 * are all of one size and in their natural order.
 */
import { ConfigError } from '../core/errors.js';
import type { Trainable } from './trainable.js';

/** @throws ConfigError when the last batch of a stateful model would be smaller than the others */
export function checkStatefulRows({ statefulLayer }: Trainable, rows: number, batchSize: number): void {
  const rest = rows % batchSize;
  if (statefulLayer === undefined || rows <= batchSize || rest === 0) return;
  throw new ConfigError(
    `${statefulLayer} is stateful and ${rows} rows in batches of ${batchSize} leave a last one of ${rest}: ` +
      'each row goes on where that of the batch before ended, so give a batchSize that divides them',
  );
}

/** @throws ConfigError when `fit` would not give a stateful model its rows in order */
export function checkStatefulFit({ statefulLayer }: Trainable, isShuffled: boolean): void {
  if (statefulLayer === undefined || !isShuffled) return;
  throw new ConfigError(
    `fit: ${statefulLayer} is stateful, each batch going on where the one before ended: write { shuffle: false }`,
  );
}
