/** Checkpoints in files: see model/checkpoint.ts for what is in one. */
import { readFile } from 'node:fs/promises';
import { FormatError } from '../core/errors.js';
import { checkOptions } from '../core/options.js';
import { type CheckpointFrequency, checkFrequency, checkpoint } from '../model/checkpoint.js';
import type { Checkpoint } from '../training/checkpoint.js';
import { checkPath, isSystemError, writeFileWhole } from './files.js';

/**
 * A checkpoint in a file. It is written beside, to `path` with `.part` behind it, brought to the disk, and renamed: a kill
 * at any moment leaves the checkpoint before or the new one, whole. `loadModel` reads it too.
 *
 * @param options  `everySteps` and `everySeconds`, at least one of them
 * @throws ConfigError for an option that is unknown or out of range
 *
 * @example
 * const store = fileCheckpoint('run.safetensors', { everySeconds: 60 });
 * await model.fit(x, y, { epochs: 100, checkpoint: store, resume: true }); // killed, and run again: it goes on
 */
export function fileCheckpoint(path: string, options: CheckpointFrequency): Checkpoint {
  checkPath('fileCheckpoint', path);
  checkOptions('fileCheckpoint', options, ['everySteps', 'everySeconds']);
  checkFrequency('fileCheckpoint', options);
  const store = checkpoint({
    ...options,
    save: (bytes) => writeFileWhole(path, bytes, `${path}.part`),
    load: async () => {
      try {
        return await readFile(path);
      } catch (error) {
        if (isSystemError(error) && error.code === 'ENOENT') return undefined;
        throw error;
      }
    },
  });
  return {
    ...store,
    read: async (model) => {
      try {
        return await store.read(model);
      } catch (error) {
        throw error instanceof FormatError ? new FormatError(`${path}: ${error.message}`) : error;
      }
    },
  };
}
