/** Giving way to the event loop, so that a page paints and a server answers while a model trains. */

/** How long training may hold the event loop, in milliseconds: two frames of a screen. */
const LONGEST_HOLD = 32;

interface Scheduling {
  setImmediate?: (callback: () => void) => unknown;
}

/** Resolves once waiting events have been handled. */
function nextTurn(): Promise<void> {
  const { setImmediate } = globalThis as Scheduling;
  if (setImmediate) return new Promise((resolve) => void setImmediate(resolve));
  if (typeof MessageChannel === 'undefined') return new Promise((resolve) => void setTimeout(resolve));
  // A timer would wait for at least 4 ms in a browser; a message does not.
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

export interface Yield {
  /** Whether the event loop has been held for long enough. */
  isDue(): boolean;
  now(): Promise<void>;
}

export function createYield(): Yield {
  let last = performance.now();
  return {
    isDue: () => performance.now() - last > LONGEST_HOLD,
    now: async () => {
      await nextTurn();
      last = performance.now();
    },
  };
}
