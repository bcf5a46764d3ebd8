/**
 * Which days are learned from, and which are tested on. With a cut at day C and a horizon of h weeks:
 *
 *   training   what is known before day C - 7h; did the customer buy in the h weeks from there to the cut?
 *   test       what is known before day C;      did the customer buy in the h weeks from the cut?
 *
 * so that no day from the cut on is seen in training, in a label or elsewhere. Within the training window there is
 * a label at the end of every week from `firstLabelWeek` on: buys in the h weeks after it. All of those end at or
 * before the cut too. Weeks are counted back from the cut, so that any date can be a cut and its last week is
 * whole; the first week of the log may be a part of one.
 */
import { ConfigError } from '../../core/errors.js';
import { checkInteger } from '../../core/options.js';
import { formatDay } from '../../data/calendar.js';
import type { PurchaseLog } from './purchase-log.js';

/** Days are counted from the log's first date; a window holds its first day and not its end. */
export interface Windows {
  /** Weeks in which a customer is to buy. */
  readonly horizon: number;
  /** The first day of week 0, at most 6 days before the log's first. */
  readonly start: number;
  /** The end of the training sequences. */
  readonly trainOrigin: number;
  /** The end of the test sequences and of all that training may see. */
  readonly cut: number;
  /** The end of the test labels. */
  readonly end: number;
  /** Weeks from `start` to `trainOrigin`, and to `cut`. */
  readonly trainWeeks: number;
  readonly testWeeks: number;
  /** The first week, counted from 0, whose end has a label: after a third of the weeks, but at most 8. */
  readonly firstLabelWeek: number;
}

const FIRST_LABEL_WEEK = 8;

/** Lays the windows into a log; without a cut, it is the last day that leaves the test labels fully observed. */
export function planWindows(log: PurchaseLog, horizon: number, cut?: number): Windows {
  checkInteger('--horizon', horizon);
  checkLength(log, horizon);
  const latest = log.length - 7 * horizon;
  const day = cut ?? latest;
  checkCut(log, horizon, day, latest);
  const testWeeks = Math.ceil(day / 7);
  const trainWeeks = testWeeks - horizon;
  return {
    horizon,
    start: day - 7 * testWeeks,
    trainOrigin: day - 7 * horizon,
    cut: day,
    end: day + 7 * horizon,
    trainWeeks,
    testWeeks,
    firstLabelWeek: Math.min(FIRST_LABEL_WEEK, Math.floor(trainWeeks / 3)),
  };
}

function checkLength(log: PurchaseLog, horizon: number): void {
  const needed = 2 * horizon + 1;
  if (log.length >= 7 * needed) return;
  const weeks = Math.floor(log.length / 7);
  const longest = Math.floor((weeks - 1) / 2);
  const mend = longest >= 1 ? `give --horizon ${longest} or less` : 'give a longer log';
  throw new ConfigError(
    `--horizon ${horizon} needs a log of at least ${needed} weeks, a window to learn from and one to test on after a first week, but ${log.name} covers ${weeks}; ${mend}`,
  );
}

function checkCut(log: PurchaseLog, horizon: number, cut: number, latest: number): void {
  const earliest = 7 * (horizon + 1);
  if (cut >= earliest && cut <= latest) return;
  const dateOf = (day: number) => formatDay(log.firstDate + day);
  throw new ConfigError(
    `--cut ${dateOf(cut)} does not leave ${horizon} weeks on either side of it and a week before; with this log and horizon give a date from ${dateOf(earliest)} to ${dateOf(latest)}`,
  );
}
