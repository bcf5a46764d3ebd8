/** Ctrl-C: one answer at a time, which the part of the work that is running gives. */

/** 128 and the number of SIGINT, as shells have it. */
export const EXIT_INTERRUPTED = 130;

let answer = endAtOnce;

/** What Ctrl-C does by itself: it ends the process, and says so. */
export function endAtOnce(): void {
  console.log('Interrupted: nothing was kept.');
  process.exit(EXIT_INTERRUPTED);
}

/** Sets what Ctrl-C does from now on. */
export function onInterrupt(next: () => void): void {
  answer = next;
}

/** Listens, for as long as the process lives. */
export function listenToInterrupts(): void {
  process.on('SIGINT', () => answer());
}
