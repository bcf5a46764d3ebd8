/** The arguments of the purchase job. */
import { parseDay } from '../../data/calendar.js';
import { type Given, type Usage, UsageError } from '../command.js';
import type { ColumnNames } from './columns.js';

export interface Arguments {
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

export const PURCHASE: Usage = {
  name: 'purchase',
  about: 'Which customers will buy in the next weeks? Trains an LSTM on a log of purchases.',
  operands: ['[FILE]'],
  details: [
    "FILE is CSV or TSV with a header, or in CDNOW's layout; without one, a log of 4,000 customers over 52",
    'weeks is simulated. The answer is compared with four simpler ones. Dates are YYYYMMDD, YYYY-MM-DD or',
    'YYYY/MM/DD; a time of day behind them does no harm.',
  ],
  flags: {
    columns: {
      value: 'CUSTOMER,DATE,AMOUNT',
      about: 'what the three columns are called, where it is not clear',
    },
    horizon: { value: 'WEEKS', about: 'how far to look ahead (13)' },
    cut: {
      value: 'DATE',
      about: 'learn from what is before, test on what is after (as late as WEEKS allow)',
    },
    test: { value: 'FILE', about: "test on the customers of this log (a fifth of FILE's)" },
    epochs: { value: 'N', about: 'passes over the training customers (by the size of the log)' },
    units: { value: 'N', about: 'units of the LSTM (32)' },
    seed: { value: 'N', about: 'the same seed gives the same figures (42)' },
    out: { value: 'DIR', about: 'where the model, scores.csv and two plots go (purchase-results)' },
  },
  examples: ['longhand purchase orders.csv --columns client,ordered_at,total --horizon 8 --out results'],
};

/** What a command line asks for; a ConfigError names what is wrong with it. */
export function readArguments(given: Given): Arguments {
  const [file] = given.operands;
  for (const flag of ['test', 'columns']) {
    if (file === undefined && given.has(flag)) throw new UsageError(`--${flag} goes with a FILE; give one`);
  }
  return {
    file,
    test: given.text('test'),
    columns: columnNames(given.text('columns')),
    horizon: given.whole('horizon', 1, 520) ?? 13,
    cut: cutDay(given.text('cut')),
    epochs: given.whole('epochs', 1, 100_000),
    units: given.whole('units', 1, 4096) ?? 32,
    seed: given.whole('seed', 0) ?? 42,
    out: given.text('out') ?? 'purchase-results',
  };
}

function cutDay(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const day = parseDay(text);
  if (typeof day === 'number') return day;
  throw new UsageError(`--cut takes a date such as 2024-09-30, and ${day.problem}`);
}

function columnNames(text: string | undefined): ColumnNames | undefined {
  if (text === undefined) return undefined;
  const [customer, date, amount, ...more] = text.split(',').map((name) => name.trim());
  if (customer && date && amount && more.length === 0 && new Set([customer, date, amount]).size === 3) {
    return { customer, date, amount };
  }
  throw new UsageError(
    `--columns takes the names of three columns, CUSTOMER,DATE,AMOUNT, with commas between but got '${text}'`,
  );
}
