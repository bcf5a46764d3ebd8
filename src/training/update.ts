/** One update of the weights: penalties, the check that all is finite, clipping, the optimizer. */
import type { Backend } from '../backend/backend.js';
import type { Memory } from '../backend/memory.js';
import { NumericError } from '../core/errors.js';
import type { Parameter } from '../core/parameter.js';
import type { Region } from '../core/region.js';
import { clip, scale, sumOfSquares } from '../kernels/optimizers.js';
import type { Optimizer, UpdateParameter } from './optimizers.js';

/** An optimizer at work on a model: how many updates it has made, and what it keeps beside each weight. */
export interface OptimizerState {
  readonly optimizer: Optimizer;
  iterations: number;
  /** In the order of the parameters, each in the order of `optimizer.stateNames`. */
  readonly regions: readonly (readonly Region[])[];
  /** The weights before the update at hand, to go back to when it overflows. */
  readonly previous: readonly Region[];
  readonly update: UpdateParameter;
}

export function createOptimizerState(
  optimizer: Optimizer,
  parameters: readonly Parameter[],
  memory: Memory,
  backend: Backend,
): OptimizerState {
  const { regions, previous } = memory.keep((arena) => ({
    regions: parameters.map(({ value }) => optimizer.stateNames.map(() => arena.floats(value.length))),
    previous: parameters.map(({ value }) => arena.floats(value.length)),
  }));
  return { optimizer, iterations: 0, regions, previous, update: optimizer.bind(backend) };
}

/** The learning rate of the next update. */
export function currentLearningRate({ optimizer, iterations }: OptimizerState): number {
  const { learningRate } = optimizer;
  return typeof learningRate === 'number' ? learningRate : learningRate.at(iterations);
}

/** What the regularizers of all weights cost. */
export function totalPenalty(parameters: readonly Parameter[]): number {
  let sum = 0;
  for (const { regularizer, value } of parameters) if (regularizer) sum += regularizer.penalty(value.array);
  return sum;
}

/**
 * Clips the gradients and updates the trainable weights.
 *
 * @param where  the epoch and batch, for the message
 * @throws NumericError when a gradient or an updated weight is not finite; the weights are those before it then
 */
export function applyGradients(
  parameters: readonly Parameter[],
  state: OptimizerState,
  backend: Backend,
  where: () => string,
): void {
  const { optimizer, regions, previous, update } = state;
  const { clipNorm, globalClipNorm, clipValue } = optimizer.clip;
  const isClipped = Object.keys(optimizer.clip).length > 0;
  const kernels = backend.bind({ clip, scale, sumOfSquares });
  let total = 0;
  for (const parameter of parameters) {
    if (!parameter.trainable) continue;
    const { array: g, length } = parameter.gradient;
    const squares = kernels.sumOfSquares(g, length);
    // Adam stores the squares: they must be finite in the weights' own precision, unless they are clipped first.
    const stored = isClipped || g instanceof Float64Array ? squares : Math.fround(squares);
    if (!Number.isFinite(stored)) {
      throw notFinite(`the gradient of ${parameter.name} has the norm ${Math.sqrt(squares)}`, where);
    }
    total += squares;
  }
  const globalFactor = shrinking(globalClipNorm, total);
  const rate = currentLearningRate(state);
  for (let p = 0; p < parameters.length; p++) {
    const parameter = parameters[p] as Parameter;
    if (!parameter.trainable) continue;
    const { array: g, length } = parameter.gradient;
    const factor =
      globalFactor * shrinking(clipNorm, clipNorm === undefined ? 0 : kernels.sumOfSquares(g, length));
    if (factor < 1) kernels.scale(g, length, factor);
    if (clipValue !== undefined) kernels.clip(g, length, clipValue);
    (previous[p] as Region).array.set(parameter.value.array);
    update(parameter, regions[p] as readonly Region[], rate, state.iterations);
    if (!Number.isFinite(kernels.sumOfSquares(parameter.value.array, length))) {
      for (let q = 0; q <= p; q++) restore(parameters[q] as Parameter, previous[q] as Region);
      throw notFinite(`the update of ${parameter.name} is not finite`, where);
    }
  }
  state.iterations++;
}

function restore({ trainable, value }: Parameter, previous: Region): void {
  if (trainable) value.array.set(previous.array);
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
