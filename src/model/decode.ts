/**
 * Sequences of tokens from a model that says how likely each token is to come next: drawn one by one, or the likeliest
 * whole ones found by beam search. Drawing knows
 *
 *     temperature T:  p_k^(1/T) / sum of p_j^(1/T);  0 takes the likeliest
 *     top-k:          the k likeliest alone
 *     top-p:          the fewest of the likeliest whose probabilities reach p (Holtzman et al. 2020)
 *
 * in this order, each on what the one before has left.
 */
import { ConfigError, DataError } from '../core/errors.js';
import { checkInteger, checkNumber, checkOptions } from '../core/options.js';
import { drawSeed, Random } from '../core/random.js';
import type { FloatArray } from '../core/tensor.js';
import type { Sequential } from './sequential.js';

export interface SamplingOptions {
  /** Below 1 the likely becomes likelier, above 1 less so; 0 takes the likeliest; 1 by default. */
  temperature?: number;
  /** How many of the likeliest tokens are drawn from; all by default. */
  topK?: number;
  /** The share of the probability that is drawn from, from the likeliest on; 1, all, by default. */
  topP?: number;
  /** Decides what is drawn; drawn itself when left out. */
  seed?: number;
}

const samplingOptionNames = ['temperature', 'topK', 'topP', 'seed'];

/** What a model says after one token more: how likely each is to come next, and the state to go on from. */
export interface DecodingStep<S> {
  readonly probabilities: ArrayLike<number>;
  readonly state: S;
}

/** Gives a model one token more. */
export type StepFunction<S> = (token: number, state: S) => DecodingStep<S>;

export interface GenerateOptions extends SamplingOptions {
  /** How many tokens to make. */
  length: number;
  /** The token that ends the sequence before that; it is the last one then. None by default. */
  end?: number;
}

export interface BeamOptions {
  /** How many sequences are kept after each step. */
  width: number;
  /** How many tokens a sequence has at most. */
  length: number;
  /** The token that ends a sequence; none by default. */
  end?: number;
  /** Sequences are ranked by log-probability / length^alpha (Wu et al. 2016); 0 by default. */
  lengthPenalty?: number;
}

/** A sequence that beam search found. */
export interface Beam {
  readonly tokens: readonly number[];
  /** The sum of the logarithms of its tokens' probabilities. */
  readonly logProbability: number;
}

/**
 * The probabilities after temperature, top-k and top-p, which sum to 1. Among equals the first token wins.
 *
 * @throws ConfigError for options out of range; DataError for what is no distribution
 */
export function reshapeDistribution(
  probabilities: ArrayLike<number>,
  options: Omit<SamplingOptions, 'seed'> = {},
): Float64Array {
  checkOptions('reshapeDistribution', options, samplingOptionNames);
  const { temperature = 1, topK = probabilities.length, topP = 1 } = options;
  checkNumber('temperature', temperature, { min: 0 });
  checkInteger('topK', topK);
  checkNumber('topP', topP, { above: 0, max: 1 });
  const given = Float64Array.from(probabilities);
  const bad = given.findIndex((p) => !(p >= 0 && p <= 1.001));
  if (bad !== -1) {
    throw new DataError(
      `the probability of token ${bad} is ${given[bad]}: the model's last layer needs { activation: 'softmax' }`,
    );
  }
  const order = Array.from(given.keys()).sort((a, b) => at(given, b) - at(given, a) || a - b);
  const largest = at(given, order[0] as number);
  if (!(largest > 0)) throw new DataError('no token has a probability above 0');
  const kept = temperature === 0 ? 1 : Math.min(topK, order.length);
  const reshaped = new Float64Array(given.length);
  for (const token of order.slice(0, kept)) {
    reshaped[token] = temperature === 0 ? 1 : (at(given, token) / largest) ** (1 / temperature);
  }
  divide(reshaped, sum(reshaped));
  if (topP < 1) {
    let reached = 0;
    for (const token of order) {
      if (reached >= topP) reshaped[token] = 0;
      else reached += at(reshaped, token);
    }
    divide(reshaped, sum(reshaped));
  }
  return reshaped;
}

/**
 * Draws a sequence of tokens from a step function.
 *
 * @param start  what the model says before the first token that is drawn
 * @returns the tokens drawn, the ending one among them
 */
export function drawTokens<S>(
  step: StepFunction<S>,
  start: DecodingStep<S>,
  options: GenerateOptions,
): number[] {
  checkOptions('generate', options, [...samplingOptionNames, 'length', 'end']);
  const { length, end, seed = drawSeed(), ...shaping } = options;
  checkInteger('length', length);
  checkInteger('seed', seed, { min: 0 });
  const random = new Random(seed);
  const tokens: number[] = [];
  let { probabilities, state } = start;
  for (;;) {
    const token = drawFrom(reshapeDistribution(probabilities, shaping), random);
    tokens.push(token);
    if (token === end || tokens.length === length) return tokens;
    ({ probabilities, state } = step(token, state));
  }
}

/**
 * The likeliest sequences that can be found keeping `width` of them at each step, the best first. With a width of all
 * the sequences there are it finds the best of all.
 *
 * @param start  what the model says before the first token
 * @throws ConfigError for options out of range
 */
export function beamSearch<S>(step: StepFunction<S>, start: DecodingStep<S>, options: BeamOptions): Beam[] {
  checkOptions('beamSearch', options, ['width', 'length', 'end', 'lengthPenalty']);
  const { width, length, end, lengthPenalty = 0 } = options;
  checkInteger('width', width);
  checkInteger('length', length);
  checkNumber('lengthPenalty', lengthPenalty, { min: 0 });
  const score = ({ tokens, logProbability }: Beam) => logProbability / tokens.length ** lengthPenalty;
  const byScore = (a: Beam, b: Beam) => score(b) - score(a);
  let live: { beam: Beam; next: DecodingStep<S> }[] = [
    { beam: { tokens: [], logProbability: 0 }, next: start },
  ];
  const done: Beam[] = [];
  for (let t = 0; t < length && live.length > 0; t++) {
    const candidates = live.flatMap(({ beam, next }) =>
      Array.from(next.probabilities, (p, token) => ({
        beam: { tokens: [...beam.tokens, token], logProbability: beam.logProbability + Math.log(p) },
        next,
        token,
      })).filter(({ beam: { logProbability } }) => logProbability > Number.NEGATIVE_INFINITY),
    );
    candidates.sort((a, b) => byScore(a.beam, b.beam));
    live = [];
    for (const { beam, next, token } of candidates.slice(0, width)) {
      if (token === end || t === length - 1) done.push(beam);
      else live.push({ beam, next: step(token, next.state) });
    }
  }
  return done.sort(byScore).slice(0, width);
}

/**
 * Text, or any sequence of tokens, from a model that was trained to say the next one: a step of its input is one
 * token, one-hot, or its number where the input has one feature; its output is a softmax over the tokens.
 *
 * @param prompt  the tokens that it begins with, at least one
 * @returns the tokens that follow
 * @throws ConfigError when the model cannot be streamed or an option is out of range; DataError for an empty prompt
 *
 * @example const next = generate(model, encode('Once upon'), { length: 200, temperature: 0.8, topP: 0.9, seed: 1 });
 */
export function generate(
  model: Sequential<FloatArray>,
  prompt: ArrayLike<number>,
  options: GenerateOptions,
): number[] {
  const step = streamSteps(model);
  let said: DecodingStep<TokenState> | undefined;
  for (const token of Array.from(prompt)) said = step(token, said?.state);
  if (said === undefined) throw new DataError('the prompt is empty: give at least one token to begin with');
  return drawTokens(step, said, options);
}

/** The state of a stream after some tokens; undefined before the first. */
export type TokenState = ReturnType<ReturnType<Sequential['stream']>['state']> | undefined;

/** A model as a step function: what `generate` draws from, for `beamSearch` on the same model. */
export function streamSteps(model: Sequential<FloatArray>): StepFunction<TokenState> {
  const live = model.stream();
  const inputs = model.internals.network?.inputShapes[0]?.at(-1) as number;
  return (token, state) => {
    const count = inputs === 1 ? Number.MAX_SAFE_INTEGER : inputs;
    if (!Number.isInteger(token) || token < 0 || token >= count) {
      throw new ConfigError(`a token is a whole number from 0 to ${count - 1} but is ${token}`);
    }
    const features = new Float64Array(inputs);
    if (inputs === 1) features[0] = token;
    else features[token] = 1;
    if (state === undefined) live.reset();
    else live.restore(state);
    return { probabilities: live.push(features), state: live.state() };
  };
}

function drawFrom(probabilities: Float64Array, random: Random): number {
  const drawn = random.uniform();
  let reached = 0;
  let last = 0;
  for (let token = 0; token < probabilities.length; token++) {
    if (at(probabilities, token) === 0) continue;
    reached += at(probabilities, token);
    last = token;
    if (drawn < reached) return token;
  }
  return last; // the sum may fall short of 1 by a rounding
}

function at(values: Float64Array, index: number): number {
  return values[index] as number;
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}

function divide(values: Float64Array, by: number): void {
  for (let k = 0; k < values.length; k++) values[k] = at(values, k) / by;
}
