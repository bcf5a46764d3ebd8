/**
 * One update of the weights: the gradients of several batches taken together, the check that all is finite, clipping,
 * decay, the optimizer, constraints, and the moving average of the weights.
 */
import type { Backend } from '../backend/kernel-set.js';
import type { Memory } from '../backend/memory.js';
import { ConfigError, NumericError } from '../core/errors.js';
import { checkNumber } from '../core/options.js';
import type { Parameter } from '../core/parameter.js';
import type { Region } from '../core/region.js';
import { blend, clip, scale, sumOfSquares } from '../kernels/optimizers.js';
import {
  ACCUMULATED,
  AVERAGE,
  type Optimizer,
  type State,
  standsFor,
  type UpdateParameter,
} from './optimizers/optimizer.js';
import { rateAt, type Schedule } from './schedules/schedule.js';

/** An optimizer at work on a model: how many updates it has made, and what it keeps beside each weight. */
export interface OptimizerState {
  readonly optimizer: Optimizer;
  learningRate: number | Schedule;
  iterations: number;
  /** Batches whose gradients wait for the next update, and how many rows or steps counted in them. */
  waiting: { batches: number; count: number };
  /** In the order of the parameters, each in the order of `optimizer.stateNames`. */
  readonly regions: readonly (readonly Region[])[];
  /** The weights, and what is kept beside them, before the update at hand: to go back to when it overflows. */
  readonly previous: readonly (readonly Region[])[];
  /** What the learning rate is multiplied by, and the share of itself that it loses an update, for each parameter. */
  readonly factors: readonly { readonly rate: number; readonly decay: number }[];
  readonly update: UpdateParameter;
  readonly kernels: typeof updateKernels;
}

const updateKernels = { blend, clip, scale, sumOfSquares };

export function createOptimizerState(
  optimizer: Optimizer,
  parameters: readonly Parameter[],
  memory: Memory,
  backend: Backend,
): OptimizerState {
  const { stateNames } = optimizer;
  const factors = factorsOf(optimizer, parameters);
  const ownStates = stateNames.filter((name) => name !== AVERAGE && name !== ACCUMULATED);
  const { regions, previous } = memory.keep((arena) => ({
    regions: parameters.map(({ value }) => stateNames.map(() => arena.floats(value.length))),
    previous: parameters.map(({ value }) => [value, ...ownStates].map(() => arena.floats(value.length))),
  }));
  for (const state of regions)
    for (const { array } of state.slice(0, ownStates.length)) array.fill(optimizer.initialState);
  return {
    optimizer,
    learningRate: optimizer.learningRate,
    iterations: 0,
    waiting: { batches: 0, count: 0 },
    regions,
    previous,
    factors,
    update: optimizer.bind(backend),
    kernels: backend.bind(updateKernels),
  };
}

/** @throws ConfigError when the settings of the optimizer name a weight that is not there */
export function checkWeightNames({ name, settings }: Optimizer, parameters: readonly Parameter[]): void {
  const { learningRateFactors, excludeFromWeightDecay } = settings;
  const given = { learningRateFactors: Object.keys(learningRateFactors), excludeFromWeightDecay };
  for (const [option, names] of Object.entries(given)) {
    const strange = names.find((each) => !parameters.some((parameter) => standsFor(each, parameter.name)));
    if (strange === undefined) continue;
    const known = parameters.map((parameter) => parameter.name).join(', ');
    throw new ConfigError(`${name}: ${option} names '${strange}' but the weights are ${known}`);
  }
}

function factorsOf({ settings }: Optimizer, parameters: readonly Parameter[]): OptimizerState['factors'] {
  const { learningRateFactors, excludeFromWeightDecay, weightDecay } = settings;
  return parameters.map((parameter) => ({
    rate: Object.entries(learningRateFactors)
      .filter(([each]) => standsFor(each, parameter.name))
      .reduce((product, [, factor]) => product * factor, 1),
    decay: excludeFromWeightDecay.some((each) => standsFor(each, parameter.name)) ? 0 : weightDecay,
  }));
}

/** The learning rate of the next update. */
export function currentLearningRate({ learningRate, iterations }: OptimizerState): number {
  return rateAt(learningRate, iterations);
}

/** @throws ConfigError where the optimizer has a schedule, which decides it; and for what is no learning rate */
export function setLearningRate(state: OptimizerState, rate: number): void {
  if (typeof state.learningRate !== 'number') {
    throw new ConfigError(
      `the learning rate is decided by the schedule ${state.learningRate.config().name}: to set it, give ` +
        `${state.optimizer.name} a number for its learningRate`,
    );
  }
  state.learningRate = checkNumber('learningRate', rate, { min: 0 });
}

/** What the regularizers of all weights cost. */
export function totalPenalty(parameters: readonly Parameter[]): number {
  let sum = 0;
  for (const { regularizer, value } of parameters) if (regularizer) sum += regularizer.penalty(value.array);
  return sum;
}

/**
 * Takes the gradients of a batch in and, where the optimizer waits for no more batches, updates the trainable weights.
 *
 * @param count  how many rows or steps of the batch count
 * @param where  the epoch and batch, for the message
 * @param origin  the layer that a gradient that is not finite came from, if it is known
 * @throws NumericError when a gradient or an updated weight is not finite; weights and optimizer are as before it then
 */
export function applyGradients(
  parameters: readonly Parameter[],
  state: OptimizerState,
  count: number,
  where: () => string,
  origin: () => string | undefined = () => undefined,
): void {
  const { optimizer, waiting } = state;
  const { gradientAccumulationSteps, useEma } = optimizer.settings;
  if (waiting.batches + 1 < gradientAccumulationSteps) {
    checkGradients(parameters, state, where, origin);
    accumulate(parameters, state, count);
    return;
  }
  if (waiting.batches > 0) joinAccumulated(parameters, state, count);
  const squares = checkGradients(parameters, state, where, origin);
  updateWeights(parameters, state, squares, where);
  state.iterations++;
  state.waiting = { batches: 0, count: 0 };
  if (useEma) updateAverages(parameters, state);
}

/** The sum of squares of all gradients; a NumericError when it is not finite. */
function checkGradients(
  parameters: readonly Parameter[],
  { optimizer, kernels }: OptimizerState,
  where: () => string,
  origin: () => string | undefined,
): number {
  const isClipped = Object.keys(optimizer.settings.clip).length > 0;
  let total = 0;
  for (const parameter of parameters) {
    if (!parameter.trainable) continue;
    const { array: g, length } = parameter.gradient;
    const squares = kernels.sumOfSquares(g, length);
    // Adam stores the squares: they must be finite in the weights' own precision, unless they are clipped first.
    const stored = isClipped || g instanceof Float64Array ? squares : Math.fround(squares);
    if (!Number.isFinite(stored)) {
      const whole = `the gradient of ${parameter.name} has the norm ${Math.sqrt(squares)}`;
      throw notFinite(origin() ?? whole, where);
    }
    total += squares;
  }
  return total;
}

function updateWeights(
  parameters: readonly Parameter[],
  state: OptimizerState,
  squares: number,
  where: () => string,
): void {
  const { optimizer, regions, previous, factors, kernels, update } = state;
  const { clipNorm, globalClipNorm, clipValue } = optimizer.settings.clip;
  const globalFactor = shrinking(globalClipNorm, squares);
  const learningRate = currentLearningRate(state);
  for (let p = 0; p < parameters.length; p++) {
    const parameter = parameters[p] as Parameter;
    if (!parameter.trainable) continue;
    const { array: g, length } = parameter.gradient;
    const factor =
      globalFactor * shrinking(clipNorm, clipNorm === undefined ? 0 : kernels.sumOfSquares(g, length));
    if (factor < 1) kernels.scale(g, length, factor);
    if (clipValue !== undefined) kernels.clip(g, length, clipValue);
    const own = regions[p] as State;
    const before = previous[p] as readonly Region[];
    copy(before, parameter.value, own);
    const { rate, decay } = factors[p] as { rate: number; decay: number };
    if (decay > 0) kernels.scale(parameter.value.array, length, 1 - learningRate * rate * decay);
    update(parameter, own, learningRate * rate, state.iterations);
    parameter.constraint?.apply(parameter.value.array, parameter.shape);
    if (!Number.isFinite(kernels.sumOfSquares(parameter.value.array, length))) {
      takeBack(parameters, state, p);
      throw notFinite(`the update of ${parameter.name} is not finite`, where);
    }
  }
}

/** Writes down a weight, and what is kept beside it. */
function copy(before: readonly Region[], value: Region, own: readonly Region[]): void {
  before[0]?.array.set(value.array);
  for (let s = 1; s < before.length; s++) before[s]?.array.set((own[s - 1] as Region).array);
}

/** Takes the updates of the parameters up to number `last` back. */
function takeBack(
  parameters: readonly Parameter[],
  { regions, previous }: OptimizerState,
  last: number,
): void {
  for (let p = 0; p <= last; p++) {
    const { trainable, value } = parameters[p] as Parameter;
    if (!trainable) continue;
    const [weight, ...own] = previous[p] as readonly Region[];
    value.array.set((weight as Region).array);
    own.forEach(({ array }, s) => void regions[p]?.[s]?.array.set(array));
  }
}

/**
 * The mean gradient over the batches that wait takes in that of the batch at hand, each by how many rows or steps
 * counted in it: so that the update is the one that a single batch of them all would make.
 */
function accumulate(parameters: readonly Parameter[], state: OptimizerState, count: number): void {
  const { waiting, kernels } = state;
  const total = waiting.count + count;
  forEachKept(parameters, state, ACCUMULATED, ({ gradient }, mean) => {
    kernels.blend(mean.array, gradient.array, mean.length, waiting.count / total);
  });
  state.waiting = { batches: waiting.batches + 1, count: total };
}

/** The gradient at hand becomes the mean over the batches that wait and this one. */
function joinAccumulated(parameters: readonly Parameter[], state: OptimizerState, count: number): void {
  const { waiting, kernels } = state;
  const share = count / (waiting.count + count);
  forEachKept(parameters, state, ACCUMULATED, ({ gradient }, mean) => {
    kernels.blend(gradient.array, mean.array, mean.length, share);
  });
}

/**
 * average = momentum average + (1 - momentum) w, beginning with the weights after the first update; and every so often
 * the weights are set to it. That of a frozen weight is the weight.
 */
function updateAverages(parameters: readonly Parameter[], state: OptimizerState): void {
  const { kernels, optimizer } = state;
  const { emaMomentum, emaOverwriteFrequency } = optimizer.settings;
  forEachKept(parameters, state, AVERAGE, ({ value, trainable }, average) => {
    const share = trainable && state.iterations > 1 ? emaMomentum : 0;
    kernels.blend(average.array, value.array, value.length, share);
  });
  const isDue = emaOverwriteFrequency !== undefined && state.iterations % emaOverwriteFrequency === 0;
  if (isDue) takeAverages(parameters, state);
}

/** Sets the weights to their moving averages, where the optimizer keeps them and has made an update. */
export function takeAverages(parameters: readonly Parameter[], state: OptimizerState): void {
  if (state.iterations === 0) return;
  forEachKept(parameters, state, AVERAGE, ({ value, trainable }, average) => {
    if (trainable) value.array.set(average.array);
  });
}

/** Calls `work` with every weight and the array of this name beside it, if there is one. */
function forEachKept(
  parameters: readonly Parameter[],
  { optimizer, regions }: OptimizerState,
  name: string,
  work: (parameter: Parameter, kept: Region) => void,
): void {
  const index = optimizer.stateNames.indexOf(name);
  if (index === -1) return;
  parameters.forEach((parameter, p) => void work(parameter, regions[p]?.[index] as Region));
}

/** min(1, limit / norm) */
function shrinking(limit: number | undefined, squares: number): number {
  return limit === undefined || squares === 0 ? 1 : Math.min(1, limit / Math.sqrt(squares));
}

/** What went wrong in a batch: the end of every such message is the same. */
export function notFinite(what: string, where: () => string): NumericError {
  return new NumericError(
    `${what} ${where()}: the weights are those before it; ` +
      'try a smaller learning rate, or clip the gradients with { globalClipNorm: 1 }',
  );
}
