/** The lines of a `.ts` file that begin with @: see time-series-file.ts. */
import { FormatError } from '../core/errors.js';
import { nearestName } from '../core/options.js';

/** What a file says of its data; what it does not say is undefined. */
export interface TimeSeriesHeader {
  readonly problemName: string;
  readonly timeStamps: boolean;
  readonly missing: boolean | undefined;
  readonly dimensions: number | undefined;
  readonly equalLength: boolean | undefined;
  readonly seriesLength: number | undefined;
  /** The names of the classes, where cases have one. */
  readonly classes: readonly string[] | undefined;
  /** Whether cases have a number as target. */
  readonly hasTarget: boolean;
}

/** Reads a header line by line. */
export interface HeaderReader {
  /** The header, when the line is @data. */
  read(row: string, line: number): TimeSeriesHeader | undefined;
}

const KEYS = [
  ...['problemName', 'timeStamps', 'missing', 'univariate', 'dimensions', 'equalLength', 'seriesLength'],
  ...['classLabel', 'targetLabel', 'data'],
] as const;
type Key = (typeof KEYS)[number];

/** A key's words, with the place where the first of them stands. */
interface Entry {
  readonly words: readonly string[];
  readonly line: number;
  readonly column: number;
}

export function headerReader(name: string): HeaderReader {
  const entries = new Map<Key, Entry>();
  const fail = (line: number, column: number, problem: string) =>
    new FormatError(`${name}, line ${line}, column ${column}: ${problem}`);

  function keyOf(word: string, line: number, column: number): Key {
    const plain = word.toLowerCase() === 'dimension' ? 'dimensions' : word.toLowerCase();
    const key = KEYS.find((known) => known.toLowerCase() === plain);
    if (key !== undefined && !entries.has(key)) return key;
    if (key !== undefined) throw fail(line, column, `@${word} is there twice; take one of them out`);
    const nearest = nearestName(word, KEYS);
    const mend =
      nearest === undefined
        ? `it knows ${KEYS.map((known) => `@${known}`).join(', ')}`
        : `did you mean @${nearest}?`;
    throw fail(line, column, `the format has no @${word}: ${mend}`);
  }

  function flag(key: Key): boolean | undefined {
    const entry = entries.get(key);
    if (entry === undefined) return undefined;
    const [word = '', ...more] = entry.words;
    const takesMore = key === 'classLabel' && word.toLowerCase() === 'true';
    if (/^(true|false)$/i.test(word) && (more.length === 0 || takesMore))
      return word.toLowerCase() === 'true';
    throw fail(entry.line, entry.column, `@${key} is true or false but is '${entry.words.join(' ')}'`);
  }

  function count(key: Key): number | undefined {
    const entry = entries.get(key);
    if (entry === undefined) return undefined;
    const value =
      entry.words.length === 1 && /^\d{1,9}$/.test(entry.words[0] ?? '') ? Number(entry.words[0]) : 0;
    if (value > 0) return value;
    throw fail(entry.line, entry.column, `@${key} is a whole number but is '${entry.words.join(' ')}'`);
  }

  function header({ line }: Entry): TimeSeriesHeader {
    const isUnivariate = flag('univariate');
    const dimensions = count('dimensions');
    if (isUnivariate === true && dimensions !== undefined && dimensions > 1) {
      throw fail(line, 1, `@univariate is true, but @dimensions is ${dimensions}`);
    }
    const equalLength = flag('equalLength');
    const seriesLength = count('seriesLength');
    const classes = flag('classLabel') === true ? entries.get('classLabel')?.words.slice(1) : undefined;
    if (classes !== undefined && (classes.length === 0 || new Set(classes).size < classes.length)) {
      throw fail(line, 1, `@classLabel names classes, all different, but names '${classes.join(' ')}'`);
    }
    const hasTarget = flag('targetLabel') === true;
    if (hasTarget && classes !== undefined) {
      throw fail(line, 1, 'a case has a class or a target, but @classLabel and @targetLabel are both true');
    }
    return {
      problemName: entries.get('problemName')?.words.join(' ') ?? '',
      timeStamps: flag('timeStamps') ?? false,
      missing: flag('missing'),
      dimensions: isUnivariate === true ? 1 : dimensions,
      equalLength,
      // In files of unequal lengths it is said of nothing: some have 0 there, or the longest.
      seriesLength: equalLength === false ? undefined : seriesLength,
      classes,
      hasTarget,
    };
  }

  return {
    read: (row, line) => {
      const match = /^(\s*)@(\S*)(\s*)(.*)$/.exec(row);
      if (match === null) {
        throw fail(line, 1, 'before @data, lines begin with @ or, as comments, with #');
      }
      const [, indent = '', word = '', space = '', rest = ''] = match;
      const key = keyOf(word, line, indent.length + 1);
      const words = rest.trim() === '' ? [] : rest.trim().split(/\s+/);
      const entry = { words, line, column: indent.length + 2 + word.length + space.length };
      entries.set(key, entry);
      return key === 'data' ? header(entry) : undefined;
    },
  };
}
