/** Sets the learning rate at the beginning of each epoch. */
import { ConfigError } from '../../core/errors.js';
import { checkNumber, checkOptions, describe } from '../../core/options.js';
import type { Callback } from '../callbacks.js';
import { createVoice } from './voice.js';

/**
 * Asks `schedule` for the learning rate of each epoch, giving it the epoch, from 0, and the learning rate so far. The
 * optimizer needs a number for its learning rate, no schedule of its own. As in Keras.
 *
 * @throws ConfigError when `schedule` is no function; from `fit`, when what it returns is no learning rate
 *
 * @example learningRateScheduler((epoch, rate) => (epoch < 10 ? rate : rate * 0.9))
 */
export function learningRateScheduler(
  schedule: (epoch: number, learningRate: number) => number,
  options: { verbose?: 0 | 1 } = {},
): Callback {
  if (typeof schedule !== 'function') {
    throw new ConfigError(
      `learningRateScheduler takes a function of the epoch and the learning rate but got ${describe(schedule)}`,
    );
  }
  checkOptions('learningRateScheduler', options, ['verbose']);
  const say = createVoice('learningRateScheduler', options.verbose ?? 0);
  return {
    onEpochBegin: (epoch, { model }) => {
      const rate = schedule(epoch, model.learningRate);
      model.learningRate = checkNumber(`learningRateScheduler: the learning rate of epoch ${epoch}`, rate, {
        min: 0,
      });
      say(`epoch ${epoch + 1}: the learning rate is ${rate}`);
    },
  };
}
