/** A value of the epochs' logs that is watched, and what counts as better. */
import { ConfigError } from '../../core/errors.js';
import { checkNumber, describe } from '../../core/options.js';
import type { Training } from '../callbacks.js';
import type { Logs } from '../run.js';

/** Whether less is better, or more; `auto` goes by the name of the value. */
export type MonitorMode = 'auto' | 'min' | 'max';

export interface MonitorOptions {
  /** The name of the value; `val_loss` by default. */
  monitor?: string;
  /** Whether less is better, or more; by default (`auto`) what is better for a value of that name. */
  mode?: MonitorMode;
}

/** Values of which more is better. Of all others that end in one of `WORSE`, less is. */
const BETTER =
  /(accuracy|auc|precision|recall|f1|specificity|sensitivity|kappa|matthews|correlation|r2score|r2|similarity)$/i;
const WORSE = /(loss|error|entropy|likelihood|perplexity|brierscore|hinge|poisson|huber|divergence)$/i;

export interface Monitor {
  readonly name: string;
  /** Whether a value is better than another by more than `minDelta`; anything is better than none. */
  isBetter(value: number, than: number | undefined): boolean;
  /** The value in the logs; undefined in an epoch that is not validated. */
  read(logs: Logs): number | undefined;
  /** @throws ConfigError when `fit` will not report the value */
  check(training: Training): void;
}

/** @throws ConfigError for a mode that is not known, or one that is needed */
export function createMonitor(
  where: string,
  { monitor: name = 'val_loss', mode = 'auto' }: MonitorOptions,
  minDelta: number,
): Monitor {
  if (typeof name !== 'string' || name === '') {
    throw new ConfigError(
      `${where}: monitor is the name of a value, such as 'val_loss', but is ${describe(name)}`,
    );
  }
  if (mode !== 'auto' && mode !== 'min' && mode !== 'max') {
    throw new ConfigError(`${where}: mode is 'auto', 'min' or 'max' but is ${describe(mode)}`);
  }
  checkNumber(`${where}: minDelta`, minDelta, { min: 0 });
  const direction = mode === 'auto' ? directionOf(where, name) : mode;
  return {
    name,
    isBetter: (value, than) => {
      if (Number.isNaN(value)) return false;
      if (than === undefined) return true;
      return direction === 'min' ? value + minDelta < than : value - minDelta > than;
    },
    read: (logs) => logs[name],
    check: ({ values }) => {
      if (values.includes(name)) return;
      const needsValidation = name.startsWith('val_') && !values.some((value) => value.startsWith('val_'));
      const mend = needsValidation
        ? 'give fit validationData or a validationSplit, or watch another value'
        : 'watch one of these';
      throw new ConfigError(`${where} watches '${name}' but fit reports ${values.join(', ')}: ${mend}`);
    },
  };
}

/** Whether more is better, for a value of this name. */
export function isMoreBetter(name: string): boolean {
  return BETTER.test(name);
}

function directionOf(where: string, name: string): 'min' | 'max' {
  if (BETTER.test(name)) return 'max';
  if (WORSE.test(name)) return 'min';
  throw new ConfigError(
    `${where}: whether less or more of '${name}' is better cannot be told from its name: give it mode 'min' or 'max'`,
  );
}
