import { describe, expect, it } from 'vitest';
import { type Command, helpOf, parse, UsageError } from '../../src/cli/command.js';
import { commands } from '../../src/cli/commands.js';

const COMMAND: Command = {
  name: 'draw',
  about: 'Draws.',
  operands: ['MODEL', '[FILE]'],
  flags: {
    seed: { value: 'N', about: 'a seed' },
    heat: { value: 'T', about: 'a temperature' },
    to: { value: 'FORMAT', about: 'how', choices: ['table', 'png'] },
    with: { value: 'NAME', about: 'several', many: true },
    json: { about: 'as JSON' },
  },
  examples: ['longhand draw a.model'],
  load: () => Promise.reject(new Error('not here')),
};

describe('a command line', () => {
  it('gives operands and flags in any order, with a space or =', () => {
    const given = parse(COMMAND, ['--seed=3', 'a', '--json', '--with', 'x', 'b', '--heat', '.5', '--with=y']);
    expect(given.operands).toEqual(['a', 'b']);
    expect([given.whole('seed', 0), given.number('heat', 0), given.has('json')]).toEqual([3, 0.5, true]);
    expect([given.texts('with'), given.text('to'), given.has('to')]).toEqual([['x', 'y'], undefined, false]);
  });

  it('takes what begins with a dash behind --, a lone dash, and negative numbers', () => {
    expect(parse(COMMAND, ['-', '--', '--seed']).operands).toEqual(['-', '--seed']);
    expect(parse(COMMAND, ['a', '--heat', '-1']).number('heat', -2)).toBe(-1);
  });

  it('asks for help without all that is needed', () => {
    expect(parse(COMMAND, ['--help']).has('help')).toBe(true);
    expect(parse(COMMAND, ['-h']).has('help')).toBe(true);
  });

  it.each([
    [[], 'draw needs MODEL [FILE] behind it, and MODEL is missing'],
    [['a', 'b', 'c', 'd'], "draw takes MODEL [FILE] behind it but got 'c d' too"],
    [['a', '--sed', '1'], "draw: the flag '--sed' is not known: did you mean '--seed'?"],
    [['a', '-seed', '1'], "did you mean '--seed'?"],
    [['a', '-x'], "draw: the flag '-x' is not known"],
    [['a', '--seed'], '--seed needs a value behind it, N'],
    [['a', '--seed', '--json'], '--seed needs a value behind it, N'],
    [['a', '--seed='], '--seed needs a value behind it, N'],
    [['a', '--json=1'], "--json takes no value but got '1'; leave it out"],
    [['a', '--seed', '1', '--seed', '1'], '--seed is given twice; give it once'],
    [['a', '--to', 'pgg'], "--to 'pgg' is not known: did you mean 'png'?"],
  ])('is refused: %j', (argv, message) => {
    expect(() => parse(COMMAND, argv)).toThrow(UsageError);
    expect(() => parse(COMMAND, argv)).toThrow(message);
  });

  it.each([
    ['seed', '1.5', "--seed must be a whole number of at least 0 but is '1.5'"],
    ['seed', '-1', "--seed must be a whole number of at least 0 but is '-1'"],
    ['heat', 'hot', "--heat must be a number from 0 to 2 but is 'hot'"],
    ['heat', '3', "--heat must be a number from 0 to 2 but is '3'"],
    ['heat', '0x1', "--heat must be a number from 0 to 2 but is '0x1'"],
  ])('has numbers that are numbers: --%s %s', (flag, value, message) => {
    const given = parse(COMMAND, ['a', `--${flag}`, value]);
    expect(() => (flag === 'seed' ? given.whole(flag, 0) : given.number(flag, 0, 2))).toThrow(message);
  });
});

describe('the help of each command', () => {
  it.each(commands.map((command) => [command.name, command] as const))(
    'of %s names its flags, fits a terminal, and its examples are understood',
    (name, command) => {
      const help = helpOf(command);
      for (const flag of Object.keys(command.flags)) expect(help).toContain(`--${flag}`);
      for (const line of help.split('\n')) expect(line.length, line).toBeLessThanOrEqual(120);
      expect(command.examples.length).toBeGreaterThan(0);
      for (const example of command.examples) {
        const words = example.split(/ [|<>] /).find((part) => part.startsWith(`longhand ${name}`)) as string;
        expect(() => parse(command, words.split(' ').slice(2))).not.toThrow();
      }
    },
  );
});
