/** What a schedule is, and what a learning rate may be. */
import { ConfigError } from '../../core/errors.js';
import { cosine } from '../../core/math.js';
import { checkNumber, describe } from '../../core/options.js';

export interface Schedule {
  /** The learning rate of the update after `iterations` updates: 0 for the first. */
  at(iterations: number): number;
  /** What a saved file holds. */
  config(): { readonly name: ScheduleName; readonly [option: string]: unknown };
}

export type ScheduleName =
  | 'exponentialDecay'
  | 'cosineDecay'
  | 'cosineDecayRestarts'
  | 'inverseTimeDecay'
  | 'polynomialDecay'
  | 'piecewiseConstant'
  | 'oneCycle'
  | 'warmup';

/** From 1 down to 0 on half a cosine, as `done` goes from 0 to 1. */
export function halfCosine(done: number): number {
  return 0.5 * (1 + cosine(Math.PI * done));
}

/** The number that lies a share of the way from one to another. */
export function between(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}

/** The learning rate of the update after `iterations` updates. */
export function rateAt(learningRate: number | Schedule, iterations: number): number {
  return typeof learningRate === 'number' ? learningRate : learningRate.at(iterations);
}

/** What a file holds of a learning rate. */
export function rateConfig(learningRate: number | Schedule): unknown {
  return typeof learningRate === 'number' ? learningRate : learningRate.config();
}

/** The learning rate, if it is one: a number, or a schedule. */
export function checkLearningRate(where: string, value: unknown): number | Schedule {
  if (typeof value === 'number') return checkNumber(where, value, { min: 0 });
  if (isSchedule(value)) return value;
  throw new ConfigError(`${where} is a number or a schedule such as cosineDecay but got ${describe(value)}`);
}

function isSchedule(value: unknown): value is Schedule {
  const { at, config } = Object(value) as Partial<Schedule>;
  return typeof at === 'function' && typeof config === 'function';
}
