/** The arguments of the purchase job. */
import { ConfigError } from '../../core/errors.js';
import { unknownName } from '../../core/options.js';
import { parseDay } from '../../data/calendar.js';
import type { ColumnNames } from './columns.js';

export interface Arguments {
  readonly help: boolean;
  /** The log to read; without one, it is simulated. */
  readonly file: string | undefined;
  /** A second log, of customers to test on. */
  readonly test: string | undefined;
  readonly columns: ColumnNames | undefined;
  /** Weeks in which a customer is to buy. */
  readonly horizon: number;
  /** The cut as a date, in days since 1970-01-01; without one, it is as late as the log allows. */
  readonly cut: number | undefined;
  /** Without a number, whoever trains chooses it by the size of the log. */
  readonly epochs: number | undefined;
  readonly units: number;
  readonly seed: number;
  /** The folder to write to. */
  readonly out: string;
}

export const HELP = `Which customers will buy in the next weeks? Trains an LSTM on a log of purchases and compares it
with four simpler answers.

  npm start                      on a simulated log of 4,000 customers over 52 weeks
  npm start -- FILE [flags]      on your own: CSV or TSV with a header, or CDNOW's layout

  --columns CUSTOMER,DATE,AMOUNT   what the three columns are called, where it is not clear
  --horizon WEEKS                  how far to look ahead (13)
  --cut DATE                       learn from what is before, test on what is after
                                   (the last date that leaves WEEKS after it)
  --test FILE                      test on the customers of this log (a fifth of FILE's)
  --epochs N                       passes over the training customers (by the size of the log)
  --units N                        units of the LSTM (32)
  --seed N                         the same seed gives the same figures (42)
  --out DIR                        where the model, scores.csv and two plots go (purchase-results)
  --help                           this text

Dates are YYYYMMDD, YYYY-MM-DD or YYYY/MM/DD; a time of day behind them does no harm.

Example:
  npm start -- orders.csv --columns client,ordered_at,total --horizon 8 --out results
`;

const VALUE_FLAGS = ['columns', 'horizon', 'cut', 'test', 'epochs', 'units', 'seed', 'out'] as const;
type ValueFlag = (typeof VALUE_FLAGS)[number];
const FLAGS = [...VALUE_FLAGS, 'help'];

interface Given {
  readonly files: string[];
  readonly flags: Map<ValueFlag, string>;
  help: boolean;
}

/** What a command line asks for; a ConfigError names what is wrong with it. */
export function parseArguments(argv: readonly string[]): Arguments {
  const given = sortOut(argv);
  const { files, flags } = given;
  if (files.length > 1) {
    throw new ConfigError(`one FILE is read but got ${files.join(' and ')}; give the second one with --test`);
  }
  const file = files[0];
  for (const flag of ['test', 'columns'] as const) {
    if (file === undefined && flags.has(flag)) throw new ConfigError(`--${flag} goes with a FILE; give one`);
  }
  return {
    help: given.help,
    file,
    test: flags.get('test'),
    columns: columnNames(flags.get('columns')),
    horizon: wholeNumber(flags, 'horizon', 1, 520) ?? 13,
    cut: cutDay(flags.get('cut')),
    epochs: wholeNumber(flags, 'epochs', 1, 100_000),
    units: wholeNumber(flags, 'units', 1, 4096) ?? 32,
    seed: wholeNumber(flags, 'seed', 0, Number.MAX_SAFE_INTEGER) ?? 42,
    out: flags.get('out') ?? 'purchase-results',
  };
}

function sortOut(argv: readonly string[]): Given {
  const given: Given = { files: [], flags: new Map(), help: false };
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] as string;
    if (word === '--help' || word === '-h') given.help = true;
    else if (!word.startsWith('-')) given.files.push(word);
    else i += readFlag(given, word, argv[i + 1]);
  }
  return given;
}

/** Reads `--flag value` or `--flag=value`; returns how many of the following words were used up. */
function readFlag(given: Given, word: string, next: string | undefined): number {
  const [name, ...rest] = word.replace(/^--?/, '').split('=');
  const flag = VALUE_FLAGS.find((known) => word.startsWith('--') && known === name);
  if (flag === undefined)
    throw unknownName(
      'the flag',
      word.split('=')[0] as string,
      FLAGS.map((known) => `--${known}`),
    );
  if (given.flags.has(flag)) throw new ConfigError(`--${flag} is given twice; give it once`);
  const value = rest.length > 0 ? rest.join('=') : next;
  if (value === undefined || value === '' || (rest.length === 0 && value.startsWith('--'))) {
    throw new ConfigError(`--${flag} needs a value behind it; see --help`);
  }
  given.flags.set(flag, value);
  return rest.length > 0 ? 0 : 1;
}

function wholeNumber(
  flags: ReadonlyMap<ValueFlag, string>,
  flag: ValueFlag,
  least: number,
  most: number,
): number | undefined {
  const text = flags.get(flag);
  if (text === undefined) return undefined;
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new ConfigError(`--${flag} must be a whole number from ${least} to ${most} but is '${text}'`);
}

function cutDay(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const day = parseDay(text);
  if (typeof day === 'number') return day;
  throw new ConfigError(`--cut takes a date such as 2024-09-30, and ${day.problem}`);
}

function columnNames(text: string | undefined): ColumnNames | undefined {
  if (text === undefined) return undefined;
  const [customer, date, amount, ...more] = text.split(',').map((name) => name.trim());
  if (customer && date && amount && more.length === 0 && new Set([customer, date, amount]).size === 3) {
    return { customer, date, amount };
  }
  throw new ConfigError(
    `--columns takes the names of three columns, CUSTOMER,DATE,AMOUNT, with commas between but got '${text}'`,
  );
}
