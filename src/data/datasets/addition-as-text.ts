/**
 * Two numbers added as text: `12+7` is read symbol by symbol, and `19` is to be written (the addition example of Keras,
 * after Zaremba and Sutskever, "Learning to Execute", 2014). No two rows ask for the same two numbers.
 *
 *     12+7   ->  19         reversed, with two digits: " 7+21"
 *
 * Published by Keras: 99 % of the symbols in 55 epochs from 5,000 questions of two digits, reversed, with an LSTM of 128 units as
 * encoder and another as decoder.
 */
import { checkBoolean, checkInteger } from '../../core/options.js';
import type { Random } from '../../core/random.js';
import { type Dataset, type DatasetOptions, generatorOf } from './dataset.js';
import { hotTensor, idsOf, stepTensor } from './symbols.js';

/** The symbols, in the order of their ids. */
export const ADDITION_SYMBOLS = '0123456789+ ';

export interface AdditionAsTextOptions extends DatasetOptions {
  /** How many digits each of the two numbers has at most, 1 to 6; 2 by default. */
  readonly digits?: number;
  /** Whether questions are read from the last symbol to the first, which is easier; true by default. */
  readonly reverse?: boolean;
}

export interface AdditionDataset extends Dataset {
  readonly questions: readonly string[];
  readonly answers: readonly string[];
}

/**
 * Draws additions, each pair of numbers once.
 *
 * @param rows  how many: with two digits there are 5,050, whichever number comes first
 * @returns x `[rows, 2 digits + 1, 12]`, one-hot in the order `0123456789+ `; y `[rows, digits + 1]`, the ids of the
 *   answer; both filled up with spaces behind, before the question is reversed
 * @throws ConfigError for sizes that make no sense
 *
 * @example
 * const { x, y } = additionAsText(5000, { seed: 1 });
 * const model = sequential([
 *   lstm(128),
 *   repeatVector(3),
 *   lstm(128, { returnSequences: true }),
 *   dense(12, { activation: 'softmax' }),
 * ]);
 */
export function additionAsText(rows: number, options: AdditionAsTextOptions = {}): AdditionDataset {
  const random = generatorOf('additionAsText', options, ['digits', 'reverse']);
  const digits = checkInteger('additionAsText: digits', options.digits ?? 2, { min: 1, max: 6 });
  const reverse = checkBoolean('additionAsText: reverse', options.reverse ?? true);
  const numbers = 10 ** digits;
  const pairs = (numbers * (numbers + 1)) / 2;
  checkInteger('additionAsText: rows', rows, { min: 1, max: pairs });
  const questions: string[] = [];
  const answers: string[] = [];
  for (const pair of drawDistinct(random, rows, pairs)) {
    const larger = Math.floor((Math.sqrt(8 * pair + 1) - 1) / 2);
    const smaller = pair - (larger * (larger + 1)) / 2;
    const [first, second] = random.below(2) === 0 ? [smaller, larger] : [larger, smaller];
    questions.push(`${first}+${second}`);
    answers.push(`${first + second}`);
  }
  const asked = questions.map((question) => idsOf(question.padEnd(2 * digits + 1), ADDITION_SYMBOLS));
  if (reverse) for (const row of asked) row.reverse();
  return {
    x: hotTensor(
      asked.map((row) => row.map((id) => [id])),
      ADDITION_SYMBOLS.length,
    ),
    y: stepTensor(answers.map((answer) => idsOf(answer.padEnd(digits + 1), ADDITION_SYMBOLS))),
    questions,
    answers,
  };
}

/** `count` of the whole numbers below `bound`, none twice (Floyd's algorithm), in random order. */
function drawDistinct(random: Random, count: number, bound: number): number[] {
  const drawn = new Set<number>();
  for (let last = bound - count; last < bound; last++) {
    const one = random.below(last + 1);
    drawn.add(drawn.has(one) ? last : one);
  }
  const numbers = Array.from(drawn);
  random.shuffle(numbers);
  return numbers;
}
