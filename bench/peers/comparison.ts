/**
 * Two libraries at the same work, in turns: ours, theirs, ours, theirs. Before anything is timed their outputs are
 * compared, and their losses over a few training steps; a library that computes something else is not timed.
 *
 * Where a library can be run in several ways (PyTorch's Adam with and without `foreach`, its BLAS for one processor
 * or another), the fastest of those that compute the right thing is taken.
 */
import type { Setup, Timing, Work } from './adapter.js';
import { type Command, Peer } from './peer.js';
import { largestDifference, median } from './statistics.js';

/** Outputs are probabilities: what rounding in another order makes of them. */
const OUTPUT_TOLERANCE = 1e-5;
/** Of the losses. Adam's first updates divide a gradient by its own size, which blows up what rounding did. */
const LOSS_TOLERANCE = 1e-4;
const LOSSES = 4;
/** Where one repetition takes longer, two losses must do, before an update and after it. */
const SLOW_MILLISECONDS = 5_000;
const STREAMED_STEPS = 12;
/** A turn lasts at least as long, or one repetition. */
const TURN_MILLISECONDS = 400;
/** How many short turns of each way go before. */
const TRIALS = 7;
/** Where the rounds asked for would take longer, there are fewer; but three. */
const LONGEST_MILLISECONDS = 150_000;
const LEAST_ROUNDS = 3;

/** One way of running a library. */
export interface Way {
  readonly command: Command;
  readonly variant: string;
}

export interface Figures {
  readonly about: string;
  /** Milliseconds of each round. */
  readonly milliseconds: readonly number[];
}

export interface Outcome {
  readonly ours: Figures;
  readonly theirs: Figures;
  /** Our time over theirs: of the medians, and the median of the rounds' own. */
  readonly ratioOfMedians: number;
  readonly medianOfRatios: number;
  /** The largest differences before anything was timed. */
  readonly outputDifference: number;
  readonly lossDifference: number;
}

export interface Conditions {
  readonly rounds: number;
  readonly clock: keyof Timing;
  readonly progress: (text: string) => void;
}

/** What a library computes, before it is timed. */
interface Proof {
  readonly output: Float32Array;
  readonly losses: Float32Array;
}

/** A library that is ready to be timed. */
interface Side {
  readonly peer: Peer;
  readonly proof: Proof;
  /** Of one repetition, roughly. */
  milliseconds: number;
}

/** A library does not do the same work. */
export class OtherWork extends Error {}

/** @throws Error when one of both cannot be run, OtherWork when they compute different things */
export async function compare(
  work: Work,
  setup: Omit<Setup, 'variant'>,
  ways: { readonly ours: readonly Way[]; readonly theirs: readonly Way[] },
  { rounds, clock, progress }: Conditions,
): Promise<Outcome> {
  const sides: Side[] = [];
  try {
    progress('starting');
    const ours = await openFastest(ways.ours, work, setup, clock);
    sides.push(ours);
    const theirs = await openFastest(ways.theirs, work, setup, clock, ours.proof);
    sides.push(theirs);
    const turn = sides.reduce((sum, { milliseconds }) => sum + Math.max(TURN_MILLISECONDS, milliseconds), 0);
    const affordable = Math.max(LEAST_ROUNDS, Math.floor(LONGEST_MILLISECONDS / turn));
    const turns = Math.min(rounds, affordable);
    const [own, other]: [number[], number[]] = [[], []];
    for (let round = 1; round <= turns; round++) {
      progress(`round ${round} of ${turns}`);
      own.push((await takeTurn(ours, work))[clock]);
      other.push((await takeTurn(theirs, work))[clock]);
    }
    return {
      ours: { about: ours.peer.about, milliseconds: own },
      theirs: { about: theirs.peer.about, milliseconds: other },
      ratioOfMedians: median(own) / median(other),
      medianOfRatios: median(own.map((value, i) => value / (other[i] as number))),
      ...differences(ours.proof, theirs.proof),
    };
  } finally {
    for (const { peer } of sides) peer.close();
  }
}

function takeTurn({ peer, milliseconds }: Side, work: Work): Promise<Timing> {
  return peer.time(work, Math.ceil(TURN_MILLISECONDS / milliseconds));
}

/**
 * Opens a library in every way, and keeps the fastest that computes what is expected. The ways take turns too, and
 * the least time of each counts.
 */
async function openFastest(
  ways: readonly Way[],
  work: Work,
  setup: Omit<Setup, 'variant'>,
  clock: keyof Timing,
  expected?: Proof,
): Promise<Side> {
  const sides: Side[] = [];
  const failures: Error[] = [];
  for (const { command, variant } of ways) {
    const peer = new Peer(command);
    try {
      await peer.open({ ...setup, variant });
      const proof = await prove(peer, work);
      if (expected) check(expected, proof);
      sides.push({ peer, proof, milliseconds: (await peer.time(work, 1))[clock] });
    } catch (error) {
      peer.close();
      failures.push(error as Error);
    }
  }
  for (let trial = 0; trial < TRIALS; trial++) {
    for (const side of sides) await warmUp(side, work, clock);
  }
  sides.sort((a, b) => a.milliseconds - b.milliseconds);
  for (const { peer } of sides.slice(1)) peer.close();
  if (!sides[0]) throw failures[0] ?? new Error('there is no way to run it');
  return sides[0];
}

async function prove(peer: Peer, work: Work): Promise<Proof> {
  const none = new Float32Array();
  if (work === 'push') return { output: await peer.push(STREAMED_STEPS), losses: none };
  const output = await peer.output();
  if (work !== 'train') return { output, losses: none };
  const start = performance.now();
  const first = await peer.train(1);
  const more = performance.now() - start > SLOW_MILLISECONDS ? 1 : LOSSES - 1;
  return { output, losses: Float32Array.of(...first, ...(await peer.train(more))) };
}

function check(expected: Proof, found: Proof): void {
  const { outputDifference, lossDifference } = differences(expected, found);
  if (outputDifference <= OUTPUT_TOLERANCE && lossDifference <= LOSS_TOLERANCE) return;
  throw new OtherWork(
    lossDifference > 0
      ? `outputs differ by ${outputDifference.toExponential(1)}, losses by ${lossDifference.toExponential(1)}`
      : `outputs differ by ${outputDifference.toExponential(1)}`,
  );
}

function differences(ours: Proof, theirs: Proof) {
  const losses = Math.min(ours.losses.length, theirs.losses.length);
  return {
    outputDifference: largestDifference(ours.output, theirs.output),
    lossDifference: largestDifference(ours.losses.subarray(0, losses), theirs.losses.subarray(0, losses)),
  };
}

/** Repeats the work for a while, and keeps the least time: it says how many make a turn, and which way is fastest. */
async function warmUp(side: Side, work: Work, clock: keyof Timing): Promise<void> {
  if (side.milliseconds > SLOW_MILLISECONDS) return;
  const count = Math.ceil(TURN_MILLISECONDS / 4 / side.milliseconds);
  const { [clock]: milliseconds } = await side.peer.time(work, count);
  side.milliseconds = Math.min(side.milliseconds, milliseconds);
}
