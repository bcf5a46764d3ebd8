import { describe, expect, it } from 'vitest';
import { helpOf, parse } from '../../../src/cli/command.js';
import { PURCHASE, readArguments } from '../../../src/cli/purchase/arguments.js';
import { ConfigError } from '../../../src/core/errors.js';
import { formatDay } from '../../../src/data/calendar.js';

const parseArguments = (argv: readonly string[]) => readArguments(parse(PURCHASE, argv));

describe('the arguments of purchase', () => {
  it('needs none', () => {
    expect(parseArguments([])).toEqual({
      file: undefined,
      test: undefined,
      columns: undefined,
      horizon: 13,
      cut: undefined,
      epochs: undefined,
      units: 32,
      seed: 42,
      out: 'purchase-results',
    });
  });

  it('takes each flag, before and behind the file, with a space or =', () => {
    const words =
      '--horizon 8 log.csv --cut=2024-03-01 --epochs 3 --units=16 --seed 0 --test b.csv --columns a,b=,c --out x=y';
    const { cut, ...others } = parseArguments(words.split(' '));
    expect(formatDay(cut as number)).toBe('2024-03-01');
    expect(others).toEqual({
      file: 'log.csv',
      test: 'b.csv',
      columns: { customer: 'a', date: 'b=', amount: 'c' },
      horizon: 8,
      epochs: 3,
      units: 16,
      seed: 0,
      out: 'x=y',
    });
  });

  it.each([
    [['--horizn', '3'], "the flag '--horizn' is not known: did you mean '--horizon'?"],
    [['--epoch=3'], "did you mean '--epochs'?"],
    [['-horizon', '3'], "did you mean '--horizon'?"],
    [['--frobnicate'], 'use one of --columns, --horizon'],
    [['a.csv', 'b.csv'], "purchase takes [FILE] behind it but got 'b.csv' too"],
    [['--test', 'b.csv'], '--test goes with a FILE'],
    [['--columns', 'a,b,c'], '--columns goes with a FILE'],
    [['--seed'], '--seed needs a value behind it'],
    [['--out='], '--out needs a value behind it'],
    [['--out', '--seed', '1'], '--out needs a value behind it'],
    [['--seed', '1', '--seed', '2'], '--seed is given twice'],
    [['--horizon', '0'], "--horizon must be a whole number from 1 to 520 but is '0'"],
    [['--horizon', '2.5'], "but is '2.5'"],
    [['--epochs', '-1'], '--epochs must be a whole number from 1'],
    [['--units', 'many'], "--units must be a whole number from 1 to 4096 but is 'many'"],
    [['--seed', '99999999999999999999'], '--seed must be a whole number from 0'],
    [['--cut', '03/04/2024'], '--cut takes a date such as 2024-09-30, and the date'],
    [['--cut', '2024-02-30'], "the date '2024-02-30' does not exist"],
    [['f', '--columns', 'a,b'], '--columns takes the names of three columns'],
    [['f', '--columns', 'a,b,c,d'], '--columns takes the names of three columns'],
    [['f', '--columns', 'a,a,b'], '--columns takes the names of three columns'],
  ])('says what is wrong with %j', (argv, message) => {
    expect(() => parseArguments(argv)).toThrow(ConfigError);
    expect(() => parseArguments(argv)).toThrow(message);
  });
});

const HELP = helpOf(PURCHASE);

describe('its help', () => {
  it('names every flag, has an example, and fits a terminal', () => {
    for (const flag of ['columns', 'horizon', 'cut', 'test', 'epochs', 'units', 'seed', 'out', 'help']) {
      expect(HELP).toContain(`--${flag}`);
    }
    expect(HELP).toContain('Example:');
    for (const line of HELP.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
  });

  it('has an example that is understood', () => {
    const example = (HELP.split('Example:\n')[1] as string).trim().replace('longhand purchase ', '');
    expect(parseArguments(example.split(' '))).toMatchObject({
      file: 'orders.csv',
      horizon: 8,
      out: 'results',
    });
  });
});
