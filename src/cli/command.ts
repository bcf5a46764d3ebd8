/**
 * What a command of `longhand` is: what it takes, in a table from which its help, its completion and the reading of its
 * command line come.
 */
import { parseArgs } from 'node:util';
import { ConfigError } from '../core/errors.js';
import { unknownName } from '../core/options.js';

export interface Flag {
  /** What stands for its value in the help, `N`; a flag without a value is on or off. */
  readonly value?: string;
  readonly about: string;
  /** The only values that it may have. */
  readonly choices?: readonly string[];
  /** Whether it may be given again and again. */
  readonly many?: boolean;
}

/** What a command takes. */
export interface Usage {
  readonly name: string;
  /** One line. */
  readonly about: string;
  /** What stands behind the name, `MODEL FILE`; those in brackets may be left out. */
  readonly operands: readonly string[];
  readonly flags: Readonly<Record<string, Flag>>;
  /** More about it, in whole lines. */
  readonly details?: readonly string[];
  readonly examples: readonly string[];
}

export interface Command extends Usage {
  /** Loads what does the work. */
  load(): Promise<{ run(given: Given): Promise<void> }>;
}

/** A mistake in the command line itself; the help is named beside it. */
export class UsageError extends ConfigError {}

/** What a command line gave. */
export interface Given {
  readonly operands: readonly string[];
  /** Whether a flag without a value is there. */
  has(flag: string): boolean;
  text(flag: string): string | undefined;
  texts(flag: string): readonly string[];
  /** @throws UsageError for what is no whole number from `least` to `most` */
  whole(flag: string, least: number, most?: number): number | undefined;
  /** @throws UsageError for what is no number from `least` to `most` */
  number(flag: string, least: number, most?: number): number | undefined;
}

const HELP: Flag = { about: 'this text' };

/** The flags of a command, with the one that all have. */
export function flagsOf({ flags }: Usage): Readonly<Record<string, Flag>> {
  return { ...flags, help: HELP };
}

/** @throws UsageError for what the command does not take */
export function parse(command: Usage, argv: readonly string[]): Given {
  const flags = flagsOf(command);
  const values = new Map<string, string[]>();
  const operands: string[] = [];
  // Flags of one dash and several letters would be taken for several flags.
  const odd = argv.find((word) => /^-[a-z]{2}/i.test(word));
  if (odd !== undefined) throw unknownFlag(command, odd, Object.keys(flags));
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(
      Object.entries(flags).map(([name, { value }]) => [
        name,
        { type: value === undefined ? 'boolean' : 'string' },
      ]),
    ),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const name = token.rawName === '-h' ? 'help' : token.name;
    const flag = token.rawName.startsWith('--') || name === 'help' ? flags[name] : undefined;
    if (flag === undefined) throw unknownFlag(command, token.rawName, Object.keys(flags));
    const isNextFlag = !token.inlineValue && token.value?.startsWith('--');
    values.set(name, checkFlag(name, flag, isNextFlag ? undefined : token.value, values.get(name)));
  }
  const given = new Reader(operands, values);
  if (!given.has('help')) checkOperands(command, operands);
  return given;
}

function unknownFlag({ name }: Usage, given: string, known: readonly string[]): UsageError {
  const { message } = unknownName(
    `${name}: the flag`,
    given,
    known.map((flag) => `--${flag}`),
  );
  return new UsageError(message);
}

/** All values of a flag so far, with this one. */
function checkFlag(
  name: string,
  flag: Flag,
  value: string | undefined,
  before: readonly string[] = [],
): string[] {
  if (before.length > 0 && !flag.many) throw new UsageError(`--${name} is given twice; give it once`);
  if (flag.value === undefined) {
    if (value === undefined) return ['true'];
    throw new UsageError(`--${name} takes no value but got '${value}'; leave it out`);
  }
  if (value === undefined || value === '')
    throw new UsageError(`--${name} needs a value behind it, ${flag.value}`);
  if (flag.choices && !flag.choices.includes(value)) {
    throw new UsageError(unknownName(`--${name}`, value, flag.choices).message);
  }
  return [...before, value];
}

/** That nothing is missing or too much. */
function checkOperands({ name, operands }: Usage, given: readonly string[]): void {
  const missing = operands.slice(given.length).find((operand) => !operand.startsWith('['));
  if (missing !== undefined) {
    throw new UsageError(`${name} needs ${operands.join(' ')} behind it, and ${missing} is missing`);
  }
  if (given.length <= operands.length) return;
  const takes = operands.length === 0 ? 'nothing' : operands.join(' ');
  throw new UsageError(
    `${name} takes ${takes} behind it but got '${given.slice(operands.length).join(' ')}' too`,
  );
}

class Reader implements Given {
  constructor(
    readonly operands: readonly string[],
    private readonly values: ReadonlyMap<string, readonly string[]>,
  ) {}

  has(flag: string): boolean {
    return this.values.has(flag);
  }

  text(flag: string): string | undefined {
    return this.values.get(flag)?.[0];
  }

  texts(flag: string): readonly string[] {
    return this.values.get(flag) ?? [];
  }

  whole(flag: string, least: number, most = Number.MAX_SAFE_INTEGER): number | undefined {
    const text = this.text(flag);
    return text === undefined ? undefined : inRange(flag, text, /^[+-]?\d+$/, 'a whole number', least, most);
  }

  number(flag: string, least: number, most = Number.POSITIVE_INFINITY): number | undefined {
    const text = this.text(flag);
    if (text === undefined) return undefined;
    return inRange(flag, text, /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i, 'a number', least, most);
  }
}

function inRange(
  flag: string,
  text: string,
  form: RegExp,
  kind: string,
  least: number,
  most: number,
): number {
  const value = form.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  const bounded = value > most || (most !== Number.MAX_SAFE_INTEGER && Number.isFinite(most));
  const range = bounded ? `from ${least} to ${most}` : `of at least ${least}`;
  throw new UsageError(`--${flag} must be ${kind} ${range} but is '${text}'`);
}

/** What `longhand COMMAND --help` prints. */
export function helpOf(command: Usage): string {
  const { name, about, operands, details = [], examples } = command;
  const flags = Object.entries(flagsOf(command)).map(([flag, { value, about: what, choices }]) => {
    const left = value === undefined ? `--${flag}` : `--${flag} ${value}`;
    return [left, choices ? `${what}: ${choices.join(', ')}` : what] as const;
  });
  return `${[
    about,
    '',
    `  longhand ${[name, ...operands, '[flags]'].join(' ')}`,
    '',
    ...(details.length > 0 ? [...details, ''] : []),
    ...columns(flags),
    '',
    examples.length === 1 ? 'Example:' : 'Examples:',
    ...examples.map((example) => `  ${example}`),
  ].join('\n')}\n`;
}

/** Two columns, the second behind the longest of the first. */
export function columns(rows: readonly (readonly [left: string, right: string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
