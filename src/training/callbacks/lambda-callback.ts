/** Keras's name for a callback made of functions. */
import { type Callback, checkCallback } from '../callbacks.js';

/**
 * A callback made of functions. `fit` takes such objects as they are; this function only has them checked where they are
 * written.
 *
 * @throws ConfigError for what has no hook at all
 *
 * @example lambdaCallback({ onEpochEnd: (epoch, logs) => console.log(epoch, logs.loss) })
 */
export function lambdaCallback(hooks: Callback): Callback {
  checkCallback(hooks, 'lambdaCallback: the callback');
  return hooks;
}
