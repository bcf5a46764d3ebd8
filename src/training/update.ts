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
  readonly update: UpdateParameter;
}

export function createOptimizerState(
  optimizer: Optimizer,
  parameters: readonly Parameter[],
  memory: Memory,
  backend: Backend,
): OptimizerState {
  const regions = memory.keep((arena) =>
    parameters.map(({ value }) => optimizer.stateNames.map(() => arena.floats(value.length))),
  );
  return { optimizer, iterations: 0, regions, update: optimizer.bind(backend) };
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
 * @throws NumericError when a gradient is not finite; no weight has been changed then
 */
export function applyGradients(
  parameters: readonly Parameter[],
  state: OptimizerState,
  backend: Backend,
  where: () => string,
): void {
  const { optimizer, regions, update } = state;
  const { clipNorm, globalClipNorm, clipValue } = optimizer.clip;
  const kernels = backend.bind({ clip, scale, sumOfSquares });
  let total = 0;
  for (const parameter of parameters) {
    if (!parameter.trainable) continue;
    const { array: g, length } = parameter.gradient;
    const squares = kernels.sumOfSquares(g, length);
    if (!Number.isFinite(squares)) throw notFinite(parameter, where);
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
    update(parameter, regions[p] as readonly Region[], rate, state.iterations);
  }
  state.iterations++;
}

/** min(1, limit / norm) */
function shrinking(limit: number | undefined, squares: number): number {
  return limit === undefined || squares === 0 ? 1 : Math.min(1, limit / Math.sqrt(squares));
}

function notFinite(parameter: Parameter, where: () => string): NumericError {
  return new NumericError(
    `the gradient of ${parameter.name} is no longer finite ${where()}: the weights are those before it; ` +
      'try a smaller learning rate, or clip the gradients with { globalClipNorm: 1 }',
  );
}
