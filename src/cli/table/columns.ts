/** Which columns of a table a model learns from, and how: chosen from what they hold, and said. */
import { ConfigError, DataError } from '../../core/errors.js';
import { unknownName } from '../../core/options.js';
import {
  type ColumnEncoding,
  numeric,
  oneHot,
  standardScaler,
  type Table,
  type TableEncoder,
  type TextVectorizer,
  tableEncoder,
  textVectorizer,
} from '../../index.js';

/** A column with more different texts than this is no category. */
const MOST_CATEGORIES = 50;
/** Texts of so many words on average are read as sentences. */
const WORDS_OF_A_SENTENCE = 3;
const VOCABULARY = 10_000;
const LONGEST_TEXT = 200;

/** What goes into the model: features of columns, or the texts of one. */
export type Inputs =
  | { readonly of: 'columns'; readonly encoder: TableEncoder; readonly lines: readonly string[] }
  | {
      readonly of: 'texts';
      readonly column: string;
      readonly encoder: TextVectorizer;
      readonly lines: readonly string[];
    };

export interface InputChoice {
  readonly target: string;
  /** The column of texts, where it was named. */
  readonly text: string | undefined;
  readonly ignored: readonly string[];
}

/** @throws ConfigError for a column that is not there; DataError where nothing is left to learn from */
export function chooseInputs(table: Table, { target, text, ignored }: InputChoice): Inputs {
  for (const name of [target, ...ignored, ...(text === undefined ? [] : [text])]) {
    if (!table.names.includes(name)) throw unknownName('the column', name, table.names);
  }
  const names = table.names.filter((name) => name !== target && !ignored.includes(name));
  const sentences = names.filter((name) => isSentences(table, name));
  const only = sentences.length === 1 && names.length === 1 ? sentences[0] : undefined;
  const column = text ?? only;
  if (column !== undefined) return chooseTexts(table, column);
  const columns: Record<string, ColumnEncoding> = {};
  const lines: string[] = [];
  for (const name of names) {
    const chosen = chooseEncoding(table, name);
    if (typeof chosen === 'string') lines.push(`left out: ${name}, ${chosen}`);
    else columns[name] = chosen;
  }
  const used = Object.keys(columns);
  if (used.length === 0) {
    const mend = sentences.length > 0 ? `; for the texts of one write --text ${sentences[0]}` : '';
    throw new DataError(`there is no column to learn ${target} from${mend}`);
  }
  return {
    of: 'columns',
    encoder: tableEncoder({ columns }),
    lines: [`features: ${used.join(', ')}`, ...lines],
  };
}

function chooseTexts(table: Table, column: string): Inputs {
  textsOf(table, column); // so that a column of numbers is found before anything is done
  const encoder = textVectorizer({
    vocabularySize: VOCABULARY,
    maxSequenceLength: LONGEST_TEXT,
    whenEmpty: 'unknown',
  });
  const lines = [`features: the words of ${column}, ${LONGEST_TEXT} of each text at most`];
  return { of: 'texts', column, encoder, lines };
}

/** How the column becomes features, or why it does not. */
function chooseEncoding(table: Table, name: string): ColumnEncoding | string {
  const { type, values } = table.column(name);
  if (type === 'number' || type === 'date') {
    const known = values.filter((value) => !Number.isNaN(value));
    if (known.length === 0) return 'which is empty';
    if (known.every((value) => value === known[0])) return 'the same everywhere';
    const scaler = standardScaler();
    return known.length < values.length ? numeric({ scaler, missing: 'indicate' }) : scaler;
  }
  const different = new Set<unknown>(values).size;
  if (different === 1) return 'the same everywhere';
  if (different > Math.min(MOST_CATEGORIES, values.length / 2)) return `${different} different texts`;
  return oneHot({ unknown: 'zeros' });
}

function isSentences(table: Table, name: string): boolean {
  const { type, values } = table.column(name);
  if (type !== 'string' || values.length === 0) return false;
  const words = values.reduce((sum, text) => sum + (text?.split(/\s+/).length ?? 0), 0);
  return words / values.length >= WORDS_OF_A_SENTENCE;
}

/**
 * The texts of a column as a vectorizer takes them.
 *
 * @throws ConfigError for a column of numbers
 */
export function textsOf(table: Table, column: string): string[] {
  const { type, values } = table.column(column);
  if (type !== 'string') {
    throw new ConfigError(`the column ${column} holds ${type}s and no texts`);
  }
  return values.map((text) => text ?? '');
}
