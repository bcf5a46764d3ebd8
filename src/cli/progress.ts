/** Progress on the standard error: one line that is redrawn in a terminal, a plain line an epoch anywhere else. */
import { barLine, epochLine, type Progress } from '../training/progress.js';

const CLEAR_LINE = '\r\u001b[2K';

/** What `fit` calls as `onProgress`. */
export function showProgress(): (progress: Progress) => void {
  const terminal = process.stderr.isTTY ? process.stderr : undefined;
  return (at) => {
    if (at.isEpochEnd) process.stderr.write(`${terminal ? CLEAR_LINE : ''}${epochLine(at)}\n`);
    else terminal?.write(CLEAR_LINE + barLine(at).slice(0, terminal.columns || 80));
  };
}

/** A line for people, who read along while a command works. */
export function tell(...lines: string[]): void {
  for (const line of lines) process.stderr.write(`${line}\n`);
}
