/**
 * What every optimizer has: a learning rate, and what is done around its update: clipping, decay, factors, the
 * moving average of the weights, gradients of several batches taken together. What it does to one weight is its own.
 */
import type { Backend } from '../../backend/kernel-set.js';
import { ConfigError } from '../../core/errors.js';
import { checkBoolean, checkInteger, checkNumber, checkOptions, describe } from '../../core/options.js';
import type { Parameter } from '../../core/parameter.js';
import type { Region } from '../../core/region.js';
import {
  ACCUMULATED,
  type AroundUpdate,
  AVERAGE,
  type ClipOptions,
  checkWeightNames,
  createAround,
  type Settings,
} from '../around-update.js';
import { checkLearningRate, rateConfig, type Schedule } from '../schedules/schedule.js';

/**
 * What can be said of any optimizer. Where weights are named, `'bias'` stands for every weight of that name,
 * `'lstm_1'` for all weights of the layer, and `'lstm_1/bias'` for the one.
 */
export interface OptimizerOptions extends ClipOptions {
  /** A number, or a schedule; the default is the optimizer's. */
  learningRate?: number | Schedule;
  /**
   * How much of itself each weight loses an update, times the learning rate, beside what the gradient does to it
   * (decoupled, Loshchilov and Hutter 2019); 0 by default, and 0.004 in adamW.
   */
  weightDecay?: number;
  /** Which weights do not decay; none by default. */
  excludeFromWeightDecay?: readonly string[];
  /** What the learning rate is multiplied by for some weights: `{ embedding_1: 0.1 }`; none by default. */
  learningRateFactors?: Readonly<Record<string, number>>;
  /** Whether the moving average of the weights is kept, and is what the model has when `fit` ends; false by default. */
  useEma?: boolean;
  /** The decay of that average; 0.99 by default. */
  emaMomentum?: number;
  /** After how many updates, again and again, the weights are set to their average; never by default. */
  emaOverwriteFrequency?: number;
  /** How many batches each update is made from; 1 by default. */
  gradientAccumulationSteps?: number;
}

const clipNames = ['clipNorm', 'globalClipNorm', 'clipValue'] as const;

const optionNames = [
  'learningRate',
  'weightDecay',
  'excludeFromWeightDecay',
  'learningRateFactors',
  'useEma',
  'emaMomentum',
  'emaOverwriteFrequency',
  'gradientAccumulationSteps',
  ...clipNames,
];

const hints = {
  lr: 'write learningRate',
  decay: 'give learningRate a schedule',
  alpha: 'write rho',
  betas: 'write beta1 and beta2',
  eps: 'write epsilon',
};

/** The names of all optimizers; what they stand for is in ../optimizers.ts. */
export type OptimizerName =
  | 'sgd'
  | 'adam'
  | 'adamW'
  | 'nadam'
  | 'radam'
  | 'adamax'
  | 'rmsprop'
  | 'adagrad'
  | 'adadelta'
  | 'lion';

export interface Optimizer {
  readonly name: OptimizerName;
  /** The arrays that are kept beside every weight: Adam's `m` and `v`; then those of `settings`. */
  readonly stateNames: readonly string[];
  /** What an optimizer's own arrays are filled with at first. */
  readonly initialState: number;
  /** How many of the arrays are the optimizer's own: the first ones. */
  readonly ownStates: number;
  readonly learningRate: number | Schedule;
  /** The options that all share; missing where an optimizer does nothing around its updates. */
  readonly settings?: Settings;
  /** @throws ConfigError when the options name a weight that is not there */
  check?(parameters: readonly Parameter[]): void;
  /** What is done around the updates of these weights, beside which these arrays are kept. */
  around?(
    parameters: readonly Parameter[],
    regions: readonly (readonly Region[])[],
    backend: Backend,
  ): AroundUpdate;
  /** What a saved file holds. */
  config(): { readonly name: OptimizerName; readonly [option: string]: unknown };
  /** Takes what it needs of the backend's kernels; the function returned updates one weight in place. */
  bind(backend: Backend): UpdateParameter;
}

/** Updates one weight from its gradient, at the update after `iterations` others. */
export type UpdateParameter = (
  parameter: Parameter,
  state: State,
  learningRate: number,
  iterations: number,
) => void;

/** The arrays kept beside one weight: as many as the optimizer has names for. */
export type State = readonly [Region, Region, Region];

/** What an optimizer has of its own. */
export interface Rule {
  /** The options that are not shared, for the file. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly stateNames: readonly string[];
  readonly initialState?: number;
  bind(backend: Backend): UpdateParameter;
}

/**
 * Checks the options that all optimizers share, and that there are no others than `own` beside them.
 *
 * @throws ConfigError for an option that is unknown or out of range, or makes no sense beside another
 */
export function checkOptimizerOptions(
  where: string,
  options: OptimizerOptions,
  own: readonly string[],
  defaults: { readonly learningRate: number; readonly weightDecay?: number },
): { readonly learningRate: number | Schedule; readonly settings: Settings } {
  checkOptions(where, options, [...own, ...optionNames], hints);
  const { useEma = false, emaMomentum, emaOverwriteFrequency, gradientAccumulationSteps = 1 } = options;
  checkBoolean(`${where}: useEma`, useEma);
  for (const name of ['emaMomentum', 'emaOverwriteFrequency'] as const) {
    if (options[name] !== undefined && !useEma) {
      throw new ConfigError(`${where}: ${name} needs a moving average: { useEma: true }`);
    }
  }
  if (emaOverwriteFrequency !== undefined)
    checkInteger(`${where}: emaOverwriteFrequency`, emaOverwriteFrequency);
  const weightDecay = checkNumber(`${where}: weightDecay`, options.weightDecay ?? defaults.weightDecay ?? 0, {
    min: 0,
  });
  return {
    learningRate: checkLearningRate(`${where}: learningRate`, options.learningRate ?? defaults.learningRate),
    settings: {
      clip: checkClip(where, options),
      weightDecay,
      excludeFromWeightDecay: checkExcluded(where, options.excludeFromWeightDecay ?? [], weightDecay),
      learningRateFactors: checkFactors(where, options.learningRateFactors ?? {}),
      useEma,
      emaMomentum: checkNumber(`${where}: emaMomentum`, emaMomentum ?? 0.99, { min: 0, below: 1 }),
      emaOverwriteFrequency,
      gradientAccumulationSteps: checkInteger(
        `${where}: gradientAccumulationSteps`,
        gradientAccumulationSteps,
      ),
    },
  };
}

/** Puts an optimizer together from what all share and what is its own. */
export function createOptimizer(
  name: OptimizerName,
  { learningRate, settings }: ReturnType<typeof checkOptimizerOptions>,
  { options, stateNames, initialState = 0, bind }: Rule,
): Optimizer {
  const allNames = [
    ...stateNames,
    ...(settings.useEma ? [AVERAGE] : []),
    ...(settings.gradientAccumulationSteps > 1 ? [ACCUMULATED] : []),
  ];
  return {
    name,
    stateNames: allNames,
    initialState,
    ownStates: stateNames.length,
    learningRate,
    settings,
    check: (parameters) => checkWeightNames(name, settings, parameters),
    around: (parameters, regions, backend) => createAround(settings, allNames, parameters, regions, backend),
    config: () => ({ name, learningRate: rateConfig(learningRate), ...options, ...settingsConfig(settings) }),
    bind,
  };
}

/** The settings that are not the default, as a file holds them; a decay is always written. */
function settingsConfig({ clip, ...settings }: Settings): Record<string, unknown> {
  const { useEma, emaMomentum, emaOverwriteFrequency, gradientAccumulationSteps } = settings;
  const { weightDecay, excludeFromWeightDecay, learningRateFactors } = settings;
  return {
    ...clip,
    weightDecay,
    ...(excludeFromWeightDecay.length > 0 ? { excludeFromWeightDecay } : {}),
    ...(Object.keys(learningRateFactors).length > 0 ? { learningRateFactors } : {}),
    ...(useEma ? { useEma, emaMomentum } : {}),
    ...(emaOverwriteFrequency === undefined ? {} : { emaOverwriteFrequency }),
    ...(gradientAccumulationSteps > 1 ? { gradientAccumulationSteps } : {}),
  };
}

function checkClip(where: string, options: ClipOptions): ClipOptions {
  const given = clipNames.filter((name) => options[name] !== undefined);
  if (given.length > 1) {
    throw new ConfigError(`${where} takes one of ${clipNames.join(', ')} but got ${given.join(' and ')}`);
  }
  const [name] = given;
  if (name === undefined) return {};
  return { [name]: checkNumber(`${where}: ${name}`, options[name], { above: 0 }) };
}

function checkExcluded(where: string, names: readonly string[], weightDecay: number): readonly string[] {
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string' && name !== '')) {
    throw new ConfigError(
      `${where}: excludeFromWeightDecay is an array of names of weights, such as ['bias'], but got ${describe(names)}`,
    );
  }
  if (names.length > 0 && weightDecay === 0) {
    throw new ConfigError(`${where}: excludeFromWeightDecay needs a weightDecay above 0`);
  }
  return [...names];
}

function checkFactors(
  where: string,
  factors: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  if (typeof factors !== 'object' || factors === null || Array.isArray(factors)) {
    throw new ConfigError(
      `${where}: learningRateFactors is an object such as { embedding_1: 0.1 } but got ${describe(factors)}`,
    );
  }
  for (const [name, factor] of Object.entries(factors)) {
    checkNumber(`${where}: learningRateFactors of '${name}'`, factor, { min: 0 });
  }
  return { ...factors };
}
