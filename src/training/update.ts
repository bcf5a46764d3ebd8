/**
 * One update of the weights: the check that all is finite, the optimizer, constraints. What can be done around it, such as
 * clipping and decay, is in around-update.ts.
 */
import type { Backend } from '../backend/kernel-set.js';
import type { Memory } from '../backend/memory.js';
import { ConfigError, NumericError } from '../core/errors.js';
import { checkNumber } from '../core/options.js';
import type { Parameter } from '../core/parameter.js';
import type { Region } from '../core/region.js';
import { sumOfSquares } from '../kernels/optimizers.js';
import type { AroundUpdate } from './around-update.js';
import type { Optimizer, State, UpdateParameter } from './optimizers/optimizer.js';
import type { Origins } from './origin.js';
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
  readonly update: UpdateParameter;
  readonly sumOfSquares: typeof sumOfSquares;
  /** What is done around each update, where the optimizer asks for anything. */
  readonly around: AroundUpdate | undefined;
}

export function createOptimizerState(
  optimizer: Optimizer,
  parameters: readonly Parameter[],
  memory: Memory,
  backend: Backend,
): OptimizerState {
  const { stateNames, ownStates } = optimizer;
  const { regions, previous } = memory.keep((arena) => ({
    regions: parameters.map(({ value }) => stateNames.map(() => arena.floats(value.length))),
    previous: parameters.map(({ value }) =>
      [value, ...stateNames.slice(0, ownStates)].map(() => arena.floats(value.length)),
    ),
  }));
  for (const state of regions)
    for (const { array } of state.slice(0, ownStates)) array.fill(optimizer.initialState);
  return {
    optimizer,
    learningRate: optimizer.learningRate,
    iterations: 0,
    waiting: { batches: 0, count: 0 },
    regions,
    previous,
    update: optimizer.bind(backend),
    around: optimizer.around?.(parameters, regions, backend),
    ...backend.bind({ sumOfSquares }),
  };
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
 * @param pass  that the gradients came from, if it is known
 * @param originOf  says which layer one that is not finite came from
 * @throws NumericError when a gradient or an updated weight is not finite; weights and optimizer are as before it then
 */
export function applyGradients(
  parameters: readonly Parameter[],
  state: OptimizerState,
  count: number,
  where: () => string,
  pass?: Origins,
  originOf?: (pass: Origins) => string | undefined,
): void {
  const { around } = state;
  if (around?.waits(state)) {
    checkGradients(parameters, state, where, pass, originOf);
    around.accumulate(state, count);
    return;
  }
  around?.join(state, count);
  const squares = checkGradients(parameters, state, where, pass, originOf);
  updateWeights(parameters, state, squares, where);
  state.iterations++;
  around?.done(state);
}

/** The sum of squares of all gradients; a NumericError when it is not finite. */
function checkGradients(
  parameters: readonly Parameter[],
  { around, sumOfSquares }: OptimizerState,
  where: () => string,
  pass: Origins | undefined,
  originOf: ((pass: Origins) => string | undefined) | undefined,
): number {
  let total = 0;
  for (const parameter of parameters) {
    if (!parameter.trainable) continue;
    const { array: g, length } = parameter.gradient;
    const squares = sumOfSquares(g, length);
    // Adam stores the squares: they must be finite in the weights' own precision, unless they are clipped first.
    const stored = around?.isClipping || g instanceof Float64Array ? squares : Math.fround(squares);
    if (!Number.isFinite(stored)) {
      const whole = `the gradient of ${parameter.name} has the norm ${Math.sqrt(squares)}`;
      throw notFinite((pass && originOf?.(pass)) ?? whole, where);
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
  const { regions, previous, around, sumOfSquares, update } = state;
  const learningRate = currentLearningRate(state);
  for (let p = 0; p < parameters.length; p++) {
    const parameter = parameters[p] as Parameter;
    if (!parameter.trainable) continue;
    const own = regions[p] as State;
    copy(previous[p] as readonly Region[], parameter.value, own);
    const rate = around ? around.prepare(p, squares, learningRate) : learningRate;
    update(parameter, own, rate, state.iterations);
    parameter.constraint?.apply(parameter.value.array, parameter.shape);
    if (!Number.isFinite(sumOfSquares(parameter.value.array, parameter.value.length))) {
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

/** What went wrong in a batch: the end of every such message is the same. */
export function notFinite(what: string, where: () => string): NumericError {
  return new NumericError(
    `${what} ${where()}: the weights are those before it; ` +
      'try a smaller learning rate, or clip the gradients with { globalClipNorm: 1 }',
  );
}
