/** How the time of a training step grows with the steps of a sequence, the rows of a batch, and the units. */
import type { ModelSize } from '../models.js';
import type { Conditions, Way } from './comparison.js';
import { Peer } from './peer.js';
import { setupOf } from './setups.js';
import { fittedExponent, median } from './statistics.js';

const MILLISECONDS = 150;

/** What is varied, with its values; all else is as in the size that it starts from. */
export interface Ladder {
  readonly symbol: 'T' | 'B' | 'H';
  readonly values: readonly number[];
  readonly at: (value: number) => ModelSize;
}

export function ladders(size: ModelSize): Ladder[] {
  return [
    { symbol: 'T', values: [25, 50, 100, 200], at: (steps) => ({ ...size, steps }) },
    { symbol: 'B', values: [16, 32, 64, 128], at: (batch) => ({ ...size, batch }) },
    { symbol: 'H', values: [32, 64, 128, 256], at: (units) => ({ ...size, units: [units] }) },
  ];
}

export interface Cost {
  /** Milliseconds at each value of the ladder. */
  readonly milliseconds: readonly number[];
  /** The exponent p of time = a value^p. */
  readonly exponent: number;
}

/** The rungs take turns, so that a slow moment of the machine is slow for all. */
export async function measureCost(
  { values, at }: Ladder,
  { command, variant }: Way,
  { rounds, clock, progress }: Conditions,
): Promise<Cost> {
  const peers = values.map(() => new Peer(command));
  try {
    const counts: number[] = [];
    for (const [i, peer] of peers.entries()) {
      await peer.open({ ...setupOf(at(values[i] as number)), variant });
      await peer.time('train', 3);
      counts.push(Math.ceil(MILLISECONDS / (await peer.time('train', 3)).wall));
    }
    const times: number[][] = values.map(() => []);
    for (let round = 1; round <= rounds; round++) {
      progress(`round ${round} of ${rounds}`);
      for (const [i, peer] of peers.entries()) {
        times[i]?.push((await peer.time('train', counts[i] as number))[clock]);
      }
    }
    const milliseconds = times.map(median);
    return { milliseconds, exponent: fittedExponent(values, milliseconds) };
  } finally {
    for (const peer of peers) peer.close();
  }
}
