/**
 * What `fit` prints. In a terminal that is one line, redrawn as training goes; anywhere else (a pipe, a page's
 * console) it is a plain line an epoch.
 */
import type { Logs, Totals } from './run.js';

/** 0 prints nothing, 1 a progress bar, 2 a line an epoch; the meanings are Keras's. */
export type Verbosity = 0 | 1 | 2;

interface Progress {
  batch(epoch: number, batch: number, totals: Totals): void;
  epoch(epoch: number, logs: Logs): void;
  end(): void;
}

interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** How often the bar is redrawn, in milliseconds. */
const REDRAW_INTERVAL = 100;
const BAR_WIDTH = 24;
const CLEAR_LINE = '\r\u001b[2K';

export function createProgress(verbose: Verbosity, epochs: number, batches: number): Progress {
  if (verbose === 0) return { batch: () => {}, epoch: () => {}, end: () => {} };
  const { process } = globalThis as { process?: { stdout?: Terminal } };
  const terminal = verbose === 1 && process?.stdout?.isTTY === true ? process.stdout : undefined;
  const began = performance.now();
  let lastDrawn = began;
  /** The validation loss of the epoch before, for the bar: that of the epoch at hand comes at its end. */
  let validation = '';

  const timeLeft = (batchesDone: number) => {
    const elapsed = performance.now() - began;
    return formatSeconds((elapsed * (epochs * batches - batchesDone)) / batchesDone / 1000);
  };
  return {
    batch: (epoch, batch, totals) => {
      const now = performance.now();
      if (terminal === undefined || now - lastDrawn < REDRAW_INTERVAL) return;
      lastDrawn = now;
      const done = epoch * batches + batch + 1;
      const filled = Math.round((BAR_WIDTH * (batch + 1)) / batches);
      const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
      const line = `epoch ${epoch + 1}/${epochs} ${bar} loss ${formatValue(totals.loss)}${validation}  ${timeLeft(done)} left`;
      terminal.write(CLEAR_LINE + line.slice(0, terminal.columns || 80));
    },
    epoch: (epoch, logs) => {
      if (logs.val_loss !== undefined) validation = `  val_loss ${formatValue(logs.val_loss)}`;
      const values = Object.entries(logs).map(([name, value]) => `${name} ${formatValue(value)}`);
      const rest = epoch + 1 < epochs ? [`${timeLeft((epoch + 1) * batches)} left`] : [];
      const line = [`epoch ${epoch + 1}/${epochs}`, ...values, ...rest].join('  ');
      if (terminal) terminal.write(`${CLEAR_LINE}${line}\n`);
      else console.log(line);
    },
    end: () => {
      if (terminal) terminal.write(CLEAR_LINE);
    },
  };
}

function formatValue(value: number): string {
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(3) : value.toFixed(4);
}

/** 75 seconds as `1m 15s`. */
function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${whole % 60}s`;
  return `${Math.floor(whole / 3600)}h ${Math.floor((whole % 3600) / 60)}m`;
}
