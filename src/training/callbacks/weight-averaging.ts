/**
 * The mean of the weights over the last part of training (Polyak and Juditsky 1992), from an epoch on or from where
 * training no longer makes anything better: the non-monotonically triggered averaging of AWD-LSTM (Merity, Keskar and
 * Socher 2017, algorithm 1). After epoch t, of validation value v_t, averaging begins when
 *
 *     t > n   and   v_t is worse than the best of v_0 ... v_{t-n-1}
 *
 * and is then the mean of the weights at that moment and of those after every further batch.
 */
import { ConfigError } from '../../core/errors.js';
import { checkInteger, checkOptions } from '../../core/options.js';
import type { Tensor } from '../../core/tensor.js';
import type { Callback, TrainedModel } from '../callbacks.js';
import { createMonitor, type MonitorOptions } from './monitor.js';
import { createVoice } from './voice.js';

export interface WeightAveragingOptions extends MonitorOptions {
  /** How many of the last epochs the value is not compared with, n; 5 by default. */
  nonMonotonic?: number;
  /** The epoch, counted from 0, before which averaging begins, whatever the values are; by default they decide. */
  startFromEpoch?: number;
  /** 1 says in a line when averaging begins; 0, the default, says nothing. */
  verbose?: 0 | 1;
}

type Weights = Readonly<Record<string, Tensor>>;

interface State {
  /** The watched values of the epochs before averaging began. */
  readonly values: readonly number[];
  /** How many sets of weights the mean is of; 0 before it begins. */
  readonly count: number;
  /** The mean of each weight, by name. */
  readonly means: Readonly<Record<string, Float64Array>>;
}

const begin: State = { values: [], count: 0, means: {} };

/**
 * Averages the weights from when a value no longer becomes better, or from an epoch on. The model is validated with the
 * mean, and has it when `fit` ends; in between it is trained on with its own weights. Best with `sgd`, without `useEma`.
 *
 * @throws ConfigError for an option that is unknown or out of range; from `fit`, when it does not report the value
 *
 * @example await model.fit(x, y, { epochs: 100, validationSplit: 0.2, callbacks: [weightAveraging()] });
 */
export function weightAveraging(options: WeightAveragingOptions = {}): Callback {
  checkOptions('weightAveraging', options, ['monitor', 'mode', 'nonMonotonic', 'startFromEpoch', 'verbose']);
  const { nonMonotonic = 5, startFromEpoch } = options;
  checkInteger('weightAveraging: nonMonotonic', nonMonotonic);
  if (startFromEpoch !== undefined) {
    checkInteger('weightAveraging: startFromEpoch', startFromEpoch, { min: 0 });
    for (const name of ['monitor', 'mode', 'nonMonotonic'] as const) {
      if (options[name] === undefined) continue;
      throw new ConfigError(
        `weightAveraging: ${name} has no say where startFromEpoch decides when it begins: give one of the two`,
      );
    }
  }
  const monitor = createMonitor('weightAveraging', options, 0);
  const say = createVoice('weightAveraging', options.verbose ?? 0);
  let state = begin;
  /** The model's own weights, while it is validated with the mean. */
  let own: Weights | undefined;

  const add = (model: TrainedModel) => {
    state = addWeights(state, model.getWeights());
  };
  return {
    onTrainBegin: (training) => {
      if (startFromEpoch === undefined) monitor.check(training);
      state = begin;
      own = undefined;
    },
    onEpochBegin: (epoch, { model }) => {
      if (startFromEpoch === undefined || epoch < startFromEpoch || state.count > 0) return;
      say(`epoch ${epoch + 1}: averaging begins`);
      add(model);
    },
    onBatchEnd: (_batch, _logs, { model }) => {
      if (state.count > 0) add(model);
    },
    onTestBegin: ({ model }) => {
      if (state.count === 0) return;
      own = model.getWeights();
      model.setWeights(meanOf(state, own));
    },
    onTestEnd: (_logs, { model }) => {
      if (own) model.setWeights(own);
      own = undefined;
    },
    onEpochEnd: (epoch, logs, { model }) => {
      const value = startFromEpoch === undefined ? monitor.read(logs) : undefined;
      if (value === undefined || state.count > 0) return;
      const { values } = state;
      const compared = values.slice(0, Math.max(0, values.length - nonMonotonic));
      state = { ...state, values: [...values, value] };
      if (!compared.some((before) => monitor.isBetter(before, value))) return;
      say(`epoch ${epoch + 1}: ${monitor.name} no longer becomes better, averaging begins`);
      add(model);
    },
    onTrainEnd: (_logs, { model }) => {
      if (state.count > 0) model.setWeights(meanOf(state, model.getWeights()));
    },
    state: () => structuredClone(state),
    restore: (saved) => {
      state = saved as State;
    },
  };
}

function addWeights({ values, count, means }: State, weights: Weights): State {
  const next: Record<string, Float64Array> = {};
  for (const [name, { data }] of Object.entries(weights)) {
    const mean = means[name] ?? new Float64Array(data.length);
    for (let k = 0; k < mean.length; k++) {
      mean[k] = (mean[k] as number) + ((data[k] as number) - (mean[k] as number)) / (count + 1);
    }
    next[name] = mean;
  }
  return { values, count: count + 1, means: next };
}

/** The mean as weights, of the shapes and the precision of `like`. */
function meanOf({ means }: State, like: Weights): Weights {
  return Object.fromEntries(
    Object.entries(like).map(([name, tensor]) => {
      const data = tensor.data.slice();
      data.set(means[name] as Float64Array);
      return [name, { ...tensor, data }];
    }),
  );
}
