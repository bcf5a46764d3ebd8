/**
 * What `fit` prints, and tells a page. In a terminal that is one line, redrawn as training goes; anywhere else (a
 * pipe, a page's console) it is a plain line an epoch.
 */
import { formatValue } from './history.js';
import type { Logs, Totals } from './run.js';

/** 0 prints nothing, 1 a progress bar, 2 a line an epoch; the meanings are Keras's. */
export type Verbosity = 0 | 1 | 2;

/** How far `fit` has come. */
export interface Progress {
  /** The epoch at hand, from 0, and the one before which training ends. */
  readonly epoch: number;
  readonly epochs: number;
  /** How many batches of the epoch are done, and how many it has: undefined until the end of an epoch has told it. */
  readonly batch: number;
  readonly batches: number | undefined;
  /** Whether the epoch is over, validation included. */
  readonly isEpochEnd: boolean;
  /** Loss and metrics of the epoch so far; at its end those of validation too. */
  readonly logs: Readonly<Logs>;
  /** Rows trained on a second, since `fit` began. */
  readonly rowsPerSecond: number;
  /** How long the rest will take at that pace, in seconds; undefined while it is not known how many batches there are. */
  readonly secondsLeft: number | undefined;
}

export interface ProgressOptions {
  readonly verbose: Verbosity;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  readonly epochs: number;
  /** How many batches an epoch has, where that is known. */
  readonly batches: number | undefined;
}

interface Reporter {
  batch(epoch: number, batch: number, rows: number, totals: Totals): void;
  epoch(epoch: number, batches: number, logs: Logs): void;
  end(): void;
}

interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** How often the bar is redrawn, in milliseconds, and at most what share of the time is spent on it. */
const REDRAW_INTERVAL = 100;
const REDRAW_SHARE = 0.05;
const BAR_WIDTH = 24;
const CLEAR_LINE = '\r\u001b[2K';

export function createProgress(options: ProgressOptions): Reporter {
  const { verbose, onProgress, epochs } = options;
  if (verbose === 0 && !onProgress) return { batch: () => {}, epoch: () => {}, end: () => {} };
  const { process } = globalThis as { process?: { stdout?: Terminal } };
  const terminal = verbose === 1 && process?.stdout?.isTTY === true ? process.stdout : undefined;
  const began = performance.now();
  let nextDue = began + REDRAW_INTERVAL;
  /** Where nothing else tells, as many as the epoch before had. */
  let expected = options.batches;
  let rowsDone = 0;
  let batchesDone = 0;
  /** The validation loss of the epoch before, for the bar: that of the epoch at hand comes at its end. */
  let validation: Logs = {};

  const progress = (epoch: number, batch: number, logs: Logs, isEpochEnd = false): Progress => {
    const seconds = (performance.now() - began) / 1000;
    const batches = expected !== undefined && batch <= expected ? expected : undefined;
    const left = batches === undefined ? undefined : (epochs - epoch) * batches - batch;
    const secondsLeft = left === undefined || batchesDone === 0 ? undefined : (seconds * left) / batchesDone;
    return {
      epoch,
      epochs,
      batch,
      batches,
      isEpochEnd,
      logs,
      rowsPerSecond: rowsDone / seconds,
      secondsLeft,
    };
  };
  return {
    batch: (epoch, batch, rows, totals) => {
      rowsDone += rows;
      batchesDone++;
      const now = performance.now();
      if (now < nextDue || (terminal === undefined && !onProgress)) return;
      const at = progress(epoch, batch + 1, totals.logs());
      onProgress?.(at);
      terminal?.write(CLEAR_LINE + barLine(at, validation).slice(0, terminal.columns || 80));
      // Some metrics take long over many rows: then they are asked for less often.
      const cost = performance.now() - now;
      nextDue = now + Math.max(REDRAW_INTERVAL, cost / REDRAW_SHARE);
    },
    epoch: (epoch, batches, logs) => {
      expected = options.batches ?? batches;
      if (logs.val_loss !== undefined) validation = { val_loss: logs.val_loss };
      const at = progress(epoch, expected, logs, true);
      onProgress?.(at);
      const line = epochLine(at);
      if (terminal) terminal.write(`${CLEAR_LINE}${line}\n`);
      else if (verbose > 0) console.log(line);
    },
    end: () => {
      if (terminal) terminal.write(CLEAR_LINE);
    },
  };
}

/** How far an epoch is, in a line. */
export function barLine(at: Progress, validation: Logs = {}): string {
  const head = `epoch ${at.epoch + 1}/${at.epochs} ${barOf(at)}`;
  return [head, ...timeLeft(at), pace(at), ...values({ ...at.logs, ...validation })].join('  ');
}

function barOf({ batch, batches }: Progress): string {
  if (batches === undefined) return `batch ${batch}`;
  const filled = Math.round((BAR_WIDTH * batch) / batches);
  return `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)} ${batch}/${batches}`;
}

function timeLeft({ secondsLeft }: Progress): string[] {
  return secondsLeft === undefined ? [] : [`${formatSeconds(secondsLeft)} left`];
}

/** What came out of an epoch, in a line. */
export function epochLine(at: Progress): string {
  const rest = at.epoch + 1 < at.epochs ? timeLeft(at) : [];
  return [`epoch ${at.epoch + 1}/${at.epochs}`, ...values(at.logs), pace(at), ...rest].join('  ');
}

function values(logs: Readonly<Logs>): string[] {
  return Object.entries(logs).map(([name, value]) => `${name} ${formatValue(value)}`);
}

function pace({ rowsPerSecond }: Progress): string {
  return `${rowsPerSecond < 10 ? rowsPerSecond.toFixed(1) : Math.round(rowsPerSecond)} rows/s`;
}

/** 75 seconds as `1m 15s`. */
function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${whole % 60}s`;
  return `${Math.floor(whole / 3600)}h ${Math.floor((whole % 3600) / 60)}m`;
}
