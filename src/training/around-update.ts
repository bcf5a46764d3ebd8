/**
 * What can be done around an optimizer's updates: the gradients of several batches taken together, clipping, decay,
 * learning rates of single weights, and the moving average of the weights.
 */
import type { Backend } from '../backend/kernel-set.js';
import { ConfigError } from '../core/errors.js';
import type { Parameter } from '../core/parameter.js';
import type { Region } from '../core/region.js';
import { blend, clip, scale, sumOfSquares } from '../kernels/optimizers.js';

/** At most one of the three limits of gradients, with Keras's meanings. */
export interface ClipOptions {
  /** The largest norm that the gradient of each weight may have: `g * min(1, clipNorm / norm)`. */
  clipNorm?: number;
  /** The largest norm that the gradients of all weights together may have. */
  globalClipNorm?: number;
  /** The largest absolute value that a number of a gradient may have. */
  clipValue?: number;
}

/** The options that all optimizers share, checked and filled in. */
export interface Settings {
  readonly clip: Readonly<ClipOptions>;
  readonly weightDecay: number;
  readonly excludeFromWeightDecay: readonly string[];
  readonly learningRateFactors: Readonly<Record<string, number>>;
  readonly useEma: boolean;
  readonly emaMomentum: number;
  readonly emaOverwriteFrequency: number | undefined;
  readonly gradientAccumulationSteps: number;
}

/** What is done before and after the updates of all weights. */
export interface AroundUpdate {
  /** Whether gradients are made smaller first, so that their squares may be beyond single precision. */
  readonly isClipping: boolean;
  /** Whether the update is to wait for more batches. */
  waits(progress: UpdateProgress): boolean;
  /** Takes the gradient of a batch into those that wait; so many rows or steps counted in it. */
  accumulate(progress: UpdateProgress, count: number): void;
  /** Takes the gradients that wait into that of the batch at hand. */
  join(progress: UpdateProgress, count: number): void;
  /** Clips gradient number `p` and lets its weight decay; returns the learning rate of that weight. */
  prepare(p: number, squares: number, learningRate: number): number;
  /** What is done when the weights have been updated. */
  done(progress: UpdateProgress): void;
  /** Sets the weights to their moving averages, where they are kept. */
  takeAverages(): void;
}

/** How far updates have come. */
export interface UpdateProgress {
  /** How many have been made. */
  readonly iterations: number;
  /** Batches whose gradients wait for the next one, and how many rows or steps counted in them. */
  waiting: { readonly batches: number; readonly count: number };
}

/** The array with the moving average of a weight, and that with its mean gradient over the batches so far. */
export const AVERAGE = 'average';
export const ACCUMULATED = 'accumulated';

/**
 * @param regions  the arrays beside each parameter, in the order of `stateNames`
 */
export function createAround(
  settings: Settings,
  stateNames: readonly string[],
  parameters: readonly Parameter[],
  regions: readonly (readonly Region[])[],
  backend: Backend,
): AroundUpdate {
  const kernels = backend.bind({ blend, clip, scale, sumOfSquares });
  const { clipNorm, globalClipNorm, clipValue } = settings.clip;
  const { gradientAccumulationSteps, useEma, emaMomentum, emaOverwriteFrequency } = settings;
  const factors = factorsOf(settings, parameters);

  /** Calls `work` with every weight and the array of this name beside it, if there is one. */
  const forEachKept = (name: string, work: (parameter: Parameter, kept: Region) => void) => {
    const index = stateNames.indexOf(name);
    if (index === -1) return;
    parameters.forEach((parameter, p) => void work(parameter, regions[p]?.[index] as Region));
  };
  const takeAverages = () => {
    forEachKept(AVERAGE, ({ value, trainable }, average) => {
      if (trainable) value.array.set(average.array);
    });
  };

  return {
    isClipping: Object.keys(settings.clip).length > 0,
    waits: ({ waiting }) => waiting.batches + 1 < gradientAccumulationSteps,
    // The mean gradient over the batches that wait takes in that of the batch at hand, each by how many rows or steps
    // counted in it: so that the update is the one that a single batch of them all would make.
    accumulate: (state, count) => {
      const { waiting } = state;
      const total = waiting.count + count;
      forEachKept(ACCUMULATED, ({ gradient }, mean) => {
        kernels.blend(mean.array, gradient.array, mean.length, waiting.count / total);
      });
      state.waiting = { batches: waiting.batches + 1, count: total };
    },
    // The gradient at hand becomes the mean over the batches that wait and this one.
    join: ({ waiting }, count) => {
      if (waiting.batches === 0) return;
      const share = count / (waiting.count + count);
      forEachKept(ACCUMULATED, ({ gradient }, mean) => {
        kernels.blend(gradient.array, mean.array, mean.length, share);
      });
    },
    prepare: (p, squares, learningRate) => {
      const { gradient, value } = parameters[p] as Parameter;
      const { array: g, length } = gradient;
      const ownSquares = clipNorm === undefined ? 0 : kernels.sumOfSquares(g, length);
      const factor = shrinking(globalClipNorm, squares) * shrinking(clipNorm, ownSquares);
      if (factor < 1) kernels.scale(g, length, factor);
      if (clipValue !== undefined) kernels.clip(g, length, clipValue);
      const { rate, decay } = factors[p] as { rate: number; decay: number };
      if (decay > 0) kernels.scale(value.array, length, 1 - learningRate * rate * decay);
      return learningRate * rate;
    },
    // average = momentum average + (1 - momentum) w, beginning with the weights after the first update; and every so
    // often the weights are set to it. That of a frozen weight is the weight.
    done: (state) => {
      if (state.waiting.batches > 0) state.waiting = { batches: 0, count: 0 };
      if (!useEma) return;
      forEachKept(AVERAGE, ({ value, trainable }, average) => {
        const share = trainable && state.iterations > 1 ? emaMomentum : 0;
        kernels.blend(average.array, value.array, value.length, share);
      });
      if (emaOverwriteFrequency !== undefined && state.iterations % emaOverwriteFrequency === 0)
        takeAverages();
    },
    takeAverages,
  };
}

/** Whether a name that a user gave stands for the weight `lstm_1/kernel`: for it, its layer, or its own name. */
function standsFor(name: string, weight: string): boolean {
  return `/${weight}/`.includes(`/${name}/`);
}

/** @throws ConfigError when the settings of the optimizer name a weight that is not there */
export function checkWeightNames(
  optimizer: string,
  settings: Settings,
  parameters: readonly Parameter[],
): void {
  const { learningRateFactors, excludeFromWeightDecay } = settings;
  const given = { learningRateFactors: Object.keys(learningRateFactors), excludeFromWeightDecay };
  for (const [option, names] of Object.entries(given)) {
    const strange = names.find((each) => !parameters.some((parameter) => standsFor(each, parameter.name)));
    if (strange === undefined) continue;
    const known = parameters.map((parameter) => parameter.name).join(', ');
    throw new ConfigError(`${optimizer}: ${option} names '${strange}' but the weights are ${known}`);
  }
}

/** What the learning rate is multiplied by, and the share of itself that it loses an update, for each parameter. */
function factorsOf(settings: Settings, parameters: readonly Parameter[]) {
  const { learningRateFactors, excludeFromWeightDecay, weightDecay } = settings;
  return parameters.map((parameter) => ({
    rate: Object.entries(learningRateFactors)
      .filter(([each]) => standsFor(each, parameter.name))
      .reduce((product, [, factor]) => product * factor, 1),
    decay: excludeFromWeightDecay.some((each) => standsFor(each, parameter.name)) ? 0 : weightDecay,
  }));
}

/** min(1, limit / norm) */
function shrinking(limit: number | undefined, squares: number): number {
  return limit === undefined || squares === 0 ? 1 : Math.min(1, limit / Math.sqrt(squares));
}
