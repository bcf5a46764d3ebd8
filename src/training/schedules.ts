/** Schedules by their names: learning rates that change with the number of updates made. */
import { unknownName } from '../core/options.js';
import { cosineDecay, cosineDecayRestarts } from './schedules/cosine.js';
import {
  exponentialDecay,
  inverseTimeDecay,
  piecewiseConstant,
  polynomialDecay,
} from './schedules/decays.js';
import { oneCycle } from './schedules/one-cycle.js';
import { checkLearningRate, type Schedule, type ScheduleName } from './schedules/schedule.js';
import { warmup } from './schedules/warmup.js';

const factories: Record<ScheduleName, (options: never) => Schedule> = {
  exponentialDecay,
  cosineDecay,
  cosineDecayRestarts,
  inverseTimeDecay,
  polynomialDecay,
  piecewiseConstant,
  oneCycle,
  warmup,
};

/** A learning rate, or what a saved file holds of one. */
export function toLearningRate(where: string, value: unknown): number | Schedule {
  const isStored = typeof value === 'object' && value !== null && 'name' in value;
  if (!isStored) return checkLearningRate(where, value);
  const { name, ...options } = value as { name: string; learningRate?: unknown };
  if (!Object.hasOwn(factories, name))
    throw unknownName(`${where}: schedule`, String(name), Object.keys(factories));
  const { learningRate } = options;
  if (learningRate !== undefined) options.learningRate = toLearningRate(`${where} of ${name}`, learningRate);
  return (factories[name as ScheduleName] as (options: unknown) => Schedule)(options);
}
