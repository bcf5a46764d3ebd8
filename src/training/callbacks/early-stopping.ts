/** Stops training when it no longer makes anything better. */
import { checkBoolean, checkInteger, checkNumber, checkOptions } from '../../core/options.js';
import type { Tensor } from '../../core/tensor.js';
import type { Callback } from '../callbacks.js';
import { createMonitor, type MonitorOptions } from './monitor.js';
import { createVoice } from './voice.js';

export interface EarlyStoppingOptions extends MonitorOptions {
  /** By how much a value has to be better to count; 0 by default. */
  minDelta?: number;
  /** After how many epochs without anything better training ends; 0 by default. */
  patience?: number;
  /** A value that has to be surpassed before the patience begins anew; none by default. */
  baseline?: number;
  /** Whether the model gets the weights of the best epoch when training ends, however it ends; false by default. */
  restoreBestWeights?: boolean;
  /** The epochs before this one do not count; 0 by default. */
  startFromEpoch?: number;
  /** 1 says in a line when training is stopped, or weights are restored; 0, the default, says nothing. */
  verbose?: 0 | 1;
}

interface State {
  readonly wait: number;
  readonly best: number | undefined;
  readonly bestEpoch: number;
  readonly bestWeights: Readonly<Record<string, Tensor>> | undefined;
}

const begin: State = { wait: 0, best: undefined, bestEpoch: 0, bestWeights: undefined };

/**
 * Ends training when a value has not become better for `patience` epochs. Names and meanings are Keras's.
 *
 * @throws ConfigError for an option that is unknown or out of range; from `fit`, when it does not report the value
 *
 * @example await model.fit(x, y, { epochs: 100, validationSplit: 0.2, callbacks: [earlyStopping({ patience: 3 })] });
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  const names = [
    'monitor',
    'mode',
    'minDelta',
    'patience',
    'baseline',
    'restoreBestWeights',
    'startFromEpoch',
  ];
  checkOptions('earlyStopping', options, [...names, 'verbose']);
  const { minDelta = 0, patience = 0, baseline, restoreBestWeights = false, startFromEpoch = 0 } = options;
  const monitor = createMonitor('earlyStopping', options, minDelta);
  checkInteger('earlyStopping: patience', patience, { min: 0 });
  if (baseline !== undefined) checkNumber('earlyStopping: baseline', baseline);
  checkBoolean('earlyStopping: restoreBestWeights', restoreBestWeights);
  checkInteger('earlyStopping: startFromEpoch', startFromEpoch, { min: 0 });
  const say = createVoice('earlyStopping', options.verbose ?? 0);
  let state = begin;

  return {
    onTrainBegin: (training) => {
      monitor.check(training);
      state = begin;
    },
    onEpochEnd: (epoch, logs, { model }) => {
      const value = monitor.read(logs);
      if (value === undefined || epoch < startFromEpoch) return;
      const { wait, best, bestWeights } = state;
      if (monitor.isBetter(value, best)) {
        const beatsBaseline = baseline === undefined || monitor.isBetter(value, baseline);
        state = {
          wait: beatsBaseline ? 0 : wait + 1,
          best: value,
          bestEpoch: epoch,
          bestWeights: restoreBestWeights ? model.getWeights() : undefined,
        };
        return;
      }
      // Where nothing has been better than nothing, as when all is NaN, the first weights are the best.
      const weights = restoreBestWeights ? (bestWeights ?? model.getWeights()) : undefined;
      state = { ...state, wait: wait + 1, bestWeights: weights };
      if (state.wait < patience || epoch === 0) return;
      model.stopTraining = true;
      say(
        `epoch ${epoch + 1}: ${monitor.name} has not become better for ${state.wait} epochs, training ends`,
      );
    },
    onTrainEnd: (_logs, { model }) => {
      if (!state.bestWeights) return;
      model.setWeights(state.bestWeights);
      say(`the weights are those of epoch ${state.bestEpoch + 1}`);
    },
    state: () => state,
    restore: (saved) => {
      state = saved as State;
    },
  };
}
