/** What a text vectorizer may be told, with the meanings and the defaults. */
import { ConfigError } from '../../core/errors.js';
import { checkBoolean, checkInteger, checkOptions, describe, unknownName } from '../../core/options.js';
import type { PunctuationHandling } from './tokens.js';

export interface TextVectorizerOptions {
  /** Whether tokens are words; else they are characters. True by default. */
  splitWords?: boolean;
  /**
   * What becomes of punctuation: `'separate'`, the default, makes every mark a token, `'remove'` leaves it out, `'keep'` leaves
   * it in the words that it touches. Of characters, marks are tokens unless they are removed.
   */
  handlePunctuation?: PunctuationHandling;
  /** Whether `The` and `the` are one token; by default true of words and false of characters. */
  lowercase?: boolean;
  /** Which way of writing é and the like all are brought to: `'NFC'` by default of words, `'none'` of characters. */
  normalization?: 'NFC' | 'NFD' | 'NFKC' | 'NFKD' | 'none';
  /** How many ids a row has at most, up to 2^20; any number by default. */
  maxSequenceLength?: number;
  /** Where a text that is too long is cut: at its end, `'post'`, the default, or at its beginning, `'pre'`. */
  truncation?: 'pre' | 'post';
  /**
   * Whether rows are filled with id 0 behind or before, to `maxSequenceLength`, or to the longest row where there is none.
   * `'none'` by default: the model pads rows of unequal lengths itself, and masks what it padded.
   */
  padding?: 'none' | 'pre' | 'post';
  /** How many ids there are at most, with padding, unknown, start and end: the most frequent stay. All by default. */
  vocabularySize?: number;
  /** How often a token has to occur in what is learned from to have an id; 1 by default. */
  minCount?: number;
  /** What the unknown id is written as; `'[UNK]'` by default. */
  unknownToken?: string;
  /** What an id before every text is called, such as `'[START]'`; no such id by default. */
  startToken?: string;
  /** What an id behind every text is called; no such id by default. */
  endToken?: string;
  /** What becomes of a text without a token: an error, the default, or a row of the one unknown id. */
  whenEmpty?: 'error' | 'unknown';
  /** The language whose rules for words and small letters hold, such as `'tr'`; `'en'` by default. */
  locale?: string;
}

/** The options with the defaults filled in. */
export type TextSettings = Required<Omit<TextVectorizerOptions, (typeof optional)[number]>> &
  Pick<TextVectorizerOptions, (typeof optional)[number]>;

/** Those that mean something by not being there. */
const optional = ['maxSequenceLength', 'vocabularySize', 'startToken', 'endToken'] as const;

const optionNames = [
  'splitWords',
  'handlePunctuation',
  'lowercase',
  'normalization',
  'maxSequenceLength',
  'truncation',
  'padding',
  'vocabularySize',
  'minCount',
  'unknownToken',
  'startToken',
  'endToken',
  'whenEmpty',
  'locale',
];

const hints = {
  maxTokens: 'write vocabularySize',
  numWords: 'write vocabularySize, which counts padding and unknown too',
  outputSequenceLength: "write maxSequenceLength, with padding: 'post' where every row is to have it",
  standardize: 'write lowercase and handlePunctuation',
  split: 'write splitWords: true for words, false for characters',
  charLevel: 'write splitWords: false',
  oovToken: 'write unknownToken',
};

/** As many as an embedding can have: see layers/embedding.ts. */
export const MOST_IDS = 2 ** 24;
/** So that a hostile file cannot have rows padded without end: a million characters fit. */
const LONGEST_SEQUENCE = 2 ** 20;

/** @throws ConfigError for an option that is unknown or out of range */
export function checkTextOptions(options: TextVectorizerOptions): TextSettings {
  checkOptions('textVectorizer', options, optionNames, hints);
  const splitWords = options.splitWords ?? true;
  const settings: TextSettings = {
    handlePunctuation: 'separate',
    normalization: splitWords ? 'NFC' : 'none',
    lowercase: splitWords,
    truncation: 'post',
    padding: 'none',
    minCount: 1,
    unknownToken: '[UNK]',
    whenEmpty: 'error',
    locale: 'en',
    ...given(options),
    splitWords,
  };
  checkBoolean('textVectorizer: splitWords', splitWords);
  checkBoolean('textVectorizer: lowercase', settings.lowercase);
  checkChoice(settings, 'handlePunctuation', ['separate', 'remove', 'keep']);
  checkChoice(settings, 'normalization', ['NFC', 'NFD', 'NFKC', 'NFKD', 'none']);
  checkChoice(settings, 'truncation', ['pre', 'post']);
  checkChoice(settings, 'padding', ['none', 'pre', 'post']);
  checkChoice(settings, 'whenEmpty', ['error', 'unknown']);
  checkInteger('textVectorizer: minCount', settings.minCount);
  checkLocale(settings.locale);
  checkSizes(settings, checkReserved(settings).length);
  return settings;
}

/** What the first ids stand for: padding, unknown, and start and end where they are. */
export function reservedTokens({ unknownToken, startToken, endToken }: TextSettings): string[] {
  return ['', unknownToken, ...[startToken, endToken].filter((token) => token !== undefined)];
}

/** The options that were given; one that is undefined was not. */
function given(options: TextVectorizerOptions): TextVectorizerOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function checkChoice(settings: TextSettings, name: keyof TextSettings, known: readonly string[]): void {
  const value = settings[name];
  if (typeof value !== 'string') {
    throw new ConfigError(`textVectorizer: ${name} is one of ${known.join(', ')} but is ${describe(value)}`);
  }
  if (!known.includes(value)) throw unknownName(`textVectorizer: ${name}`, value, known);
}

function checkLocale(locale: unknown): void {
  try {
    if (typeof locale === 'string' && Intl.getCanonicalLocales(locale).length === 1) return;
  } catch {}
  throw new ConfigError(`textVectorizer: locale is a language such as 'en' but is ${describe(locale)}`);
}

function checkReserved(settings: TextSettings): readonly string[] {
  const reserved = reservedTokens(settings);
  const named = reserved.slice(1);
  if (named.some((token) => typeof token !== 'string') || new Set(reserved).size < reserved.length) {
    throw new ConfigError(
      `textVectorizer: unknownToken, startToken and endToken are texts that differ but are ${named.map(describe).join(', ')}`,
    );
  }
  return reserved;
}

function checkSizes({ vocabularySize, maxSequenceLength }: TextSettings, reserved: number): void {
  if (vocabularySize !== undefined) {
    checkInteger('textVectorizer: vocabularySize', vocabularySize, { min: reserved + 1, max: MOST_IDS });
  }
  if (maxSequenceLength !== undefined) {
    checkInteger('textVectorizer: maxSequenceLength', maxSequenceLength, {
      min: reserved - 1,
      max: LONGEST_SEQUENCE,
    });
  }
}
