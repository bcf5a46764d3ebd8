/** How good answers are, beside those of somebody who knows nothing of the rows. */
import { log } from '../../core/math.js';

/** A figure of the model, and that of the simplest answer. */
export interface Score {
  readonly metric: string;
  readonly value: number;
  readonly baseline: number;
  /** What the simplest answer is. */
  readonly simplest: string;
  readonly better: 'higher' | 'lower';
}

/**
 * @param probabilities  of each row, of every class
 * @param shares  how often each class is among the rows that were learned from
 */
export function scoreClasses(
  classes: readonly number[],
  probabilities: readonly ArrayLike<number>[],
  shares: readonly number[],
): Score[] {
  const rows = classes.length;
  const mostFrequent = shares.indexOf(Math.max(...shares));
  const right = classes.filter((k, row) => largest(probabilities[row] as ArrayLike<number>) === k).length;
  const cost = (of: (row: number) => ArrayLike<number>) =>
    classes.reduce((sum, k, row) => sum - log(Math.max(1e-7, of(row)[k] as number)), 0) / rows;
  return [
    {
      metric: 'accuracy',
      value: right / rows,
      baseline: classes.filter((k) => k === mostFrequent).length / rows,
      simplest: 'the most frequent class',
      better: 'higher',
    },
    {
      metric: 'log-loss',
      value: cost((row) => probabilities[row] as ArrayLike<number>),
      baseline: cost(() => shares),
      simplest: 'the share of each class',
      better: 'lower',
    },
  ];
}

/** @param mean  of the rows that were learned from */
export function scoreNumbers(values: readonly number[], answers: ArrayLike<number>, mean: number): Score[] {
  const of = (error: (difference: number) => number, answer: (row: number) => number) =>
    values.reduce((sum, value, row) => sum + error(value - answer(row)), 0) / values.length;
  const both = (error: (difference: number) => number) => ({
    value: of(error, (row) => answers[row] as number),
    baseline: of(error, () => mean),
    simplest: 'the mean',
    better: 'lower' as const,
  });
  const squares = both((difference) => difference * difference);
  return [
    {
      ...squares,
      metric: 'root mean squared error',
      value: Math.sqrt(squares.value),
      baseline: Math.sqrt(squares.baseline),
    },
    { metric: 'mean absolute error', ...both(Math.abs) },
  ];
}

function largest(values: ArrayLike<number>): number {
  let best = 0;
  for (let k = 1; k < values.length; k++) if ((values[k] as number) > (values[best] as number)) best = k;
  return best;
}

/** A line for each figure. */
export function scoreLines(scores: readonly Score[]): string[] {
  return scores.map(({ metric, value, baseline, simplest, better }) => {
    const isBetter = better === 'higher' ? value > baseline : value < baseline;
    const verdict = isBetter ? '' : ' (no better)';
    return `${metric} ${short(value)}, ${simplest} ${short(baseline)}${verdict}`;
  });
}

function short(value: number): string {
  return Number(value.toPrecision(4)).toString();
}
