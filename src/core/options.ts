/** Checks of what a user passes as options, and the hint that goes with a wrong name. */
import { ConfigError } from './errors.js';

/** Levenshtein's distance: how many letters to insert, delete or replace to get from `a` to `b`. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current[j] = Math.min(replaced, (previous[j] as number) + 1, (current[j - 1] as number) + 1);
    }
    previous = current;
  }
  return previous[b.length] as number;
}

/** Nobody means a known name by a longer one, and what is not known may come from a hostile file. */
const LONGEST_NAME = 100;

/** The known name that `name` was most likely meant to be, or nothing when none is near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (name.length > LONGEST_NAME) return undefined;
  const plain = (text: string) => text.replace(/[_-]/g, '').toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.min(Math.max(2, Math.ceil(name.length / 3)) + 1, Math.max(1, name.length - 1));
  for (const candidate of known) {
    const distance = editDistance(plain(name), plain(candidate));
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Says no to an unknown name among `known`, with the nearest one as the mend. */
export function unknownName(what: string, name: string, known: readonly string[]): ConfigError {
  const nearest = nearestName(name, known);
  const mend = nearest === undefined ? `use one of ${known.join(', ')}` : `did you mean '${nearest}'?`;
  return new ConfigError(`${what} ${describe(name)} is not known: ${mend}`);
}

/**
 * Refuses option names that are not in `known`, and null where a value belongs. `hints` says what to write instead of an option that another
 * library has and this one has not.
 */
export function checkOptions(
  where: string,
  options: object,
  known: readonly string[],
  hints: Readonly<Record<string, string>> = {},
): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new ConfigError(`${where} takes its options as an object but got ${describe(options)}`);
  }
  for (const [name, value] of Object.entries(options)) {
    if (known.includes(name)) {
      if (value !== null || /(Regularizer|Constraint)$/.test(name)) continue;
      const mend = name.toLowerCase().endsWith('activation') ? "write 'linear' for none" : 'leave it out';
      throw new ConfigError(`${where}: option '${name}' is null, which says nothing: ${mend}`);
    }
    const hint = Object.hasOwn(hints, name) ? hints[name] : undefined;
    if (hint !== undefined) throw new ConfigError(`${where} has no option '${name}': ${hint}`);
    throw unknownName(`${where}: option`, name, known);
  }
}

/** Refuses option names of what 'longhand/lean' has of the whole, which has more. */
export function checkLeanOptions(where: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    throw new ConfigError(
      `${where}: option '${name}' is none of ${known.join(', ')}; ${where} of 'longhand' may have it`,
    );
  }
}

/**
 * Where nothing is found by its name, what has one elsewhere has to be the thing itself, which can do what `method` says.
 *
 * @throws ConfigError for anything else
 */
export function checkValue(where: string, value: unknown, method: string, such: string): void {
  if (typeof (value as Record<string, unknown> | undefined)?.[method] === 'function') return;
  throw new ConfigError(`${where} is a value such as ${such} but is ${describe(value)}`);
}

/** A short description of any value, for error messages. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') {
    const shown = value.length > 40 ? `${value.slice(0, 40)}...` : value;
    return `'${shown.replace(/\p{Cc}/gu, (control) => JSON.stringify(control).slice(1, -1))}'`;
  }
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (ArrayBuffer.isView(value)) return `a ${value.constructor.name}`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object')
    return `an object with ${Object.keys(value).slice(0, 4).join(', ') || 'nothing'}`;
  return String(value);
}

interface Range {
  /** The smallest value that is allowed; with `above`, the value that must be exceeded. */
  min?: number;
  above?: number;
  /** The largest value that is allowed; with `below`, the value that must not be reached. */
  max?: number;
  below?: number;
}

/** The value, if it is a finite number in the range; a ConfigError naming `where` if not. */
export function checkNumber(where: string, value: unknown, range: Range = {}): number {
  const inRange =
    typeof value === 'number' &&
    Number.isFinite(value) &&
    (range.min === undefined || value >= range.min) &&
    (range.above === undefined || value > range.above) &&
    (range.max === undefined || value <= range.max) &&
    (range.below === undefined || value < range.below);
  if (inRange) return value;
  throw new ConfigError(`${where} must be a number${describeRange(range)} but is ${describe(value)}`);
}

/** The value, if it is a whole number in the range; a ConfigError naming `where` if not. */
export function checkInteger(where: string, value: unknown, range: Range = { min: 1 }): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return checkNumber(where, value, range);
  throw new ConfigError(`${where} must be a whole number${describeRange(range)} but is ${describe(value)}`);
}

/** The value, if it is true or false; a ConfigError naming `where` if not. */
export function checkBoolean(where: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new ConfigError(`${where} must be true or false but is ${describe(value)}`);
}

function describeRange({ min, above, max, below }: Range): string {
  const low = min !== undefined ? `at least ${min}` : above !== undefined ? `above ${above}` : '';
  const high = max !== undefined ? `at most ${max}` : below !== undefined ? `below ${below}` : '';
  const both = [low, high].filter((part) => part !== '').join(' and ');
  return both === '' ? '' : ` ${both}`;
}
