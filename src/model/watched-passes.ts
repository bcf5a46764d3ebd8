/** Passes of which more is known than what comes out; each is good until the next is asked for. */
import type { Pass } from '../training/trainable.js';
import type { Network, Watch, WatchedPass } from './network.js';

// A streamed step makes no object and no string: its key is a number, and these are made once.
const ONE_STEP: readonly number[] = [1];
const carrying = (): Watch => ({ carried: [] });

/** The pass of one step of `rows` sequences side by side, which says what its layers carry. */
export function streamPass(network: Network, rows: number): WatchedPass {
  return network.watchedPass(rows, rows, ONE_STEP, false, carrying);
}

/** A pass that tells what its recurrent layers compute. */
export function tracePass(network: Network, rows: number, steps: readonly number[]): WatchedPass {
  return network.watchedPass(`${rows} ${steps} traced`, rows, steps, false, () => ({ traced: [] }));
}

/** A pass that goes back to the inputs. */
export function gradientPass(network: Network, rows: number, steps: readonly number[]): Pass {
  return network.watchedPass(`${rows} ${steps} attributed`, rows, steps, true, () => ({ attributed: true }));
}

/** A pass in which dropout alone is as in training. */
export function drawnPass(network: Network, rows: number, steps: readonly number[]): Pass {
  return network.watchedPass(`${rows} ${steps} drawn`, rows, steps, true, () => ({ drawn: true }));
}
