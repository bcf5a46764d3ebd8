/**
 * Texts as rows of whole numbers, for a model that begins with an embedding. Id 0 is padding, id 1 whatever was not
 * there in the texts that it learned from, as in Keras's TextVectorization; the other ids are its tokens, the most frequent
 * first.
 */
import { ConfigError, DataError, ShapeError } from '../../core/errors.js';
import { describe } from '../../core/options.js';
import { formatShape, isTensor, type Tensor } from '../../core/tensor.js';
import { checkTensor } from '../samples.js';
import { learnedBy, type Transform, type TransformJSON } from '../transform.js';
import { joinWords } from './join-words.js';
import {
  checkTextOptions,
  MOST_IDS,
  reservedTokens,
  type TextSettings,
  type TextVectorizerOptions,
} from './text-options.js';
import { charactersOf, type Segment, wordSegment, wordsOf } from './tokens.js';

/** See `textVectorizer`. */
export interface TextVectorizer extends Transform<readonly string[], number[][]> {
  readonly kind: 'textVectorizer';
  /** How many ids there are, for `embedding(vectorizer.size, 16)`. */
  readonly size: number;
  /** What each id stands for: nothing, the unknown token, start and end where they are, and the tokens. */
  readonly vocabulary: readonly string[];
  /** The id of a token, as `tokens` gives it; 1 for one that has none. */
  idOf(token: string): number;
  /** What a text is cut into; it need not have learned anything for that. */
  tokens(text: string): string[];
  /**
   * Texts again, without padding, start and end. Of characters the text itself; of words a guess at what stood between them,
   * one space or none. What stands behind the end is left out.
   *
   * @param ids  rows of ids; or what a model predicts, a Tensor `[rows, steps, size]`, of which the likeliest id counts
   * @throws DataError for what is no id; ShapeError for a Tensor of another shape
   */
  inverse(ids: readonly (readonly number[])[] | Tensor): string[];
}

const PADDING = 0;
const UNKNOWN = 1;

/**
 * Learns a vocabulary from texts and makes rows of ids of them: of words, or with `splitWords: false` of characters. Words
 * are found by `Intl.Segmenter`, so that Chinese, Japanese and Thai have them too; what it finds may differ a little between
 * engines, with the version of ICU that they have.
 *
 * The order of the vocabulary is that of how often a token occurred, and of equals that of their code units: it does not
 * depend on the order of the texts.
 *
 * @throws ConfigError for an option that is unknown or out of range; before `fit`, for all that needs a vocabulary
 * @throws DataError for what is no array of texts, and for a text without a token, unless `whenEmpty` is `'unknown'`
 *
 * @example
 * const vectorizer = textVectorizer({ vocabularySize: 10_000, maxSequenceLength: 200 }).fit(reviews);
 * const model = sequential([embedding(vectorizer.size, 16, { maskZero: true }), lstm(16), dense(1)]);
 */
export function textVectorizer(options: TextVectorizerOptions = {}): TextVectorizer {
  return makeVectorizer(checkTextOptions(options), undefined);
}

/** The vectorizer that `toJSON` described. */
export function restoreTextVectorizer({ options, learned }: TransformJSON): TextVectorizer {
  const settings = checkTextOptions(options as TextVectorizerOptions);
  if (learned === undefined) return makeVectorizer(settings, undefined);
  const { tokens } = learned;
  if (!Array.isArray(tokens) || !tokens.every((token) => typeof token === 'string')) {
    throw new ConfigError(`its tokens are a list of texts but are ${describe(tokens)}`);
  }
  const vocabulary = [...reservedTokens(settings), ...tokens];
  if (new Set(vocabulary).size < vocabulary.length) throw new ConfigError('a token of it stands there twice');
  if (vocabulary.length > (settings.vocabularySize ?? MOST_IDS)) {
    throw new ConfigError(`it has ${vocabulary.length} ids, more than it may have`);
  }
  return makeVectorizer(settings, vocabulary);
}

function makeVectorizer(settings: TextSettings, restored: readonly string[] | undefined): TextVectorizer {
  const reserved = reservedTokens(settings);
  const tokens = tokenizer(settings);
  let learned = restored && toVocabulary(restored, reserved.length);
  const vocabulary = () => learnedBy('textVectorizer', learned);
  return {
    kind: 'textVectorizer',
    get isFitted() {
      return learned !== undefined;
    },
    get size() {
      return vocabulary().words.length;
    },
    get vocabulary() {
      return vocabulary().words;
    },
    idOf: (token) => vocabulary().ids.get(token) ?? UNKNOWN,
    tokens: (text) => tokens(checkText(text, () => 'the text')),
    fit(texts) {
      const counts = countTokens(checkTexts(texts), tokens);
      for (const token of reserved) counts.delete(token);
      if (counts.size === 0) {
        throw new DataError(
          `textVectorizer has nothing to learn from: there is no token in ${describe(texts)}`,
        );
      }
      const words = [...reserved, ...mostFrequent(counts, settings, reserved.length)];
      learned = toVocabulary(words, reserved.length);
      return this;
    },
    transform(texts) {
      const { ids } = vocabulary();
      const rows = checkTexts(texts).map((text, row) => {
        const found = tokens(text).map((token) => ids.get(token) ?? UNKNOWN);
        return completed(found, settings, reserved.length, row, text);
      });
      return padded(rows, settings);
    },
    inverse(rows) {
      const { words } = vocabulary();
      const given = isTensor(rows) ? likeliest(rows, words.length) : checkRows(rows);
      return given.map((row, r) => {
        const found = Array.from(row, (id, step) => wordOf(id, words, r, step));
        const end = settings.endToken === undefined ? -1 : row.indexOf(reserved.length - 1);
        const kept = found.filter(
          (_, step) => (end === -1 || step < end) && isPartOfText(row[step] as number, reserved.length),
        );
        return settings.splitWords ? joinWords(kept) : kept.join('');
      });
    },
    toJSON: () => ({
      kind: 'textVectorizer',
      options: { ...settings },
      ...(learned ? { learned: { tokens: learned.words.slice(reserved.length) } } : {}),
    }),
  };
}

interface Vocabulary {
  /** By id. */
  readonly words: readonly string[];
  /** Of all tokens that a text can have; those that are reserved are in none. */
  readonly ids: ReadonlyMap<string, number>;
}

function toVocabulary(words: readonly string[], reserved: number): Vocabulary {
  const ids = new Map<string, number>();
  for (let id = reserved; id < words.length; id++) ids.set(words[id] as string, id);
  return { words: Object.freeze([...words]), ids };
}

/** How texts are cut. The engine is asked for words only where there are some to find. */
function tokenizer(settings: TextSettings): (text: string) => string[] {
  const { splitWords, handlePunctuation, lowercase, normalization, locale } = settings;
  let segment: Segment | undefined;
  return (text) => {
    const lower = lowercase ? text.toLocaleLowerCase(locale) : text;
    const clean = normalization === 'none' ? lower : lower.normalize(normalization);
    if (!splitWords) return charactersOf(clean, handlePunctuation);
    segment ??= wordSegment(locale);
    return wordsOf(clean, handlePunctuation, segment);
  };
}

function countTokens(
  texts: readonly string[],
  tokens: (text: string) => readonly string[],
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) for (const token of tokens(text)) counts.set(token, (counts.get(token) ?? 0) + 1);
  return counts;
}

/** The tokens that get an id, in the order of their ids. */
function mostFrequent(
  counts: ReadonlyMap<string, number>,
  { minCount, vocabularySize = MOST_IDS }: TextSettings,
  reserved: number,
): string[] {
  return [...counts]
    .filter(([, count]) => count >= minCount)
    .sort(([a, countOfA], [b, countOfB]) => countOfB - countOfA || (a < b ? -1 : 1))
    .slice(0, vocabularySize - reserved)
    .map(([token]) => token);
}

/** The ids of a text, cut to the length that a row has at most, between start and end. */
function completed(
  ids: number[],
  { maxSequenceLength = Number.POSITIVE_INFINITY, truncation, startToken, endToken, whenEmpty }: TextSettings,
  reserved: number,
  row: number,
  text: string,
): number[] {
  const room = maxSequenceLength - (reserved - 2);
  const start = startToken === undefined ? [] : [2];
  const end = endToken === undefined ? [] : [reserved - 1];
  if (ids.length === 0 && whenEmpty === 'unknown') ids = [UNKNOWN];
  else if (ids.length === 0 && reserved === 2) {
    throw new DataError(
      `text ${row}, ${describe(text)}, has no token: leave it out, or write whenEmpty: 'unknown' for a row of one ` +
        'unknown id',
    );
  }
  if (ids.length > room) ids = truncation === 'post' ? ids.slice(0, room) : ids.slice(ids.length - room);
  return [...start, ...ids, ...end];
}

function padded(rows: number[][], { padding, maxSequenceLength }: TextSettings): number[][] {
  if (padding === 'none') return rows;
  const steps = maxSequenceLength ?? rows.reduce((longest, { length }) => Math.max(longest, length), 0);
  return rows.map((row) => {
    const filling = new Array<number>(steps - row.length).fill(PADDING);
    return padding === 'post' ? [...row, ...filling] : [...filling, ...row];
  });
}

/** Whether an id is written out in a text: padding, start and end are not. */
function isPartOfText(id: number, reserved: number): boolean {
  return id === UNKNOWN || id >= reserved;
}

/** The likeliest id of each real step. */
function likeliest(scores: Tensor, size: number): number[][] {
  const { data, shape, lengths } = checkTensor(scores);
  const [rows, steps] = shape as [number, number];
  if (shape.length !== 3 || shape[2] !== size) {
    throw new ShapeError(
      `textVectorizer: inverse takes ${formatShape([null, null, size])}, a score an id, but got ${formatShape(shape)}`,
    );
  }
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: lengths?.[row] ?? steps }, (_, step) => {
      const from = (row * steps + step) * size;
      let best = 0;
      for (let id = 0; id < size; id++) {
        if (Number.isNaN(data[from + id])) {
          throw new DataError(`textVectorizer: the score of id ${id} is NaN in row ${row}, step ${step}`);
        }
        if ((data[from + id] as number) > (data[from + best] as number)) best = id;
      }
      return best;
    }),
  );
}

function wordOf(id: unknown, words: readonly string[], row: number, step: number): string {
  const word = typeof id === 'number' ? words[id] : undefined;
  if (word !== undefined) return word;
  throw new DataError(
    `textVectorizer: row ${row}, step ${step} is ${describe(id)}, and ids are whole numbers from 0 to ${words.length - 1}`,
  );
}

function checkRows(rows: readonly (readonly number[])[]): readonly (readonly number[])[] {
  if (!Array.isArray(rows)) {
    throw new DataError(`textVectorizer: inverse takes rows of ids but got ${describe(rows)}`);
  }
  const bad = rows.findIndex((row) => !Array.isArray(row));
  if (bad === -1) return rows;
  const hint = bad === 0 && typeof rows[0] === 'number' ? ': for one row write [[1, 2, 3]]' : '';
  throw new DataError(`textVectorizer: row ${bad} is ${describe(rows[bad])}, not an array of ids${hint}`);
}

function checkTexts(texts: readonly string[]): readonly string[] {
  if (!Array.isArray(texts)) {
    const hint = typeof texts === 'string' ? ': for one text write [text]' : '';
    throw new DataError(`textVectorizer takes an array of texts but got ${describe(texts)}${hint}`);
  }
  texts.forEach((text, row) => void checkText(text, () => `text ${row}`));
  return texts;
}

function checkText(text: unknown, where: () => string): string {
  if (typeof text === 'string') return text;
  throw new DataError(`textVectorizer takes texts but ${where()} is ${describe(text)}`);
}
