/** Random search over options (Bergstra and Bengio 2012): draws, scores, and a table of what came out. */
import { ConfigError } from '../core/errors.js';
import { checkInteger, checkNumber, checkOptions, describe } from '../core/options.js';
import { Random } from '../core/random.js';

/** How an option is drawn. */
export interface Distribution {
  /** The value at `u`, from 0 to 1. */
  at(u: number): number;
}

/** Values to choose among, or a range. */
export type Choices = Readonly<Record<string, readonly unknown[] | Distribution>>;

/** One of the choices each. */
export type Chosen<C extends Choices> = {
  readonly [K in keyof C]: C[K] extends Distribution ? number : C[K] extends readonly (infer V)[] ? V : never;
};

export interface Trial<C extends Choices> {
  readonly options: Chosen<C>;
  readonly score: number;
}

export interface SearchResult<C extends Choices> {
  /** The best one first; those whose score is no number last. */
  readonly trials: readonly Trial<C>[];
  readonly best: Trial<C>;
  /** The trials as lines of text. */
  readonly table: string;
}

/** A number between `low` and `high`, each as likely as any other. */
export function uniform(low: number, high: number): Distribution {
  checkRange('uniform', low, high);
  return { at: (u) => low + u * (high - low) };
}

/** A number between `low` and `high`, above 0, each order of magnitude as likely as any other. */
export function logUniform(low: number, high: number): Distribution {
  checkRange('logUniform', low, high);
  checkNumber('logUniform: low', low, { above: 0 });
  return { at: (u) => low * (high / low) ** u };
}

/**
 * Draws options and scores them, one trial after the other. The same seed draws the same options.
 *
 * @param choices  of each option the values to choose among, or a range
 * @param score  what a trial is worth: a loss, say, as `crossValidate` gives it
 * @param options.trials  how many draws; 10 by default
 * @param options.seed  0 by default
 * @param options.better  whether a `'lower'` score is better (the default) or a `'higher'` one
 * @param options.onTrial  called after each trial, for progress
 * @throws ConfigError for choices or options that make no sense, or when no trial has a score
 *
 * @example
 * const { best } = await randomSearch({ units: [16, 32], dropout: uniform(0, 0.5) }, trainAndScore, { trials: 20 });
 */
export async function randomSearch<const C extends Choices>(
  choices: C,
  score: (options: Chosen<C>) => number | Promise<number>,
  options: {
    trials?: number;
    seed?: number;
    better?: 'lower' | 'higher';
    onTrial?: (trial: Trial<C>, index: number) => void;
  } = {},
): Promise<SearchResult<C>> {
  checkOptions('randomSearch', options, ['trials', 'seed', 'better', 'onTrial']);
  const { better = 'lower', onTrial } = options;
  const count = checkInteger('randomSearch: trials', options.trials ?? 10);
  const random = new Random(checkInteger('randomSearch: seed', options.seed ?? 0, { min: 0 }), 0);
  if (better !== 'lower' && better !== 'higher') {
    throw new ConfigError(`randomSearch: better is 'lower' or 'higher' but is ${describe(better)}`);
  }
  for (const [name, given] of Object.entries({ score, onTrial })) {
    if (typeof given === 'function' || (given === undefined && name === 'onTrial')) continue;
    throw new ConfigError(`randomSearch: ${name} is a function but is ${describe(given)}`);
  }
  const names = checkChoices(choices);
  const trials: Trial<C>[] = [];
  for (let index = 0; index < count; index++) {
    const drawn = Object.fromEntries(names.map((name) => [name, draw(choices[name], random)])) as Chosen<C>;
    const trial = { options: drawn, score: await score(drawn) };
    trials.push(trial);
    onTrial?.(trial, index);
  }
  const sign = better === 'lower' ? 1 : -1;
  const worth = (trial: Trial<C>) => (Number.isFinite(trial.score) ? sign * trial.score : Infinity);
  trials.sort((a, b) => (worth(a) === worth(b) ? 0 : worth(a) - worth(b)));
  const [best] = trials as [Trial<C>];
  if (worth(best) === Infinity) throw new ConfigError('randomSearch: no trial has a score that is a number');
  return { trials, best, table: tableOf(names, trials) };
}

function checkRange(what: string, low: number, high: number): void {
  checkNumber(`${what}: low`, low);
  checkNumber(`${what}: high`, high, { min: low });
}

function checkChoices(choices: Choices): string[] {
  const names = typeof choices === 'object' && choices !== null ? Object.keys(choices) : [];
  if (names.length === 0) {
    throw new ConfigError(
      `randomSearch needs choices, such as { units: [16, 32] }, but got ${describe(choices)}`,
    );
  }
  for (const name of names) {
    const choice = choices[name];
    const isChoice = Array.isArray(choice)
      ? choice.length > 0
      : typeof (choice as Distribution)?.at === 'function';
    if (isChoice) continue;
    throw new ConfigError(
      `randomSearch: ${name} is an array of values, uniform(a, b) or logUniform(a, b) but is ${describe(choice)}`,
    );
  }
  return names;
}

function draw(choice: Choices[string] | undefined, random: Random): unknown {
  return Array.isArray(choice)
    ? choice[random.below(choice.length)]
    : (choice as Distribution).at(random.uniform());
}

function tableOf<C extends Choices>(names: readonly string[], trials: readonly Trial<C>[]): string {
  const cell = (value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? value.toPrecision(4) : String(value);
  const rows = trials.map(({ options, score }) => [...names.map((name) => cell(options[name])), cell(score)]);
  const header = [...names, 'score'];
  const widths = header.map((title, k) =>
    Math.max(title.length, ...rows.map((row) => (row[k] as string).length)),
  );
  const line = (cells: readonly string[]) =>
    cells.map((text, k) => text.padStart(widths[k] as number)).join('   ');
  const rule = '─'.repeat(widths.reduce((sum, width) => sum + width, 3 * (widths.length - 1)));
  return [line(header), rule, ...rows.map(line)].join('\n');
}
