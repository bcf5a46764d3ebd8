/** Lowers the learning rate when training no longer makes anything better. */
import { checkInteger, checkNumber, checkOptions } from '../../core/options.js';
import type { Callback } from '../callbacks.js';
import { createMonitor, type MonitorOptions } from './monitor.js';
import { createVoice } from './voice.js';

export interface ReduceLROnPlateauOptions extends MonitorOptions {
  /** What the learning rate is multiplied by; 0.1 by default. */
  factor?: number;
  /** After how many epochs without anything better; 10 by default. */
  patience?: number;
  /** By how much a value has to be better to count; 1e-4 by default. */
  minDelta?: number;
  /** For how many epochs after that nothing is counted; 0 by default. */
  cooldown?: number;
  /** The learning rate goes no lower; 0 by default. */
  minLr?: number;
  /** 1 says in a line when the learning rate is lowered; 0, the default, says nothing. */
  verbose?: 0 | 1;
}

interface State {
  readonly best: number | undefined;
  readonly wait: number;
  readonly cooldown: number;
}

const begin: State = { best: undefined, wait: 0, cooldown: 0 };

/**
 * Multiplies the learning rate by `factor` when a value has not become better for `patience` epochs. The optimizer needs
 * a number for its learning rate, no schedule. Names and meanings are Keras's.
 *
 * @throws ConfigError for an option that is unknown or out of range; from `fit`, when it does not report the value
 *
 * @example reduceLROnPlateau({ factor: 0.5, patience: 3, minLr: 1e-5 })
 */
export function reduceLROnPlateau(options: ReduceLROnPlateauOptions = {}): Callback {
  const names = ['monitor', 'mode', 'factor', 'patience', 'minDelta', 'cooldown', 'minLr', 'verbose'];
  checkOptions('reduceLROnPlateau', options, names);
  const { factor = 0.1, patience = 10, minDelta = 1e-4, cooldown = 0, minLr = 0 } = options;
  const monitor = createMonitor('reduceLROnPlateau', options, minDelta);
  checkNumber('reduceLROnPlateau: factor', factor, { above: 0, below: 1 });
  checkInteger('reduceLROnPlateau: patience', patience, { min: 0 });
  checkInteger('reduceLROnPlateau: cooldown', cooldown, { min: 0 });
  checkNumber('reduceLROnPlateau: minLr', minLr, { min: 0 });
  const say = createVoice('reduceLROnPlateau', options.verbose ?? 0);
  let state = begin;

  return {
    onTrainBegin: (training) => {
      monitor.check(training);
      // A learning rate that cannot be set is found now, not after `patience` epochs.
      const { model } = training;
      const rate = model.learningRate;
      model.learningRate = rate;
      state = begin;
    },
    onEpochEnd: (epoch, logs, { model }) => {
      const value = monitor.read(logs);
      if (value === undefined) return;
      const resting = Math.max(0, state.cooldown - 1);
      const wait = state.cooldown > 0 ? 0 : state.wait;
      if (monitor.isBetter(value, state.best)) {
        state = { best: value, wait: 0, cooldown: resting };
        return;
      }
      state = { ...state, wait: resting > 0 ? wait : wait + 1, cooldown: resting };
      const rate = model.learningRate;
      if (resting > 0 || state.wait < patience || rate <= minLr) return;
      model.learningRate = Math.max(rate * factor, minLr);
      state = { ...state, wait: 0, cooldown };
      say(`epoch ${epoch + 1}: the learning rate is lowered to ${model.learningRate}`);
    },
    state: () => state,
    restore: (saved) => {
      state = saved as State;
    },
  };
}
