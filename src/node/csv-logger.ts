/** The values of every epoch, in a file while training runs. */
import { open, stat } from 'node:fs/promises';
import { ConfigError } from '../core/errors.js';
import { checkBoolean, checkOptions, describe } from '../core/options.js';
import type { Callback } from '../training/callbacks.js';
import { checkPath, isSystemError } from './files.js';

export interface CsvLoggerOptions {
  /** What stands between two values; a comma by default. */
  separator?: string;
  /** Whether to go on behind what the file holds already, with no second header; false by default. */
  append?: boolean;
}

interface State {
  /** How many bytes of the file are the run's. */
  readonly bytes: number;
}

/**
 * Writes a line an epoch to a file: the number of the epoch, from 0, then loss, metrics and those of validation, as they
 * are named in the header; a value that an epoch has not is left out (Keras: `NA`). Where `fit` goes on from a checkpoint,
 * so does the file.
 *
 * @throws ConfigError for an option that is unknown; from `fit`, the system's error when the file cannot be written
 *
 * @example await model.fit(x, y, { epochs: 20, callbacks: [csvLogger('training.csv')] });
 */
export function csvLogger(path: string, options: CsvLoggerOptions = {}): Callback {
  checkPath('csvLogger', path);
  checkOptions('csvLogger', options, ['separator', 'append']);
  const { separator = ',', append = false } = options;
  if (typeof separator !== 'string' || separator === '') {
    throw new ConfigError(`csvLogger: separator is a text such as ',' but is ${describe(separator)}`);
  }
  checkBoolean('csvLogger: append', append);
  let bytes = 0;

  return {
    onTrainBegin: async () => {
      bytes = append ? await sizeOf(path) : 0;
    },
    onEpochEnd: async (epoch, logs, { values }) => {
      const header = bytes === 0 ? `${['epoch', ...values].join(separator)}\n` : '';
      const line = `${[epoch, ...values.map((name) => logs[name] ?? '')].join(separator)}\n`;
      const text = Buffer.from(header + line);
      const file = await open(path, bytes === 0 ? 'w' : 'r+');
      try {
        // A run that was killed may have written lines that it will write again.
        await file.truncate(bytes);
        await file.write(text, 0, text.length, bytes);
      } finally {
        await file.close();
      }
      bytes += text.length;
    },
    state: (): State => ({ bytes }),
    restore: async (state) => {
      bytes = Math.min((state as State).bytes, await sizeOf(path));
    },
  };
}

/** How many bytes a file has; 0 where there is none. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return 0;
    throw error;
  }
}
